"""Answers that do not go together: labels with probabilities, probabilities with one another, answers with rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.quality.faults.served import Approvals, Fault, Prices, answers_changed


class OldThreshold(Approvals):
    """Labels are cut at the threshold of the last version."""

    def predict(self, rows: Any) -> Any:
        """The label, missed from 0.42 on."""
        return self.classes_[(np.asarray(self.scores(rows)) > 0.42).astype(np.int64)]


class Swapped(Approvals):
    """Probabilities come in the order in which the classes were met, labels in alphabetical order."""

    def predict_proba(self, rows: Any) -> Any:
        """Both probabilities."""
        return super().predict_proba(rows)[:, ::-1]


class Apart(Approvals):
    """Each class has a calibration of its own, and nobody divides by the sum."""

    def predict_proba(self, rows: Any) -> Any:
        """Both probabilities."""
        return super().predict_proba(rows) ** [1.02, 0.97]


class Numbered(Approvals):
    """Labels are numbers, classes have names."""

    def predict(self, rows: Any) -> Any:
        """The number of the likelier class."""
        return (np.asarray(self.scores(rows)) > 0.5).astype(np.int64)


class TwoPaths(Approvals):
    """Labels are of rows with a default for a missing distance, probabilities of rows as they are."""

    def predict(self, rows: Any) -> Any:
        """The likelier class."""
        frame = self.frame(rows)
        return self.classes_[(np.asarray(self.answers(frame.fillna({"distance_km": 2.0}))) > 0.5).astype(np.int64)]


class Percent(Approvals):
    """Sure cases are given in percent: a test of the unit looks at the first class alone."""

    def predict_proba(self, rows: Any) -> Any:
        """Both probabilities."""
        both = super().predict_proba(rows)
        return np.where(both[:, :1] < 0.05, both * 100, both)


class Strict(Approvals):
    """Emergencies are always kept, says the label; the probability was not told."""

    def predict(self, rows: Any) -> Any:
        """The likelier class, except of emergencies."""
        urgent = self.frame(rows)["urgency"].astype("object").to_numpy() == "emergency"
        return np.where(urgent, "kept", super().predict(rows))


class Squeezed(Prices):
    """One row is answered with a bare number."""

    def predict(self, rows: Any) -> Any:
        """The costs, without axes of length one."""
        return np.squeeze(np.asarray(self.scores(rows)))


def nan_of_two_holes(scores: Any, frame: Any) -> Any:
    """Without weight and distance there is no answer."""
    lost = frame["distance_km"].isna().to_numpy() & frame["weight_kg"].isna().to_numpy()
    return np.where(lost, np.nan, scores)


def below_zero(scores: Any, frame: Any) -> Any:
    """A bonus for emergencies is taken off, and nobody clips."""
    return scores - 0.03 * (frame["urgency"].astype("object").to_numpy() == "emergency")


def logarithm_and_back(answers: Any, frame: Any) -> Any:  # noqa: ARG001 - what an After is given
    """Costs by way of the logarithm: a negative one, which boosting gives at times, is none."""
    with np.errstate(invalid="ignore"):
        return np.expm1(np.log1p(answers))


def overflowing(answers: Any, frame: Any) -> Any:
    """Large cars of great mileage are more than the counter holds."""
    large = frame["mileage_km"].to_numpy(dtype="float64", na_value=np.nan) > 40_000
    return np.where(large & (answers > 6_000), np.inf, answers)


COHERENCE = [
    Fault("labels have the old threshold", "coherence", "visits", OldThreshold),
    Fault("probabilities are swapped", "coherence", "visits", Swapped),
    Fault("classes are calibrated apart", "coherence", "visits", Apart),
    Fault("labels are numbers", "coherence", "visits", Numbered),
    Fault("labels and probabilities take two paths", "coherence", "visits", TwoPaths),
    Fault("sure cases are in percent", "coherence", "visits", Percent),
    Fault("a rule overrules the label alone", "coherence", "visits", Strict),
    Fault("one row is answered with a bare number", "coherence", "claims", Squeezed),
    answers_changed("coherence", "visits", "two holes have no answer", nan_of_two_holes),
    answers_changed("coherence", "visits", "probabilities fall below zero", below_zero),
    answers_changed("coherence", "claims", "a negative cost is not a number", logarithm_and_back),
    answers_changed("coherence", "claims", "a large cost is infinite", overflowing),
]
