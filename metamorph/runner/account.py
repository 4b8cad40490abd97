"""Holding a user's own transformation to account: it changes what it says, and works on each row alone."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from metamorph.case import Cases, Mask, rows_at
from metamorph.result import Evidence
from metamorph.runner.broken import Broken, guarded
from metamorph.transforms import Transformation
from metamorph_strategies.columns import Column, unequal

if TYPE_CHECKING:
    from metamorph_strategies.schema import Schema


def held_to_touches(
    cases: Cases, applied: pd.DataFrame, touches: tuple[str, ...], schema: Schema
) -> tuple[pd.DataFrame, Mask]:
    """A user's follow-ups in the schema's dtypes, and where they are within its bounds and levels.

    An entry outside is the source's again, so that it costs no other row its dtype: its case is not applicable anyway.
    Broken where the follow-ups change a column that they do not touch.
    """
    tidy, inside = applied.copy(deep=False), np.ones(len(cases), dtype=bool)
    for name, column in schema.columns.items():
        before, after = cases.source[name], applied[name]
        what = f"Column {name!r} of the follow-up"
        if name in touches:
            tidy[name], within = guarded(partial(_in_dtype, column, before, after), "relation", what)
            inside &= within
        elif not after.equals(before) and guarded(partial(changed, column, before, after), "relation", what).any():
            message = f"The transformation changed column {name!r}, which is not in touches={list(touches)!r}."
            raise Broken(Evidence("relation", message))
    return tidy, inside


def check_position(
    transform: Transformation, cases: Cases, applied: pd.DataFrame, touches: tuple[str, ...], schema: Schema
) -> None:
    """Broken where the follow-ups of half the source rows, shuffled, are others than among all of them."""
    order = np.random.default_rng(0).permutation(len(cases))[: max(1, len(cases) // 2)]
    shuffled = guarded(lambda: transform.apply(cases.take(order), schema), "relation", "The transformation")
    expected = rows_at(applied, order)
    for name in touches:
        moved = partial(changed, schema.columns[name], expected[name], shuffled[name])
        if guarded(moved, "relation", f"Column {name!r} of the follow-up").any():
            message = (
                f"The transformation depends on a row's position, on other rows or on chance: column {name!r} of the "
                "follow-ups changed when half of the source rows were shuffled. Make it a function of each row alone."
            )
            raise Broken(Evidence("relation", message))


def changed(column: Column, before: pd.Series[Any], after: pd.Series[Any]) -> Mask:
    """Whether each entry differs; missing equals missing."""
    return unequal(column.encode(before), column.encode(after))


def _in_dtype(column: Column, before: pd.Series[Any], after: pd.Series[Any]) -> tuple[pd.Series[Any], Mask]:
    """*after* in the column's dtype where that holds it exactly, with *before* put in where it leaves the column."""
    codes, missing = column.encode(after)
    inside = column.admits(codes, missing)
    if after.dtype == column.dtype and inside.all():
        return after, inside
    if not column.contains(after)[inside].all():  # finer than the resolution: the user's own business
        return after, inside
    own, absent = column.encode(before)
    return column.decode(np.where(inside, codes, own), np.where(inside, missing, absent)), inside
