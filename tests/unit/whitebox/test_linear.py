"""Linear models are read as their own numbers, whatever they make of the sum."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.linear_model import (
    GammaRegressor,
    Lasso,
    LinearRegression,
    LogisticRegression,
    PoissonRegressor,
    Ridge,
    RidgeClassifier,
    SGDClassifier,
    TweedieRegressor,
)
from sklearn.svm import SVC, LinearSVC

from metamorph.adapters import adapt
from metamorph.outputs import Output
from metamorph.whitebox.ensemble import Unreadable
from metamorph.whitebox.linear import read_linear

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 4))
SUMS = X @ [1.0, -2.0, 0.5, 0.0]
Y = SUMS + 0.3 * RNG.normal(size=300)
LABELS = np.where(Y > 0, "yes", "no")

REGRESSORS = [
    LinearRegression(),
    Ridge(),
    Lasso(alpha=0.01),
    PoissonRegressor(),
    GammaRegressor(),
    TweedieRegressor(power=0),
    TweedieRegressor(power=1.5),
]
CLASSIFIERS = [
    LogisticRegression(),
    LogisticRegression(solver="liblinear"),
    SGDClassifier(loss="log_loss", random_state=0),
    SGDClassifier(loss="modified_huber", random_state=0),
]


def rises_with_the_sum(linear, answers):
    sums = X @ linear.coefficients + linear.intercept
    order = np.argsort(sums, kind="stable")
    return bool((np.diff(answers[order]) >= -1e-12).all())


def steepest(linear, answers):
    sums = X @ linear.coefficients + linear.intercept
    order = np.argsort(sums, kind="stable")
    return float((np.diff(answers[order]) / np.maximum(np.diff(sums[order]), 1e-9)).max())


@pytest.mark.parametrize("model", REGRESSORS, ids=str)
def test_a_regressors_prediction_rises_with_its_sum(model):
    model.fit(X, np.exp(Y / 4))
    linear = read_linear(model, Output(), "order")
    assert rises_with_the_sum(linear, model.predict(X))
    assert linear.slope is None or steepest(linear, model.predict(X)) <= linear.slope + 1e-6


@pytest.mark.parametrize("model", CLASSIFIERS, ids=str)
@pytest.mark.parametrize("of_class", ["no", "yes"])
def test_the_probability_of_either_class_rises_with_its_sum_no_faster_than_said(model, of_class):
    model.fit(X, LABELS)
    linear = read_linear(model, Output("probability", of_class=of_class), "order")
    answers = model.predict_proba(X)[:, list(model.classes_).index(of_class)]
    assert rises_with_the_sum(linear, answers)
    assert steepest(linear, answers) <= linear.slope + 1e-6


@pytest.mark.parametrize("model", [*CLASSIFIERS, LinearSVC(), RidgeClassifier()], ids=str)
def test_a_label_changes_where_the_sum_crosses_zero(model):
    model.fit(X, LABELS)
    linear = read_linear(model, Output("label"), "any")
    said = np.where(X @ linear.coefficients + linear.intercept > 0, "yes", "no")
    assert "label" == linear.link
    assert said.tolist() == model.predict(X).tolist()


@pytest.mark.parametrize("wants", ["order", "number"])
def test_a_direction_reads_what_the_adapter_reads(wants):
    for model in (LogisticRegression().fit(X, LABELS), LinearSVC().fit(X, LABELS), Ridge().fit(X, Y)):
        reading = adapt(model).read(Output(), wants)
        assert rises_with_the_sum(read_linear(model, Output(), wants), np.asarray(reading.call(X)))


@pytest.mark.parametrize(
    ("model", "output", "reason"),
    [
        (SVC().fit(X, LABELS), Output("label"), "no linear model"),
        (PCA().fit(X), Output(), "no linear model"),
        (LogisticRegression().fit(X, np.digitize(Y, [-1, 1])), Output("label"), "3 sums"),
        (Ridge().fit(X, np.column_stack([Y, -Y])), Output(), "2 sums"),
        (Ridge().fit(X, Y), Output("function"), "no linear output"),
        (LogisticRegression().fit(X, LABELS), Output("expected", of_class=("no", "yes")), "no function of its sum"),
    ],
)
def test_what_is_no_single_sum_is_not_read(model, output, reason):
    with pytest.raises(Unreadable, match=reason):
        read_linear(model, output, "order")


def test_the_rounding_bound_covers_sums_in_any_order():
    rng = np.random.default_rng(1)
    model = LinearRegression().fit(X, Y)
    linear = read_linear(model, Output(), "order")
    rows = rng.uniform(-1e6, 1e6, size=(500, 4))
    exact = rows.astype(np.longdouble) @ linear.coefficients.astype(np.longdouble) + np.longdouble(linear.intercept)
    off = np.abs(model.predict(rows) - exact).max()
    assert off <= linear.rounding(np.full(4, 1e6))
