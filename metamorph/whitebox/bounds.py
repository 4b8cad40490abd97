"""Bounds on sums over boxes: of each group the best of the boxes that are still in reach, many states at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from metamorph.whitebox.ensemble import Mask, Numbers, Places
from metamorph.whitebox.terms import Terms

Bits = npt.NDArray[np.uint8]
BYTE = 8
BLOCK = 2**24
"""Booleans packed at once."""
LEADING = np.array([BYTE - int(byte).bit_length() for byte in range(256)], dtype=np.int64)
"""How many zeros a byte begins with."""


class Ranking:
    """The boxes of terms as bits, best first in each group, so that the first bit set is the best in reach.

    A state is the boxes in reach: a row of bits, ``width`` bytes for each of the sums behind one another.
    """

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.groups = terms.groups
        sizes = np.bincount(terms.group, minlength=self.groups)
        spans = -(-sizes // BYTE)
        self.ends = np.cumsum(spans)
        self.begins = self.ends - spans
        self.width = int(spans.sum())
        self.sums = len(terms.start)
        first = np.cumsum(sizes) - sizes
        self.value = np.full((self.sums, BYTE * self.width), -np.inf)
        self.at = np.zeros((self.sums, len(terms.group)), dtype=np.int64)
        for number, weights in enumerate(terms.weights):
            order = np.lexsort((-weights, terms.group))
            at = BYTE * self.begins[terms.group] + np.arange(len(order)) - first[terms.group]
            self.at[number, order] = at
            self.value[number, at] = weights[order]

    def packed(self, reach: Mask) -> Bits:
        """States from which boxes are in reach, shape ``(n, boxes)``."""
        bits = np.zeros((len(reach), self.sums * BYTE * self.width), dtype=bool)
        for number, at in enumerate(self.at):
            bits[:, number * BYTE * self.width + at] = reach
        return np.packbits(bits, axis=1)

    def reach(self, states: Bits) -> Mask:
        """Which boxes are in reach, shape ``(n, boxes)``."""
        return np.unpackbits(states[:, : self.width], axis=1)[:, self.at[0]].view(bool)

    def tops(self, states: Bits, number: int = 0) -> Numbers:
        """The largest weight in reach for each state and group, of one of the sums; minus infinity where none is."""
        found = np.empty((len(states), self.groups))
        rows = np.arange(len(states))
        values = self.value[number]
        shift = number * self.width
        for group, (begin, end) in enumerate(zip(self.begins, self.ends, strict=True)):
            block = states[:, shift + begin : shift + end]
            place = (block != 0).argmax(axis=1) if end - begin > 1 else np.zeros_like(rows)
            byte = block[rows, place]
            top = values[BYTE * (begin + place) + LEADING[byte] % BYTE]
            found[:, group] = np.where(byte > 0, top, -np.inf)
        return found

    def bounds(self, states: Bits) -> Numbers:
        """No point of a state scores more, shape ``(n,)``."""
        each = [self.tops(states, number).sum(axis=1) + self.terms.start[number] for number in range(self.sums)]
        return np.asarray(np.min(each, axis=0))

    def cells(self, at: int) -> Bits:
        """For each class of a slot the boxes around it."""
        return self.packed(self.terms.sets[at].rows[self.terms.places[:, at]].T)


class Neighbours:
    """Which boxes meet which, pair by pair; a point lies in boxes that all meet each other."""

    def __init__(self, ranking: Ranking) -> None:
        self.ranking = ranking
        self.width = ranking.width * ranking.sums
        terms = ranking.terms
        self._every = ranking.packed(np.ones((1, len(terms.group)), dtype=bool))
        self._parts: list[tuple[Places, Bits]] = []
        used = [np.unique(places, return_inverse=True) for places in terms.places.T]
        rows = [sets.rows[each].astype(np.float32) for sets, (each, _) in zip(terms.sets, used, strict=True)]
        for of_slot, (_, which) in zip(rows, used, strict=True):
            self._add(which, of_slot @ of_slot.T, which)
        for move in terms.moves:
            source, follow_up = used[move.source][1], used[move.follow_up][1]
            follow = rows[move.source] @ move.lawful.astype(np.float32) @ rows[move.follow_up].T
            self._add(source, follow, follow_up)
            self._add(follow_up, follow.T, source)

    def _add(self, rows: Places, common: npt.NDArray[np.float32], columns: Places) -> None:
        """A reason for which boxes do not meet: nothing in common among the sets at *rows* and those at *columns*."""
        if (common > 0).all():
            return
        step = max(1, BLOCK // len(columns))
        blocks = [common[at : at + step] > 0 for at in range(0, len(common), step)]
        self._parts.append((rows, np.concatenate([self.ranking.packed(block[:, columns]) for block in blocks])))

    @property
    def size(self) -> int:
        """Bytes held."""
        return sum(rows.nbytes + bits.nbytes for rows, bits in self._parts) + self.ranking.terms.places.nbytes

    def of(self, boxes: Places) -> Bits:
        """The states in which these boxes are chosen."""
        states = np.repeat(self._every, len(boxes), axis=0)
        for rows, bits in self._parts:
            states &= bits[rows[boxes]]
        return states

    def bounds(self, boxes: Places) -> Numbers:
        """No point of these boxes scores more."""
        return self.ranking.bounds(self.of(boxes))

    def inside(self, box: int) -> Terms:
        """The terms around one box."""
        return self.ranking.terms.only(self.ranking.reach(self.of(np.array([box])))[0])
