"""The measured truth table agrees with what the catalogue claims, and with a part of it that is measured now."""

import importlib.util

import numpy as np
import pytest

from metamorph.catalogue.clustering import CLUSTERING
from metamorph.catalogue.training import TRAINING
from metamorph.catalogue.truth_table import COLUMNS, KEYS, truth_table
from metamorph.runner.measuring import CLASSIFIERS, REGRESSORS, WITHOUT_TARGETS, measure, subject

TABLE = truth_table()
MEASURED = [*CLASSIFIERS, *REGRESSORS, *WITHOUT_TARGETS]
CATALOGUE = {**TRAINING, **CLUSTERING}
QUICK = ("GaussianNB", "NearestCentroid", "LinearDiscriminantAnalysis", "DecisionTreeClassifier", "RidgeClassifier")
QUICK += (
    "LinearRegression",
    "Ridge",
    "DecisionTreeRegressor",
    "KNeighborsRegressor",
    "AgglomerativeClustering",
    "Birch",
)
"""Estimators that are fitted in milliseconds, and alike on every machine."""
MOVES = 0.1
"""By how much an agreement may differ on another machine: ties fall elsewhere."""


def claimed(relation, *mappings):
    """The rows of the table for a relation, without the estimators that the mappings name."""
    rows = TABLE[TABLE["relation"] == relation.id]
    excepted = {name for mapping in mappings for name in getattr(relation, mapping)}
    held = rows["estimator"].isin(relation.holds_for) if relation.holds_for else np.True_
    return rows[held & ~rows["estimator"].isin(excepted)]


@pytest.mark.parametrize("relation", [r for r in CATALOGUE.values() if r.strength == "exact"], ids=lambda r: r.id)
def test_an_exact_relation_holds_exactly_for_every_estimator_but_the_named(relation):
    rows = claimed(relation, "fails_for", "inexact_for")
    worse = rows[(rows["agreement"] != 1.0) | (rows["error"] != "")]
    assert [] == worse[[*KEYS, "agreement"]].to_numpy().tolist()
    assert len(rows)


@pytest.mark.parametrize("relation", [r for r in CATALOGUE.values() if r.strength == "float"], ids=lambda r: r.id)
def test_a_relation_up_to_rounding_holds_within_its_tolerance(relation):
    rows = claimed(relation, "fails_for", "inexact_for")
    worse = rows[(rows["moved"].fillna(0) > relation.tolerance.sd) | (rows["moved"].isna() & (rows["agreement"] < 1))]
    assert [] == worse[list(KEYS)].to_numpy().tolist()
    assert len(rows)


@pytest.mark.parametrize("relation", [r for r in CATALOGUE.values() if r.strength != "approx"], ids=lambda r: r.id)
def test_what_is_known_not_to_hold_was_seen_not_to_hold(relation):
    rows = TABLE[TABLE["relation"] == relation.id]
    worst = rows.groupby("estimator").agg(agreement=("agreement", "min"), error=("error", "max"))
    measured = [name for name in relation.fails_for if name in worst.index]
    assert [] == [name for name in measured if worst["agreement"][name] == 1 and worst["error"][name] == ""]


def test_the_table_has_every_relation_and_estimator_once():
    assert list(COLUMNS) == list(TABLE.columns)
    assert not TABLE.duplicated(list(KEYS)).any()
    assert set(CATALOGUE) == set(TABLE["relation"])
    assert {measured.name for measured in MEASURED} == set(TABLE["estimator"])


def picked():
    """A few estimators with a few of their relations, other ones for every change of the table."""
    rng = np.random.default_rng(len(TABLE))
    quick = [measured for measured in MEASURED if measured.name in QUICK]
    for place in rng.permutation(len(quick))[:6]:
        data = str(rng.choice(quick[place].data))
        rows = TABLE[(TABLE["estimator"] == quick[place].name) & (TABLE["data"] == data)]
        yield quick[place], data, rows.iloc[rng.permutation(len(rows))[:5]]


@pytest.mark.parametrize(("measured", "data", "rows"), list(picked()), ids=lambda value: getattr(value, "name", ""))
def test_a_part_of_the_table_measured_now_is_as_in_the_file(measured, data, rows):
    now = {row[0]: row for row in measure(measured, data, list(rows["relation"]))}
    assert set(rows["relation"]) == set(now)
    before = dict(zip(rows["relation"], rows["agreement"], strict=True))
    far = {name: (before[name], now[name][3]) for name in now if not abs(before[name] - now[name][3]) <= MOVES}
    assert {} == {name: pair for name, pair in far.items() if not np.isnan(pair).all()}


@pytest.mark.parametrize("measured", [m for m in MEASURED if m.module != "lightgbm"], ids=lambda m: m.name)
def test_every_measured_estimator_can_be_made(measured):
    assert measured.name == subject(measured, measured.data[0]).subject.names[0]


def test_boosters_are_measured_where_they_are_installed():
    names = {measured.name for measured in MEASURED if importlib.util.find_spec(measured.module.partition(".")[0])}
    assert {"GaussianNB", "KMeans"} <= names
