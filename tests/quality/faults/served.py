"""A pipeline as a service puts it behind a door, and a fault as a small change of that door."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import attrs
import numpy as np
import pandas as pd

Kind = Literal["batch", "order", "index", "stateful", "mutation", "representation", "coherence", "semantic"]
DataSet = Literal["houses", "loans", "claims", "visits"]
Before = Callable[[pd.DataFrame], pd.DataFrame]
After = Callable[[Any, pd.DataFrame], Any]


@attrs.frozen
class Fault:
    """A defect of one kind, planted in the honest pipeline of one data set: ``make(pipeline)`` is the faulty model."""

    name: str
    kind: Kind
    data: DataSet
    make: Callable[[Any], Any] = attrs.field(repr=False)


class Prices:
    """A regressor as it is served: what is done to the rows, the pipeline, what is done to the answers.

    ``before`` gives the rows that the pipeline reads, ``after`` the answers to the rows that were handed over.
    """

    def __init__(self, pipeline: Any, before: Before | None = None, after: After | None = None) -> None:
        self.pipeline, self.before, self.after = pipeline, before, after
        self.feature_names_in_ = pipeline.feature_names_in_

    def frame(self, rows: Any) -> pd.DataFrame:
        """The rows as a frame; an array has the columns of the training data."""
        return rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(rows, columns=self.feature_names_in_)

    def answers(self, frame: pd.DataFrame) -> Any:
        """What the pipeline says, shape ``(n,)``: the price, or the probability of the second class."""
        return score(self.pipeline, frame)

    def scores(self, rows: Any) -> Any:
        """What is served, shape ``(n,)``."""
        frame = self.frame(rows)
        answers = self.answers(frame if self.before is None else self.before(frame))
        return answers if self.after is None else self.after(answers, frame)

    def predict(self, rows: Any) -> Any:
        """The prices."""
        return self.scores(rows)


class Approvals(Prices):
    """A classifier of two classes as it is served; ``scores`` are the probabilities of the second."""

    def __init__(self, pipeline: Any, before: Before | None = None, after: After | None = None) -> None:
        super().__init__(pipeline, before, after)
        self.classes_ = pipeline.classes_

    def predict_proba(self, rows: Any) -> Any:
        """Both probabilities."""
        scores = np.asarray(self.scores(rows))
        return np.column_stack([1 - scores, scores])

    def predict(self, rows: Any) -> Any:
        """The likelier class."""
        return self.classes_[(np.asarray(self.scores(rows)) > 0.5).astype(np.int64)]


def score(pipeline: Any, frame: pd.DataFrame) -> Any:
    """The price, or the probability of the second class, shape ``(n,)``."""
    return pipeline.predict_proba(frame)[:, 1] if hasattr(pipeline, "predict_proba") else pipeline.predict(frame)


def served(pipeline: Any, before: Before | None = None, after: After | None = None) -> Prices:
    """The pipeline behind a door that does *before* to the rows and *after* to the answers."""
    return (Approvals if hasattr(pipeline, "predict_proba") else Prices)(pipeline, before, after)


def rows_changed(kind: Kind, data: DataSet, name: str, before: Before) -> Fault:
    """A fault in what the pipeline is given."""
    return Fault(name, kind, data, lambda pipeline: served(pipeline, before))


def answers_changed(kind: Kind, data: DataSet, name: str, after: After) -> Fault:
    """A fault in what becomes of the answers."""
    return Fault(name, kind, data, lambda pipeline: served(pipeline, after=after))
