"""From a relation over batches to a result: estimate, reduce, confirm."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
import pandas as pd

from metamorph.case import Cases, Status, rows_at
from metamorph.errors import MetamorphError
from metamorph.expectations import Rounding, Several, allowed
from metamorph.failures import Failure, Failures, fingerprint
from metamorph.literals import cases_of, literals_of
from metamorph.result import Counterexample, Evidence, Result
from metamorph.runner.batch import Batch, Batches
from metamorph.runner.estimate import MOST_DRAWN, Estimate, tally
from metamorph.runner.judged import Replayed
from metamorph.runner.named import Counted, by_slices, violated_alone
from metamorph.runner.plausibility import nearness
from metamorph.runner.rated import by_rate, nothing_tested, with_estimate
from metamorph.runner.reduction import smallest_batch
from metamorph.runner.sources import Sources
from metamorph.transforms.fans import Fan
from metamorph.transforms.presentations import Presentation
from metamorph.transforms.presentations import again as asked_again

if TYPE_CHECKING:
    from metamorph.runner.progress import Progress
    from metamorph.runner.trial import Trial
    from metamorph_strategies.schema import Schema

BATCH = 1_024
"""Rows of a batch."""
MOST_TELLING = 64
"""Rows of the batch that is asked about for what is rare."""
MUTATED = "The model changed the table that it was handed."
ROWS = "rows"
"""Under what name a failure holds the rows of its batch."""


def estimate_batches(trial: Trial, _: float, *, budget: int, seed: int, progress: Progress) -> Estimate:
    """Ask about *budget* rows (or as many as the presentation allows), batch after batch; keep the first that fails."""
    handing = trial.relation.transform
    assert isinstance(handing, Presentation | Fan)  # noqa: S101 - the caller has looked
    batches = Batches(trial, handing)
    given = handing.rows if isinstance(handing, Presentation) else None
    if given is not None:
        reference = trial.schema.reference
        return _estimate_given(batches, trial.schema.frame([{**reference, **row} for row in given]))
    most = handing.most if isinstance(handing, Presentation) else None
    budget = budget if most is None else min(budget, most)
    sources, found, number = Sources(trial, seed=seed, budget=budget), Estimate.blank(trial, budget), 0
    if most is not None:  # no budget would settle what a slice allows
        found.counted = tuple(Counted.of(attrs.evolve(one, allowed=None), len(found.tried)) for one in trial.slices)
    while found.cases < budget and found.drawn < MOST_DRAWN * budget and not trial.late:
        rows, places, _rng = sources.block(number, min(BATCH, budget - found.cases))
        kept = trial.precondition(rows)
        batch = batches.ask(rows_at(rows, np.flatnonzero(kept)))
        ids = None if places is None else trial.schema.row_ids()[places][kept][batch.places]
        tally(found, batch.judged, ids)
        found.drawn += len(rows)
        found.counters[Status.EFFECTIVE] += len(batch.places)
        found.counters[Status.PRECONDITION] += int((~kept).sum())
        if isinstance(handing, Fan) or not len(batch.places):
            found.counters[Status.NOT_APPLICABLE] += int(kept.sum()) - len(batch.places)
        found.batch = batch if found.batch is None and batch.fails else found.batch
        progress.advance(trial.relation.id, "estimate", found.cases, budget)
        number += 1
        if found.look(trial.relation.allowed):
            break
    if trial.late and found.cases < budget and not found.stopped:
        found.stopped = "seconds"
    if found.batch is None and isinstance(handing, Presentation) and not (trial.relation.allowed or trial.late):
        telling = _telling_rows(trial.schema)
        rare = batches.ask(telling) if len(telling) else None
        found.batch = rare if rare is not None and rare.fails else None
    return found


def _telling_rows(schema: Schema) -> pd.DataFrame:
    """Observed rows that chance may leave out: of each column one without a value, the lowest and the highest."""
    rows = schema.frame([]) if schema.observed is None else schema.observed
    places: list[int] = []
    for name, kind in schema.columns.items() if len(rows) else ():
        codes, absent = kind.encode(rows[name])
        places += np.flatnonzero(absent)[:1].tolist()
        if not absent.all():
            known = np.asarray(codes, dtype="float64")
            places += [
                int(np.argmin(np.where(absent, np.inf, known))),
                int(np.argmax(np.where(absent, -np.inf, known))),
            ]
    chosen = np.unique(np.array(places[:MOST_TELLING], dtype=np.int64))
    return rows_at(rows, chosen)


def _estimate_given(batches: Batches, rows: pd.DataFrame) -> Estimate:
    """Ask about the rows that the relation itself names."""
    nothing, batch = np.zeros(len(rows), dtype=np.int64), batches.ask(rows)
    found = Estimate(nothing, nothing.copy(), confidence=batches.trial.confidence)
    tally(found, batch.judged, batch.places)
    found.drawn = found.counters[Status.EFFECTIVE] = len(batch.places)
    found.batch = batch if batch.fails else None
    return found


def settle_presented(
    trial: Trial,
    handing: Presentation | Fan,
    blank: Result,
    find: Callable[[float], Estimate] | None,
    failures: Failures | None,
) -> Result:
    """The result of a relation over batches; the arguments are those of ``verdict.settle``."""
    batches, known = Batches(trial, handing), trial.predictor.mutated and handing != asked_again(pure=True)
    again = _replayed(batches, failures)
    blank = attrs.evolve(blank, replayed=trial.replayed.asked, fixed=len(trial.replayed.fixed))
    found = None if find is None else find(0.0)
    result, failing = blank, None if found is None else found.batch
    if found is not None:
        result = with_estimate(trial, blank, found)
        if found.batch is not None and not found.violations:  # rows that were chosen say nothing of the rate
            result = attrs.evolve(result, rate=None, interval=None)
        if batches.stated and not result.allowed:  # the rows are all there is: nothing is inferred from them
            result = attrs.evolve(result, interval=None)
    failing = again if failing is None else failing
    if isinstance(handing, Presentation) and handing.pure and trial.predictor.mutated and not known:
        evidence = Evidence("model", MUTATED)
        return attrs.evolve(result, verdict="violated", rate=None, interval=None, evidence=evidence)
    if failing is None:
        return by_slices(_unbroken(trial, result, found))
    before = trial.predictor.calls, trial.predictor.asked
    batches, failing = _in_slice(batches, result, failing)
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
    result = by_slices(result)
    if failures is None or result.verdict != "violated":
        return result
    rows = literals_of(Cases(confirmed.rows, pd.DataFrame(index=confirmed.rows.index)), trial.schema, ())
    return attrs.evolve(result, replay=failures.keep(trial.relation, trial.schema, {ROWS: rows}))


def _in_slice(batches: Batches, result: Result, failing: Batch) -> tuple[Batches, Batch]:
    """Of a fan, the failing rows of a slice, where it alone violates; a batch stays whole, since it is the batch."""
    alone = violated_alone(result)
    if alone is None or not isinstance(batches.handing, Fan):
        return batches, failing
    narrowed = Batches(batches.trial.within(alone), batches.handing)
    inside = narrowed.ask(failing.rows)
    return (narrowed, inside) if len(inside.places) and inside.fails else (batches, failing)


def rows_of(failure: Failure, schema: Schema) -> pd.DataFrame | str:
    """The rows of a batch that failed; or why there are none."""
    changed = "" if failure.schema == fingerprint(schema) else ": the schema has changed since"
    try:
        rows = cases_of(failure.values[ROWS], schema, ()).source  # noqa: PD011 - no pandas object
    except (MetamorphError, KeyError):
        return f"its values are none of the schema{changed}"
    return rows if schema.accepts(rows).all() else f"its rows break a constraint{changed}"


def counterexample_of_batch(trial: Trial, batch: Batch) -> Counterexample:
    """The row whose answer is farthest off, with the others of its batch; of a fan, the pair of rows that decides."""
    schema, judged, place, among = trial.schema, batch.judged, batch.worst, int(np.argmax(batch.judged.margins))
    rows, outputs = [batch.rows], [judged.source_output[among]]
    if batch.tables:
        rows = [*rows, *batch.tables]
        outputs += list(judged.follow_up_output[among])
        pair = (-1, 0)
        if isinstance(trial.relation.expect, Several):
            pair = trial.relation.expect.pair(judged.source_output[among], judged.follow_up_output[among])
        first, last = pair[0] + 1, pair[1] + 1
    else:
        outputs, rows, (first, last) = [*outputs, judged.follow_up_output[among]], [*rows, batch.rows], (0, 1)
    source, follow_up = schema.row(rows[first], place), schema.row(rows[last], place)
    shown = trial.reading.shown(outputs[first]), trial.reading.shown(outputs[last])
    expect, within = trial.relation.expect, 0.0
    change, amount = ("changes", None) if isinstance(shown[0], tuple) else expect.change(*shown)
    if all(isinstance(output, float) for output in shown):
        within = float(allowed(np.array(shown[:1]), np.array(shown[1:]), expect.tolerance, Rounding())[0])
    return Counterexample(
        source=source,
        follow_up=follow_up,
        source_output=shown[0],
        follow_up_output=shown[1],
        margin=float(judged.margins[among]),
        change=change,
        amount=amount,
        allowed=within,
        differs=tuple(name for name in schema.columns if source[name] != schema.reference[name]),
        changed=tuple(name for name in trial.touches if source[name] != follow_up[name]),
        others=()
        if batch.tables or getattr(trial.relation.transform, "rows", None)
        else tuple(_others(schema, batch.rows, place)),
        several=tuple(schema.row(table, place) for table in batch.tables),
        several_outputs=tuple(trial.reading.shown(output) for output in outputs[1:]) if batch.tables else (),
        nearness=nearness(schema, *(rows_at(rows[side], np.array([place])) for side in (first, last))),
    )


def _others(schema: Schema, rows: pd.DataFrame, place: int) -> list[dict[str, Any]]:
    return [schema.row(rows, other) for other in range(len(rows)) if other != place]


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


def _unbroken(trial: Trial, result: Result, found: Estimate | None) -> Result:
    """The result where no batch fails."""
    if found is None and not result.replayed:
        return attrs.evolve(result, verdict="skipped", evidence=Evidence("relation", "No case of it failed before."))
    if result.raised and result.raised == result.cases:
        handing = trial.relation.transform
        other = isinstance(handing, Presentation) and handing.other is not None
        what = "cannot be saved and loaded" if other else "refuses such a table"
        message = f"The model {what}, as the relation allows."
        return attrs.evolve(result, verdict="skipped", rate=None, interval=None, evidence=Evidence("model", message))
    if found is not None and not found.cases:
        return nothing_tested(trial, result, found)
    return attrs.evolve(result, verdict=by_rate(result) if result.allowed else "held")
