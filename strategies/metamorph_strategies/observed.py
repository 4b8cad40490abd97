"""What is known of the observed rows as a whole; nothing where a schema was written by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from metamorph_strategies.columns import Codes, Column


def distinct(rows: pd.DataFrame | None, name: str, column: Column) -> Codes:
    """The distinct codes of a column, sorted."""
    if rows is None:
        return np.array([], dtype="int64")
    codes, missing = column.encode(rows[name])
    return np.unique(codes[~missing])


def ranks(rows: pd.DataFrame | None, name: str, column: Column, values: Codes) -> Codes:
    """For each row, how many of the column's distinct *values* are not beyond its own."""
    if rows is None:
        return np.array([], dtype="int64")
    return np.searchsorted(values, column.encode(rows[name])[0], side="right")


def shuffled(rows: pd.DataFrame | None) -> tuple[pd.DataFrame, Codes]:
    """The rows in one fixed random order, and the place that each had before."""
    if rows is None:
        return pd.DataFrame(), np.array([], dtype="int64")
    places = np.random.default_rng(0).permutation(len(rows))
    return rows.take(places).reset_index(drop=True), places


def row_ids(rows: pd.DataFrame | None, columns: Mapping[str, Column]) -> Codes:
    """A number for each row, from 0, the same for rows that are equal in these columns; missing equals missing."""
    if rows is None:
        return np.array([], dtype="int64")
    cells = [column.encode(rows[name]) for name, column in columns.items()]
    coded = [np.where(missing, 0, codes) + 0 for codes, missing in cells]  # adding 0 makes -0.0 the 0.0 that it equals
    absent = [missing for _, missing in cells if missing.any()]
    # the hash is of numbers alone: pandas cannot hash every text (lone surrogates have no bytes)
    table = pd.DataFrame(dict(enumerate([*coded, *absent])), copy=False)
    return pd.factorize(pd.util.hash_pandas_object(table, index=False))[0]
