"""Fans: several follow-ups of one source, and the pair or the three rows that decide."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.database import InMemoryExampleDatabase

import metamorph as mm
from metamorph import catalogue, expectations, transforms
from metamorph.failures import Failures
from metamorph.transforms import Fan
from tests.asking import run

N = 60
PLACE = np.arange(N)
FRAME = pd.DataFrame(
    {
        "a": PLACE * 7 % 41 * 0.5,
        "b": PLACE * 11 % 19,
        "grade": pd.Categorical.from_codes(PLACE % 4, list("dcba"), ordered=True),
        "holes": np.where(PLACE % 3 == 0, np.nan, PLACE % 11 * 1.0),
    }
)


def along(column, expect, points=20):
    return mm.Relation("along", transform=transforms.sweep(column, points=points), expect=expect)


def check(model, relation, schema=FRAME, **more):
    return mm.check(model, relation, schema, **{"budget": 60, **more}, attack=0)


def bump(t):
    """Rises with `a`, but falls between 8 and 12 where `b` is large."""
    return t["a"] - 4.0 * np.clip(t["a"] - 8, 0, 4) * (t["b"] > 9)


@settings(max_examples=15)
@given(st.lists(st.integers(-5, 5), min_size=41, max_size=41), st.booleans())
def test_a_violating_pair_of_a_sweep_is_an_ordinary_pair(heights, falling):
    """What violates a sweep is a step of the column, which violates a direction by itself by as much."""
    heights = np.cumsum(np.array(heights, dtype=float))

    def model(t):
        return heights[(t["a"] * 2).astype(int)]

    expect = expectations.falling() if falling else expectations.rising()
    found = check(model, along("a", expect)).results[0]
    if found.verdict == "held":
        return
    shown = found.counterexample
    source, follow_up = (pd.DataFrame([row])[list(FRAME.columns)] for row in (shown.source, shown.follow_up))
    assert source["a"][0] < follow_up["a"][0]
    assert ("a",) == shown.changed
    assert (shown.source_output, shown.follow_up_output) == (model(source)[0], model(follow_up)[0])
    pair = expectations.not_higher() if falling else expectations.not_lower()
    judged = mm.judge(model, source, follow_up, expect=pair).results[0]
    assert ("violated", pytest.approx(shown.margin)) == (judged.verdict, judged.counterexample.margin)


def test_a_sweep_is_reduced_to_one_plain_row():
    """The rest of a violating row is the reference row's, where it still fails."""
    found = check(bump, along("a", expectations.rising())).results[0]
    assert ("violated", True) == (found.verdict, set(found.counterexample.differs) <= {"a", "b"})
    assert 20 == len(found.counterexample.follow_ups)
    assert found.counterexample.follow_up in found.counterexample.follow_ups
    assert "falls" == found.counterexample.change


@pytest.mark.parametrize("column", ["a", "b", "grade", "holes"])
def test_a_constant_model_keeps_every_sweep(column):
    """A flat model rises and falls along every ordered column, and has no island."""
    for expect in (expectations.rising(), expectations.falling(), expectations.no_islands()):
        found = check(lambda t: np.zeros(len(t)), along(column, expect)).results[0]
        assert ("held", 0) == (found.verdict, found.violations)


def test_levels_in_their_order():
    """A sweep along an ordered category goes by its own order."""
    model = lambda t: t["grade"].cat.codes.to_numpy(dtype=float)  # noqa: E731 - a model of one line
    assert "held" == check(model, along("grade", expectations.rising())).results[0].verdict
    found = check(model, along("grade", expectations.falling())).results[0].counterexample
    assert ("rises", 3.0) == (found.change, found.amount)


def test_three_points_are_three_rows():
    """Concavity keeps its three rows: the source and two follow-ups."""
    relation = mm.Relation("bends", transform=transforms.offsets("a", [2.0, 4.0]), expect=expectations.concave())
    assert "held" == check(lambda t: np.sqrt(t["a"]), relation).results[0].verdict
    found = check(lambda t: t["a"] ** 2, relation).results[0]
    assert ("violated", 2) == (found.verdict, len(found.counterexample.follow_ups))
    first, last = (row["a"] for row in found.counterexample.follow_ups)
    assert pytest.approx(2.0) == last - first
    assert pytest.approx(4.0) == found.counterexample.margin  # the middle of a parabola lies so far below the line
    assert 2 == len(found.counterexample.several_outputs)


@pytest.mark.parametrize("tolerance", [3.9, 4.1])
def test_a_tolerance_is_allowed_once(tolerance):
    """A tolerance is how far the middle may lie from the line, and a sum from the whole."""
    bends = mm.Relation("bends", transform=transforms.offsets("a", [2.0, 4.0]), expect=expectations.concave(tolerance))
    sums = mm.Relation(
        "sums", transform=transforms.parts("a", [0.5, 0.5]), expect=expectations.sums_to(tolerance)
    )  # fmt: skip
    expected = "violated" if tolerance < 4 else "held"
    assert expected == check(lambda t: t["a"] ** 2, bends).results[0].verdict
    assert expected == check(lambda t: t["a"] * 0 + 4.0, sums).results[0].verdict


CURVES = [lambda t: t["a"] ** 2, lambda t: np.sqrt(t["a"]), lambda t: 3 * t["a"], lambda t: np.sin(t["a"])]


@pytest.mark.parametrize("curve", CURVES)
def test_convexity_is_concavity_turned_round(curve):
    """A function is convex where its negative is concave."""
    shape = transforms.offsets("a", [2.0, 4.0])
    convex = mm.Relation("x", transform=shape, expect=expectations.convex())
    concave = mm.Relation("x", transform=shape, expect=expectations.concave())
    one, other = check(curve, convex).results[0], check(lambda t: -curve(t), concave).results[0]
    assert (one.verdict, one.violations) == (other.verdict, other.violations)


@pytest.mark.parametrize(
    ("model", "verdict"),
    [
        (lambda t: np.where(t["a"] > 7, "yes", "no"), "held"),
        (lambda t: np.where((t["a"] > 7) & (t["a"] < 12), "yes", "no"), "violated"),
        (lambda t: np.array(["low", "fair", "high"])[np.digitize(t["a"], [5, 12])], "violated"),
    ],
)
def test_islands(model, verdict):
    """A label may change once along a column; a third stretch is an island."""
    found = check(model, catalogue.no_islands("a")).results[0]
    assert verdict == found.verdict
    if verdict == "violated":
        assert (1.0, "changes") == (found.counterexample.margin, found.counterexample.change)
        assert found.counterexample.source_output != found.counterexample.follow_up_output


def test_parts_of_a_whole():
    """A total is the sum over its parts, or the report shows the whole and a part of it."""
    relation = catalogue.additive("b", shares=[0.5, 0.25, 0.25])
    assert "held" == check(lambda t: 3.0 * t["b"], relation).results[0].verdict
    found = check(lambda t: 3.0 * t["b"] + 1, relation).results[0]
    assert ("violated", 3, 0) == (
        found.verdict,
        len(found.counterexample.follow_ups),
        found.counterexample.source["b"] % 4,
    )
    assert pytest.approx(2.0) == found.counterexample.margin
    assert found.not_applicable > 0  # a whole number that is no multiple of four has no such parts


def test_a_follow_up_beyond_the_schema_is_not_applicable():
    """Where a follow-up would leave bounds or break a constraint, the case cannot be made, and is counted."""
    seen = []

    def model(t):
        seen.append(t[["a", "b"]].to_numpy())
        return t["a"] * 1.0

    schema = mm.Schema.from_frame(FRAME).where(lambda t: t["a"] <= t["b"] + 10)
    shifts = mm.Relation("shifts", transform=transforms.offsets("a", [1.0, 5.0]), expect=expectations.rising())
    found = check(model, shifts, schema).results[0]
    rows = np.concatenate(seen)
    assert ("held", True) == (found.verdict, found.not_applicable > 0)
    assert (rows[:, 0] <= rows[:, 1] + 10).all()
    assert FRAME["a"].max() >= rows[:, 0].max()
    assert found.drawn == found.cases + found.not_applicable + found.precondition


def test_nothing_that_can_be_made_is_nothing_tested():
    """A fan that can be made on no row is broken, with the count."""
    never = mm.Relation("x", transform=transforms.offsets("a", [999.0]), expect=expectations.rising())
    found = check(lambda t: t["a"], never).results[0]
    assert ("broken", "relation") == (found.verdict, found.evidence.about)
    assert "where the change cannot be made" in found.evidence.message


def test_a_precondition_of_a_fan_holds_of_its_counterexample():
    """Reducing keeps the precondition: the row that is shown satisfies it."""
    relation = catalogue.missing_in_range("holes").when(lambda t: t["b"] > 5)
    found = check(lambda t: t["holes"].fillna(-99.0).to_numpy(), relation).results[0]
    assert ("violated", None) == (found.verdict, found.counterexample.source["holes"])
    assert found.counterexample.source["b"] > 5
    assert found.precondition > 0


def test_derived_columns_follow_a_fan():
    """Derived columns are recomputed in every follow-up."""
    schema = mm.Schema.from_frame(FRAME).derive(double=lambda t: 2 * t["a"])
    off = []

    def model(t):
        off.append(np.abs(t["double"] - 2 * t["a"]).max())
        return t["double"]

    assert "held" == check(model, along("a", expectations.rising()), schema).results[0].verdict
    assert 0.0 == max(off)


OWN = {
    "another column": (lambda rows, _: ([rows.assign(b=0)], np.ones(len(rows), dtype=bool)), "'b'"),
    "raises": (lambda rows, _: rows["nowhere"], "KeyError"),
    "exits": (lambda *_: (_ for _ in ()).throw(SystemExit(2)), "SystemExit"),
    "loses a column": (lambda rows, _: ([rows[["a"]]], np.ones(len(rows), dtype=bool)), "'b'"),
    "no tables": (lambda rows, _: (3, np.ones(len(rows), dtype=bool)), "raised"),
    "loses rows": (lambda rows, _: ([rows.head(2)], np.ones(len(rows), dtype=bool)), "rows"),
}


@pytest.mark.parametrize(("spread", "said"), OWN.values(), ids=list(OWN))
def test_a_fan_of_ones_own_is_held_to_account(spread, said):
    """A user's fan that fails or changes another column breaks its relation, and the others go on."""
    own = mm.Relation("own", transform=Fan("Spreading a", ("a",), spread), expect=expectations.rising())
    report = check(lambda t: t["a"] + t["b"], [own, mm.increasing("b")])
    assert ["broken", "held"] == [one.verdict for one in report.results]
    assert ("relation", True) == (report.results[0].evidence.about, said in report.results[0].evidence.message)


def test_a_fan_of_ones_own_stays_within_the_schema():
    """A user's follow-up beyond the bounds is not applicable, and never asked about."""
    spread = lambda rows, _: ([rows.assign(a=rows["a"] + 10)], np.ones(len(rows), dtype=bool))  # noqa: E731 - one line
    seen = []
    own = mm.Relation("own", transform=Fan("Spreading a", ("a",), spread), expect=expectations.rising())
    found = check(lambda t: (seen.append(t["a"].max()), t["a"])[1], own).results[0]
    assert ("held", True, FRAME["a"].max()) == (found.verdict, found.not_applicable > 0, max(seen))


def test_a_function_of_all_follow_ups():
    """A user's margins see the source's outputs, shape (n,), and those of all follow-ups, (n, k)."""
    shapes = set()

    def spread(source, follow_ups):
        shapes.add((source.ndim, follow_ups.shape[1]))
        return follow_ups.max(axis=1) - follow_ups.min(axis=1) - 5.0

    relation = mm.Relation("own", transform=transforms.sweep("a", points=6), expect=spread)
    assert "held" == check(lambda t: t["a"] / 5, relation).results[0].verdict
    found = check(lambda t: t["a"], relation).results[0]
    assert ({(1, 6)}, "violated", 6) == (shapes, found.verdict, len(found.counterexample.follow_ups))


def test_one_output_of_many():
    """A fan compares one output a row: of several the report says how to name one."""
    both = lambda t: np.column_stack([t["a"], -t["a"]])  # noqa: E731 - a model of one line
    found = check(both, along("a", expectations.rising()).on("scores")).results[0]
    assert ("broken", True) == (found.verdict, ".on(function)" in found.evidence.message)
    first = along("a", expectations.rising()).on(lambda model, t: model(t)[:, 0])
    assert "held" == check(both, first).results[0].verdict


def test_an_infinite_output_hides_no_fall():
    """A fall after an infinite output is a fall."""
    model = lambda t: np.where(t["a"] < 5, np.inf, t["a"])  # noqa: E731 - a model of one line
    assert "violated" == check(model, along("a", expectations.rising())).results[0].verdict


def test_a_fan_is_replayed():
    """A row whose sweep failed is kept, fails again when it is replayed, and is dropped when it passes."""
    failures, relation = Failures(InMemoryExampleDatabase(), "suite", "s.py"), along("a", expectations.rising())
    first = run(bump, relation, FRAME, budget=60, failures=failures).results[0]
    again = run(bump, relation, FRAME, budget=None, failures=failures).results[0]
    assert (first.counterexample, "replay") == (again.counterexample, again.found_by)
    fixed = run(lambda t: t["a"], relation, FRAME, budget=None, failures=failures).results[0]
    assert ("held", 1) == (fixed.verdict, fixed.fixed)


def test_the_same_seed_the_same_sweep():
    """Under one seed the report of a sweep is byte for byte the same, but for times."""
    one, again = (check(bump, along("a", expectations.rising()), seed=2).to_json().splitlines() for _ in range(2))
    assert [line for line in one if '"seconds"' not in line] == [line for line in again if '"seconds"' not in line]


def test_either_of_two_along_a_sweep():
    """`|` of two expectations of a sweep: rising or falling, but never both ways."""
    either = along("a", expectations.rising()) | along("a", expectations.falling())
    for model in (lambda t: t["a"], lambda t: -t["a"]):
        assert "held" == check(model, either).results[0].verdict
    found = check(lambda t: (t["a"] - 10) ** 2, either).results[0]
    assert ("violated", 20) == (found.verdict, len(found.counterexample.follow_ups))


def test_random_models_are_broken_on_a_sweep():
    """A model that draws its answers cannot be judged along a sweep."""
    rng = np.random.default_rng(0)
    found = check(lambda t: rng.normal(size=len(t)), along("a", expectations.rising())).results[0]
    assert ("broken", True) == (found.verdict, "not deterministic" in found.evidence.message)


def test_a_wrong_number_of_points():
    """Three points are a source and two follow-ups: another number breaks the relation."""
    for expect in (expectations.concave(), expectations.same_direction()):
        relation = mm.Relation("x", transform=transforms.offsets("a", [1.0]), expect=expect)
        found = check(lambda t: t["a"], relation).results[0]
        assert ("broken", True) == (found.verdict, "two follow-ups" in found.evidence.message)
