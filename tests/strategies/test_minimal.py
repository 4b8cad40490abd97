"""What values, rows and frames shrink to: the reference row, but for what the condition asks, and that by the least."""

from random import Random

import hypothesis
import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st

import metamorph as mm
from metamorph import strategies as mst


def minimal(strategy, condition=lambda _: True, seed=0):
    """The smallest value of *strategy* that meets the condition."""
    fixed = settings(database=None, deadline=None, max_examples=3_000, phases=[Phase.generate, Phase.shrink])
    return hypothesis.find(strategy, condition, settings=fixed, random=Random(seed))  # noqa: S311 - as Hypothesis asks for one


def moment(text, zone=None):
    return pd.Timestamp(text, tz=zone)


def sold(zone=None, **fields):
    """A column of moments in 2020, whole days unless another quantum is given."""
    fields = {"quantum": 86_400 * 10**9, "origin": moment("2020-06-15", zone), **fields}
    return mm.Timestamp(moment("2020-01-01", zone), moment("2020-12-31", zone), **fields)


SECONDS = {"quantum": 10**9, "origin": moment("2020-06-15 12:00")}
ZONED = sold("Europe/Berlin", quantum=3_600 * 10**9)
LEVELS = ["low", "mid", "high", "top"]
NULLABLE = {"nullable": True, "origin": 50}
CODE = mm.Strategy(st.from_regex("[A-Z]{3}", fullmatch=True))
MAYBE = mm.Strategy(st.one_of(st.none(), st.integers(0, 99)))

VALUES = [
    (mm.Real(0, 1), lambda _: True, 0.5),
    (mm.Real(0, 1, origin=0.25), lambda _: True, 0.25),
    (mm.Real(0, 1), lambda x: x > 0.5, 0.51),
    (mm.Real(0, 1), lambda x: x < 0.5, 0.49),
    (mm.Real(0, 1), lambda x: x >= 0.75, 0.75),
    (mm.Real(0, 1), lambda x: x == 1, 1.0),
    (mm.Real(0, 1), lambda x: x == 0, 0.0),
    (mm.Real(-2.5, 7.25, decimals=2, origin=1), lambda x: x > 3.141, 3.15),
    (mm.Real(-2.5, 7.25, decimals=2, origin=1), lambda x: x < 0, -0.01),
    (mm.Real(0, 100, decimals=1), lambda x: abs(x - 50) > 20, 70.1),
    (mm.Real(0, 1, origin=0.5, dtype="float32"), lambda x: x > 0.6, float(np.float32(0.6))),
    (mm.Real(0, 1, nullable=True), lambda _: True, 0.5),
    (mm.Real(0, 1, nullable=True), lambda x: x is None, None),
    (mm.Real(-1e300, 1e300), lambda x: x > 1, 1e298),
    (mm.Real(3.5, 3.5), lambda _: True, 3.5),
    (mm.Integer(0, 100), lambda _: True, 50),
    (mm.Integer(0, 100, origin=3), lambda n: n > 17, 18),
    (mm.Integer(0, 100), lambda n: n < 17, 16),
    (mm.Integer(0, 100), lambda n: n % 7 == 0, 49),
    (mm.Integer(0, 100), lambda n: n == 100, 100),
    (mm.Integer(0, 100, **NULLABLE), lambda n: n is None, None),
    (mm.Integer(0, 255, dtype="uint8", origin=0), lambda n: n >= 200, 200),
    (mm.Integer(0, 10**9, origin=10), lambda n: n > 12_345, 12_346),
    (mm.Integer(-(2**63), 2**63 - 1, origin=0), lambda n: n > 10**18, 10**18 + 1),
    (mm.Integer(2**63 - 9, 2**63 - 1), lambda n: n > 2**63 - 4, 2**63 - 3),
    (mm.Boolean(), lambda _: True, False),
    (mm.Boolean(), lambda b: b, True),
    (mm.Boolean(origin=True), lambda _: True, True),
    (mm.Boolean(nullable=True), lambda b: b is None, None),
    (mm.Category(LEVELS), lambda _: True, "low"),
    (mm.Category(LEVELS, origin="high"), lambda _: True, "high"),
    (mm.Category(LEVELS, origin="high"), lambda level: level != "high", "low"),
    (mm.Category(LEVELS, nullable=True), lambda level: level is None, None),
    (mm.Category(LEVELS, ordered=True, origin="mid"), lambda level: level != "mid", "high"),
    (mm.Category(LEVELS, ordered=True, origin="mid"), lambda level: level in {"low", "top"}, "low"),
    (mm.Category([3, 1, 2]), lambda level: level < 3, 1),
    (sold(), lambda _: True, moment("2020-06-15")),
    (sold(), lambda day: day > moment("2020-08-01"), moment("2020-08-02")),
    (sold(), lambda day: day < moment("2020-03-01"), moment("2020-02-29")),
    (sold(nullable=True), lambda day: day is None, None),
    (sold(**SECONDS), lambda at: at > moment("2020-06-15 15:00"), moment("2020-06-15 15:00:01")),
    (ZONED, lambda at: at.month > 6, moment("2020-07-01", "Europe/Berlin")),
    (CODE, lambda _: True, "AAA"),
    (CODE, lambda code: "Q" in code, "AAQ"),
    (MAYBE, lambda _: True, 0),
    (MAYBE, lambda n: n is None, None),
]


@pytest.mark.parametrize(("column", "condition", "smallest"), VALUES)
def test_values(column, condition, smallest):
    """A value shrinks to the column's origin, or to the value nearest to it that meets the condition."""
    assert smallest == minimal(mst.columns(column), condition)


HOUSE = mm.Schema(
    area=mm.Real(20, 400, decimals=1, origin=80),
    rooms=mm.Integer(1, 12, origin=3),
    heating=mm.Category(["gas", "oil", "coal"]),
    garden=mm.Boolean(nullable=True),
    sold=sold(nullable=True),
)
BATHS = mm.Schema(rooms=mm.Integer(1, 12, origin=4), baths=mm.Integer(0, 9, origin=1)).where(
    lambda t: t["baths"] <= t["rooms"]
)
MIXTURE = mm.Schema({name: mm.Real(0, 1, decimals=2, origin=0.25) for name in "abc"}).where(
    lambda t: t["a"] + t["b"] + t["c"] <= 1
)
PERIOD = mm.Schema(start=sold(), end=sold(origin=moment("2020-07-01"), nullable=True)).where(
    lambda t: t["start"] < t["end"]
)
EVEN = mm.Schema(n=mm.Integer(0, 99, origin=10), x=mm.Real(0, 1)).where(lambda t: t["n"] % 2 == 0, name="even")
PRICED = mm.Schema(area=mm.Real(20, 400, decimals=0, origin=80), rate=mm.Real(1, 9, decimals=1, origin=2)).derive(
    price=lambda t: t["area"] * t["rate"]
)
DOUBLED = mm.Schema(n=mm.Integer(0, 99, origin=10), b=mm.Boolean()).derive(double=lambda t: t["n"] * 2)
HOLED = mm.Schema.from_frame(
    pd.DataFrame({"x": [1.5, 2.5, 2.0, 3.5, 2.0], "y": [np.nan, np.nan, np.nan, 3.0, np.nan], "z": list("aabca")})
)
CODED = mm.Schema(code=CODE, n=mm.Integer(0, 9, origin=2))


def changed(schema, row):
    """The cells of a row that differ from the reference row's."""
    return {name: value for name, value in row.items() if value != schema.reference[name]}


ROWS = [
    (HOUSE, lambda _: True, {}),
    (HOUSE, lambda row: row["rooms"] > 5, {"rooms": 6}),
    (HOUSE, lambda row: row["area"] > 100, {"area": 100.1}),
    (HOUSE, lambda row: row["area"] > 100 and row["rooms"] < 3, {"area": 100.1, "rooms": 2}),
    (HOUSE, lambda row: row["heating"] == "coal" and row["garden"], {"heating": "coal", "garden": True}),
    (HOUSE, lambda row: row["garden"] is None, {"garden": None}),
    (HOUSE, lambda row: row["sold"] is None and row["rooms"] == 12, {"sold": None, "rooms": 12}),
    (
        HOUSE,
        lambda row: row["rooms"] > 6 and row["heating"] != "gas" and row["garden"],
        {"rooms": 7, "heating": "oil", "garden": True},
    ),
    (BATHS, lambda _: True, {}),
    (BATHS, lambda row: row["baths"] > 2, {"baths": 3}),
    (BATHS, lambda row: row["baths"] > 6, {"rooms": 7, "baths": 7}),
    (BATHS, lambda row: row["rooms"] < 1 + row["baths"] and row["baths"] == 9, {"rooms": 9, "baths": 9}),
    (MIXTURE, lambda row: row["a"] > 0.5, {"a": 0.51, "c": 0.24}),
    (MIXTURE, lambda row: row["c"] > 0.4, {"c": 0.41}),
    (
        PERIOD,
        lambda row: row["start"] > moment("2020-07-04"),
        {"start": moment("2020-07-05"), "end": moment("2020-07-06")},
    ),
    (PERIOD, lambda row: row["end"] is None, {"end": None}),
    (EVEN, lambda row: row["n"] > 20, {"n": 22}),
    (EVEN, lambda row: row["x"] > 0.7 and row["n"] < 9, {"n": 8, "x": 0.71}),
    (PRICED, lambda row: row["price"] > 500 and row["area"] < 100, {"rate": 6.3, "price": 504.0}),
    (DOUBLED, lambda row: row["double"] > 99, {"n": 50, "double": 100}),
    (HOLED, lambda _: True, {}),
    (HOLED, lambda row: row["y"] is not None, {"y": 3.0}),
    (CODED, lambda row: row["n"] > 4, {"n": 5}),
    (CODED, lambda row: row["code"][0] == "B", {"code": "BAA"}),
]


@pytest.mark.parametrize(("schema", "condition", "smallest"), ROWS)
def test_rows(schema, condition, smallest):
    """A row shrinks to the reference row, but for the fewest cells that the condition needs."""
    assert smallest == changed(schema, minimal(mst.rows(schema), condition))


FRAMES = [
    (HOUSE, {}, lambda _: True, []),
    (HOUSE, {"min_size": 2}, lambda _: True, [{}, {}]),
    (HOUSE, {"max_size": 0}, lambda _: True, []),
    (HOUSE, {}, lambda t: len(t) > 2, [{}, {}, {}]),
    (HOUSE, {}, lambda t: (t["rooms"] > 5).any(), [{"rooms": 6}]),
    (HOUSE, {}, lambda t: (t["area"] > 100).any(), [{"area": 100.1}]),
    (HOUSE, {}, lambda t: ((t["area"] > 100) & (t["rooms"] < 3)).any(), [{"area": 100.1, "rooms": 2}]),
    (HOUSE, {}, lambda t: (t["heating"] == "coal").any(), [{"heating": "coal"}]),
    (HOUSE, {}, lambda t: t["garden"].isna().any(), [{"garden": None}]),
    (HOUSE, {}, lambda t: t["sold"].isna().any() and len(t) > 1, [{}, {"sold": None}]),
    (HOUSE, {}, lambda t: t["rooms"].min() < t["rooms"].max(), [{}, {"rooms": 4}]),
    (HOUSE, {}, lambda t: (t["sold"] > moment("2020-08-01")).any(), [{"sold": moment("2020-08-02")}]),
    (HOUSE, {"min_size": 3, "max_size": 9}, lambda t: t["garden"].isin([True]).any(), [{}, {}, {"garden": True}]),
    (BATHS, {}, lambda t: (t["baths"] > 6).any(), [{"rooms": 7, "baths": 7}]),
    (MIXTURE, {}, lambda t: (t["a"] > 0.5).any(), [{"a": 0.51, "c": 0.24}]),
    (
        PERIOD,
        {},
        lambda t: (t["start"] > moment("2020-07-04")).any(),
        [{"start": moment("2020-07-05"), "end": moment("2020-07-06")}],
    ),
    (EVEN, {}, lambda t: (t["n"] > 20).any(), [{"n": 22}]),
    (DOUBLED, {}, lambda t: (t["double"] > 99).any(), [{"n": 50, "double": 100}]),
    (HOLED, {"min_size": 1}, lambda _: True, [{}]),
    (HOLED, {}, lambda t: t["y"].notna().any(), [{"y": 3.0}]),
    (HOLED, {}, lambda t: (t["z"] == "c").any(), [{"z": "c"}]),
    (CODED, {}, lambda t: (t["code"].str[0] == "B").any(), [{"code": "BAA"}]),
    (CODED, {}, lambda t: (t["n"] > 4).any(), [{"n": 5}]),
]


@pytest.mark.parametrize(("schema", "sizes", "condition", "smallest"), FRAMES)
def test_frames(schema, sizes, condition, smallest):
    """A frame shrinks to the fewest rows, each the reference row but for the cells that the condition needs."""
    frame = minimal(mst.frames(schema, **sizes), condition)
    assert smallest == [changed(schema, schema.row(frame, place)) for place in range(len(frame))]


@pytest.mark.parametrize("seed", range(8))
def test_a_bad_row_among_many(seed):
    """A planted bad row in a frame of up to 50 rows ends as exactly one row, with exactly the cells that are bad."""

    def bad(t):
        return ((t["rooms"] <= 2) & (t["heating"] == "coal")).any()

    frame = minimal(mst.frames(HOUSE, max_size=50), bad, seed)
    assert [{"rooms": 2, "heating": "coal"}] == [changed(HOUSE, HOUSE.row(frame, place)) for place in range(len(frame))]


@pytest.mark.parametrize("seed", range(8))
def test_a_bad_row_under_constraints(seed):
    """So it does where columns bind one another."""
    frame = minimal(mst.frames(BATHS, max_size=50), lambda t: (t["baths"] > 6).any(), seed)
    assert [{"rooms": 7, "baths": 7}] == [changed(BATHS, BATHS.row(frame, place)) for place in range(len(frame))]
