"""A column's codes in their order, as whole numbers: between two neighbours there is no other code."""

from __future__ import annotations

from collections.abc import Callable

import attrs
import numpy as np
import numpy.typing as npt

from metamorph.whitebox.ensemble import Mask, Places
from metamorph_strategies.columns import Codes, Column, Real, Timestamp, has_decimals

Test = Callable[[Places], Mask]
BITS = {"float64": "int64", "float32": "int32", "float16": "int16"}
"""The whole numbers as which a float's bits are in its order."""


@attrs.frozen(eq=False)
class Steps:
    """Codes that are the multiples of a whole ``step``, from the ``first`` multiple to the ``last``."""

    first: int
    last: int
    step: int = 1

    def codes(self, places: Places) -> Codes:
        """The codes at these places."""
        return places * self.step

    def places(self, codes: Codes) -> Places:
        """The places of these codes."""
        return np.asarray(codes, dtype="int64") // self.step

    def up(self, places: Places) -> Places:
        """The least admissible place at or above each: itself."""
        return places

    def down(self, places: Places) -> Places:
        """The largest admissible place at or below each: itself."""
        return places

    def plain(self, lows: Codes, highs: Codes) -> tuple[Codes, Codes]:
        """The plainest codes at both ends of cells: the ends."""
        return lows, highs


@attrs.frozen(eq=False)
class Floats:
    """Codes that are floats of the column's width, of at most its decimals.

    As the column does, these take a number for a short decimal that is one up to rounding, so that both sides of a
    split at a short decimal itself are told apart.
    """

    column: Real
    dtype: npt.DTypeLike

    @property
    def first(self) -> int:
        """The place of the least code."""
        return int(self.places(np.array([self.column.lowest]))[0])

    @property
    def last(self) -> int:
        """The place of the largest code."""
        return int(self.places(np.array([self.column.highest]))[0])

    def codes(self, places: Places) -> Codes:
        """The codes at these places: bits in the order of the floats that they stand for, both zeros being one."""
        bits = np.abs(places).astype(BITS[np.dtype(self.dtype).name])
        sizes = bits.view(self.dtype).astype("float64")
        return np.where(places < 0, -sizes, sizes)

    def places(self, codes: Codes) -> Places:
        """The places of these codes, which must be floats of the column's width."""
        bits = np.abs(np.asarray(codes)).astype(self.dtype).view(BITS[np.dtype(self.dtype).name]).astype("int64")
        signed: Places = np.where(np.asarray(codes) < 0, -bits, bits)
        return signed

    def up(self, places: Places) -> Places:
        """The least admissible place at or above each; one beyond the last where there is none."""
        if self.column.decimals is None:
            return places
        near = self._short(self.codes(places))
        ahead = np.where(near >= places[:, None], near, self.last + 1).min(axis=1)
        return self._nearest(places, ahead)

    def down(self, places: Places) -> Places:
        """The largest admissible place at or below each; one before the first where there is none."""
        if self.column.decimals is None:
            return places
        near = self._short(self.codes(places))
        behind = np.where(near <= places[:, None], near, self.first - 1).max(axis=1)
        return self._nearest(places, behind)

    def plain(self, lows: Codes, highs: Codes) -> tuple[Codes, Codes]:
        """The plainest codes at both ends of cells: short decimals themselves, where a cell holds one."""
        if self.column.decimals is None:
            return lows, highs
        least, largest = self.places(lows), self.places(highs)
        above, below = self._short(lows), self._short(highs)
        first = np.where(above >= least[:, None], above, self.last + 1).min(axis=1)
        last = np.where(below <= largest[:, None], below, self.first - 1).max(axis=1)
        held = first <= last
        return self.codes(np.where(held, first, least)), self.codes(np.where(held, last, largest))

    def _short(self, codes: Codes) -> Places:
        """The places of the short decimals around each code, shape ``(n, 5)``."""
        around = np.round(codes, self.column.decimals or 0)[:, None] + self.column.least_step * np.arange(-2, 3)
        inside = np.clip(np.round(around, self.column.decimals or 0), self.column.lowest, self.column.highest)
        return self.places(inside.astype(self.dtype).astype("float64"))

    def _nearest(self, places: Places, short: Places) -> Places:
        """The admissible place nearest to each on the way to a *short* decimal, before which there is no other."""
        ends = np.clip(short, self.first, self.last)
        found = first_true(places, ends, lambda asked: self._admits(asked, ends))
        return np.where(self._admits(places, ends), places, np.where(short == ends, found, short))

    def _admits(self, places: Places, ends: Places) -> Mask:
        column, codes = self.column, self.codes(places)
        scale = max(abs(column.min_value), abs(column.max_value))
        inside = (codes >= column.lowest) & (codes <= column.highest)
        short = inside & has_decimals(codes, column.decimals or 0, scale, column.dtype)
        admits: Mask = short | (places == ends)
        return admits


Lattice = Steps | Floats
MOST_LISTED = 4_096
"""Codes of an ordered column that are looked at one by one."""


def lattice(column: Column) -> Lattice:
    """The codes of a column of any kind."""
    if isinstance(column, Real):
        stored = getattr(column.dtype, "numpy_dtype", column.dtype)
        return Floats(column, stored if np.dtype(stored).name in BITS else np.dtype("float64"))
    step = column.quantum if isinstance(column, Timestamp) else 1
    return Steps(int(column.lowest) // step, int(column.highest) // step, step)


def is_listed(column: Column) -> bool:
    """Whether a column's codes are looked at one by one: of many codes in order, only the ends of cells are."""
    few = not isinstance(column, Real) and column.highest - column.lowest < MOST_LISTED
    return few or not column.ordered


def first_true(low: Places, high: Places, test: Test) -> Places:
    """On the way from each of *low* to *high*, up or down, the first place where the test holds; it holds at *high*.

    The test is taken not to hold at *low*, and to change once.
    """
    false, true = low.copy(), high.copy()
    while True:
        middle = (false >> 1) + (true >> 1) + (false & true & 1)  # a sum of the two could be beyond 64 bits
        going = (middle != false) & (middle != true)
        if not going.any():
            return true
        held = test(middle)
        true = np.where(going & held, middle, true)
        false = np.where(going & ~held, middle, false)
