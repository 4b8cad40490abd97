"""What a user brings to be refitted, read into a subject: kind, data, held-out rows."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
import numpy.typing as npt
import pandas as pd

from metamorph.catalogue.training_data import TrainingData
from metamorph.catalogue.training_readings import Components, Labels, Partition, Predictions
from metamorph.catalogue.training_relation import Kind, Subject
from metamorph.errors import ModelError, RelationError, expected

HELD_OUT = 0.3
FEWEST = 4
DIMENSIONS = 2


@attrs.frozen(eq=False)
class Asked:
    """A subject with what to call the rows that it is asked about; ``places`` are theirs in X, where they are of it."""

    subject: Subject
    frames: bool
    noun: str
    places: npt.NDArray[np.intp] | None = None

    @property
    def rows(self) -> int:
        """How many rows are asked about in one refit."""
        return len(self.subject.data.test) or len(self.subject.data)

    def row(self, place: int) -> str:
        """What to call the row at a place."""
        return f"Row {place} of test" if self.places is None else f"Row {int(self.places[place])} of X"


def supervised(estimator: Any, X: Any, y: Any, *, test: Any, y_test: Any, seed: int) -> Asked:
    """A classifier or regressor with its data; without *test*, a seeded 30% of the rows are held out.

    Raises ModelError or RelationError for what cannot be refitted.
    """
    kind = _supervised_kind(estimator)
    rows, frames = _frame(X, "X"), isinstance(X, pd.DataFrame)
    targets = _targets(y, len(rows), "y")
    reading = Labels() if kind == "classifier" else Predictions()
    if test is not None:
        held_out = _frame(test, "test")
        if list(held_out.columns) != list(rows.columns):
            raise RelationError(expected("test with the columns of X", test=list(held_out.columns)))
        known = None if y_test is None else _targets(y_test, len(held_out), "y_test")
        data = TrainingData(rows, held_out, targets, known)
        return Asked(Subject(estimator, kind, data, reading), frames, "held-out rows")
    if y_test is not None:
        raise RelationError(expected("y_test only beside test", y_test=y_test))
    train, held = _split(targets, kind, seed)
    X_train, X_held = (rows.iloc[places].reset_index(drop=True) for places in (train, held))
    data = TrainingData(X_train, X_held, targets[train], targets[held])
    return Asked(Subject(estimator, kind, data, reading), frames, "held-out rows", held)


def unsupervised(estimator: Any, X: Any) -> Asked:
    """A clusterer, an outlier detector or a decomposition with its data; raises as :func:`supervised`."""
    rows = _frame(X, "X")
    if len(rows) < FEWEST:
        raise RelationError(expected(f"at least {FEWEST} rows", X=rows.shape))
    data = TrainingData(rows, rows.iloc[:0])
    kind, reading = _unsupervised_kind(estimator)
    places = np.arange(len(rows), dtype=np.intp)
    return Asked(Subject(estimator, kind, data, reading), isinstance(X, pd.DataFrame), "rows", places)


def _supervised_kind(estimator: Any) -> Kind:
    from sklearn.base import is_classifier, is_regressor  # noqa: PLC0415 - only refitting needs scikit-learn

    _check_estimator(estimator, "predict")
    if is_classifier(estimator):
        return "classifier"
    if is_regressor(estimator):
        return "regressor"
    msg = (
        f"Expected a classifier or a regressor but got {type(estimator).__name__}.\n"
        "Clusterers, outlier detectors and decompositions are for check_clustering; your own class says what it is by "
        "inheriting from sklearn.base.ClassifierMixin or RegressorMixin."
    )
    raise ModelError(msg)


def _unsupervised_kind(estimator: Any) -> tuple[Kind, Any]:
    from sklearn.base import is_clusterer, is_outlier_detector  # noqa: PLC0415 - only refitting needs scikit-learn

    _check_estimator(estimator, "fit")
    if is_outlier_detector(estimator) and hasattr(estimator, "score_samples"):
        return "outlier detector", Predictions("score_samples")
    if is_clusterer(estimator) or hasattr(estimator, "fit_predict"):
        return "clusterer", Partition()
    if hasattr(estimator, "fit_transform"):
        return "decomposition", Components()
    msg = f"Expected a clusterer, an outlier detector or a decomposition but got {type(estimator).__name__}."
    raise ModelError(msg)


def _check_estimator(estimator: Any, method: str) -> None:
    if isinstance(estimator, type) or not hasattr(estimator, "get_params") or not hasattr(estimator, "fit"):
        what = f"the class {estimator.__name__}" if isinstance(estimator, type) else type(estimator).__name__
        msg = f"Expected an instance of a scikit-learn estimator (get_params, fit, {method}) but got {what}."
        raise ModelError(msg)


def _frame(X: Any, name: str) -> pd.DataFrame:
    if isinstance(X, pd.DataFrame):
        if not X.columns.is_unique:
            raise RelationError(expected(f"{name} with distinct columns", columns=list(X.columns)))
        return X.reset_index(drop=True)
    array = np.asarray(X)
    if array.ndim != DIMENSIONS or array.dtype.kind not in "biuf":
        wanted = f"{name} as a DataFrame or an array of numbers of shape (rows, columns)"
        raise RelationError(expected(wanted, type=type(X).__name__, shape=array.shape, dtype=str(array.dtype)))
    return pd.DataFrame(array)


def _targets(y: Any, rows: int, name: str) -> npt.NDArray[Any]:
    if np.shape(y) != (rows,):
        raise RelationError(expected(f"{name} of shape ({rows},)", shape=np.shape(y)))
    array = np.asarray(y)
    if pd.isna(array).any():
        raise RelationError(expected(f"{name} without missing values", missing=int(pd.isna(array).sum())))
    try:
        np.unique(array)
    except TypeError:
        raise RelationError(expected(f"{name} of one type", types=_types(array))) from None
    return array


def _types(array: npt.NDArray[Any]) -> list[str]:
    return sorted({type(value).__name__ for value in array.tolist()})


def _split(y: npt.NDArray[Any], kind: Kind, seed: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """The places of training and held-out rows, each class in both where it can be."""
    from sklearn.model_selection import train_test_split  # noqa: PLC0415 - only refitting needs scikit-learn

    if len(y) < FEWEST:
        raise RelationError(expected(f"at least {FEWEST} rows", y=y.shape))
    classes, counts = np.unique(y, return_counts=True) if kind == "classifier" else (y[:0], y[:0])
    held_out = int(np.ceil(HELD_OUT * len(y)))
    by_class = kind == "classifier" and counts.min() > 1 and len(classes) <= min(held_out, len(y) - held_out)
    train, held = train_test_split(
        np.arange(len(y), dtype=np.intp), test_size=held_out, random_state=seed, stratify=y if by_class else None
    )
    return np.sort(train), np.sort(held)
