"""What is read of a model is held against the answers that it gave, before anything is proved by it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import PCA
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

import metamorph as mm

HOUSES = pd.DataFrame({"area": np.arange(300) % 50, "rooms": np.arange(300) % 7})


def fitted(model, target):
    return model.fit(HOUSES, target)


@pytest.mark.parametrize(
    "model", [LinearRegression(), DecisionTreeRegressor(max_depth=4, monotonic_cst=[1, 0])], ids=str
)
def test_a_model_that_is_what_it_looks_like_is_proved(model):
    fitted(model, HOUSES["area"] * 2.0 + HOUSES["rooms"])
    (result,) = mm.check(model, mm.increasing("area"), HOUSES, budget=500).results
    assert "proved" == result.verdict
    assert result.unread is None


@pytest.mark.parametrize(
    "model", [LinearRegression(), DecisionTreeRegressor(max_depth=4, monotonic_cst=[1, 0])], ids=str
)
def test_a_model_whose_method_was_replaced_is_not_proved_by_its_numbers(model):
    fitted(model, HOUSES["area"] * 2.0 + HOUSES["rooms"])
    honest = model.predict
    model.predict = lambda rows: honest(rows) + 30.0 * (np.asarray(rows)[:, 1] == 3)
    (result,) = mm.check(model, mm.increasing("area"), HOUSES, budget=500).results
    assert "held" == result.verdict
    assert "do not follow from what was read" in result.unread


def test_labels_that_were_turned_around_are_not_proved():
    model = fitted(DecisionTreeClassifier(max_depth=3, monotonic_cst=[1, 0]), (HOUSES["area"] > 20).astype(int))
    honest = model.predict
    assert "proved" == mm.check(model, mm.increasing("area").on("label"), HOUSES, budget=500).results[0].verdict
    model.predict = lambda rows: np.where(np.asarray(rows)[:, 1] == 3, 0, honest(rows))
    (result,) = mm.check(model, mm.increasing("area").on("label"), HOUSES, budget=500).results
    assert "held" == result.verdict
    assert "do not follow from what was read" in result.unread


def test_a_model_that_cannot_be_read_is_searched_as_a_black_box_and_the_report_says_so():
    model = fitted(make_pipeline(PCA(2), DecisionTreeRegressor(max_depth=3)), HOUSES["area"])
    report = mm.check(model, [mm.increasing("area"), mm.increasing("rooms")], HOUSES, budget=200)
    (note,) = [note for note in report.notes if "black box" in note]
    assert "PCA" in note


def test_a_function_is_a_black_box_and_nothing_is_said_of_that():
    report = mm.check(lambda rows: rows["area"] * 1.0, mm.increasing("area"), HOUSES, budget=200)
    assert () == report.notes
