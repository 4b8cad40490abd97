"""The only caller of ``fit``: clones an estimator, seeds it, fits it and reads what it says."""

from __future__ import annotations

import threading
import warnings
from typing import TYPE_CHECKING, Any, Literal

import attrs
import numpy as np
import numpy.typing as npt

from metamorph.errors import ModelError, told
from metamorph.host import stops

if TYPE_CHECKING:
    from metamorph.catalogue.training_data import TrainingData

Method = Literal["predict", "fit_predict", "score_samples", "fit_transform"]
"""What is read: of held-out rows, or, without supervision, of the training rows themselves."""
Outputs = npt.NDArray[Any]


@attrs.frozen(eq=False)
class Fit:
    """What one refit said: outputs (m,) or (m, k), scores behind labels, or the error it raised; what it warned of."""

    outputs: Outputs | None = None
    scores: Outputs | None = None
    error: str | None = None
    warned: tuple[str, ...] = ()


@attrs.frozen
class Trainer:
    """Refits clones of one estimator, which itself is never fitted; ``frames``: it is given frames, not arrays."""

    estimator: Any
    method: Method
    frames: bool

    def fit(self, data: TrainingData, seed: int) -> Fit:
        """A clone with every nested ``random_state`` at *seed*, fitted on copies of *data*; what it raises is told."""
        if threading.current_thread() is not threading.main_thread():  # warning filters belong to the whole process
            return self._fit(data, seed)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            fit = self._fit(data, seed)
        return attrs.evolve(fit, warned=tuple(sorted({warning.category.__name__ for warning in caught})))

    def _fit(self, data: TrainingData, seed: int) -> Fit:
        try:
            model = seeded(self.estimator, seed)
            outputs = self._said(model, data)
            checked = _checked(outputs, len(data.test) if self.method == "predict" else len(data))
            return Fit(checked, self._scores(model, data))
        except stops.get():
            raise
        except Exception as error:  # noqa: BLE001 - whatever a model raises is its answer
            return Fit(error=told(error))

    def _said(self, model: Any, data: TrainingData) -> Any:
        rows = self._handed(data.X)
        if self.method in {"fit_predict", "fit_transform"}:
            return getattr(model, self.method)(rows)
        if self.method == "score_samples":
            return model.fit(rows).score_samples(self._handed(data.X))
        weight = {} if data.weight is None else {"sample_weight": data.weight.copy()}
        return model.fit(rows, data.targets.copy(), **weight).predict(self._handed(data.test))

    def _handed(self, frame: Any) -> Any:
        return frame.copy() if self.frames else frame.to_numpy(copy=True)

    def _scores(self, model: Any, data: TrainingData) -> Outputs | None:
        """The numbers behind labels, by which chance shows where no label flips; None where there are none."""
        for name in ("predict_proba", "decision_function"):
            if self.method == "predict" and hasattr(model, name):
                return np.asarray(getattr(model, name)(self._handed(data.test)), dtype="float64")
        return None


def seeded(estimator: Any, seed: int) -> Any:
    """A clone, unfitted, with every ``random_state`` among its nested parameters set to *seed*.

    Raises ModelError for what cannot be cloned.
    """
    from sklearn.base import clone  # noqa: PLC0415 - only refitting needs scikit-learn

    try:
        copy: Any = clone(estimator)
    except (TypeError, RuntimeError) as error:
        name = type(estimator).__name__
        msg = f"Expected a scikit-learn estimator that can be cloned but got {name}.\n{error}"
        raise ModelError(msg) from error
    states = _seeds(copy)
    return copy.set_params(**dict.fromkeys(states, seed)) if states else copy


def has_seed(estimator: Any) -> bool:
    """Whether there is a ``random_state`` among its nested parameters."""
    return bool(_seeds(estimator))


def _seeds(estimator: Any) -> list[str]:
    return [name for name in estimator.get_params(deep=True) if name.rpartition("__")[2] == "random_state"]


def _checked(outputs: Any, rows: int) -> Outputs:
    """Outputs as an array with one entry a row; ValueError for another number of them."""
    array = np.asarray(outputs)
    if array.ndim and len(array) == rows:
        return array[:, 0] if array.ndim > 1 and array.shape[1] == 1 else array
    msg = f"{rows} rows were asked about and outputs of shape {array.shape} came back"
    raise ValueError(msg)
