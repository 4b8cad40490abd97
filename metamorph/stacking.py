"""Source rows above their follow-ups in one table, with as few copies as numbers allow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from metamorph.case import rows_at, runs


def stacked(
    source: pd.DataFrame, follow_up: pd.DataFrame, changing: Sequence[str], places: npt.NDArray[np.int64]
) -> pd.DataFrame:
    """The rows at *places* of both tables, one above the other, as a new frame that shares nothing with them.

    ``changing`` are the columns they may differ in. Where every column is of one NumPy dtype, the rows are copied once
    into one block, and of the follow-ups those columns alone are gathered: scikit-learn takes the block as it is, where
    it would copy the several blocks of ``pd.concat`` once more.
    """
    dtype = _common_dtype(source, follow_up)
    if dtype is None:
        return pd.concat([rows_at(source, places), rows_at(follow_up, places)], ignore_index=True)
    n = len(places)
    block = np.empty((len(source.columns), 2 * n), dtype=dtype)  # as pandas stores it: a column's values in a row
    _gather(source.to_numpy().T, places, block[:, :n], block[:, n:])
    for name in changing:
        _gather(follow_up[name].to_numpy(), places, block[source.columns.get_loc(name), n:])
    return pd.DataFrame(block.T, columns=source.columns, copy=False)


def _gather(values: npt.NDArray[Any], places: npt.NDArray[np.int64], *outs: npt.NDArray[Any]) -> None:
    """Write ``values[..., places]`` into each of *outs*: a few long runs as such, in less than half the time."""
    stretches = runs(places)
    gathered = values[..., places] if stretches is None else None
    for out in outs:
        if stretches is None:
            out[...] = gathered
            continue
        begin = 0
        for run in stretches:
            end = begin + run.stop - run.start
            out[..., begin:end] = values[..., run]
            begin = end


def _common_dtype(source: pd.DataFrame, follow_up: pd.DataFrame) -> np.dtype[Any] | None:
    """The one NumPy number dtype of every column of two tables of the same shape; None where there are several."""
    dtypes = {*source.dtypes, *follow_up.dtypes}
    dtype = next(iter(dtypes), None)
    same = len(dtypes) == 1 and source.shape == follow_up.shape
    return dtype if same and isinstance(dtype, np.dtype) and dtype.kind in "iuf" else None
