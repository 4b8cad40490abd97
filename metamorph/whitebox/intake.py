"""Intakes: what a model of each library makes of the rows it is handed, before its trees compare any number."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from metamorph.whitebox.ensemble import Numbers, Unreadable
from metamorph.whitebox.steps import Wires, behind

Intake = Callable[[Any], Numbers]
LEVELS_KEPT = (3, 1)
"""The first XGBoost that keeps the categories it was fitted on."""


def intake(estimator: Any, wires: Wires) -> tuple[Intake, Wires]:
    """The function from handed rows to features in float64, shape ``(n, features)``, and where they come from.

    Categories that the model itself turns into numbers are the places of theirs, NaN where missing. Raises Unreadable
    for a model of another library.
    """
    package = type(estimator).__module__.partition(".")[0]
    if package == "sklearn":
        if getattr(estimator, "_preprocessor", None) is not None:  # histogram boosting with categories
            return _encoded(estimator, wires)
        return _checked, wires
    if package == "lightgbm":
        return _lightgbm(estimator), wires
    if package == "xgboost":
        return _xgboost(estimator), wires
    if package == "catboost":
        return _catboost, wires
    msg = f"{type(estimator).__name__} is of no library whose models can be read"
    raise Unreadable(msg)


def _checked(rows: Any) -> Numbers:
    """As scikit-learn's estimators take numbers; they round to float32 where theirs are."""
    from sklearn.utils import check_array  # noqa: PLC0415 - scikit-learn is loaded already, by the model itself

    taken = check_array(rows, dtype=np.float64, ensure_all_finite=False, accept_sparse=True)
    return _dense(taken)


def _dense(rows: Any) -> Numbers:
    return np.asarray(rows.toarray() if hasattr(rows, "toarray") else rows, dtype=np.float64)


def _encoded(estimator: Any, wires: Wires) -> tuple[Intake, Wires]:
    """Histogram boosting puts its categories first, encoded; here they are back in their own places."""
    inner, categorical = estimator._preprocessor, estimator.is_categorical_  # noqa: SLF001 - its trees are behind it
    back = np.argsort(np.concatenate([np.flatnonzero(categorical), np.flatnonzero(~categorical)]))
    encoder = inner.named_transformers_["encoder"]
    placed = tuple(
        behind("categorical_features", encoder, (wire,))[0] if is_category else wire
        for wire, is_category in zip(wires, categorical, strict=True)
    )
    return lambda rows: _dense(inner.transform(rows))[:, back], placed


def _lightgbm(estimator: Any) -> Intake:
    """Frames in the dtype that holds all columns, categories as the training's codes; arrays of whole numbers too."""
    booster = getattr(estimator, "booster_", estimator)
    kept = booster.pandas_categorical or []

    def taken(rows: Any) -> Numbers:
        if not isinstance(rows, pd.DataFrame):
            if rows.dtype == object and booster is not estimator:  # the wrapper has scikit-learn look at them first
                return _dense(rows.astype(np.float64))
            return _dense(rows if rows.dtype in {np.dtype("float32"), np.dtype("float64")} else rows.astype(np.float32))
        categorical = [name for name in rows if isinstance(rows[name].dtype, pd.CategoricalDtype)]
        if len(categorical) != len(kept):
            msg = f"LightGBM was fitted on {len(kept)} columns of dtype category and is given {len(categorical)}"
            raise Unreadable(msg)
        codes: dict[str, pd.Series[Any]] = {
            str(name): _codes(rows[name].cat.set_categories(levels))
            for name, levels in zip(categorical, kept, strict=True)
        }
        types = [np.dtype(np.float64) if name in codes else _numpy(rows[name].dtype) for name in rows]
        numbers = rows.assign(**codes).to_numpy(dtype=np.result_type(*types, np.float32), na_value=np.nan)
        return _dense(numbers)

    return taken


def _xgboost(estimator: Any) -> Intake:
    """Frames with categories as the places of the training's; what a sparse matrix leaves out is missing."""

    def taken(rows: Any) -> Numbers:
        if hasattr(rows, "tocoo"):
            entries, numbers = rows.tocoo(), np.full(rows.shape, np.nan)
            numbers[entries.row, entries.col] = entries.data
            return numbers
        if not isinstance(rows, pd.DataFrame):
            return _dense(rows)
        categorical = [place for place, name in enumerate(rows) if isinstance(rows[name].dtype, pd.CategoricalDtype)]
        levels = _kept_levels(estimator) if categorical else {}
        columns = [rows[name] for name in rows]
        for place in categorical:
            columns[place] = _placed(columns[place], levels.get(place) if levels is not None else None)
        return np.column_stack([column.to_numpy(dtype=np.float64, na_value=np.nan) for column in columns])

    return taken


def _kept_levels(estimator: Any) -> Any:
    """The categories that a model of XGBoost keeps, by feature; None for one that takes a frame's own codes."""
    from metamorph.whitebox.readers import read  # noqa: PLC0415 - parses the model, which categories alone need

    version = importlib.import_module("xgboost").__version__
    if tuple(int(part) for part in version.split(".")[:2]) < LEVELS_KEPT:
        return None
    return read(estimator).levels


def _placed(column: pd.Series[Any], levels: Any) -> pd.Series[Any]:
    """The places of a column's categories."""
    if levels is None:
        return _codes(column)
    categories = list(column.cat.categories)
    places = pd.Index(np.array([*levels, None], dtype=object)[:-1]).get_indexer(pd.Index(categories, dtype=object))
    if (places < 0).any():
        msg = f"XGBoost refuses a category that it was not fitted on: {column.name}={categories[places.argmin()]!r}"
        raise Unreadable(msg)
    codes = column.cat.codes.to_numpy()
    return pd.Series(np.where(codes < 0, np.nan, places[codes]), index=column.index)


def _codes(column: pd.Series[Any]) -> pd.Series[Any]:
    codes = column.cat.codes
    return codes.astype("float64").where(codes >= 0)


def _numpy(dtype: Any) -> Any:
    """The NumPy dtype behind a dtype of pandas."""
    return np.dtype(getattr(dtype, "numpy_dtype", None) or dtype.type)


def _catboost(rows: Any) -> Numbers:
    """Every column in float32; categories of CatBoost's own are never read."""
    if not isinstance(rows, pd.DataFrame):
        return _dense(rows)
    columns = [rows[name] for name in rows]
    if any(column.dtype.kind not in "fiub" for column in columns):
        msg = "CatBoost's own categories are not read"
        raise Unreadable(msg)
    return np.column_stack([column.to_numpy(dtype=np.float64, na_value=np.nan) for column in columns])
