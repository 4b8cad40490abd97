"""What a direction does to a row: which columns move, how far, and when no step can be made."""

import itertools

import numpy as np
import pandas as pd
import pytest

import metamorph as mm

DAYS = pd.date_range("2020-01-01", periods=10)


def steps(relation, schema, value=lambda t: t["x"], budget=3_000):
    """Values of every effective case's source and follow-up, as the model sees them, and the result."""
    seen = []

    def keep(source, follow_up):
        seen.append((source, follow_up))
        return np.zeros(len(source))

    asked = mm.Relation("steps", transform=relation.transform, expect=keep)
    result = mm.check(lambda t: value(t).to_numpy(dtype="float64"), asked, schema, budget=budget, attack=0).results[0]
    source, follow_up = (np.concatenate(side) for side in zip(*seen, strict=True))
    return source, follow_up, result


def shares(values):
    """How often each value occurs."""
    found, counts = np.unique(values, return_counts=True)
    return dict(zip(found.tolist(), (counts / counts.sum()).tolist(), strict=True))


def test_uniform_over_distinct_observed_values():
    """The follow-up's value is uniform over the distinct observed values beyond the source's, however common."""
    frame = pd.DataFrame({"x": [0, *[1] * 20, 5, 10]})
    source, follow_up, _ = steps(mm.increasing("x"), frame, budget=6_000)
    assert {
        1: pytest.approx(1 / 3, abs=0.06),
        5: pytest.approx(1 / 3, abs=0.06),
        10: pytest.approx(1 / 3, abs=0.06),
    } == shares(follow_up[source == 0])


@pytest.mark.parametrize("make", [mm.increasing, mm.decreasing])
def test_columns_move_up(make):
    """Both directions move the column up; they differ in what they expect of the output."""
    source, follow_up, _ = steps(make("x"), pd.DataFrame({"x": np.arange(20) * 0.5}))
    assert (follow_up > source).all()


def test_observed_values_only():
    """The default step goes to values seen in the data."""
    frame = pd.DataFrame({"x": np.arange(30) * 0.7})
    _, follow_up, _ = steps(mm.increasing("x"), frame)
    assert set(follow_up) <= set(frame["x"])


def test_the_largest_value_cannot_rise():
    """A source at the largest value has no step: it is not applicable."""
    frame = pd.DataFrame({"x": [1, 2, 3, 3]})
    source, _, result = steps(mm.increasing("x"), frame, budget=1_000)
    assert {1.0, 2.0} == set(source)
    assert result.not_applicable == result.drawn - result.cases > 0


def test_uniform_to_the_bound_by_hand():
    """Where nothing was observed, the follow-up is uniform between the source's value and the bound."""
    source, follow_up, _ = steps(mm.increasing("x"), mm.Schema(x=mm.Real(0, 8)))
    share = (follow_up - source) / (8 - source)
    assert [pytest.approx(0.25, abs=0.03), pytest.approx(0.5, abs=0.03)] == np.quantile(share, [0.25, 0.5]).tolist()


def test_whole_steps_to_the_bound_by_hand():
    """Whole numbers rise by whole steps, the bound included."""
    source, follow_up, _ = steps(mm.increasing("x"), mm.Schema(x=mm.Integer(0, 3)))
    assert {
        1.0: pytest.approx(1 / 3, abs=0.06),
        2.0: pytest.approx(1 / 3, abs=0.06),
        3.0: pytest.approx(1 / 3, abs=0.06),
    } == shares(follow_up[source == 0])


@pytest.mark.parametrize(
    ("schema", "by", "expected"),
    [
        (pd.DataFrame({"x": np.arange(10)}), 3, 3.0),
        (pd.DataFrame({"x": np.arange(10) * 0.5}), 0.75, 0.75),
        (mm.Schema(x=mm.Real(0, 9)), 1e-3, 1e-3),
        (pd.DataFrame({"x": pd.array([None, *range(9)], "Int64")}), 2, 2.0),
    ],
)
def test_by_is_exact(schema, by, expected):
    """A step of `by` moves every source by exactly that much."""
    source, follow_up, _ = steps(mm.increasing("x", by=by), schema, lambda t: t["x"].fillna(-1))
    np.testing.assert_allclose(follow_up - source, expected)


def test_by_has_no_dust():
    """A step of decimals lands on decimals: 0.1 + 0.2 is 0.3."""
    frame = pd.DataFrame({"x": [0.1, 0.2, 0.3, 0.4, 0.5]})
    source, follow_up, _ = steps(mm.increasing("x", by=0.2), frame)
    assert {0.3} == set(follow_up[source == 0.1])


def test_by_is_never_clipped():
    """A step beyond the bound cannot be made: it is not applicable, not shortened."""
    source, _, result = steps(mm.increasing("x", by=4), pd.DataFrame({"x": np.arange(10)}), budget=500)
    assert source.max() == 5
    assert result.not_applicable > 0


@pytest.mark.parametrize("to", [7, 9])
def test_to_is_the_value_whatever_lies_below(to):
    """A step `to` a value moves all smaller sources there, and no others."""
    source, follow_up, result = steps(mm.increasing("x", to=to), pd.DataFrame({"x": np.arange(10)}), budget=500)
    assert ({float(to)}, set(range(to))) == (set(follow_up), set(source.astype(int)))
    assert result.not_applicable > 0


def test_missing_sources():
    """A missing source value is not applicable, and no step makes one."""
    frame = pd.DataFrame({"x": [np.nan, 1.5, 2.5, np.nan, 3.5]})
    source, follow_up, result = steps(mm.increasing("x"), frame, lambda t: t["x"].fillna(-1), budget=500)
    assert (1.5, 2.5) == (source.min(), follow_up.min())
    assert result.not_applicable > result.drawn / 3


def test_a_boolean_becomes_true():
    """A boolean moves from False to True; True has nowhere to go."""
    source, follow_up, result = steps(mm.increasing("x"), pd.DataFrame({"x": [True, False] * 5}), budget=200)
    assert ({0.0}, {1.0}) == (set(source), set(follow_up))
    assert result.not_applicable > 0


def test_a_missing_boolean_stays():
    """A missing boolean does not move."""
    frame = pd.DataFrame({"x": pd.array([True, False, None] * 5, "boolean")})
    source, follow_up, _ = steps(mm.increasing("x"), frame, lambda t: t["x"].astype("Float64").fillna(-1), budget=200)
    assert ({0.0}, {1.0}) == (set(source), set(follow_up))


GRADES = pd.DataFrame({"x": pd.Categorical(list("abcd") * 5, categories=list("dcba"), ordered=True)})


def place(t):
    return pd.Series(t["x"].cat.codes, dtype="float64")


def test_an_ordered_category_moves_to_a_later_level():
    """An ordered category moves to any later level, by its own order and not the alphabet's."""
    source, follow_up, _ = steps(mm.increasing("x"), GRADES, place)
    expected = {(low, high) for low, high in itertools.combinations(range(4), 2)}
    assert expected == set(zip(source.astype(int).tolist(), follow_up.astype(int).tolist(), strict=True))


def test_by_counts_levels():
    """For an ordered category `by` counts levels."""
    source, follow_up, _ = steps(mm.increasing("x", by=2), GRADES, place)
    assert {(0.0, 2.0), (1.0, 3.0)} == set(zip(source.tolist(), follow_up.tolist(), strict=True))


def test_to_a_level():
    """For an ordered category `to` is a level."""
    source, follow_up, _ = steps(mm.increasing("x", to="b"), GRADES, place)
    assert {(0.0, 2.0), (1.0, 2.0)} == set(zip(source.tolist(), follow_up.tolist(), strict=True))


def days(t):
    return (t["x"].dt.tz_localize(None) - DAYS[0]) / pd.Timedelta("1D")


@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
@pytest.mark.parametrize("by", [pd.Timedelta(days=2), np.timedelta64(48, "h"), pd.Timedelta(days=2).to_pytimedelta()])
def test_a_moment_moves_by_a_timedelta(zone, by):
    """A moment moves by a Timedelta, with or without a time zone."""
    source, follow_up, _ = steps(
        mm.increasing("x", by=by), pd.DataFrame({"x": DAYS.tz_localize(zone)}), days, budget=300
    )
    assert {2.0} == set(follow_up - source)


def test_a_moment_moves_to_a_later_observed_one():
    """By default a moment moves to any later one in the data."""
    source, follow_up, _ = steps(mm.increasing("x"), pd.DataFrame({"x": DAYS}), days)
    assert set(range(1, 10)) == set((follow_up - source).astype(int))


def both(t):
    return t["x"] * 100 + t["y"]


def moved(source, follow_up):
    """Which of x and y moved in each case: 1 x alone, 2 y alone, 3 both."""
    return (source // 100 != follow_up // 100) * 1 + (source % 100 != follow_up % 100) * 2


def test_several_columns_move_in_every_combination():
    """Of several columns a random non-empty subset moves, each up, every subset as often."""
    schema = mm.Schema(x=mm.Integer(0, 90), y=mm.Integer(0, 90))
    source, follow_up, _ = steps(mm.increasing("x", "y"), schema, both, budget=6_000)
    assert {
        1: pytest.approx(1 / 3, abs=0.04),
        2: pytest.approx(1 / 3, abs=0.04),
        3: pytest.approx(1 / 3, abs=0.04),
    } == shares(moved(source, follow_up))
    assert ((follow_up // 100 >= source // 100) & (follow_up % 100 >= source % 100)).all()


def test_only_columns_that_can_move_do():
    """A column at its bound stays while the other one moves."""
    frame = pd.DataFrame({"x": [9] * 10, "y": np.arange(10)})
    source, follow_up, _ = steps(mm.increasing("x", "y"), frame, both)
    assert {2} == set(moved(source, follow_up))


def test_a_step_of_each_column():
    """`by` as a mapping gives each column its own step."""
    schema = mm.Schema(x=mm.Integer(0, 90), y=mm.Integer(0, 90))
    source, follow_up, _ = steps(mm.increasing("x", "y", by={"x": 3, "y": 7}), schema, both)
    assert {300.0, 7.0, 307.0} == set(follow_up - source)


def test_constraints_hold_for_the_follow_up():
    """A step to a row that breaks a constraint cannot be made: it is not applicable."""
    schema = mm.Schema(x=mm.Integer(0, 9), y=mm.Integer(0, 9)).where(lambda t: t["x"] <= t["y"])
    _, follow_up, result = steps(mm.increasing("x"), schema, both, budget=500)
    assert (follow_up // 100 <= follow_up % 100).all()
    assert result.not_applicable > 0


def test_derived_columns_follow():
    """Derived columns are recomputed on source and follow-up."""
    schema = mm.Schema.from_frame(pd.DataFrame({"x": np.arange(10)})).derive(double=lambda t: 2 * t["x"])
    source, follow_up, _ = steps(mm.increasing("x", by=1), schema, lambda t: t["double"], budget=200)
    assert {2.0} == set(follow_up - source)


@pytest.mark.parametrize(
    ("relation", "law"),
    [
        (mm.increasing("x"), "Raising x to another value seen in the data must not lower the prediction."),
        (mm.decreasing("x", by=2), "Raising x by 2 must not raise the prediction."),
        (mm.increasing("x", to=5), "Raising x to 5 must not lower the prediction."),
        (mm.increasing("x", strict=True), "Raising x to another value seen in the data must raise the prediction."),
        (
            mm.increasing("x", "y", tolerance=3),
            "Raising any of x, y to another value seen in the data must not lower the prediction by more than 3.",
        ),
    ],
)
def test_the_law_is_part_of_the_sentence(relation, law):
    """The step law stands in the relation's sentence."""
    frame = pd.DataFrame({"x": np.arange(10), "y": np.arange(10)})
    assert law == mm.check(lambda t: t["x"] + t["y"], relation, frame, budget=50, attack=0).results[0].sentence
