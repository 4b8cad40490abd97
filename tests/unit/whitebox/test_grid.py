"""A grid's cells are exactly the values that an ensemble does not tell apart, and hold every value of a schema once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

from metamorph.errors import SchemaError
from metamorph.whitebox.cells import Axis, Grid
from metamorph.whitebox.ensemble import LEAF, Ensemble, Numbers, Split, Tree, decide
from metamorph.whitebox.grid import build, candidates, cells_of, points
from metamorph.whitebox.routes import Route, route
from metamorph_strategies.columns import Boolean, Category, Column, Integer, Real
from metamorph_strategies.schema import Schema
from tests.unit.whitebox.edges import edge_codes

ROWS = 200
KINDS: dict[str, Column] = {
    "real": Real(-3, 4),
    "tiny": Real(-1e-300, 1e-300),
    "single": Real(-3, 4, dtype="float32"),
    "half": Real(0, 2, dtype="float16", nullable=True),
    "tenths": Real(-0.5, 1.5, decimals=1, nullable=True),
    "tenths in single": Real(-0.5, 1.5, decimals=1, dtype="float32"),
    "cents": Real(0.01, 900.5, decimals=2, dtype="Float64"),
    "few": Integer(-3, 9),
    "many": Integer(-9_000, 70_000, nullable=True),
    "single many": Integer(16_777_000, 16_787_000, dtype="float32"),
    "flag": Boolean(),
    "level": Category([7, 1, 4, 2], nullable=True),
    "grade": Category([1, 2, 5], ordered=True),
}
CASTS = st.sampled_from([np.float32, np.float64])


@st.composite
def problems(draw: st.DrawFn) -> tuple[Ensemble, Schema, Route]:
    """An ensemble of random trees over some of the columns, scaled or not, its thresholds on values or beside them."""
    names = draw(st.lists(st.sampled_from(list(KINDS)), min_size=1, max_size=4, unique=True))
    schema = Schema({name: KINDS[name] for name in names})
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    frame = sampled(schema, rng)
    tree = DecisionTreeRegressor(max_depth=1)
    model = make_pipeline(StandardScaler(), tree) if draw(st.booleans()) else tree
    way = route(model.fit(frame.astype("float64"), np.zeros(ROWS)), schema)
    cast = draw(CASTS)
    matrix = features(way, schema, frame)
    splits = tuple(random_split(rng, matrix, cast) for _ in range(draw(st.integers(1, 25))))
    trees = tuple(random_tree(rng, len(splits)) for _ in range(draw(st.integers(1, 5))))
    return Ensemble(len(names), splits, trees, rng.normal(size=2), cast=cast), schema, way


def sampled(schema: Schema, rng: np.random.Generator) -> pd.DataFrame:
    """Random rows with boundary values among them."""
    columns = {}
    for name, column in schema.columns.items():
        values = pd.concat([column.sample(rng, ROWS), column.boundary()], ignore_index=True)
        columns[name] = values.iloc[rng.permutation(len(values))[:ROWS]].reset_index(drop=True)
    return pd.DataFrame(columns)


def features(way: Route, schema: Schema, frame: pd.DataFrame) -> Numbers:
    return way.matrix({name: column.encode(frame[name]) for name, column in schema.columns.items()}, len(frame))


def random_split(rng: np.random.Generator, matrix: Numbers, cast: Any) -> Split:
    """At a value of some row, at a float beside it, half-way to another, or far off."""
    feature = int(rng.integers(matrix.shape[1]))
    values = matrix[~np.isnan(matrix[:, feature]), feature].astype(cast)
    one, other = rng.choice(values, 2)
    beside = np.nextafter(one, cast(rng.choice([-np.inf, np.inf])))
    threshold = rng.choice([one, beside, (float(one) + float(other)) / 2, float(one) + rng.normal(scale=1e-9), 1e6])
    return Split(feature, float(threshold), bool(rng.random() < 0.5))


def random_tree(rng: np.random.Generator, splits: int) -> Tree:
    split, left, right = [], [], []
    for node in range(int(rng.integers(0, 12))):
        split.append(int(rng.integers(splits)))
        left.append(2 * node + 1)
        right.append(2 * node + 2)
    leaves = len(split) + 1
    return Tree(
        np.array([*split, *[LEAF] * leaves]),
        np.array([*left, *[LEAF] * leaves]),
        np.array([*right, *[LEAF] * leaves]),
        rng.normal(size=(len(split) + leaves, 2)),
    )


def edged(grid: Grid, schema: Schema, rng: np.random.Generator) -> pd.DataFrame:
    """Rows of edge codes and random ones."""
    columns = {}
    for axis in grid.axes:
        column = schema.columns[axis.name]
        codes = edge_codes(axis, column)
        drawn, missing = column.encode(column.sample(rng, ROWS))
        every = np.concatenate([np.resize(codes, max(len(codes), ROWS)), drawn])
        absent = np.append(np.zeros(len(every) - ROWS, dtype=bool), missing)
        columns[axis.name] = column.decode(every, absent if column.nullable else None).sample(
            2 * ROWS, random_state=int(rng.integers(2**31)), ignore_index=True
        )
    return pd.DataFrame(columns)


@settings(max_examples=100, deadline=None)
@given(problems(), st.integers(0, 2**31))
def test_the_grid_of_an_ensemble_says_what_it_says_cell_by_cell(
    problem: tuple[Ensemble, Schema, Route], seed: int
) -> None:
    """All that is said of a grid is looked at for each, as building it takes nearly all the time."""
    ensemble, schema, way = problem
    grid = build(ensemble, np.array([1.0, 0.0]), way, schema)
    cells_add_up_to_what_the_ensemble_says_of_every_row(grid, problem, np.random.default_rng(seed))
    every_allowed_value_lies_in_one_cell_and_every_cell_holds_some(grid, schema)
    neighbouring_cells_are_told_apart_and_masks_are_distinct(grid)
    points_lie_in_their_cells_and_at_the_reference_row_where_they_can(grid, schema, np.random.default_rng(seed))


def cells_add_up_to_what_the_ensemble_says_of_every_row(
    grid: Grid, problem: tuple[Ensemble, Schema, Route], rng: np.random.Generator
) -> None:
    ensemble, schema, way = problem
    frame = edged(grid, schema, rng)
    expected = decide(ensemble, features(way, schema, frame))[:, 0]
    assert np.array_equal(expected, grid.values(cells_of(grid, frame, schema)))


def every_allowed_value_lies_in_one_cell_and_every_cell_holds_some(grid: Grid, schema: Schema) -> None:
    for axis in grid.axes:
        column = schema.columns[axis.name]
        present = len(axis) - axis.missing
        assert column.nullable == axis.missing
        assert column.contains(column.decode(axis.lows[:present])).all()
        assert column.contains(column.decode(axis.highs[:present])).all()
        codes = edge_codes(axis, column)
        if axis.members is None:
            inside = (codes >= axis.lows[:present, None]) & (codes <= axis.highs[:present, None])
        else:
            inside = np.array([np.isin(codes, cell) for cell in axis.members[:present]])
        assert [1] == np.unique(inside.sum(axis=0)).tolist()


def neighbouring_cells_are_told_apart_and_masks_are_distinct(grid: Grid) -> None:
    for axis, masks in zip(grid.axes, grid.masks, strict=True):
        present = len(axis) - axis.missing
        assert len(masks) == len(np.unique(masks, axis=0))
        assert not (masks.all(axis=1) | ~masks.any(axis=1)).any()
        if axis.members is None:
            assert (masks[:, 1:present] != masks[:, : present - 1]).any(axis=0).all() or not len(masks)
        else:
            assert present == len(np.unique(masks[:, :present], axis=1).T) or not len(masks)


def points_lie_in_their_cells_and_at_the_reference_row_where_they_can(
    grid: Grid, schema: Schema, rng: np.random.Generator
) -> None:
    cells = np.stack([rng.integers(len(axis), size=50) for axis in grid.axes], axis=1)
    made = points(grid, cells, schema)
    frame = pd.DataFrame({name: schema.columns[name].decode(*of_column) for name, of_column in made.items()})
    schema.validate(frame)
    assert np.array_equal(cells, cells_of(grid, frame, schema))
    own = cells_of(grid, schema.frame([schema.reference]), schema)
    home = points(grid, own, schema)
    assert schema.reference == schema.row(
        pd.DataFrame({name: schema.columns[name].decode(*of_column) for name, of_column in home.items()})
    )


def cut_at(thresholds: list[float], column: Column, *, cast: Any = np.float64) -> Axis:
    """The axis of a column that is divided at thresholds."""
    schema = Schema(x=column)
    frame = pd.DataFrame({"x": column.sample(np.random.default_rng(0), 20)})
    way = route(DecisionTreeRegressor(max_depth=1).fit(frame.astype("float64"), np.zeros(20)), schema)
    splits = tuple(Split(0, threshold) for threshold in thresholds)
    leaf = np.array([[0.0], [0.0], [1.0]])
    tree = [Tree(np.array([k, -1, -1]), np.array([1, -1, -1]), np.array([2, -1, -1]), leaf) for k in range(len(splits))]
    ensemble = Ensemble(1, splits, tuple(tree), np.zeros(1), cast=cast)
    return build(ensemble, np.ones(1), way, schema).axes[0]


def test_boundaries_are_exact_to_the_last_bit() -> None:
    axis = cut_at([0.3], Real(0, 1))
    assert [0.3, 1.0] == axis.highs.tolist()
    assert [0.0, np.nextafter(0.3, 1)] == axis.lows.tolist()
    # in float32 the two halves meet half-way between two of its numbers
    single = cut_at([float(np.float32(0.3))], Real(0, 1), cast=np.float32)
    assert np.float32(0.3) == np.float32(single.highs[0])
    assert np.float32(0.3) < np.float32(single.lows[1])
    assert single.lows[1] == np.nextafter(single.highs[0], 1)


def test_values_of_a_resolution_are_cells_of_their_own_only_where_a_split_lies_between() -> None:
    axis = cut_at([0.21, 0.22, 0.25, 0.26, 0.35], Real(0, 1, decimals=1))
    # the three splits between two tenths are one
    assert 3 == len(axis)
    assert [0.2, 0.3, 1.0] == np.round(axis.highs, 1).tolist()
    whole = cut_at([2.5, 2.7, 3.0], Integer(0, 100_000))
    assert [[0, 3, 4], [2, 3, 100_000]] == [whole.lows.tolist(), whole.highs.tolist()]


def test_a_split_at_a_short_decimal_tells_its_roundings_apart() -> None:
    column = Real(0, 1, decimals=1)
    axis = cut_at([0.3], column)
    assert 0.3 == axis.highs[0]
    assert 0.1 + 0.2 == axis.lows[1]
    assert column.contains(pd.Series([0.1 + 0.2])).all()


def test_categories_that_nothing_tells_apart_share_a_cell() -> None:
    axis = cut_at([1.5, 4.5], Category([7, 1, 4, 2], nullable=True))
    assert ((0,), (1,), (2, 3), ()) == axis.members


def test_candidates_are_the_ends_of_cells_as_short_decimals() -> None:
    schema = Schema(x=Real(0, 1, decimals=1))
    axis = cut_at([0.3, 0.75], schema.columns["x"])
    grid = Grid((axis,), (np.ones((1, len(axis)), dtype=bool),), ())
    assert {"x": [0.0, 0.3, 0.4, 0.7, 0.8, 1.0]} == {name: c.tolist() for name, c in candidates(grid, schema).items()}
    assert [0.0, 0.4, 1.0] == candidates(grid, schema, most=3)["x"].tolist()


def test_a_value_outside_of_the_schema_has_no_cell() -> None:
    schema = Schema(x=Real(0, 1))
    axis = cut_at([0.3], schema.columns["x"])
    grid = Grid((axis,), (np.ones((1, len(axis)), dtype=bool),), ())
    with pytest.raises(SchemaError, match=r"Expected values that the schema allows but got 'x' with the code 1\.5"):
        cells_of(grid, pd.DataFrame({"x": [0.2, 1.5]}), schema)
    with pytest.raises(SchemaError, match="the code None"):
        cells_of(grid, pd.DataFrame({"x": [0.2, np.nan]}), schema)
