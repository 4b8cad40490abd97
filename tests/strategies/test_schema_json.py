"""A schema survives JSON: everything but its functions, which are reattached by name."""

import datetime
import json

import numpy as np
import pandas as pd
import pytest

import metamorph as mm

ORDERED = pd.Categorical(["lo", "hi", None, "lo"], categories=["lo", "mid", "hi"], ordered=True)
FRAME = pd.DataFrame(
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
        "python string": pd.Series(["a", None, "b", "a"], dtype="string[python]"),
        "ordered": ORDERED,
        "numbers": pd.Categorical([3, 1, 3, 2]),
        "mixed": pd.Categorical([3, "a", 3, 0.5]),
        "moments of levels": pd.Categorical(pd.to_datetime(["2020-01-01", "2020-01-02"] * 2)),
        "moment": pd.to_datetime(["2020-01-01 05:00", None, "2020-01-03 00:00", "2020-01-02 00:00"]),
        "moment in seconds": pd.Series(pd.to_datetime(["2020-01-01"] * 4)).astype("datetime64[s]"),
        "moment of a zone": pd.Series(pd.date_range("2020-10-25", periods=4, freq="h", tz="Europe/Berlin")),
        "moment of an offset": pd.Series(pd.date_range("2020-01-01", periods=4)).dt.tz_localize(
            datetime.timezone(datetime.timedelta(hours=1))
        ),
    }
)


@pytest.mark.parametrize("name", FRAME.columns)
def test_every_column_round_trips(name):
    """A column and its observed values come back as they were, dtype included."""
    schema = mm.Schema.from_frame(FRAME[[name]])
    again = mm.Schema.from_json(schema.to_json())
    assert schema.columns == again.columns
    pd.testing.assert_frame_equal(schema.observed, again.observed)


@pytest.mark.parametrize("name", FRAME.columns)
def test_the_same_rows_are_drawn(name):
    """A schema from JSON draws the rows that the original draws."""
    schema = mm.Schema.from_frame(FRAME[[name]])
    column, again = schema.columns[name], mm.Schema.from_json(schema.to_json()).columns[name]
    first, second = (each.sample(np.random.default_rng(0), 30) for each in (column, again))
    pd.testing.assert_series_equal(first, second)


@pytest.mark.parametrize(
    "levels",
    [pd.cut(np.arange(4.0), 2), [datetime.date(2020, 1, 1), datetime.date(2020, 1, 2)] * 2],
    ids=["intervals", "dates"],
)
def test_levels_that_json_lacks(levels):
    """Levels that JSON has no form for come back as they were, or are refused in one clear line."""
    schema = mm.Schema.from_frame(pd.DataFrame({"x": pd.Categorical(levels)}))
    try:
        again = mm.Schema.from_json(schema.to_json())
    except mm.SchemaError as refused:
        assert "'x'" in str(refused)  # noqa: PT017 - either answer is a good one
    else:
        assert schema.columns == again.columns


def test_strict_json():
    """The text is strict JSON: no NaN, no Infinity."""

    def refuse(constant):
        raise AssertionError(constant)

    assert list(FRAME.columns) == json.loads(mm.Schema.from_frame(FRAME).to_json(), parse_constant=refuse)["names"]


def test_the_text_is_the_same_each_time():
    """The same schema makes the same text."""
    assert mm.Schema.from_frame(FRAME).to_json() == mm.Schema.from_frame(FRAME.copy()).to_json()


def few(t):
    return t["rooms"] <= 4


def double(t):
    return t["area"] * 2


HOUSES = pd.DataFrame({"area": [50.0, 80.5, 120.0, 60.0], "rooms": [2, 3, 5, 4], "price": [9.0, 2.0, 4.0, 5.5]})
FULL = (
    mm.Schema.from_frame(HOUSES, target="price")
    .derive(double=double)
    .where(few)
    .with_roles(protected=["rooms"])
    .with_noun("house")
    .with_reference({"rooms": 3, "area": 70.0})
)


@pytest.mark.parametrize("field", ["names", "roles", "noun", "target", "dropped", "reference", "columns"])
def test_fields_survive(field):
    """Everything a schema knows comes back."""
    again = mm.Schema.from_json(FULL.to_json(), functions={"few": few, "double": double})
    assert getattr(FULL, field) == getattr(again, field)


def test_functions_are_reattached():
    """Constraints and formulas work again once their functions are given by name."""
    again = mm.Schema.from_json(FULL.to_json(), functions={"few": few, "double": double})
    assert FULL == again
    with pytest.raises(mm.SchemaError, match="'few'"):
        again.validate(HOUSES)


def test_by_hand():
    """A hand-written schema comes back without observed rows."""
    schema = mm.Schema(area=mm.Real(20, 400, origin=75), heating=mm.Category(["gas", "oil"], nullable=True))
    again = mm.Schema.from_json(schema.to_json())
    assert (schema.columns, None) == (again.columns, again.observed)


@pytest.mark.parametrize(
    ("functions", "absent"), [(None, ["few", "double"]), ({"few": few}, ["double"]), ({"double": double}, ["few"])]
)
def test_absent_functions(functions, absent):
    """A function that is not given is an error of at most three lines that names each absent one."""
    with pytest.raises(mm.SchemaError) as refused:
        mm.Schema.from_json(FULL.to_json(), functions=functions)
    assert absent == [name for name in ("few", "double") if repr(name) in str(refused.value)]
    assert len(str(refused.value).splitlines()) <= 3


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "null", "{}", '{"version": 99}', '"schema"'])
def test_other_texts(text):
    """A text that is no schema is a SchemaError of at most three lines."""
    with pytest.raises(mm.SchemaError) as refused:
        mm.Schema.from_json(text)
    assert len(str(refused.value).splitlines()) <= 3
