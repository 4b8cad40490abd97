"""The input side of a relation: from a table of source rows to the table of their follow-ups."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, get_args

import pandas as pd

from metamorph.errors import RelationError, expected, listed
from metamorph.transforms.functions import Function
from metamorph.transforms.replacing import Replace
from metamorph.transforms.scaling import Scale
from metamorph.transforms.stepping import Step
from metamorph.transforms.transformation import CallPlan, Transformation, column_names
from metamorph_strategies.columns import is_finite

__all__ = ["CallPlan", "Function", "Replace", "Scale", "Step", "Transformation", "function", "replace", "scale", "step"]


def step(columns: Sequence[str], *, by: Any = None, to: Any = None) -> Step:
    """Move ordered columns up; see :class:`Step`."""
    return Step(column_names(columns), by, to)


def replace(columns: Sequence[str], *, missing: bool = False) -> Replace:
    """Put any other combination of values in the columns' place; see :class:`Replace`."""
    return Replace(column_names(columns), missing)


def scale(columns: Sequence[str], *, by: float) -> Scale:
    """Multiply numeric columns by *by*."""
    if not is_finite(by):
        raise RelationError(expected("a finite number to multiply by", by=by))
    return Scale(column_names(columns), by)


def function(
    change: Callable[[pd.DataFrame], pd.DataFrame], *, touches: Sequence[str] | None = None, plan: CallPlan = "together"
) -> Function:
    """A user's own function as a transformation; ``touches`` are the columns it may change (all, when not given)."""
    if not callable(change):
        raise RelationError(expected("a function of a frame", change=change))
    if plan not in get_args(CallPlan):
        raise RelationError(expected(f"a plan among {listed(get_args(CallPlan))}", plan=plan))
    return Function(change, None if touches is None else column_names(touches, "touches"), plan)
