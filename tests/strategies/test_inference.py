"""A schema reads off data what each column is: kind, bounds or levels, missingness, resolution, dtype."""

import datetime
import enum

import attrs
import numpy as np
import pandas as pd
import pytest

import metamorph as mm


def read(values, **more):
    """The column read off *values*."""
    return mm.Schema.from_frame(pd.DataFrame({"x": values, **more})).columns["x"]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.5, 2.125, -1.0625123], mm.Real(-1.0625123, 2.125)),
        ([0.25, 2.5, 1.0], mm.Real(0.25, 2.5, decimals=2)),
        ([0.1, 0.2, 0.7], mm.Real(0.1, 0.7, decimals=1)),
        ([1.0, 4.0, 2.0], mm.Integer(1, 4, dtype="float64")),
        ([1.0, np.nan, 2.0], mm.Integer(1, 2, nullable=True, dtype="float64")),
        ([1, 4, 2], mm.Integer(1, 4)),
        (np.array([7, 250], dtype="uint8"), mm.Integer(7, 250, dtype="uint8")),
        (np.array([2**63 - 9, 5], dtype="uint64"), mm.Integer(5, 2**63 - 9, dtype="uint64")),
        (pd.array([1, None, 3], dtype="Int64"), mm.Integer(1, 3, nullable=True)),
        (pd.array([1.5, None, 3], dtype="Float64"), mm.Real(1.5, 3, decimals=1, nullable=True, dtype="Float64")),
        (np.array([0.5, 0.25], dtype="float32"), mm.Real(0.25, 0.5, decimals=2, dtype="float32")),
        ([True, False, True], mm.Boolean()),
        (pd.array([True, None], dtype="boolean"), mm.Boolean(nullable=True)),
        (pd.Series([True, None, False], dtype=object), mm.Boolean(nullable=True, dtype=object)),
        (["b", "a", "b"], mm.Category(["a", "b"])),
        (pd.Series(["b", pd.NA], dtype="string"), mm.Category(["b"], nullable=True, dtype="string")),
        (pd.Series(["b", None], dtype=object), mm.Category(["b"], nullable=True, dtype=object)),
        ([-0.0, 0.0, 1.0], mm.Integer(0, 1, dtype="float64")),
        ([4, 4, 4], mm.Integer(4, 4)),
        ([0.5], mm.Real(0.5, 0.5, decimals=1)),
    ],
)
def test_kind_bounds_and_missingness(values, expected):
    """Kind, bounds, levels, missingness, resolution and dtype are read off the values."""
    assert expected == attrs.evolve(read(values), origin=None)


def test_levels_of_an_ordered_category():
    """An ordered category keeps its order, and only the levels that occur."""
    values = pd.Categorical(["mid", "low", None], categories=["low", "mid", "high"], ordered=True)
    column = read(values)
    assert (("low", "mid"), True, True) == (column.levels, column.ordered, column.nullable)


def test_an_unordered_category_stays_unordered():
    """A category without order is read as one without order."""
    assert not read(pd.Categorical(["b", "a"])).ordered


def test_dtype_of_a_category_keeps_unused_categories():
    """Rows made for a model have the very dtype it was fitted on, unused categories included."""
    values = pd.Categorical(["mid", "low"], categories=["low", "mid", "high"], ordered=True)
    assert values.dtype == read(values).dtype


def test_levels_may_be_numbers():
    """A category of numbers is a category, not a number."""
    assert (1, 3) == read(pd.Categorical([3, 1, 3])).levels


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_bounds_of_moments(unit):
    """Moments are read with their bounds in whatever unit they are stored."""
    column = read(pd.Series(pd.to_datetime(["2020-01-02", "2020-03-01"])).astype(f"datetime64[{unit}]"))
    expected = (pd.Timestamp("2020-01-02"), pd.Timestamp("2020-03-01"), f"datetime64[{unit}]")
    assert expected == (column.min_value, column.max_value, str(column.dtype))


@pytest.mark.parametrize(
    "zone", ["UTC", "Europe/Berlin", datetime.UTC, datetime.timezone(datetime.timedelta(hours=5, minutes=30))]
)
def test_time_zone_is_kept(zone):
    """Moments of a time zone stay in it."""
    values = pd.Series(pd.date_range("2020-03-28", periods=4)).dt.tz_localize(zone)
    column = read(values)
    assert (values.dtype, values.min()) == (column.dtype, column.min_value)


@pytest.mark.parametrize(
    ("moments", "quantum"),
    [
        (["2020-01-01", "2020-01-09"], "1D"),
        (["2020-01-01 05:00", "2020-01-09 06:00"], "1h"),
        (["2020-01-01 05:00:07", "2020-01-09 06:00:01"], "1s"),
        (["2020-01-01 05:00:07.250", "2020-01-09 06:00:01"], "1ms"),
    ],
)
def test_resolution_of_moments(moments, quantum):
    """Data of whole days stay data of whole days, and so for hours, seconds and milliseconds."""
    expected = pd.Timedelta(quantum).as_unit("ns").value
    assert expected == read(pd.to_datetime(pd.Series(moments), format="ISO8601")).quantum


@pytest.mark.parametrize(("scale", "decimals"), [(1e-4, 4), (1e-6, 6)])
def test_small_resolutions(scale, decimals):
    """A resolution of a millionth is a resolution too."""
    assert decimals == read(np.arange(1, 9) * scale).decimals


def test_small_numbers_are_not_taken_for_coarse_ones():
    """Values around 1e-10 have no resolution of a tenth: explored values are spread over them."""
    schema = mm.Schema.from_frame(pd.DataFrame({"x": np.linspace(1e-10, 5e-10, 50)}))
    assert schema.columns["x"].sample(np.random.default_rng(0), 100).nunique() > 50


def test_huge_whole_numbers_are_real():
    """Beyond 2**53 a float no longer counts whole steps, so 1e30 is a real number."""
    assert isinstance(read([1e30, 2e30, 3e30]), mm.Real)


def test_read_only_values():
    """A frame over read-only memory is read like any other."""
    values = np.array([1.5, 2.5, 3.5])
    values.setflags(write=False)
    assert mm.Real(1.5, 3.5, decimals=1, origin=2.5) == read(values)


@pytest.mark.parametrize("index", [[7, 7, 7], [3, 1, 2], ["c", "a", "b"], pd.MultiIndex.from_tuples([(1, 2)] * 3)])
def test_row_index_does_not_matter(index):
    """Duplicate, unsorted or hierarchical row labels are put aside: rows are matched by position."""
    frame = pd.DataFrame({"x": [1.5, 2.5, 3.5], "y": [1, 2, 3]}, index=index)
    assert mm.Schema.from_frame(frame.reset_index(drop=True)) == mm.Schema.from_frame(frame)


def test_observed_rows_are_a_copy():
    """Changing the frame afterwards does not change the schema."""
    frame = pd.DataFrame({"x": [1.5, 2.5, 3.5]})
    schema = mm.Schema.from_frame(frame)
    frame.loc[0, "x"] = 99.0
    assert [1.5, 2.5, 3.5] == schema.observed["x"].tolist()


def test_the_frame_is_left_as_it_was():
    """Reading a schema changes nothing of the frame, its row index included."""
    frame = pd.DataFrame({"x": [1.5, 2.5], "y": [1, 2]}, index=["b", "a"])
    before = frame.copy(deep=True)
    mm.Schema.from_frame(frame, target="y")
    pd.testing.assert_frame_equal(before, frame)


def test_order_and_target():
    """Columns keep the frame's order; the target is left out and remembered."""
    frame = pd.DataFrame({"b": [1, 2, 2], "price": [3.5, 1.25, 9.0], "a": [0.5, 1.5, 0.25]})
    schema = mm.Schema.from_frame(frame, target="price")
    assert (("b", "a"), "price", ["b", "a"]) == (schema.names, schema.target, list(schema.observed.columns))


def test_rows_are_capped_reproducibly():
    """Of a long frame a sample of rows is kept, the same one each time, in the data's order."""
    frame = pd.DataFrame({"x": np.arange(1_000)})
    kept = [mm.Schema.from_frame(frame, max_rows=100, seed=3).observed["x"].tolist() for _ in range(2)]
    assert kept[0] == kept[1] == sorted(set(kept[0]))
    assert 100 == len(kept[0])


def test_bounds_are_of_all_rows():
    """Bounds are read off all rows, also those beyond the cap."""
    column = mm.Schema.from_frame(pd.DataFrame({"x": np.arange(1_000)}), max_rows=10).columns["x"]
    assert (0, 999) == (column.min_value, column.max_value)


def test_a_string_subclass_is_text():
    """Values of a str subclass in an object column are text or refused, never something else."""
    colour = enum.StrEnum("colour", ["red", "blue"])
    with pytest.raises(mm.SchemaError, match="colour"):
        read(pd.Series([colour.red, colour.blue], dtype=object))
