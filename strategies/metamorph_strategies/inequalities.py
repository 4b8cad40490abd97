"""Linear inequalities read off the user's own function.

The function is called on symbols in the place of columns. What it does to them says what it asks of rows as long as it
adds, scales, compares and joins with ``&``; anything else is no linear constraint, and rows are then rejected by it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
import numpy.typing as npt

from metamorph_strategies.columns import Column, Integer, Real, Timestamp, is_finite

if TYPE_CHECKING:
    from metamorph_strategies.functions import Constraint

Given = Mapping[str, npt.NDArray[Any]]


class Unknown(Exception):  # noqa: N818 - it says what a symbol cannot do, and never reaches a user
    """A function does something with columns that is no linear inequality."""


@attrs.frozen(eq=False)
class Symbol:
    """A weighted sum of columns and a constant; ``compute`` does on values what the function does, step by step."""

    weights: Mapping[str, float]
    constant: float
    compute: Callable[[Given], Any]

    __array_ufunc__ = None  # NumPy's functions are not linear
    __hash__ = None  # type: ignore[assignment]  # equality is a constraint

    @classmethod
    def of(cls, value: object) -> Symbol:
        """A symbol itself, a finite number as the symbol of a constant."""
        if isinstance(value, Symbol):
            return value
        return cls({}, _number(value), lambda _: value)

    def __add__(self, other: object) -> Symbol:
        right = Symbol.of(other)
        return self._plus(right, 1, lambda given: self.compute(given) + right.compute(given))

    def __radd__(self, other: object) -> Symbol:
        return Symbol.of(other) + self

    def __sub__(self, other: object) -> Symbol:
        right = Symbol.of(other)
        return self._plus(right, -1, lambda given: self.compute(given) - right.compute(given))

    def __rsub__(self, other: object) -> Symbol:
        return Symbol.of(other) - self

    def __neg__(self) -> Symbol:
        return self._times(-1, lambda given: -self.compute(given))

    def __mul__(self, factor: Any) -> Symbol:
        return self._times(_number(factor), lambda given: self.compute(given) * factor)

    __rmul__ = __mul__

    def __truediv__(self, divisor: Any) -> Symbol:
        if not _number(divisor):
            raise Unknown
        return self._times(1 / _number(divisor), lambda given: self.compute(given) / divisor)

    def __le__(self, other: object) -> Inequalities:
        return Inequalities((Inequality(self, Symbol.of(other)),))

    def __lt__(self, other: object) -> Inequalities:
        return Inequalities((Inequality(self, Symbol.of(other), strict=True),))

    def __ge__(self, other: object) -> Inequalities:
        return Symbol.of(other) <= self

    def __gt__(self, other: object) -> Inequalities:
        return Symbol.of(other) < self

    def __eq__(self, other: object) -> Inequalities:  # type: ignore[override]
        return (self <= other) & (self >= other)

    def between(self, left: object, right: object) -> Inequalities:
        """As of a pandas Series, both ends included."""
        return (self >= left) & (self <= right)

    def _plus(self, other: Symbol, sign: int, compute: Callable[[Given], Any]) -> Symbol:
        names = dict.fromkeys([*self.weights, *other.weights])
        weights = {name: self.weights.get(name, 0) + sign * other.weights.get(name, 0) for name in names}
        return Symbol(weights, self.constant + sign * other.constant, compute)

    def _times(self, factor: float, compute: Callable[[Given], Any]) -> Symbol:
        weights = {name: weight * factor for name, weight in self.weights.items()}
        return Symbol(weights, self.constant * factor, compute)


@attrs.frozen(eq=False)
class Inequality:
    """``left <= right``, or ``left < right`` where ``strict``; *sum* is their difference, and at most 0."""

    left: Symbol
    right: Symbol
    strict: bool = False
    sum: Symbol = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "sum", self.left - self.right)

    def holds(self, given: Given) -> npt.NDArray[np.bool_]:
        """Whether it holds of each row of codes, in the arithmetic of the function that it was read off."""
        with np.errstate(all="ignore"):
            left, right = self.left.compute(given), self.right.compute(given)
            return np.asarray(left < right if self.strict else left <= right)


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


class Symbols:
    """What a function is called on in the place of a table."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names

    def __getitem__(self, name: object) -> Symbol:
        if not isinstance(name, str) or name not in self._names:
            raise Unknown
        return Symbol({name: 1}, 0, lambda given: given[name])

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
        found = constraint.function(Symbols(constraint.parents))  # type: ignore[arg-type]
    except Exception:  # noqa: BLE001 - the function was written for tables, and may do anything to a symbol
        return None
    return found.every if isinstance(found, Inequalities) else None


def _number(value: Any) -> float:
    if not is_finite(value):
        raise Unknown
    return int(value) if isinstance(value, int | np.integer) else float(value)
