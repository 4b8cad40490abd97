"""Bounds on sums over boxes: of each group the best of the boxes that are still in reach, many states at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from metamorph.whitebox.ensemble import Mask, Numbers, Places
from metamorph.whitebox.terms import Terms

Bits = npt.NDArray[np.uint8]
Table = npt.NDArray[np.float32]
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

    def reaches(self, states: Bits, boxes: Places) -> Mask:
        """Which of these boxes are in reach, shape ``(n, boxes)``."""
        byte, bit = np.divmod(self.at[0][boxes], BYTE)
        return np.asarray((states[:, byte] >> (BYTE - 1 - bit).astype(np.uint8)) & 1, dtype=bool)

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


class _Meetings:
    """Which boxes meet at one slot, or by one law: rows of bits, made when they are first asked for."""

    def __init__(self, ranking: Ranking, side: tuple[Places, Table], other: tuple[Places, Table]) -> None:
        self._ranking = ranking
        self._which, self._table = side
        self._columns, self._others = other
        self._bits = np.empty((len(self._table), ranking.width * ranking.sums), dtype=np.uint8)
        self._made = np.zeros(len(self._table), dtype=bool)

    @property
    def size(self) -> int:
        """Bytes held, when all has been asked for."""
        return self._bits.nbytes + self._which.nbytes

    def of(self, boxes: Places) -> Bits:
        """The boxes that each of these meets."""
        rows = self._which[boxes]
        missing = np.flatnonzero(np.bincount(rows, minlength=len(self._made)).astype(bool) & ~self._made)
        step = max(1, BLOCK // len(self._columns))
        for begin in range(0, len(missing), step):
            part = missing[begin : begin + step]
            self._bits[part] = self._ranking.packed((self._table[part] @ self._others.T > 0)[:, self._columns])
        self._made[missing] = True
        return np.asarray(self._bits[rows])


class Neighbours:
    """Which boxes meet which, pair by pair; a point lies in boxes that all meet each other."""

    def __init__(self, ranking: Ranking) -> None:
        self.ranking = ranking
        self.width = ranking.width * ranking.sums
        terms = ranking.terms
        self._every = ranking.packed(np.ones((1, len(terms.group)), dtype=bool))
        sides: list[tuple[Places, Table]] = []
        for places, sets in zip(terms.places.T, terms.sets, strict=True):
            used, which = np.unique(places, return_inverse=True)
            sides.append((which, sets.rows[used].astype(np.float32)))
        self._meetings = [_Meetings(ranking, side, side) for side in sides if len(side[1]) > 1]
        for move in terms.moves:
            (source, from_), (follow_up, to) = sides[move.source], sides[move.follow_up]
            after = from_ @ move.lawful.astype(np.float32)
            if not (after @ to.T > 0).all():
                self._meetings.append(_Meetings(ranking, (source, after), (follow_up, to)))
                self._meetings.append(_Meetings(ranking, (follow_up, to), (source, after)))

    @property
    def size(self) -> int:
        """Bytes held."""
        return sum(meetings.size for meetings in self._meetings) + self.ranking.terms.places.nbytes

    def of(self, boxes: Places) -> Bits:
        """The states in which these boxes are chosen."""
        states = np.repeat(self._every, len(boxes), axis=0)
        for meetings in self._meetings:
            states &= meetings.of(boxes)
        return states

    def bounds(self, boxes: Places) -> Numbers:
        """No point of these boxes scores more."""
        return self.ranking.bounds(self.of(boxes))

    def inside(self, box: int) -> Terms:
        """The terms around one box."""
        return self.ranking.terms.only(self.ranking.reach(self.of(np.array([box])))[0])
