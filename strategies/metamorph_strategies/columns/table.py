"""Several columns as a table: frames made of them, and frames held to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from metamorph_strategies.errors import SchemaError, brief, expected, listed, shown

if TYPE_CHECKING:
    from metamorph_strategies.columns import Column


def sampled(columns: Mapping[str, Column], rng: np.random.Generator, n: int) -> pd.DataFrame:
    """*n* rows of explored values, every column drawn for itself."""
    return pd.DataFrame({name: column.sample(rng, n) for name, column in columns.items()})


def of_rows(columns: Mapping[str, Column], rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Rows given as dicts of plain Python values, as a frame; SchemaError for a value that its column cannot store."""
    return pd.DataFrame(
        {name: series_of(name, column, [row[name] for row in rows]) for name, column in columns.items()}
    )


def series_of(name: str, column: Column, values: Sequence[Any]) -> pd.Series[Any]:
    """Plain Python values as a Series of a column; SchemaError that names the column where it cannot store them."""
    try:
        return column.series(values)
    except (TypeError, ValueError, OverflowError):
        got = {"value": values[0]} if len(values) == 1 else {"values": list(values)}
        raise SchemaError(expected(f"a value of column {name!r}, {column!r},", **got)) from None


def check(columns: Mapping[str, Column], frame: pd.DataFrame) -> None:
    """Raise SchemaError that says which columns *frame* lacks, or which of its values are none of their column's."""
    absent = [name for name in columns if name not in frame.columns]
    if absent:
        msg = f"The frame lacks columns of the schema: {listed(absent)}."
        raise SchemaError(msg)
    for name, column in columns.items():
        values = frame[name].reset_index(drop=True)
        try:
            bad = ~column.contains(values)
        except (TypeError, ValueError, AttributeError) as error:
            msg = f"Column {name!r} of dtype {values.dtype} cannot be read as {column!r}:\n{brief(str(error))}"
            raise SchemaError(msg) from error
        if bad.any():
            count, first = int(bad.sum()), shown(column.plain(values.iloc[int(bad.argmax())]))
            msg = f"Column {name!r}: {count:,} of {len(frame):,} values are not in {column!r}; the first is {first}."
            raise SchemaError(msg)
