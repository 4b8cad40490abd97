"""Plainer values and shorter steps: the nearest value that still fails, by a wide grid a round."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from metamorph.runner.coded import Coded, stacked

if TYPE_CHECKING:
    from metamorph.runner.shrink import Reduction
    from metamorph_strategies.columns import Codes, Column

LARGEST_WHOLE = 2.0**63 - 1024
"""The largest float that is an int64."""
GRID = 192
"""Values tried for a column in one round."""


@attrs.frozen
class Search:
    """Looks between ``near`` (passes) and ``far`` (fails) for the failing multiple of a quantum nearest to ``near``."""

    near: float
    far: float
    level: int = 0

    def grid(self, column: Column) -> Codes:
        """Multiples of the level's quantum strictly between near and far, nearest first; at most :data:`GRID`."""
        quantum = column.quanta[self.level]
        low, high = sorted((self.near, self.far))
        first, last = np.floor(low / quantum) + 1, np.ceil(high / quantum) - 1
        count = int(last - first) + 1
        if count <= 0:
            return np.array([], dtype=float)
        steps = np.arange(count, dtype=float) if count <= GRID else _wide(count)
        multiples = (first + steps) * quantum
        multiples = column.round(multiples, quantum) if quantum >= 1 or hasattr(column, "decimals") else multiples
        multiples = multiples[(multiples > low) & (multiples < high)]
        return multiples if self.near < self.far else multiples[::-1]


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
            start = column.origin if absent else None
            near = float(column.encode(column.series([start]))[0][0]) if absent else float(reference)
            state = _nearest(reduction, state, name, near, moving_target=False)
    return state


def shorter_steps(reduction: Reduction, state: Coded) -> Coded:
    """The state with each moved column's follow-up as near to its source as still fails."""
    for name in reduction.moves:
        column = reduction.schema.columns[name]
        (source,), (absent,) = state.source[name]
        (target,), (target_absent,) = state.target[name]
        if not state.moved(name)[0] or absent or target_absent:
            continue
        if column.quanta:
            state = _nearest(reduction, state, name, float(source), moving_target=True)
            continue
        (reference,), (reference_absent,) = reduction.reference.source[name]
        levels = (
            np.arange(len(column.boundary()), dtype=np.int64)
            if not hasattr(column, "levels")
            else np.arange(len(column.levels))
        )
        plainest = levels if reference_absent else np.array([reference, *levels[levels != reference]])
        plainer = plainest[: int(np.flatnonzero(plainest == target)[0])]
        plainer = plainer[plainer != source]
        candidates = state.repeat(len(plainer)).with_target(name, plainer)
        fails = np.flatnonzero(reduction.failing(candidates))
        state = candidates.take(fails[:1]) if len(fails) else state
    return state


def _earliest_level(reduction: Reduction, state: Coded, name: str, code: int, reference: int | None) -> Coded:
    """An unordered category at the earliest level that fails."""
    levels = np.array([level for level in range(code) if level != reference], dtype=np.int64)
    candidates = state.repeat(len(levels)).with_source(name, levels)
    fails = np.flatnonzero(reduction.failing(candidates))
    return candidates.take(fails[:1]) if len(fails) else state


def _nearest(reduction: Reduction, state: Coded, name: str, near: float, *, moving_target: bool) -> Coded:
    """The column's value, or its follow-up's, at the failing multiple nearest to *near* of the coarsest quantum."""
    column = reduction.schema.columns[name]
    cells = state.target[name] if moving_target else state.source[name]
    far = float(cells[0][0])
    search = Search(near, far)
    on_grid = False
    while not reduction.spent:
        values = search.grid(column)
        if not on_grid and _is_multiple(column, far, search.level):
            on_grid = True
        candidates = _valued(state, name, values, far, moving_target=moving_target)
        fails = np.flatnonzero(reduction.failing(candidates))
        if len(fails):
            best = int(fails[0]) % len(values)
            passing = float(values[best - 1]) if best else search.near
            state = candidates.take(fails[:1])
            far, on_grid = float(values[best]), True
            search = Search(passing, far, search.level)
        elif on_grid and _full(column, search, values):
            return state
        elif (on_grid and len(values)) or (len(values) and not _full(column, search, values)):
            search = Search(float(values[-1]), search.far, search.level)
        elif search.level + 1 < len(column.quanta):
            search = Search(near, far, search.level + 1)
        else:
            return state
    return state


def _valued(state: Coded, name: str, values: Codes, far: float, *, moving_target: bool) -> Coded:
    """Candidates with these values; the follow-up of a moved column stays, or keeps its distance."""
    many = state.repeat(len(values))
    whole = state.source[name][0].dtype.kind == "i"
    codes = np.clip(values, -LARGEST_WHOLE, LARGEST_WHOLE).astype("int64") if whole else values
    if moving_target:
        return many.with_target(name, codes)
    moved = many.with_source(name, codes)
    if name not in state.target:
        return moved
    if not state.moved(name)[0]:
        return moved.with_target(name, codes)
    shifted = moved.with_target(name, moved.target[name][0] + (codes - np.asarray(far).astype(codes.dtype)))
    return stacked([moved, shifted])


def _wide(count: int) -> Codes:
    """Places among *count*: dense near the start, then even to the end."""
    dense = np.arange(GRID // 4)
    return np.unique(np.append(dense, np.linspace(GRID // 4, float(count - 1), GRID - GRID // 4).round())).astype(float)


def _is_multiple(column: Column, code: float, level: int) -> bool:
    quantum = column.quanta[level]
    return abs(code / quantum - round(code / quantum)) < 1e-9 * max(1.0, abs(code / quantum))


def _full(column: Column, search: Search, values: Codes) -> bool:
    """Whether the grid held every multiple between near and far."""
    quantum = column.quanta[search.level]
    low, high = sorted((search.near, search.far))
    return len(values) >= int(np.ceil(high / quantum) - 1 - np.floor(low / quantum))
