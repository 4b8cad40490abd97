"""One training relation settled: its refits judged against tolerance and training noise, with the evidence."""

from __future__ import annotations

import time

import attrs
import numpy as np

from metamorph.catalogue.training_relation import TrainingRelation
from metamorph.result import Evidence, Result, Verdict
from metamorph.runner.interval import clopper_pearson
from metamorph.runner.refits import Case, Outcome, Refits
from metamorph.runner.subject import Asked

ONE = 1
SUSPECT = 0.05
"""A random learner that breaks a relation less probably than this by chance is refitted more often."""
RARE = 0.001
"""Then it breaks the relation if chance would bring so much less probably than this."""
THRICE, TWELVE = 3, 12
"""More often: three times as often, and at least twelve times."""
EXACT = 16
"""Up to so many refits every pattern of signs is counted; beyond, that many random ones (as a power of two)."""


@attrs.frozen
class Judged:
    """The refits of a relation that had a row to judge, and which of them break it by more than is let pass."""

    drawn: int
    effective: tuple[Outcome, ...]
    breaking: tuple[Outcome, ...]

    @property
    def worst(self) -> Outcome:
        """The refit that disagrees most: one that breaks it, where there is any."""
        return max(self.breaking or self.effective, key=_badness)


def first_cases(relation: TrainingRelation, refits: Refits) -> list[Case]:
    """What is refitted first for a relation; nothing where it cannot be asked."""
    if relation.impossible(refits.subject) is not None:
        return []
    count = max(refits.count, relation.least_refits)
    return [Case(relation, number, len(relation.rungs) - 1) for number in range(count)]


def settle_refits(relation: TrainingRelation, asked: Asked, refits: Refits, failed: str | None) -> Result:
    """The verdict of a relation; *failed* says why the data as given cannot be learnt from."""
    began = time.monotonic()
    blank = Result(relation.id, relation.statement, "broken", allowed=relation.allowed, output="agreement")
    reason = relation.impossible(refits.subject)
    if reason is not None:
        return attrs.evolve(blank, verdict="skipped", evidence=Evidence("relation", reason))
    if failed is not None:
        return attrs.evolve(blank, evidence=Evidence("model", failed))
    judged = _judged(relation, refits, max(refits.count, relation.least_refits))
    if not judged.effective:
        message = f"Nothing was tested: in none of {judged.drawn} refits is there a row to judge."
        return attrs.evolve(blank, evidence=Evidence("relation", message))
    judged, excused = _beyond_chance(relation, refits, judged)
    result = _counted(blank, relation, judged)
    message = _evidence(relation, asked, refits, judged) + excused
    if judged.breaking:
        message += _ladder(relation, refits, judged.worst)
    calls = refits.cost[relation.id]
    evidence, seconds = Evidence("model", message), time.monotonic() - began
    return attrs.evolve(result, evidence=evidence, calls=calls, rows=calls * asked.rows, seconds=seconds)


def _judged(relation: TrainingRelation, refits: Refits, count: int) -> Judged:
    outcomes = refits.outcomes(relation, range(count))
    effective = tuple(outcome for outcome in outcomes if outcome.comparison or outcome.error)
    breaking = tuple(outcome for outcome in effective if _excess(relation, refits, outcome) > 0)
    return Judged(count, effective, breaking)


def _beyond_chance(relation: TrainingRelation, refits: Refits, judged: Judged) -> tuple[Judged, str]:
    """What is left as violations of a random learner, and a sentence about what is not.

    Were the change no more than another seed, a refit of changed data would as often disagree more with its source as
    less than a refit of the same data does. Whether it does so too often and by too much is a sign-flip test of the
    paired differences, first on the refits asked for, and where it is suspicious on more of them: chance may have
    rare, large effects (a bad start of k-means) that a few refits do not show. Fisher, "The design of experiments"
    (1935).
    """
    if not refits.random or not relation.noise or not judged.breaking or _fails(judged):
        return judged, ""
    if len(judged.effective) * np.log(2) > -np.log(SUSPECT) and _by_chance(relation, refits, judged) >= SUSPECT:
        return _excused(judged)
    judged = _judged(relation, refits, max(THRICE * refits.count, TWELVE, relation.least_refits))
    if not judged.breaking or _fails(judged) or _by_chance(relation, refits, judged) < RARE:
        return judged, ""
    return _excused(judged)


def _excused(judged: Judged) -> tuple[Judged, str]:
    count = len(judged.breaking)
    said = f" {count} of {len(judged.effective)} refits disagree more than one of another seed: no more than by chance."
    return attrs.evolve(judged, breaking=()), said


def _fails(judged: Judged) -> bool:
    """Whether changed data cannot be fitted at all, which is no chance: the data as given always can."""
    return any(outcome.error is not None for outcome in judged.breaking)


def _by_chance(relation: TrainingRelation, refits: Refits, judged: Judged) -> float:
    """How probable so much excess is, were every difference as likely to have the other sign."""
    excess = np.array([_excess(relation, refits, outcome) for outcome in judged.effective])
    if len(excess) <= EXACT:
        signs = (np.arange(2 ** len(excess))[:, None] >> np.arange(len(excess))) & 1
    else:
        signs = np.random.default_rng(0).integers(0, 2, (2**EXACT, len(excess)))
    flipped = np.where(signs == 1, excess, -excess).sum(axis=1)
    return float((flipped >= excess.sum() - 1e-12).mean())


def _excess(relation: TrainingRelation, refits: Refits, outcome: Outcome) -> float:
    """By how much a refit disagrees beyond the tolerance and beyond another seed; an error without end."""
    if outcome.comparison is None:
        return float("inf")
    allowed = relation.reading(refits.subject).allowed(relation.tolerance)
    noise = 0.0 if outcome.noise is None else outcome.noise.disagreement
    return outcome.comparison.disagreement - max(allowed, 0.0) - noise


def _counted(blank: Result, relation: TrainingRelation, judged: Judged) -> Result:
    cases, violations = len(judged.effective), len(judged.breaking)
    interval = None if cases == ONE else clopper_pearson(violations, cases)
    return attrs.evolve(
        blank,
        verdict=_verdict(relation, violations, interval),
        found_by="estimate" if violations else None,
        cases=cases,
        violations=violations,
        rate=violations / cases,
        interval=interval,
        distinct=cases,
        drawn=judged.drawn,
        not_applicable=judged.drawn - cases,
    )


def _verdict(relation: TrainingRelation, violations: int, interval: tuple[float, float] | None) -> Verdict:
    """Where a share of refits may break it, that more do must be shown; to pass, it need not be shown that fewer do."""
    if not relation.allowed:
        return "violated" if violations else "held"
    if interval is None:
        return "inconclusive"
    return "violated" if interval[0] > relation.allowed else "held"


def _evidence(relation: TrainingRelation, asked: Asked, refits: Refits, judged: Judged) -> str:
    worst, reading = judged.worst, relation.reading(refits.subject)
    if worst.comparison is None:
        return f"{str(worst.error).rstrip('.')}."
    found = worst.comparison
    limit = reading.limit(reading.allowed(relation.tolerance))
    if worst.noise is not None:
        limit = f"another seed alone: {reading.phrase(worst.noise.disagreement)}; {limit} beyond that"
    text = f"Worst refit: {reading.phrase(found.disagreement)} on {found.judged:,} {asked.noun} ({limit})."
    if found.place is not None and judged.breaking:
        text += f" {asked.row(found.place)} moved most: {_move(found.before, found.after)}."
    return text


def _move(before: object, after: object) -> str:
    if isinstance(before, float) and isinstance(after, float):
        return f"{before:.6g} to {after:.6g}"
    return f"{before!r} to {after!r}"


def _ladder(relation: TrainingRelation, refits: Refits, worst: Outcome) -> str:
    """The smallest change that still breaks it in the worst refit."""
    if not relation.rung or len(relation.rungs) == ONE:
        return ""
    for rung, amount in enumerate(relation.rungs[:-1]):
        if _excess(relation, refits, refits.outcomes(relation, [worst.number], rung)[0]) > 0:
            smallest = ", the smallest change tried" if rung == 0 else ""
            return f" Still breaks by {relation.rung.format(amount=amount)}{smallest}."
    return f" Breaks only by {relation.rung.format(amount=relation.rungs[-1])}, the largest change tried."


def _badness(outcome: Outcome) -> float:
    """An error is worse than any disagreement."""
    return float("inf") if outcome.comparison is None else outcome.comparison.disagreement
