"""LightGBM's trees are read so that they decide as the model does, bit for bit."""

import numpy as np
import pandas as pd
import pytest

from metamorph.whitebox.ensemble import Unreadable, decide
from metamorph.whitebox.readers import read

lgb = pytest.importorskip("lightgbm", reason="in the extra test-all alone")

FEW = {"n_estimators": 15, "n_jobs": 1, "verbose": -1, "random_state": 0}
KINDS = [("LGBMRegressor", "number"), ("LGBMClassifier", "binary"), ("LGBMClassifier", "triple")]
pytestmark = pytest.mark.filterwarnings("ignore:X does not have valid feature names")


def raw(model, rows):
    return model.predict(rows, raw_score=True).reshape(len(rows), -1)


@pytest.mark.parametrize("data", ["rows", "gappy"])
@pytest.mark.parametrize(
    "settings",
    [{}, {"use_missing": False}, {"zero_as_missing": True}, {"boosting_type": "dart"}, {"extra_trees": True}],
    ids=str,
)
@pytest.mark.parametrize(("kind", "target"), KINDS)
def test_the_sums_are_the_raw_scores(kind, target, settings, data, at_edges, request):
    table = request.getfixturevalue(data)
    model = getattr(lgb, kind)(**FEW, **settings).fit(table, request.getfixturevalue(target))
    ensemble = read(model)
    edges = at_edges(ensemble, table, infinite=True)
    assert len(edges) > 1000
    np.testing.assert_array_equal(raw(model, edges), decide(ensemble, edges))


def test_zeros_that_are_missing_go_apart_from_their_neighbours(gappy, number):
    shifted = np.where(np.abs(gappy) < 1, 0, gappy)
    model = lgb.LGBMRegressor(**FEW, zero_as_missing=True, num_leaves=60, min_child_samples=3).fit(shifted, number)
    ensemble = read(model)
    sizes = [len(tree.split) for tree in ensemble.trees]
    assert max(sizes) > 2 * 60 - 1
    np.testing.assert_array_equal(raw(model, shifted), decide(ensemble, shifted))


def test_a_forest_answers_with_the_mean_of_its_trees(gappy, number, at_edges):
    model = lgb.LGBMRegressor(**FEW, boosting_type="rf", subsample=0.7, subsample_freq=1).fit(gappy, number)
    ensemble = read(model)
    edges = at_edges(ensemble, gappy, infinite=True)
    np.testing.assert_array_equal(model.predict(edges)[:, None], decide(ensemble, edges))


@pytest.mark.filterwarnings("ignore:The argument 'eval_set' is deprecated")  # older versions know nothing else
def test_a_model_stopped_early_answers_with_its_best_iteration(rows, number):
    model = lgb.LGBMRegressor(**{**FEW, "n_estimators": 300, "learning_rate": 0.5})
    held_out = [(rows[200:], number[200:])]
    model.fit(rows[:200], number[:200], eval_set=held_out, callbacks=[lgb.early_stopping(3, verbose=False)])
    assert model.best_iteration_ == len(read(model).trees) < 300
    np.testing.assert_array_equal(raw(model, rows), decide(read(model), rows))
    np.testing.assert_array_equal(model.booster_.predict(rows)[:, None], decide(read(model.booster_), rows))


def test_a_model_that_found_nothing_to_split_is_a_constant(rows):
    model = lgb.LGBMRegressor(**FEW).fit(rows[:10], np.arange(10.0))
    np.testing.assert_array_equal(raw(model, rows), decide(read(model), rows))


def test_categories_go_where_the_model_sends_them(rows):
    rng = np.random.default_rng(0)
    letters = pd.Categorical(rng.choice(list("abcdefgh"), len(rows)))
    frame = pd.DataFrame({"first": rows[:, 0], "letter": letters, "last": rows[:, 1]})
    frame.loc[:30, "letter"] = np.nan
    number = frame["first"] * frame["letter"].isin(["a", "d", "g"]) + frame["last"]
    model = lgb.LGBMRegressor(**FEW, min_data_per_group=5, cat_smooth=1).fit(frame, number)
    ensemble = read(model)
    assert {1: tuple("abcdefgh")} == ensemble.levels
    assert any(split.categories is not None for split in ensemble.splits)
    values = np.column_stack([frame["first"], frame["letter"].cat.codes.replace(-1, np.nan), frame["last"]])
    np.testing.assert_array_equal(raw(model, frame), decide(ensemble, values))


def test_whole_numbers_named_as_categories_are_read_as_they_are(rows, number):
    model = lgb.LGBMRegressor(**FEW, min_data_per_group=5, cat_smooth=1)
    model.fit(pd.DataFrame(rows, columns=list("abcd")), number, categorical_feature=["c"])
    ensemble = read(model)
    assert {} == ensemble.levels
    assert any(split.categories is not None for split in ensemble.splits)
    asked = np.concatenate([rows, rows])
    asked[len(rows) :, 2] = np.resize([-1, 7, 200, 1e6, np.nan], len(rows))
    np.testing.assert_array_equal(raw(model, pd.DataFrame(asked, columns=list("abcd"))), decide(ensemble, asked))


def test_what_is_not_read_says_why(rows, number):
    with pytest.raises(Unreadable, match="was given pred_early_stop, with which it does not add up all"):
        read(lgb.LGBMRegressor(**FEW, pred_early_stop=True).fit(rows, number))
    with pytest.raises(Unreadable, match="linear_tree=True cannot be read"):
        read(lgb.LGBMRegressor(**FEW, linear_tree=True).fit(rows, number))
    frame = pd.DataFrame(
        {"a": rows[:, 0], "o": pd.Categorical(np.where(rows[:, 1] > 0, "x", "y"), categories=["x", "y"], ordered=True)}
    )
    with pytest.raises(Unreadable, match="does not say which of its columns are categories"):
        read(lgb.LGBMRegressor(**FEW).fit(frame, number))
