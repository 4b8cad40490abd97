"""Points of a grid: rows as cells, and cells as codes of rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from metamorph.errors import SchemaError
from metamorph.whitebox.cells import Axis, Grid
from metamorph.whitebox.ensemble import Places
from metamorph.whitebox.lattice import lattice
from metamorph_strategies.columns import Cells, Codes, Column

if TYPE_CHECKING:
    import pandas as pd

    from metamorph_strategies.schema import Schema

Points = dict[str, Cells]
"""The cells of every column that is not derived, as codes and the mask of missing ones."""


def cells_of(grid: Grid, frame: pd.DataFrame, schema: Schema) -> Places:
    """Each row's cells, shape ``(n, axes)``; SchemaError for a value that the schema does not allow."""
    cells = np.empty((len(frame), len(grid.axes)), dtype=np.int64)
    for place, axis in enumerate(grid.axes):
        cells[:, place] = cells_of_codes(axis, *schema.columns[axis.name].encode(frame[axis.name]))
    return cells


def cells_of_codes(axis: Axis, codes: Codes, missing: Codes) -> Places:
    """The cell of each code of one column, shape ``(n,)``; SchemaError for a code that lies in none."""
    present = len(axis) - axis.missing
    if axis.members is None:
        found = np.searchsorted(axis.lows[:present], codes, side="right") - 1
        inside = (found >= 0) & (codes <= axis.highs[found])
    elif present == 1:  # a column of which nothing is told apart: other values of a strategy as well
        found, inside = np.zeros(len(codes), dtype=np.int64), np.ones(len(codes), dtype=bool)
    else:
        of_code = np.full(1 + max(max(cell) for cell in axis.members[:present]), -1)
        for cell, members in enumerate(axis.members[:present]):
            of_code[list(members)] = cell
        known = (codes >= 0) & (codes < len(of_code))
        found = np.where(known, of_code[np.where(known, codes, 0)], -1)
        inside = found >= 0
    outside = ~inside & ~missing if axis.missing else ~inside | missing
    if outside.any():
        code = None if missing[outside.argmax()] else codes[outside.argmax()]
        msg = f"Expected values that the schema allows but got {axis.name!r} with the code {code}."
        raise SchemaError(msg)
    return np.where(missing, present, found)


def points(grid: Grid, cells: Places, schema: Schema, reference: Mapping[str, Any] | None = None) -> Points:
    """One row for each row of *cells*, ``(n, axes)``: the *reference* row's own value where it lies within the cell.

    Else the admissible value of the cell nearest to it, a short decimal where it holds one. The reference row is the
    schema's where none is given.
    """
    plain = schema.reference if reference is None else reference
    made = {}
    for place, axis in enumerate(grid.axes):
        column = schema.columns[axis.name]
        code, absent = column.encode(column.series([plain[axis.name]]))
        chosen = cells[:, place]
        made[axis.name] = (
            _nearest(axis, column, code[0] if not absent[0] else axis.lows[0])[chosen],
            chosen == len(axis) - 1 if axis.missing else np.zeros(len(cells), dtype=bool),
        )
    return made


def _nearest(axis: Axis, column: Column, code: Any) -> Codes:
    """The code of each cell nearest to one code; of levels without order, the first."""
    if axis.members is not None:
        return np.array([code if code in cell else low for cell, low in zip(axis.members, axis.lows, strict=True)])
    lows, highs = lattice(column).plain(axis.lows, axis.highs)
    near = np.where(code < axis.lows, lows, np.where(code > axis.highs, highs, code))
    return near.astype(axis.lows.dtype)


def candidates(grid: Grid, schema: Schema, *, most: int | None = None) -> dict[str, Codes]:
    """The codes worth trying for each column: both ends of every cell, thinned evenly to *most*."""
    tried = {}
    for axis in grid.axes:
        present = slice(len(axis) - axis.missing)
        ends = axis.lows[present], axis.highs[present]
        if axis.members is None:
            ends = lattice(schema.columns[axis.name]).plain(*ends)
        codes = np.unique(np.concatenate(ends))
        if most is not None and len(codes) > most:
            codes = codes[np.unique(np.linspace(0, len(codes) - 1, most).round().astype(np.int64))]
        tried[axis.name] = codes
    return tried
