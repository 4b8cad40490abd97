"""Monotone constraints that a model was fitted with become relations by themselves, and are settled."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

import metamorph as mm

RNG = np.random.default_rng(0)
CARS = pd.DataFrame({"doors": RNG.integers(2, 6, 600), "persons": RNG.integers(1, 8, 600), "age": RNG.random(600)})
WORTH = CARS["doors"] + CARS["persons"] - 6 * CARS["age"] + RNG.normal(size=600)
CLASSES = np.digitize(WORTH, np.quantile(WORTH, [0.25, 0.5, 0.75]))


def declared(model):
    relations = mm.registry.applicable(mm.Schema.from_frame(CARS), model)
    return [one for one in relations if one.id.startswith(("increasing", "decreasing"))]


@pytest.mark.parametrize(
    ("learner", "target"),
    [(HistGradientBoostingRegressor, WORTH), (HistGradientBoostingClassifier, (WORTH > 4).astype(int))],
    ids=["regression", "two classes"],
)
def test_what_a_model_was_fitted_to_keep_is_proved(learner, target):
    model = learner(max_iter=20, monotonic_cst={"doors": 1, "age": -1}, random_state=0).fit(CARS, target)
    relations = declared(model)
    assert ["increasing[doors]", "decreasing[age]"] == [one.id for one in relations]
    report = mm.check(model, relations, CARS, budget=1_000)
    assert ["proved", "proved"] == [result.verdict for result in report.results]


def test_constrained_lightgbm_of_several_ordered_classes_is_refuted_with_a_pair():
    lightgbm = pytest.importorskip("lightgbm", reason="LightGBM is in [test-all]")
    model = lightgbm.LGBMClassifier(n_estimators=20, monotone_constraints=[1, 1, -1], n_jobs=1, verbose=-1)
    model.fit(CARS, CLASSES)
    relations = declared(model)
    assert ["increasing[doors]", "increasing[persons]", "decreasing[age]"] == [
        one.id.split(" by ")[0] for one in relations
    ]
    report = mm.check(model, relations, CARS, budget=1_000)
    parts = [part for result in report.results for part in result.parts]
    assert {"by expected class", "by label"} == {part.relation.partition("] ")[2] for part in parts}
    for kind in ("by expected class", "by label"):
        refuted = [part for part in parts if part.relation.endswith(kind) and part.verdict == "violated"]
        assert refuted
        assert all(part.counterexample is not None for part in refuted)


def test_classes_without_an_order_have_no_direction():
    lightgbm = pytest.importorskip("lightgbm", reason="LightGBM is in [test-all]")
    model = lightgbm.LGBMClassifier(n_estimators=3, monotone_constraints=[1, 0, 0], n_jobs=1, verbose=-1)
    assert [] == declared(model.fit(CARS, np.array(list("abcd"))[CLASSES]))
