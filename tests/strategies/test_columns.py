"""Every kind of column, in every dtype it may be stored in, codes, draws and recognises its own values."""

import numpy as np
import pandas as pd
import pytest

import metamorph as mm

LEVELS = ["low", "mid", "high", "top", "peak"]
UNUSED = pd.CategoricalDtype(["peak", "unused", *LEVELS[:4]], ordered=True)
DAY, YEAR = "2021-03-01", "2022-03-01"

COLUMNS = {
    "real": mm.Real(-2.5, 7.25),
    "real of two decimals": mm.Real(-2.5, 7.25, decimals=2),
    "real, missing": mm.Real(-2.5, 7.25, nullable=True),
    "real float32": mm.Real(0.1, 0.7, dtype="float32"),
    "real Float64, missing": mm.Real(0, 1, decimals=3, nullable=True, dtype="Float64"),
    "real of one value": mm.Real(3.5, 3.5),
    "real, tiny": mm.Real(1e-12, 3e-12),
    "real, wide": mm.Real(-1e30, 1e30),
    "integer": mm.Integer(-3, 12),
    "integer, missing": mm.Integer(-3, 12, nullable=True),
    "integer uint8": mm.Integer(0, 255, dtype="uint8"),
    "integer Int16, missing": mm.Integer(-3, 12, nullable=True, dtype="Int16"),
    "integer as float": mm.Integer(-3, 12, dtype="float64"),
    "integer as float, missing": mm.Integer(-3, 12, nullable=True, dtype="float32"),
    "integer of one value": mm.Integer(4, 4),
    "integer beyond 2**53": mm.Integer(2**60, 2**60 + 7),
    "boolean": mm.Boolean(),
    "boolean, missing": mm.Boolean(nullable=True),
    "boolean as object, missing": mm.Boolean(nullable=True, dtype=object),
    "category": mm.Category(LEVELS),
    "category, ordered": mm.Category(LEVELS, ordered=True),
    "category, missing": mm.Category(LEVELS, nullable=True),
    "category string, missing": mm.Category(LEVELS, nullable=True, dtype="string"),
    "category object, missing as None": mm.Category(LEVELS, nullable=True, dtype=object),
    "category object, missing as NaN": mm.Category(LEVELS, nullable=True, dtype=object, missing_value=np.nan),
    "category dtype, unused level": mm.Category(LEVELS, nullable=True, ordered=True, dtype=UNUSED),
    "category of numbers": mm.Category([3, 1, 2]),
    "category of fractions": mm.Category([0.5, 0.25], dtype=pd.CategoricalDtype([0.25, 0.5])),
    "category of one level": mm.Category(["only"]),
    "timestamp": mm.Timestamp(DAY, YEAR),
    "timestamp, missing": mm.Timestamp(DAY, YEAR, nullable=True),
    "timestamp in seconds": mm.Timestamp(DAY, YEAR, dtype="datetime64[s]"),
    "timestamp in microseconds, missing": mm.Timestamp(DAY, YEAR, nullable=True, dtype="datetime64[us]"),
    "timestamp with a zone, missing": mm.Timestamp(
        pd.Timestamp(DAY, tz="Europe/Berlin"), pd.Timestamp(YEAR, tz="Europe/Berlin"), nullable=True
    ),
}
every_column = pytest.mark.parametrize("column", COLUMNS.values(), ids=list(COLUMNS))


def sampled(column, n=400):
    return column.sample(np.random.default_rng(0), n)


@every_column
def test_codes_round_trip(column):
    """Decoding what was encoded gives the same values in the same dtype, missing ones included."""
    values = sampled(column)
    pd.testing.assert_series_equal(values, column.decode(*column.encode(values)))


@every_column
def test_plain_round_trip(column):
    """Values as plain Python objects make the same values again."""
    values = sampled(column, 50)
    pd.testing.assert_series_equal(values, column.series([column.plain(value) for value in values]))


@every_column
@pytest.mark.parametrize("draw", ["sample", "boundary"])
def test_contains_what_is_drawn(column, draw):
    """Sampler and boundary agree with `contains`: every value drawn is one of the column."""
    values = sampled(column) if draw == "sample" else column.boundary()
    assert column.contains(values).all()


@every_column
@pytest.mark.parametrize("draw", ["sample", "boundary"])
def test_dtype_of_what_is_drawn(column, draw):
    """Drawn values have the column's own dtype."""
    values = sampled(column) if draw == "sample" else column.boundary()
    assert column.dtype == values.dtype


@every_column
@pytest.mark.parametrize("draw", ["sample", "boundary"])
def test_missing_only_where_nullable(column, draw):
    """Missing values are drawn exactly where the column may be missing."""
    values = sampled(column) if draw == "sample" else column.boundary()
    assert column.nullable == values.isna().any()


@every_column
def test_missing_is_contained_only_where_nullable(column):
    """A missing value is of the column exactly where it may be missing."""
    codes, _ = column.encode(column.boundary())
    assert [column.nullable] == column.admits(codes[:1], np.array([True])).tolist()


@pytest.mark.parametrize("name", [name for name, column in COLUMNS.items() if not hasattr(column, "levels")])
def test_boundary_reaches_both_bounds(name):
    """The edges of an ordered range hold both of its bounds."""
    column = COLUMNS[name]
    codes, missing = column.encode(column.boundary())
    assert (column.lowest, column.highest) == (codes[~missing].min(), codes[~missing].max())


@pytest.mark.parametrize("name", [name for name, column in COLUMNS.items() if hasattr(column, "levels")])
@pytest.mark.parametrize("draw", ["sample", "boundary"])
def test_every_level_is_reached(name, draw):
    """Every level of a category is drawn, by the sampler and at the edges."""
    column = COLUMNS[name]
    values = sampled(column) if draw == "sample" else column.boundary()
    assert set(column.levels) == set(values.dropna())


@pytest.mark.parametrize("name", ["integer", "integer uint8", "boolean", "integer as float"])
def test_sampler_reaches_whole_bounds(name):
    """Bounds of whole numbers are included in the sampler's range."""
    column = COLUMNS[name]
    codes, _ = column.encode(sampled(column, 5_000))
    assert (column.lowest, column.highest) == (codes.min(), codes.max())


def test_boundary_holds_the_neighbours_of_the_bounds():
    """Off-by-one mistakes live one step inside the bounds, so those values are edges too."""
    assert {0, 1, 49, 50} <= set(mm.Integer(0, 50).boundary())


def test_decimals_are_kept_by_the_sampler():
    """A column of two decimals is sampled in whole hundredths."""
    values = sampled(COLUMNS["real of two decimals"])
    np.testing.assert_array_equal(values.round(2), values)


def test_object_column_keeps_its_own_missing_value():
    """Encoders tell None from NaN, so an object column gives back the one its data had."""
    values = sampled(COLUMNS["category object, missing as None"])
    assert {None} == {value for value in values if not isinstance(value, str)}


@pytest.mark.parametrize(
    ("column", "values", "expected"),
    [
        (mm.Real(0, 1), [-0.1, 0.0, 1.0, 1.1, np.nan, np.inf], [False, True, True, False, False, False]),
        (mm.Real(0, 1, nullable=True), [-0.1, np.nan, 0.5], [False, True, True]),
        (mm.Real(0, 1, decimals=1), [0.3, 0.25], [True, False]),
        (mm.Integer(0, 3), [0.0, 1.5, 3.0, 4.0, np.nan], [True, False, True, False, False]),
        (mm.Category(["a", "b"]), ["a", "c", "", None], [True, False, False, False]),
        (mm.Category(["a", "b"], nullable=True), ["c", None], [False, True]),
        (
            mm.Timestamp("2020-01-01", "2020-02-01"),
            pd.to_datetime(["2019-12-31", "2020-01-01", "2020-02-01", "2020-02-02", None]),
            [False, True, True, False, False],
        ),
    ],
)
def test_contains(column, values, expected):
    """A value is of a column when it lies within bounds, levels and resolution; missing only where allowed."""
    assert expected == column.contains(pd.Series(values)).tolist()


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (mm.Real(0, 10), 5.0),
        (mm.Real(0, 10, origin=2.5), 2.5),
        (mm.Integer(1, 99), 50),
        (mm.Boolean(), False),
        (mm.Boolean(origin=True), True),
        (mm.Category(["b", "a"]), "b"),
        (mm.Category(["b", "a"], origin="a"), "a"),
    ],
)
def test_origin(column, expected):
    """The plain value of a column is the one given, else the middle of its bounds, its first level, or False."""
    assert expected == column.origin


def test_origin_of_a_timestamp_is_a_whole_day():
    """Without an origin, a moment's plain value is the day in the middle."""
    assert pd.Timestamp("2020-01-06") == mm.Timestamp("2020-01-01", "2020-01-11").origin
