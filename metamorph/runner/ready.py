"""judge: pairs of rows that the user brings, source and follow-up side by side."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
import pandas as pd

from metamorph.case import Cases, Status
from metamorph.errors import SchemaError
from metamorph.expectations import Expectation
from metamorph.predictor import PROBED, Predictor
from metamorph.relation import Relation
from metamorph.report import Report
from metamorph.runner.estimate import Estimate, tally
from metamorph.runner.explained import Telling
from metamorph.runner.progress import Silent
from metamorph.runner.sources import BLOCK
from metamorph.runner.trial import Trial
from metamorph.runner.verdict import settle
from metamorph_strategies.observed import row_ids
from metamorph_strategies.schema import Schema

if TYPE_CHECKING:
    from metamorph.outputs import OutputFunction


def judge(
    model: Any,
    sources: pd.DataFrame,
    follow_ups: pd.DataFrame,
    *,
    expect: Expectation | Callable[[Any, Any], Any],
    on: str | OutputFunction | None = None,
    name: str = "judge",
    floor: float | None = None,
) -> Report:
    """Judge ready pairs: row *i* of *follow_ups* against row *i* of *sources* (same columns, shape ``(n, columns)``).

    ``expect`` is one of ``mm.expectations`` or a function of both output arrays; ``on`` is as for ``Relation.on``.
    Pairs that are equal are counted, never passed. Nothing is reduced: the pairs are all there is. Raises SchemaError
    for frames that do not pair.
    """
    _check_pairs(sources, follow_ups)
    sources, follow_ups = sources.reset_index(drop=True), follow_ups[list(sources.columns)].reset_index(drop=True)
    schema = Schema.from_frame(pd.concat([sources, follow_ups], ignore_index=True), max_rows=2 * len(sources))
    relation = Relation(name, transform=lambda pairs: pairs, expect=expect)  # the change is in the pairs already
    predictor = Predictor(model, floor=floor)
    predictor.adapter.check_columns(schema.names)
    trial = Trial(relation if on is None else relation.on(on), schema, predictor)
    result = settle(
        trial,
        sources.head(PROBED),
        lambda _: _judged(trial, sources, follow_ups),
        Telling(reduce=False),
        progress=Silent(),
    )
    counterexample = result.counterexample and attrs.evolve(result.counterexample, differs=(), nearness=None)
    result = attrs.evolve(result, counterexample=counterexample, worst=counterexample)
    return Report((result,), ("pair", "pairs"), {}, "given", 0, ())


def _judged(trial: Trial, sources: pd.DataFrame, follow_ups: pd.DataFrame) -> Estimate:
    """Every pair, in blocks."""
    ids = row_ids(sources, trial.schema.columns)
    found = Estimate(np.zeros(ids.max() + 1, dtype=np.int64), np.zeros(ids.max() + 1, dtype=np.int64))
    effective = np.flatnonzero(~trial.unchanged(sources, follow_ups))
    found.drawn = len(sources)
    found.counters[[Status.EFFECTIVE, Status.NO_CHANGE]] = len(effective), len(sources) - len(effective)
    pairs = Cases(sources, pd.DataFrame(index=sources.index))
    for start in range(0, len(effective), BLOCK):
        places = effective[start : start + BLOCK]
        tally(found, trial.judge(pairs, follow_ups, places), ids[places])
    return found


def _check_pairs(sources: pd.DataFrame, follow_ups: pd.DataFrame) -> None:
    for name, frame in (("sources", sources), ("follow_ups", follow_ups)):
        if not isinstance(frame, pd.DataFrame):
            msg = f"Expected {name} to be a pandas DataFrame but got {type(frame).__name__}."
            raise SchemaError(msg)
    if not len(sources):
        msg = "Expected pairs to judge but got sources and follow_ups of 0 rows."
        raise SchemaError(msg)
    if len(sources) != len(follow_ups) or set(sources.columns) != set(follow_ups.columns):
        msg = (
            "Expected rows of the same columns that pair one to one "
            f"but got sources of shape {sources.shape}, follow_ups of shape {follow_ups.shape}."
        )
        raise SchemaError(msg)
