"""Source rows above their follow-ups in one table, with as few copies as numbers allow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd


def stacked(source: pd.DataFrame, follow_up: pd.DataFrame, changing: Sequence[str]) -> pd.DataFrame:
    """Both tables, one above the other, as a new frame that shares nothing with them.

    ``changing`` are the columns they may differ in. Where every column is of one NumPy dtype, the rows are copied once
    into one block, and of the follow-ups those columns alone are gathered: scikit-learn takes the block as it is, where
    it would copy the several blocks of ``pd.concat`` once more.
    """
    dtype = _common_dtype(source, follow_up)
    if dtype is None:
        return pd.concat([source, follow_up], ignore_index=True)
    rows = np.empty((2 * len(source), len(source.columns)), dtype=dtype)
    rows[: len(source)] = source.to_numpy()
    rows[len(source) :] = rows[: len(source)]
    for name in changing:
        rows[len(source) :, source.columns.get_loc(name)] = follow_up[name].to_numpy()
    return pd.DataFrame(rows, columns=source.columns, copy=False)


def _common_dtype(source: pd.DataFrame, follow_up: pd.DataFrame) -> np.dtype[Any] | None:
    """The one NumPy number dtype of every column of two tables of the same shape; None where there are several."""
    dtypes = {*source.dtypes, *follow_up.dtypes}
    dtype = next(iter(dtypes), None)
    same = len(dtypes) == 1 and source.shape == follow_up.shape
    return dtype if same and isinstance(dtype, np.dtype) and dtype.kind in "iuf" else None
