"""Sums to be maximised over boxes: one term for each tree, in whole numbers, so that no sum of them is ever rounded."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np

from metamorph.whitebox.ensemble import Mask, Numbers, Places
from metamorph.whitebox.pairs import LeafPairs, Move
from metamorph.whitebox.sets import Sets

DIGITS = 50
"""Binary digits of the largest sum: below 2**53, float64 adds whole numbers without rounding."""
SMALLEST = -1000
"""The exponent of the smallest unit, which is still a normal number."""


@attrs.frozen(eq=False)
class Terms:
    """Groups of disjoint boxes with whole numbers as weights; a point scores the weights of the boxes it lies in.

    ``group`` is nondecreasing, ``places`` as in :class:`~metamorph.whitebox.pairs.LeafPairs`. ``weights`` has shape
    ``(sums, boxes)``: a point's score is the least of its sums, each begun at ``start``. Times ``quantum`` it is the
    objective, or above it by ``slack`` at most: weights are rounded up. Groups are ``whole`` as long as every point
    lies in one box of each.
    """

    moves: tuple[Move, ...]
    sets: tuple[Sets, ...]
    group: Places
    places: Places
    weights: Numbers
    start: Numbers
    quantum: float
    slack: float
    whole: bool = True

    @property
    def groups(self) -> int:
        """How many groups there are."""
        return int(self.group[-1]) + 1 if len(self.group) else 0

    def __getitem__(self, rows: Places | Mask) -> Terms:
        """These boxes only; groups that have none left are no longer counted."""
        _, group = np.unique(self.group[rows], return_inverse=True)
        return attrs.evolve(self, group=group, places=self.places[rows], weights=self.weights[:, rows])

    @property
    def most(self) -> float:
        """No point scores more, as far as each group shows by itself."""
        return float((self._extremes(np.maximum).sum(axis=1) + self.start).min())

    @property
    def widest(self) -> Move | None:
        """The moved axis with the most lawful moves, if any has more than one."""
        widest = max(self.moves, key=lambda move: int(move.lawful.sum()), default=None)
        return widest if widest is not None and widest.lawful.sum() > 1 else None

    def only(self, kept: Mask) -> Terms:
        """These boxes only, because no point of the others is of interest."""
        return attrs.evolve(self[kept], whole=self.whole and bool(kept.all()))

    def bare(self) -> Terms:
        """Without the groups that add the same everywhere; groups that are not whole say where a point may be."""
        if not self.whole:
            return self
        low, high = self._extremes(np.minimum), self._extremes(np.maximum)
        same = (low == high).all(axis=0)
        return attrs.evolve(self[~same[self.group]], start=self.start + low[:, same].sum(axis=1))

    def within(self, move: Move, before: int, after: int) -> Terms:
        """The boxes around one class of the source and one of the follow-up on a moved axis.

        Unlike the boxes that are dropped by a bound, those beside the two leave the groups whole.
        """
        inside, places = np.ones(len(self.group), dtype=bool), self.places.copy()
        lawful = np.zeros_like(move.lawful)
        lawful[before, after] = True
        for at, one in ((move.source, before), (move.follow_up, after)):
            sets = self.sets[at]
            inside &= sets.rows[self.places[:, at], one]
            places[:, at] = sets.places(np.arange(sets.rows.shape[1])[None] == one)[0]
        moves = tuple(attrs.evolve(each, lawful=lawful) if each is move else each for each in self.moves)
        return attrs.evolve(self, moves=moves, places=places)[inside].bare()

    def scores(self) -> Numbers:
        """What the points of each box score where there is one group at most; of none, what all score."""
        sums = self.weights + self.start[:, None] if self.groups else self.start[:, None]
        return np.asarray(sums.min(axis=0))

    def point(self, box: int) -> Places:
        """A lawful point of a box, as classes of the slots; of no boxes, any lawful point."""
        places = self.places[box] if self.groups else np.zeros(len(self.sets), dtype=np.int64)
        members = [sets.rows[place] for sets, place in zip(self.sets, places, strict=True)]
        point = np.array([row.argmax() for row in members], dtype=np.int64)
        for move in self.moves:
            both = move.lawful & members[move.source][:, None] & members[move.follow_up]
            point[[move.source, move.follow_up]] = np.unravel_index(both.argmax(), both.shape)
        return point

    def _extremes(self, of: np.ufunc) -> Numbers:
        """The smallest or the largest weight of each group, shape ``(sums, groups)``."""
        if not self.groups:
            return np.zeros((len(self.start), 0))
        begins = np.flatnonzero(np.diff(self.group, prepend=-1))
        return np.asarray(of.reduceat(self.weights, begins, axis=1))


@attrs.frozen(eq=False)
class Joint:
    """Boxes of two groups that meet, pair by pair."""

    groups: tuple[int, int]
    these: Places
    those: Places


def terms(pairs: LeafPairs) -> Terms:
    """The terms of a problem: one sum of falls, or for a crossing both sides' sums, and half of the two together."""
    problem = pairs.problem
    threshold = problem.threshold
    ends = 0.0 if threshold is None else abs(problem.grid.base) + abs(threshold)
    largest = np.zeros(int(pairs.tree[-1]) + 1 if len(pairs.tree) else 0)
    np.maximum.at(largest, pairs.tree, np.abs(pairs.before) + np.abs(pairs.after))
    total = largest.sum() + ends
    quantum = float(2.0 ** max(np.ceil(np.log2(total)) + 1 - DIGITS, SMALLEST)) if total > 0 else 1.0
    count = len(largest) + 2
    before, after = np.ceil(pairs.before / quantum), np.floor(pairs.after / quantum)
    if threshold is None:
        # of a tree that does not fall, what rounding adds must not look like a fall
        falls = np.where(pairs.before <= pairs.after, np.minimum(before - after, 0), before - after)
        weights, start = falls[None], np.zeros(1)
    else:
        base, sign = problem.grid.base, problem.sign
        up = np.ceil(sign * base / quantum) + np.ceil(-sign * threshold / quantum)
        down = np.ceil(-sign * base / quantum) + np.ceil(sign * threshold / quantum)
        weights, start = np.array([2 * before, -2 * after, before - after]), np.array([2 * up, 2 * down, up + down])
        quantum, count = quantum / 2, 2 * count
    return Terms(pairs.moves, pairs.sets, pairs.tree, pairs.places, weights, start, quantum, 2 * count * quantum).bare()


def merged(terms: Terms, joints: Sequence[Joint]) -> Terms:
    """Each two groups become one, of the common parts of their boxes; one that has none is no longer counted."""
    rest = terms[~np.isin(terms.group, [group for joint in joints for group in joint.groups])]
    these, those = (np.concatenate([getattr(joint, side) for joint in joints]) for side in ("these", "those"))
    group = np.repeat(rest.groups + np.arange(len(joints)), [len(joint.these) for joint in joints])
    meets = [sets.meet(terms.places[these, at], terms.places[those, at]) for at, sets in enumerate(terms.sets)]
    places = np.stack(meets, axis=1)
    real = np.asarray((places >= 0).all(axis=1))
    for move in terms.moves:
        real[real] = move.allows(terms.sets, places[real])
    weights = terms.weights[:, these] + terms.weights[:, those]
    joined = attrs.evolve(
        terms,
        whole=False,
        group=np.concatenate([rest.group, group[real]]),
        places=np.concatenate([rest.places, places[real]]),
        weights=np.concatenate([rest.weights, weights[:, real]], axis=1),
    )
    return joined[np.arange(len(joined.group))]
