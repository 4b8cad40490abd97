"""The input side of a relation: from a table of source rows to the table of their follow-ups."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_args

import pandas as pd

from metamorph.errors import RelationError, expected, listed
from metamorph.transforms.chaining import Then
from metamorph.transforms.fans import Fan, offsets, parts, replace_each, sweep, told_twice
from metamorph.transforms.functions import Function
from metamorph.transforms.noise import Noise
from metamorph.transforms.presentations import (
    Presentation,
    added_column,
    again,
    all_rows,
    as_array,
    duplicated_rows,
    given,
    one_by_one,
    other_model,
    permuted_columns,
    permuted_rows,
    reloaded,
    row_index,
    subset_of_rows,
)
from metamorph.transforms.replacing import Replace
from metamorph.transforms.scaling import Scale
from metamorph.transforms.setting import MakeMissing, Set, Shift, Swap
from metamorph.transforms.stepping import Step
from metamorph.transforms.transformation import CallPlan, Drawn, Transformation, column_names
from metamorph.transforms.unseen import Unseen
from metamorph_strategies.columns import is_finite

__all__ = [
    "CallPlan",
    "Drawn",
    "Fan",
    "Function",
    "MakeMissing",
    "Noise",
    "Presentation",
    "Replace",
    "Scale",
    "Set",
    "Shift",
    "Step",
    "Swap",
    "Then",
    "Transformation",
    "Unseen",
    "added_column",
    "again",
    "all_rows",
    "also",
    "as_array",
    "convert",
    "duplicated_rows",
    "function",
    "given",
    "make_missing",
    "noise",
    "offsets",
    "one_by_one",
    "other_model",
    "parts",
    "permuted_columns",
    "permuted_rows",
    "reloaded",
    "replace",
    "replace_each",
    "row_index",
    "scale",
    "set_to",
    "shift",
    "step",
    "step_down",
    "subset_of_rows",
    "swap",
    "sweep",
    "told_twice",
    "unseen_level",
]


def step(columns: Sequence[str], *, by: Any = None, to: Any = None) -> Step:
    """Move ordered columns up; see :class:`Step`."""
    return Step(column_names(columns), by, to)


def step_down(columns: Sequence[str], *, by: Any = None, to: Any = None) -> Step:
    """Move ordered columns down, as :func:`step` moves them up."""
    return Step(column_names(columns), by, to, down=True)


def set_to(columns: Sequence[str], to: Any) -> Set:
    """Put one stated value in the columns (a dict gives one for each)."""
    return Set(column_names(columns), to)


def shift(columns: Sequence[str], by: Any) -> Shift:
    """Add a step to ordered columns, up or down; levels of an ordered category, a Timedelta for moments."""
    return Shift(column_names(columns), by)


def make_missing(columns: Sequence[str]) -> MakeMissing:
    """Take the columns' values away."""
    return MakeMissing(column_names(columns))


def swap(first: str, second: str) -> Swap:
    """Exchange the values of two columns of one kind."""
    return Swap(column_names((first, second)))


def noise(columns: Sequence[str], size: float | Mapping[str, float]) -> Noise:
    """Add normal noise to numeric columns; *size* is its standard deviation, in the columns' units."""
    return Noise(column_names(columns), size)


def unseen_level(column: str, level: Any = "metamorph-unseen") -> Unseen:
    """Put a level that the schema does not have in a category's place."""
    return Unseen(column_names((column,)), level)


def convert(column: str, by: float, *, unit: str, to: Any) -> Function:
    """Multiply a column by *by* and set the column *unit* to *to*: the same quantity in another unit.

    A row whose unit is missing, or that one already, stays as it is.
    """
    if not is_finite(by) or not by:
        raise RelationError(expected("a finite factor other than 0", by=by))

    def convert_unit(t: pd.DataFrame) -> pd.DataFrame:
        units = t[unit].where(t[unit].isna(), to).astype(t[unit].dtype)
        stays = t[unit].isna() | t[unit].isin([to])
        return t.assign(**{column: t[column].where(stays, t[column] * by), unit: units})

    return Function(convert_unit, column_names((column, unit)))


def also(
    transform: Transformation, change: Callable[[pd.DataFrame], pd.DataFrame], *, touches: Sequence[str]
) -> Transformation:
    """*transform*, and what follows of it: ``change(frame)`` sets the columns *touches*, which depend on those moved.

    Columns that the schema derives follow by themselves.
    """
    return Then(transform, function(change, touches=touches))


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
