"""scikit-learn estimators, pipelines, and whatever looks like them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Literal

import attrs
import numpy as np
import pandas as pd

from metamorph.adapters.reading import Reading
from metamorph.errors import ModelError, RelationError, listed, nearest_name
from metamorph.expectations import Wants
from metamorph.outputs import Output

BINARY = 2


@attrs.frozen
class Estimator:
    """A fitted model with ``predict``: given ``feature_names_in_`` in their order, or an array if fitted on one."""

    model: Any

    def handed(self, frame: pd.DataFrame, *, whole: bool = False) -> Any:
        """What the model is given for these rows; with *whole*, a frame in any case."""
        names = self._names()
        if names is None:
            return frame.to_numpy() if hasattr(self.model, "n_features_in_") and not whole else frame
        return frame if list(frame.columns) == names else frame[names]

    def check_columns(self, names: Sequence[str]) -> None:
        """Raise ModelError where the schema lacks a column that the model was fitted on."""
        wanted = self._names()
        if wanted is None:
            count = getattr(self.model, "n_features_in_", len(names))
            if count != len(names):
                msg = f"The model was fitted on an array of {count} columns; the schema has {len(names)}."
                raise ModelError(msg)
            return
        absent = [name for name in wanted if name not in names]
        if absent:
            near = nearest_name(absent[0], names)
            msg = f"The model was fitted on columns that the schema lacks: {listed(absent)}{near}."
            raise ModelError(msg)

    def reads(self, name: str) -> bool:
        """Whether the model was fitted on a column; True where it does not say."""
        names = self._names()
        return names is None or name in names

    def read(self, output: Output, wants: Wants) -> Reading:
        """The reading for an output, by default the one that suits what is expected of it.

        Regressors: the prediction. Classifiers: the label where it must stay the same, else the probability of
        ``classes_[1]``. Raises ModelError, or RelationError for more than two classes, naming what to write instead.
        """
        if output.kind == "function" and output.function is not None:
            function = output.function
            return Reading("given output", lambda frame: function(self.model, frame), "either", whole=True)
        named: dict[str, Callable[[], Reading]] = {
            "scores": self._scores,
            "expected": lambda: self._expected(output.of_class),
            "decision": lambda: Reading("decision score", self._method("decision_function"), "number"),
            "probability": lambda: self._probability(output.of_class),
        }
        if output.kind in named:
            return named[output.kind]()
        classes = self._classes()
        if output.kind == "label" or (classes is not None and wants == "any"):
            return self._label(classes, wants)
        return Reading("prediction", self.model.predict, "either") if classes is None else self._direction(classes)

    def _direction(self, classes: list[Any]) -> Reading:
        """The number that a direction is about by default: the probability of the second of two classes."""
        if len(classes) != BINARY:
            msg = (
                f"The model has {len(classes)} classes ({listed(classes)}): name the output of a direction,\n"
                f'.on(probability_of={classes[-1]!r}), or .on("label") where the classes are ordered numbers.'
            )
            raise RelationError(msg)
        if hasattr(self.model, "predict_proba"):
            return self._probability(classes[1])
        return Reading("decision score", self._method("decision_function"), "number")

    def _label(self, classes: list[Any] | None, wants: Wants) -> Reading:
        score, score_name = getattr(self.model, "predict_proba", None), "probability"
        if score is None:
            score, score_name = getattr(self.model, "decision_function", None), "decision score"
        if wants == "any":
            return Reading("label", self.model.predict, "label", score=score, score_name=score_name)
        if classes is None:
            return Reading("label", self.model.predict, "number")
        if not all(isinstance(label, int | float) for label in classes):
            msg = f"The classes {listed(classes)} have no order, so no direction; use .on(probability_of=...)."
            raise RelationError(msg)
        return Reading("label", self.model.predict, "label", score=score, order=tuple(sorted(classes)))

    def _probability(self, of_class: Any) -> Reading:
        classes = self._classes()
        if classes is None or np.ndim(of_class) or of_class not in classes:
            known = "it has no classes_" if classes is None else f"its classes are {listed(classes)}"
            msg = f"The model has no class {of_class!r}: {known}."
            raise ModelError(msg)
        column, predict_proba = classes.index(of_class), self._method("predict_proba")

        def probability(frame: Any) -> Any:
            matrix = predict_proba(frame)
            matrix = matrix.toarray() if hasattr(matrix, "toarray") else np.asarray(matrix)
            if matrix.ndim != BINARY or matrix.shape[1] != len(classes):
                return matrix
            return matrix[:, column]

        return Reading(f"probability of {of_class!r}", probability, "number")

    def _scores(self) -> Reading:
        """Every number that the model has for a row: all probabilities, all decision scores, or the predictions."""
        for method, name in (("predict_proba", "probabilities"), ("decision_function", "decision scores")):
            if hasattr(self.model, method):
                return Reading(name, partial(_side_by_side, getattr(self.model, method)), "matrix")
        kind: Literal["matrix", "label"] = "matrix" if self._classes() is None else "label"
        return Reading("prediction", self.model.predict, kind)

    def _expected(self, order: Any) -> Reading:
        """The expected place among ordered classes: from 0 for the first to their number less one for the last."""
        classes = self._classes()
        if classes is None or sorted(map(str, order)) != sorted(map(str, classes)):
            known = "it has no classes_" if classes is None else f"its classes are {listed(classes)}"
            msg = f"Expected the classes of the model in rising order but got {listed(order)}: {known}."
            raise ModelError(msg)
        places, predict_proba = np.array([list(order).index(label) for label in classes]), self._method("predict_proba")
        return Reading("expected class", lambda frame: np.asarray(predict_proba(frame)) @ places, "number")

    def _method(self, name: str) -> Any:
        method = getattr(self.model, name, None)
        if method is None:
            msg = f"The model ({type(self.model).__name__}) has no {name}; name another output with .on(...)."
            raise ModelError(msg)
        return method

    def _classes(self) -> list[Any] | None:
        """``classes_`` as plain values; None for a regressor."""
        classes = getattr(self.model, "classes_", None)
        if classes is None or not len(classes):  # CatBoost's regressors have none of their classes_
            return None
        try:
            return list(np.asarray(classes).ravel().tolist())
        except ValueError:  # one array a target, of several lengths
            msg = "The model has several targets; name one output with .on(function)."
            raise ModelError(msg) from None

    def _names(self) -> list[str] | None:
        names = getattr(self.model, "feature_names_in_", None)
        return None if names is None else [str(name) for name in names]


def _side_by_side(scores: Callable[[Any], Any], frame: Any) -> Any:
    """The scores of a model's targets as one matrix: of several targets scikit-learn gives a list of matrices."""
    answer = scores(frame)
    several = isinstance(answer, list) and bool(answer) and all(np.ndim(target) == BINARY for target in answer)
    return np.hstack(answer) if several else answer
