"""What a library makes of an ensemble's sums: the link between them and what the model answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Literal

import attrs
import numpy as np

from metamorph.whitebox.ensemble import Unreadable

_DOUBLE = float(np.finfo(np.float64).eps)
_SINGLE = float(np.finfo(np.float32).eps)
JUST_BELOW_ZERO = float(np.nextafter(0.0, -1.0))


@attrs.frozen
class Link:
    """How a model answers, given its sums.

    ``shares``: the sums are the probabilities themselves. ``sigmoid``: of ``factor`` times the one sum, for the second
    of two classes; that class is the label where the sum is above ``threshold``, undecided within ``slack`` of it.
    ``eps`` is the relative rounding of the numbers that the answer is computed in.
    """

    kind: Literal["identity", "sigmoid", "exp", "shares"]
    factor: float = 1.0
    threshold: float = 0.0
    slack: float = 0.0
    eps: float = _DOUBLE


def link_of(model: Any) -> Link:
    """The link of a model that can be read; Unreadable, with the reason, where its answer is no function of one sum."""
    package = type(model).__module__.partition(".")[0]
    if package not in _LIBRARIES:
        msg = f"{type(model).__name__} is of no library whose outputs are known"
        raise Unreadable(msg)
    return _LIBRARIES[package](model)


def _sklearn(model: Any) -> Link:
    name = type(model).__name__
    if not hasattr(model, "classes_"):
        loss = model.loss if name == "HistGradientBoostingRegressor" else None
        if loss in {"poisson", "gamma"}:
            return Link("exp")
        if loss is not None and not isinstance(loss, str):
            raise _unknown(name, f"loss={loss!r}")
        return Link("identity")
    boosted = name in {"GradientBoostingClassifier", "HistGradientBoostingClassifier", "AdaBoostClassifier"}
    if not boosted:
        return Link("shares")
    if len(model.classes_) > 2:  # noqa: PLR2004 - two classes share one sum
        raise _softmax(name, len(model.classes_))
    if name == "GradientBoostingClassifier":
        # the label is the second from zero on; the exponential loss has half the logit for its sum
        return Link("sigmoid", factor=2.0 if model.loss == "exponential" else 1.0, threshold=JUST_BELOW_ZERO)
    return Link("sigmoid")


_XGBOOST_IDENTITY = {
    "reg:squarederror",
    "reg:squaredlogerror",
    "reg:absoluteerror",
    "reg:quantileerror",
    "reg:pseudohubererror",
    "rank:pairwise",
    "rank:ndcg",
    "rank:map",
}


def _xgboost(model: Any) -> Link:
    name = type(model).__name__
    booster = model.get_booster() if hasattr(model, "get_booster") else model
    objective = json.loads(booster.save_config())["learner"]["objective"]["name"]
    if callable(getattr(model, "objective", None)):
        raise _unknown(name, "an objective of one's own")
    if objective.startswith("multi:"):
        raise _softmax(name, getattr(model, "n_classes_", None))
    if objective in {"binary:logistic", "reg:logistic"}:
        # the label is decided by a probability in float32: above one half, from about 1e-7 on
        return Link("sigmoid", slack=4 * _SINGLE, eps=_SINGLE)
    if objective in {"count:poisson", "reg:gamma", "reg:tweedie"}:
        return Link("exp", eps=_SINGLE)
    if objective not in _XGBOOST_IDENTITY or hasattr(model, "n_classes_"):
        raise _unknown(name, f"objective={objective!r}")
    return Link("identity", eps=_SINGLE)


_LIGHTGBM_IDENTITY = {
    "regression",
    "regression_l1",
    "huber",
    "fair",
    "quantile",
    "mape",
    "lambdarank",
    "rank_xendcg",
}


def _lightgbm(model: Any) -> Link:
    name = type(model).__name__
    booster = getattr(model, "booster_", model)
    if callable(getattr(model, "objective", None)):
        raise _unknown(name, "an objective of one's own")
    head = booster.model_to_string(num_iteration=1).split("\nTree=")[0].splitlines()
    said = [line.partition("=")[2] for line in head if line.startswith("objective=")]
    objective, *settings = said[0].split() if said else ["regression"]
    if objective in {"multiclass", "multiclassova"}:
        raise _softmax(name, getattr(model, "n_classes_", None))
    if objective in {"binary", "cross_entropy"}:
        factor = next((float(setting.partition(":")[2]) for setting in settings if setting.startswith("sigmoid:")), 1.0)
        return Link("sigmoid", factor=factor, slack=8 * _DOUBLE / factor)
    if objective in {"poisson", "gamma", "tweedie"} and not _is_squared(settings):
        return Link("exp")
    if objective not in _LIGHTGBM_IDENTITY or _is_squared(settings) or hasattr(model, "classes_"):
        raise _unknown(name, f"objective={' '.join([objective, *settings])!r}")
    return Link("identity")


def _is_squared(settings: list[str]) -> bool:
    """Whether an objective of LightGBM has a setting that changes its answer (``reg_sqrt``)."""
    return "sqrt" in settings


def _catboost(model: Any) -> Link:
    name = type(model).__name__
    if not hasattr(model, "predict_proba"):
        asked = getattr(model, "_get_default_prediction_type", lambda: "RawFormulaVal")()
        if asked == "Exponent":
            return Link("exp")
        if asked != "RawFormulaVal":
            raise _unknown(name, f"prediction_type={asked!r}")
        return Link("identity")
    if len(model.classes_) > 2:  # noqa: PLR2004 - two classes share one sum
        raise _softmax(name, len(model.classes_))
    if "binclass_probability_threshold" in model.get_metadata().keys():  # noqa: SIM118 - its metadata is no mapping
        msg = f"{name} has a probability threshold of its own"
        raise Unreadable(msg)
    loss = model.get_all_params().get("loss_function")
    if loss not in {"Logloss", "CrossEntropy"}:
        raise _unknown(name, f"loss_function={loss!r}")
    return Link("sigmoid", slack=8 * _DOUBLE)


_LIBRARIES: dict[str, Callable[[Any], Link]] = {
    "sklearn": _sklearn,
    "xgboost": _xgboost,
    "lightgbm": _lightgbm,
    "catboost": _catboost,
}


def _softmax(name: str, classes: int | None) -> Unreadable:
    several = "several" if classes is None else str(classes)
    return Unreadable(f"{name} has {several} classes, whose probabilities are no function of one sum")


def _unknown(name: str, what: str) -> Unreadable:
    return Unreadable(f"{name} with {what} makes something else of its sums than is known here")
