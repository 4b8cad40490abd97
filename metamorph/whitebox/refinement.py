"""The largest score of terms, closed in on: boxes that cannot reach it are dropped, groups of what is left merged."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator

import attrs
import numpy as np

from metamorph.whitebox.bounds import Neighbours, Ranking
from metamorph.whitebox.ensemble import Mask, Numbers, Places
from metamorph.whitebox.terms import Joint, Terms, merged

BLOCK = 2**24
"""Bytes of states looked at together, between two glances at the clock."""
MOST_AT_ONCE = 60_000
"""Boxes that are compared all with all."""
MOST_PAIRS = 20_000
"""Pairs of boxes that a merged group is sought among."""
SAMPLE = 256
WORTH = 0.1
"""The share of boxes to be dropped for which it is worth while to compare all with all."""
CANDIDATES = 8
"""Groups tried for a branch."""
MEMORY = 2**30
"""Bytes of open branches beyond which the newest is finished first."""


@attrs.define(eq=False)
class _Branch:
    """One group of some terms: its boxes, the best first, each to be looked into by itself."""

    neighbours: Neighbours
    boxes: Places
    bounds: Numbers
    at: int = 0

    @property
    def bound(self) -> float:
        return float(self.bounds[self.at]) if self.at < len(self.bounds) else -math.inf


class Refinement:
    """An anytime search for the largest score: ``best`` was reached by a point, none scores more than ``upper``.

    Chen et al., "Robustness Verification of Tree-based Models" (2019), bound a sum of trees by merging groups of them;
    here boxes that cannot beat what is known (``least``) are dropped before, so that merged groups stay small, and what
    remains is branched on, best first, as by Devos et al., "Versatile Verification of Tree Ensembles" (2021).

    ``points`` are those that were better than all before, as classes of the slots, shape ``(slots,)``.
    """

    def __init__(self, terms: Terms, *, best: float = -math.inf) -> None:
        self.best = best
        self.enough = -math.inf
        self.points: list[Places] = []
        self._terms = terms
        self._dropped = -math.inf
        self._current = terms.most
        self._branches: list[_Branch] = []

    @property
    def least(self) -> float:
        """Points that score no more are not looked for."""
        return max(self.best, self.enough)

    @property
    def upper(self) -> float:
        """No point scores more."""
        return max(self.best, self._dropped, self._current, *(branch.bound for branch in self._branches))

    def work(self) -> Iterator[int]:
        """Go on until no point can score more than ``least``; gives the numbers of boxes looked at, bit by bit."""
        yield from self._settle(self._terms, self._current)
        self._current = -math.inf
        while self._branches:
            branch = self._next()
            box, self._current = branch.boxes[branch.at], branch.bound
            branch.at += 1
            if self._kept(np.array([self._current])).all():
                yield from self._settle(branch.neighbours.inside(box), self._current)
            else:
                branch.at = len(branch.bounds)
            self._current = -math.inf
            self._branches = [each for each in self._branches if each.bound > -math.inf]

    def _next(self) -> _Branch:
        """The branch with the largest bound, as long as there is room for more of them."""
        held = sum(branch.neighbours.size for branch in self._branches)
        return self._branches[-1] if held > MEMORY else max(self._branches, key=lambda branch: branch.bound)

    def _kept(self, bounds: Numbers) -> Mask:
        """Which bounds are worth looking into; the largest of the others is remembered."""
        kept = np.asarray(bounds > self.least)
        self._dropped = max(self._dropped, float(np.max(bounds[~kept], initial=-math.inf)))
        return kept

    def _settle(self, terms: Terms, bound: float) -> Iterator[int]:
        """Find the largest score of terms that is above ``least``, or leave a branch for later."""
        groups = terms.groups
        while terms.groups == groups > 1:
            neighbours, every = Neighbours(Ranking(terms)), np.arange(len(terms.group))
            if self._worth_while(neighbours):
                bounds = yield from _bounds(neighbours, every)
                kept = self._kept(np.minimum(bounds, bound))
                terms = terms[kept]
                if kept.mean() < 1 - WORTH or terms.groups < groups:
                    continue
                neighbours = Neighbours(Ranking(terms))
            pairs = _pairs(np.bincount(terms.group)) if len(terms.group) <= MOST_AT_ONCE else []
            if not pairs:
                yield from self._branch(neighbours, bound)
                return
            joints = []
            for pair in pairs:
                joints.append((yield from self._joint(neighbours, pair)))
            terms, groups = merged(terms, joints), groups - len(joints)
        if terms.groups == groups:
            self._finish(terms)

    def _worth_while(self, neighbours: Neighbours) -> bool:
        """Whether a sample of the boxes promises that enough of them can be dropped."""
        count = len(neighbours.ranking.terms.group)
        sample = np.arange(0, count, -(-count // SAMPLE))
        return count <= MOST_AT_ONCE and bool((neighbours.bounds(sample) <= self.least).mean() > WORTH)

    def _joint(self, neighbours: Neighbours, pair: tuple[int, int]) -> Generator[int, None, Joint]:
        """The pairs of boxes of two groups that meet, and may do so where the score is above ``least``."""
        ranking = neighbours.ranking
        these, those = (np.flatnonzero(ranking.terms.group == group) for group in pair)
        first, second = neighbours.of(these), neighbours.of(those)
        rows, columns = np.nonzero(ranking.reach(first)[:, those])
        kept = np.ones(len(rows), dtype=bool)
        for part in _blocks(len(rows), first.shape[1]):
            kept[part] = self._kept(ranking.bounds(first[rows[part]] & second[columns[part]]))
            yield part.stop - part.start
        return Joint(pair, these[rows[kept]], those[columns[kept]])

    def _branch(self, neighbours: Neighbours, bound: float) -> Iterator[int]:
        """Leave the boxes of one group for later: of the groups tried the one whose boxes promise least."""
        terms = neighbours.ranking.terms
        sizes = np.bincount(terms.group)
        order = np.argsort(sizes, kind="stable")
        tried = []
        for group in order[sizes[order] > 1][:CANDIDATES]:
            boxes = np.flatnonzero(terms.group == group)
            bounds = np.minimum((yield from _bounds(neighbours, boxes)), bound)
            tried.append((float(np.sum(np.maximum(bounds - self.least, 0.0))), boxes, bounds))
        _, boxes, bounds = min(tried, key=lambda each: each[0])
        order = np.argsort(-bounds, kind="stable")
        self._branches.append(_Branch(neighbours, boxes[order], bounds[order]))

    def _finish(self, terms: Terms) -> None:
        """Note the best of what is left: all points of a box of the only group score the same."""
        scores = terms.scores()
        best = int(scores.argmax())
        if scores[best] > self.best:
            self.best = float(scores[best])
            self.points.append(terms.point(best))


def _pairs(sizes: Places) -> list[tuple[int, int]]:
    """Which groups to merge: two by two, the smallest ones first, as long as they have few pairs of boxes."""
    order = np.argsort(sizes, kind="stable")
    twos = [(int(one), int(other)) for one, other in zip(order[::2], order[1::2], strict=False)]
    return [(one, other) for one, other in twos if sizes[one] * sizes[other] <= MOST_PAIRS]


def _blocks(count: int, width: int) -> list[slice]:
    step = max(1, BLOCK // max(width, 1))
    return [slice(begin, min(begin + step, count)) for begin in range(0, count, step)]


def _bounds(neighbours: Neighbours, boxes: Places) -> Generator[int, None, Numbers]:
    """What no point in each of these boxes exceeds."""
    bounds = np.empty(len(boxes))
    for part in _blocks(len(boxes), neighbours.width):
        bounds[part] = neighbours.bounds(boxes[part])
        yield part.stop - part.start
    return bounds
