"""Steepest ascent over cells: one slot at a time, all its cells at once, from many points."""

from __future__ import annotations

import numpy as np

from metamorph.whitebox.bounds import Bits, Ranking
from metamorph.whitebox.ensemble import Mask, Numbers, Places

BLOCK = 2**25
"""Bytes of states looked at together."""


class Ascent:
    """Climbs the scores of points, shape ``(n, slots)``, each a class for every slot."""

    def __init__(self, ranking: Ranking) -> None:
        self._ranking = ranking
        self._cells = ranking.cells()
        self._slots = ranking.terms.slots
        self._of_source = {slot.partner: place for place, slot in enumerate(self._slots) if slot.partner >= 0}

    @property
    def cost(self) -> int:
        """Bytes looked at for one point in one sweep."""
        return sum(cells.size for cells in self._cells)

    def states(self, points: Places) -> Bits:
        """The boxes that points lie in."""
        states = self._cells[0][points[:, 0]]
        for at in range(1, len(self._cells)):
            states &= self._cells[at][points[:, at]]
        return states

    def starts(self, n: int, rng: np.random.Generator) -> Places:
        """Random lawful points."""
        points = np.stack([rng.integers(len(cells), size=n) for cells in self._cells], axis=1)
        for follow_up, source in self._of_source.items():
            lawful = np.asarray(self._slots[source].lawful)[points[:, source]]
            points[:, follow_up] = (rng.random(lawful.shape) * lawful).argmax(axis=1)
        return points

    def climbed(self, points: Places, *, sweeps: int = 20) -> tuple[Places, Numbers]:
        """Where the points end when no slot by itself lets them climb (or after so many sweeps), and their scores."""
        points = points.copy()
        scores = self._ranking.bounds(self.states(points))
        rising = np.arange(len(points))
        for _ in range(sweeps):
            before = scores[rising]
            self._sweep(points, scores, rising)
            rising = rising[scores[rising] > before]
            if not len(rising):
                break
        return points, scores

    def _sweep(self, points: Places, scores: Numbers, rising: Places) -> None:
        """One round over the slots; changes points and scores of the rising ones."""
        behind = [np.full((1, self._cells[0].shape[1]), 255, dtype=np.uint8)]
        for at in range(len(self._cells) - 1, 0, -1):
            behind.append(behind[-1] & self._cells[at][points[rising, at]])
        ahead = behind[0]
        for at, cells in enumerate(self._cells):
            if len(cells) > 1:
                others = np.broadcast_to(ahead & behind[-1 - at], (len(rising), cells.shape[1]))
                found = self._scores(others, cells)
                found[~self._lawful(points[rising], at)] = -np.inf
                to = found.argmax(axis=1)
                top = found[np.arange(len(rising)), to]
                better = top > scores[rising]
                points[rising[better], at], scores[rising[better]] = to[better], top[better]
            ahead = ahead & cells[points[rising, at]]

    def _scores(self, others: Bits, cells: Bits) -> Numbers:
        step = max(1, BLOCK // cells.size)
        parts = [
            self._ranking.bounds((others[at : at + step, None] & cells[None]).reshape(-1, cells.shape[1]))
            for at in range(0, len(others), step)
        ]
        return np.concatenate(parts).reshape(len(others), len(cells))

    def _lawful(self, points: Places, at: int) -> Mask:
        """Which classes of a slot points may move to, shape ``(n, classes)``."""
        slot = self._slots[at]
        if slot.lawful is not None:
            return np.asarray(slot.lawful[:, points[:, slot.partner]].T, dtype=bool)
        if at in self._of_source:
            source = self._of_source[at]
            return np.asarray(self._slots[source].lawful, dtype=bool)[points[:, source]]
        return np.ones((len(points), len(self._cells[at])), dtype=bool)
