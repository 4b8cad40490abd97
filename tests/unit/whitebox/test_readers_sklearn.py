"""scikit-learn's trees are read so that they decide as the model does, bit for bit."""

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    AdaBoostClassifier,
    AdaBoostRegressor,
    BaggingClassifier,
    BaggingRegressor,
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier, ExtraTreeRegressor

from metamorph.whitebox.ensemble import LEAF, Unreadable, decide
from metamorph.whitebox.readers import read

SEED = {"random_state": 0}
FEW = {"n_estimators": 10, **SEED}
EARLY = {"max_iter": 60, "early_stopping": True, "n_iter_no_change": 2, **SEED}

REGRESSORS = [
    DecisionTreeRegressor(**SEED),
    DecisionTreeRegressor(max_leaf_nodes=9, **SEED),
    ExtraTreeRegressor(**SEED),
    RandomForestRegressor(**FEW),
    ExtraTreesRegressor(max_depth=5, **FEW),
    BaggingRegressor(max_features=0.7, **FEW),
    HistGradientBoostingRegressor(max_iter=20, **SEED),
    HistGradientBoostingRegressor(loss="quantile", quantile=0.7, max_iter=10, **SEED),
    HistGradientBoostingRegressor(**EARLY),
]
CLASSIFIERS = [
    DecisionTreeClassifier(**SEED),
    ExtraTreeClassifier(**SEED),
    RandomForestClassifier(**FEW),
    ExtraTreesClassifier(max_depth=6, **FEW),
    BaggingClassifier(max_features=0.7, max_samples=0.05, **FEW),
]
BOOSTED = [
    GradientBoostingClassifier(**FEW),
    GradientBoostingClassifier(init="zero", **FEW),
    GradientBoostingClassifier(n_iter_no_change=2, random_state=0),
    AdaBoostClassifier(DecisionTreeClassifier(max_depth=2), **FEW),
    HistGradientBoostingClassifier(max_iter=10, **SEED),
    HistGradientBoostingClassifier(**EARLY),
]
WHOLE = [GradientBoostingRegressor(loss=loss, **FEW) for loss in ("squared_error", "absolute_error", "huber")]


@pytest.mark.parametrize("model", REGRESSORS, ids=repr)
def test_a_regressor_read_from_rows_with_gaps_decides_as_it_predicts(model, gappy, number, at_edges):
    ensemble = read(model.fit(gappy, number))
    edges = at_edges(ensemble, gappy, infinite="Hist" in repr(model))
    assert len(edges) > 500
    np.testing.assert_array_equal(model.predict(edges)[:, None], decide(ensemble, edges))


@pytest.mark.parametrize("model", WHOLE, ids=repr)
def test_gradient_boosting_read_from_whole_rows_decides_as_it_predicts(model, rows, number, at_edges):
    ensemble = read(model.fit(rows, number))
    edges = at_edges(ensemble, rows)
    np.testing.assert_array_equal(model.predict(edges)[:, None], decide(ensemble, edges))


@pytest.mark.parametrize("target", ["binary", "triple"])
@pytest.mark.parametrize("model", CLASSIFIERS, ids=repr)
def test_the_shares_of_a_classifier_are_its_probabilities(model, target, gappy, at_edges, request):
    ensemble = read(model.fit(gappy, request.getfixturevalue(target)))
    edges = at_edges(ensemble, gappy)
    np.testing.assert_array_equal(model.predict_proba(edges), decide(ensemble, edges))


@pytest.mark.parametrize("target", ["binary", "triple"])
@pytest.mark.parametrize("model", BOOSTED, ids=repr)
def test_the_sums_of_a_boosted_classifier_are_its_decision_function(model, target, rows, at_edges, request):
    ensemble = read(model.fit(rows, request.getfixturevalue(target)))
    edges = at_edges(ensemble, rows)
    scores = model.decision_function(edges)
    np.testing.assert_array_equal(scores.reshape(len(edges), -1), decide(ensemble, edges))


def test_single_precision_rows_are_decided_as_the_model_decides_them(rows, number, at_edges):
    model = RandomForestRegressor(**FEW).fit(rows.astype(np.float32), number)
    ensemble = read(model)
    edges = at_edges(ensemble, rows).astype(np.float32)
    np.testing.assert_array_equal(model.predict(edges)[:, None], decide(ensemble, edges))


def test_several_targets_are_several_outputs(rows, number):
    model = RandomForestRegressor(**FEW).fit(rows, np.column_stack([number, -number]))
    np.testing.assert_array_equal(model.predict(rows), decide(read(model), rows))


@pytest.mark.parametrize("gaps", [False, True])
def test_categories_of_histogram_boosting_go_where_the_model_sends_them(gaps, rows):
    rng = np.random.default_rng(0)
    letters = rng.choice(list("stuvwxyz"), len(rows)).astype(object)
    letters[: 40 * gaps] = None
    number = 2.0 * pd.Series(letters).isin(["s", "v", "z"]).to_numpy() * rows[:, 0] + rows[:, 1]
    frame = pd.DataFrame({"first": rows[:, 0], "letter": pd.Categorical(letters), "last": rows[:, 1]})
    model = HistGradientBoostingRegressor(max_iter=30, random_state=0).fit(frame, number)
    ensemble = read(model)
    assert any(split.categories is not None for split in ensemble.splits)
    assert {1: tuple("stuvwxyz")} == ensemble.levels
    asked = frame.assign(letter=[*["?"] * 20, *letters[20:]])
    places = asked["letter"].map({letter: place for place, letter in enumerate("stuvwxyz")}).astype(float)
    values = np.column_stack([asked["first"], places, asked["last"]])
    np.testing.assert_array_equal(model.predict(asked)[:, None], decide(ensemble, values))


def test_children_stand_behind_their_parent_and_leaves_ask_nothing(rows, number):
    for tree in read(RandomForestRegressor(**FEW).fit(rows, number)).trees:
        inner = np.flatnonzero(tree.split != LEAF)
        assert (tree.left[inner] > inner).all()
        assert (tree.right[inner] > inner).all()
        assert {LEAF} == set(tree.left[tree.split == LEAF])


def test_whether_missing_values_are_answered_is_as_scikit_learn_says(rows, number):
    assert read(RandomForestRegressor(**FEW).fit(rows, number)).takes_missing
    assert read(HistGradientBoostingRegressor(max_iter=5).fit(rows, number)).takes_missing
    assert not read(GradientBoostingRegressor(**FEW).fit(rows, number)).takes_missing


class Twice(RandomForestRegressor):
    def predict(self, X):
        return 2 * super().predict(X)


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (Ridge(), "Ridge is no tree ensemble"),
        (AdaBoostRegressor(n_estimators=3), "median of its trees"),
        (BaggingRegressor(LinearRegression(), n_estimators=3), "made of LinearRegression, which is no tree"),
        (GradientBoostingRegressor(init=LinearRegression(), n_estimators=3), "starts from the answers of Linear"),
        (Twice(n_estimators=3), "Twice is of no library whose trees can be read"),
    ],
    ids=repr,
)
def test_what_is_no_sum_of_trees_says_why_it_cannot_be_read(model, reason, rows, number):
    with pytest.raises(Unreadable, match=reason):
        read(model.fit(rows, number))


def test_classifiers_that_are_no_sums_of_trees_say_why_they_cannot_be_read(rows, binary):
    with pytest.raises(Unreadable, match="threshold of its own"):
        read(FixedThresholdClassifier(DecisionTreeClassifier(), threshold=0.3).fit(rows, binary))
    with pytest.raises(Unreadable, match="several targets at once"):
        read(DecisionTreeClassifier().fit(rows, np.column_stack([binary, 1 - binary])))
    with pytest.raises(Unreadable, match="DummyClassifier is no tree ensemble"):
        read(DummyClassifier().fit(rows, binary))
