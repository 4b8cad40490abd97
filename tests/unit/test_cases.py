"""A case is plain data: it prints as the call that makes it again, and checks a model on its own."""

import ast
import datetime

import attrs
import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import find as hypothesis_find
from hypothesis import strategies as st

import metamorph as mm
from metamorph import strategies as mst

UTC = pd.DatetimeTZDtype("ns", "UTC")
N = 120
PLACE = np.arange(N)
HOUSES = pd.DataFrame(
    {
        "area": 30.0 + PLACE * 7 % 200,
        "rooms": PLACE * 5 % 8 + 1,
        "heating": np.array(["gas", "oil", "coal"])[PLACE * 7 % 3],
        "garage": pd.array(np.where(PLACE % 9 == 0, None, PLACE % 3), dtype="Int64"),
        "sold": pd.Timestamp("1990-03-01") + pd.to_timedelta(PLACE * 29 % 900, unit="D"),
    }
)
TYPICAL = {"area": 100.0, "rooms": 3, "heating": "gas", "garage": 1, "sold": pd.Timestamp("1990-05-01")}
SCHEMA = mm.Schema.from_frame(HOUSES).with_noun("house").with_reference(TYPICAL)
UP = mm.increasing("area")
STEP = {"area": 100.0, "to[area]": 120.0}

EVERY_KIND = mm.Schema(
    real=mm.Real(-1, 1),
    single=mm.Real(0, 1, dtype="float32", nullable=True),
    money=mm.Real(0, 100, decimals=2),
    whole=mm.Integer(-(2**62), 2**62),
    maybe=mm.Integer(0, 9, nullable=True),
    yes=mm.Boolean(),
    perhaps=mm.Boolean(nullable=True),
    text=mm.Category(["", "it's", 'say "yes"', "a\nb", "\x1b[31m", "面積", "\\", "a\u202eb", "\ud800"]),
    graded=mm.Category(["poor", "fair"], ordered=True, nullable=True),
    number=mm.Category([0.1, 2.5, float("inf")]),
    day=mm.Category([datetime.date(2020, 1, 1), datetime.date(2021, 1, 1)]),
    moment=mm.Category([pd.Timestamp("2020-01-01"), pd.Timestamp("2021-01-01T12:00")], ordered=True),
    span=mm.Category(list(pd.interval_range(0, 3))),
    stamp=mm.Timestamp("2020-01-01", "2021-01-01", nullable=True),
    fine=mm.Timestamp("2020-01-01", "2020-01-02", quantum=1),
    zoned=mm.Timestamp(pd.Timestamp("2020-01-01", tz="Europe/Berlin"), pd.Timestamp("2021-01-01", tz="Europe/Berlin")),
    own=mm.Strategy(st.text(max_size=3)),
)


def find(strategy, condition=lambda _: True):
    """The first case drawn that satisfies a condition, as it was drawn."""
    return hypothesis_find(strategy, condition, settings=settings(phases=[Phase.generate]))


def again(case):
    """The case that its repr makes."""
    return eval(repr(case), {"mst": mst, "relation": case.relation, "schema": case.schema})  # noqa: S307 - our own repr


def pinned(message, relation, schema):
    """The case that a failing test says to pin."""
    line = message[message.index("@example(") + len("@example") :]
    return eval(line, {"mst": mst, "relation": relation, "schema": schema})  # noqa: S307 - our own line


def failing(case, model):
    """What a failing check says."""
    with pytest.raises(AssertionError) as error:
        case.check(model)
    return str(error.value)


def area(t):
    return t["area"].to_numpy()


def minus_area(t):
    return -t["area"].to_numpy()


@settings(max_examples=60)
@given(mst.cases(mm.invariant(*EVERY_KIND.names), EVERY_KIND))
def test_a_case_is_what_its_repr_makes(case):
    """``eval(repr(case)) == case``, whatever the kinds of its columns."""
    made = again(case)
    assert (case, repr(case)) == (made, repr(made))
    assert case.source == made.source


def test_its_values_are_literals():
    """A case holds nothing but what Python writes down: text, numbers, None, and dicts of them."""
    case = find(mst.cases(mm.invariant("moment"), EVERY_KIND))
    assert case.values == ast.literal_eval(repr(case.values))  # noqa: PD011 - no pandas object


def test_a_case_prints_as_itself_in_hypothesis():
    """Hypothesis's own printer shows the call, not the fields of a class."""
    from hypothesis.vendor.pretty import pretty  # noqa: PLC0415 - of Hypothesis's parts, this one only here

    case = mst.case(UP, SCHEMA, STEP)
    assert repr(case) == pretty(case)


CASE = mst.case(UP, SCHEMA, STEP)


@pytest.mark.parametrize(
    ("equal", "other"),
    [
        (True, mst.case(UP, SCHEMA, dict(reversed(STEP.items())))),
        (True, mst.case(mm.increasing("area"), SCHEMA, STEP)),
        (True, mst.case(UP, SCHEMA, {"area": np.float64(100), "to[area]": 120})),
        (False, mst.case(UP, SCHEMA, {**STEP, "rooms": 4})),
        (False, mst.case(UP, SCHEMA, {**STEP, "to[area]": 121.0})),
        (False, mst.case(mm.increasing("area", tolerance=1), SCHEMA, STEP)),
        (False, mst.case(UP, SCHEMA.with_noun("home"), STEP)),
        (False, STEP),
    ],
)
def test_cases_are_equal_where_relation_schema_and_values_are(equal, other):
    """The order of values and the type of a number do not count."""
    assert equal == (other == CASE)


def test_columns_left_out_are_at_the_reference_row():
    """A case by hand needs no more than what matters."""
    assert TYPICAL == CASE.source
    assert {**TYPICAL, "rooms": 7} == mst.case(UP, SCHEMA, {**STEP, "rooms": 7}).source


def test_a_moment_may_be_given_as_one():
    """A moment and its ISO text make equal cases; the text is what is printed."""
    later = mm.increasing("sold")
    moments = {"sold": pd.Timestamp("1990-06-01"), "to[sold]": datetime.datetime(1990, 7, 1)}  # noqa: DTZ001 - naive
    texts = {"sold": "1990-06-01T00:00:00", "to[sold]": "1990-07-01T00:00:00"}
    case = mst.case(later, SCHEMA, moments)
    assert mst.case(later, SCHEMA, texts) == case
    assert texts.items() <= case.values.items()  # noqa: PD011 - no pandas object


def test_a_source_has_its_derived_columns():
    """They are computed, never given."""
    schema = SCHEMA.derive(density=lambda t: t["rooms"] / t["area"])
    assert 3 / 100 == mst.case(UP, schema, STEP).source["density"]


WRONG = {
    "a column misspelt": ({**STEP, "heatng": "oil"}, "'heatng' of a case (did you mean 'heating'?)."),
    "a derived column": ({**STEP, "density": 1.0}, "'density'"),
    "no parameter": ({"area": 100.0}, "to[area]"),
    "a level unknown": ({**STEP, "heating": "wood"}, "value='wood'"),
    "a value beyond the bounds": ({**STEP, "area": 1e6}, "value=1000000.0"),
    "a target beyond the bounds": ({**STEP, "to[area]": 1e6}, "'to[area]'"),
    "a value missing": ({**STEP, "rooms": None}, "'rooms'"),
    "text for a number": ({**STEP, "rooms": "three"}, "value='three'"),
    "a fraction for a whole number": ({**STEP, "rooms": 3.5}, "value=3.5"),
    "no moment": ({**STEP, "sold": "yesterday, about noon"}, "'sold'"),
    "a moment with a zone": ({**STEP, "sold": "1990-06-01T00:00:00+00:00"}, "'sold'"),
    "a dict of nothing known": ({**STEP, "area": {"a": 1}}, "'area'"),
    "a list": ({**STEP, "area": [1, 2]}, "'area'"),
    "no dict": (["area"], "a dict of columns and values"),
}


@pytest.mark.parametrize(("values", "said"), WRONG.values(), ids=list(WRONG))
def test_values_that_no_case_has(values, said):
    """They are refused where the case is made, in at most three lines that name the column."""
    with pytest.raises(mm.SchemaError) as error:
        mst.case(UP, SCHEMA.derive(density=lambda t: t["rooms"] / t["area"]), values)
    assert said in str(error.value)
    assert str(error.value).count("\n") < 3


def test_a_zoned_moment_needs_its_zone():
    """A moment without a zone is none of a column that has one."""
    values = {"zoned": "2020-05-01T00:00:00", "to[zoned]": "2020-06-01T00:00:00+02:00"}
    with pytest.raises(mm.SchemaError, match="zoned"):
        mst.case(mm.increasing("zoned"), EVERY_KIND, values)


@attrs.frozen
class Undrawn:
    """A user's own transformation that moves a column and does not say how Hypothesis draws it."""

    plan: str = "together"
    moves: tuple = ("area",)

    def touches(self, _):
        return self.moves

    def check(self, _):
        return None

    def draw(self, source, schema, rng, places=None):  # noqa: ARG002 - the protocol's arguments
        return pd.DataFrame({"to[area]": source["area"] + 1}), np.ones(len(source), dtype=bool)

    def apply(self, cases, _):
        return cases.source.assign(area=cases.parameters["to[area]"])

    def lawful(self, cases, _):
        return np.ones(len(cases), dtype=bool)

    def phrase(self, _):
        return "Adding to area"


OWN = mm.Relation("own", transform=Undrawn(), expect=mm.expectations.not_lower())
NO_RELATIONS = {
    "no relation": ("increasing", SCHEMA, "a relation such as"),
    "no schema": (UP, HOUSES, "Expected a Schema but got schema='DataFrame'"),
    "a rate": (UP.allow(0.1), SCHEMA, "one case settles nothing"),
    "no such column": (mm.increasing("size"), SCHEMA, "'size'"),
    "no direction": (mm.increasing("heating"), SCHEMA, "mm.invariant"),
    "a clash of names": (UP, mm.Schema({"area": mm.Real(0, 1), "to[area]": mm.Real(0, 1)}), "rename it"),
}


@pytest.mark.parametrize(("relation", "schema", "said"), NO_RELATIONS.values(), ids=list(NO_RELATIONS))
def test_what_has_no_cases(relation, schema, said):
    """It is refused when a case is made by hand, and when one is drawn, not before."""
    strategy = mst.cases(relation, schema)
    for make in (lambda: mst.case(relation, schema, STEP), lambda: find(strategy)):
        with pytest.raises(mm.errors.MetamorphError) as error:
            make()
        assert said in str(error.value)
        assert str(error.value).count("\n") < 3


def test_a_transformation_that_cannot_be_drawn():
    """A user's own transformation with parameters makes cases by hand; to be drawn, it must say how."""
    mst.case(OWN, SCHEMA, STEP).check(area)
    with pytest.raises(mm.RelationError, match=r"Undrawn a method strategy\(row, schema\)"):
        find(mst.cases(OWN, SCHEMA))


def test_a_model_that_keeps_the_relation_passes():
    """A check that passes says nothing."""
    assert mst.case(UP, SCHEMA, STEP).check(area) is None


def test_a_model_that_breaks_it_fails_with_the_report():
    """The message is the report and how to pin the case; no frame is printed."""
    said = failing(mst.case(UP, SCHEMA, {**STEP, "rooms": 7}), minus_area)
    assert said.startswith("\nVIOLATED by this case")
    assert "falls by 20 (allowed 0)" in said
    assert "<- differs from the reference house (3)" in said
    assert "dtype" not in said
    assert "DataFrame" not in said


@pytest.mark.parametrize("floor", [1e-3, 0.5])
def test_the_floor_is_the_callers(floor):
    """A fall within the rounding that the caller allows is none."""
    case = mst.case(UP, SCHEMA, {"area": 100.0, "to[area]": 100.05})
    failing(case, minus_area)
    case.check(minus_area, floor=floor)


NOTHING = {
    "no change": (UP, {"area": 100.0, "to[area]": 100.0}, "it changes nothing"),
    "a step down": (UP, {"area": 100.0, "to[area]": 90.0}, "the change cannot be made"),
    "another step than by=": (mm.increasing("area", by=10), STEP, "the change cannot be made"),
    "another value than to=": (mm.increasing("area", to=130.0), STEP, "the change cannot be made"),
    "nothing to move": (mm.increasing("garage"), {"garage": None, "to[garage]": None}, "the change cannot be made"),
    "the last level": (mm.increasing("rooms", by=1), {"rooms": 8, "to[rooms]": 8}, "the change cannot be made"),
    "the precondition": (UP.when(lambda t: t["rooms"] > 5), STEP, "it is outside the precondition"),
    "a constraint": (UP, {**STEP, "rooms": 8}, "the change cannot be made"),
    "a function that changes nothing": (
        mm.Relation("none", transform=lambda t: t, expect=mm.expectations.unchanged()),
        {"area": 100.0},
        "it changes nothing",
    ),
    "a function that leaves the bounds": (
        mm.Relation("far", transform=lambda t: t.assign(area=1e9), expect=mm.expectations.unchanged()),
        {"area": 100.0},
        "the change cannot be made",
    ),
}


@pytest.mark.parametrize(("relation", "values", "status"), NOTHING.values(), ids=list(NOTHING))
def test_a_case_that_cannot_be_judged_fails(relation, values, status):
    """Nothing was tested, which is never a pass; the message says why, with the case."""
    schema = SCHEMA.where(lambda t: t["rooms"] * 10 < t["area"] - 25) if "rooms" in values else SCHEMA
    case = mst.case(relation, schema if relation is UP else SCHEMA, values)
    said = failing(case, minus_area)
    assert said.startswith(f"\nNothing was tested by this case: {status}.\n\n  mst.case(relation, schema, {{")
    assert max(map(len, said.splitlines())) <= 80


@pytest.mark.parametrize(
    "relation",
    [
        mm.decreasing("area", "rooms"),
        mm.invariant("heating", "sold", "area"),
        mm.Relation("swap", transform=lambda t: t.assign(area=t["area"] + 1), expect=mm.expectations.not_higher()),
    ],
    ids=lambda relation: relation.id,
)
def test_the_pinned_case_fails_again(relation):
    """What a failing test says to pin makes an equal case, which fails with the same words."""

    def model(t):
        return t["area"] * 3 + t["rooms"] * 11 + t["sold"].dt.day + 7 * (t["heating"] == "oil")

    case = find(mst.cases(relation, SCHEMA), lambda case: not passes(case, model))
    said = failing(case, model)
    assert case == pinned(said, relation, SCHEMA)
    assert said == failing(pinned(said, relation, SCHEMA), model)
    assert max(map(len, said.splitlines())) <= 80


def passes(case, model):
    """Whether a model keeps a case."""
    try:
        case.check(model)
    except AssertionError:
        return False
    return True


def test_a_long_pin_leaves_out_what_is_as_in_the_reference_row():
    """Of many columns, the pin names those that differ from the reference row; it makes the same case."""
    schema = mm.Schema({f"column {place}": mm.Real(0, 1) for place in range(500)})
    relation = mm.decreasing("column 7")
    case = mst.case(relation, schema, {"column 7": 0.25, "to[column 7]": 0.75, "column 9": 1.0})
    said = failing(case, lambda t: t["column 7"])
    assert "{'column 7': 0.25,\n    'column 9': 1.0, 'to[column 7]': 0.75}))" in said
    assert case == pinned(said, relation, schema)
    assert len(said) < 2_000


def test_a_pin_that_nobody_would_paste_is_not_printed():
    """A text of a million characters is not repeated; the case still has it."""
    schema = mm.Schema(x=mm.Real(0, 1), text=mm.Category(["short", "long" * 250_000]))
    case = mst.case(mm.decreasing("x"), schema, {"x": 0.25, "to[x]": 0.5, "text": "long" * 250_000})
    said = failing(case, lambda t: t["x"])
    assert said.endswith("It is too long to write down here; it can be made of its values, case.values.")
    assert len(said) < 3_000
