"""Tree ensembles are settled as brute force over every input settles them: nothing unsound, nothing missed."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    AdaBoostClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.utils import get_tags

import metamorph as mm
from metamorph.case import Cases, parameter
from metamorph.predictor import Predictor
from metamorph.runner.anatomy import Anatomy
from metamorph.runner.checking import probe_rows
from metamorph.runner.floor import set_floor
from metamorph.runner.proof import prove
from metamorph.runner.trial import Trial

TOWNS = ["a", "b", "c"]
SCHEMA = mm.Schema(
    area=mm.Integer(0, 7),
    rooms=mm.Integer(0, 3, nullable=True, dtype="float64"),
    age=mm.Real(0, 0.5, decimals=1),
    town=mm.Category(TOWNS),
)
EVERY = SCHEMA.frame(
    [
        dict(zip(("area", "rooms", "age", "town"), cells, strict=True))
        for cells in itertools.product(range(8), [0, 1, 2, 3, None], [0.0, 0.1, 0.2, 0.3, 0.4, 0.5], TOWNS)
    ]
)
REGRESSORS = [
    lambda seed: DecisionTreeRegressor(max_depth=3, random_state=seed),
    lambda seed: RandomForestRegressor(4, max_depth=3, random_state=seed),
    lambda seed: ExtraTreesRegressor(4, max_depth=3, random_state=seed),
    lambda seed: GradientBoostingRegressor(n_estimators=5, max_depth=2, random_state=seed),
    lambda seed: HistGradientBoostingRegressor(max_iter=4, max_leaf_nodes=5, min_samples_leaf=5, random_state=seed),
    lambda seed: HistGradientBoostingRegressor(
        max_iter=5, max_leaf_nodes=5, min_samples_leaf=5, monotonic_cst=[0, 0, 0, 1, 0, -1], random_state=seed
    ),
]
CLASSIFIERS = [
    lambda seed: DecisionTreeClassifier(max_depth=3, random_state=seed),
    lambda seed: RandomForestClassifier(5, max_depth=3, random_state=seed),
    lambda seed: GradientBoostingClassifier(n_estimators=4, max_depth=2, random_state=seed),
    lambda seed: HistGradientBoostingClassifier(max_iter=4, max_leaf_nodes=4, min_samples_leaf=5, random_state=seed),
    lambda seed: AdaBoostClassifier(DecisionTreeClassifier(max_depth=2), n_estimators=4, random_state=seed),
]


def fitted(rng, make, *, classes):
    rows = EVERY.iloc[rng.integers(len(EVERY), size=150)].reset_index(drop=True)
    weights = rng.normal(size=4)
    y = rows["area"] * weights[0] + rows["rooms"].astype("float64").fillna(2) * weights[1] + rows["age"] * weights[2]
    y = y + (rows["town"] == "b") * weights[3] + 0.3 * rng.normal(size=len(rows))
    estimator = make(int(rng.integers(100)))
    numbers = StandardScaler() if rng.random() < 0.5 else "passthrough"
    if not get_tags(estimator).input_tags.allow_nan:
        numbers = make_pipeline(SimpleImputer(), numbers)
    steps = make_column_transformer((OneHotEncoder(), ["town"]), (numbers, ["area", "rooms", "age"]))
    model = make_pipeline(steps, estimator)
    return model.fit(rows, (y > y.median()).astype(int) if classes else y)


def worst_of_all(trial, name):
    """The largest margin over every row of the schema and every lawful value of one column, by the ordinary judge."""
    column = SCHEMA.columns[name]
    codes = np.unique(column.encode(EVERY[name])[0][EVERY[name].notna()])
    source = EVERY.loc[EVERY.index.repeat(len(codes))].reset_index(drop=True)
    target = column.decode(np.tile(codes, len(EVERY)))
    cases = Cases(source, pd.DataFrame({parameter(name): target}))
    follow_up, kept = trial.admissible(cases)
    return float(trial.judge(cases.take(kept), follow_up, np.arange(int(kept.sum()))).margins.max())


RELATIONS = [
    (mm.increasing("area"), "area"),
    (mm.decreasing("area", by=2), "area"),
    (mm.increasing("rooms"), "rooms"),
    (mm.decreasing("age"), "age"),
    (mm.increasing("area", to=5), "area"),
    (mm.invariant("town"), "town"),
    (mm.increasing("area", tolerance=0.2), "area"),
]


@pytest.mark.parametrize("seed", range(24))
def test_what_is_proved_is_what_no_input_violates(seed):
    rng = np.random.default_rng(seed)
    classes = seed % 3 == 2
    makers = CLASSIFIERS if classes else REGRESSORS
    model = fitted(rng, makers[seed // 3 % len(makers)], classes=classes)
    predictor = Predictor(model)
    anatomy = Anatomy(predictor.adapter, SCHEMA)
    for relation, name in RELATIONS:
        trial = Trial(relation, SCHEMA, predictor)
        set_floor(trial, probe_rows(SCHEMA))
        settlement, worst = prove(trial, anatomy), worst_of_all(trial, name)
        assert settlement.unread is None
        assert (settlement.argument is not None) == (worst <= 0), relation.id
        if settlement.upper is not None:
            assert worst <= settlement.upper + 1e-12
        if worst > 0:
            assert settlement.exact or classes
            cases = settlement.pairs.cases(SCHEMA)
            follow_up, kept = trial.admissible(cases)
            judged = trial.judge(cases.take(kept), follow_up, np.arange(int(kept.sum())))
            assert worst == pytest.approx(judged.margins.max()) if settlement.exact else judged.margins.max() > 0
