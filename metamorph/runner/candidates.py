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
FINE = 4
"""One of so many values of a line lies near a row's own."""
ORDERS = 4.0
"""Orders of magnitude, below the width of a column, of distances that are near."""


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
    if given is None and is_listed(column):
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


def line(column: Column, cells: Cells, at: Cells, count: int, rng: np.random.Generator) -> Cells:
    """Values for each of several rows that stand at the cells *at*, both of shape ``(rows, count)`` or narrower.

    All candidates where they are few, else the ends, those next to a row's own, and others at random. Of a column that
    is not listed some are values at any small distance from the row's own: between candidates lie thresholds as well.
    """
    codes, missing = cells
    rows, size = len(at[0]), len(codes)
    fine = 0 if is_listed(column) else count // FINE
    if size <= count - fine:
        places = np.tile(np.arange(size), (rows, 1))
    else:
        own = np.searchsorted(codes[~missing], at[0])
        beside = own[:, None] + np.array([-1, 0])
        ends = np.tile([0, size - 1], (rows, 1))
        spread = _spread(rows, size, count - fine - beside.shape[1] - ends.shape[1], rng)
        places = np.clip(np.concatenate([ends, beside, spread], axis=1), 0, size - 1)
    near, absent = _near(column, at, fine, rng)
    return np.concatenate([codes[places], near], axis=1), np.concatenate([missing[places], absent], axis=1)


def is_listed(column: Column) -> bool:
    """Whether all values of a column are candidates."""
    return column.quanta in {(), (1,)} and column.highest - column.lowest < LISTED


def _near(column: Column, at: Cells, count: int, rng: np.random.Generator) -> Cells:
    """Values near each row's own, at distances of many orders of magnitude; shape ``(rows, count)``."""
    own, absent = (np.repeat(side[:, None], count, axis=1) for side in at)
    if not count:
        return own, absent
    width = column.highest - column.lowest
    steps = width * 10.0 ** -rng.uniform(0, ORDERS, own.shape) * rng.choice([-1.0, 1.0], own.shape)
    moved = own + steps
    if column.least_step:
        steps = np.where(np.abs(steps) < column.least_step, np.sign(steps) * column.least_step, steps)
        moved = column.round(own + steps, column.least_step)
    codes = np.where(absent, own, np.clip(moved, column.lowest, column.highest)).astype(own.dtype)
    held, gone = column.encode(column.decode(codes.ravel(), absent.ravel()))
    return held.reshape(own.shape), gone.reshape(own.shape)


def _spread(rows: int, size: int, count: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Places among *size*, one at random in each of *count* stretches, the same stretches for each row."""
    edges = np.linspace(0, size, count + 1)
    return np.floor(edges[:-1] + rng.random((rows, count)) * np.diff(edges)).astype(np.int64)
