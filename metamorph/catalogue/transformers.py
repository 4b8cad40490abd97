"""Relations of what stands before a model: transformers, imputers, cleaning functions, explanations of it.

Each is judged by a residual a row, asked for beside the model: ``output(model, frame)`` says how far a law is missed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import numpy as np
import pandas as pd

from metamorph import expectations, transforms
from metamorph.expectations import Tolerance
from metamorph.relation import Relation
from metamorph.transforms.presentations import Handed, Presentation

Residuals = Callable[[Any, pd.DataFrame], Any]
ROUNDING = 1e-9
"""Relative rounding of a transformer, by the largest value of its column."""


def fit_then_transform(transformer: Any, *, tolerance: Tolerance = ROUNDING) -> Relation:
    """``fit_transform`` of rows gives what ``fit`` and ``transform`` of them give (L2); each on a clone."""

    def residual(_: Any, frame: pd.DataFrame) -> Any:
        from sklearn.base import clone  # noqa: PLC0415 - not before it is asked

        at_once = clone(transformer).fit_transform(frame)
        return _apart(at_once, clone(transformer).fit(frame).transform(frame))

    return _residual("fit then transform", residual, tolerance, too_few=True)


def inverts(transformer: Any, *, tolerance: Tolerance = ROUNDING) -> Relation:
    """``inverse_transform`` gives back what ``transform`` of a fitted transformer was given (L4)."""

    def residual(_: Any, frame: pd.DataFrame) -> Any:
        names = getattr(transformer, "feature_names_in_", None)
        rows = frame if names is None else frame[list(names)]
        return _apart(transformer.inverse_transform(transformer.transform(rows)), rows)

    return _residual("inverse", residual, tolerance)


def idempotent(clean: Callable[[pd.DataFrame], pd.DataFrame], *, tolerance: Tolerance = ROUNDING) -> Relation:
    """Cleaning what is clean changes nothing (L7): ``clean(clean(frame))`` is ``clean(frame)``."""

    def residual(_: Any, frame: pd.DataFrame) -> Any:
        once = clean(frame.copy())
        return _apart(clean(once.copy()), once)

    return _residual("idempotent", residual, tolerance)


def imputes_first(imputer: Any, *, tolerance: Tolerance = ROUNDING) -> Relation:
    """A row with a hole is answered as the row that a fitted imputer makes of it (L5); it is about such rows alone."""

    def columns(frame: pd.DataFrame) -> list[str]:
        return list(getattr(imputer, "feature_names_in_", frame.columns))

    def with_holes(rows: pd.DataFrame, _: np.random.Generator) -> list[Handed]:
        places = np.flatnonzero(rows[columns(rows)].isna().any(axis=1))
        return [Handed(rows.take(places).reset_index(drop=True), places)] if len(places) else []

    def residual(model: Any, frame: pd.DataFrame) -> Any:
        names, filled = columns(frame), frame.copy()
        filled[names] = np.asarray(imputer.transform(frame[names]))
        predict = getattr(model, "predict", model)
        return _apart(predict(filled), predict(frame))

    transform = attrs.evolve(transforms.again(), said="Asking again about rows with a hole", present=with_holes)
    return _residual("imputed first", residual, tolerance, transform=transform)


def attributed(attributions: Residuals, *, tolerance: Tolerance = ROUNDING) -> Relation:
    """A column that moves no prediction has no attribution (L12): ``attributions(model, frame)``, shape ``(n, k)``.

    A column counts as one that moves nothing where exchanging its values between the rows leaves every prediction; one
    that is the same on all rows says nothing.
    """

    def residual(model: Any, frame: pd.DataFrame) -> Any:
        predict, found = getattr(model, "predict", model), np.abs(np.asarray(attributions(model, frame)))
        before, off = np.asarray(predict(frame)), np.zeros(len(frame))
        for place, name in enumerate(frame.columns):
            turned = frame.assign(**{name: frame[name].take(np.roll(np.arange(len(frame)), 1)).array})
            if not turned[name].equals(frame[name]) and (np.asarray(predict(turned)) == before).all():
                off = np.maximum(off, found[:, place])
        return off

    return _residual("explained", residual, tolerance)


def _residual(
    name: str,
    residual: Residuals,
    tolerance: Tolerance,
    *,
    transform: Presentation | None = None,
    too_few: bool = False,
) -> Relation:
    """The relation that a residual is zero; *too_few*: of a few rows it may not be known."""
    expect, kinds = expectations.between(high=0.0, tolerance=tolerance), (Exception,) if too_few else ()
    return Relation(name, transform=transform or transforms.again(), expect=expect, raises_ok=kinds).on(residual)


def _apart(left: Any, right: Any) -> Any:
    """How far rows of two tables are apart, by the largest value of each column; 1 where texts or holes differ."""
    first, second = pd.DataFrame(_dense(left)), pd.DataFrame(_dense(right))
    apart = np.zeros(len(first))
    for one, other in zip(first.items(), second.items(), strict=True):
        apart = np.maximum(apart, _columns_apart(one[1].reset_index(drop=True), other[1].reset_index(drop=True)))
    return apart


def _columns_apart(left: pd.Series[Any], right: pd.Series[Any]) -> Any:
    if not (pd.api.types.is_numeric_dtype(left.dtype) and pd.api.types.is_numeric_dtype(right.dtype)):
        return ((left != right) & ~(left.isna() & right.isna())).to_numpy(dtype=float)
    first, second = (column.to_numpy(dtype="float64", na_value=np.nan) for column in (left, right))
    size = float(np.nanmax(np.abs(np.append(first, second)), initial=0.0)) or 1.0
    gaps = np.abs(first - second) / size
    return np.where(np.isnan(first) & np.isnan(second), 0.0, np.where(np.isnan(gaps), 1.0, gaps))


def _dense(table: Any) -> Any:
    return table.toarray() if hasattr(table, "toarray") else table
