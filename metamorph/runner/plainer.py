"""Plainer values and shorter steps: the nearest value that still fails, by a wide grid a round."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import attrs
import numpy as np

from metamorph.runner.coded import Coded, stacked

if TYPE_CHECKING:
    from metamorph.runner.shrink import Reduction
    from metamorph_strategies.columns import Codes, Column

GRID = 192
"""Values tried for a column in one round."""
ROUNDING = 1e-9
"""Relative error of binary fractions that still are a multiple."""
MOST_STEPS = 2**62
"""Multiples that a grid spans at most; a wider search is narrowed by the next round."""


@attrs.frozen
class Search:
    """Looks between ``near`` (passes) and ``far`` (fails) for the failing multiple of a quantum nearest to ``near``.

    Codes of whole numbers and moments are ints, and stay exact; those of real numbers are floats.
    """

    near: float
    far: float
    level: int = 0

    def count(self, column: Column) -> int:
        """How many multiples of the level's quantum lie strictly between near and far."""
        start, stop = self._ends(column)
        return max(0, (stop - start) * self._sign + 1)

    def grid(self, column: Column) -> Codes:
        """Those multiples, nearest first; at most :data:`GRID`, dense near both ends."""
        count, (start, _) = self.count(column), self._ends(column)
        steps = np.arange(count) if count <= GRID else _wide(min(count, MOST_STEPS))
        if isinstance(self.far, int):
            return (start + self._sign * steps) * int(column.quanta[self.level])
        quantum = column.quanta[self.level]
        multiples = column.round((start + self._sign * steps) * quantum, quantum)
        return multiples[(multiples > min(self.near, self.far)) & (multiples < max(self.near, self.far))]

    def is_multiple(self, column: Column) -> bool:
        """Whether far is a multiple of the level's quantum itself."""
        quantum = column.quanta[self.level]
        if isinstance(self.far, int):
            return self.far % int(quantum) == 0
        ratio = self.far / quantum
        return abs(ratio - round(ratio)) < ROUNDING * max(1.0, abs(ratio))

    @property
    def _sign(self) -> int:
        return 1 if self.near < self.far else -1

    def _ends(self, column: Column) -> tuple[int, int]:
        """The multiples nearest to near and to far, strictly between them, in quanta."""
        quantum = column.quanta[self.level]
        if isinstance(self.far, int):
            quantum = int(quantum)
        if self.near < self.far:
            return math.floor(self.near // quantum) + 1, -math.floor(-self.far // quantum) - 1
        return -math.floor(-self.near // quantum) - 1, math.floor(self.far // quantum) + 1


def plainer_values(reduction: Reduction, state: Coded, names: list[str]) -> Coded:
    """The state with each differing column at the plainest value that fails, one column after the other."""
    for name in names:
        column = reduction.schema.columns[name]
        (code,), (missing,) = state.source[name]
        (reference,), (absent,) = reduction.reference.source[name]
        if missing:
            continue
        if not column.quanta:
            state = _earliest_level(reduction, state, name, int(code), None if absent else int(reference))
        else:
            near = column.encode(column.series([column.origin]))[0][0] if absent else reference
            state = _nearest(reduction, state, name, near.item(), moving_target=False)
    return state


def shorter_steps(reduction: Reduction, state: Coded) -> Coded:
    """The state with each moved column's follow-up as near to its source as still fails."""
    for name in reduction.moves:
        column = reduction.schema.columns[name]
        (source,), (absent,) = state.source[name]
        (target,), (target_absent,) = state.target[name]
        if not state.moved(name)[0] or target_absent or (absent and column.quanta):
            continue
        if column.quanta:
            state = _nearest(reduction, state, name, source.item(), moving_target=True)
            continue
        (reference,), (reference_absent,) = reduction.reference.source[name]
        levels = np.arange(int(column.highest) + 1)
        plainest = levels if reference_absent else np.array([reference, *levels[levels != reference]])
        plainer = plainest[: int(np.flatnonzero(plainest == target)[0])]
        plainer = plainer if absent else plainer[plainer != source]
        candidates = state.repeat(len(plainer)).with_target(name, plainer)
        fails = np.flatnonzero(reduction.failing(candidates))
        state = candidates.take(fails[:1]) if len(fails) else state
    return state


def _earliest_level(reduction: Reduction, state: Coded, name: str, code: int, reference: int | None) -> Coded:
    """An unordered category at the earliest level that fails."""
    levels = np.array([level for level in range(code) if level != reference], dtype=np.int64)
    candidates = state.repeat(len(levels)).with_source(name, levels)
    if name in state.target and not state.moved(name)[0]:
        candidates = candidates.with_target(name, levels)
    fails = np.flatnonzero(reduction.failing(candidates))
    return candidates.take(fails[:1]) if len(fails) else state


def _nearest(reduction: Reduction, state: Coded, name: str, near: float, *, moving_target: bool) -> Coded:
    """The column's value, or its follow-up's, at the failing multiple nearest to *near* of the coarsest quantum."""
    column = reduction.schema.columns[name]
    cells = state.target[name] if moving_target else state.source[name]
    far = cells[0][0].item()
    search, on_grid = Search(near, far), False
    while not reduction.spent:
        values = search.grid(column)
        on_grid = on_grid or search.is_multiple(column)
        candidates = _valued(column, state, name, values, far, moving_target=moving_target)
        fails = np.flatnonzero(reduction.failing(candidates))
        if len(fails):
            nearest = fails[np.argmin(fails % len(values))]
            best = int(nearest) % len(values)
            passing = values[best - 1].item() if best else search.near
            state, far, on_grid = candidates.take(np.array([nearest])), values[best].item(), True
            search = Search(passing, far, search.level)
        elif len(values) and search.count(column) > GRID:
            search = Search(values[-1].item(), search.far, search.level)
        elif on_grid or search.level + 1 == len(column.quanta):
            return state
        else:
            search = Search(near, far, search.level + 1)
    return state


def _valued(column: Column, state: Coded, name: str, values: Codes, far: float, *, moving_target: bool) -> Coded:
    """Candidates with these values; the follow-up of a moved column stays, or keeps its distance where it can."""
    many = state.repeat(len(values))
    if moving_target:
        return many.with_target(name, values)
    moved = many.with_source(name, values)
    if name not in state.target:
        return moved
    if not state.moved(name)[0]:
        return moved.with_target(name, values)
    codes, missing = moved.target[name]
    shifted = codes + (values - far)
    inside = ~missing & (shifted >= column.lowest) & (shifted <= column.highest)  # beyond them a level has no value
    return stacked([moved, moved.with_target(name, shifted, missing, where=inside)])


def _wide(count: int) -> Codes:
    """Places among *count*: dense near the start and near the end, even between them."""
    dense = np.arange(GRID // 4)
    even = np.linspace(0, float(count - 1), GRID // 2).round().astype(np.int64)
    return np.unique(np.concatenate([dense, even, count - 1 - dense]))
