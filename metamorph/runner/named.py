"""Slices that the user names: what the estimate counts in each, and what that amounts to."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import attrs
import numpy as np
import numpy.typing as npt

from metamorph.runner.broken import guarded
from metamorph.runner.interval import side
from metamorph.runner.planning import times_as_many
from metamorph.runner.scores import Scores
from metamorph.slices import Slice

if TYPE_CHECKING:
    from metamorph.case import Mask
    from metamorph.result import Result
    from metamorph.runner.estimate import Estimate
    from metamorph.runner.judged import Judged
    from metamorph.slices import Named


@attrs.define
class Counted:
    """Cases and violations whose source lies in a slice, and which distinct observed rows do, shape ``(rows,)``."""

    slice: Named
    members: Mask
    cases: int = 0
    violations: int = 0

    @classmethod
    def of(cls, named: Named, rows: int) -> Counted:
        """None yet, of so many distinct observed rows."""
        return cls(named, np.zeros(rows, dtype=bool))

    def add(self, judged: Judged, violating: Mask, ids: npt.NDArray[np.int64] | None) -> None:
        """Count judged cases; *ids* says which distinct row each comes from (None: rows made afresh)."""
        inside = guarded(lambda: self.slice.holds(judged.cases.source), "relation", "A slice")
        self.cases += int(inside.sum())
        self.violations += int((inside & violating).sum())
        if ids is not None:
            self.members[ids[inside]] = True

    def told(self, found: Estimate) -> Slice:
        """What was counted, as one of all cases that were *found*."""
        allowed = self.slice.allowed
        counts = Slice(
            cases=self.cases,
            violations=self.violations,
            support=self.cases / found.cases,
            rate=None,
            overall=found.violations / found.cases,
            interval=(0.0, 1.0),
            name=self.slice.name,
            allowed=allowed,
            verdict=None if allowed is None else "inconclusive",
        )
        if not self.cases:
            return counts
        scores = Scores.single(self.violations, self.cases)
        if len(self.members):
            scores = Scores.of(found.tried[self.members], found.failed[self.members])
        interval = found.interval_of(scores)
        told = attrs.evolve(counts, rate=self.violations / self.cases, interval=interval)
        if allowed is None:
            return told
        verdict = side(interval, allowed)
        if verdict is not None:
            return attrs.evolve(told, verdict=verdict)
        times = times_as_many(scores, allowed, found.confidence)
        if not math.isfinite(times):
            return told
        if len(self.members) and times * found.distinct > len(self.members):  # more cases would come of the same rows
            return attrs.evolve(told, more_rows=math.ceil((times - 1) * found.distinct))
        return attrs.evolve(told, more_cases=math.ceil((times - 1) * found.cases))


def named_slices(found: Estimate) -> tuple[Slice, ...]:
    """What the estimate counted in each slice that the user named; nothing where it has no case."""
    return tuple(counted.told(found) for counted in found.counted) if found.cases else ()


def violated_alone(result: Result) -> str | None:
    """The slice that violates while the rate of all cases does not: what is shown is to lie in it."""
    if not result.allowed or side(result.interval, result.allowed) == "violated":
        return None
    return next((one.name for one in result.slices if one.verdict == "violated"), None)


def by_slices(result: Result) -> Result:
    """The result, where a slice that allows a rate has a say: it may violate, or leave open, what held on the whole.

    Where a proof says that nothing violates, none is left open.
    """
    if result.verdict == "proved":
        settled = tuple(
            one if one.allowed is None else attrs.evolve(one, verdict="held", more_cases=None, more_rows=None)
            for one in result.slices
        )
        return attrs.evolve(result, slices=settled)
    if result.verdict not in {"held", "inconclusive"}:
        return result
    violated = next((one for one in result.slices if one.verdict == "violated"), None)
    if violated is not None:
        return attrs.evolve(result, verdict="violated", in_slice=violated.name)
    left_open = next((one for one in result.slices if one.verdict == "inconclusive"), None)
    if left_open is not None and result.verdict == "held":
        return attrs.evolve(result, verdict="inconclusive", in_slice=left_open.name)
    return result
