"""Which cells of a column a change may lead to from which: lawful pairs, by the law of a step or a replacement."""

from __future__ import annotations

from typing import Any, Literal

import attrs
import numpy as np

from metamorph.whitebox.cells import Axis
from metamorph.whitebox.ensemble import Mask, Places, Unreadable
from metamorph.whitebox.lattice import Lattice, Steps, first_true, lattice
from metamorph_strategies.columns import Codes, Column


def lawful_pairs(
    axis: Axis,
    column: Column,
    *,
    by: Any = None,
    to: Any = None,
    down: bool = False,
    missing: bool = False,
    kind: Literal["step", "replace"] = "step",
) -> Mask:
    """Which source cells (rows) and follow-up cells hold a lawful pair of admissible values; shape ``(cells, cells)``.

    ``by`` and ``to`` are as a user gives them, ``missing`` is a replacement's. Staying in a cell is always lawful,
    since a column need not move; the cell of the missing value otherwise goes with itself only. Raises Unreadable for
    a step that leaves the column's resolution.
    """
    present = len(axis) - axis.missing
    pairs = np.eye(len(axis), dtype=bool)
    if kind == "replace":
        pairs[:present, :present] = True
        return pairs | missing
    lows, highs = np.asarray(axis.lows[:present]), np.asarray(axis.highs[:present])
    if by is not None:
        first, last = _Stepping.of(axis, column, by, down=down).sources()
        pairs[:present, :present] |= first <= last
    elif to is not None:
        code = _stored(column, *column.encode(column.series([to])))
        reached = (lows <= code) & (code <= highs)
        if not reached.any():
            msg = f"to={to!r} is finer than the resolution of {axis.name!r}"
            raise Unreadable(msg)
        pairs[:present, :present] |= reached & ((highs > code) if down else (lows < code))[:, None]
    else:
        beyond = np.less.outer(lows, highs).T if down else np.greater.outer(highs, lows).T
        pairs[:present, :present] |= beyond
    return pairs


def step_sources(axis: Axis, column: Column, before: Places, after: Places, *, by: Any, down: bool = False) -> Codes:
    """For pairs of present cells, lawful under a step ``by``, a source code that it leads from one to the other.

    Its follow-up is ``column.plus(code, step)``. Of the sources there are, the one in the middle.
    """
    stepping = _Stepping.of(axis, column, by, down=down)
    first, last = (ends[before, after] for ends in stepping.sources())
    return stepping.codes.codes(stepping.codes.up((first >> 1) + (last >> 1) + (first & last & 1)).clip(first, last))


def _stored(column: Column, codes: Codes, missing: Mask) -> Codes:
    """Codes as a table of the column's dtype gives them back: a float32 rounds."""
    return column.encode(column.decode(codes, missing))[0]


@attrs.frozen(eq=False)
class _Stepping:
    """A step by a fixed amount, which never leads a larger source to a smaller follow-up."""

    codes: Lattice
    column: Column
    step: Any
    lows: Codes
    highs: Codes

    @classmethod
    def of(cls, axis: Axis, column: Column, by: Any, *, down: bool) -> _Stepping:
        present = len(axis) - axis.missing
        step: Any = column.step(by)
        if step is None:
            msg = f"by={by!r} is no step of {axis.name!r}"
            raise Unreadable(msg)
        stepping = cls(lattice(column), column, -step if down else step, axis.lows[:present], axis.highs[:present])
        for ends in lattice(column).plain(stepping.lows, stepping.highs):
            moved = stepping.moved(ends)
            inside = column.admits(moved, np.zeros(len(moved), dtype=bool))
            if not column.contains(column.decode(moved[inside])).all():
                msg = f"by={by!r} is finer than the resolution of {axis.name!r}"
                raise Unreadable(msg)
        return stepping

    def moved(self, codes: Codes) -> Codes:
        """Where codes are led to, as the column's dtype holds it; beyond the column where a step leaves it."""
        column, step = self.column, self.step
        if isinstance(self.codes, Steps):
            room = codes <= column.highest - step if step > 0 else codes >= column.lowest - step
            beyond = int(column.highest) + 1 if step > 0 else int(column.lowest) - 1
            return np.where(room, np.where(room, codes, 0) + step, beyond)
        plus = np.asarray(column.plus(codes, step))
        inside = (plus >= column.lowest) & (plus <= column.highest)
        stored = _stored(column, np.where(inside, plus, column.lowest), np.zeros(len(plus), dtype=bool))
        return np.where(inside, stored, plus)

    def sources(self) -> tuple[Places, Places]:
        """The places of the first and the last admissible source that each pair of cells has, ``(cells, cells)`` each.

        The first is behind the last where there is none.
        """
        reaching = self._first(lambda moved, low, _: moved >= low)
        passing = self._first(lambda moved, _, high: moved > high)
        lows, highs = self.codes.places(self.lows), self.codes.places(self.highs)
        first = np.maximum(lows[:, None], reaching[None, :])
        last = np.minimum(highs[:, None], passing[None, :] - 1)
        some = first <= last
        first[some], last[some] = self.codes.up(first[some]), self.codes.down(last[some])
        return first, last

    def _first(self, test: Any) -> Places:
        """The first place from which a step passes a test of each cell's ends; one beyond the last where none does."""
        size = len(self.lows)

        def passes(places: Places) -> Mask:
            passed: Mask = test(
                self.moved(self.codes.codes(np.minimum(places, self.codes.last))), self.lows, self.highs
            )
            return passed | (places > self.codes.last)

        before, behind = np.full(size, self.codes.first - 1), np.full(size, self.codes.last + 1)
        return first_true(before, behind, passes)
