"""What an estimate amounts to: the result so far, and the verdict where the rate decides."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import attrs

from metamorph.case import Status
from metamorph.result import Evidence, Result, Verdict
from metamorph.runner.interval import side
from metamorph.runner.named import named_slices
from metamorph.runner.planning import times_as_many
from metamorph.runner.tolerated import tolerable

if TYPE_CHECKING:
    from metamorph.runner.estimate import Estimate
    from metamorph.runner.trial import Trial


def with_estimate(trial: Trial, blank: Result, found: Estimate) -> Result:
    """The result with the numbers of the estimate."""
    graded = trial.reading.kind != "label"
    result = attrs.evolve(
        blank,
        cases=found.cases,
        violations=found.violations,
        rate=found.rate,
        interval=found.interval,
        interval_kind=found.kind,
        confidence=found.confidence,
        budget=found.budget,
        mean_violation=found.excess / found.violations if graded and found.violations else None,
        largest_violation=found.largest if graded and found.violations else None,
        tolerable=tolerable(trial, found),
        slices=named_slices(found),
        distinct=found.distinct,
        drawn=found.drawn,
        no_change=int(found.counters[Status.NO_CHANGE]),
        not_applicable=int(found.counters[Status.NOT_APPLICABLE]),
        precondition=int(found.counters[Status.PRECONDITION]),
        raised=found.raised,
        largest_shift=found.largest_shift,
        shift_cases=found.shift_cases,
        shift_of=trial.reading.score_name,
        stopped=found.stopped,
    )
    more = (
        more_needed(found, result.allowed) if result.allowed and side(result.interval, result.allowed) is None else None
    )
    if more is None:
        return result
    few = len(found.tried) and found.distinct + more > len(found.tried)
    return attrs.evolve(result, more_rows=more) if few else attrs.evolve(result, more_cases=more)


def nothing_tested(trial: Trial, result: Result, found: Estimate) -> Result:
    """The result where no case was effective, with the reasons; inconclusive where time ran out before."""
    if found.stopped:
        return attrs.evolve(result, verdict="inconclusive")
    reasons = [
        f"{count:,} {what}"
        for count, what in (
            (result.not_applicable, "where the change cannot be made"),
            (result.precondition, "outside the precondition"),
            (result.no_change, "that change nothing"),
        )
        if count
    ]
    single_valued = [name for name in trial.touches if len(trial.schema.values(name)) == 1]
    hint = f" Column {single_valued[0]!r} has a single value." if len(single_valued) == 1 else ""
    message = f"Nothing was tested: of {result.drawn:,} cases drawn, {' and '.join(reasons)}.{hint}"
    return attrs.evolve(result, evidence=Evidence("relation", message))


def by_rate(result: Result) -> Verdict:
    """The verdict where a rate is allowed: it is settled when the whole interval lies on one side."""
    return side(result.interval, result.allowed) or "inconclusive"


def more_needed(found: Estimate, allowed: float) -> int | None:
    """Rows more that settle it if they are like those so far; None where no number would."""
    if not found.cases:
        return None
    scores = found.scores
    times = times_as_many(scores, allowed, found.confidence)
    return math.ceil((times - 1) * float(scores.rows.sum())) if math.isfinite(times) else None
