"""The largest score of terms, closed in on: boxes that cannot reach it are dropped, groups of what is left merged."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator

import attrs
import numpy as np

from metamorph.whitebox.bounds import Neighbours, Ranking
from metamorph.whitebox.ensemble import Mask, Numbers, Places
from metamorph.whitebox.pairs import Move
from metamorph.whitebox.terms import Joint, Terms, merged

BLOCK = 2**24
"""Bytes of states looked at together, between two glances at the clock."""
MOST_AT_ONCE = 60_000
"""Boxes that are compared all with all."""
MOST_PAIRS = 20_000
"""Pairs of boxes that a merged group is sought among."""
MOST_TOGETHER = 2_000_000
"""Pairs of boxes that all groups merged at once are sought among."""
FEW = 4_000
"""Boxes that are never too many to be merged, however little is known of the best."""
SAMPLE = 256
"""Boxes looked at before all of them are."""
WORTH = 0.1
"""The share of boxes to be dropped for which it is worth while to compare all with all."""
CANDIDATES = 8
"""Groups tried for a branch."""
MEMORY = 2**30
"""Bytes of open branches beyond which the newest is finished first."""


@attrs.define(eq=False)
class _Branch:
    """Parts of some terms that cover all points together, the most promising first, each to be looked into by itself.

    ``bounds`` falls; the bytes in ``size`` are held as long as parts are left.
    """

    part: Callable[[int], Terms]
    bounds: Numbers
    size: int
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
            at, self._current = branch.at, branch.bound
            branch.at += 1
            if self._kept(np.array([self._current])).all():
                yield from self._settle(branch.part(at), self._current)
            else:
                branch.at = len(branch.bounds)
            self._current = -math.inf
            self._branches = [each for each in self._branches if each.bound > -math.inf]

    def _next(self) -> _Branch:
        """The branch with the largest bound, as long as there is room for more of them."""
        held = sum(branch.size for branch in self._branches)
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
            count, move = len(terms.group), terms.widest if terms.whole else None
            if count > MOST_AT_ONCE and move is not None:
                yield from self._branch_by_cells(terms, move, bound)
                return
            neighbours = Neighbours(Ranking(terms))
            sample = np.arange(0, count, -(-count // SAMPLE))
            promising = (neighbours.bounds(sample) <= self.least).mean() > WORTH
            if count <= MOST_AT_ONCE and promising:
                kept = self._kept(np.minimum((yield from _bounds(neighbours, np.arange(count))), bound))
                terms = terms.only(kept)
                if kept.mean() < 1 - WORTH or terms.groups < groups:
                    continue
                neighbours = Neighbours(Ranking(terms))
            pairs = _pairs(np.bincount(terms.group))
            if not pairs or (count > FEW and self._survivors(neighbours, pairs) > MOST_AT_ONCE):
                if terms.whole and move is not None:
                    yield from self._branch_by_cells(terms, move, bound)
                else:
                    yield from self._branch_by_boxes(neighbours, bound)
                return
            joints = yield from self._joints(neighbours, pairs)
            terms, groups = merged(terms, joints), groups - len(joints)
        if terms.groups == groups:
            self._finish(terms)

    def _survivors(self, neighbours: Neighbours, pairs: list[tuple[int, int]]) -> float:
        """About how many boxes the groups will have that are merged, from a sample of their pairs of boxes."""
        sizes = np.bincount(neighbours.ranking.terms.group)
        begins, twos = np.cumsum(sizes) - sizes, np.array(pairs)
        products = sizes[twos].prod(axis=1)
        ends = np.cumsum(products)
        sample = np.arange(0, ends[-1], -(-int(ends[-1]) // SAMPLE))
        pair = np.searchsorted(ends, sample, side="right")
        within, (one, other) = sample - (ends - products)[pair], twos[pair].T
        states = neighbours.of(begins[one] + within // sizes[other])
        states &= neighbours.of(begins[other] + within % sizes[other])
        return float(ends[-1]) * float((neighbours.ranking.bounds(states) > self.least).mean())

    def _joints(self, neighbours: Neighbours, pairs: list[tuple[int, int]]) -> Generator[int, None, list[Joint]]:
        """For each two groups the pairs of boxes that meet, and may do so where the score is above ``least``."""
        ranking, joints = neighbours.ranking, []
        for pair in pairs:
            these, those = (np.flatnonzero(ranking.terms.group == group) for group in pair)
            first, second = neighbours.of(these), neighbours.of(those)
            rows, columns = np.nonzero(ranking.reaches(first, those))
            kept = np.ones(len(rows), dtype=bool)
            for part in _blocks(len(rows), first.shape[1]):
                kept[part] = self._kept(ranking.bounds(first[rows[part]] & second[columns[part]]))
                yield part.stop - part.start
            joints.append(Joint(pair, these[rows[kept]], those[columns[kept]]))
        return joints

    def _branch_by_cells(self, terms: Terms, move: Move, bound: float) -> Iterator[int]:
        """Leave each lawful pair of classes of an axis for later: few of the terms tell the two apart."""
        ranking = Ranking(terms)
        before, after = ranking.cells(move.source), ranking.cells(move.follow_up)
        ways = np.argwhere(move.lawful)
        bounds = np.empty(len(ways))
        for part in _blocks(len(ways), before.shape[1]):
            bounds[part] = np.minimum(ranking.bounds(before[ways[part, 0]] & after[ways[part, 1]]), bound)
            yield part.stop - part.start
        order = np.argsort(-bounds, kind="stable")

        def part_of(place: int) -> Terms:
            one, other = ways[order[place]]
            return terms.within(move, int(one), int(other))

        self._branches.append(_Branch(part_of, bounds[order], terms.places.nbytes))

    def _branch_by_boxes(self, neighbours: Neighbours, bound: float) -> Iterator[int]:
        """Leave each box of a group for later: of the groups tried the one whose boxes promise least."""
        group = neighbours.ranking.terms.group
        sizes = np.bincount(group)
        smallest = np.argsort(sizes, kind="stable")
        tried = []
        for one in smallest[sizes[smallest] > 1][:CANDIDATES]:
            boxes = np.flatnonzero(group == one)
            bounds = np.minimum((yield from _bounds(neighbours, boxes)), bound)
            tried.append((float(np.sum(np.maximum(bounds - self.least, 0.0))), boxes, bounds))
        _, boxes, bounds = min(tried, key=lambda each: each[0])
        order = np.argsort(-bounds, kind="stable")
        boxes = boxes[order]
        self._branches.append(_Branch(lambda place: neighbours.inside(boxes[place]), bounds[order], neighbours.size))

    def _finish(self, terms: Terms) -> None:
        """Note the best of what is left: all points of a box of the only group score the same."""
        scores = terms.scores()
        best = int(scores.argmax())
        if scores[best] > self.best:
            self.best = float(scores[best])
            self.points.append(terms.point(best))


def _pairs(sizes: Places) -> list[tuple[int, int]]:
    """Which groups to merge: two by two, the smallest ones first, as long as there is room for the pairs of boxes."""
    order = np.argsort(sizes, kind="stable")
    twos = [(int(one), int(other)) for one, other in zip(order[::2], order[1::2], strict=False)]
    products = [int(sizes[one] * sizes[other]) for one, other in twos]
    room = np.cumsum(products) <= MOST_TOGETHER
    return [two for two, product, fits in zip(twos, products, room, strict=True) if fits and product <= MOST_PAIRS]


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
