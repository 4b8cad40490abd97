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
        self._cells = [ranking.cells(at) for at in range(len(ranking.terms.sets))]
        self._moves = ranking.terms.moves

    @property
    def cells(self) -> int:
        """How many cells are looked at for one point in one sweep."""
        return sum(len(cells) for cells in self._cells)

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

    def scores(self, points: Places) -> Numbers:
        """What points score, shape ``(n,)``."""
        return self._ranking.bounds(self.states(points))

    def starts(self, n: int, rng: np.random.Generator) -> Places:
        """Random lawful points."""
        points = np.stack([rng.integers(len(cells), size=n) for cells in self._cells], axis=1)
        for move in self._moves:
            lawful = move.lawful[points[:, move.source]]
            points[:, move.follow_up] = (rng.random(lawful.shape) * lawful).argmax(axis=1)
        return points

    def sweep(self, points: Places, scores: Numbers, rising: Places) -> Places:
        """One round over the slots for the points at *rising*, changed in place; gives those that did rise."""
        before = scores[rising]
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
        return rising[scores[rising] > before]

    def _scores(self, others: Bits, cells: Bits) -> Numbers:
        step = max(1, BLOCK // cells.size)
        parts = [
            self._ranking.bounds((others[at : at + step, None] & cells[None]).reshape(-1, cells.shape[1]))
            for at in range(0, len(others), step)
        ]
        return np.concatenate(parts).reshape(len(others), len(cells))

    def _lawful(self, points: Places, at: int) -> Mask:
        """Which classes of a slot points may move to, shape ``(n, classes)``."""
        for move in self._moves:
            if at == move.source:
                return np.asarray(move.lawful[:, points[:, move.follow_up]].T)
            if at == move.follow_up:
                return np.asarray(move.lawful[points[:, move.source]])
        return np.ones((len(points), len(self._cells[at])), dtype=bool)
