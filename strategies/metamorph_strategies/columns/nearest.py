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
import pandas as pd

from metamorph_strategies.columns.kind import Cells, Codes, Mask

if TYPE_CHECKING:
    from metamorph_strategies.columns import Column

FIRST_CHARACTER = 0xE000
"""Characters beyond the surrogates, which shrink in the order of their code points: an index is one of them."""
NEAR, FAR = 224, 256
"""Indices from the one to the other stand for a missing value; Hypothesis draws four of five characters below 256."""
STEPS, SHARES = 2**18, 2**19
"""So many steps up and as many down have indices of their own; those beyond stand for shares of the way to the bounds.

Together they are 2**20, and there are a few more characters than that.
"""
LISTED = 10_000
"""A column of fewer values is listed once."""
DUST = 1e-6
"""A quotient of binary fractions this near to a whole number stands for one."""

Steps = npt.NDArray[np.int64]
Bound = Any
"""A code, or an array of one for each row."""


def code(column: Column, value: Any) -> Any:
    """A plain value as its code."""
    return column.encode(column.series([value]))[0][0].item()


def room(column: Column, origin: float, low: float, high: float) -> tuple[int, int]:
    """How many steps lead from the origin up to *high*, and down to *low*; the last may be a shorter one."""
    if isinstance(origin, int):  # exact, and beyond 63 bits
        tick = int(column.tick)
        return -(-int(high) // tick) - origin // tick, -(-origin // tick) - int(low) // tick
    above, below = floors([origin, low], column.tick), ceils([origin, high], column.tick)
    up, down = int(below[1] - above[0]), int(below[0] - above[1])
    return max(up, 1) if high > origin else 0, max(down, 1) if low < origin else 0


def moved(column: Column, origin: Any, steps: int, low: Any, high: Any) -> Any:
    """The code so many steps above an origin, below it where negative, never beyond the bounds."""
    if not steps:
        return origin
    if isinstance(origin, int):  # exact, and beyond 63 bits
        tick = int(column.tick)
        code: Any = ((origin // tick if steps > 0 else -(-origin // tick)) + steps) * tick
    else:
        start = floors(origin, column.tick) if steps > 0 else ceils(origin, column.tick)
        code = column.round(np.array([(start + steps) * column.tick]), column.tick)[0].item()
        dust = DUST * column.tick  # the last step leads to the bound, whatever rounding makes of it
        code = high if code > high - dust else low if code < low + dust else code
    return min(max(code, low), high)


def within(codes: Codes, low: Any, high: Any) -> Codes:
    """Codes between two bounds and of their type; whole bounds may be farther apart than floats can tell."""
    if codes.dtype.kind != "f" or np.asarray(low).dtype.kind == "f":
        return np.clip(codes, low, high).astype(np.asarray(low).dtype)
    inside = (codes > low) & (codes < high)
    whole = np.where(inside, codes, 0.0).astype(np.int64)
    return np.clip(np.where(inside, whole, np.where(codes >= high, high, low)), low, high)


def innermost(column: Column, limit: Codes, inwards: int) -> Codes:
    """The value that a column holds nearest to a limit on its inner side, which is up where *inwards* is positive."""
    step = column.least_step
    if not step:
        stored = limit.astype(stored_in(column))
        beyond = (stored - limit) * inwards < 0
        return np.where(beyond, np.nextafter(stored, stored.dtype.type(inwards * np.inf)), stored).astype("float64")
    ticks = floors(limit, step) if inwards < 0 else ceils(limit, step)
    on_grid: Codes = np.round(ticks * step, getattr(column, "decimals", 0) or 0)
    return on_grid


def stored_in(column: Column) -> Any:
    """NumPy's dtype for what the column holds."""
    return getattr(column.dtype, "numpy_dtype", column.dtype)


@attrs.frozen(eq=False)
class Around:
    """The values of a column between two bounds by place: those of 0, 1, 2, ... are farther and farther from an origin.

    Bounds are arrays: one for all rows, or one for each. First come all steps, above and below in turn, and then shares
    of the way to the bounds where there are more values than steps. ``count`` is how many places there are.
    """

    column: Column
    origin: Codes
    low: Codes
    high: Codes
    up: Steps
    down: Steps
    count: Steps

    @classmethod
    def of(cls, column: Column, origin: Bound, low: Bound, high: Bound) -> Around:
        """The values around an origin, or around the bound that is nearest to it."""
        low, high = np.atleast_1d(low), np.atleast_1d(high)
        inside = np.clip(np.atleast_1d(origin), low, high)
        up, down = _steps(column, inside, low, high)
        more = (up == STEPS) | (down == STEPS)
        if not column.least_step:
            more |= low < high
        return cls(column, inside, low, high, up, down, 1 + up + down + SHARES * more)

    def codes(self, place: Steps) -> Codes:
        """The codes at places of shape ``(n,)``, counted around where there are fewer."""
        place = place % self.count
        both = 2 * np.minimum(self.up, self.down)
        steps = (place + 1) // 2
        np.negative(steps, out=steps, where=place % 2 == 0)
        if (place > both).any():
            steps = np.where(place <= both, steps, np.where(self.up >= self.down, 1, -1) * (place - both // 2))
        share = place - (self.up + self.down)
        if not (share > 0).any():
            return self._stepped(steps)
        return np.where(share > 0, self._shared(share), self._stepped(np.where(share > 0, 0, steps)))

    def _stepped(self, steps: Steps) -> Codes:
        tick, origin = self.column.tick, self.origin
        if origin.dtype.kind == "f":
            start = np.where(steps > 0, floors(origin, tick), ceils(origin, tick))
            codes = self.column.round((start + steps) * tick, tick)
            codes = np.where(codes > self.high - DUST * tick, self.high, codes)
            codes = np.where(codes < self.low + DUST * tick, self.low, codes)
            codes = np.where(steps == 0, origin, codes)
        elif tick == 1:
            codes = origin + steps
        else:
            whole = int(tick)
            start = np.where(steps > 0, origin // whole, -(-origin // whole))
            codes = np.where(steps == 0, origin, (start + steps) * whole)
        inside: Codes = np.minimum(np.maximum(codes, self.low), self.high)
        return inside

    def _shared(self, share: Steps) -> Codes:
        """The codes at shares of the way, from 1 to SHARES, up and down in turn."""
        column, either = self.column, (self.up > 0) & (self.down > 0)
        part = np.where(either, (share + 1) // 2 * 2, share) / SHARES
        bound = np.where(np.where(either, share % 2 == 1, self.up > 0), self.high, self.low)
        codes = within(self.origin + part * (bound.astype("float64") - self.origin), self.low, self.high)
        if column.least_step:
            codes = within(column.round(codes, column.tick), self.low, self.high)
        return np.where(part >= 1, bound, codes)


@attrs.frozen(eq=False)
class Indexed:
    """What the indices of a column stand for: ``listed`` are all of its values, a missing one last, where they are few.

    ``missing_first`` says that the reference row has a missing value there; ``around`` is None without an order.
    """

    column: Column
    missing_first: bool
    around: Around | None
    listed: Any

    @classmethod
    def of(cls, column: Column, *, missing_first: bool) -> Indexed:
        """The indices of a column that is none of opaque values."""
        origin = code(column, column.origin)
        around = Around.of(column, origin, column.lowest, column.highest) if column.quanta else None
        if around is None:
            codes = np.arange(int(column.highest) + 1)
            codes = np.append(origin, codes[codes != origin])
        elif around.count[0] <= LISTED:
            codes = around.codes(np.arange(around.count[0]))
        else:
            return cls(column, missing_first, around, None)
        missing = np.arange(len(codes) + column.nullable) == len(codes)
        listed = _array(column.decode(np.append(codes, codes[: int(column.nullable)]), missing))
        return cls(column, missing_first, around, listed)

    def values(self, index: Steps) -> Any:
        """The values at indices of shape ``(n,)``, as an array."""
        place, missing = self._places(index)
        if self.listed is None:
            assert self.around is not None  # noqa: S101 - what has no order is listed
            return _array(self.column.decode(self.around.codes(place), missing))
        if missing is None:
            return self.listed.take(place % len(self.listed))
        last = len(self.listed) - 1
        return self.listed.take(np.where(missing, last, place % last))

    def cells(self, index: Steps, low: Codes, high: Codes, hopeless: Mask) -> Cells:
        """The cells at indices, between bounds that each row has for itself; missing ones where those are *hopeless*.

        An index stands for the value that it stands for without bounds, as long as that is between them: so it keeps
        its value while another column shrinks.
        """
        assert self.around is not None  # noqa: S101 - what has no order is bound by nothing
        place, missing = self._places(index)
        codes = self.around.codes(place)
        outside = (codes < low) | (codes > high)
        if outside.any():
            bound = Around.of(self.column, self.around.origin, low, high).codes(place)
            codes = np.where(outside, bound, codes)
        return codes, np.zeros(len(index), dtype=bool) if missing is None else missing | hopeless

    def _places(self, index: Steps) -> tuple[Steps, Mask | None]:
        """The places of values, 0 for the origin, and which indices stand for a missing value instead."""
        if not self.column.nullable:
            return index, None
        place = np.maximum(index - self.missing_first, 0)
        missing = ((index == 0) & self.missing_first) | ((place >= NEAR) & (place < FAR))
        return np.where(place < NEAR, place, place - (FAR - NEAR)), missing


def _steps(column: Column, origin: Codes, low: Codes, high: Codes) -> tuple[Steps, Steps]:
    """How many steps lead from an origin to the bounds above and below it, at most so many as have places."""
    tick = column.tick
    if origin.dtype.kind == "f":
        up, down = ceils(high, tick) - floors(origin, tick), ceils(origin, tick) - floors(low, tick)
        up = np.where(high > origin, np.clip(up, 1, STEPS), 0)  # a bound within the dust is a step away as well
        down = np.where(low < origin, np.clip(down, 1, STEPS), 0)
        return up.astype(np.int64), down.astype(np.int64)
    whole, far = int(tick), STEPS * tick
    up = -(-high // whole) - origin // whole  # wraps around only where it is far
    down = -(-origin // whole) - low // whole
    far_up = high.astype("float64") - origin > far
    far_down = origin.astype("float64") - low > far
    return np.where(far_up, STEPS, up), np.where(far_down, STEPS, down)


def floors(codes: Bound, tick: float) -> Any:
    """How many whole ticks each code has."""
    ratio = np.asarray(codes, dtype="float64") / tick
    nearest = np.round(ratio)
    return np.where(np.abs(ratio - nearest) <= DUST, nearest, np.floor(ratio))


def ceils(codes: Bound, tick: float) -> Any:
    """How many ticks reach each code."""
    return -floors(-np.asarray(codes, dtype="float64"), tick) + 0.0  # without a sign where it is zero


def _array(values: pd.Series[Any]) -> Any:
    """What a Series holds, as a frame takes it."""
    return values.to_numpy() if isinstance(values.dtype, np.dtype) else values.array
