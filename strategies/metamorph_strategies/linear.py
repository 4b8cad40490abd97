"""Joint constraints compiled: linear inequalities of ordered columns, read off the user's own function.

The function is called on symbols in the place of columns. What it does to them says what it asks of rows as long as it
adds, scales, compares and joins with ``&``; anything else is no linear constraint, and rows are then rejected by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import attrs
import numpy as np
import numpy.typing as npt

from metamorph_strategies.columns import Cells, Codes, Column, Integer, Real, Timestamp, is_finite
from metamorph_strategies.columns.nearest import ceils, floors

if TYPE_CHECKING:
    from metamorph_strategies.functions import Constraint

Floats = npt.NDArray[np.float64]


class Unknown(Exception):  # noqa: N818 - it says what a symbol cannot do, and never reaches a user
    """A function does something with columns that is no linear inequality."""


@attrs.frozen(eq=False)
class Inequality:
    """``sum(weights[name] * name) + constant <= 0``, or below it where ``strict``."""

    weights: Mapping[str, float]
    constant: float
    strict: bool = False


@attrs.frozen(eq=False)
class Inequalities:
    """Inequalities that all hold."""

    every: tuple[Inequality, ...]

    def __and__(self, other: object) -> Inequalities:
        if not isinstance(other, Inequalities):
            raise Unknown
        return Inequalities(self.every + other.every)

    def __bool__(self) -> bool:
        raise Unknown


@attrs.frozen(eq=False)
class Symbol:
    """A weighted sum of columns and a constant."""

    weights: Mapping[str, float]
    constant: float = 0.0

    __array_ufunc__ = None  # NumPy's functions are not linear
    __hash__ = None  # type: ignore[assignment]  # equality is a constraint

    def __add__(self, other: object) -> Symbol:
        other = _symbol(other)
        names = dict.fromkeys([*self.weights, *other.weights])
        weights = {name: self.weights.get(name, 0.0) + other.weights.get(name, 0.0) for name in names}
        return Symbol(weights, self.constant + other.constant)

    __radd__ = __add__

    def __neg__(self) -> Symbol:
        return self * -1

    def __sub__(self, other: object) -> Symbol:
        return self + -_symbol(other)

    def __rsub__(self, other: object) -> Symbol:
        return -self + other

    def __mul__(self, factor: object) -> Symbol:
        number = _number(factor)
        return Symbol({name: weight * number for name, weight in self.weights.items()}, self.constant * number)

    __rmul__ = __mul__

    def __truediv__(self, divisor: object) -> Symbol:
        number = _number(divisor)
        if not number:
            raise Unknown
        return self * (1 / number)

    def __le__(self, other: object) -> Inequalities:
        less = self - other
        return Inequalities((Inequality(less.weights, less.constant),))

    def __lt__(self, other: object) -> Inequalities:
        less = self - other
        return Inequalities((Inequality(less.weights, less.constant, strict=True),))

    def __ge__(self, other: object) -> Inequalities:
        return _symbol(other) <= self

    def __gt__(self, other: object) -> Inequalities:
        return _symbol(other) < self

    def __eq__(self, other: object) -> Inequalities:  # type: ignore[override]
        return (self <= other) & (self >= other)

    def between(self, left: object, right: object) -> Inequalities:
        """As of a pandas Series, both ends included."""
        return (self >= left) & (self <= right)


class Symbols:
    """What a function is called on in the place of a table."""

    def __init__(self, columns: Mapping[str, Column]) -> None:
        self._columns = columns

    def __getitem__(self, name: object) -> Symbol:
        if not isinstance(name, str) or name not in self._columns:
            raise Unknown
        return Symbol({name: 1.0})

    def __getattr__(self, name: str) -> Symbol:
        return self[name]


def compiled(constraint: Constraint, columns: Mapping[str, Column]) -> tuple[Inequality, ...] | None:
    """What a constraint asks of rows, as inequalities of columns; None where it is no such thing.

    Columns are numbers, or all of them moments of one kind of clock: only those have codes that add up.
    """
    parents = [columns[name] for name in constraint.parents if name in columns]
    if len(parents) < len(constraint.parents) or not (
        all(isinstance(column, Real | Integer) for column in parents)
        or all(isinstance(column, Timestamp) for column in parents)
    ):
        return None
    try:
        found = constraint.function(Symbols({name: columns[name] for name in constraint.parents}))  # type: ignore[arg-type]
    except Exception:  # noqa: BLE001 - the function was written for tables, and may do anything to a symbol
        return None
    return found.every if isinstance(found, Inequalities) else None


def bounds(
    inequalities: tuple[Inequality, ...],
    name: str,
    columns: Mapping[str, Column],
    drawn: Mapping[str, Cells],
    size: int,
) -> tuple[Codes, Codes]:
    """Between what codes a column may be drawn, given the columns that were *drawn* already; shape ``(size,)``.

    Whatever lies outside cannot be completed to a row that keeps every inequality; a missing operand satisfies it.
    """
    column = columns[name]
    whole = not isinstance(column, Real)
    low = np.full(size, column.lowest, dtype="int64" if whole else "float64")
    high = np.full(size, column.highest, dtype=low.dtype)
    for one in inequalities:
        weight = one.weights.get(name, 0.0)
        if not weight:
            continue
        limit = -_least(one, name, columns, drawn, size) / weight  # weight * code + the least of the rest <= 0
        limit = np.clip(_innermost(column, limit, below=weight > 0, strict=one.strict), column.lowest, column.highest)
        if weight > 0:
            high = np.minimum(high, limit.astype(high.dtype))
        else:
            low = np.maximum(low, limit.astype(low.dtype))
    return low, np.maximum(low, high)


def _least(one: Inequality, name: str, columns: Mapping[str, Column], drawn: Mapping[str, Cells], size: int) -> Floats:
    """The least that the other operands and the constant can add up to; minus infinity where one is missing."""
    total = np.full(size, one.constant)
    for other, weight in one.weights.items():
        if other == name:
            continue
        if other in drawn:
            codes, absent = drawn[other]
            total += np.where(absent, -np.inf, weight * codes)
        else:
            total += min(weight * columns[other].lowest, weight * columns[other].highest)
    return total


def _innermost(column: Column, limit: Floats, *, below: bool, strict: bool) -> Floats:
    """The value of the column's resolution that is nearest to a limit on its inner side; strictly, not the limit."""
    step = column.least_step
    if not step:
        return np.nextafter(limit, -np.inf if below else np.inf) if strict else limit
    if below:
        ticks = ceils(limit, step) - 1 if strict else floors(limit, step)
    else:
        ticks = floors(limit, step) + 1 if strict else ceils(limit, step)
    codes: Floats = np.round(ticks * step, column.decimals or 0) if isinstance(column, Real) else ticks * step
    return codes


def _symbol(value: object) -> Symbol:
    return value if isinstance(value, Symbol) else Symbol({}, _number(value))


def _number(value: object) -> float:
    if not is_finite(value):
        raise Unknown
    return float(value)  # type: ignore[arg-type]
