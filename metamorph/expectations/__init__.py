"""The output side of a relation: from outputs of source and follow-up to a margin per case.

A margin above zero violates the relation by that much, in output units. What is allowed is the tolerance and the
rounding floor together: honest models are not bitwise pure, and their dust is no violation.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from metamorph.errors import RelationError, expected
from metamorph.expectations.changes import Between, Changes, Is, Reflected, Shifted
from metamorph.expectations.directions import NotHigher, NotLower
from metamorph.expectations.equalities import Scaled, Unchanged
from metamorph.expectations.expectation import Change, Expectation, Wants, is_number
from metamorph.expectations.functions import Function
from metamorph.expectations.joining import Either, chained, of_several
from metamorph.expectations.ranking import SameRanking
from metamorph.expectations.several import (
    Alike,
    Bent,
    NoIslands,
    Rising,
    SameDirection,
    Several,
    SumsTo,
    WithinRange,
)
from metamorph.expectations.tolerance import (
    Margins,
    Outputs,
    Relative,
    Rounding,
    Tolerance,
    allowed,
    checked,
    relative,
)
from metamorph_strategies.columns import is_finite

__all__ = [
    "Alike",
    "Bent",
    "Between",
    "Change",
    "Changes",
    "Either",
    "Expectation",
    "Function",
    "Is",
    "Margins",
    "NoIslands",
    "NotHigher",
    "NotLower",
    "Outputs",
    "Reflected",
    "Relative",
    "Rising",
    "Rounding",
    "SameDirection",
    "SameRanking",
    "Scaled",
    "Several",
    "Shifted",
    "SumsTo",
    "Tolerance",
    "Unchanged",
    "Wants",
    "WithinRange",
    "alike",
    "allowed",
    "between",
    "chained",
    "changes_by_at_least",
    "changes_by_at_most",
    "concave",
    "convex",
    "falling",
    "function",
    "is_label",
    "is_number",
    "lipschitz",
    "negated",
    "no_islands",
    "not_higher",
    "not_lower",
    "of_several",
    "permuted_alike",
    "reflected",
    "relative",
    "rising",
    "same_direction",
    "same_label",
    "same_ranking",
    "scaled",
    "shifted",
    "sums_to",
    "unchanged",
    "within_range",
]


def not_lower(tolerance: Tolerance = 0.0, *, strict: bool = False) -> NotLower:
    """The follow-up's output must not be lower by more than *tolerance*; ``strict``: it must be higher."""
    return NotLower(checked(tolerance, strict=strict), strict)


def not_higher(tolerance: Tolerance = 0.0, *, strict: bool = False) -> NotHigher:
    """The follow-up's output must not be higher by more than *tolerance*; ``strict``: it must be lower."""
    return NotHigher(checked(tolerance, strict=strict), strict)


def unchanged(tolerance: Tolerance = 0.0) -> Unchanged:
    """The output must not change by more than *tolerance*; a label must not change."""
    return Unchanged(checked(tolerance))


def same_label() -> Unchanged:
    """The label must not change."""
    return Unchanged()


def permuted_alike(tolerance: Tolerance = 0.0) -> Unchanged:
    """Every row's output must stay its own, wherever the row stands: beside a transformation of the rows' order."""
    return Unchanged(checked(tolerance))


def changes_by_at_most(amount: Tolerance) -> Unchanged:
    """The output must not change by more than *amount*, in output units or ``mm.relative(...)``."""
    return Unchanged(checked(amount))


def changes_by_at_least(amount: float) -> Changes:
    """The output must change by more than *amount*, in output units."""
    return Changes(_number("amount", amount, least=0.0))


def lipschitz(per_unit: float, *, step: float) -> Unchanged:
    """A step of *step* units may change the output by *per_unit* times as much at the most (bounded sensitivity)."""
    return Unchanged(_number("per_unit", per_unit, least=0.0) * abs(_number("step", step)))


def shifted(by: float, tolerance: Tolerance = 0.0) -> Shifted:
    """The follow-up's output must be the source's plus *by*, up to *tolerance*."""
    return Shifted(_number("by", by), checked(tolerance))


def negated(tolerance: Tolerance = 0.0) -> Reflected:
    """The follow-up's output must be the source's, negated, up to *tolerance*."""
    return Reflected(0.0, checked(tolerance))


def reflected(total: float, tolerance: Tolerance = 0.0) -> Reflected:
    """Both outputs must add up to *total*: 1 for the probabilities of two sides of a comparison."""
    return Reflected(_number("total", total), checked(tolerance))


def between(low: float = -math.inf, high: float = math.inf, *, tolerance: Tolerance = 0.0) -> Between:
    """The follow-up's output must lie between *low* and *high*, whatever the source's is."""
    if not (_is_bound(low) and _is_bound(high) and low <= high):
        raise RelationError(expected("numbers low <= high", low=low, high=high))
    return Between(float(low), float(high), checked(tolerance))


def is_label(label: Any) -> Is:
    """The follow-up's label must be this one, whatever the source's is."""
    return Is(label)


def same_ranking(tolerance: Tolerance = 0.0) -> SameRanking:
    """Rows of a batch must keep their order by output; a pair may come level, or swap within *tolerance*."""
    return SameRanking(checked(tolerance))


def rising(tolerance: Tolerance = 0.0) -> Rising:
    """Along the follow-ups of a sweep the output must never fall by more than *tolerance*."""
    return Rising(checked(tolerance))


def falling(tolerance: Tolerance = 0.0) -> Rising:
    """Along the follow-ups of a sweep the output must never rise by more than *tolerance*."""
    return Rising(checked(tolerance), falling=True)


def no_islands() -> NoIslands:
    """Along the follow-ups of a sweep the label may change once at the most."""
    return NoIslands()


def concave(tolerance: Tolerance = 0.0) -> Bent:
    """Of three points at equal distances (the source and two follow-ups) the middle one must not lie below the line."""
    return Bent(checked(tolerance))


def convex(tolerance: Tolerance = 0.0) -> Bent:
    """Of three points at equal distances (the source and two follow-ups) the middle one must not lie above the line."""
    return Bent(checked(tolerance), convex=True)


def sums_to(tolerance: Tolerance = 0.0) -> SumsTo:
    """The follow-ups' outputs must add up to the source's, up to *tolerance*."""
    return SumsTo(checked(tolerance))


def within_range(tolerance: Tolerance = 0.0) -> WithinRange:
    """The source's output must lie between the least and the largest of the follow-ups'."""
    return WithinRange(checked(tolerance))


def alike(tolerance: Tolerance = 0.0) -> Alike:
    """The follow-ups' outputs must be the same as one another, up to *tolerance*."""
    return Alike(checked(tolerance))


def same_direction(tolerance: Tolerance = 0.0) -> SameDirection:
    """Of two follow-ups, one step down and one up, the outputs must lie on different sides of the source's."""
    return SameDirection(checked(tolerance))


def scaled(by: float, tolerance: Tolerance = 0.0) -> Scaled:
    """The follow-up's output must be *by* times the source's, up to *tolerance*."""
    if not is_finite(by):
        raise RelationError(expected("a finite number to multiply by", by=by))
    return Scaled(by, checked(tolerance))


def function(margins: Callable[[Outputs, Outputs], Any]) -> Function:
    """A user's own expectation: ``margins(source, follow_up)``, arrays of shape ``(n,)``, above zero where broken."""
    if not callable(margins):
        raise RelationError(expected("a function of two output arrays", margins=margins))
    return Function(margins)


def _is_bound(value: object) -> bool:
    return is_finite(value) or (isinstance(value, float) and math.isinf(value))


def _number(name: str, value: float, *, least: float = -math.inf) -> float:
    if not is_finite(value) or value < least:
        wanted = f"a finite {name}" + ("" if math.isinf(least) else f" >= {least:g}")
        raise RelationError(expected(wanted, **{name: value}))
    return float(value)
