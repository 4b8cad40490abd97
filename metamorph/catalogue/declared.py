"""Monotone constraints that a fitted model declares itself: scikit-learn's and the boosters'."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

BOOSTERS = ("xgboost", "lightgbm", "catboost")


def final_step(model: Any) -> Any:
    """The estimator at the end of a pipeline, or the model itself; what a search found best inside."""
    while True:
        steps = getattr(model, "steps", None)
        inner = steps[-1][1] if isinstance(steps, list) and steps else getattr(model, "best_estimator_", None)
        if inner is None:
            return model
        model = inner


def constraints(model: Any) -> dict[str, int]:
    """The columns that a model is constrained in, each with 1 (rising) or -1 (falling).

    Of a pipeline nothing is known unless its last step is all of it: another step may turn a column around.
    """
    names = getattr(model, "feature_names_in_", None)
    steps = getattr(model, "steps", None)
    if isinstance(steps, list) and len(steps) > 1:
        return {}
    estimator = final_step(model)
    names = getattr(estimator, "feature_names_in_", names)
    given = _given(estimator)
    if given is None:
        return {}
    if isinstance(given, Mapping):
        return {str(name): int(sign) for name, sign in given.items() if sign}
    signs = list(given)
    known = [str(name) for name in names] if names is not None else []
    return {name: int(sign) for name, sign in zip(known, signs, strict=False) if sign}


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


def _parsed(text: str) -> list[int] | None:
    """``(1,0,-1)``, as XGBoost writes it; None for anything else."""
    try:
        return [int(part) for part in text.strip("()[] ").split(",")]
    except ValueError:
        return None
