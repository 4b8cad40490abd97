"""Columns and frames as plain JSON data, and back."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Mapping
from typing import Any

import attrs
import numpy as np
import pandas as pd

from metamorph_strategies.columns import Boolean, Category, Column, Integer, Real, Strategy, Timestamp, is_missing
from metamorph_strategies.errors import SchemaError, listed

_KINDS: dict[str, type[Column]] = {kind.__name__: kind for kind in (Real, Integer, Boolean, Category, Timestamp)}

_FUNCTIONS = ("strategy", "_known")
"""What JSON does not hold of a column given as a Hypothesis strategy."""


def column_to_plain(column: Column) -> dict[str, Any]:
    """A column as JSON data: its kind and its fields."""
    fields = attrs.asdict(column, recurse=False, filter=lambda field, _: field.name not in _FUNCTIONS)
    return {"kind": type(column).__name__} | {name: value_to_plain(value) for name, value in fields.items()}


def column_from_plain(data: Mapping[str, Any], function: Any = None) -> Column:
    """The column that :func:`column_to_plain` wrote; *function* is the strategy of one that was given as such."""
    fields = {name: value_from_plain(value) for name, value in data.items() if name != "kind"}
    if data["kind"] == Strategy.__name__:
        return Strategy(function, **fields)
    kind = _KINDS.get(data["kind"])
    if kind is None:
        msg = f"Expected a column kind among {listed(_KINDS)} but got kind={data['kind']!r}."
        raise SchemaError(msg)
    return kind(**fields)


def frame_to_plain(frame: pd.DataFrame, columns: Mapping[str, Column]) -> dict[str, list[Any]]:
    """A frame's columns as lists of codes, missing as null."""

    def codes_of(name: str) -> list[Any]:
        codes, missing = columns[name].encode(frame[name])
        return [None if absent else code for code, absent in zip(codes.tolist(), missing.tolist(), strict=True)]

    return {name: codes_of(name) for name in columns}


def frame_from_plain(data: Mapping[str, list[Any]], columns: Mapping[str, Column]) -> pd.DataFrame:
    """The frame that :func:`frame_to_plain` wrote, in the columns' dtypes."""

    def series_of(name: str) -> pd.Series[Any]:
        missing = np.array([code is None for code in data[name]])
        codes = np.array([0 if code is None else code for code in data[name]])
        return columns[name].decode(codes, missing)

    return pd.DataFrame({name: series_of(name) for name in columns})


def item(value: Any) -> Any:
    """A scalar as a plain Python value; missing is None."""
    if is_missing(value):
        return None
    return value.item() if isinstance(value, np.generic) else value


def value_to_plain(value: Any) -> Any:
    """Any value of a row or a column's field as strict JSON: what JSON lacks becomes an object with one telling key."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, list | tuple):
        return [value_to_plain(entry) for entry in value]
    if isinstance(value, float) and math.isfinite(value):
        return value
    write = next((form.write for form in _FORMS.values() if isinstance(value, form.types)), None)
    return value if write is None else write(value)


def value_from_plain(data: Any) -> Any:
    """The value that :func:`value_to_plain` wrote; lists come back as tuples."""
    if isinstance(data, list):
        return tuple(value_from_plain(entry) for entry in data)
    if not isinstance(data, dict):
        return data
    return next(form for key, form in _FORMS.items() if key in data).read(data)


def _moment_to_plain(moment: datetime.datetime) -> dict[str, Any]:
    return {"moment": pd.Timestamp(moment).isoformat(), "zone": str(moment.tzinfo) if moment.tzinfo else None}


def _moment_from_plain(data: Mapping[str, Any]) -> pd.Timestamp:
    moment = pd.Timestamp(data["moment"])
    return moment.tz_convert(data["zone"]) if data["zone"] else moment


def _interval_to_plain(interval: pd.Interval[Any]) -> dict[str, Any]:
    return {"interval": [value_to_plain(interval.left), value_to_plain(interval.right)], "closed": interval.closed}


def _interval_from_plain(data: Mapping[str, Any]) -> pd.Interval[Any]:
    left, right = value_from_plain(data["interval"])
    return pd.Interval(left, right, closed=data["closed"])


def _dtype_to_plain(dtype: Any) -> dict[str, Any]:
    if isinstance(dtype, pd.CategoricalDtype):
        categories = dtype.categories
        levels = [value_to_plain(level) for level in categories]
        return {
            "dtype": "category",
            "of": _dtype_to_plain(categories.dtype),
            "levels": levels,
            "ordered": bool(dtype.ordered),
        }
    if isinstance(dtype, pd.StringDtype):
        return {"dtype": "string", "storage": dtype.storage, "na": "NA" if dtype.na_value is pd.NA else "nan"}
    return {"dtype": str(dtype)}


def _dtype_from_plain(data: Mapping[str, Any]) -> Any:
    if data["dtype"] == "category":
        levels = pd.Index([value_from_plain(level) for level in data["levels"]], dtype=_dtype_from_plain(data["of"]))
        return pd.CategoricalDtype(levels, ordered=data["ordered"])
    if data["dtype"] == "string":
        return (
            pd.StringDtype(data["storage"]) if data["na"] == "NA" else pd.StringDtype(data["storage"], na_value=np.nan)
        )
    return pd.api.types.pandas_dtype(data["dtype"])


@attrs.frozen
class _Form:
    """How values of some types are written and read; the first key of what is written tells the form."""

    types: Any
    write: Callable[[Any], dict[str, Any]]
    read: Callable[[Mapping[str, Any]], Any]


_FORMS = {
    "float": _Form(float, lambda number: {"float": repr(number)}, lambda data: float(data["float"])),
    "moment": _Form(datetime.datetime, _moment_to_plain, _moment_from_plain),  # before date: a datetime is one
    "date": _Form(
        datetime.date,
        lambda date: {"date": date.isoformat()},
        lambda data: datetime.date.fromisoformat(data["date"]),
    ),
    "interval": _Form(pd.Interval, _interval_to_plain, _interval_from_plain),
    "dtype": _Form((np.dtype, pd.api.extensions.ExtensionDtype), _dtype_to_plain, _dtype_from_plain),
}
"""What JSON lacks."""
