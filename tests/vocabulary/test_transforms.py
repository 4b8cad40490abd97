"""Every transformation: what it touches, what it makes of a row, where it cannot be made, and what it refuses."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import metamorph as mm
from metamorph import expectations, transforms
from metamorph.case import Cases, Status, parameter
from metamorph.predictor import Predictor
from metamorph.runner.trial import Trial
from metamorph.transforms import Fan, Presentation

N = 60
PLACE = np.arange(N)
DAYS = pd.date_range("2020-01-01", periods=N)
FRAME = pd.DataFrame(
    {
        "real": PLACE * 7 % 31 / 2,
        "single": (PLACE * 5 % 17 / 10).astype("float32"),
        "whole": PLACE * 3 % 13,
        "nullable": pd.array(np.where(PLACE % 6 == 0, None, PLACE % 11), dtype="Int64"),
        "holes": np.where(PLACE % 5 == 0, np.nan, PLACE % 9 * 1.0),
        "flag": PLACE % 3 == 0,
        "kind": np.array(["a", "b", "c"])[PLACE % 3],
        "other": np.array(["c", "a", "b"])[PLACE % 3],
        "grade": pd.Categorical.from_codes(PLACE % 4, list("dcba"), ordered=True),
        "when": DAYS[PLACE * 11 % N],
        "zoned": DAYS[PLACE * 7 % N].tz_localize("Europe/Berlin"),
    }
)
SCHEMA = mm.Schema.from_frame(FRAME)
ROWS = SCHEMA.observed


def drawn(transform, schema=SCHEMA, rows=None):
    """Cases, their follow-ups and which of them can be made, as the runner draws them."""
    relation = mm.Relation("x", transform=transform, expect=expectations.unchanged())
    trial = Trial(relation, schema, Predictor(lambda t: np.zeros(len(t))))
    rows = schema.observed if rows is None else rows
    cases, follow_up, status = trial.draw(rows, np.random.default_rng(3), None)
    return trial, cases, follow_up, status


CHANGES = {
    "step": transforms.step(["real", "whole"]),
    "step by": transforms.step(["whole"], by=2),
    "step of a float32": transforms.step(["single"], by=0.1),
    "step to": transforms.step(["grade"], to="a"),
    "step of a moment": transforms.step(["when", "zoned"], by=pd.Timedelta(days=3)),
    "step of Int64": transforms.step(["nullable"]),
    "step of a flag": transforms.step(["flag"]),
    "step down": transforms.step_down(["real", "holes"]),
    "step down by": transforms.step_down(["grade", "nullable"], by=1),
    "step down to": transforms.step_down(["when"], to=DAYS[5]),
    "set": transforms.set_to(["real", "holes"], {"real": 3.5, "holes": 2.0}),
    "set a level": transforms.set_to(["kind"], "b"),
    "set a moment": transforms.set_to(["zoned"], DAYS[3].tz_localize("Europe/Berlin")),
    "shift up": transforms.shift(["nullable"], 3),
    "shift down": transforms.shift(["real", "single"], -0.5),
    "shift levels": transforms.shift(["grade"], -1),
    "shift moments": transforms.shift(["when", "zoned"], pd.Timedelta(days=-7)),
    "scale": transforms.scale(["real", "whole", "nullable"], by=0.5),
    "scale a float32": transforms.scale(["single"], by=0.25),
    "replace": transforms.replace(["kind", "whole"]),
    "replace with missing": transforms.replace(["holes"], missing=True),
    "noise": transforms.noise(["real", "whole", "nullable"], {"real": 0.3, "whole": 1.0, "nullable": 2.0}),
    "make missing": transforms.make_missing(["holes", "nullable"]),
    "swap": transforms.swap("kind", "other"),
    "swap with holes": transforms.swap("whole", "nullable"),
    "swap of whole numbers and others": transforms.swap("real", "whole"),
    "swap of single and double": transforms.swap("single", "holes"),
    "unseen": transforms.unseen_level("kind"),
    "convert": transforms.convert("real", 0.5, unit="kind", to="b"),
    "also": transforms.also(
        transforms.step(["whole"]), lambda t: t.assign(real=t["whole"] / 2), touches=["real"]
    ),
    "function": transforms.function(lambda t: t.assign(real=t["real"] + 1), touches=["real"]),
    "then": transforms.Then(transforms.step(["whole"]), transforms.shift(["real"], 0.5)),
}  # fmt: skip
MISSING_CHANGES = {"make missing", "replace with missing"}
every_change = pytest.mark.parametrize("name", CHANGES)


@every_change
def test_nothing_but_what_it_touches_moves(name):
    """Every column that a transformation does not touch is the source's, in value and dtype."""
    trial, cases, follow_up, _ = drawn(CHANGES[name])
    others = [column for column in FRAME.columns if column not in trial.touches]
    pd.testing.assert_frame_equal(cases.source[others], follow_up[others])
    assert set(CHANGES[name].moves) <= set(trial.touches)
    assert {parameter(column) for column in CHANGES[name].moves} == set(cases.parameters)


@every_change
def test_what_can_be_made_stays_within_the_schema(name):
    """The follow-up of an effective case is within bounds and levels, on the grid of whole numbers, and changed."""
    trial, cases, follow_up, status = drawn(CHANGES[name])
    effective = status == Status.EFFECTIVE
    assert effective.any()
    assert (~trial.unchanged(cases.source, follow_up))[effective].all()
    for column in [] if name == "unseen" else trial.touches:
        kind, values = SCHEMA.columns[column], follow_up[column][effective]
        assert kind.admits(*kind.encode(values)).all()  # the resolution of a float is the user's own business
        assert isinstance(kind, mm.Real) or kind.contains(values).all()
        assert FRAME[column].dtype == follow_up[column].dtype


@every_change
def test_no_value_is_made_missing_or_found(name):
    """A missing value stays missing and a present one present, but where the change is about missing values."""
    trial, cases, follow_up, status = drawn(CHANGES[name])
    for column in trial.touches:
        before, after = (rows[column][status == Status.EFFECTIVE].isna() for rows in (cases.source, follow_up))
        if name == "make missing":
            assert (~before & after).all()
        elif name not in {*MISSING_CHANGES, "swap with holes"}:
            assert not before.any() or name in {"step down", "step down by"}  # of several columns another one moved
            assert (before == after).all()


@every_change
def test_what_is_drawn_is_lawful(name):
    """The step law admits every effective case that it draws, as it is and in any part of the table."""
    _, cases, _, status = drawn(CHANGES[name])
    some = cases.take(status == Status.EFFECTIVE)
    assert CHANGES[name].lawful(some, SCHEMA).all()
    assert CHANGES[name].lawful(some.take(np.arange(0, len(some), 2)), SCHEMA).all()


@every_change
def test_a_sentence_begins_with_the_change(name):
    """A transformation says in words what it does, and names its columns."""
    said = CHANGES[name].phrase(SCHEMA)
    assert said[0].isupper()
    assert "  " not in said
    assert "\n" not in said


@every_change
def test_the_source_is_left_as_it_is(name):
    """Drawing and applying leave the source rows as they were."""
    before = ROWS.copy(deep=True)
    drawn(CHANGES[name])
    pd.testing.assert_frame_equal(before, ROWS)


def moved(transform, column, rows=None, schema=SCHEMA):
    """Source and follow-up values of a column in the effective cases."""
    _, cases, follow_up, status = drawn(transform, schema, rows)
    effective = status == Status.EFFECTIVE
    return cases.source[column][effective], follow_up[column][effective]


def place_of(values):
    """Values as numbers in their order."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        return values.cat.codes.to_numpy(dtype=float)
    if values.dtype.kind == "M":
        return ((values.dt.tz_localize(None) - DAYS[0]) / pd.Timedelta(days=1)).to_numpy()
    return values.to_numpy(dtype=float)


@pytest.mark.parametrize("column", ["real", "single", "whole", "nullable", "holes", "flag", "grade", "when", "zoned"])
def test_a_step_down_mirrors_a_step_up(column):
    """Down goes below the source where up goes above it, and the law of each admits the other's case turned round."""
    up_from, up_to = moved(transforms.step([column]), column)
    down_from, down_to = moved(transforms.step_down([column]), column)
    assert (place_of(up_to) > place_of(up_from)).all()
    assert (place_of(down_to) < place_of(down_from)).all()
    _, cases, follow_up, status = drawn(transforms.step([column]))
    effective = status == Status.EFFECTIVE
    turned = Cases(
        cases.source.assign(**{column: follow_up[column]})[effective].reset_index(drop=True),
        pd.DataFrame({parameter(column): cases.source[column]})[effective].reset_index(drop=True),
    )
    assert transforms.step_down([column]).lawful(turned, SCHEMA).all()
    assert not transforms.step([column]).lawful(turned, SCHEMA).any()


@pytest.mark.parametrize(
    ("column", "by", "expected"),
    [("whole", 2, 2), ("real", 0.5, 0.5), ("grade", 1, 1), ("when", pd.Timedelta(days=4), 4), ("nullable", 3, 3)],
)
def test_a_step_by_so_much_goes_as_far_down_as_up(column, by, expected):
    """`by` moves as far down as up, and never beyond the column: such a step is not applicable, never clipped."""
    for transform, sign in ((transforms.step([column], by=by), 1), (transforms.step_down([column], by=by), -1)):
        before, after = moved(transform, column)
        np.testing.assert_allclose(place_of(after) - place_of(before), sign * expected)


def test_a_step_down_where_nothing_was_observed():
    """Without observed values a step down is uniform down to the bound."""
    schema = mm.Schema(x=mm.Real(0, 10), n=mm.Integer(0, 9))
    rows = pd.DataFrame({"x": np.full(4_000, 8.0), "n": np.full(4_000, 4)})
    _, after = moved(transforms.step_down(["x"]), "x", rows, schema)
    assert (0.0, 8.0) == (pytest.approx(after.min(), abs=0.05), pytest.approx(after.max(), abs=0.05))
    assert pytest.approx(4.0, abs=0.15) == after.mean()
    _, whole = moved(transforms.step_down(["n"]), "n", rows, schema)
    assert {0, 1, 2, 3} == set(whole)


def test_a_step_to_a_value_moves_only_what_lies_above_it():
    """Down to a value goes what lies above it; up to it what lies below."""
    before, after = moved(transforms.step_down(["whole"], to=5), "whole")
    assert (5, {5}) == (before.min() - 1, set(after))
    before, after = moved(transforms.step(["whole"], to=5), "whole")
    assert (5, {5}) == (before.max() + 1, set(after))


def test_bounds_are_kept_and_never_clipped_to():
    """A shift, a scale or a noise that leaves the column is not applicable; none ends up at the bound instead."""
    schema = mm.Schema(x=mm.Real(0, 10))
    rows = pd.DataFrame({"x": [0.0, 4.0, 9.0]})
    for transform in (transforms.shift(["x"], 3), transforms.scale(["x"], by=2), transforms.noise(["x"], 1e6)):
        _, _, follow_up, status = drawn(transform, schema, rows)
        assert Status.NOT_APPLICABLE == status[2]
        assert not (follow_up["x"][status == Status.EFFECTIVE] == 10).any()


def test_whole_numbers_are_scaled_to_whole_numbers():
    """Half of an odd whole number is none: that row is not applicable."""
    before, after = moved(transforms.scale(["whole"], by=0.5), "whole")
    assert {0} == set(before % 2)
    assert (before.to_numpy() == after.to_numpy() * 2).all()


def test_noise_has_its_size():
    """Noise is normal with the stated standard deviation, within four of them, and rounded for whole numbers."""
    schema = mm.Schema(x=mm.Real(-1e6, 1e6), n=mm.Integer(-1_000, 1_000))
    rows = pd.DataFrame({"x": np.zeros(20_000), "n": np.zeros(20_000, dtype=int)})
    _, after = moved(transforms.noise(["x"], 2.0), "x", rows, schema)
    assert (pytest.approx(2.0, rel=0.03), pytest.approx(0.0, abs=0.05)) == (after.std(), after.mean())
    assert after.abs().max() <= 8
    _, whole = moved(transforms.noise(["n"], 2.0), "n", rows, schema)
    assert set(whole) <= set(range(-8, 9))


def test_an_exchange_swaps():
    """After a swap each column has the other's value; missing values go along where the column may be missing."""
    _, cases, follow_up, status = drawn(transforms.swap("kind", "other"))
    effective = status == Status.EFFECTIVE
    assert (follow_up["kind"] == cases.source["other"])[effective].all()
    assert (follow_up["other"] == cases.source["kind"])[effective].all()
    _, cases, _, status = drawn(transforms.swap("whole", "nullable"))
    assert not cases.source["nullable"][status == Status.EFFECTIVE].isna().any()  # the whole one never is
    _, cases, follow_up, status = drawn(transforms.swap("real", "whole"))
    effective = status == Status.EFFECTIVE
    assert {0.0} == set(cases.source["real"][effective] % 1)  # a half is no whole number
    assert (follow_up["real"] == cases.source["whole"])[effective].all()
    assert (follow_up["whole"] == cases.source["real"])[effective].all()


def test_a_level_never_seen():
    """An unseen level is put where a level is, in text as in categories, and never where none was."""
    frame = FRAME.assign(kind=FRAME["kind"].where(PLACE % 2 == 0), sort=pd.Categorical(FRAME["other"]))
    schema = mm.Schema.from_frame(frame)
    for column in ("kind", "sort"):
        _, cases, follow_up, status = drawn(transforms.unseen_level(column, "z"), schema)
        assert (status == Status.EFFECTIVE).tolist() == cases.source[column].notna().tolist()
        assert {"z"} == set(follow_up[column][status == Status.EFFECTIVE])


def test_another_unit():
    """A row in another unit is converted, and its unit with it; one in that unit already is not changed."""
    schema = mm.Schema(x=mm.Real(0, 100), unit=mm.Category(["in", "cm"]))
    rows = pd.DataFrame({"x": [10.0, 10.0, 50.0], "unit": ["in", "cm", "in"]})
    _, _, follow_up, status = drawn(transforms.convert("x", 2.5, unit="unit", to="cm"), schema, rows)
    assert [Status.EFFECTIVE, Status.NO_CHANGE, Status.NOT_APPLICABLE] == status.tolist()
    assert [25.0, "cm"] == follow_up.iloc[0].tolist()


def test_a_quantity_whose_unit_is_missing():
    """A row whose unit is not known is not converted, in text as in categories."""
    for dtype in ("string", "object", "category"):
        unit = pd.Series(["in", "cm", None, "in"]).astype(dtype)
        rows = pd.DataFrame({"x": [10.0, 20.0, 30.0, 2.0], "unit": unit})
        converted = transforms.convert("x", 2.5, unit="unit", to="cm")
        _, _, follow_up, status = drawn(converted, mm.Schema.from_frame(rows), rows)
        assert [Status.NO_CHANGE, Status.EFFECTIVE] == status[2:].tolist()
        assert [20.0, 30.0, 5.0] == follow_up["x"].tolist()[1:]


FANS = {
    "sweep": transforms.sweep("real"),
    "sweep of moments": transforms.sweep("zoned", points=5),
    "sweep of levels": transforms.sweep("grade"),
    "sweep of a flag": transforms.sweep("flag"),
    "sweep of a float32": transforms.sweep("single"),
    "each level": transforms.replace_each("kind"),
    "each of Int64": transforms.replace_each("nullable", most=4),
    "offsets": transforms.offsets("real", [-0.5, 0.5]),
    "offsets of moments": transforms.offsets("when", [pd.Timedelta(days=1), pd.Timedelta(days=2)]),
    "parts": transforms.parts("real", [0.5, 0.5]),
    "told twice": transforms.told_twice("whole", lambda t: t.assign(real=t["whole"] / 2), ["real"]),
}
every_fan = pytest.mark.parametrize("name", FANS)


@every_fan
def test_a_fan_moves_its_columns_only(name):
    """The follow-ups of a fan differ from their source in its columns alone, in the schema's dtypes and bounds."""
    fan = FANS[name]
    tables, applicable = fan.spread(ROWS.copy(), SCHEMA)
    assert applicable.any()
    for table in tables:
        others = [column for column in FRAME.columns if column not in fan.columns]
        pd.testing.assert_frame_equal(ROWS[others], table[others])
        for column in fan.columns:
            assert FRAME[column].dtype == table[column].dtype
            kind = SCHEMA.columns[column]
            assert kind.admits(*kind.encode(table[column]))[applicable].all()


@pytest.mark.parametrize("name", ["sweep", "sweep of moments", "sweep of levels", "sweep of a flag"])
def test_a_sweep_rises(name):
    """The follow-ups of a sweep rise from the least value to the largest."""
    column = FANS[name].columns[0]
    tables, _ = FANS[name].spread(ROWS, SCHEMA)
    along = [place_of(table[column])[0] for table in tables]
    assert sorted(set(along)) == along
    assert (place_of(FRAME[column]).min(), place_of(FRAME[column]).max()) == (along[0], along[-1])


def test_a_sweep_where_nothing_was_observed():
    """Without observed values a sweep goes over the bounds."""
    schema = mm.Schema(x=mm.Real(0, 9), n=mm.Integer(1, 3))
    rows = pd.DataFrame({"x": [1.0], "n": [2]})
    assert np.linspace(0, 9, 4).tolist() == [t["x"][0] for t in transforms.sweep("x", points=4).spread(rows, schema)[0]]
    assert [1, 2, 3] == [t["n"][0] for t in transforms.sweep("n").spread(rows, schema)[0]]


def test_a_missing_source_is_no_place_on_a_sweep():
    """A row without a value is not applicable to a sweep, to offsets and to parts."""
    for fan in (transforms.sweep("holes"), transforms.offsets("holes", [1.0]), transforms.parts("holes", [1.0])):
        _, applicable = fan.spread(ROWS, SCHEMA)
        assert not applicable[ROWS["holes"].isna()].any()


PRESENTED = {
    "again": transforms.again(),
    "one by one": transforms.one_by_one(),
    "other order": transforms.permuted_rows(),
    "half": transforms.subset_of_rows(),
    "twice": transforms.duplicated_rows(),
    "index": transforms.row_index(),
    "columns": transforms.permuted_columns(),
    "one more": transforms.added_column(),
    "array": transforms.as_array("C"),
    "Fortran": transforms.as_array("F"),
}


@pytest.mark.parametrize("name", PRESENTED)
def test_a_presentation_changes_no_cell(name):
    """However rows are handed over, every one that is asked about is the row that it is said to be."""
    calls = PRESENTED[name].present(ROWS.copy(), np.random.default_rng(1))
    for call in calls:
        expected = ROWS.take(call.owners).reset_index(drop=True)
        pd.testing.assert_frame_equal(expected, call.rows.reset_index(drop=True))
        table = call.rows if call.form is None else call.form(call.rows)
        if isinstance(table, pd.DataFrame):
            pd.testing.assert_frame_equal(expected, table[list(FRAME.columns)].reset_index(drop=True))
        else:
            assert (name == "Fortran", len(ROWS)) == (table.flags.f_contiguous, len(table))
    assert () == PRESENTED[name].touches(SCHEMA)


MADE_ANEW = [
    lambda: transforms.sweep("real", points=5),
    lambda: transforms.replace_each("kind"),
    lambda: transforms.offsets("real", [1.0]),
    lambda: transforms.parts("real", [0.5, 0.5]),
    transforms.permuted_rows,
    transforms.row_index,
    lambda: transforms.added_column("more"),
    lambda: transforms.as_array("F"),
    lambda: transforms.given([{"real": 1.0}]),
]


@pytest.mark.parametrize("make", MADE_ANEW)
def test_equal_arguments_make_equal_transformations(make):
    """A transformation is a value: made anew of the same arguments it is the same, and of others it is not."""
    assert make() == make()
    others = [other() for other in MADE_ANEW if other is not make]
    assert make() not in [
        *others,
        transforms.sweep("real"),
        transforms.as_array("C"),
        transforms.offsets("real", [2.0]),
    ]


def test_what_presentations_ask():
    """Each presentation asks about the rows that its name says, in as many calls."""
    owners = {
        name: [call.owners.tolist() for call in PRESENTED[name].present(ROWS.head(6), np.random.default_rng(1))]
        for name in PRESENTED
    }
    everyone = list(range(6))
    assert [[0], [1], [2], [3], [4], [5]] == owners["one by one"]
    order, turned = owners["other order"]
    assert (everyone, order[::-1]) == (sorted(order), turned)
    assert everyone not in (order, turned)
    half, rest = owners["half"]
    assert (3, sorted(half), everyone) == (len(half), half, sorted(half + rest))
    assert [everyone * 2] == owners["twice"]
    assert [everyone] * 3 == owners["index"]


WRONG = {
    "no columns": (lambda: transforms.step([]), "columns=[]"),
    "one name": (lambda: transforms.scale("real", by=2), "columns='real'"),
    "a column twice": (lambda: transforms.replace(["real", "real"]), "distinct"),
    "a swap with itself": (lambda: transforms.swap("real", "real"), "distinct"),
    "no number": (lambda: transforms.scale(["real"], by="2"), "by='2'"),
    "an infinite factor": (lambda: transforms.convert("real", float("inf"), unit="kind", to="b"), "by=inf"),
    "one point": (lambda: transforms.sweep("real", points=1), "points=1"),
    "points as text": (lambda: transforms.sweep("real", points="ten"), "points='ten'"),
    "no value": (lambda: transforms.replace_each("real", most=0), "most=0"),
    "no offsets": (lambda: transforms.offsets("real", []), "by=[]"),
    "one offset": (lambda: transforms.offsets("real", 5), "by=5"),
    "shares that miss": (lambda: transforms.parts("real", [0.5]), "add up to 1"),
    "no rows": (lambda: transforms.given([]), "rows=[]"),
    "a row alone": (lambda: transforms.given({"real": 1.0}), "list of rows"),
    "no function": (lambda: transforms.function(3), "change=3"),
    "two that move one column": (
        lambda: transforms.Then(transforms.step(["real"]), transforms.shift(["real"], 1)),
        "'real'",
    ),
    "a sweep and then": (
        lambda: transforms.Then(transforms.sweep("real"), transforms.step(["whole"])),
        "several follow-ups",
    ),
    "another order and then": (
        lambda: transforms.Then(transforms.permuted_rows(), transforms.step(["whole"])),
        "changes no row",
    ),
}


@pytest.mark.parametrize(("make", "said"), WRONG.values(), ids=list(WRONG))
def test_wrong_arguments(make, said):
    """An argument that cannot be is refused at once, in one to three lines that name it."""
    with pytest.raises(mm.RelationError) as refused:
        make()
    assert said in str(refused.value)
    assert len(str(refused.value).splitlines()) <= 3


IMPOSSIBLE = {
    "no such column": (transforms.step(["reel"]), "did you mean 'real'"),
    "no order": (transforms.step_down(["kind"]), "no direction"),
    "no order to go along": (transforms.sweep("kind"), "replace_each"),
    "nothing to add": (transforms.shift(["kind"], 1), "no order"),
    "no step": (transforms.shift(["real"], "far"), "by='far'"),
    "no step at all": (transforms.shift(["whole"], 0), "by=0"),
    "half a level": (transforms.step(["grade"], by=0.5), "by=0.5"),
    "days of a number": (transforms.offsets("real", [pd.Timedelta(days=1)]), "by=Timedelta"),
    "a column without its value": (transforms.set_to(["real", "whole"], {"real": 1.0}), "to= for column 'whole'"),
    "a column without its step": (transforms.shift(["real", "whole"], {"real": 1.0}), "by= for column 'whole'"),
    "a column without its noise": (transforms.noise(["real", "whole"], {"real": 1.0}), "size= for column 'whole'"),
    "beyond the column": (transforms.set_to(["real"], 1e9), "to=1000000000.0"),
    "a missing value": (transforms.set_to(["holes"], float("nan")), "to=nan"),
    "noise of a level": (transforms.noise(["kind"], 1.0), "numeric"),
    "noise of no size": (transforms.noise(["real"], 0), "size=0"),
    "levels as numbers": (transforms.scale(["kind"], by=2), "numeric"),
    "truth as a number": (transforms.scale(["flag"], by=2), "numeric"),
    "parts of a level": (transforms.parts("kind", [0.5, 0.5]), "numeric"),
    "never missing": (transforms.make_missing(["real"]), "nullable"),
    "two kinds": (transforms.swap("real", "kind"), "one kind"),
    "a level that is known": (transforms.unseen_level("kind", "a"), "'a'"),
    "no category": (transforms.unseen_level("real"), "category"),
    "an entry that is missing": (transforms.step(["real", "whole"], by={"real": 1}), "for each"),
}


@pytest.mark.parametrize(("transform", "said"), IMPOSSIBLE.values(), ids=list(IMPOSSIBLE))
def test_what_the_schema_cannot_do(transform, said):
    """What cannot be made on rows of the schema is an error before the model is asked, and names the column."""
    several = isinstance(transform, Fan)
    expect = expectations.rising() if several else expectations.unchanged()
    asked = []
    with pytest.raises(mm.RelationError) as refused:
        mm.check(asked.append, mm.Relation("x", transform=transform, expect=expect), SCHEMA, attack=0)
    assert said in str(refused.value)
    assert len(str(refused.value).splitlines()) <= 3
    assert [] == asked


def test_a_level_that_the_dtype_cannot_hold():
    """Where a category's dtype has no room for text, an unseen level has to be a number."""
    schema = mm.Schema(code=mm.Category([0, 1, 2]), x=mm.Real(0, 1))
    with pytest.raises(mm.RelationError, match="level="):
        mm.check(lambda t: t["x"], mm.catalogue.unknown_level("code", same_as=1), schema, attack=0)
    relation = mm.catalogue.unknown_level("code", same_as=1, level=7)
    assert "held" == mm.check(lambda t: t["x"], relation, schema, budget=50, attack=0).results[0].verdict


def test_transformations_of_derived_columns():
    """No transformation touches a derived column: the error names its parents."""
    schema = SCHEMA.derive(double=lambda t: 2 * t["real"])
    for transform in (transforms.step(["double"]), transforms.scale(["double"], by=2), transforms.sweep("double")):
        with pytest.raises(mm.RelationError, match="'real'"):
            transform.check(schema)


@settings(max_examples=60)
@given(st.data())
def test_what_hypothesis_draws_is_lawful(data):
    """Whatever row Hypothesis draws, what a transformation draws from it is a case of its law, or stays as it is."""
    name = data.draw(st.sampled_from([name for name in CHANGES if hasattr(CHANGES[name], "strategy")]))
    place = data.draw(st.integers(0, N - 1))
    row = SCHEMA.row(ROWS, place)
    transform = CHANGES[name]
    to = data.draw(transform.strategy(row, SCHEMA))
    if name == "noise" and None in to.values():
        return  # the change cannot be made where a value is missing
    if name in {"then", "also"} or to == {column: row[column] for column in to}:
        assert set(to) <= set(transform.moves)
        return
    parameters = pd.DataFrame({parameter(column): SCHEMA.columns[column].series([to[column]]) for column in to})
    assert transform.lawful(Cases(SCHEMA.frame([row]), parameters), SCHEMA).all()


def test_every_transformation_is_tested():
    """Every maker of transformations that users call is made here."""
    makers = {
        name
        for name in transforms.__all__
        if name[0].islower() and name not in {"function", "of_column", "all_rows", "given", "other_model", "reloaded"}
    }
    made = {"step", "step_down", "set_to", "shift", "scale", "replace", "noise", "make_missing", "swap", "convert"}
    made |= {"unseen_level", "also", "sweep", "replace_each", "offsets", "parts", "told_twice", "again", "one_by_one"}
    made |= {"permuted_rows", "subset_of_rows", "duplicated_rows", "row_index", "permuted_columns", "added_column"}
    assert makers == made | {"as_array"}
    assert all(isinstance(one, Presentation) for one in PRESENTED.values())
