"""Reading columns off data: what kind each one is, and whether one of them gives the target away."""

from __future__ import annotations

import datetime
import warnings
from typing import Any

import numpy as np
import pandas as pd

from metamorph_strategies.columns import Boolean, Category, Column, Integer, Real, Timestamp, has_decimals
from metamorph_strategies.errors import LeakWarning, SchemaError, listed

MOST_DECIMALS = 6
"""More decimals than this are a real number's own digits, not a resolution."""
CERTAIN_RANK_CORRELATION = 0.999
FEWEST_ROWS_TO_SUSPECT = 10


def check_frame(frame: object) -> pd.DataFrame:
    """*frame* with a plain row index, or a SchemaError that says why it cannot be read."""
    if not isinstance(frame, pd.DataFrame):
        hint = " Call .to_pandas() on it." if hasattr(frame, "to_pandas") else ""
        msg = f"Expected a pandas DataFrame but got {type(frame).__module__}.{type(frame).__name__}.{hint}"
        raise SchemaError(msg)
    if isinstance(frame.columns, pd.MultiIndex):
        msg = "Expected one level of column names but got a MultiIndex; flatten it first."
        raise SchemaError(msg)
    odd = [name for name in frame.columns if not isinstance(name, str)]
    if odd:
        msg = f"Expected text as column names but got {listed(odd)}.\nRename them: frame.columns = frame.columns.astype(str)"
        raise SchemaError(msg)
    twice = list(dict.fromkeys(frame.columns[frame.columns.duplicated()]))
    if twice:
        msg = f"Expected distinct column names but these stand more than once: {listed(twice)}."
        raise SchemaError(msg)
    if not len(frame.columns) or not len(frame):
        msg = (
            f"Expected rows to read a schema off but got a frame of {len(frame)} rows and {len(frame.columns)} columns."
        )
        raise SchemaError(msg)
    return frame.reset_index(drop=True)


def read_column(values: pd.Series[Any]) -> Column:
    """The column kind of *values*, with its bounds or levels, missingness, resolution and dtype."""
    present = values.dropna()
    if not len(present):
        msg = f"Column {values.name!r} has no values (all {len(values)} rows are missing); drop it before reading the schema."
        raise SchemaError(msg)
    common: dict[str, Any] = {"nullable": len(present) < len(values), "dtype": values.dtype}
    if isinstance(values.dtype, pd.CategoricalDtype):
        codes = np.unique(values.cat.codes.to_numpy())
        levels = values.cat.categories[codes[codes >= 0]].tolist()
        return Category(levels, ordered=bool(values.cat.ordered), **common)
    if pd.api.types.is_bool_dtype(values.dtype):
        return Boolean(**common)
    if isinstance(values.dtype, pd.SparseDtype):
        raise _unsupported(values, "Make it dense: frame.sparse.to_dense()")
    if pd.api.types.is_integer_dtype(values.dtype):
        if int(present.max()) >= 2**63:
            raise _unsupported(values, "Values of 2**63 and more are not supported; convert it to float64 or text.")
        return Integer(int(present.min()), int(present.max()), **common)
    if pd.api.types.is_float_dtype(values.dtype):
        return _read_float(values.name, present.to_numpy(dtype="float64"), common)
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return _read_moments(present, common)
    if pd.api.types.is_object_dtype(values.dtype) or pd.api.types.is_string_dtype(values.dtype):
        return _read_objects(values, present, common)
    raise _unsupported(values, "Convert it to a number, a category, text or a datetime.")


def _read_float(name: object, numbers: np.ndarray[Any, Any], common: dict[str, Any]) -> Real | Integer:
    if not np.isfinite(numbers).all():
        msg = f"Column {name!r} has infinite values; replace or drop them before reading the schema."
        raise SchemaError(msg)
    low, high = float(numbers.min()), float(numbers.max())
    if max(abs(low), abs(high)) < 2.0**53 and (numbers == np.floor(numbers)).all():
        return Integer(int(low), int(high), **common)
    decimals = (d for d in range(1, MOST_DECIMALS + 1) if has_decimals(numbers, d).all())
    return Real(low, high, decimals=next(decimals, None), **common)


def _read_moments(present: pd.Series[Any], common: dict[str, Any]) -> Timestamp:
    column = Timestamp(present.min(), present.max(), quantum=1, **common)
    codes, _ = column.encode(present)
    quantum = next(int(step) for step in column.quanta if (codes % int(step) == 0).all())
    return Timestamp(present.min(), present.max(), quantum=quantum, **common)


def _read_objects(values: pd.Series[Any], present: pd.Series[Any], common: dict[str, Any]) -> Boolean | Category:
    kinds = {type(value) for value in present.to_numpy(dtype=object)}
    if kinds <= {bool, np.bool_}:
        return Boolean(**common)
    if kinds == {str}:
        absent = values[values.isna()].to_numpy(dtype=object)
        missing_value = absent[0] if len(absent) and pd.api.types.is_object_dtype(values.dtype) else None
        return Category(sorted(present.unique()), missing_value=missing_value, **common)
    if len(kinds) > 1:
        names = listed(sorted(kind.__name__ for kind in kinds))
        raise _unsupported(values, f"It mixes values of the types {names}; convert it to one of them.")
    hint = "pd.to_datetime(...)" if issubclass(next(iter(kinds)), datetime.date) else "frame.infer_objects()"
    raise _unsupported(values, f"Its values are {next(iter(kinds)).__name__} objects; try {hint}.")


def _unsupported(values: pd.Series[Any], remedy: str) -> SchemaError:
    return SchemaError(f"Column {values.name!r} of dtype {values.dtype} cannot be read as a feature. {remedy}")


def warn_of_giveaways(frame: pd.DataFrame, target: str) -> None:
    """One warning line that names every column which determines the target."""
    found = giveaways(frame, target)
    if found:
        which = ", ".join(f"{name!r} ({how})" for name, how in found.items())
        warnings.warn(
            f"Columns that determine the target {target!r}: {which}; should a model see them?",
            LeakWarning,
            stacklevel=4,
        )


def giveaways(frame: pd.DataFrame, target: str) -> dict[str, str]:
    """Columns that determine the target, with how: ``{"lprice": "rank correlation 1.000"}``.

    A column does when its absolute rank correlation with the target is above 0.999, or when its values and the target's map
    one to one (each standing for two rows or more on average: two columns without repeats always map).
    """
    if len(frame) < FEWEST_ROWS_TO_SUSPECT:
        return {}
    answers, distinct = pd.factorize(frame[target], use_na_sentinel=False)
    repeated = 1 < len(distinct) <= len(frame) / 2
    ranks = _ranks(frame[target])
    found = {}
    for name in frame.columns.drop(target):
        column_ranks = _ranks(frame[name])
        both = np.isfinite(column_ranks) & np.isfinite(ranks)
        if both.sum() >= FEWEST_ROWS_TO_SUSPECT and np.ptp(column_ranks[both]) > 0 and np.ptp(ranks[both]) > 0:
            correlation = float(np.corrcoef(column_ranks[both], ranks[both])[0, 1])
            if abs(correlation) > CERTAIN_RANK_CORRELATION:
                found[name] = f"rank correlation {correlation:.3f}"
                continue
        if repeated:
            codes, values = pd.factorize(frame[name], use_na_sentinel=False)
            pairs = len(np.unique(codes * len(distinct) + answers))
            if len(values) == len(distinct) == pairs:
                found[name] = "its values map one to one"
    return found


def _ranks(values: pd.Series[Any]) -> np.ndarray[Any, Any]:
    """Ranks as floats, ties averaged, NaN where missing or without order."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.cat.codes.where(values.notna()) if values.cat.ordered else values.astype(object)
    if not (pd.api.types.is_numeric_dtype(values.dtype) or pd.api.types.is_datetime64_any_dtype(values.dtype)):
        return np.full(len(values), np.nan)
    return values.rank().to_numpy(dtype="float64", na_value=np.nan)
