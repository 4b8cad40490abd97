"""Frames that hold no readable features: one clear error each, or they work."""

import datetime
import decimal

import numpy as np
import pandas as pd
import pytest

import metamorph as mm

ROWS = 20
FAR = pd.Series(pd.to_datetime(["2020-01-01"] * ROWS)).astype("datetime64[s]")
FAR = FAR.where(np.arange(ROWS) > 3, pd.Timestamp("9999-12-31").as_unit("s"))

REFUSED = {
    "all null": [None] * ROWS,
    "all NaN": [np.nan] * ROWS,
    "infinite": [np.inf, 1.0] * 10,
    "minus infinite": [-np.inf, 1.0] * 10,
    "mixed types": pd.Series([1, "a"] * 10, dtype=object),
    "mixed numbers as objects": pd.Series([1, 2.5] * 10, dtype=object),
    "timedelta": pd.to_timedelta(np.arange(ROWS), unit="h"),
    "period": pd.period_range("2020-01", periods=ROWS, freq="M"),
    "interval": pd.interval_range(0, ROWS),
    "bytes": [b"a", b"b"] * 10,
    "lists": [[1], [2]] * 10,
    "arrays": pd.Series([np.array([1]), np.array([2])] * 10, dtype=object),
    "dicts": [{}, {"a": 1}] * 10,
    "decimals": [decimal.Decimal("1.5"), decimal.Decimal("2.5")] * 10,
    "dates": [datetime.date(2020, 1, 1), datetime.date(2020, 1, 2)] * 10,
    "moments as objects": pd.Series([datetime.datetime(2020, 1, 1), datetime.datetime(2021, 1, 1)] * 10, dtype=object),  # noqa: DTZ001 - naive on purpose
    "sparse": pd.arrays.SparseArray([0.0, 1.5] * 10),
    "sparse whole": pd.arrays.SparseArray([0, 1] * 10),
    "complex": np.array([1j, 2] * 10),
    "huge Python ints": [10**30, 10**31] * 10,
    "uint64 above 2**63": np.array([2**63 + 5, 1] * 10, dtype="uint64"),
    "UInt64 above 2**63": pd.array([2**63 + 5, 1] * 10, dtype="UInt64"),
    "moments beyond nanoseconds": FAR,
}


@pytest.mark.parametrize("values", REFUSED.values(), ids=list(REFUSED))
def test_refused_columns(values):
    """A column that cannot be a feature is one SchemaError of at most three lines that names it."""
    frame = pd.DataFrame({"odd one": values, "fine": np.arange(ROWS)})
    with pytest.raises(mm.SchemaError, match="'odd one'") as refused:
        mm.Schema.from_frame(frame)
    assert len(str(refused.value).splitlines()) <= 3


@pytest.mark.parametrize("name", ["bytes", "lists", "dicts", "decimals", "huge Python ints"])
def test_remedies_work(name):
    """No remedy is offered that leaves the column as it is."""
    with pytest.raises(mm.SchemaError) as refused:
        mm.Schema.from_frame(pd.DataFrame({"x": REFUSED[name]}))
    assert "infer_objects" not in str(refused.value)


FRAMES = {
    "no rows": (pd.DataFrame({"a": []}), "0 rows"),
    "no columns": (pd.DataFrame(index=range(5)), "0 columns"),
    "nothing": (pd.DataFrame(), "0 rows"),
    "duplicate names": (pd.DataFrame([[1, 2, 3, 4]] * 3, columns=["a", "b", "a", "b"]), "'a', 'b'"),
    "several levels of names": (
        pd.DataFrame([[1, 2]] * 3, columns=pd.MultiIndex.from_product([["a"], [1, 2]])),
        "MultiIndex",
    ),
    "whole numbers as names": (pd.DataFrame([[1, 2]] * 3), "astype(str)"),
    "None as a name": (pd.DataFrame({None: [1, 2]}), "None"),
    "a Series": (pd.Series([1, 2]), "Series"),
    "a dict": ({"a": [1, 2]}, "dict"),
    "a list of lists": ([[1, 2]], "list"),
    "an array": (np.ones((3, 2)), "ndarray"),
    "None": (None, "NoneType"),
}


@pytest.mark.parametrize(("frame", "said"), FRAMES.values(), ids=list(FRAMES))
def test_refused_frames(frame, said):
    """What is no table of named columns is one SchemaError of at most three lines that says what it is."""
    with pytest.raises(mm.SchemaError) as refused:
        mm.Schema.from_frame(frame)
    assert said in str(refused.value)
    assert len(str(refused.value).splitlines()) <= 3


def test_a_frame_of_the_target_alone():
    """A frame that holds nothing but the target has no features."""
    with pytest.raises(mm.SchemaError, match="0 columns"):
        mm.Schema.from_frame(pd.DataFrame({"price": [1.0, 2.0]}), target="price")


def test_an_unknown_target():
    """A target that is no column is named, with the nearest one that is."""
    with pytest.raises(mm.SchemaError, match="'pricee' \\(did you mean 'price'"):
        mm.Schema.from_frame(pd.DataFrame({"price": [1.0, 2.0], "x": [1, 2]}), target="pricee")


def test_a_foreign_frame_is_told_how_to_convert():
    """A polars or Arrow frame is refused with the call that turns it into pandas."""

    class Foreign:
        def to_pandas(self):
            raise NotImplementedError

    with pytest.raises(mm.SchemaError, match=r"\.to_pandas\(\)"):
        mm.Schema.from_frame(Foreign())


def test_long_messages_are_cut():
    """A million-character level does not make a million-character error."""
    schema = mm.Schema.from_frame(pd.DataFrame({"x": ["a" * 1_000_000, "b"] * 5}))
    with pytest.raises(mm.SchemaError) as refused:
        schema.validate(pd.DataFrame({"x": ["c"]}))
    assert len(str(refused.value)) < 2_000


WORKING = {
    "constant": [3.0] * ROWS,
    "constant text": ["a"] * ROWS,
    "denormals": [5e-324, 1e-310] * 10,
    "float16": np.array([0.1, 0.5] * 10, dtype="float16"),
    "extreme int64": np.array([2**63 - 1, -(2**63)] * 10, dtype="int64"),
    "category of intervals": pd.cut(np.arange(float(ROWS)), 4),
    "category of dates": pd.Categorical([datetime.date(2020, 1, 1), datetime.date(2020, 1, 2)] * 10),
    "category of moments": pd.Categorical(pd.to_datetime(["2020-01-01", "2020-01-02"] * 10)),
    "category of mixed levels": pd.Categorical([1, "a"] * 10),
    "a NUL and a lone surrogate": pd.Series(["a\0b", "\ud800"] * 10, dtype=object),
    "a string of a million characters": ["a" * 1_000_000, "b"] * 10,
    "nanoseconds": pd.Series(pd.date_range("2020-01-01", periods=ROWS)) + pd.to_timedelta(np.arange(ROWS), unit="ns"),
}


@pytest.mark.parametrize("values", WORKING.values(), ids=list(WORKING))
def test_odd_columns_that_work(values):
    """Odd but readable values are checked like any others: an honest model holds."""
    frame = pd.DataFrame({"odd": values, "size": np.arange(ROWS) * 1.5})
    report = mm.check(lambda t: t["size"].to_numpy(), mm.increasing("size"), frame, budget=100, attack=0)
    assert ["held"] == [result.verdict for result in report.results]


@pytest.mark.parametrize("values", WORKING.values(), ids=list(WORKING))
def test_odd_columns_that_shrink(values):
    """Odd but readable values can stand in a counterexample."""
    frame = pd.DataFrame({"odd": values, "size": np.arange(ROWS) * 1.5})
    first = frame["odd"].iloc[0]
    report = mm.check(
        lambda t: np.where(t["odd"] == first, 1.0, -1.0) * t["size"].to_numpy(),
        mm.decreasing("size"),
        frame,
        budget=100,
        attack=0,
    )
    assert ["violated"] == [result.verdict for result in report.results]


@pytest.mark.parametrize("values", [[1.7e308, -1.7e308] * 10, [1.7e308, 1.0] * 10], ids=["both signs", "one sign"])
def test_floats_at_the_end_of_their_range(values):
    """Floats whose range overflows are checked or refused, without a warning."""
    frame = pd.DataFrame({"odd": values, "size": np.arange(ROWS) * 1.5})
    try:
        verdict = (
            mm.check(lambda t: t["size"].to_numpy(), mm.increasing("odd"), frame, budget=100, attack=0)
            .results[0]
            .verdict
        )
    except mm.SchemaError:
        verdict = "refused"
    assert verdict in {"held", "refused"}


def test_levels_that_pandas_cannot_hold():
    """A level without bytes in a category dtype is checked or refused with the column's name."""
    levels = pd.Categorical.from_codes([0, 1] * 6, categories=pd.Index(["a\ud800", "b"], dtype=object))
    frame = pd.DataFrame({"odd": levels, "size": np.arange(12.0)})
    try:
        said = (
            mm.check(lambda t: t["size"].to_numpy(), mm.increasing("size"), frame, budget=20, attack=0)
            .results[0]
            .verdict
        )
    except mm.SchemaError as refused:
        said = "refused" if "'odd'" in str(refused) else str(refused)
    assert said in {"held", "refused"}


def test_one_row():
    """One row is a schema, on which nothing can be tested: broken, never passed."""
    report = mm.check(lambda t: t["x"].to_numpy(), mm.increasing("x"), pd.DataFrame({"x": [1.5]}), budget=100, attack=0)
    assert [("broken", "relation")] == [(result.verdict, result.evidence.about) for result in report.results]


@pytest.mark.parametrize(
    ("dtype", "values", "kind"),
    [
        ("string[pyarrow]", ["a", None, "b"], mm.Category),
        ("large_string[pyarrow]", ["a", None, "b"], mm.Category),
        ("int64[pyarrow]", [1, None, 3], mm.Integer),
        ("double[pyarrow]", [1.5, None, 3], mm.Real),
        ("bool[pyarrow]", [True, None, False], mm.Boolean),
        ("timestamp[us][pyarrow]", pd.to_datetime(["2020-01-01", None, "2020-01-03"]), mm.Timestamp),
    ],
)
def test_arrow_columns(dtype, values, kind):
    """Columns stored by Arrow keep their kind, values and dtype through JSON."""
    pytest.importorskip("pyarrow")
    frame = pd.DataFrame({"x": pd.Series(values).astype(dtype)})
    schema = mm.Schema.from_json(mm.Schema.from_frame(frame).to_json())
    assert isinstance(schema.columns["x"], kind)
    pd.testing.assert_frame_equal(frame, schema.observed)
