"""The output side of a relation: from outputs of source and follow-up to a margin per case.

A margin above zero violates the relation by that much, in output units. What is allowed is the tolerance and the
rounding floor together: honest models are not bitwise pure, and their dust is no violation.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from metamorph.errors import RelationError, expected
from metamorph.expectations.directions import NotHigher, NotLower
from metamorph.expectations.equalities import Scaled, Unchanged
from metamorph.expectations.expectation import Change, Expectation, Wants, is_number
from metamorph.expectations.functions import Function
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
    "Change",
    "Expectation",
    "Function",
    "Margins",
    "NotHigher",
    "NotLower",
    "Outputs",
    "Relative",
    "Rounding",
    "Scaled",
    "Tolerance",
    "Unchanged",
    "Wants",
    "allowed",
    "function",
    "is_number",
    "not_higher",
    "not_lower",
    "relative",
    "scaled",
    "unchanged",
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
