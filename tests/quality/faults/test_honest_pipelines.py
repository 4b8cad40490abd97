"""Honest pipelines are not accused: not by check_model with nothing declared, nor by what is declared of them."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import attrs
import pytest
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsRegressor
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.svm import SVC, SVR
from threadpoolctl import threadpool_limits

import metamorph as mm
from tests.quality.faults.data import APPROVED, HOUSE_NUMBERS, LOAN_FLAGS, LOAN_NUMBERS, PRICE, houses, loans
from tests.quality.faults.matrix import declared_of, pipeline_of, schema_of
from tests.quality.faults.served import DataSet, served

HOUSES, LOANS = houses(), loans()


@attrs.frozen
class Honest:
    """A pipeline that anyone might train on one of the data sets."""

    name: str
    data: DataSet
    make: Callable[[], Any] = attrs.field(repr=False)


def one_hot() -> Any:
    """Houses with numbers scaled and neighbourhoods one column each; the moment is left out."""
    levels = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    return make_column_transformer((StandardScaler(), HOUSE_NUMBERS), (levels, ["nbh"]))


def ordinal() -> Any:
    """Houses with neighbourhoods as numbers."""
    levels = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    return make_column_transformer(("passthrough", HOUSE_NUMBERS), (levels, ["nbh"]))


def imputed() -> Any:
    """Loans with holes filled and numbers scaled, kinds of property one column each; race is left out."""
    numbers = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    flags = SimpleImputer(strategy="most_frequent")
    return make_column_transformer((numbers, LOAN_NUMBERS), (flags, LOAN_FLAGS), (OneHotEncoder(), ["prop"]))


def priced(columns: Callable[[], Any], model: Any) -> Callable[[], Any]:
    """A pipeline fitted on the houses when it is asked for."""
    return lambda: make_pipeline(columns(), model).fit(HOUSES.drop(columns=PRICE), HOUSES[PRICE])


def approved(columns: Callable[[], Any], model: Any) -> Callable[[], Any]:
    """A pipeline fitted on the loans when it is asked for."""
    return lambda: make_pipeline(columns(), model).fit(LOANS.drop(columns=APPROVED), LOANS[APPROVED])


def numeric_houses() -> Any:
    """Boosting by itself on columns that it reads as they are, told which way some of them go."""
    constraints = {"area": 1, "land": 1, "age": -1}
    model = HistGradientBoostingRegressor(monotonic_cst=constraints, max_iter=30, random_state=0)
    return model.fit(HOUSES[HOUSE_NUMBERS], HOUSES[PRICE])


HONEST = [
    Honest("ridge", "houses", priced(one_hot, Ridge())),
    Honest("forest in threads", "houses", priced(ordinal, RandomForestRegressor(6, n_jobs=2, random_state=0))),
    Honest("constrained boosting", "houses", numeric_houses),
    Honest("neighbours", "houses", priced(one_hot, KNeighborsRegressor())),
    Honest("support vectors", "houses", priced(one_hot, SVR(C=10_000))),
    Honest(
        "small network",
        "houses",
        priced(one_hot, MLPRegressor(hidden_layer_sizes=(8,), solver="lbfgs", max_iter=5_000)),
    ),
    Honest("logistic", "loans", approved(imputed, LogisticRegression(max_iter=1_000))),
    Honest("boosting", "loans", approved(imputed, HistGradientBoostingClassifier(max_iter=20, random_state=0))),
    Honest("old boosting", "loans", approved(imputed, GradientBoostingClassifier(n_estimators=15, random_state=0))),
    Honest("votes in threads", "loans", approved(imputed, RandomForestClassifier(6, n_jobs=2, random_state=0))),
    Honest("support vector classes", "loans", approved(imputed, SVC())),
    Honest(
        "naive Bayes",
        "loans",
        approved(lambda: make_column_transformer((SimpleImputer(), make_column_selector("^[^b]"))), GaussianNB()),
    ),
    Honest("houses as served", "houses", lambda: served(pipeline_of("houses"))),
    Honest("loans as served", "loans", lambda: served(pipeline_of("loans"))),
]


@pytest.fixture(autouse=True)
def one_thread():
    with threadpool_limits(1):  # boosting's threads spin for minutes beside another busy process
        yield


@pytest.mark.parametrize("honest", HONEST, ids=lambda honest: honest.name)
def test_an_honest_pipeline_is_not_accused_with_nothing_declared(honest):
    """check_model passes: every relation holds, is proved, or is skipped with its reason."""
    report = mm.check_model(honest.make(), schema_of(honest.data), attack=2_000)
    assert {r.relation: r.verdict for r in report.results if r.verdict not in {"held", "proved", "skipped"}} == {}
    assert 0 == report.exit_code


@pytest.mark.parametrize("data", ["houses", "loans"])
@pytest.mark.parametrize("way", ["trained", "served", "loaded"])
def test_an_honest_pipeline_keeps_what_is_declared_of_it(data, way):
    """The pipeline that was trained, behind its door and loaded again, keeps all that is declared."""
    trained = pipeline_of(data)
    model = {"trained": trained, "served": served(trained), "loaded": pickle.loads(pickle.dumps(trained))}[way]  # noqa: S301 - our own bytes
    report = mm.check(model, declared_of(data), schema_of(data), budget=1_000)
    assert {r.relation: r.verdict for r in report.results if r.verdict not in {"held", "proved"}} == {}
    assert 0 == report.exit_code
