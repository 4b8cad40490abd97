"""Honest models are never accused: over 20 seeds no violation, and nothing is broken."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

import metamorph as mm

SEEDS = range(20)
SEARCHED = 4
"""Seeds with which the worst case is searched for as well: a search costs as much as ten estimates."""
BUDGET = 1_999
"""Odd, so that BLAS sees odd batches."""
READ = ["area", "age", "cbd", "rooms", "tax"]


def houses(n: int = 1_500) -> pd.DataFrame:
    """Houses with a price that area and rooms raise and age and distance lower; noise and gender do not touch it."""
    rng = np.random.default_rng(11)
    frame = pd.DataFrame(
        {
            "area": rng.integers(600, 4500, n),
            "age": rng.integers(0, 120, n),
            "cbd": np.round(rng.gamma(3, 5, n), 1),
            "rooms": rng.integers(2, 10, n),
            "tax": np.round(rng.uniform(0.4, 6.5, n), 2),
            "noise": rng.random(n),
            "gender": rng.choice(["f", "m"], n),
        }
    )
    price = 90 * frame["area"] - 400 * frame["age"] - 1500 * frame["cbd"] + 8000 * frame["rooms"] - 2000 * frame["tax"]
    return frame.assign(price=(price + rng.normal(0, 5000, n)).round(2))


DATA = houses()
SCHEMA = mm.Schema.from_frame(DATA, target="price")
FEATURES = DATA.drop(columns="price")
RIGHT = [
    mm.increasing("area"),
    mm.decreasing("age", "cbd"),
    mm.increasing("area", "rooms"),
    mm.invariant("noise", "gender"),
]


@attrs.frozen
class Honest:
    """A model and relations that it keeps by construction."""

    name: str
    make: Callable[[], Any]
    relations: list[mm.Relation]


def reading(*steps: Any) -> Any:
    """A pipeline that hands only the columns of READ to its last step."""
    return make_pipeline(make_column_transformer(("passthrough", READ)), *steps)


def monotone_boosting() -> Any:
    """Boosting held to the right direction in every column."""
    signs = [1, -1, -1, 1, -1]
    return reading(HistGradientBoostingRegressor(monotonic_cst=signs, max_iter=25)).fit(FEATURES, DATA["price"])


def wide_layer(dtype: str) -> Callable[[pd.DataFrame], Any]:
    """Two BLAS products with non-negative weights over 60 signed copies of the columns, in that precision."""
    rng = np.random.default_rng(5)
    first, second = rng.random((60, 40)).astype(dtype), rng.random(40).astype(dtype)
    signs = np.tile([1.0, -1.0, -1.0, 1.0, -1.0], 12).astype(dtype)
    scale = np.tile(FEATURES[READ].std().to_numpy(), 12).astype(dtype)

    def predict(t: pd.DataFrame) -> Any:
        wide = np.tile(t[READ].to_numpy(dtype=dtype), (1, 12)) * signs / scale
        return np.arctan(wide @ first / 50) @ second

    return predict


def negative(t: pd.DataFrame) -> Any:
    """Outputs far below zero, which the noise column moves by at most 0.5%."""
    return -(1000.0 + t["area"].to_numpy()) * (1 + 0.005 * t["noise"].to_numpy())


def dusty(dtype: str) -> Callable[[pd.DataFrame], Any]:
    """A right model whose last bits hang on a row's place in the batch and on the batch's size, on any machine."""

    def predict(t: pd.DataFrame) -> Any:
        price = 90.0 * t["area"] - 400.0 * t["age"] - 1500.0 * t["cbd"] + 8000.0 * t["rooms"] - 300_000
        ulps = (np.arange(len(t)) * 7 + len(t)) % 5 - 2
        return (price.to_numpy() * (1 + ulps * float(np.finfo(dtype).eps))).astype(dtype)

    return predict


HONEST = [
    Honest(
        "constant",
        lambda: DummyRegressor().fit(FEATURES, DATA["price"]),
        [*RIGHT, mm.decreasing("area"), mm.increasing("age")],
    ),
    Honest("linear", lambda: reading(LinearRegression()).fit(FEATURES, DATA["price"]), RIGHT),
    Honest("scaled linear", lambda: reading(StandardScaler(), LinearRegression()).fit(FEATURES, DATA["price"]), RIGHT),
    Honest(
        "logistic",
        lambda: reading(StandardScaler(), LogisticRegression(solver="newton-cholesky")).fit(
            FEATURES, DATA["price"] > 180_000
        ),
        RIGHT,
    ),
    Honest("monotone boosting", monotone_boosting, RIGHT),
    Honest("BLAS", lambda: wide_layer("float64"), RIGHT),
    Honest("float32", lambda: wide_layer("float32"), RIGHT),
    Honest(
        "float32 linear",
        lambda: lambda t: (t["area"] - 3 * t["age"]).to_numpy(dtype="float32") / np.float32(7),
        [RIGHT[0], mm.decreasing("age")],
    ),
    Honest(
        "negative",
        lambda: negative,
        [mm.invariant("noise", tolerance=mm.relative(0.01)), mm.decreasing("area"), mm.invariant("gender")],
    ),
    Honest("dust", lambda: dusty("float64"), RIGHT),
    Honest("float32 dust", lambda: dusty("float32"), RIGHT),
    Honest(
        "forest in threads",
        lambda: reading(RandomForestRegressor(12, n_jobs=2, random_state=0)).fit(FEATURES, DATA["price"]),
        [mm.invariant("noise", "gender")],
    ),
    Honest(
        "forest of votes in threads",
        lambda: reading(RandomForestClassifier(10, n_jobs=2, random_state=0)).fit(FEATURES, DATA["price"] > 180_000),
        [mm.invariant("noise"), mm.invariant("gender").on(probability_of=True)],
    ),
]


@pytest.mark.parametrize("honest", HONEST, ids=lambda honest: honest.name)
def test_an_honest_model_is_never_accused(honest: Honest) -> None:
    """Every relation that the model keeps is `held` or `proved` without a violation, whatever the seed."""
    accused = {}
    with threadpool_limits(1, user_api="openmp"):  # boosting's threads spin for minutes beside another busy process
        model = honest.make()
        reports = {
            seed: mm.check(model, honest.relations, SCHEMA, budget=BUDGET, attack=attack, seed=seed)
            for seed, attack in ((seed, BUDGET if seed < SEARCHED else 0) for seed in SEEDS)
        }
    for seed, report in reports.items():
        bad = [
            (r.relation, r.verdict, r.violations, r.evidence)
            for r in report.results
            if r.verdict not in {"held", "proved"} or r.violations
        ]
        if bad or not report.passed:
            accused[seed] = bad
    assert accused == {}


def test_an_honest_model_is_asked_about_cases() -> None:
    """Nothing above holds because nothing was tried: every relation judges its whole budget."""
    report = mm.check(wide_layer("float64"), RIGHT, SCHEMA, budget=BUDGET)
    assert [r.cases for r in report.results] == [BUDGET] * len(RIGHT)


def test_relative_tolerance_is_not_lost_on_negative_outputs() -> None:
    """The honest negative model is accused as soon as the tolerance is under what the noise does to it."""
    report = mm.check(negative, mm.invariant("noise", tolerance=mm.relative(0.001)), SCHEMA, budget=BUDGET)
    assert report.results[0].verdict == "violated"
