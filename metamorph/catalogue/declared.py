"""What a fitted model declares of itself: its classes, its columns, its monotone constraints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

BOOSTERS = ("xgboost", "lightgbm", "catboost")
DEEPEST = 20
"""Models within models that are looked into: an object that has every attribute has no end."""

ROUNDED = 1e-9
"""What probabilities are off by rounding alone."""


def final_step(model: Any) -> Any:
    """The estimator at the end of a pipeline, or the model itself; what a search found best inside."""
    for _ in range(DEEPEST):
        steps = getattr(model, "steps", None)
        inner = steps[-1][1] if isinstance(steps, list) and steps else getattr(model, "best_estimator_", None)
        if inner is None:
            return model
        model = inner
    return model


def class_count(model: Any) -> int:
    """How many classes a model tells apart; 0 of a regressor, a function, and of a model of several targets."""
    classes = getattr(model, "classes_", None)
    if classes is None or any(np.ndim(one) for one in classes):
        return 0
    return len(classes)


def fitted_rows(model: Any, frame: pd.DataFrame) -> Any:
    """The rows as a model is given them by hand: the columns that it was fitted on, or an array."""
    names = getattr(model, "feature_names_in_", None)
    if names is not None:
        return frame[[str(name) for name in names]]
    return frame.to_numpy() if hasattr(model, "n_features_in_") else frame


def incoherence(model: Any, frame: pd.DataFrame) -> Any:
    """How far each row's probabilities are from adding up to 1, from [0, 1], and from naming the predicted label.

    Where nothing is amiss it is below 0 by the least probability, so that a search can see where one nears the edge.
    Of several labels a row, whose probabilities are one each, only how far they are from [0, 1].
    """
    rows = fitted_rows(model, frame)
    shares, labels = np.asarray(model.predict_proba(rows), dtype="float64"), np.asarray(model.predict(rows))
    outside = np.maximum(-shares.min(axis=1), shares.max(axis=1) - 1)
    if labels.ndim > 1 and labels.shape[1] > 1:
        return outside
    classes = np.asarray(model.classes_)
    apart = np.abs(shares.sum(axis=1) - 1)
    place = pd.Index(classes).get_indexer(pd.Index(labels))
    chosen = np.where(place < 0, -1.0, shares[np.arange(len(shares)), np.maximum(place, 0)])
    amiss = np.maximum(apart, shares.max(axis=1) - chosen)
    return np.where(amiss > ROUNDED, np.maximum(amiss, outside), outside)


def constraints(model: Any, columns: Sequence[str] = ()) -> dict[str, int]:
    """The columns that a model is constrained in, each with 1 (rising) or -1 (falling).

    *columns* are the schema's, by which a model fitted on an array counts. Of a pipeline nothing is known unless its
    last step is all of it, also where a search wraps it: another step may turn a column around.
    """
    names = None
    for _ in range(DEEPEST):
        steps = getattr(model, "steps", None)
        if isinstance(steps, list) and len(steps) > 1:
            return {}
        found = getattr(model, "feature_names_in_", None)
        names = names if found is None else [str(name) for name in found]
        inner = steps[-1][1] if isinstance(steps, list) and steps else getattr(model, "best_estimator_", None)
        if inner is None:
            break
        model = inner
    names = list(columns) if names is None and getattr(model, "n_features_in_", None) == len(columns) else names or []
    given = _given(model)
    if isinstance(given, Mapping):
        named = {_name(key, names): sign for key, sign in given.items()}
    else:
        named = dict(zip(names, given or [], strict=False))
    return {name: 1 if sign > 0 else -1 for name, sign in named.items() if sign}


def _name(key: Any, names: Sequence[str]) -> str:
    """A column by its name, or by its place, as CatBoost takes it."""
    return names[key] if isinstance(key, int) and 0 <= key < len(names) else str(key)


def _given(estimator: Any) -> Any:
    """``monotonic_cst`` or ``monotone_constraints`` as a mapping or a sequence of signs; None where there is none."""
    parameters: dict[str, Any] = getattr(estimator, "get_params", dict)()
    found = parameters.get("monotonic_cst")
    if found is None and type(estimator).__module__.partition(".")[0] in BOOSTERS:
        found = parameters.get("monotone_constraints")
    if isinstance(found, str):
        found = _parsed(found)
    if found is None or isinstance(found, Mapping):
        return found
    signs: list[Any] = np.ravel(np.asarray(found)).tolist()
    return [int(sign) for sign in signs]


def _parsed(text: str) -> dict[Any, int] | list[int] | None:
    """``(1,0,-1)``, as XGBoost writes it, or CatBoost's ``area:1,age:-1``; None for anything else."""
    entries = [entry.strip() for entry in text.strip("()[]{} ").split(",")]
    try:
        if ":" not in text:
            return [int(entry) for entry in entries]
        pairs = [entry.rpartition(":") for entry in entries]
        return {_place(name.strip(" \"'")): int(sign) for name, _, sign in pairs}
    except ValueError:
        return None


def _place(name: str) -> int | str:
    return int(name) if name.isdecimal() else name
