"""Readers: a fitted model of a library becomes an ensemble, through the library's own numbers."""

from __future__ import annotations

import importlib
from typing import Any

from metamorph.whitebox.ensemble import Ensemble, Unreadable

__all__ = ["READ", "read"]

_READERS = {
    "sklearn": "metamorph.whitebox.readers.sklearn_trees",
    "xgboost": "metamorph.whitebox.readers.xgboost_trees",
    "lightgbm": "metamorph.whitebox.readers.lightgbm_trees",
    "catboost": "metamorph.whitebox.readers.catboost_trees",
}
"""By the package of a model's class: what it takes to read it is only imported where one of its models is met."""

READ = tuple(_READERS)
"""The libraries whose models are read."""


def read(estimator: Any) -> Ensemble:
    """The ensemble behind a fitted model of scikit-learn, XGBoost, LightGBM or CatBoost.

    Its features are the columns that the model was fitted on, in their order. Raises Unreadable, with the reason, for
    models that are no sums of trees, and for what is not read of those that are. A subclass of a library's class may
    predict in its own way, and is not read.
    """
    name, package = type(estimator).__name__, type(estimator).__module__.partition(".")[0]
    if package not in _READERS:
        msg = f"{name} is of no library whose trees can be read"
        raise Unreadable(msg)
    ensemble: Ensemble = importlib.import_module(_READERS[package]).read(estimator)
    return ensemble
