"""The input side of a relation: from a table of source rows to the table of their follow-ups."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

from metamorph.transforms.functions import Function
from metamorph.transforms.replacing import Replace
from metamorph.transforms.scaling import Scale
from metamorph.transforms.stepping import Step
from metamorph.transforms.transformation import CallPlan, Transformation

__all__ = ["CallPlan", "Function", "Replace", "Scale", "Step", "Transformation", "function", "replace", "scale", "step"]


def step(columns: Sequence[str], *, by: Any = None, to: Any = None) -> Step:
    """Move ordered columns up; see :class:`Step`."""
    return Step(tuple(columns), by, to)


def replace(columns: Sequence[str], *, missing: bool = False) -> Replace:
    """Put any other combination of values in the columns' place; see :class:`Replace`."""
    return Replace(tuple(columns), missing)


def scale(columns: Sequence[str], *, by: float) -> Scale:
    """Multiply numeric columns by *by*."""
    return Scale(tuple(columns), by)


def function(
    change: Callable[[pd.DataFrame], pd.DataFrame], *, touches: Sequence[str] | None = None, plan: CallPlan = "together"
) -> Function:
    """A user's own function as a transformation; ``touches`` are the columns it may change (all, when not given)."""
    return Function(change, None if touches is None else tuple(touches), plan)
