"""Linear models are settled: what is proved is never violated, and what can be is not proved."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, PoissonRegressor, Ridge, RidgeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, OrdinalEncoder, RobustScaler, StandardScaler

import metamorph as mm
from metamorph.predictor import Predictor
from metamorph.runner.anatomy import Anatomy
from metamorph.runner.checking import probe_rows
from metamorph.runner.claim import claim_of
from metamorph.runner.floor import set_floor
from metamorph.runner.summed import by_sum
from metamorph.runner.trial import Trial

ROWS, TRIED = 800, 4_000
SIZES = ["small", "middling", "large"]


def houses(rng):
    size = pd.Categorical(rng.choice(SIZES, ROWS), categories=SIZES, ordered=True)
    rooms = pd.Series(rng.integers(1, 9, ROWS)).astype("float64").where(rng.random(ROWS) > 0.1)
    return pd.DataFrame(
        {
            "area": rng.integers(20, 400, ROWS),
            "rooms": rooms,
            "age": np.round(rng.uniform(0, 90, ROWS), 1),
            "size": size,
            "town": rng.choice(list("abcd"), ROWS),
        }
    )


def pipeline(rng, estimator):
    scaler = [StandardScaler(), MinMaxScaler(), RobustScaler(), "passthrough"][rng.integers(4)]
    steps = make_column_transformer(
        (scaler, ["area", "age"]),
        (make_pipeline(SimpleImputer(), StandardScaler()), ["rooms"]),
        (OrdinalEncoder(categories=[SIZES]) if rng.random() < 0.5 else OneHotEncoder(), ["size"]),
        (OneHotEncoder(drop="first" if rng.random() < 0.5 else None), ["town"]),
    )
    return make_pipeline(steps, estimator)


def settling(model, schema):
    """Settles relations of a model, of which a check makes one predictor and one anatomy as well."""
    predictor = Predictor(model)
    anatomy, probed = Anatomy(predictor.adapter, schema), probe_rows(schema)

    def settled(relation):
        trial = Trial(relation, schema, predictor)
        set_floor(trial, probed)
        return by_sum(trial, claim_of(relation), anatomy, None), trial

    return settled


def largest_margin(trial, rng):
    """The largest margin among many explored pairs, by the ordinary judge."""
    rows = pd.DataFrame({name: column.sample(rng, TRIED) for name, column in trial.schema.columns.items()})
    cases, follow_up, status = trial.draw(rows, rng, None)
    places = np.flatnonzero(status == 0)
    return float(trial.judge(cases, follow_up, places).margins.max())


@pytest.mark.parametrize("seed", range(12))
def test_what_is_proved_is_kept_by_every_pair_and_what_is_not_is_broken_by_some(seed):
    rng = np.random.default_rng(seed)
    frame = houses(rng)
    weights = rng.normal(size=3)
    y = frame["area"] * weights[0] + frame["age"] * weights[1] + frame["size"].cat.codes * 30 * weights[2]
    kinds = [
        (LinearRegression(), y),
        (Ridge(), y),
        (LogisticRegression(), (y > y.median()).astype(int)),
        (RidgeClassifier(), (y > y.median()).astype(int)),
        (PoissonRegressor(), np.exp((y - y.mean()) / y.std() / 2)),
    ]
    estimator, target = kinds[seed % len(kinds)]
    model, schema = pipeline(rng, estimator).fit(frame, target), mm.Schema.from_frame(frame)
    settled, proved = settling(model, schema), 0
    for relation in (
        mm.increasing("area"),
        mm.decreasing("area"),
        mm.increasing("age", "area"),
        mm.decreasing("size"),
        mm.increasing("size"),
        mm.increasing("rooms", by=1),
        mm.invariant("town").on(probability_of=1) if type(estimator) is LogisticRegression else mm.invariant("town"),
    ):
        outcome, trial = settled(relation)
        assert (outcome.argument is not None) == (largest_margin(trial, rng) <= 0), relation.id
        proved += outcome.argument is not None
    assert 2 <= proved


@pytest.mark.parametrize("seed", range(6))
def test_the_bound_of_a_tolerance_is_never_exceeded(seed):
    rng = np.random.default_rng(seed)
    frame = houses(rng)
    y = frame["area"] * 0.1 - frame["age"] + (frame["town"] == "b") * 10
    settled = settling(pipeline(rng, LinearRegression()).fit(frame, y), mm.Schema.from_frame(frame))
    for relation in (mm.increasing("age"), mm.invariant("town"), mm.invariant("town", "area")):
        outcome, trial = settled(relation)
        largest = largest_margin(trial, rng)
        assert outcome.argument is None
        assert 0 < largest <= outcome.upper
        within = mm.Relation("t", transform=relation.transform, expect=type(relation.expect)(outcome.upper * 1.001))
        assert settled(within)[0].argument is not None
