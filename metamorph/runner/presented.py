"""From a relation over batches to a result: estimate, reduce, confirm."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import attrs
import numpy as np
import pandas as pd

from metamorph.case import Cases, Status
from metamorph.errors import MetamorphError
from metamorph.failures import Failure, Failures, fingerprint
from metamorph.literals import cases_of, literals_of
from metamorph.result import Counterexample, Evidence, Result
from metamorph.runner.batch import Batch, Batches, smallest_batch
from metamorph.runner.estimate import Estimate, tally
from metamorph.runner.judged import Replayed
from metamorph.runner.rated import by_rate, with_estimate
from metamorph.runner.sources import Sources
from metamorph.transforms.presentations import Presentation

if TYPE_CHECKING:
    from metamorph.runner.progress import Progress
    from metamorph.runner.trial import Trial
    from metamorph_strategies.schema import Schema

BATCH = 256
"""Rows of a batch."""
ROWS = "rows"
"""Under what name a failure holds the rows of its batch."""


def estimate_batches(trial: Trial, _: float, *, budget: int, seed: int, progress: Progress) -> Estimate:
    """Ask about *budget* rows (or as many as the presentation allows), batch after batch; keep the first that fails."""
    assert isinstance(trial.relation.transform, Presentation)  # noqa: S101 - the caller has looked
    batches, most = Batches(trial, trial.relation.transform), trial.relation.transform.most
    budget = budget if most is None else min(budget, most)
    sources, found, number = Sources(trial, seed=seed, budget=budget), Estimate.blank(trial.schema), 0
    while found.cases < budget and not trial.late:
        rows, places, _rng = sources.block(number, min(BATCH, budget - found.cases))
        batch = batches.ask(rows.reset_index(drop=True))
        tally(found, batch.judged, None if places is None else trial.schema.row_ids()[places][batch.places])
        found.drawn += len(batch.places)
        found.counters[Status.EFFECTIVE] += len(batch.places)
        found.batch = batch if found.batch is None and batch.fails else found.batch
        progress.advance(trial.relation.id, "estimate", found.cases, budget)
        number += 1
    found.stopped = "seconds" if found.cases < budget else None
    return found


def settle_presented(
    trial: Trial,
    presentation: Presentation,
    blank: Result,
    find: Callable[[float], Estimate] | None,
    failures: Failures | None,
) -> Result:
    """The result of a relation over batches; the arguments are those of ``verdict.settle``."""
    batches = Batches(trial, presentation)
    again = _replayed(batches, failures)
    blank = attrs.evolve(blank, replayed=trial.replayed.asked, fixed=len(trial.replayed.fixed))
    found = None if find is None else find(0.0)
    result, failing = blank, None if found is None else found.batch
    if found is not None:
        result = with_estimate(trial, blank, found)
    failing = again if failing is None else failing
    if failing is None:
        return _unbroken(result, asked_only_again=found is None)
    before = trial.predictor.calls, trial.predictor.asked
    smallest = smallest_batch(batches, failing)
    confirmed = next((batch for batch in map(batches.ask, (smallest.rows, failing.rows)) if batch.fails), None)
    if confirmed is None:
        message = "The model is not deterministic: a batch in which an answer changed is answered otherwise now."
        return attrs.evolve(result, evidence=Evidence("model", message))
    counterexample = counterexample_of_batch(trial, confirmed)
    result = attrs.evolve(
        result,
        verdict=by_rate(result) if result.allowed else "violated",
        found_by="replay" if found is None or found.batch is None else "estimate",
        counterexample=counterexample,
        worst=counterexample,
        shrink_calls=trial.predictor.calls - before[0],
        shrink_rows=trial.predictor.asked - before[1],
    )
    if failures is None or result.verdict != "violated":
        return result
    rows = literals_of(Cases(confirmed.rows, pd.DataFrame(index=confirmed.rows.index)), trial.schema, ())
    return attrs.evolve(result, replay=failures.keep(trial.relation, trial.schema, {ROWS: rows}))


def rows_of(failure: Failure, schema: Schema) -> pd.DataFrame | str:
    """The rows of a batch that failed; or why there are none."""
    changed = "" if failure.schema == fingerprint(schema) else ": the schema has changed since"
    try:
        rows = cases_of(failure.values[ROWS], schema, ()).source  # noqa: PD011 - no pandas object
    except (MetamorphError, KeyError):
        return f"its values are none of the schema{changed}"
    return rows if schema.accepts(rows).all() else f"its rows break a constraint{changed}"


def counterexample_of_batch(trial: Trial, batch: Batch) -> Counterexample:
    """The row whose answer changed the most, with the others of its batch."""
    schema, judged, place = trial.schema, batch.judged, batch.worst
    source, among = schema.row(batch.rows, place), int(np.argmax(judged.margins))
    shown = trial.reading.shown(judged.source_output[among]), trial.reading.shown(judged.follow_up_output[among])
    change, amount = trial.relation.expect.change(*shown)
    return Counterexample(
        source=source,
        follow_up=source,
        source_output=shown[0],
        follow_up_output=shown[1],
        margin=float(judged.margins[among]),
        change=change,
        amount=amount,
        allowed=0.0,
        differs=tuple(name for name in schema.columns if source[name] != schema.reference[name]),
        others=tuple(schema.row(batch.rows, other) for other in range(len(batch.rows)) if other != place),
    )


def _replayed(batches: Batches, failures: Failures | None) -> Batch | None:
    """Ask again about batches that failed before, and drop those that pass; the first that fails."""
    trial, first = batches.trial, None
    failing, fixed, gone = [], [], []
    for failure in [] if failures is None else failures.recall(trial.relation):
        rows = rows_of(failure, trial.schema)
        if isinstance(rows, str):
            gone.append((failure, rows))
        elif (batch := batches.ask(rows)).fails:
            failing.append(failure)
            first = first or batch
        else:
            fixed.append(failure)
    if failures is not None:
        for failure in [*fixed, *(failure for failure, _ in gone)]:
            failures.forget(failure)
    trial.replayed = Replayed(tuple(failing), None, tuple(fixed), tuple(gone))
    return first


def _unbroken(result: Result, *, asked_only_again: bool) -> Result:
    """The result where no batch fails."""
    if asked_only_again and not result.replayed:
        return attrs.evolve(result, verdict="skipped", evidence=Evidence("relation", "No case of it failed before."))
    if result.raised and result.raised == result.cases:
        message = "The model refuses such a table, as the relation allows."
        return attrs.evolve(result, verdict="skipped", evidence=Evidence("model", message))
    if not asked_only_again and not result.cases:
        return attrs.evolve(result, verdict="inconclusive")
    return attrs.evolve(result, verdict=by_rate(result) if result.allowed else "held")
