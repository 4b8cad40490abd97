"""Rows at the edges: every end of every cell of a grid with its neighbours, and models' sums added from cells."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
import pandas as pd

from metamorph.whitebox.cells import Axis, Grid
from metamorph.whitebox.ensemble import Places
from metamorph.whitebox.grid import build
from metamorph.whitebox.readers import read
from metamorph.whitebox.routes import route
from metamorph_strategies.columns import Codes, Column, Real
from metamorph_strategies.schema import Schema


def grid_of(model: Any, schema: Schema, output: int = 0) -> Grid:
    """The grid of one of a model's outputs."""
    way = route(model, schema)
    ensemble = read(way.estimator)
    return build(ensemble, np.eye(ensemble.outputs)[output], way, schema)


def edge_codes(axis: Axis, column: Column) -> Codes:
    """The ends of every cell, the floats and the steps beside them, the short decimals around: as far as allowed."""
    present = len(axis) - axis.missing
    ends = np.unique(np.concatenate([axis.lows[:present], axis.highs[:present]]))
    if axis.members is not None:
        return np.arange(int(column.highest) + 1)
    step = column.least_step
    near = [ends, ends - step, ends + step] if step else [ends]
    if isinstance(column, Real):
        stored = ends.astype(getattr(column.dtype, "numpy_dtype", column.dtype))
        near += [np.nextafter(stored, stored.dtype.type(side)).astype(float) for side in (-np.inf, np.inf)]
        near += [np.round(one, column.decimals) for one in near if column.decimals is not None]
    codes = np.concatenate(near)
    codes = codes[(codes >= column.lowest) & (codes <= column.highest)]
    stored = column.encode(column.decode(codes))[0]  # a float32 rounds
    return np.unique(stored[column.contains(column.decode(stored))])


def edge_rows(grid: Grid, schema: Schema, *, most: int = 2_000, seed: int = 0) -> pd.DataFrame:
    """Rows whose columns hold edge codes, shuffled against each other, and missing values where they may be."""
    rng = np.random.default_rng(seed)
    columns = {}
    for axis in grid.axes:
        column = schema.columns[axis.name]
        codes = edge_codes(axis, column)
        chosen = rng.permutation(np.resize(codes, most) if len(codes) < most else codes)[:most]
        columns[axis.name] = column.decode(chosen, rng.random(most) < 0.1 if column.nullable else None)
    return schema.complete(pd.DataFrame(columns))


def added_in(dtype: Any, grid: Grid, cells: Places) -> Codes:
    """The sums of a grid's leaves, one tree after another in a dtype of its own."""
    total = np.full(len(cells), grid.base, dtype=dtype)
    for tree in grid.trees:
        total += attrs.evolve(grid, trees=(tree,), base=0.0).values(cells).astype(dtype)
    return total
