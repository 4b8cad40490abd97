"""Expectations made of others: either of two, and one after another."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np

from metamorph.errors import RelationError
from metamorph.expectations.directions import NotHigher, NotLower
from metamorph.expectations.equalities import Scaled, Unchanged
from metamorph.expectations.expectation import Change, Expectation, Wants
from metamorph.expectations.several import Several
from metamorph.expectations.tolerance import Margins, Outputs, Relative, Rounding, Tolerance

_STRICTEST: tuple[Wants, ...] = ("number", "order", "any")


@attrs.frozen
class Either:
    """At least one of two expectations; violated by as much as the one that is nearer to holding."""

    first: Expectation
    second: Expectation

    @property
    def tolerance(self) -> Tolerance:
        return self.first.tolerance or self.second.tolerance

    @property
    def wants(self) -> Wants:
        return next(wants for wants in _STRICTEST if wants in {self.first.wants, self.second.wants})

    def margins(self, source: Outputs, follow_up: Outputs, rounding: Rounding) -> Margins:
        return np.minimum(
            self.first.margins(source, follow_up, rounding), self.second.margins(source, follow_up, rounding)
        )

    def phrase(self, output: str) -> str:
        return f"{self.first.phrase(output)}, or it {self.second.phrase(output)}"

    def change(self, source: Any, follow_up: Any) -> Change:
        return self.first.change(source, follow_up)

    def pair(self, source: Outputs, follow_ups: Outputs) -> tuple[int, int]:
        """The two outputs that decide, where these are expectations of several follow-ups."""
        several = next((one for one in (self.first, self.second) if isinstance(one, Several)), None)
        return (-1, 0) if several is None else several.pair(source, follow_ups)


def of_several(expect: Expectation) -> bool:
    """Whether an expectation is of several follow-ups of a source, rather than of one."""
    if isinstance(expect, Either):
        return of_several(expect.first) or of_several(expect.second)
    return isinstance(expect, Several)


def chained(first: Expectation, second: Expectation) -> Expectation:
    """What must hold of both changes together; RelationError where nothing follows from the two.

    Equal after equal is equal, a direction after the same direction or after equal is that direction, and factors
    multiply. Absolute tolerances add up.
    """
    tolerance = _sum(first.tolerance, second.tolerance)
    kinds = {type(first), type(second)}
    if kinds == {Unchanged}:
        return Unchanged(tolerance)
    for kind in (NotLower, NotHigher):
        if kinds <= {kind, Unchanged}:
            strict = not tolerance and any(getattr(one, "strict", False) for one in (first, second))
            return kind(tolerance, strict)
    if isinstance(first, Scaled) and isinstance(second, Scaled) and not tolerance:
        return Scaled(first.by * second.by)
    msg = (
        f"After {type(first).__name__}, {type(second).__name__} leaves the output free: nothing follows of both.\n"
        "Composed can be equal with equal, and a direction with the same direction or with equal."
    )
    raise RelationError(msg)


def _sum(first: Tolerance, second: Tolerance) -> float:
    for tolerance in (first, second):
        if isinstance(tolerance, Relative) and (tolerance.share or tolerance.at_least):
            msg = f"A relative tolerance ({tolerance!r}) does not add up over two changes; give absolute ones."
            raise RelationError(msg)
    return sum(0.0 if isinstance(one, Relative) else float(one) for one in (first, second))
