"""The values of a column by their distance from its origin: the order in which Hypothesis shrinks them.

Values stand on a grid of the column's least steps (of plain ones where it has none). Rows are drawn as signed numbers
of steps, one a cell; frames as one *index* a cell: 0 is the origin, and larger indices are farther away, above and
below in turn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
import numpy.typing as npt

from metamorph_strategies.columns.kind import Codes, Mask

if TYPE_CHECKING:
    from metamorph_strategies.columns import Column

FIRST_CHARACTER = 0xE000
INDICES = 0x110000 - FIRST_CHARACTER
"""Characters beyond the surrogates, which shrink in the order of their code points: an index is one of them."""
NEAR, FAR = 224, 256
"""Indices from the one to the other stand for a missing value; Hypothesis draws four of five characters below 256."""
FINE = 2**19
"""Values off the grid that an index may stand for, where a column has no resolution."""
MOST_STEPS = 2.0**40
DUST = 1e-6
"""A quotient of binary fractions this near to a whole number stands for one."""

Steps = npt.NDArray[np.int64]
Bound = Any
"""A code, or an array of one for each row."""


def room(column: Column, origin: float, low: float, high: float) -> tuple[int, int]:
    """How many steps lead from the origin up to *high*, and down to *low*; the last may be a shorter one."""
    codes = np.array([origin, high, low])
    if codes.dtype.kind == "i":  # exact, and beyond 63 bits
        tick, start = int(column.tick), int(origin)
        return -(-int(high) // tick) - start // tick, -(-start // tick) - int(low) // tick
    above, below = floors(codes, column.tick), ceils(codes, column.tick)
    up, down = int(below[1] - above[0]), int(below[0] - above[2])
    return (up if high > origin else 0), (down if low < origin else 0)


def stepped(column: Column, origin: Bound, steps: Steps, low: Bound, high: Bound) -> Codes:
    """The codes so many *steps* (shape ``(n,)``) above an origin, below it where negative, never beyond the bounds."""
    tick = column.tick
    if np.asarray(origin).dtype.kind == "i":
        whole = int(tick)
        codes = origin + steps if whole == 1 else _whole_ticks(origin, steps, whole)
    else:
        start = np.where(steps > 0, floors(origin, tick), ceils(origin, tick))
        codes = np.where(steps == 0, origin, column.round((start + steps) * tick, tick))
    inside: Codes = np.minimum(np.maximum(codes, low), high)
    return inside


def _whole_ticks(origin: Bound, steps: Steps, tick: int) -> Codes:
    start = np.where(steps > 0, origin // tick, -(-origin // tick))
    codes: Codes = np.where(steps == 0, origin, (start + steps) * tick)
    return codes


def absent(index: Steps) -> Mask:
    """Where an index stands for the missing value."""
    missing: Mask = (index >= NEAR) & (index < FAR)
    return missing


def places(index: Steps) -> Steps:
    """The indices without those of the missing value: 0 for the origin, 1 for the value next to it, ..."""
    return np.where(index < NEAR, index, index - (FAR - NEAR))


@attrs.frozen(eq=False)
class Around:
    """The values of a column between two bounds by index: numbers, or arrays where each row has bounds of its own."""

    column: Column
    origin: Bound
    low: Bound
    high: Bound
    up: Bound
    down: Bound

    @classmethod
    def of(cls, column: Column, origin: float, low: Bound, high: Bound) -> Around:
        """The values around an origin, or around the bound that is nearest to it."""
        inside, tick = np.clip(origin, low, high), column.tick
        up = np.minimum(ceils(high, tick) - floors(inside, tick), MOST_STEPS) * (high > inside)
        down = np.minimum(ceils(inside, tick) - floors(low, tick), MOST_STEPS) * (low < inside)
        return cls(column, inside, low, high, np.int64(up), np.int64(down))

    def codes(self, index: Steps) -> Codes:
        """The codes that *index* (shape ``(n,)``) stands for; missing ones are told apart before."""
        column, grid = self.column, 1 + self.up + self.down
        fine = 0 if column.least_step else FINE
        place = _folded(places(index), grid + fine)
        both = 2 * np.minimum(self.up, self.down)
        steps = (place + 1) // 2
        np.negative(steps, out=steps, where=place % 2 == 0)
        if (place > both).any():
            one_side = np.where(self.up >= self.down, 1, -1) * (place - both // 2)
            steps = np.where(place <= both, steps, np.where(place < grid, one_side, 0))
        codes = stepped(column, self.origin, steps, self.low, self.high)
        if not fine:
            return codes
        share = (place - grid) / (FINE - 1)
        return np.where(place < grid, codes, self.low + share * (self.high - self.low))


def _folded(place: Steps, count: Bound) -> Steps:
    """Places below *count*: over and over where there are fewer of them, far ones set apart where there are more."""
    most = INDICES - (FAR - NEAR)
    if np.max(count) <= most:
        folded: Steps = place % count
        return folded
    stretch = np.maximum((count - NEAR) / (most - NEAR), 1.0)
    stretched = np.minimum((NEAR + (place - NEAR) * stretch).astype(np.int64), count - 1)
    spread: Steps = np.where((count > most) & (place >= NEAR), stretched, place % count)
    return spread


def floors(codes: Bound, tick: float) -> Any:
    """How many whole ticks each code has."""
    ratio = np.asarray(codes, dtype="float64") / tick
    nearest = np.round(ratio)
    return np.where(np.abs(ratio - nearest) <= DUST, nearest, np.floor(ratio))


def ceils(codes: Bound, tick: float) -> Any:
    """How many ticks reach each code."""
    return -floors(-np.asarray(codes, dtype="float64"), tick)
