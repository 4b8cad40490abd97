"""What an invariance does to a row: any other combination of values, never the same, never a missing one unasked."""

import itertools

import numpy as np
import pandas as pd
import pytest

import metamorph as mm

MISSING = 9.0
"""What the model shows for a missing value."""


def changes(relation, schema, value, budget=3_000):
    """Each effective case's source and follow-up, as the model sees them, and the result."""
    seen = []

    def keep(source, follow_up):
        seen.append((source, follow_up))
        return np.zeros(len(source))

    asked = mm.Relation("changes", transform=relation.transform, expect=keep)
    result = mm.check(lambda t: np.asarray(value(t), dtype="float64"), asked, schema, budget=budget, attack=0).results[
        0
    ]
    source, follow_up = (np.concatenate(side) for side in zip(*seen, strict=True))
    return source, follow_up, result


def shares(values):
    """How often each value occurs."""
    found, counts = np.unique(values, return_counts=True)
    return dict(zip(found.tolist(), (counts / counts.sum()).tolist(), strict=True))


def near(expected):
    return pytest.approx(expected, abs=0.05)


def code(name):
    """Levels a, b, c as 0, 1, 2, missing as MISSING."""
    return lambda t: t[name].map({"a": 0.0, "b": 1.0, "c": 2.0}).astype("float64").fillna(MISSING)


LEVELS = pd.DataFrame({"g": ["a"] * 8 + ["b", "c"] * 6})


def test_any_other_value():
    """The follow-up takes any other value, each as often, however common it is."""
    source, follow_up, _ = changes(mm.invariant("g"), LEVELS, code("g"))
    assert {1.0: near(0.5), 2.0: near(0.5)} == shares(follow_up[source == 0])
    assert (source != follow_up).all()


def test_numbers_take_other_observed_values():
    """A number is replaced by another value seen in the data, smaller or larger."""
    frame = pd.DataFrame({"x": [1.5, 2.5, 7.25]})
    source, follow_up, _ = changes(mm.invariant("x"), frame, lambda t: t["x"])
    assert {1.5: near(0.5), 7.25: near(0.5)} == shares(follow_up[source == 2.5])


@pytest.mark.parametrize(
    ("column", "values"),
    [(mm.Boolean(), {0.0, 1.0}), (mm.Integer(0, 4), {0.0, 1.0, 2.0, 3.0, 4.0})],
)
def test_by_hand(column, values):
    """Without observed rows any other value of the column may come."""
    source, follow_up, _ = changes(mm.invariant("x"), mm.Schema(x=column), lambda t: t["x"])
    assert values == set(follow_up) == set(source)
    assert (source != follow_up).all()


def test_reals_by_hand():
    """Without observed rows a real number is replaced by any of its range."""
    source, follow_up, _ = changes(mm.invariant("x"), mm.Schema(x=mm.Real(0, 8)), lambda t: t["x"])
    assert [pytest.approx(2, abs=0.4), pytest.approx(6, abs=0.4)] == np.quantile(
        follow_up[source < 4], [0.25, 0.75]
    ).tolist()


PAIRS = pd.DataFrame({"g": ["a", "b", "c"] * 4, "x": [0, 0, 0, 10, 10, 10] * 2})


def both(t):
    return code("g")(t) + t["x"].astype("float64")


def test_any_other_combination():
    """Of several columns any other combination comes, also one that changes a single column."""
    source, follow_up, _ = changes(mm.invariant("g", "x"), PAIRS, both, budget=6_000)
    expected = {0.0, 1.0, 2.0, 10.0, 11.0, 12.0} - {1.0}
    assert dict.fromkeys(sorted(expected), near(0.2)) == shares(follow_up[source == 1.0])


def test_the_rest_stays():
    """Columns that the relation does not name keep their values."""
    source, follow_up, _ = changes(mm.invariant("g"), PAIRS, lambda t: t["x"])
    np.testing.assert_array_equal(source, follow_up)


HOLED = pd.DataFrame({"g": ["a", "b", None, None] * 5})


def test_a_missing_source_is_not_applicable():
    """A missing value is not changed, and none is made."""
    source, follow_up, result = changes(mm.invariant("g"), HOLED, code("g"), budget=500)
    assert MISSING not in {*source, *follow_up}
    assert result.not_applicable > result.drawn / 3


def test_missing_as_one_more_value():
    """With missing=True missing is one more value, of sources and of follow-ups."""
    source, follow_up, result = changes(mm.invariant("g", missing=True), HOLED, code("g"))
    assert {1.0: near(0.5), MISSING: near(0.5)} == shares(follow_up[source == 0])
    assert {0.0: near(0.5), 1.0: near(0.5)} == shares(follow_up[source == MISSING])
    assert 0 == result.not_applicable


@pytest.mark.parametrize(
    "values",
    [[1, 2, 3], [0.5, 1.5], [True, False], ["a", "b"], pd.Categorical(["a", "b"]), pd.to_datetime(["2020", "2021"])],
)
def test_missing_of_a_column_that_never_is(values):
    """A column that may not be missing is never made so, whatever its dtype: the schema forbids it."""
    frame = pd.DataFrame({"g": values})
    _, follow_up, _ = changes(mm.invariant("g", missing=True), frame, lambda t: t["g"].isna(), budget=200)
    assert {0.0} == set(follow_up)


@pytest.mark.parametrize("dtype", [object, "string", "category"])
def test_missing_in_every_dtype(dtype):
    """Missing values are made in whatever dtype the column has."""
    frame = HOLED.astype({"g": dtype})
    _, follow_up, _ = changes(mm.invariant("g", missing=True), frame, lambda t: code("g")(t.astype(object)), budget=500)
    assert {0.0, 1.0, MISSING} == set(follow_up)


def test_a_joint_constraint_holds():
    """Combinations that break a constraint do not come: they are not applicable."""
    frame = pd.DataFrame({"black": [0, 1, 0, 0], "hispan": [0, 0, 1, 0]})
    schema = mm.Schema.from_frame(frame).where(lambda t: t["black"] + t["hispan"] <= 1)
    source, follow_up, result = changes(
        mm.invariant("black", "hispan"), schema, lambda t: t["black"] + 10 * t["hispan"]
    )
    states = {0.0, 1.0, 10.0}
    assert set(itertools.permutations(states, 2)) == set(zip(source.tolist(), follow_up.tolist(), strict=True))
    assert result.not_applicable > 0


def test_derived_columns_follow():
    """A column derived from a changed one changes with it."""
    schema = mm.Schema.from_frame(PAIRS).derive(white=lambda t: t["g"] == "a")
    source, follow_up, _ = changes(mm.invariant("g"), schema, lambda t: t["white"])
    assert 1.0 == follow_up[source == 0].max()


def test_a_single_value_cannot_change():
    """A column of one value leaves nothing to test, and the evidence names it."""
    frame = PAIRS.assign(country="here")
    result = mm.check(lambda t: t["x"], mm.invariant("country"), frame, budget=100, attack=0).results[0]
    assert ("broken", "relation", 0, 0) == (result.verdict, result.evidence.about, result.cases, result.violations)
    assert "'country' has a single value" in result.evidence.message


@pytest.mark.parametrize(
    ("relation", "sentence"),
    [
        (mm.invariant("g"), "Changing g to any other value must not change the prediction."),
        (
            mm.invariant("g", "x", missing=True, tolerance=0.5),
            (
                "Changing g and x to any other combination of values, missing included, "
                "must not change the prediction by more than 0.5."
            ),
        ),
    ],
)
def test_sentence(relation, sentence):
    """The change and what is allowed stand in the relation's sentence."""
    assert sentence == mm.check(lambda t: t["x"] * 0.0, relation, PAIRS, budget=50, attack=0).results[0].sentence
