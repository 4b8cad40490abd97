"""A schema as a whole: written by hand, roles, nouns, validation, equality."""

import numpy as np
import pandas as pd
import pytest

import metamorph as mm

HOUSES = pd.DataFrame({"area": [50.0, 80.5, 120.0], "rooms": [2, 3, 5], "heating": ["gas", "oil", "gas"]})


def test_names_keep_their_order():
    """Columns stand in the order they were written in, odd names first."""
    schema = mm.Schema({"hours-per-week": mm.Integer(1, 99)}, area=mm.Real(20, 400))
    assert ("hours-per-week", "area") == schema.names


def test_by_hand_has_no_observed_rows():
    """A hand-written schema has no observed rows."""
    assert mm.Schema(area=mm.Real(20, 400)).observed is None


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (mm.Schema, "at least one column"),
        (lambda: mm.Schema(area=3), "'area': 3"),
        (lambda: mm.Schema(area=float), "'area'"),
        (lambda: mm.Schema({1: mm.Real(0, 1)}), "1"),
    ],
)
def test_wrong_columns(make, said):
    """Whatever is no named column is refused in one line."""
    with pytest.raises(mm.SchemaError) as refused:
        make()
    assert (True, 1) == (said in str(refused.value), len(str(refused.value).splitlines()))


def test_roles():
    """Columns are found by role, in the order given; a role nobody has is empty."""
    schema = mm.Schema.from_frame(HOUSES).with_roles(protected=["rooms", "area"], identifier=["heating"])
    assert (["rooms", "area"], ["heating"], []) == tuple(
        schema.role(name) for name in ("protected", "identifier", "none")
    )


def test_roles_add_up():
    """Later roles add to earlier ones; the same role is replaced."""
    schema = mm.Schema.from_frame(HOUSES).with_roles(a=["area"], b=["rooms"]).with_roles(b=["heating"])
    assert (["area"], ["heating"]) == (schema.role("a"), schema.role("b"))


def test_one_name_as_a_role():
    """A single name given as text is that one column, not its letters."""
    assert ["area"] == mm.Schema.from_frame(HOUSES).with_roles(protected="area").role("protected")


def test_roles_of_unknown_columns():
    """A role for a column that is not there names the nearest one."""
    with pytest.raises(mm.SchemaError, match="'roms' \\(did you mean 'rooms'"):
        mm.Schema.from_frame(HOUSES).with_roles(protected=["roms"])


def test_roles_of_derived_columns():
    """Derived columns may have roles."""
    schema = mm.Schema.from_frame(HOUSES).derive(double=lambda t: t["area"] * 2).with_roles(shown=["double"])
    assert ["double"] == schema.role("shown")


@pytest.mark.parametrize(
    ("nouns", "expected"),
    [(("house",), ("house", "houses")), (("city", "cities"), ("city", "cities")), ((), ("row", "rows"))],
)
def test_nouns(nouns, expected):
    """What a row is called has a plural."""
    schema = mm.Schema.from_frame(HOUSES)
    assert expected == (schema.with_noun(*nouns) if nouns else schema).noun


def test_valid_rows():
    """Rows that keep bounds, levels and constraints are valid, in any column order and with further columns."""
    schema = mm.Schema.from_frame(HOUSES).where(lambda t: t["rooms"] < 9)
    assert schema.validate(HOUSES[["rooms", "heating", "area"]].assign(more=1)) is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"area": [50.0, 81.0, 130.0]}, "'area': 1 of 3 values"),
        ({"area": [np.nan, 81.0, np.nan]}, "'area': 2 of 3 values"),
        ({"rooms": [2, 3, 9]}, "the first is 9"),
        ({"rooms": [2.5, 3, 4]}, "the first is 2.5"),
        ({"heating": ["gas", "coal", "wood"]}, "the first is 'coal'"),
        ({"heating": [1, 2, 3]}, "'heating'"),
        ({"area": ["wide", "small", "tiny"]}, "'area'"),
        ({"rooms": [5, 5, 2]}, "the constraint 'few rooms'"),
    ],
)
def test_invalid_rows(change, said):
    """Rows that the schema does not allow are an error that names column and value, or the constraint."""
    schema = mm.Schema.from_frame(HOUSES).where(lambda t: t["rooms"] * 20 <= t["area"], name="few rooms")
    with pytest.raises(mm.SchemaError) as refused:
        schema.validate(HOUSES.assign(**change))
    assert said in str(refused.value)
    assert len(str(refused.value).splitlines()) <= 3


def test_absent_columns():
    """A frame without a column of the schema is invalid, and the error lists what is absent."""
    with pytest.raises(mm.SchemaError, match="'area', 'heating'"):
        mm.Schema.from_frame(HOUSES).validate(HOUSES[["rooms"]])


@pytest.mark.parametrize("frame", [3, None, [1, 2], {"area": [1.0]}])
def test_validate_something_else(frame):
    """What is no frame is a SchemaError that says what it is."""
    with pytest.raises(mm.SchemaError, match=type(frame).__name__):
        mm.Schema.from_frame(HOUSES).validate(frame)


def test_validate_without_rows():
    """A frame without rows breaks nothing."""
    assert mm.Schema.from_frame(HOUSES).validate(HOUSES.head(0)) is None


def test_equality():
    """Schemas read off equal frames are equal, and hash alike; another bound makes another schema."""
    first, second = mm.Schema.from_frame(HOUSES), mm.Schema.from_frame(HOUSES.copy())
    assert (True, True) == (first == second, hash(first) == hash(second))
    assert first != mm.Schema.from_frame(HOUSES.assign(area=[50.0, 80.5, 121.0]))


def test_frozen():
    """A schema cannot be changed after it was made."""
    with pytest.raises(AttributeError):
        mm.Schema.from_frame(HOUSES).names = ()


def test_printed():
    """A schema prints its columns, rows and constraints."""
    shown = str(mm.Schema.from_frame(HOUSES).where(lambda t: t["rooms"] < 5, name="small"))
    assert [True] * 5 == [
        part in shown for part in ("area: Real(50.0, 120.0", "rooms", "2 observed rows", "1 dropped", "small")
    ]


def test_repr_shows_how_to_make_it():
    """The repr of a schema by hand makes it again, but for functions, which are named; rows are counted."""
    schema = mm.Schema({"a b": mm.Real(0.0, 2.5, decimals=1)}, kind=mm.Category(["x", "y"], ordered=True))
    assert schema == eval(repr(schema), vars(mm) | {name: getattr(mm, name) for name in mm.__all__})  # noqa: S307
    read = (
        mm.Schema.from_frame(HOUSES).where(lambda t: t["rooms"] < 5, name="small").derive(half=lambda t: t["area"] / 2)
    )
    assert "Schema.from_frame(<2 rows>).derive(half=...).where(small)" == repr(read)


def test_rows_from_dicts():
    """Plain Python values make rows in the schema's dtypes."""
    schema = mm.Schema.from_frame(HOUSES)
    made = schema.frame([{"area": 60, "rooms": 3, "heating": "oil"}])
    assert schema.observed.dtypes.to_dict() == made.dtypes.to_dict()
