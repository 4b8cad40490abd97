"""The search for the worst lawful pair of a grid: a best pair and a bound that close in on each other."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator

import attrs
import numpy as np

from metamorph.whitebox.bounds import Ranking
from metamorph.whitebox.ensemble import Mask, Numbers, Places
from metamorph.whitebox.pairs import LeafPairs, Problem, cells, leaf_pairs
from metamorph.whitebox.refinement import Refinement
from metamorph.whitebox.steepest import Ascent
from metamorph.whitebox.terms import terms

RANDOM = 256
"""Points that are drawn."""
STARTS, FEWEST = 16, 4
"""Points that climb, where they can be afforded; the fewest, the best of those drawn, do in any case."""
AFFORDED = 2**27
"""Bytes looked at in one sweep of all of them."""
SWEEPS, RESTARTS = 20, 16
CLIMBING = 0.5
"""Cells looked at by points that climb, for each box that is looked at to close in on them."""
KEPT = 64
"""Pairs that are remembered."""


class Search:
    """Anytime search for the lawful pair of a problem with the largest objective; deterministic but for the clock.

    ``best`` is the objective of the best pair found, ``upper`` a bound that no pair exceeds. Where the search has
    settled, the two differ by ``slack`` at most, which is what rounding up adds to the bound: for each tree less than
    1e-14 of the largest possible sum. ``termwise`` says whether no tree by itself ever falls from source to follow-up:
    then sums of floats in any fixed order do not fall either.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self._leaf_pairs = leaf_pairs(problem)
        self.termwise = self._leaf_pairs.termwise
        self._terms = terms(self._leaf_pairs)
        self.slack = self._terms.slack
        self._pairs: list[tuple[Places, Places, float]] = []
        self._score = -math.inf
        self._enough = math.inf
        self._most = self._terms.most * self._terms.quantum
        self._refinement: Refinement | None = None
        self._work = self._stages()
        self._add(np.zeros((1, len(self._leaf_pairs.slots)), dtype=np.int64), self._leaf_pairs)

    @property
    def best(self) -> float:
        """The objective of the best pair found, in exact arithmetic."""
        return self._pairs[0][2]

    @property
    def upper(self) -> float:
        """No lawful pair has a larger objective."""
        if self._refinement is None:
            return max(self.best, self._most)
        return max(self.best, min(self._most, self._refinement.upper * self._terms.quantum))

    @property
    def settled(self) -> bool:
        """Whether the best pair is known to be the worst case."""
        return self.upper <= self.best + self.slack

    @property
    def pairs(self) -> tuple[Places, Places, Numbers]:
        """The best pairs found, the best first: cells of sources and follow-ups ``(k, axes)``, objectives ``(k,)``."""
        axes = len(self.problem.grid.axes)
        sources, follow_ups = (
            np.array([pair[side] for pair in self._pairs], dtype=np.int64).reshape(-1, axes) for side in (0, 1)
        )
        return sources, follow_ups, np.array([pair[2] for pair in self._pairs], dtype=np.float64)

    def run(self, *, seconds: float = math.inf, enough: float | None = None, boxes: float = math.inf) -> None:
        """Go on until the search has settled, time is up, or so many boxes have been looked at.

        With *enough*, end as well when ``best`` is above it, or ``upper`` is not. A later run goes on from there;
        where it wants more than the one before, what was left out is looked at again. The best of 50 trees takes 10^5
        to 10^6 boxes, which are looked at in 0.1 to 10 seconds.
        """
        end = time.perf_counter() + seconds
        least = -math.inf if enough is None else enough
        if least < self._enough and self._refinement is not None:
            self._most = min(self._most, self.upper)
            self._refinement = None
            self._work = self._stages()
        self._enough = least
        looked = 0
        while not self._over(enough):
            if looked >= boxes or time.perf_counter() >= end:
                return
            step = next(self._work, None)
            if step is None:
                return
            looked += step

    def _over(self, enough: float | None) -> bool:
        if enough is None:
            return self.settled
        return self.upper <= enough or self.best > enough or self.upper <= self.best

    def _stages(self) -> Iterator[int]:
        """Climb; then, where nothing above zero is asked for, each smallest step by itself; then everything."""
        ascent, rng = Ascent(Ranking(self._terms)), np.random.default_rng(0)
        drawn = ascent.starts(RANDOM, rng)
        best = drawn[np.argsort(-ascent.scores(drawn), kind="stable")[:FEWEST]]
        self._add(best, self._leaf_pairs)
        yield RANDOM
        count = max(FEWEST, min(STARTS, AFFORDED // ascent.cost))
        yield from self._climb(ascent, np.concatenate([best, drawn[: count - FEWEST]]))
        if self._enough == 0 and self.problem.threshold is None:
            yield from self._step_by_step()
        self._refinement = refinement = Refinement(self._terms, best=self._score)
        restarts = (step for _ in range(RESTARTS) for step in self._climb(ascent, ascent.starts(count, rng)))
        owed = 0.0
        refinement.enough = float(np.floor(self._enough / self._terms.quantum))
        for looked in refinement.work():
            self._take(refinement, self._leaf_pairs)
            yield looked
            owed += CLIMBING * looked
            while owed > 0 and (climbed := next(restarts, None)) is not None:
                owed -= climbed
                yield climbed
            refinement.best = self._score = max(self._score, refinement.best)
            refinement.enough = float(np.floor(self._enough / self._terms.quantum))
        self._take(refinement, self._leaf_pairs)

    def _climb(self, ascent: Ascent, points: Places) -> Iterator[int]:
        """Let points climb, and keep where they end."""
        scores, rising = ascent.scores(points), np.arange(len(points))
        for _ in range(SWEEPS):
            yield len(rising) * ascent.cells
            rising = ascent.sweep(points, scores, rising)
            if not len(rising):
                break
        self._score = max(self._score, float(scores.max()))
        self._add(points, self._leaf_pairs)

    def _step_by_step(self) -> Iterator[int]:
        """Where no smallest step falls, no step does: every step is made of smallest ones, one axis at a time."""
        upper = 0.0
        for axis, law in zip(self.problem.moved, self.problem.lawful, strict=True):
            pairs = leaf_pairs(attrs.evolve(self.problem, moved=(axis,), lawful=(law,)))
            every, (move,) = terms(pairs), pairs.moves
            steps = smallest_steps(move.lawful)
            if steps is None:
                return
            for before, after in steps:
                part = every.within(move, before, after)
                refinement = Refinement(part)
                refinement.enough = 0.0
                for looked in refinement.work():
                    self._take(refinement, pairs)
                    yield looked
                self._take(refinement, pairs)
                upper = max(upper, refinement.upper)
                yield 1
        if upper <= 0:
            self._most = min(self._most, 0.0)

    def _take(self, refinement: Refinement, pairs: LeafPairs) -> None:
        """Keep what the refinement has found."""
        if refinement.points:
            self._add(np.array(refinement.points), pairs)
            refinement.points.clear()

    def _add(self, points: Places, pairs: LeafPairs) -> None:
        """Keep the best pairs, of each point one."""
        sources, follow_ups = cells(pairs, points)
        known = {(source.tobytes(), follow_up.tobytes()) for source, follow_up, _ in self._pairs}
        for source, follow_up, objective in zip(
            sources, follow_ups, self.problem.values(sources, follow_ups), strict=True
        ):
            key = source.tobytes(), follow_up.tobytes()
            if key not in known:
                known.add(key)
                self._pairs.append((source, follow_up, float(objective)))
        self._pairs.sort(key=lambda pair: -pair[2])
        del self._pairs[KEPT:]


def smallest_steps(lawful: Mask) -> list[tuple[int, int]] | None:
    """Lawful steps that every lawful step can be made of: of an order the neighbours. None where it is no order."""
    steps = lawful & ~np.eye(len(lawful), dtype=bool)
    if steps.sum() == len(steps) * (len(steps) - 1):
        return [pair for one in range(len(steps) - 1) for pair in ((one, one + 1), (one + 1, one))]
    left = np.ones(len(steps), dtype=bool)
    while left.any():
        last = left & ~steps[:, left].any(axis=1)
        if not last.any():
            return None
        left &= ~last
    numbers = steps.astype(np.float32)
    return [(int(before), int(after)) for before, after in np.argwhere(steps & ~(numbers @ numbers > 0))]
