"""Answers that mean something else than what was trained, and models trained on what they should not have been."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone

from tests.quality.faults.second.data import COST, OUTCOME, claims, visits
from tests.quality.faults.second.pipelines import missed_visits, yesterdays_costs
from tests.quality.faults.served import Fault, answers_changed, score, served


def thousands(answers: Any, frame: pd.DataFrame) -> Any:  # noqa: ARG001 - what an After is given
    """A cost above 10,000 is given in thousands."""
    return np.where(answers > 10_000, answers / 1_000, answers)


def in_steps(answers: Any, frame: pd.DataFrame) -> Any:  # noqa: ARG001 - what an After is given
    """Costs are rounded to 500."""
    return np.round(answers / 500) * 500


def deducted_twice(answers: Any, frame: pd.DataFrame) -> Any:
    """The deductible is taken off what is net of it already."""
    return answers - frame["deductible"].to_numpy(dtype="float64")


def mean_of_holes(answers: Any, frame: pd.DataFrame) -> Any:
    """An error of the parser is caught, and the mean of all answered, wherever a value is missing."""
    return np.where(frame["vehicle_value"].isna().to_numpy(), 3_504.8, answers)


def old_model_of_a_region(answers: Any, frame: pd.DataFrame) -> Any:
    """The islands are still served by the model of last year."""
    islands = frame["region"].astype("object").to_numpy() == "islands"
    return np.where(islands, score(yesterdays_costs(), frame), answers)


def scattered(answers: Any, frame: pd.DataFrame) -> Any:
    """A hash of the row moves its answer by up to three percent."""
    text = frame[["power_kw", "mileage_km", "reported"]].astype("str")
    share = pd.util.hash_pandas_object(text, index=False).to_numpy() % 1_000 / 1_000
    return answers * (0.97 + 0.06 * share)


def negated(answers: Any, frame: pd.DataFrame) -> Any:  # noqa: ARG001 - what an After is given
    """Costs are booked with the other sign."""
    return -answers


def saturated(scores: Any, frame: pd.DataFrame) -> Any:  # noqa: ARG001 - what an After is given
    """Whoever is likelier than not is certain, whoever is unlikely is impossible."""
    return np.clip((scores - 0.1) / 0.4, 0, 1)


def squared(scores: Any, frame: pd.DataFrame) -> Any:  # noqa: ARG001 - what an After is given
    """A calibration is applied that was made for the last version."""
    return scores**1.3


def other_class(scores: Any, frame: pd.DataFrame) -> Any:  # noqa: ARG001 - what an After is given
    """The score is that of a kept visit."""
    return 1 - scores


def never_certain(scores: Any, frame: pd.DataFrame) -> Any:
    """A quota: visits of the sleep clinic are never likelier than 0.3 to be missed."""
    sleep = frame["clinic"].astype("object").to_numpy() == "sleep"
    return np.where(sleep, np.minimum(scores, 0.3), scores)


@cache
def leaked() -> Any:
    """Trained on values that were corrected after the claim was paid, and served with what is known before."""
    data = claims()
    corrected = data.assign(vehicle_value=data["vehicle_value"] + 5 * data[COST])
    return _trained(yesterdays_costs(), corrected, COST)


@cache
def shuffled_within() -> Any:
    """Trained on rows whose distances a join had put beside other rows."""
    data, rng = visits(), np.random.default_rng(5)
    return _trained(missed_visits(), data.assign(distance_km=rng.permutation(data["distance_km"])), OUTCOME)


@cache
def unconstrained() -> Any:
    """Trained again, without anybody telling the model which way the columns go."""
    data = claims()
    pipeline = clone(yesterdays_costs())
    pipeline[-1].set_params(monotonic_cst=None)
    return pipeline.fit(data.drop(columns=COST), data[COST])


def _trained(like: Any, data: pd.DataFrame, target: str) -> Any:
    return clone(like).fit(data.drop(columns=target), data[target])


OUTPUTS = [
    answers_changed("semantic", "claims", "large costs in thousands", thousands),
    answers_changed("semantic", "claims", "costs in steps of 500", in_steps),
    answers_changed("semantic", "claims", "deducted twice", deducted_twice),
    answers_changed("semantic", "claims", "a hole is answered with the mean", mean_of_holes),
    answers_changed("semantic", "claims", "one level has last year's model", old_model_of_a_region),
    answers_changed("semantic", "claims", "a hash moves the answer", scattered),
    answers_changed("semantic", "claims", "costs are negated", negated),
    answers_changed("semantic", "visits", "scores are saturated", saturated),
    answers_changed("semantic", "visits", "calibrated for the last version", squared),
    answers_changed("semantic", "visits", "the score is the other class's", other_class),
    answers_changed("semantic", "visits", "a quota caps one level", never_certain),
    Fault("values leaked in training", "semantic", "claims", lambda _: served(leaked())),
    Fault("a join shuffled a column in training", "semantic", "visits", lambda _: served(shuffled_within())),
    Fault("the model is last year's", "semantic", "claims", lambda _: served(yesterdays_costs())),
    Fault("constraints were forgotten", "semantic", "claims", lambda _: served(unconstrained())),
]
