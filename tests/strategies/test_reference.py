"""The reference row: a real row nearest to medians and modes, the origins of a hand-written schema, or a named one."""

import numpy as np
import pandas as pd
import pytest

import metamorph as mm

HOUSES = pd.DataFrame(
    {
        "area": [30.0, 80.0, 90.0, 95.0, 300.0],
        "rooms": [1, 3, 3, 4, 9],
        "heating": ["coal", "gas", "gas", "oil", "oil"],
        "garden": [False, True, True, True, False],
        "sold": pd.to_datetime(["2020-01-01", "2020-05-01", "2020-06-01", "2020-07-01", "2021-01-01"]),
    }
)


def rows_of(schema):
    """The observed rows as dicts of plain values."""
    return [schema.row(schema.observed, place) for place in range(len(schema.observed))]


def test_nearest_to_medians_and_modes():
    """The reference is the observed row nearest to the medians and the commonest levels."""
    schema = mm.Schema.from_frame(HOUSES)
    expected = {"area": 90.0, "rooms": 3, "heating": "gas", "garden": True, "sold": pd.Timestamp("2020-06-01")}
    assert expected == schema.reference


@pytest.mark.parametrize("seed", range(5))
def test_a_real_row(seed):
    """The reference is one of the observed rows, whatever the data."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "x": rng.normal(size=80),
            "n": rng.poisson(3, 80),
            "c": rng.choice(list("abc"), 80),
            "m": np.where(rng.random(80) < 0.3, np.nan, rng.random(80)),
            "b": pd.array(rng.choice([True, False, None], 80), "boolean"),
        }
    )
    schema = mm.Schema.from_frame(frame)
    assert schema.reference in rows_of(schema)


def test_no_unit_weighs_more():
    """Distances are in spreads: a column in millimetres weighs no more than one in metres."""
    frame = pd.DataFrame({"area": [1.0, 2.0, 3.0, 4.0, 5.0], "length": [9.0, 3.0, 5.0, 7.0, 1.0]})
    scaled = frame.assign(length=frame["length"] * 1_000)
    assert mm.Schema.from_frame(frame).reference["area"] == mm.Schema.from_frame(scaled).reference["area"]


def test_holes_are_not_typical():
    """A row with a missing value is not the reference where complete rows are as near."""
    frame = pd.DataFrame({"x": [5.0, 5.0, 4.0, 6.0], "y": [np.nan, 2.0, 1.0, 3.0]})
    assert {"x": 5.0, "y": 2.0} == mm.Schema.from_frame(frame).reference


def test_mostly_missing():
    """Where most values are missing, missing is what is typical."""
    frame = pd.DataFrame({"x": [5.0, 5.5, 4.5, 6.0, 5.0], "y": [np.nan, np.nan, np.nan, 3.0, np.nan]})
    assert mm.Schema.from_frame(frame).reference["y"] is None


def test_origins_are_the_reference():
    """A column's origin is its value in the reference row."""
    schema = mm.Schema.from_frame(HOUSES)
    assert schema.reference == {name: column.origin for name, column in schema.columns.items()}


def test_by_hand():
    """The reference of a hand-written schema are its columns' origins."""
    schema = mm.Schema(area=mm.Real(20, 400, origin=75), rooms=mm.Integer(1, 9), heating=mm.Category(["gas", "oil"]))
    assert {"area": 75.0, "rooms": 5, "heating": "gas"} == schema.reference


def test_by_hand_under_constraints():
    """Origins that break a constraint give way to the nearest row that keeps it, and only where they must."""
    schema = mm.Schema(
        baths=mm.Integer(0, 9, origin=5), rooms=mm.Integer(0, 9, origin=3), age=mm.Integer(0, 80, origin=7)
    )
    reference = schema.where(lambda t: t["baths"] <= t["rooms"]).reference
    assert 7 == reference["age"]
    assert 2 == (5 - reference["baths"]) + (reference["rooms"] - 3)


def test_dropped_rows_are_no_reference():
    """A row that breaks a constraint is not the reference."""
    schema = mm.Schema.from_frame(HOUSES).where(lambda t: t["heating"] != "gas")
    assert schema.reference["heating"] == "oil"


def test_named():
    """A reference row that the user names is taken as it is."""
    row = {"area": 42.0, "rooms": 2, "heating": "oil", "garden": False, "sold": pd.Timestamp("2020-02-02")}
    assert row == mm.Schema.from_frame(HOUSES).with_reference(row).reference


def test_named_in_part():
    """Columns that a named reference leaves out keep the values they had."""
    reference = mm.Schema.from_frame(HOUSES).with_reference({"rooms": 7}).reference
    assert {"area": 90.0, "rooms": 7, "heating": "gas"} == {
        name: reference[name] for name in ("area", "rooms", "heating")
    }


def test_named_stays_named():
    """A named reference survives further constraints, derived columns and roles."""
    schema = mm.Schema.from_frame(HOUSES).with_reference({"rooms": 7}).where(lambda t: t["rooms"] > 0)
    schema = schema.derive(double=lambda t: 2 * t["rooms"]).with_roles(protected=["garden"])
    assert (7, 14) == (schema.reference["rooms"], schema.reference["double"])


def test_named_missing():
    """A reference may be missing where the column may be."""
    frame = pd.DataFrame({"x": [1.0, np.nan, 3.0], "y": [1, 2, 3]})
    assert mm.Schema.from_frame(frame).with_reference({"x": None}).reference["x"] is None


WRONG = {
    "an unknown column": ({"aera": 90.0}, "did you mean 'area'"),
    "beyond the bounds": ({"area": 5_000.0}, "5000"),
    "no level": ({"heating": "wood"}, "'wood'"),
    "missing": ({"rooms": None}, "rooms"),
    "text for a number": ({"rooms": "many"}, "rooms"),
    "text for a real": ({"area": "wide"}, "area"),
    "no moment": ({"sold": "soon"}, "sold"),
    "a fraction": ({"rooms": 2.5}, "rooms"),
}


@pytest.mark.parametrize(("row", "said"), WRONG.values(), ids=list(WRONG))
def test_wrong_references(row, said):
    """A reference that the schema does not allow is a SchemaError of at most three lines."""
    with pytest.raises(mm.SchemaError) as refused:
        mm.Schema.from_frame(HOUSES).with_reference(row)
    assert said in str(refused.value)
    assert len(str(refused.value).splitlines()) <= 3


def test_a_reference_that_breaks_a_constraint():
    """A named reference has to keep the constraints."""
    schema = mm.Schema.from_frame(HOUSES).where(lambda t: t["rooms"] * 8 <= t["area"], name="no closets")
    with pytest.raises(mm.SchemaError, match="'no closets'"):
        schema.with_reference({"rooms": 9, "area": 40.0})


def test_a_later_constraint_that_the_named_reference_breaks():
    """A constraint that rules the named reference out is an error, not a reference outside the schema."""
    schema = mm.Schema.from_frame(HOUSES).with_reference({"rooms": 9})
    with pytest.raises(mm.SchemaError):
        schema.where(lambda t: t["rooms"] < 5)


def test_reference_values_are_plain():
    """Values of the reference row are plain Python objects."""
    schema = mm.Schema.from_frame(HOUSES)
    kinds = {name: type(value).__module__ for name, value in schema.reference.items()}
    assert {"builtins", "datetime"} == set(kinds.values())
