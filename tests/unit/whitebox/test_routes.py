"""A model's features are followed back to the schema's own columns, through its own fitted steps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    GradientBoostingRegressor,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)

from metamorph.whitebox.ensemble import Unreadable
from metamorph.whitebox.grid import cells_of
from metamorph.whitebox.readers import read
from metamorph.whitebox.routes import route
from metamorph_strategies.columns import Category, Integer, Real, Strategy, Timestamp
from metamorph_strategies.schema import Schema
from tests.unit.whitebox.edges import added_in, edge_rows, grid_of

RNG = np.random.default_rng(0)
SIZE = 400
NUMBERS = ["area", "rooms", "lot"]
HOUSES = pd.DataFrame(
    {
        "area": RNG.normal(120, 30, SIZE),
        "rooms": RNG.integers(1, 9, SIZE),
        "lot": np.round(RNG.gamma(2, 300, SIZE), 1),
        "heating": RNG.choice(["gas", "oil", "wood", "sun"], SIZE, p=[0.6, 0.3, 0.05, 0.05]),
        "grade": pd.Categorical(RNG.choice(["low", "mid", "high"], SIZE), ["low", "mid", "high"], ordered=True),
        "garden": RNG.random(SIZE) < 0.5,
    }
)
PRICE = (
    HOUSES["area"]
    + 10 * HOUSES["rooms"]
    + HOUSES["lot"] / 50
    + 20 * (HOUSES["heating"] == "gas")
    + 15 * HOUSES["grade"].cat.codes
    + RNG.normal(0, 5, SIZE)
).to_numpy()
GAPS = HOUSES.assign(
    area=HOUSES["area"].where(RNG.random(SIZE) > 0.1),
    heating=HOUSES["heating"].astype(object).where(RNG.random(SIZE) > 0.1, None),
)


def boosted(**settings: Any) -> GradientBoostingRegressor:
    return GradientBoostingRegressor(n_estimators=30, max_depth=4, random_state=0, **settings)


def check_cells(model: Any, schema: Schema) -> None:
    """The grid says what the model says, at every edge of every cell."""
    grid = grid_of(model, schema)
    assert any(len(axis) > 1 for axis in grid.axes)
    frame = edge_rows(grid, schema)
    names = getattr(model, "feature_names_in_", None)
    said = model.predict(frame.to_numpy() if names is None else frame[list(names)])
    ensemble = read(route(model, schema).estimator)
    assert np.array_equal(added_in(ensemble.dtype, grid, cells_of(grid, frame, schema)) / ensemble.divisor, said)


STEPS = {
    "standard": StandardScaler(),
    "minmax": MinMaxScaler((-1, 3), clip=True),
    "maxabs": MaxAbsScaler(),
    "robust": RobustScaler(),
    "identity": FunctionTransformer(),
    "nested": make_pipeline(SimpleImputer(), StandardScaler(), MinMaxScaler()),
    "pandas": make_pipeline(StandardScaler(), RobustScaler()).set_output(transform="pandas"),
}


@pytest.mark.parametrize("name", STEPS)
def test_scaled_numbers_are_divided_where_the_model_divides_them(name: str) -> None:
    check_cells(make_pipeline(STEPS[name], boosted()).fit(HOUSES[NUMBERS], PRICE), Schema.from_frame(HOUSES))


ENCODED = {
    "one-hot": ColumnTransformer(
        [("hot", OneHotEncoder(), ["heating", "grade"]), ("scaled", StandardScaler(), ["area"])],
        remainder="passthrough",
    ),
    "one-hot, first dropped, dense": ColumnTransformer(
        [("hot", OneHotEncoder(drop="first", sparse_output=False), ["heating", "garden"])], remainder="drop"
    ),
    "one-hot, rare ones together": ColumnTransformer(
        [
            ("numbers", "passthrough", slice(0, 3)),
            ("hot", OneHotEncoder(min_frequency=0.1, handle_unknown="infrequent_if_exist"), ["heating"]),
        ]
    ),
    "ordinal": ColumnTransformer(
        [
            ("out", "drop", ["garden"]),
            ("places", OrdinalEncoder(categories=[["wood", "gas", "oil", "sun"]]), ["heating"]),
            ("grades", OrdinalEncoder(), ["grade"]),
        ],
        remainder=StandardScaler(),
        verbose_feature_names_out=False,
    ).set_output(transform="pandas"),
    "powers of whole numbers": ColumnTransformer(
        [("power", PowerTransformer(), ["rooms"]), ("quantile", QuantileTransformer(n_quantiles=20), ["rooms"])],
    ),
}


@pytest.mark.parametrize("name", ENCODED)
def test_encoded_columns_are_divided_where_the_model_divides_them(name: str) -> None:
    check_cells(make_pipeline(ENCODED[name], boosted()).fit(HOUSES, PRICE), Schema.from_frame(HOUSES))


IMPUTED = {
    "mean": SimpleImputer(),
    "constant": SimpleImputer(strategy="constant", fill_value=-7.5),
    "with indicator": SimpleImputer(strategy="median", add_indicator=True),
    "scaled first": make_pipeline(StandardScaler(), SimpleImputer(add_indicator=True)),
}


@pytest.mark.parametrize("name", IMPUTED)
def test_missing_values_go_where_the_model_puts_them(name: str) -> None:
    filled = make_pipeline(SimpleImputer(strategy="most_frequent", missing_values=None), OrdinalEncoder())
    steps = ColumnTransformer([("numbers", IMPUTED[name], NUMBERS), ("words", filled, ["heating"])])
    check_cells(make_pipeline(steps, boosted()).fit(GAPS, PRICE), Schema.from_frame(GAPS))


def test_unknown_and_missing_categories_have_numbers_of_their_own() -> None:
    places = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-3, encoded_missing_value=-2)
    model = make_pipeline(ColumnTransformer([("places", places, ["heating"])]), boosted())
    model.fit(GAPS[GAPS["heating"] != "sun"], PRICE[GAPS["heating"] != "sun"])
    check_cells(model, Schema.from_frame(GAPS))


@pytest.mark.parametrize("dtype", ["float32", "Float64", "Int64", "float16"])
def test_columns_of_any_dtype_are_divided_in_that_dtype(dtype: str) -> None:
    frame = HOUSES[NUMBERS].assign(area=HOUSES["area"].round().astype(dtype))
    if dtype != "Int64":
        frame["area"] = (HOUSES["area"] / 7).astype(dtype)
    schema = Schema.from_frame(frame)
    check_cells(make_pipeline(StandardScaler(), boosted()).fit(frame, PRICE), schema)
    check_cells(HistGradientBoostingRegressor(max_iter=20).fit(frame, PRICE), schema)


def test_models_fitted_on_arrays_take_the_columns_in_order() -> None:
    check_cells(boosted().fit(HOUSES[NUMBERS].to_numpy(), PRICE), Schema.from_frame(HOUSES[NUMBERS]))


def test_what_a_search_found_best_is_followed() -> None:
    search = GridSearchCV(make_pipeline(StandardScaler(), boosted()), {"standardscaler__with_mean": [True]}, cv=2)
    check_cells(search.fit(HOUSES[NUMBERS], PRICE), Schema.from_frame(HOUSES))


def test_forests_and_histograms_are_read_with_missing_values() -> None:
    schema = Schema.from_frame(GAPS)
    check_cells(RandomForestRegressor(15, random_state=0, n_jobs=1).fit(GAPS[NUMBERS], PRICE), schema)
    check_cells(HistGradientBoostingRegressor(max_iter=30).fit(GAPS[NUMBERS], PRICE), schema)


def test_histogram_boosting_encodes_its_own_categories() -> None:
    frame = GAPS.assign(heating=GAPS["heating"].astype("category"), grade=HOUSES["grade"])
    model = HistGradientBoostingRegressor(max_iter=30, categorical_features="from_dtype").fit(frame, PRICE)
    check_cells(model, Schema.from_frame(frame))


def test_each_output_of_a_forest_has_a_grid() -> None:
    schema = Schema.from_frame(HOUSES)
    model = RandomForestClassifier(15, max_depth=5, random_state=0).fit(HOUSES[NUMBERS], HOUSES["heating"])
    for output in range(4):
        grid = grid_of(model, schema, output)
        frame = edge_rows(grid, schema)
        expected = model.predict_proba(frame[NUMBERS])[:, output]
        assert np.allclose(expected, grid.values(cells_of(grid, frame, schema)) / 15, rtol=0, atol=1e-13)


def test_lightgbm_is_read_with_categories_and_missing_values() -> None:
    lightgbm = pytest.importorskip("lightgbm", reason="boosters are in [test-all]")
    settings = {"n_estimators": 30, "verbose": -1, "n_jobs": 1, "min_child_samples": 3, "min_data_per_group": 1}
    frame = GAPS.assign(
        heating=GAPS["heating"].astype("category"), grade=HOUSES["grade"].astype(str).astype("category")
    )
    for rows in (frame, HOUSES[NUMBERS], GAPS[NUMBERS].astype("float32")):
        check_cells(lightgbm.LGBMRegressor(**settings).fit(rows, PRICE), Schema.from_frame(rows))
    sparse = make_pipeline(ENCODED["one-hot"], lightgbm.LGBMRegressor(**settings))
    check_cells(sparse.fit(HOUSES, PRICE), Schema.from_frame(HOUSES))


def test_xgboost_is_read_with_categories_and_missing_values() -> None:
    xgboost = pytest.importorskip("xgboost", reason="boosters are in [test-all]")
    settings = {"n_estimators": 30, "max_depth": 5, "n_jobs": 1, "enable_categorical": True, "max_cat_to_onehot": 1}
    frame = GAPS.assign(heating=GAPS["heating"].astype("category"))
    for rows in (frame, HOUSES[NUMBERS], GAPS[NUMBERS].astype("float32")):
        check_cells(xgboost.XGBRegressor(**settings).fit(rows, PRICE), Schema.from_frame(rows))
    sparse = make_pipeline(ENCODED["one-hot"], xgboost.XGBRegressor(**settings))
    check_cells(sparse.fit(HOUSES, PRICE), Schema.from_frame(HOUSES))
    # of a sparse matrix XGBoost takes for missing what is left out
    words = ColumnTransformer([("hot", OneHotEncoder(), ["heating", "grade"])])
    sparse = make_pipeline(words, xgboost.XGBRegressor(**settings)).fit(HOUSES, PRICE)
    assert hasattr(sparse[0].transform(HOUSES), "tocoo")
    check_cells(sparse, Schema.from_frame(HOUSES))


def test_catboost_is_read_with_missing_values() -> None:
    catboost = pytest.importorskip("catboost", reason="boosters are in [test-all]")
    settings = {"iterations": 30, "depth": 4, "thread_count": 1, "verbose": False, "allow_writing_files": False}
    for rows in (GAPS[NUMBERS], HOUSES[NUMBERS]):
        schema, model = Schema.from_frame(rows), catboost.CatBoostRegressor(**settings).fit(rows, PRICE)
        grid = grid_of(model, schema)
        frame = edge_rows(grid, schema)
        assert np.allclose(model.predict(frame), grid.values(cells_of(grid, frame, schema)), rtol=1e-12)


def refusal(model: Any, schema: Schema) -> str:
    with pytest.raises(Unreadable) as refused:
        grid_of(model, schema)
    return str(refused.value)


def test_steps_that_mix_columns_are_named() -> None:
    model = make_pipeline(StandardScaler(), PCA(2), boosted()).fit(HOUSES[NUMBERS], PRICE)
    expected = "the step 'pca' (PCA) is none whose columns can be followed one by one"
    assert expected == refusal(model, Schema.from_frame(HOUSES))
    inner = ColumnTransformer([("mixed", make_pipeline(PCA(2)), NUMBERS)])
    model = make_pipeline(inner, boosted()).fit(HOUSES, PRICE)
    expected = "the step 'columntransformer__mixed__pca' (PCA) is none whose columns can be followed one by one"
    assert expected == refusal(model, Schema.from_frame(HOUSES))


def test_functions_and_markers_of_the_users_own_are_refused() -> None:
    model = make_pipeline(FunctionTransformer(np.abs), boosted()).fit(HOUSES[NUMBERS].to_numpy(), PRICE)
    assert "a function of the user's" in refusal(model, Schema.from_frame(HOUSES[NUMBERS]))
    model = make_pipeline(SimpleImputer(missing_values=3), boosted()).fit(HOUSES[NUMBERS], PRICE)
    assert "missing_values=3" in refusal(model, Schema.from_frame(HOUSES))


@pytest.mark.parametrize("step", [PowerTransformer(), QuantileTransformer(n_quantiles=50)])
def test_steps_that_may_turn_neighbours_around_are_refused_for_real_numbers(step: Any) -> None:
    model = make_pipeline(step, boosted()).fit(HOUSES[["area"]], PRICE)
    assert "need not keep the order of 'area'" in refusal(model, Schema.from_frame(HOUSES))


def test_a_split_on_a_derived_column_is_refused_and_an_unread_one_is_not() -> None:
    schema = Schema.from_frame(HOUSES[NUMBERS]).derive(per_room=lambda t: t["area"] / t["rooms"])
    assert "'per_room', which is derived" in refusal(boosted().fit(schema.observed, PRICE), schema)
    check_cells(boosted().fit(HOUSES[NUMBERS], PRICE), schema)


def test_values_that_the_model_or_its_steps_refuse_are_said() -> None:
    model = boosted().fit(HOUSES[NUMBERS], PRICE)
    schema = Schema.from_frame(GAPS[NUMBERS])
    assert "refuses missing values, which 'area' may have" in refusal(model, schema)
    strict = make_pipeline(ColumnTransformer([("hot", OneHotEncoder(), ["heating"])]), boosted())
    strict.fit(HOUSES[HOUSES["heating"] != "sun"], PRICE[HOUSES["heating"] != "sun"])
    assert "raises on values of the schema (ValueError" in refusal(strict, Schema.from_frame(HOUSES))
    wide = Schema(area=Real(0, 1e300), rooms=Integer(0, 9), lot=Real(0, 1))
    assert "beyond what the model compares in" in refusal(model, wide)


def test_columns_that_the_model_does_not_read_may_be_anything() -> None:
    from hypothesis import strategies as st  # noqa: PLC0415 - one test needs it

    schema = Schema(
        {
            "when": Timestamp("2020-01-01", "2021-01-01"),
            "word": Strategy(st.text(max_size=3)),
            "area": Real(0, 300),
            "rooms": Integer(0, 2**62),
            "lot": Real(0, 3_000, decimals=1),
            "kind": Category(["a", "b"], nullable=True),
        }
    )
    model = boosted().fit(HOUSES[["area", "lot"]], PRICE)
    grid = grid_of(model, schema)
    assert [1, 1, 1, 2] == [len(grid.axes[place]) for place in (0, 1, 3, 5)]
    check_cells(model, schema)


def test_a_linear_model_has_a_route_too() -> None:
    model = make_pipeline(StandardScaler(), LinearRegression()).fit(HOUSES[NUMBERS], PRICE)
    way = route(model, Schema.from_frame(HOUSES))
    assert NUMBERS == [feature.column for feature in way.features]
    codes = HOUSES["rooms"].to_numpy()
    expected = model[0].transform(HOUSES[NUMBERS])[:, 1]
    assert np.array_equal(expected, way.features[1].values(codes, np.zeros(SIZE, dtype=bool)))
