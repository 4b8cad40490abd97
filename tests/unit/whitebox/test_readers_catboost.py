"""CatBoost's trees are read so that they decide as the model does, bit for bit."""

import numpy as np
import pandas as pd
import pytest

from metamorph.whitebox.ensemble import Unreadable, decide
from metamorph.whitebox.readers import read

catboost = pytest.importorskip("catboost", reason="in the extra test-all alone")

FEW = {"iterations": 15, "thread_count": 1, "verbose": 0, "allow_writing_files": False, "random_seed": 0}
KINDS = [("CatBoostRegressor", "number"), ("CatBoostClassifier", "binary"), ("CatBoostClassifier", "triple")]


def raw(model, rows):
    return np.asarray(model.predict(rows, prediction_type="RawFormulaVal")).reshape(len(rows), -1)


@pytest.mark.parametrize("data", ["rows", "gappy"])
@pytest.mark.parametrize(
    "settings",
    [{}, {"nan_mode": "Max"}, {"depth": 2}, {"grow_policy": "Lossguide"}, {"grow_policy": "Depthwise", "depth": 3}],
    ids=str,
)
@pytest.mark.parametrize(("kind", "target"), KINDS)
def test_the_sums_are_the_raw_values(kind, target, settings, data, at_edges, request):
    table = request.getfixturevalue(data)
    model = getattr(catboost, kind)(**FEW, **settings).fit(table, request.getfixturevalue(target))
    ensemble = read(model)
    edges = at_edges(ensemble, table, infinite=True)
    assert len(edges) > 400
    np.testing.assert_array_equal(raw(model, edges), decide(ensemble, edges))


def test_a_model_stopped_early_answers_with_its_best_iteration(rows, number):
    model = catboost.CatBoostRegressor(**{**FEW, "iterations": 300, "learning_rate": 0.9})
    model.fit(rows[:200], number[:200], eval_set=(rows[200:], number[200:]), early_stopping_rounds=5)
    assert model.tree_count_ == len(read(model).trees) < 300
    np.testing.assert_array_equal(raw(model, rows), decide(read(model), rows))


def test_a_category_that_no_tree_asks_about_is_no_hindrance(rows, number):
    frame = pd.DataFrame(rows, columns=list("abcd")).assign(e="same")
    model = catboost.CatBoostRegressor(**FEW, cat_features=["e"]).fit(frame, number)
    values = np.column_stack([rows, np.zeros(len(rows))])
    np.testing.assert_array_equal(raw(model, frame), decide(read(model), values))


@pytest.mark.parametrize("most", [1, 10])
def test_categories_say_that_they_cannot_be_read(most, rows):
    frame = pd.DataFrame({"a": rows[:, 0], "c": np.random.default_rng(0).choice(list("xyz"), len(rows))})
    model = catboost.CatBoostRegressor(**FEW, cat_features=["c"], one_hot_max_size=most)
    with pytest.raises(Unreadable, match="CatBoost's categorical features cannot be read"):
        read(model.fit(frame, frame["a"] + 3 * (frame["c"] == "x")))


def test_a_model_that_is_not_fitted_or_was_rescaled_says_so(rows, number):
    model = catboost.CatBoostRegressor(**FEW)
    with pytest.raises(Unreadable, match="is not fitted"):
        read(model)
    model.fit(rows, number)
    model.set_scale_and_bias(2, [1.0])
    with pytest.raises(Unreadable, match="scale=2 cannot be read"):
        read(model)
