"""Sums to be maximised over boxes: one term for each tree, in whole numbers, so that no sum of them is ever rounded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs
import numpy as np

from metamorph.whitebox.ensemble import Mask, Numbers, Places
from metamorph.whitebox.pairs import LeafPairs, Slot, lawfully
from metamorph.whitebox.sets import Sets

DIGITS = 50
"""Binary digits of the largest sum: below 2**53, float64 adds whole numbers without rounding."""


@attrs.frozen(eq=False)
class Terms:
    """Groups of disjoint boxes with whole numbers as weights; a point scores the weights of the boxes it lies in.

    ``group`` is nondecreasing, ``places`` as in :class:`~metamorph.whitebox.pairs.LeafPairs`. ``weights`` has shape
    ``(sums, boxes)``: a point's score is the least of its sums, each begun at ``start``. Times ``quantum`` it is the
    objective, or above it by ``slack`` at most: weights are rounded up.
    """

    slots: tuple[Slot, ...]
    sets: tuple[Sets, ...]
    group: Places
    places: Places
    weights: Numbers
    start: Numbers
    quantum: float
    slack: float

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

    def bare(self) -> Terms:
        """Without the groups that add the same everywhere."""
        low, high = self._extremes(np.minimum), self._extremes(np.maximum)
        same = (low == high).all(axis=0)
        return attrs.evolve(self[~same[self.group]], start=self.start + low[:, same].sum(axis=1))

    def within(self, chosen: Mapping[int, int]) -> Terms:
        """The boxes around one class of some slots, those slots having no other class any more."""
        inside = np.ones(len(self.group), dtype=bool)
        for at, one in chosen.items():
            inside &= self.sets[at].rows[self.places[:, at], one]
        part = self[inside]
        places = part.places.copy()
        places[:, list(chosen)] = 0
        slots, sets = list(self.slots), list(self.sets)
        for at, one in chosen.items():
            lawful = None if slots[at].lawful is None else np.ones((1, 1), dtype=bool)
            slots[at] = attrs.evolve(slots[at], classes=(slots[at].classes[one],), lawful=lawful)
            sets[at] = Sets(1)
        return attrs.evolve(part, slots=tuple(slots), sets=tuple(sets), places=places).bare()

    def scores(self) -> Numbers:
        """What the points of each box score where there is one group at most; of none, what all score."""
        sums = self.weights + self.start[:, None] if self.groups else self.start[:, None]
        return np.asarray(sums.min(axis=0))

    def point(self, box: int) -> Places:
        """A lawful point of a box, as classes of the slots; any point where there are no boxes."""
        places = self.places[box] if self.groups else np.zeros(len(self.slots), dtype=np.int64)
        members = [sets.rows[place] for sets, place in zip(self.sets, places, strict=True)]
        point = np.array([row.argmax() for row in members], dtype=np.int64)
        for at, slot in enumerate(self.slots):
            if slot.lawful is not None:
                both = slot.lawful & members[at][:, None] & members[slot.partner]
                point[at], point[slot.partner] = np.unravel_index(both.argmax(), both.shape)
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
    quantum = float(2.0 ** (np.ceil(np.log2(total)) + 1 - DIGITS)) if total > 0 else 1.0
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
    return Terms(pairs.slots, pairs.sets, pairs.tree, pairs.places, weights, start, quantum, 2 * count * quantum).bare()


def merged(terms: Terms, joints: Sequence[Joint]) -> Terms:
    """Each two groups become one, of the common parts of their boxes; one that has none is no longer counted."""
    rest = terms[~np.isin(terms.group, [group for joint in joints for group in joint.groups])]
    these, those = (np.concatenate([getattr(joint, side) for joint in joints]) for side in ("these", "those"))
    group = np.repeat(rest.groups + np.arange(len(joints)), [len(joint.these) for joint in joints])
    meets = [sets.meet(terms.places[these, at], terms.places[those, at]) for at, sets in enumerate(terms.sets)]
    places = np.stack(meets, axis=1)
    real = (places >= 0).all(axis=1)
    for at, slot in enumerate(terms.slots):
        if slot.partner >= 0:
            sides = terms.sets[at], terms.sets[slot.partner]
            real[real] = lawfully(*sides, slot, places[real][:, [at, slot.partner]])
    weights = terms.weights[:, these] + terms.weights[:, those]
    joined = attrs.evolve(
        terms,
        group=np.concatenate([rest.group, group[real]]),
        places=np.concatenate([rest.places, places[real]]),
        weights=np.concatenate([rest.weights, weights[:, real]], axis=1),
    )
    return joined[np.arange(len(joined.group))]
