"""Candidate values: for each column, the cells at which search looks first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from metamorph_strategies.columns import Cells, Codes, Column
    from metamorph_strategies.schema import Schema

QUANTILES = 17
"""Observed values that stand for a column, evenly from the least to the largest."""
LISTED = 64
"""Values of a column up to this many are all candidates."""
ENDS = 4
"""A line has one of so many of its values from each of: the nearest below, the nearest above, anywhere."""


def candidate_cells(schema: Schema, given: Mapping[str, Codes], beside: Mapping[str, Codes]) -> dict[str, Cells]:
    """The candidates of each column, sorted, the missing one last where it may be missing.

    They are the codes *given* for a column, as long as there are such; else quantiles of what was observed, the edges,
    the reference value and the codes *beside*. All are values that the column's dtype holds.
    """
    found = {}
    for name, column in schema.columns.items():
        codes = _codes(schema, name, column, given.get(name), beside.get(name))
        missing = np.zeros(len(codes), dtype=bool)
        if column.nullable:
            codes, missing = np.append(codes, codes[:1]), np.append(missing, True)
        found[name] = codes, missing
    return found


def _codes(schema: Schema, name: str, column: Column, given: Codes | None, beside: Codes | None) -> Codes:
    low, high = column.lowest, column.highest
    if given is None and column.quanta in {(), (1,)} and high - low < LISTED:
        return np.arange(int(low), int(high) + 1)
    edges, absent = column.encode(column.boundary())
    parts = [edges[~absent]]
    if given is not None:
        parts.append(np.asarray(given))
    elif column.quanta:
        values = schema.values(name)
        if len(values):
            parts.append(values[np.unique(np.linspace(0, len(values) - 1, QUANTILES).astype(np.int64))])
        spread = low + (high - low) * np.linspace(0.0, 1.0, QUANTILES)  # where data are sparse, models are odd
        parts.append(column.round(spread, column.quanta[0]))
    if beside is not None and given is None:
        parts.append(beside)
    kind = edges.dtype
    codes = np.concatenate([part.astype(kind) for part in parts])
    codes = codes[(codes >= low) & (codes <= high)]
    held, absent = column.encode(column.decode(np.unique(codes)))
    return np.unique(held[~absent])


def line(cells: Cells, at: Cells, count: int, rng: np.random.Generator) -> Cells:
    """Candidates for each of several rows that stand at the cells *at*, both of shape ``(rows, count)``.

    Where there are more candidates than *count*, those next to a row's own are taken and others at random.
    """
    codes, missing = cells
    rows, size = len(at[0]), len(codes)
    if size <= count:
        return np.tile(codes, (rows, 1)), np.tile(missing, (rows, 1))
    near = max(1, count // ENDS)
    own = np.searchsorted(codes[~missing], at[0])
    places = np.concatenate([own[:, None] + np.arange(-near, near), _spread(rows, size, count - 2 * near, rng)], axis=1)
    places = np.clip(places, 0, size - 1)
    return codes[places], missing[places]


def _spread(rows: int, size: int, count: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Places among *size*, one at random in each of *count* stretches, the same stretches for each row."""
    edges = np.linspace(0, size, count + 1)
    return np.floor(edges[:-1] + rng.random((rows, count)) * np.diff(edges)).astype(np.int64)
