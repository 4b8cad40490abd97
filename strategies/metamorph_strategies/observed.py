"""What is known of the observed rows as a whole; nothing where a schema was written by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from metamorph_strategies.columns import Codes, Column

FEW = 1_000
"""Codes among which repeats are looked for first."""
SOME = 10_000
"""Codes of which quantiles are taken, about, where there are more."""
AROUND = 64
"""Rows that a shuffle begins with and ends with, so that a run of it may go around the end and still be a view."""


def ranked(rows: pd.DataFrame, name: str, column: Column) -> tuple[Codes, Codes]:
    """The distinct codes of a column, sorted, and for each row how many of them are not beyond its own; missing, 0."""
    if not len(rows):
        return np.array([], dtype="int64"), np.array([], dtype="int64")
    codes, missing = column.encode(rows[name])
    ranks = np.zeros(len(codes), dtype="int64")
    present = codes[~missing]
    if pd.Series(present[:FEW]).is_unique:
        values, places = np.unique(present, return_inverse=True)
    else:  # hashing is faster than sorting where values repeat, and slower where they do not
        places, values = pd.factorize(present, sort=True)
    ranks[~missing] = places + 1
    return values, ranks


def shuffled(rows: pd.DataFrame | None) -> pd.DataFrame:
    """The rows in one fixed random order, the first :data:`AROUND` of them once more at the end."""
    if rows is None:
        return pd.DataFrame()
    order = np.random.default_rng(0).permutation(len(rows))
    return rows.take(np.append(order, order[:AROUND])).reset_index(drop=True)


def shuffled_ids(shuffled: pd.DataFrame, rows: pd.DataFrame | None, columns: Mapping[str, Column]) -> Codes:
    """:func:`row_ids` of the rows that were shuffled, those once more at the end included."""
    ids = row_ids(shuffled.head(0 if rows is None else len(rows)), columns)
    return np.append(ids, ids[:AROUND])


def row_ids(rows: pd.DataFrame, columns: Mapping[str, Column]) -> Codes:
    """A number for each row, from 0, the same for rows that are equal in these columns; missing equals missing."""
    if not len(rows):
        return np.array([], dtype="int64")
    cells = [column.encode(rows[name]) for name, column in columns.items()]
    if any(_all_differ(codes) for codes, _ in cells):  # as measurements do, and identifiers: nothing need be hashed
        return np.arange(len(rows))
    coded = [np.where(missing, 0, codes) + 0 for codes, missing in cells]  # adding 0 makes -0.0 the 0.0 that it equals
    absent = [missing for _, missing in cells if missing.any()]
    # the hash is of numbers alone: pandas cannot hash every text (lone surrogates have no bytes)
    table = pd.DataFrame(dict(enumerate([*coded, *absent])), copy=False)
    return pd.factorize(pd.util.hash_pandas_object(table, index=False))[0]


def _all_differ(codes: Codes) -> bool:
    return all(pd.Series(part, copy=False).is_unique for part in (codes[:FEW], codes))


def spread(codes: Codes) -> float:
    """The range of the middle half of present codes (of some, where there are many); never zero.

    Where it is, the mean distance from the median; where that is too, 1.
    """
    if not len(codes):
        return 1.0
    low, middle, high = np.quantile(codes[:: -(-len(codes) // SOME)], [0.25, 0.5, 0.75])
    return float(high - low) or float(np.mean(np.abs(codes - middle))) or 1.0
