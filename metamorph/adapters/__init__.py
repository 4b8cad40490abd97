"""One file per kind of model: how it is called, on which columns, and what its outputs are."""

from __future__ import annotations

from typing import Any

from metamorph.adapters.callables import CallableModel
from metamorph.adapters.estimators import Estimator
from metamorph.adapters.reading import Reading
from metamorph.errors import ModelError

Adapter = Estimator | CallableModel

__all__ = ["Adapter", "Reading", "adapt"]


def adapt(model: Any) -> Adapter:
    """The adapter for *model*: anything with ``predict``, else anything callable on a frame.

    Raises ModelError for what is neither.
    """
    if isinstance(model, type):
        msg = f"Expected a fitted model but got the class {model.__name__}; make an instance and fit it."
        raise ModelError(msg)
    if hasattr(model, "predict"):
        return Estimator(model)
    if callable(model):
        return CallableModel(model)
    msg = f"Expected a model with .predict or a function of a frame but got {type(model).__name__}."
    raise ModelError(msg)
