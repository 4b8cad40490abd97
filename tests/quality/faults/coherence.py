"""Faults of coherence: probabilities that are none, or that say something else than the label."""

# ruff: noqa: ARG001 - a fault of the answers is given the rows as well

from __future__ import annotations

from typing import Any

import numpy as np

from tests.quality.faults.pipelines import yesterdays_approvals
from tests.quality.faults.served import Approvals, Fault, answers_changed


class TooMuch(Approvals):
    """Both probabilities are corrected upwards."""

    def predict_proba(self, rows: Any) -> Any:
        return super().predict_proba(rows) * 1.05


class CutToTwoDecimals(Approvals):
    """Each probability is cut to two decimals by itself."""

    def predict_proba(self, rows: Any) -> Any:
        return np.floor(super().predict_proba(rows) * 100) / 100


class ClassesMixedUp(Approvals):
    """The probabilities stand in the order of another list of classes; the label is right."""

    def predict_proba(self, rows: Any) -> Any:
        return super().predict_proba(rows)[:, ::-1]


class LogOdds(Approvals):
    """The log-odds are given out as probabilities."""

    def predict_proba(self, rows: Any) -> Any:
        return np.log(super().predict_proba(rows) / (1 - super().predict_proba(rows)))


class OneColumn(Approvals):
    """The probability of the second class alone."""

    def predict_proba(self, rows: Any) -> Any:
        return super().predict_proba(rows)[:, 1]


class OtherThreshold(Approvals):
    """The label follows a threshold that the probabilities do not know of."""

    def predict(self, rows: Any) -> Any:
        return self.classes_[(self.scores(rows) > 0.8).astype(np.int64)]


class TextLabels(Approvals):
    """Labels are given as text, classes as numbers."""

    def predict(self, rows: Any) -> Any:
        return super().predict(rows).astype("str").astype(object)


class YesterdaysLabel(Approvals):
    """The label is yesterday's model's, the probabilities are today's."""

    def predict(self, rows: Any) -> Any:
        return yesterdays_approvals().predict(self.frame(rows))


def recalibrated(answers: Any, rows: Any) -> Any:
    """A straight line in the place of a calibration: it leaves [0, 1] at both ends."""
    return 1.1 * answers - 0.05


FAULTS: tuple[Fault, ...] = (
    Fault("probabilities add up to more than one", "coherence", "loans", TooMuch),
    Fault("probabilities cut to two decimals", "coherence", "loans", CutToTwoDecimals),
    Fault("probabilities in another order of classes", "coherence", "loans", ClassesMixedUp),
    Fault("log-odds for probabilities", "coherence", "loans", LogOdds),
    Fault("one column of probabilities", "coherence", "loans", OneColumn),
    Fault("label by another threshold", "coherence", "loans", OtherThreshold),
    Fault("labels as text", "coherence", "loans", TextLabels),
    Fault("label of yesterday's model", "coherence", "loans", YesterdaysLabel),
    answers_changed("coherence", "loans", "calibrated by a straight line", recalibrated),
)
