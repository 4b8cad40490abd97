"""Schemas read off pandera's: one column for all checks of a column, and every frame drawn passes validation."""

import sys

import hypothesis
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings

import metamorph as mm
from metamorph import strategies as mst

pa = pytest.importorskip("pandera.pandas")
Check, Column = pa.Check, pa.Column

few = settings(max_examples=10, phases=[Phase.generate], suppress_health_check=list(HealthCheck))


class House(pa.DataFrameModel):
    """A pandera model with checks of all sorts."""

    area: float = pa.Field(ge=20, le=400)
    rooms: int = pa.Field(ge=1, le=12)
    baths: int = pa.Field(gt=0, lt=6)
    street: str = pa.Field(str_matches=r"[A-Z][a-z]{2,9} [1-9]")
    heating: str = pa.Field(isin=["gas", "oil"], nullable=True)
    sold: pd.Timestamp = pa.Field(ge=pd.Timestamp("2020-01-01"), lt=pd.Timestamp("2021-01-01"))

    @pa.check("area")
    def not_thirteen(cls, area):  # noqa: N805 - pandera makes it a class method
        return area.round() != 13

    @pa.dataframe_check
    def baths_fit(cls, frame):  # noqa: N805 - as above
        return frame["baths"] <= frame["rooms"]

    class Config:
        """Exactly these columns, in this order."""

        strict = True
        ordered = True


def schema_of(*checks, of=int, **fields):
    """A pandera schema of one column."""
    return pa.DataFrameSchema({"x": Column(of, list(checks), **fields)})


ORDERED = pd.CategoricalDtype(["lo", "mid", "hi"], ordered=True)
DAY, NEXT = pd.Timestamp("2020-01-01"), pd.Timestamp("2020-01-02")
BERLIN = pd.Timestamp("2020-01-01", tz="Europe/Berlin")
KATHMANDU = pd.Timestamp("2020-03-01", tz="Asia/Kathmandu")
READ = {
    "both ends": (schema_of(Check.ge(0), Check.le(9)), mm.Integer(0, 9)),
    "neither end": (schema_of(Check.gt(0), Check.lt(9)), mm.Integer(1, 8)),
    "a range": (schema_of(Check.in_range(0, 9)), mm.Integer(0, 9)),
    "an open range": (schema_of(Check.in_range(0, 9, include_min=False, include_max=False)), mm.Integer(1, 8)),
    "the innermost of several": (schema_of(Check.ge(0), Check.gt(2), Check.le(9), Check.lt(30)), mm.Integer(3, 9)),
    "fractions around whole numbers": (schema_of(Check.gt(0.5), Check.lt(3.5)), mm.Integer(1, 3)),
    "equal": (schema_of(Check.eq(3)), mm.Integer(3, 3)),
    "its ends forbidden": (schema_of(Check.in_range(0, 9), Check.notin([0, 1, 9]), Check.ne(2)), mm.Integer(3, 8)),
    "bounds beyond the dtype": (
        schema_of(Check.ge(-5), Check.le(1_000), of="uint8"),
        mm.Integer(0, 255, dtype="uint8"),
    ),
    "missing": (schema_of(Check.in_range(0, 9), of="Int64", nullable=True), mm.Integer(0, 9, nullable=True)),
    "missing, in a dtype that has none": (schema_of(Check.in_range(0, 9), nullable=True), mm.Integer(0, 9)),
    "missing, but checked": (
        schema_of(Check.in_range(0, 1, ignore_na=False), of=float, nullable=True),
        mm.Real(0, 1),
    ),
    "reals": (schema_of(Check.in_range(0, 1), of=float, nullable=True), mm.Real(0, 1, nullable=True)),
    "open reals": (
        schema_of(Check.gt(0), Check.lt(1), of=float),
        mm.Real(float(np.nextafter(0, 1)), float(np.nextafter(1, 0))),
    ),
    "open reals of float32": (
        schema_of(Check.gt(0), Check.lt(1), of="float32"),
        mm.Real(
            float(np.nextafter(np.float32(0), np.float32(1))),
            float(np.nextafter(np.float32(1), np.float32(0))),
            dtype="float32",
        ),
    ),
    "truth": (schema_of(of=bool), mm.Boolean()),
    "truth, missing": (schema_of(of="boolean", nullable=True), mm.Boolean(nullable=True)),
    "one truth": (schema_of(Check.eq(True), of=bool), mm.Category([True])),  # noqa: FBT003 - the value to be equal to
    "both truths": (schema_of(Check.isin([1, 0]), of=bool), mm.Boolean()),
    "levels": (schema_of(Check.isin(["b", "a"]), of=object), mm.Category(["b", "a"], dtype=object)),
    "levels of several checks": (
        schema_of(Check.isin(["b", "aa", "cc"]), Check.str_length(2, 2), Check.ne("cc"), of=object, nullable=True),
        mm.Category(["aa"], nullable=True, dtype=object),
    ),
    "numbers as levels": (schema_of(Check.isin([3, 1, 2]), Check.ge(2)), mm.Category([3, 2])),
    "a set of levels": (schema_of(Check.isin({"c", "a", "b"}), of=object), mm.Category(["a", "b", "c"], dtype=object)),
    "one level": (schema_of(Check.eq("a"), of=object), mm.Category(["a"], dtype=object)),
    "a category": (schema_of(Check.isin(["y", "x"]), of="category"), mm.Category(["y", "x"], dtype="category")),
    "an ordered category": (schema_of(of=ORDERED), mm.Category(["lo", "mid", "hi"], ordered=True, dtype=ORDERED)),
    "some of a category": (
        schema_of(Check.isin(["hi", "lo", "no"]), of=ORDERED, nullable=True),
        mm.Category(["lo", "hi"], ordered=True, dtype=ORDERED, nullable=True),
    ),
    "levels without a dtype": (schema_of(Check.isin([1, 2]), of=None), mm.Category([1, 2])),
    "moments": (schema_of(Check.in_range(DAY, NEXT), of="datetime64[ns]"), mm.Timestamp(DAY, NEXT)),
    "open moments": (
        schema_of(Check.gt("2020-01-01"), Check.lt(NEXT), of="datetime64[ns]"),
        mm.Timestamp(DAY + pd.Timedelta(1, "ns"), NEXT - pd.Timedelta(1, "ns")),
    ),
    "moments of a zone": (
        schema_of(Check.in_range(BERLIN, KATHMANDU), of="datetime64[ns, Europe/Berlin]", nullable=True),
        mm.Timestamp(BERLIN, KATHMANDU.tz_convert("Europe/Berlin"), nullable=True),
    ),
}


@pytest.mark.parametrize(("pandera", "column"), READ.values(), ids=list(READ))
def test_the_checks_of_a_column_become_one_column(pandera, column):
    """Bounds, levels, missingness and dtype of all checks are one column, without constraints."""
    schema = mst.from_pandera(pandera)
    assert (column, ()) == (schema.columns["x"], schema.constraints)


TEXTS = {
    "a match": (Check.str_matches("[ab]{2}"), r"[ab]{2}"),
    "a match of any case": (Check.str_matches("(?i)x|yz"), r"(?i)x|yz"),
    "a match and a length": ([Check.str_matches("[ab]+"), Check.str_length(2, 30)], r"(?s)[ab].{1,29}\Z"),
    "a match but for one": ([Check.str_matches(r"[a-c]\Z"), Check.notin(["a"]), Check.ne("b")], r"c\Z"),
    "a part": (Check.str_contains("q+"), r"(?s).*q"),
    "a beginning": (Check.str_startswith("a.b"), r"a\.b"),
    "an end": (Check.str_endswith("zz"), r"(?s).*zz\Z"),
    "a length": (Check.str_length(1, 3), r"(?s).{1,3}\Z"),
    "at least a length": (Check.str_length(min_value=2), r"(?s).{2,}\Z"),
}


@pytest.mark.parametrize(("checks", "pattern"), TEXTS.values(), ids=list(TEXTS))
def test_patterns_are_drawn(checks, pattern):
    """Text is drawn from its pattern, and pandera accepts it."""
    pandera = pa.DataFrameSchema({"x": Column(str, checks)})
    for frame in drawn(mst.frames(mst.from_pandera(pandera), max_size=6)):
        assert frame["x"].str.match(pattern).all()
        pandera.validate(frame)


def drawn(strategy):
    """What a strategy draws."""
    every = []

    @few
    @given(strategy)
    def draw(value):
        every.append(value)

    draw()
    return every


MIXED = pa.DataFrameSchema(
    {
        "a": Column(int, [Check.in_range(0, 50), Check(lambda s: s % 2 == 0, name="even"), Check.notin([4, 8])]),
        "b": Column("Int64", [Check.in_range(0, 50), Check(lambda n: n > 3, element_wise=True)], nullable=True),
        "c": Column(
            float, [Check.in_range(0, 1), Check(lambda s: s.fillna(0.5) < 0.9, ignore_na=False)], nullable=True
        ),
        "d": Column("float32", [Check.gt(0.1), Check.lt(np.float64(0.7)), Check.ne(0.5)]),
        "e": Column(ORDERED, nullable=True),
        "f": Column("datetime64[us]", [Check.gt(DAY), Check.lt(DAY + pd.Timedelta(seconds=0.5))]),
        "g": Column(object, Check.isin(["x", 3])),
    },
    checks=[
        Check(lambda t: t["a"] <= t["b"], name="order"),
        Check(lambda t: t["c"] * 40 <= t["a"], name="c"),
        Check(lambda row: row["a"] != 12, element_wise=True, name="even"),
    ],
)
WHOLE = {
    "model": House,
    "mixed": MIXED,
    "one dtype": pa.DataFrameSchema({name: Column(None, Check.in_range(0, 1)) for name in "ab"}, dtype=float),
}


@pytest.mark.parametrize("pandera", WHOLE.values(), ids=list(WHOLE))
def test_every_frame_passes(pandera):
    """Frames, and frames of rows, are valid by both schemas, in pandera's dtypes."""
    schema = mst.from_pandera(pandera)
    dtypes = schema.frame([schema.reference]).dtypes.to_dict()
    for frame in drawn(mst.frames(schema, max_size=8)):
        pandera.validate(frame)
        schema.validate(frame)
        assert dtypes == frame.dtypes.to_dict()
    for row in drawn(mst.rows(schema)):
        pandera.validate(schema.frame([row]))


@pytest.mark.parametrize("pandera", [pandera for pandera, _ in READ.values()], ids=list(READ))
def test_every_frame_of_one_column_passes(pandera):
    """What is drawn of each sort of column is valid."""
    for frame in drawn(mst.frames(mst.from_pandera(pandera), min_size=1, max_size=12)):
        pandera.validate(frame)


def test_functions_become_constraints():
    """Checks that are functions, of columns or of rows, are constraints under their names, made unique."""
    assert ["not_thirteen", "baths_fit"] == [one.name for one in mst.from_pandera(House).constraints]
    names = ["notin", "even", "check", "check 2", "not_equal_to", "order", "c", "even 2"]
    assert names == [one.name for one in mst.from_pandera(MIXED).constraints]


def test_linear_checks_bound_what_is_drawn():
    """A check of rows that is a linear inequality rejects nothing."""
    rejected = []

    def order(t):
        answers = t["a"] < t["b"]
        if isinstance(t, pd.DataFrame):
            rejected.append(int((~answers).sum()))
        return answers

    pandera = pa.DataFrameSchema({name: Column(int, Check.in_range(0, 99)) for name in "ab"}, checks=Check(order))
    strategy = mst.rows(mst.from_pandera(pandera))
    drawn(strategy)
    rejected.clear()
    drawn(strategy)
    assert {0} == set(rejected)


def test_missing_values_are_drawn_where_pandera_lets_them_pass():
    """A missing operand of a column's own check passes; one of a check of rows does not, as by pandera."""
    schema = mst.from_pandera(MIXED)
    assert {True} == {frame["b"].notna().all() for frame in drawn(mst.frames(schema, min_size=3, max_size=3))}
    own = mst.from_pandera(schema_of(Check.in_range(0, 9), Check(lambda s: s > 3), of="Int64", nullable=True))
    fixed = settings(few, max_examples=500)
    assert {"x": None} == hypothesis.find(mst.rows(own), lambda row: row["x"] is None, settings=fixed)


WRONG = {
    "no bounds": (schema_of(of=float), "has no lower or upper bound", "Add pa.Check.ge(...) and pa.Check.le(...)"),
    "no upper bound": (schema_of(Check.ge(0)), "has no upper bound", "Add pa.Check.le(...)"),
    "no last day": (schema_of(Check.ge(DAY), of="datetime64[ns]"), "has no upper bound", "Add pa.Check.le(...)"),
    "infinite": (schema_of(Check.in_range(-np.inf, 0), of=float), "has no lower bound", "Add pa.Check.ge(...)"),
    "no levels": (schema_of(of="category"), "has no levels", "Add pa.Check.isin([...])"),
    "any text": (schema_of(of=str), "has nothing to draw from", "pa.Check.str_matches(...)"),
    "no dtype": (schema_of(of=None), "has nothing to draw from", "a dtype with bounds"),
    "an odd dtype": (schema_of(of=complex), "has nothing to draw from", "pa.Check.isin([...])"),
    "bounds reversed": (schema_of(Check.gt(5), Check.lt(6)), "has no value left", "greater_than(5), less_than(6)"),
    "bounds beyond the dtype": (schema_of(Check.ge(300), Check.le(400), of="uint8"), "has no value left", "contradict"),
    "levels apart": (schema_of(Check.isin(["a"]), Check.isin(["b"]), of=str), "has no value left", "isin(['a'])"),
    "patterns apart": (
        schema_of(Check.str_matches("a"), Check.str_startswith("b"), of=str),
        "cannot be drawn",
        "draws",
    ),
    "text by its order": (schema_of(Check.str_length(1), Check.gt("b"), of=str), "greater_than(b)", "Leave it out"),
    "text as a bound": (schema_of(Check.ge("a"), Check.le("z")), "has checks that do not fit it", ""),
    "too wide": (schema_of(Check.in_range(-1e308, 1e308), of=float), "cannot be drawn from", "bounds from"),
    "a pattern of names": (
        pa.DataFrameSchema({"x.*": Column(int, regex=True)}),
        "column 'x.*' has regex=True",
        "name each",
    ),
    "unique": (schema_of(Check.in_range(0, 9), unique=True), "column 'x' has unique=True", "Leave it out"),
    "unique together": (pa.DataFrameSchema({"x": Column(bool)}, unique=["x"]), "unique=['x']", "Leave it out"),
    "an index": (pa.DataFrameSchema({"x": Column(bool)}, index=pa.Index(int)), "the schema has index=", "Leave it out"),
    "parsers": (schema_of(of=bool, parsers=pa.Parser(lambda s: s)), "parsers=", "Leave it out"),
    "groups": (
        pa.DataFrameSchema({"x": Column(bool, Check(lambda _: True, groupby="y")), "y": Column(bool)}),
        "has the check '<lambda>'",
        "Leave it out",
    ),
    "all levels": (schema_of(Check.isin(["a"]), Check.unique_values_eq(["a"]), of=str), "'unique_values_eq'", "Leave"),
    "one answer for all": (schema_of(Check.in_range(0, 9), Check(lambda s: s.mean() > 1, name="mean")), "'mean'", ""),
    "a check that raises": (schema_of(Check.in_range(0, 9), Check(lambda _: 1 / 0, name="bad")), "'bad' raised", ""),
    "a check that accepts nothing": (
        schema_of(Check.in_range(0, 9), Check(lambda s: s > 9, name="no")),
        "'no'",
        "0.00%",
    ),
    "no schema": (3, "Expected a pandera DataFrameSchema or DataFrameModel but got schema=3.", ""),
    "a series": (pa.SeriesSchema(int), "Expected a pandera DataFrameSchema or DataFrameModel", ""),
}


@pytest.mark.parametrize(("pandera", "said", "remedy"), WRONG.values(), ids=list(WRONG))
def test_refused(pandera, said, remedy):
    """What cannot be drawn row by row is a SchemaError of at most two lines, naming the column and what to do."""
    with pytest.raises(mm.SchemaError) as refused:
        mst.from_pandera(pandera)
    assert said in str(refused.value)
    assert remedy in str(refused.value)
    assert len(str(refused.value).splitlines()) <= 2


@pytest.mark.parametrize("absent", ["pandera", "pandera.pandas"])
def test_without_pandera(monkeypatch, absent):
    """Where pandera is not installed, the error says what to install."""
    monkeypatch.setitem(sys.modules, absent, None)
    with pytest.raises(mm.SchemaError) as refused:
        mst.from_pandera(House)
    assert "Reading pandera schemas needs pandera: install metamorph-testing[pandera]" == str(refused.value)
