"""What linear constraints leave of each column, given the columns that were drawn before it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from metamorph_strategies.columns import WHOLE, Cells, Codes, Column, Mask, Real, nearest, precision
from metamorph_strategies.inequalities import Given, Inequality

Floats = npt.NDArray[np.float64]

ROUNDINGS = 4
"""A sum of so few operands is off by fewer rounding errors of its largest one than this."""


@attrs.frozen(eq=False)
class System:
    """The inequalities of all constraints that are linear, the columns they bind, and the ``ranges`` of those.

    A range is what is left of a column's own bounds once every other column has some value.
    """

    inequalities: tuple[Inequality, ...]
    columns: Mapping[str, Column]
    ranges: Mapping[str, tuple[Any, Any]]

    @classmethod
    def of(cls, inequalities: tuple[Inequality, ...], columns: Mapping[str, Column]) -> System:
        """The system, its ranges narrowed until they settle (strict chains of reals never would: hence the limit)."""
        names = {name for one in inequalities for name in one.sum.weights}
        bound = {name: column for name, column in columns.items() if name in names}
        system = cls(inequalities, bound, {name: (column.lowest, column.highest) for name, column in bound.items()})
        for _ in bound:
            found = {name: system.bounds(name, {}, 1) for name in bound}
            ranges = {name: (low[0].item(), high[0].item()) for name, (low, high, _) in found.items()}
            if ranges == system.ranges:
                break
            system = attrs.evolve(system, ranges=ranges)
        return system

    def bounds(self, name: str, drawn: Mapping[str, Cells], size: int) -> tuple[Codes, Codes, Mask]:
        """Between what codes a column may be drawn, given the columns that were *drawn* already; shapes ``(size,)``.

        Whatever lies outside cannot be completed to a row that keeps every inequality; a missing operand satisfies it.
        The mask says where no code can, and only a missing value is lawful.
        """
        column, (lowest, highest) = self.columns[name], self.ranges[name]
        low = np.full(size, lowest, dtype="float64" if isinstance(column, Real) else "int64")
        high, hopeless = np.full(size, highest, dtype=low.dtype), np.zeros(size, dtype=bool)
        for one in self.inequalities:
            weight = one.sum.weights.get(name, 0)
            if weight:
                limit, beyond = self._limit(one, name, drawn, size)
                low, high = (low, np.minimum(high, limit)) if weight > 0 else (np.maximum(low, limit), high)
                hopeless |= beyond
        return low, np.maximum(low, high), hopeless | (low > high)

    def _limit(self, one: Inequality, name: str, drawn: Mapping[str, Cells], size: int) -> tuple[Codes, Mask]:
        """The largest code of a column that an inequality allows, or the least; and where it allows none."""
        rest, open_ended = {}, np.zeros(size, dtype=bool)
        for other, weight in one.sum.weights.items():
            if other in drawn:
                rest[other] = drawn[other][0]
                open_ended |= drawn[other][1]
            elif other != name:  # at whichever end leaves the most room
                rest[other] = np.full(size, self.ranges[other][0 if weight > 0 else 1])
                open_ended |= self.columns[other].nullable
        with np.errstate(all="ignore"):
            limit = (self._whole_limit if self._is_whole(one) else self._real_limit)(one, name, rest)
        low, high = self.ranges[name]
        below = one.sum.weights[name] > 0
        beyond = (limit < low if below else limit > high) & ~open_ended
        return nearest.within(np.where(open_ended, high if below else low, limit), low, high), beyond

    def _is_whole(self, one: Inequality) -> bool:
        """Whether an inequality is one of whole numbers only."""
        numbers = (*one.sum.weights.values(), one.sum.constant)
        return all(float(number).is_integer() for number in numbers) and not any(
            isinstance(self.columns[name], Real) for name in one.sum.weights
        )

    def _largest(self, one: Inequality) -> float:
        """What no sum of the operands is larger than."""
        ends = {name: max(map(abs, map(float, self.ranges[name]))) for name in one.sum.weights}
        return abs(one.sum.constant) + sum(abs(weight) * ends[name] for name, weight in one.sum.weights.items())

    def _whole_limit(self, one: Inequality, name: str, rest: Given) -> Codes:
        """The limit in exact arithmetic."""
        weight, tick = int(one.sum.weights[name]), int(self.columns[name].tick)
        exact: Any = np.int64 if self._largest(one) < -float(WHOLE[0]) / 2 else object
        total = int(one.sum.constant) + one.strict + np.zeros(1, dtype=exact)
        for other, codes in rest.items():
            total = total + int(one.sum.weights[other]) * codes.astype(exact)
        limit: Codes = -total // weight // tick * tick if weight > 0 else -(-total // -weight // tick) * tick
        return limit

    def _real_limit(self, one: Inequality, name: str, rest: Given) -> Codes:
        """The limit that the function itself allows, which rounds: the outermost of three that it does."""
        column, weight, (low, high) = self.columns[name], one.sum.weights[name], self.ranges[name]
        inwards = -1 if weight > 0 else 1
        total = one.sum.constant + np.zeros(1)
        for other, codes in rest.items():
            total = total + one.sum.weights[other] * codes
        limit = np.clip(np.nan_to_num(-total / weight, nan=-inwards * np.inf), low, high)
        rounding = max(precision(self.columns[other].dtype) for other in one.sum.weights)
        slack = ROUNDINGS * rounding * self._largest(one) / abs(weight) + column.least_step
        given = {other: _as_stored(self.columns[other], codes) for other, codes in rest.items()}
        first = nearest.innermost(column, limit, inwards)
        second = nearest.innermost(column, _next(column, first, inwards), inwards)
        found = nearest.innermost(column, limit + inwards * slack, inwards)
        for candidate in (second, first):
            stored = _as_stored(column, nearest.within(candidate, low, high))
            found = np.where(one.holds({**given, name: stored}), candidate, found)
        return found


def _next(column: Column, codes: Floats, inwards: int) -> Floats:
    return codes + inwards * column.least_step if column.least_step else np.nextafter(codes, inwards * np.inf)


def _as_stored(column: Column, codes: Codes) -> Codes:
    """Codes as the numbers that a frame of the column's dtype holds."""
    return codes.astype(nearest.stored_in(column)) if isinstance(column, Real) else codes
