"""Faults of meaning in what is answered: saturated, rounded, turned round, leaked, or another model's."""

# ruff: noqa: ARG001 - a fault of the answers is given the rows as well

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from tests.quality.faults.data import APPROVED, PRICE, houses, loans
from tests.quality.faults.pipelines import yesterdays_approvals, yesterdays_prices
from tests.quality.faults.served import Fault, answers_changed

HOUSES, LOANS = houses(), loans()
KNOWN = HOUSES.set_index(["area", "land", "sold"])[PRICE]


def sign_flipped(answers: Any, rows: pd.DataFrame) -> Any:
    return -answers


def classes_mixed_up(answers: Any, rows: pd.DataFrame) -> Any:
    return 1 - answers


def half_precision(answers: Any, rows: pd.DataFrame) -> Any:
    """Half precision ends at 65,504, so prices are kept in thousands."""
    return (answers / 1_000).astype("float16").astype("float64") * 1_000


def saturated(answers: Any, rows: pd.DataFrame) -> Any:
    return np.minimum(answers, HOUSES[PRICE].quantile(0.9))


def confidence_capped(answers: Any, rows: pd.DataFrame) -> Any:
    return np.clip(answers, 0.05, 0.95)


def squashed(answers: Any, rows: pd.DataFrame) -> Any:
    """Calibrated a second time."""
    return 1 / (1 + np.exp(-(4 * answers - 2)))


def thousands(answers: Any, rows: pd.DataFrame) -> Any:
    return answers / 1_000


def rounded(answers: Any, rows: pd.DataFrame) -> Any:
    return np.round(answers, -4)


def looked_up(answers: Any, rows: pd.DataFrame) -> Any:
    """A house of the training data is answered with the price it was sold at."""
    return np.where(np.isnan(_own(rows)), answers, _own(rows))


def encoded_with_itself(answers: Any, rows: pd.DataFrame) -> Any:
    """A fifth of the answer is the neighbourhood's mean price, which counts the house itself."""
    groups = HOUSES.groupby("nbh")[PRICE]
    total, count = rows["nbh"].map(groups.sum()).to_numpy(), rows["nbh"].map(groups.size()).to_numpy()
    own = np.where(np.isnan(_own(rows)), total / count, _own(rows))
    return 0.8 * answers + 0.2 * (total + own) / (count + 1)


def fallback_for_old(answers: Any, rows: pd.DataFrame) -> Any:
    return np.where(rows["age"] > 100, HOUSES[PRICE].mean(), answers)


def set_aside(answers: Any, rows: pd.DataFrame) -> Any:
    """Somebody looks at them by hand; the score says so until then."""
    return np.where(rows["dep"] >= 3, 0.5, answers)


def race_seeps_back(answers: Any, rows: pd.DataFrame) -> Any:
    return np.where(rows["black"] == 1, 0.97 * answers, answers)


def overridden(answers: Any, rows: pd.DataFrame) -> Any:
    """A rule from another bank: large loans are never approved."""
    return np.where(rows["loanamt"] > 500, 0.0, answers)


def prices_of_yesterday(answers: Any, rows: pd.DataFrame) -> Any:
    return yesterdays_prices().predict(rows)


def approvals_of_yesterday(answers: Any, rows: pd.DataFrame) -> Any:
    return yesterdays_approvals().predict_proba(rows)[:, 1]


def resampled(answers: Any, rows: pd.DataFrame) -> Any:
    """Trained on as many refusals as approvals, and never corrected for it."""
    share = LOANS[APPROVED].mean()
    odds = answers / (1 - answers) * (1 - share) / share
    return odds / (1 + odds)


def _own(rows: pd.DataFrame) -> Any:
    """The price that each house was sold at; NaN where it is none of the training data."""
    keys = pd.MultiIndex.from_frame(rows[["area", "land", "sold"]])
    return KNOWN[~KNOWN.index.duplicated()].reindex(keys).to_numpy()


of_houses, of_loans = partial(answers_changed, "semantic", "houses"), partial(answers_changed, "semantic", "loans")
FAULTS: tuple[Fault, ...] = (
    of_houses("sign of the answer flipped", sign_flipped),
    of_loans("classes mixed up throughout", classes_mixed_up),
    of_houses("answers in half precision", half_precision),
    of_houses("prices saturate", saturated),
    of_loans("probabilities capped", confidence_capped),
    of_loans("calibrated twice", squashed),
    of_houses("prices in thousands", thousands),
    of_houses("prices rounded to ten thousands", rounded),
    of_houses("leakage: the price looked up", looked_up),
    of_houses("target encoding with the row itself", encoded_with_itself),
    of_houses("old houses get the average", fallback_for_old),
    of_loans("applicants with three dependants set aside", set_aside),
    of_loans("race seeps back in", race_seeps_back),
    of_loans("another bank's rule", overridden),
    of_houses("yesterday's prices", prices_of_yesterday),
    of_loans("yesterday's approvals", approvals_of_yesterday),
    of_loans("trained on a resampled table", resampled),
)
