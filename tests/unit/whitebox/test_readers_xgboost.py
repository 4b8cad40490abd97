"""XGBoost's trees are read so that they decide as the model does, bit for bit in float32."""

import numpy as np
import pandas as pd
import pytest

from metamorph.whitebox.ensemble import Unreadable, decide
from metamorph.whitebox.readers import read

xgb = pytest.importorskip("xgboost", reason="in the extra test-all alone")

KEEPS_CATEGORIES = hasattr(xgb.Booster, "get_categories")  # from 3.1 on; before, a frame's own codes are what counts
FEW = {"n_estimators": 20, "n_jobs": 1, "max_depth": 4}


def margins(model, rows):
    return model.predict(rows, output_margin=True).reshape(len(rows), -1)


@pytest.mark.parametrize("data", ["rows", "gappy"])
@pytest.mark.parametrize(
    ("kind", "target", "settings"),
    [
        ("XGBRegressor", "number", {}),
        ("XGBRegressor", "number", {"base_score": 7.3}),
        ("XGBRegressor", "number", {"tree_method": "exact"}),
        ("XGBRegressor", "number", {"objective": "reg:gamma"}),
        ("XGBRegressor", "number", {"objective": "reg:quantileerror", "quantile_alpha": [0.2, 0.8]}),
        ("XGBRFRegressor", "number", {}),
        ("XGBClassifier", "binary", {}),
        ("XGBClassifier", "binary", {"num_parallel_tree": 3, "subsample": 0.5}),
        ("XGBClassifier", "triple", {}),
        ("XGBRFClassifier", "triple", {}),
    ],
)
def test_the_sums_are_the_margins(kind, target, settings, data, at_edges, request):
    table = request.getfixturevalue(data)
    model = getattr(xgb, kind)(**{**FEW, **settings}).fit(table, request.getfixturevalue(target))
    ensemble = read(model)
    edges = at_edges(ensemble, table, infinite=True)
    assert len(edges) > 1000
    np.testing.assert_array_equal(margins(model, edges), decide(ensemble, edges))
    assert np.float32 == decide(ensemble, edges).dtype


def test_several_targets_are_several_outputs(rows, number):
    model = xgb.XGBRegressor(**FEW).fit(rows, np.column_stack([number, -number]))
    np.testing.assert_array_equal(margins(model, rows), decide(read(model), rows))


def test_a_wrapper_stopped_early_answers_with_its_best_iteration_and_a_booster_with_all(rows, number):
    model = xgb.XGBRegressor(n_estimators=200, n_jobs=1, learning_rate=0.9, early_stopping_rounds=4)
    model.fit(rows[:200], number[:200], eval_set=[(rows[200:], number[200:])], verbose=False)
    booster = model.get_booster()
    assert len(read(model).trees) == model.best_iteration + 1 < len(read(booster).trees)
    np.testing.assert_array_equal(margins(model, rows), decide(read(model), rows))
    np.testing.assert_array_equal(booster.predict(xgb.DMatrix(rows))[:, None], decide(read(booster), rows))


@pytest.mark.parametrize("one_hot", [2, 20])
def test_categories_go_where_the_model_sends_them(one_hot, rows):
    rng = np.random.default_rng(0)
    letters = pd.Categorical(rng.choice(["aa", "b", "cc", "d", "e", "f"], len(rows)))
    years = pd.Categorical(rng.choice([1990, 2001, 2010], len(rows)))
    frame = pd.DataFrame({"first": rows[:, 0], "letter": letters, "year": years})
    frame.loc[:30, "letter"] = np.nan
    number = frame["first"] * frame["letter"].isin(["aa", "d"]) + (frame["year"] == 2001)
    model = xgb.XGBRegressor(**FEW, enable_categorical=True, max_cat_to_onehot=one_hot).fit(frame, number)
    ensemble = read(model)
    kept = {1: tuple(letters.categories), 2: (1990, 2001, 2010)} if KEEPS_CATEGORIES else {}
    assert kept == ensemble.levels
    assert any(split.categories is not None for split in ensemble.splits)
    codes = frame["letter"].cat.codes.replace(-1, np.nan)
    values = np.column_stack([frame["first"], codes, frame["year"].cat.codes])
    np.testing.assert_array_equal(margins(model, frame), decide(ensemble, values))


@pytest.mark.skipif(not KEEPS_CATEGORIES, reason="this version keeps no categories")
def test_categories_in_other_letters_say_that_xgboost_does_not_keep_them_whole(rows):
    frame = pd.DataFrame({"letter": pd.Categorical(np.where(rows[:, 0] > 0, "ä", "å"))})
    with pytest.raises(Unreadable, match="other letters than ASCII"):
        read(xgb.XGBRegressor(**FEW, enable_categorical=True).fit(frame, rows[:, 0]))


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"booster": "dart"}, "booster='dart' cannot be read"),
        ({"booster": "gblinear"}, "booster='gblinear' cannot be read"),
        ({"missing": -999.0}, r"takes missing=-999\.0 for a missing value"),
    ],
)
def test_what_is_not_read_says_why(settings, reason, rows, number):
    with pytest.raises(Unreadable, match=reason):
        read(xgb.XGBRegressor(n_estimators=3, n_jobs=1, **settings).fit(rows, number))
