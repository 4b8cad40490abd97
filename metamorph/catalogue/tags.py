"""Tags: what an estimator says of itself in scikit-learn's words.

They are read off the object, so that a model of another package, an older tag or none at all says nothing.
"""

from __future__ import annotations

import warnings
from typing import Any, TypeVar

from metamorph.catalogue.declared import final_step

Said = TypeVar("Said", bool, str)
FILLS = "sklearn.impute"
"""Whose transformers leave no value missing."""


def takes_missing(model: Any) -> bool:
    """Whether a model says that it takes missing values; of a pipeline every step does, up to one that fills them."""
    steps = getattr(model, "steps", None)
    if not isinstance(steps, list) or not steps:
        return _tag(model, "input_tags.allow_nan", default=False)
    for _, step in steps:
        if step is None or isinstance(step, str):
            continue
        if not takes_missing(step):
            return False
        if type(step).__module__.startswith(FILLS):
            return True
    return True


def answers_anew(model: Any) -> bool:
    """Whether a model, or what is last in it, says that it is not deterministic."""
    return any(_tag(one, "non_deterministic", default=False) for one in (model, final_step(model)))


def tells_two_classes(model: Any) -> bool:
    """Whether a classifier says that it tells two classes apart and no more."""
    return not all(_tag(one, "classifier_tags.multi_class", default=True) for one in (model, final_step(model)))


def wants_positive_targets(model: Any) -> bool:
    """Whether an estimator says that it learns from positive targets only."""
    return any(_tag(one, "target_tags.positive_only", default=False) for one in (model, final_step(model)))


def kind_of(model: Any) -> str:
    """``classifier``, ``regressor``, ``clusterer``, ..., ``transformer``; empty where a model does not say."""
    return _tag(model, "estimator_type", default="") or ("transformer" if hasattr(model, "transform") else "")


def _tag(model: Any, path: str, *, default: Said) -> Said:
    """What a model says under a path such as ``input_tags.allow_nan``; the default where it says none such."""
    said = _tags(model)
    for name in path.split("."):
        said = getattr(said, name, None)
    return said if isinstance(said, type(default)) else default


def _tags(model: Any) -> Any:
    """The tags of an estimator; None of what has none, or cannot tell."""
    tell = getattr(type(model), "__sklearn_tags__", None)
    if tell is None:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return tell(model)
    except Exception:  # noqa: BLE001 - tags are an offer: the model itself is judged, whatever they raise
        return None
