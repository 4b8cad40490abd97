"""Reading columns off data: what kind each one is, and whether one of them gives the target away."""

from __future__ import annotations

import datetime
import decimal
import warnings
from typing import Any

import numpy as np
import pandas as pd

from metamorph_strategies.columns import (
    WHOLE,
    Boolean,
    Category,
    Column,
    Integer,
    Real,
    Timestamp,
    has_decimals,
    precision,
)
from metamorph_strategies.errors import LeakWarning, SchemaError, listed

MOST_DECIMALS = 6
"""More decimals than this are a real number's own digits, not a resolution."""
FINER_THAN_ROUNDING = 100
"""A resolution must be this many times coarser than the dtype's rounding, where every number would seem to have it."""
CERTAIN_RANK_CORRELATION = 0.999
SUSPECT_RANK_CORRELATION = 0.95
FEW = 1_000
"""Rows, about, that are looked at first, to see whether it is worth looking at all of them."""
FEWEST_ROWS_TO_SUSPECT = 10

CONVERT = "Convert it to a number, a category, text or a datetime."
_REMEDIES: tuple[tuple[Any, str], ...] = (
    (datetime.date, "Make them datetimes: pd.to_datetime(...)"),
    (int, "They are beyond 64 bits; convert the column to float64 or to text."),
    (decimal.Decimal, "Make them numbers: column.astype('float64')"),
    (bytes, "Decode them to text: column.str.decode('utf-8')"),
    ((list, tuple, set, frozenset, dict, np.ndarray), "Give each of their entries a column of its own."),
    ((float, np.number), "Let pandas see what they are: frame.infer_objects()"),
)
"""What to do about an object column, by the type of its values."""


def check_frame(frame: object) -> pd.DataFrame:
    """*frame* with a plain row index, or a SchemaError that says why no schema can be read off it."""
    frame = check_table(frame)
    if not len(frame.columns) or not len(frame):
        shape = f"{len(frame)} rows and {len(frame.columns)} columns"
        msg = f"Expected rows to read a schema off but got a frame of {shape}."
        raise SchemaError(msg)
    return frame.reset_index(drop=True)


def check_table(frame: object) -> pd.DataFrame:
    """*frame* itself, or a SchemaError where it is no DataFrame whose columns have distinct text names."""
    if not isinstance(frame, pd.DataFrame):
        hint = " Call .to_pandas() on it." if hasattr(frame, "to_pandas") else ""
        msg = f"Expected a pandas DataFrame but got {type(frame).__module__}.{type(frame).__name__}.{hint}"
        raise SchemaError(msg)
    if isinstance(frame.columns, pd.MultiIndex):
        msg = "Expected one level of column names but got a MultiIndex; flatten it first."
        raise SchemaError(msg)
    odd = [name for name in frame.columns if not isinstance(name, str)]
    if odd:
        remedy = "Rename them: frame.columns = frame.columns.astype(str)"
        msg = f"Expected text as column names but got {listed(odd)}.\n{remedy}"
        raise SchemaError(msg)
    twice = list(dict.fromkeys(frame.columns[frame.columns.duplicated()]))
    if twice:
        msg = f"Expected distinct column names but these stand more than once: {listed(twice)}."
        raise SchemaError(msg)
    return frame


def read_column(values: pd.Series[Any]) -> Column:
    """The column kind of *values*, with its bounds or levels, missingness, resolution and dtype."""
    present = values.dropna()
    if not len(present):
        msg = f"Column {values.name!r} has no values (all {len(values)} rows are missing).\nDrop it first."
        raise SchemaError(msg)
    try:
        return _read(values, present, {"nullable": len(present) < len(values), "dtype": values.dtype})
    except UnicodeEncodeError as error:
        msg = f"Column {values.name!r} holds text that pandas cannot encode (a lone surrogate): {error.reason}."
        raise SchemaError(msg) from error
    except SchemaError as error:
        msg = f"Column {values.name!r} of dtype {values.dtype} cannot be read as a feature.\n{error}"
        raise SchemaError(msg) from None


def _read(values: pd.Series[Any], present: pd.Series[Any], common: dict[str, Any]) -> Column:
    dtype = values.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        hash(dtype)  # frames of a dtype that pandas cannot hash cannot be compared or joined later
        codes = np.unique(values.cat.codes.to_numpy())
        levels = values.cat.categories[codes[codes >= 0]].tolist()
        return Category(levels, ordered=bool(values.cat.ordered), **common)
    if pd.api.types.is_bool_dtype(dtype):
        return Boolean(**common)
    if isinstance(dtype, pd.SparseDtype):
        msg = "Make it dense: frame.sparse.to_dense()"
        raise SchemaError(msg)
    if pd.api.types.is_integer_dtype(dtype):
        if int(present.max()) > WHOLE[1]:
            msg = "It has values of 2**63 and more; convert it to float64 or to text."
            raise SchemaError(msg)
        return Integer(int(present.min()), int(present.max()), **common)
    if pd.api.types.is_float_dtype(dtype):
        return _read_float(present.to_numpy(dtype="float64"), common)
    if pd.api.types.is_datetime64_any_dtype(dtype):
        return _read_moments(present, common)
    if pd.api.types.is_object_dtype(dtype) or pd.api.types.is_string_dtype(dtype):
        return _read_objects(values, present, common)
    raise SchemaError(CONVERT)


def _read_float(numbers: np.ndarray[Any, Any], common: dict[str, Any]) -> Real | Integer:
    if not np.isfinite(numbers).all():
        msg = "It has infinite values; replace or drop them before reading the schema."
        raise SchemaError(msg)
    low, high = float(numbers.min()), float(numbers.max())
    scale = max(abs(low), abs(high))
    if scale < 2.0**53 and (numbers == np.floor(numbers)).all():
        return Integer(int(low), int(high), **common)
    return Real(low, high, decimals=_decimals(numbers, scale, common["dtype"]), **common)


def _decimals(numbers: np.ndarray[Any, Any], scale: float, dtype: Any) -> int | None:
    """The fewest decimals that every number has; None where they are a real number's own digits."""
    rounding = FINER_THAN_ROUNDING * precision(dtype) * scale
    for places in range(1, MOST_DECIMALS + 1):
        told_apart = 10.0**-places > rounding
        if told_apart and all(has_decimals(part, places, scale, dtype).all() for part in (numbers[:FEW], numbers)):
            return places
    return None


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
        msg = f"It mixes values of the types {names}; convert it to one of them."
        raise SchemaError(msg)
    (kind,) = kinds
    remedy = next((remedy for kinds, remedy in _REMEDIES if issubclass(kind, kinds)), CONVERT)
    if issubclass(kind, int) and present.between(*WHOLE).all():
        remedy = "Let pandas see what they are: frame.infer_objects()"
    msg = f"Its values are {kind.__name__} objects. {remedy}"
    raise SchemaError(msg)


def warn_of_giveaways(frame: pd.DataFrame, target: str) -> None:
    """One warning line that names every column which determines the target."""
    found = giveaways(frame, target)
    if found:
        which = ", ".join(f"{name!r} ({how})" for name, how in found.items())
        warnings.warn(
            f"Columns that determine the target {target!r}: {which}; should a model see them?",
            LeakWarning,
            stacklevel=3,
        )


def giveaways(frame: pd.DataFrame, target: str) -> dict[str, str]:
    """Columns that determine the target, with how: ``{"lprice": "rank correlation 1.000"}``.

    A column does when its absolute rank correlation with the target is above 0.999, or when its values and the target's
    map one to one (each standing for two rows or more on average: two columns without repeats always map).
    """
    if len(frame) < FEWEST_ROWS_TO_SUSPECT:
        return {}
    few = frame.iloc[:: -(-len(frame) // FEW)]  # what does not hold of these does not hold of all
    repeated = 1 < frame[target].nunique(dropna=False) <= len(frame) / 2
    suspects = [
        name
        for name in frame.columns.drop(target)
        if _may_correlate(few[name], few[target]) or (repeated and _one_to_one(few[name], few[target]))
    ]
    found = {}
    for name in suspects:
        correlation = _rank_correlation(frame[name], frame[target])
        if correlation is not None and abs(correlation) > CERTAIN_RANK_CORRELATION:
            found[name] = f"rank correlation {correlation:.3f}"
        elif repeated and _one_to_one(frame[name], frame[target]):
            found[name] = "its values map one to one"
    return found


def _may_correlate(values: pd.Series[Any], answers: pd.Series[Any]) -> bool:
    correlation = _rank_correlation(values, answers)
    return correlation is None or abs(correlation) > SUSPECT_RANK_CORRELATION


def _rank_correlation(values: pd.Series[Any], answers: pd.Series[Any]) -> float | None:
    """Spearman's rank correlation over rows where both are present; None where there is too little to rank."""
    ranks, others = _ranks(values), _ranks(answers)
    both = np.isfinite(ranks) & np.isfinite(others)
    if both.sum() < FEWEST_ROWS_TO_SUSPECT or not np.ptp(ranks[both]) or not np.ptp(others[both]):
        return None
    return float(np.corrcoef(ranks[both], others[both])[0, 1])


def _one_to_one(values: pd.Series[Any], answers: pd.Series[Any]) -> bool:
    codes, levels = pd.factorize(values, use_na_sentinel=False)
    other_codes, other_levels = pd.factorize(answers, use_na_sentinel=False)
    return len(levels) == len(other_levels) == len(np.unique(codes * len(other_levels) + other_codes))


def _ranks(values: pd.Series[Any]) -> np.ndarray[Any, Any]:
    """Ranks as floats, ties averaged, NaN where missing or without order."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.cat.codes.where(values.notna()) if values.cat.ordered else values.astype(object)
    if not (pd.api.types.is_numeric_dtype(values.dtype) or pd.api.types.is_datetime64_any_dtype(values.dtype)):
        return np.full(len(values), np.nan)
    return values.rank().to_numpy(dtype="float64", na_value=np.nan)
