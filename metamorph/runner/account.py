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


def held_to_touches(cases: Cases, applied: pd.DataFrame, touches: tuple[str, ...], schema: Schema) -> pd.DataFrame:
    """A user's follow-ups in the schema's dtypes; Broken where they change a column that they do not touch."""
    tidy = applied.copy(deep=False)
    for name, column in schema.columns.items():
        before, after = cases.source[name], applied[name]
        what = f"Column {name!r} of the follow-up"
        if name in touches:
            tidy[name] = guarded(partial(_in_dtype, column, after), "relation", what)
        elif not after.equals(before) and guarded(partial(changed, column, before, after), "relation", what).any():
            message = f"The transformation changed column {name!r}, which is not in touches={list(touches)!r}."
            raise Broken(Evidence("relation", message))
    return tidy


def check_position(
    transform: Transformation, cases: Cases, applied: pd.DataFrame, touches: tuple[str, ...], schema: Schema
) -> None:
    """Broken where the follow-ups are others when the source rows are shuffled."""
    order = np.random.default_rng(0).permutation(len(cases))
    shuffled = guarded(lambda: transform.apply(cases.take(order), schema), "relation", "The transformation")
    expected = rows_at(applied, order)
    for name in touches:
        if changed(schema.columns[name], expected[name], shuffled[name]).any():
            message = (
                f"The transformation depends on a row's position, or on chance: column {name!r} of the follow-ups "
                "changed when the source rows were shuffled. Make it a function of each row alone."
            )
            raise Broken(Evidence("relation", message))


def changed(column: Column, before: pd.Series[Any], after: pd.Series[Any]) -> Mask:
    """Whether each entry differs; missing equals missing."""
    return unequal(column.encode(before), column.encode(after))


def _in_dtype(column: Column, values: pd.Series[Any]) -> pd.Series[Any]:
    """*values* in the column's dtype where it can hold them exactly; as they are where not."""
    if values.dtype == column.dtype:
        return values
    codes, missing = column.encode(values)
    return column.decode(codes, missing) if column.contains(values).all() else values
