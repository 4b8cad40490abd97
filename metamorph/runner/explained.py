"""What is told of a counterexample once it is reduced: its region, its curve, and where failures concentrate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from metamorph.runner.broken import Broken
from metamorph.runner.exact_slices import exact_slices
from metamorph.runner.explaining import explain
from metamorph.runner.slicing import slices_of
from metamorph.runner.tracing import curve_of

if TYPE_CHECKING:
    from metamorph.result import Result
    from metamorph.runner.estimate import Estimate
    from metamorph.runner.judged import Judged
    from metamorph.runner.trial import Trial
    from metamorph.slices import Slice

FEWEST_FAILING = 10
"""Violations from which slices are looked for."""


@attrs.frozen
class Telling:
    """What is to be told of a violation: whether ``reduced``, up to so many ``examples``, and explained or not.

    ``explain`` is the seed of the cases drawn for it (None: nothing is explained); with ``exact``, sliceline finds the
    slices of failure.
    """

    reduce: bool = True
    examples: int = 1
    explain: int | None = None
    exact: bool = False


def explained(
    trial: Trial, result: Result, smallest: Judged, found: Estimate | None, *, seed: int, exact: bool = False
) -> Result:
    """The result with the region and the curve of its counterexample, and the slices of failure of its estimate.

    At most ten calls. A model that fails on the way leaves the finding as it is, without what could not be told.
    """
    before = trial.predictor.calls, trial.predictor.asked
    region = curve = None
    if trial.relation.transform.moves and not trial.late:
        try:
            region = explain(trial, smallest.cases, seed=seed)
            curve = curve_of(trial, smallest.cases)
        except Broken:
            pass
    return attrs.evolve(
        result,
        region=region,
        curve=curve,
        slices=result.slices if found is None else (*result.slices, *sliced(trial, found, exact=exact)),
        explain_calls=trial.predictor.calls - before[0],
        explain_rows=trial.predictor.asked - before[1],
    )


def sliced(trial: Trial, found: Estimate, *, exact: bool = False) -> tuple[Slice, ...]:
    """Slices of the cases that the estimate keeps, each counted for as many as it stands for."""
    sample = found.sample
    if sample is None or found.violations < FEWEST_FAILING:
        return ()
    violating = sample.margins > 0
    kept = int(violating.sum()), int((~violating).sum())
    of_each = found.violations / max(1, kept[0]), (found.cases - found.violations) / max(1, kept[1])
    weights = np.where(violating, *of_each).astype("float64")
    rows_a_case = min(1.0, found.distinct / found.cases)
    find = exact_slices if exact else slices_of
    return find(sample.cases.source, violating, weights, trial.schema, rows_a_case=rows_a_case)
