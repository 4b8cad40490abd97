"""Values, rows and frames drawn by Hypothesis: of the schema, in its dtypes, all of it in reach, lazily checked."""

import datetime

import hypothesis
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import metamorph as mm
from metamorph import strategies as mst
from metamorph_strategies import sampling, tables

few = settings(max_examples=25, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
FAR = 2**63 - 1
DAY = 86_400 * 10**9
KATHMANDU = [pd.Timestamp(f"2020-01-0{day}", tz="Asia/Kathmandu") for day in (1, 2)]
COLUMNS = {
    "real": mm.Real(-2.5, 7.25),
    "real of two decimals": mm.Real(-2.5, 7.25, decimals=2),
    "real of no decimals": mm.Real(-5, 5, decimals=0),
    "real of many decimals": mm.Real(0, 1e9, decimals=6),
    "real, missing": mm.Real(-2.5, 7.25, nullable=True),
    "real float32": mm.Real(0.1, 0.7, dtype="float32"),
    "real float16": mm.Real(0.1, 0.7, dtype="float16"),
    "real Float32, missing": mm.Real(0.1, 0.7, dtype="Float32", nullable=True),
    "real of one value": mm.Real(3.5, 3.5),
    "real of two neighbours": mm.Real(1.0, float(np.nextafter(1.0, 2.0))),
    "real, tiny": mm.Real(1e-300, 3e-300),
    "real, subnormal": mm.Real(0, 1e-310),
    "real, huge": mm.Real(-1e300, 1e300),
    "real, tiny to huge": mm.Real(1e-300, 1e300),
    "real, origin at its end": mm.Real(0.1, 1 / 3, origin=0.1),
    "integer": mm.Integer(-3, 12),
    "integer, missing": mm.Integer(-3, 12, nullable=True),
    "integer uint8": mm.Integer(0, 255, dtype="uint8"),
    "integer Int16, missing": mm.Integer(-3, 12, nullable=True, dtype="Int16"),
    "integer as float, missing": mm.Integer(-(2**24), 2**24, nullable=True, dtype="float32"),
    "integer of one value, missing": mm.Integer(4, 4, nullable=True),
    "integer of any size": mm.Integer(-FAR - 1, FAR),
    "integer of any size, missing": mm.Integer(-FAR - 1, FAR, nullable=True),
    "integer, origin at its end": mm.Integer(-FAR - 1, FAR, origin=FAR),
    "integer, lowest": mm.Integer(-FAR - 1, 3 - FAR),
    "integer, highest": mm.Integer(FAR - 3, FAR),
    "integer as float beyond 2**53": mm.Integer(-FAR - 1, FAR - 1023, dtype="float64"),
    "boolean": mm.Boolean(),
    "boolean, missing": mm.Boolean(nullable=True),
    "boolean as object, missing": mm.Boolean(nullable=True, dtype=object),
    "category": mm.Category(list("abc")),
    "category, ordered, missing": mm.Category(list("abcde"), ordered=True, origin="c", nullable=True),
    "category object, missing as NaN": mm.Category(list("abc"), nullable=True, dtype=object, missing_value=np.nan),
    "category of moments as objects": mm.Category(
        [pd.Timestamp("2020-01-01"), pd.Timestamp("2021-01-01")], dtype=object
    ),
    "category of one level": mm.Category(["only"]),
    "category of many levels": mm.Category(list(range(300)), origin=7),
    "timestamp": mm.Timestamp("2020-01-01", "2020-03-01"),
    "timestamp in days": mm.Timestamp("2020-01-01", "2020-03-01", quantum=DAY),
    "timestamp in nanoseconds": mm.Timestamp("2020-01-01", "2020-01-02", quantum=1),
    "timestamp, all of them": mm.Timestamp("1677-09-22", "2262-04-11", quantum=1),
    "timestamp datetime64[s], missing": mm.Timestamp("2020-01-01", "2020-01-05", dtype="datetime64[s]", nullable=True),
    "timestamp with a zone": mm.Timestamp(*KATHMANDU, quantum=1),
    "strategy": mm.Strategy(st.integers(0, 5)),
    "strategy, missing": mm.Strategy(st.one_of(st.none(), st.text(max_size=2))),
    "strategy of moments": mm.Strategy(st.datetimes()),
}
every_column = pytest.mark.parametrize("name", COLUMNS)

RICH = pd.DataFrame(
    {
        "real": [0.5, np.nan, 2.25, -1e300],
        "single": np.array([0.1, 0.5, 0.7, 0.1], dtype="float32"),
        "nullable real": pd.array([0.5, None, 1.5, 2.0], "Float64"),
        "int": np.array([1, 2, 3, 255], dtype="uint8"),
        "nullable int": pd.array([1, None, 3, 4], "Int16"),
        "int as float": [1.0, np.nan, 3.0, 4.0],
        "bool": [True, False, True, True],
        "nullable bool": pd.array([True, None, False, True], "boolean"),
        "object bool": pd.Series([True, None, False, True], dtype=object),
        "text": ["a", "b", "ü\n\0", "a"],
        "object text": pd.Series(["a", None, "b", "a"], dtype=object),
        "NaN text": pd.Series(["a", np.nan, "b", "a"], dtype=object),
        "string": pd.Series(["a", None, "b", "a"], dtype="string"),
        "ordered": pd.Categorical(["lo", "hi", None, "lo"], categories=["lo", "mid", "hi"], ordered=True),
        "numbers": pd.Categorical([3, 1, 3, 2]),
        "mixed": pd.Categorical([3, "a", 3, 0.5]),
        "moment": pd.to_datetime(["2020-01-01 05:00", None, "2020-01-03 00:00", "2020-01-02 00:00"]),
        "moment in seconds": pd.Series(pd.to_datetime(["2020-01-01"] * 4)).astype("datetime64[s]"),
        "moment of a zone": pd.Series(pd.date_range("2020-10-25", periods=4, freq="h", tz="Europe/Berlin")),
        "mostly missing": [np.nan, np.nan, 1.0, np.nan],
    }
)
OBSERVED = mm.Schema.from_frame(RICH)
SMALL = mm.Schema(
    a=mm.Integer(0, 5, origin=2),
    b=mm.Boolean(nullable=True),
    c=mm.Category(["x", "y"], nullable=True),
    d=mm.Real(0, 1, decimals=1, origin=0.3),
    e=mm.Timestamp("2020-01-01", "2020-01-05", quantum=DAY),
)


def find(strategy, condition):
    """The smallest value of a strategy that meets the condition."""
    return hypothesis.find(
        strategy, condition, settings=settings(phases=[Phase.generate, Phase.shrink], max_examples=3_000)
    )


def drawn(strategy, fixed=few):
    """What a strategy draws."""
    every = []

    @fixed
    @given(strategy)
    def draw(value):
        every.append(value)

    draw()
    return every


@every_column
def test_values_are_of_the_column(name):
    """Every value drawn is one that the column contains, in its dtype, as the plain value that a frame gives back."""
    column = COLUMNS[name]
    values = drawn(mst.columns(column))
    series = column.series(values)
    assert column.dtype == series.dtype
    assert column.contains(series).all()
    assert values == [column.plain(value) for value in series]


@every_column
def test_rows_are_of_the_column(name):
    """Every row drawn holds a value of the column."""
    column = COLUMNS[name]
    values = [row["x"] for row in drawn(mst.rows(mm.Schema(x=column)))]
    assert column.contains(column.series(values)).all()


@every_column
def test_frames_are_of_the_column(name):
    """Every frame drawn is one of the schema, in the column's dtype, with a plain index."""
    schema = mm.Schema(x=COLUMNS[name])
    frames = drawn(mst.frames(schema, max_size=6))
    for frame in frames:
        schema.validate(frame)
    assert {COLUMNS[name].dtype} == {frame["x"].dtype for frame in frames}
    assert all(frame.index.equals(pd.RangeIndex(len(frame))) for frame in frames)


LIKE_REAL = ("real, missing", "real float32", "real float16", "real Float32, missing", "real, subnormal")
"""Columns that differ from "real" in nothing but dtype and size."""
ORDERED = [name for name, column in COLUMNS.items() if column.quanta]


def seen(column):
    """The codes that some frames of one column draw."""
    frames = drawn(mst.frames(mm.Schema(x=column), min_size=30, max_size=30))
    values = pd.concat([frame["x"] for frame in frames], ignore_index=True)
    codes, absent = column.encode(values)
    return codes[~absent]


@pytest.mark.parametrize("name", [name for name in ORDERED if COLUMNS[name].lowest < COLUMNS[name].highest])
def test_frames_go_far_and_near(name):
    """Frames draw the origin, and values in the outer third of what is above it and of what is below it."""
    column = COLUMNS[name]
    codes = [float(code) for code in seen(column)]
    origin, low, high = float(tables.nearest.code(column, column.origin)), float(column.lowest), float(column.highest)
    assert origin in codes
    assert max(codes) >= high - (high - origin) / 3
    assert min(codes) <= low + (origin - low) / 3


@pytest.mark.parametrize("name", [name for name in ORDERED if name not in LIKE_REAL])
@pytest.mark.parametrize("end", ["lowest", "highest"])
def test_bounds_are_in_reach_of_rows(name, end):
    """Both bounds of a column are values that rows draw."""
    column = COLUMNS[name]
    bound = column.value(getattr(column, end))
    assert bound == find(mst.columns(column), lambda value: value == bound)


@pytest.mark.parametrize("draw", [mst.rows, lambda schema: mst.frames(schema, min_size=1, max_size=1)])
def test_bounds_levels_and_missing_are_in_reach(draw):
    """Bounds, levels and missing ones are drawn, by rows as by frames."""
    every = drawn(draw(SMALL), settings(few, max_examples=300))
    rows = [SMALL.row(each) if isinstance(each, pd.DataFrame) else each for each in every]
    for name, column in SMALL.columns.items():
        edges = [SMALL.plain(name, value) for value in column.boundary()]
        assert [] == [value for value in edges if value not in [row[name] for row in rows]]


def test_rows_and_frames_agree_with_the_sampler():
    """Whatever the sampler draws, rows and frames draw, and nothing else."""
    rng = np.random.default_rng(0)
    schema = mm.Schema(
        a=mm.Integer(0, 2), b=mm.Boolean(nullable=True), c=mm.Integer(0, 3, nullable=True, dtype="float64")
    ).where(lambda t: t["a"] <= t["c"])
    sampled = sampling.explored(schema, 3_000, rng)
    expected = {tuple(schema.row(sampled, place).values()) for place in range(len(sampled))}
    rows = {tuple(row.values()) for row in drawn(mst.rows(schema), settings(few, max_examples=600))}
    frames = drawn(mst.frames(schema, min_size=90, max_size=90), settings(few, max_examples=60))
    framed = {tuple(schema.row(frame, place).values()) for frame in frames for place in range(len(frame))}
    assert (expected, expected) == (rows, framed)


def test_frames_of_every_dtype():
    """Frames have the columns, order and dtypes of the observed ones, and are valid."""
    for frame in drawn(mst.frames(OBSERVED, max_size=5)):
        OBSERVED.validate(frame)
        assert OBSERVED.observed.dtypes.to_dict() == frame.dtypes.to_dict()
        assert list(RICH.columns) == list(frame.columns)


def test_rows_of_every_dtype():
    """Rows read off data of every dtype make frames that are valid."""
    for row in drawn(mst.rows(OBSERVED)):
        OBSERVED.validate(OBSERVED.frame([row]))
        assert list(RICH.columns) == list(row)


def test_the_reference_row_comes_first():
    """The smallest row is the reference row, one with missing values as well."""
    assert OBSERVED.reference == find(mst.rows(OBSERVED), lambda _: True)
    assert OBSERVED.reference["mostly missing"] is None
    frame = find(mst.frames(OBSERVED, min_size=1), lambda _: True)
    pd.testing.assert_frame_equal(OBSERVED.frame([OBSERVED.reference]), frame)


@pytest.mark.parametrize(
    ("sizes", "expected"), [((0, 0), {0}), ((0, 3), {0, 1, 2, 3}), ((2, 4), {2, 3, 4}), ((7, 7), {7})]
)
def test_sizes(sizes, expected):
    """Frames have from min_size to max_size rows."""
    frames = drawn(mst.frames(SMALL, min_size=sizes[0], max_size=sizes[1]), settings(few, max_examples=100))
    assert expected == {len(frame) for frame in frames}


def test_frames_without_rows_have_dtypes():
    """A frame of no rows has the schema's columns and dtypes all the same."""
    frame = find(mst.frames(OBSERVED), lambda _: True)
    assert (0, OBSERVED.observed.dtypes.to_dict()) == (len(frame), frame.dtypes.to_dict())


def test_derived_columns_follow():
    """Derived columns are computed in rows and frames, in the schema's order."""
    schema = mm.Schema(a=mm.Integer(0, 9), b=mm.Integer(0, 9)).derive(total=lambda t: t["a"] + t["b"])
    for row in drawn(mst.rows(schema)):
        assert ["a", "b", "total"] == list(row)
        assert row["a"] + row["b"] == row["total"]
    for frame in drawn(mst.frames(schema, max_size=4)):
        np.testing.assert_array_equal(frame["a"] + frame["b"], frame["total"])


def test_a_schema_of_strategies_alone():
    """Frames need no column that is drawn as a character."""
    schema = mm.Schema(code=mm.Strategy(st.sampled_from(["a", "b"])))
    frames = drawn(mst.frames(schema, max_size=4))
    assert {"a", "b"} == set(pd.concat(frames)["code"])
    assert max(len(frame) for frame in frames) == 4


WRONG = {
    "no schema for rows": (lambda: mst.rows("x"), "Expected a Schema but got schema='x'."),
    "no schema for frames": (lambda: mst.frames(RICH[["int"]].head(1)), "Expected a Schema"),
    "no column": (lambda: mst.columns(5), "Expected a column such as Real(0, 1) but got column=5."),
    "sizes reversed": (lambda: mst.frames(SMALL, min_size=3, max_size=2), "min_size=3, max_size=2"),
    "a negative size": (lambda: mst.frames(SMALL, min_size=-1), "min_size=-1"),
    "half a row": (lambda: mst.frames(SMALL, max_size=1.5), "max_size=1.5"),
    "text for a size": (lambda: mst.frames(SMALL, min_size="2"), "min_size='2'"),
}


@pytest.mark.parametrize(("make", "said"), WRONG.values(), ids=list(WRONG))
def test_impossible_arguments_are_refused_when_a_value_is_drawn(make, said):
    """A strategy can be made of anything; a SchemaError says what is wrong once a value is drawn."""
    strategy = make()
    with pytest.raises(mm.SchemaError) as refused:
        drawn(strategy)
    assert said in str(refused.value)


NAMES = vars(mm) | {name: getattr(mm, name) for name in mm.__all__} | {name: getattr(mst, name) for name in mst.__all__}


@pytest.mark.parametrize(
    "shown",
    [
        "columns(Integer(1, 99))",
        "columns(Real(0.0, 1.0, nullable=True, decimals=2))",
        "rows(Schema({'a': Integer(1, 99), 'b': Category(['x', 'y'], ordered=True)}))",
        "frames(Schema({'a': Integer(1, 99)}), min_size=1, max_size=3)",
        "frames(Schema({'a': Boolean(nullable=True)}))",
    ],
)
def test_a_repr_is_the_code_that_makes_the_strategy(shown):
    """A strategy prints as the call that makes an equal one: it draws the same values."""
    strategy = eval(shown, NAMES)  # noqa: S307 - the code is above
    assert shown == repr(strategy)
    assert repr(drawn(strategy)) == repr(drawn(eval(repr(strategy), NAMES)))  # noqa: S307 - as above


def small(t):
    return t["a"] * t["a"] < 500


def rare(t):
    return (t["a"] * t["a"] == 49) & (t["x"] < 0.5)


def test_rejected_rows_are_told_of(monkeypatch):
    """An event says which constraint rejects rows, and how many it accepts."""
    events = []
    monkeypatch.setattr(hypothesis, "event", events.append)
    schema = mm.Schema(a=mm.Integer(0, 99)).where(small)
    assert max(row["a"] for row in drawn(mst.rows(schema))) < 23
    assert {"row rejected by small, accepting 21.3% of rows"} == set(events)


def test_rows_that_a_constraint_often_rejects_are_tried_often():
    """Few examples are lost to a constraint that accepts one row in ten."""
    schema = mm.Schema(a=mm.Integer(0, 99, origin=5)).where(lambda t: t["a"] * t["a"] < 100)
    rows = drawn(mst.rows(schema), settings(max_examples=30, phases=[Phase.generate]))
    assert len(rows) == 30


def test_replaced_rows_are_told_of(monkeypatch):
    """In a frame the reference row takes the place of rejected rows, and an event says so."""
    events = []
    monkeypatch.setattr(hypothesis, "event", events.append)
    schema = mm.Schema(a=mm.Integer(0, 99, origin=7)).where(small)
    values = pd.concat(drawn(mst.frames(schema, min_size=9, max_size=9)))["a"]
    assert values.max() < 23
    assert (values == 7).mean() > 0.5
    assert {"rows replaced, small accepting 21.3% of rows"} == set(events)


@pytest.mark.parametrize("strategy", [mst.rows, mst.frames])
def test_a_constraint_that_accepts_too_little(strategy):
    """A constraint that accepts under 1% of rows is an error that states the rate, once a value is drawn."""
    observed = pd.DataFrame({"a": np.arange(100), "b": np.arange(100)})
    schema = mm.Schema.from_frame(observed).where(lambda t: t["a"] * 1.0 == t["b"] ** 1, name="alike")
    with pytest.raises(mm.SchemaError, match=r"'alike' accept 0\.\d\d% of 2,000 drawn rows; expected at least 1%"):
        drawn(strategy(schema))


ABOVE = [
    (mm.Integer(0, 9), 3, 4, {4, 5, 6, 7, 8, 9}),
    (mm.Integer(0, 9), 8, 9, {9}),
    (mm.Category(list("abc"), ordered=True), 0, "b", {"b", "c"}),
    (mm.Boolean(), 0, True, {True}),
    (mm.Real(0, 1, decimals=1), 0.75, 0.8, {0.8, 0.9, 1.0}),
]
BELOW = [
    (mm.Integer(0, 9), 3, 2, {0, 1, 2}),
    (mm.Category(list("abc"), ordered=True), 2, "b", {"a", "b"}),
    (mm.Real(0, 1, decimals=1), 0.25, 0.2, {0.0, 0.1, 0.2}),
]


@pytest.mark.parametrize(
    ("strategy", "column", "code", "first", "every"),
    [(tables.above, *row) for row in ABOVE] + [(tables.below, *row) for row in BELOW],
)
def test_above_and_below(strategy, column, code, first, every):
    """Values beyond a code are all of them, the nearest first."""
    values = drawn(strategy(column, code), settings(few, max_examples=100))
    assert (first, every) == (values[0], set(values))


@pytest.mark.parametrize(
    "column", [mm.Integer(0, 9), mm.Real(0, 1), mm.Boolean(), mm.Category(["a", "b"], ordered=True)]
)
def test_nothing_beyond_a_bound(column):
    """Beyond the bounds there is nothing."""
    assert (None, None) == (tables.above(column, column.highest), tables.below(column, column.lowest))


@pytest.mark.parametrize(
    ("column", "value", "distance", "every"),
    [
        (mm.Integer(0, 9), 3, 2.5, {1, 2, 4, 5}),
        (mm.Integer(0, 9), 8, 3, {5, 6, 7, 9}),
        (mm.Real(0, 1, decimals=1), 0.5, 0.25, {0.3, 0.4, 0.6, 0.7}),
    ],
)
def test_near(column, value, distance, every):
    """Values within a distance are all others there."""
    assert every == set(drawn(tables.near(column, value, distance), settings(few, max_examples=200)))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_near_a_real(dtype):
    """Reals within a distance are of the column's dtype, and none is the value itself."""
    column = mm.Real(0, 1, dtype=dtype)
    value = column.value(0.5)
    values = drawn(tables.near(column, value, 0.1), settings(few, max_examples=200))
    assert all(0 < abs(other - value) <= 0.1 for other in values)
    assert column.contains(column.series(values)).all()


@pytest.mark.parametrize("column", [mm.Integer(4, 4), mm.Integer(0, 9), mm.Real(0, 1, decimals=0)])
def test_nothing_near(column):
    """Where no other value is near there is nothing to draw."""
    assert tables.near(column, column.origin, 0.25) is None


def test_a_moment_of_a_column_is_pythons_own():
    """Moments are Python's own where those hold them."""
    assert {datetime.datetime} == {type(value) for value in drawn(mst.columns(COLUMNS["timestamp"]))}
