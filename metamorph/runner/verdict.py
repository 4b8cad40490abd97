"""From a trial to a result: probe, estimate, confirm, shrink, and say what it amounts to."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import attrs
import numpy as np

from metamorph.literals import literals_of
from metamorph.predictor import RANDOM
from metamorph.result import Evidence, Result
from metamorph.runner.attack import largest
from metamorph.runner.blaming import blamed
from metamorph.runner.broken import Broken
from metamorph.runner.confirm import asked_alone
from metamorph.runner.counterexamples import counterexample_of
from metamorph.runner.estimate import Estimate
from metamorph.runner.explained import Telling, explained
from metamorph.runner.floor import set_floor
from metamorph.runner.further import enumerated
from metamorph.runner.judged import Judged, joined, single
from metamorph.runner.named import by_slices, named_slices, violated_alone
from metamorph.runner.presented import settle_presented
from metamorph.runner.pursuit import Confirmed, Pursuit, differs_alone, first_confirmed
from metamorph.runner.rated import by_rate, nothing_tested, with_estimate
from metamorph.runner.replay import replay
from metamorph.runner.shrink import shrink
from metamorph.runner.trial import Trial
from metamorph.transforms import Transformation
from metamorph.transforms.fans import Fan
from metamorph.transforms.presentations import Presentation

if TYPE_CHECKING:
    import pandas as pd

    from metamorph.failures import Failures
    from metamorph.runner.progress import Progress


Find = Callable[[float], Estimate]
"""Judges cases; it is told how many seconds the probe took for a row."""


def settle(
    trial: Trial,
    probed: pd.DataFrame,
    find: Find | None,
    telling: Telling,
    *,
    progress: Progress,
    pursuit: Pursuit | None = None,
    failures: Failures | None = None,
) -> Result:
    """The result of one relation, from the cases that *find* judges: what goes wrong on the way is part of it.

    *pursuit* looks for worse cases afterwards; the rate is not its business. *failures* holds cases that failed before:
    they are asked about first, and what is found now is added to them. Without *find* nothing else is asked.
    *telling* says what is told of a violation.
    """
    began = time.perf_counter()
    calls, rows = trial.predictor.calls, trial.predictor.asked
    blank = Result(
        trial.relation.id, trial.sentence, "broken", allowed=trial.relation.allowed, output=trial.reading.name
    )
    try:
        result = _settle(trial, probed, blank, find, telling, progress=progress, pursuit=pursuit, failures=failures)
    except Broken as broken:
        result = attrs.evolve(blank, evidence=broken.evidence)
    return attrs.evolve(
        result,
        calls=trial.predictor.calls - calls,
        rows=trial.predictor.asked - rows,
        seconds=time.perf_counter() - began,
    )


def _settle(
    trial: Trial,
    probed: pd.DataFrame,
    blank: Result,
    find: Find | None,
    telling: Telling,
    *,
    progress: Progress,
    pursuit: Pursuit | None,
    failures: Failures | None,
) -> Result:
    began = time.perf_counter()
    finding = set_floor(trial, probed)
    if finding is not None and not _about(trial.relation.transform, finding):
        return attrs.evolve(blank, evidence=finding)
    if isinstance(trial.relation.transform, Presentation | Fan):
        return settle_presented(trial, trial.relation.transform, blank, find, failures)
    per_row = (time.perf_counter() - began) / max(1, len(probed))
    if failures is not None:
        trial.replayed = replay(trial, failures)
    again = trial.replayed
    blank = attrs.evolve(blank, replayed=again.asked, fixed=len(again.fixed))
    found = None if find is None else find(per_row)
    result, confirmed = (_only_replayed(blank), None) if found is None else _estimated(trial, blank, found)
    if confirmed is None and again.table is not None and result.passed and not result.allowed:
        confirmed = Confirmed.of(single(again.table, 0), "replay")
    if pursuit is not None and found is not None:
        result, confirmed = pursuit.after(found, per_row, result, confirmed)
    if confirmed is None:
        return by_slices(result)
    trial, confirmed = _in_slice(trial, result, found, confirmed)
    progress.advance(trial.relation.id, "shrink", 0, 0)
    result, smallest = _reduced(trial, result, confirmed, found, telling)
    if telling.explain is not None:
        result = explained(trial, result, smallest, found, seed=telling.explain, exact=telling.exact)
    result = by_slices(result)
    if failures is None or result.verdict != "violated":
        return result
    (values,) = literals_of(smallest.cases, trial.schema, trial.relation.transform.moves)
    return attrs.evolve(result, replay=failures.keep(trial.relation, trial.schema, values))


def _about(transform: Transformation, finding: Evidence) -> bool:
    """Whether what the probe found is what a relation is about: that batches matter, or that answers change."""
    return isinstance(transform, Presentation) and (transform.pure or not finding.message.startswith(RANDOM))


def _estimated(trial: Trial, blank: Result, found: Estimate) -> tuple[Result, Confirmed | None]:
    """The result so far, and a confirmed violation where there is one; without one, the verdict stands."""
    result = with_estimate(trial, blank, found)
    if not found.cases:
        return nothing_tested(trial, result, found), None
    if found.worst is None:
        return attrs.evolve(result, verdict=by_rate(result) if result.allowed else "held"), None
    outcome, confirmed = first_confirmed(trial, found.worst)
    if outcome == "rounding":
        return _only_rounding(result, found), None
    if outcome == "differs alone":
        return differs_alone(trial, result, confirmed), None
    starts = [judged for judged in (found.worst, found.first) if judged is not None]
    return result, Confirmed.of(confirmed, "estimate", starts)


def _in_slice(trial: Trial, result: Result, found: Estimate | None, confirmed: Confirmed) -> tuple[Trial, Confirmed]:
    """Trial and violation of a slice, where it alone violates: what is shown then is to lie in it."""
    alone = violated_alone(result)
    if found is None or alone is None:
        return trial, confirmed
    narrowed, failing = trial.within(alone), found.failing.judged
    assert failing is not None  # noqa: S101 - a slice violates by what failed
    worst = largest([failing.take(np.flatnonzero(narrowed.precondition(failing.cases.source)))])
    outcome, judged = ("none", confirmed.judged) if worst is None else first_confirmed(narrowed, worst)
    if worst is None or outcome != "confirmed":  # the few that are kept of many may all lie elsewhere
        return trial, confirmed
    return narrowed, attrs.evolve(confirmed, judged=judged, by="estimate", starts=(worst,))


def _only_replayed(blank: Result) -> Result:
    """The result where nothing but cases that failed before is asked about, as long as none of them fails."""
    if blank.replayed:
        return attrs.evolve(blank, verdict="held")
    return attrs.evolve(blank, verdict="skipped", evidence=Evidence("relation", "No case of it failed before."))


def _reduced(
    trial: Trial, result: Result, confirmed: Confirmed, found: Estimate | None, telling: Telling
) -> tuple[Result, Judged]:
    """The result with its counterexamples, and the judged case that the smallest is.

    Saying which link of a composed relation is to blame counts as reducing.
    """
    asked = [(trial.predictor.calls, trial.predictor.asked)]
    examples, evidence = [confirmed.judged], result.evidence
    try:
        examples = [_smallest(trial, confirmed)] if telling.reduce else examples
        asked.append((trial.predictor.calls, trial.predictor.asked))
        if telling.reduce and telling.examples > 1:
            examples = enumerated(trial, examples[0], confirmed, found, most=telling.examples)
    except Broken as broken:  # a row that only reducing came upon; what was confirmed before stands
        evidence = broken.evidence
    asked.append((trial.predictor.calls, trial.predictor.asked))
    smallest, *further = examples
    blame = blamed(trial, smallest)
    asked.append((trial.predictor.calls, trial.predictor.asked))
    counterexample = counterexample_of(trial, smallest)
    worst = max(smallest, confirmed.worst, *further, key=lambda judged: float(judged.margins[0]))
    result = attrs.evolve(
        result,
        verdict=by_rate(result) if result.allowed else "violated",
        found_by=confirmed.by,
        evidence=evidence,
        counterexample=counterexample,
        further=tuple(counterexample_of(trial, judged) for judged in further),
        blame=blame,
        worst=counterexample if worst is smallest else counterexample_of(trial, worst),
        shrink_calls=asked[1][0] - asked[0][0] + asked[-1][0] - asked[-2][0],
        shrink_rows=asked[1][1] - asked[0][1] + asked[-1][1] - asked[-2][1],
        further_calls=asked[-2][0] - asked[1][0],
        further_rows=asked[-2][1] - asked[1][1],
    )
    return result, smallest


def _only_rounding(result: Result, found: Estimate) -> Result:
    """The result where each kept violation vanished when asked alone; settled only where all were kept."""
    if found.worst is not None and found.violations > len(found.worst):
        message = f"The {len(found.worst)} largest of {found.violations:,} differences vanished when asked alone."
        return attrs.evolve(result, verdict="inconclusive", evidence=Evidence("model", message))
    counted = tuple(attrs.evolve(one, violations=0) for one in found.counted)
    none = attrs.evolve(found, violations=0, failed=found.failed * 0, counted=counted)
    result = attrs.evolve(
        result,
        rounding=found.violations,
        violations=0,
        rate=none.rate,
        interval=none.interval,
        slices=named_slices(none),
    )
    return attrs.evolve(result, verdict=by_rate(result) if result.allowed else "held")


def _smallest(trial: Trial, confirmed: Confirmed) -> Judged:
    """The reduced counterexample, confirmed; the confirmed violation itself where the reduced one is not."""
    starts = joined(list(confirmed.starts))
    cases, follow_up = shrink(trial, starts)
    if not len(follow_up):
        return confirmed.judged
    reduced = asked_alone(trial, cases, follow_up)
    return reduced if reduced.margins[0] > 0 else confirmed.judged
