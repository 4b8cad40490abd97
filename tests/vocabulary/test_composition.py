"""Laws of composed relations: bundles, either of two, one after another."""

import attrs
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import metamorph as mm
from metamorph import expectations, transforms
from metamorph.expectations import Rounding
from metamorph.predictor import Predictor
from metamorph.runner.trial import Trial

N = 50
PLACE = np.arange(N)
FRAME = pd.DataFrame(
    {
        "a": PLACE * 7 % 23 * 1.0,
        "b": PLACE * 11 % 19,
        "c": PLACE * 13 % 17 / 2,
        "kind": np.array(["x", "y", "z"])[PLACE % 3],
    }
)
SCHEMA = mm.Schema.from_frame(FRAME)
BUDGET = 60
few = settings(max_examples=12)
relations = st.builds(
    lambda make, column, tolerance: make(column, tolerance=tolerance),
    st.sampled_from([mm.increasing, mm.decreasing, mm.invariant]),
    st.sampled_from(["a", "b", "c"]),
    st.sampled_from([0.0, 1.0, mm.relative(0.1)]),
)
distinct = st.lists(relations, min_size=3, max_size=3, unique_by=lambda relation: relation.id)


@st.composite
def models(draw):
    """A model with slopes and one kink, which breaks some directions and keeps others."""
    slopes = draw(st.lists(st.integers(-3, 3), min_size=3, max_size=3))
    bend, place = draw(st.integers(-20, 20)), draw(st.integers(0, 20))
    return lambda t: sum(s * t[name] for s, name in zip(slopes, "abc", strict=True)) + bend * (t["a"] > place)


def check(model, relation, budget=BUDGET):
    return mm.check(model, relation, SCHEMA, budget=budget, attack=0).results[0]


def numbers(result):
    """What a result says, whatever its name and its cost."""
    names = ("verdict", "cases", "violations", "rate", "interval", "drawn", "no_change", "not_applicable")
    return *(getattr(result, name) for name in names), result.counterexample


@given(distinct)
def test_bundles_are_flat(three):
    """`&` is associative: a bundle of bundles is the bundle of their parts."""
    one, two, last = three
    assert mm.Bundle((one, two, last), f"{one.id} & {two.id} & {last.id}") == (one & two) & last == one & (two & last)


@few
@given(distinct, models(), st.integers(0, 5))
def test_a_part_is_judged_as_it_is_alone(three, model, seed):
    """Each part of a bundle is the relation under the bundle's id: the same sources, the same verdict and numbers."""
    one, two, last = three
    bundle = one & two & last
    whole = mm.check(model, bundle, SCHEMA, budget=BUDGET, seed=seed, attack=0).results[0]
    for part, relation in zip(whole.parts, bundle.parts, strict=True):
        alone = mm.check(model, relation.named(bundle.id), SCHEMA, budget=BUDGET, seed=seed, attack=0).results[0]
        assert (relation.id, numbers(alone)) == (part.relation, numbers(part))


@given(distinct, models())
@few
def test_a_bundle_is_violated_when_a_part_is(three, model):
    """A bundle has the verdict of its severest part, and asks what its parts ask."""
    one, two, _ = three
    whole = check(model, one & two)
    verdicts = {part.verdict for part in whole.parts}
    assert ("violated" if "violated" in verdicts else "held") == whole.verdict
    assert sum(part.calls for part in whole.parts) == whole.calls


floats = st.floats(allow_nan=False, width=32) | st.sampled_from([np.inf, -np.inf, 0.0, -0.0])
pairs = st.lists(st.tuples(floats, floats), min_size=1, max_size=8)
expects = st.sampled_from(
    [
        expectations.not_lower(),
        expectations.not_higher(1.0),
        expectations.unchanged(0.5),
        expectations.scaled(2.0),
        expectations.between(-1.0, 5.0),
        expectations.shifted(3.0, mm.relative(0.1)),
    ]
)


@given(pairs, expects, expects)
def test_either_is_violated_by_the_lesser_margin(outputs, one, other):
    """`|` violates by as much as the nearer of both, in either order, and an expectation joined to itself is itself."""
    source, follow_up = np.array(outputs).T
    rounding = Rounding(1e-9, 1.0)
    each = [expect.margins(source, follow_up, rounding) for expect in (one, other)]
    joined = expectations.Either(one, other).margins(source, follow_up, rounding)
    np.testing.assert_array_equal(np.minimum(*each), joined)
    np.testing.assert_array_equal(joined, expectations.Either(other, one).margins(source, follow_up, rounding))
    np.testing.assert_array_equal(each[0], expectations.Either(one, one).margins(source, follow_up, rounding))


@few
@given(models(), expects, expects)
def test_either_commutes_in_its_verdict(model, one, other):
    """`|` of two expectations of one change has one verdict in both orders."""
    left, right = (mm.Relation("x", transform=transforms.step(["a"]), expect=expect) for expect in (one, other))
    both, turned = ((first | second).named("x") for first, second in ((left, right), (right, left)))
    assert [numbers(check(model, both))[:-1]] == [numbers(check(model, turned))[:-1]]
    assert check(model, both).violations <= min(check(model, left).violations, check(model, right).violations)


@given(pairs, st.sampled_from([0.0, 1.0, mm.relative(0.5)]), st.sampled_from([0.0, 1e-9, 1e-4]))
def test_what_changes_nothing_violates_nothing(outputs, tolerance, coefficient):
    """Equal outputs never violate: a change that is none is kept by every invariance and every plain direction."""
    source = np.array(outputs)[:, 0]
    for make in (expectations.unchanged, expectations.not_lower, expectations.not_higher, expectations.same_ranking):
        assert (make(tolerance).margins(source, source.copy(), Rounding(coefficient, 1.0)) <= 0).all()
    for make in (expectations.rising, expectations.falling, expectations.alike, expectations.within_range):
        same = np.column_stack([source] * 3)
        assert (make(tolerance).margins(source, same, Rounding(coefficient, 1.0)) <= 0).all()


def test_a_change_that_is_none_is_no_case():
    """A transformation that changes nothing is counted, and never a pass."""
    relation = mm.Relation("still", transform=lambda t: t, expect=expectations.unchanged())
    found = check(lambda t: t["a"], relation)
    assert ("broken", "relation", 0, True) == (found.verdict, found.evidence.about, found.cases, found.no_change > 0)


@few
@given(models(), st.sampled_from(["a", "b", "c"]), st.sampled_from([0.0, 2.0, mm.relative(0.2)]))
def test_rising_is_falling_of_the_negative(model, column, tolerance):
    """`increasing` of a model is `decreasing` of its negative: the same violations, margins and reduced rows."""
    up = check(model, mm.increasing(column, tolerance=tolerance).named("x"))
    down = check(lambda t: -model(t), mm.decreasing(column, tolerance=tolerance).named("x"))
    assert numbers(up)[:-1] == numbers(down)[:-1]
    if up.counterexample is not None:
        one, other = up.counterexample, down.counterexample
        assert (one.source, one.follow_up, one.margin) == (other.source, other.follow_up, other.margin)


@few
@given(models(), relations, st.floats(0, 30), st.floats(0, 30))
def test_more_tolerance_never_violates_more(model, relation, one, other):
    """On the same sources a larger tolerance has no more violations."""
    low, high = (
        check(model, attrs.evolve(relation.expect, tolerance=size) and _with(relation, size))
        for size in sorted((one, other))
    )
    assert low.violations >= high.violations
    assert low.cases == high.cases


def _with(relation, tolerance):
    return relation._but(expect=attrs.evolve(relation.expect, tolerance=tolerance))  # noqa: SLF001 - no public way


def follow_ups(relation):
    trial = Trial(relation, SCHEMA, Predictor(lambda t: t["a"]))
    cases, follow_up, status = trial.draw(SCHEMA.observed, np.random.default_rng(5), None)
    return cases.parameters, follow_up, status


@given(st.permutations(["a", "b", "c"]), st.sampled_from([mm.increasing, mm.decreasing, mm.invariant]))
def test_one_after_another_is_associative(columns, make):
    """`.then` makes the same follow-ups however it is bracketed, and expects the same of them."""
    one, two, last = map(make, columns)
    left, right = one.then(two).then(last), one.then(two.then(last))
    for first, second in zip(follow_ups(left), follow_ups(right), strict=True):
        pd.testing.assert_frame_equal(pd.DataFrame(first), pd.DataFrame(second))
    assert (left.id, left.expect, left.links) == (right.id, right.expect, right.links)
    assert numbers(check(lambda t: -t["b"], left)) == numbers(check(lambda t: -t["b"], right))


def test_one_after_another_moves_both():
    """The follow-up of a composed relation is that of the second transformation of that of the first."""
    relation = mm.increasing("a", by=2.0).then(mm.increasing("b", by=3))
    _, follow_up, status = follow_ups(relation)
    made = follow_up[status == 0]
    source = SCHEMA.observed[status == 0]
    assert {(2.0, 3)} == set(zip(made["a"] - source["a"], made["b"] - source["b"], strict=True))
    assert "increasing[a] then increasing[b]" == relation.id


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (mm.invariant("a"), mm.invariant("b"), expectations.unchanged()),
        (mm.invariant("a", tolerance=1), mm.invariant("b", tolerance=2), expectations.unchanged(3.0)),
        (mm.increasing("a"), mm.increasing("b"), expectations.not_lower()),
        (mm.decreasing("a", tolerance=1), mm.decreasing("b"), expectations.not_higher(1.0)),
        (mm.increasing("a"), mm.invariant("b", tolerance=2), expectations.not_lower(2.0)),
        (mm.invariant("a"), mm.decreasing("b"), expectations.not_higher()),
        (mm.increasing("a", strict=True), mm.increasing("b"), expectations.not_lower(strict=True)),
    ],
)
def test_what_is_expected_of_both(first, second, expected):
    """Equal after equal is equal, a direction after the same or after equal is that one; tolerances add up."""
    assert expected == first.then(second).expect


def scaled(column, by):
    return mm.Relation(column, transform=transforms.scale([column], by=by), expect=expectations.scaled(by))


def test_factors_multiply():
    """A factor after a factor is their product."""
    assert expectations.scaled(6.0) == scaled("a", 2.0).then(scaled("b", 3.0)).expect
    assert "held" == check(lambda t: t["a"] * t["b"], scaled("a", 0.5).then(scaled("b", 2.0))).verdict


REFUSED = {
    "opposite directions": (lambda: mm.increasing("a").then(mm.decreasing("b")), "nothing follows"),
    "one column twice": (lambda: mm.increasing("a").then(mm.invariant("a")), "'a'"),
    "relative tolerances": (
        lambda: mm.increasing("a", tolerance=mm.relative(0.1)).then(mm.increasing("b")),
        "relative tolerance",
    ),
    "different outputs": (lambda: mm.increasing("a").then(mm.increasing("b").on("decision")), "one output"),
    "an allowed rate": (lambda: mm.increasing("a").allow(0.1).then(mm.increasing("b")), "rates do not add up"),
    "a later precondition": (
        lambda: mm.increasing("a").then(mm.increasing("b").when(lambda t: t["a"] > 1)),
        "row in between",
    ),
    "no relation": (lambda: mm.increasing("a").then("b"), "other='b'"),
    "a bundle": (lambda: mm.increasing("a").then(mm.increasing("b") & mm.increasing("c")), "a relation"),
    "a batch": (
        lambda: mm.Relation("p", transform=transforms.permuted_rows(), expect=expectations.unchanged()).then(
            mm.invariant("a")
        ),
        "changes no row",
    ),
    "expectations of a fan": (
        lambda: mm.Relation("s", transform=transforms.sweep("a"), expect=expectations.rising()).then(
            mm.increasing("b")
        ),
        "several follow-ups",
    ),
    "a factor and a direction": (lambda: scaled("a", 2.0).then(mm.increasing("b")), "nothing follows"),
    "either of different changes": (lambda: mm.increasing("a") | mm.increasing("b"), "differ in transform"),
    "either of different outputs": (lambda: mm.increasing("a") | mm.decreasing("a").on("label"), "differ in output"),
    "either of different rates": (lambda: mm.increasing("a") | mm.decreasing("a").allow(0.1), "differ in allowed"),
    "either of no relation": (lambda: mm.increasing("a") | 3, "both sides of |"),
    "both of no relation": (lambda: mm.increasing("a") & 3, "both sides of &"),
    "a bundle of equal parts": (lambda: mm.increasing("a") & mm.increasing("a"), ".named("),
    "a pair of a fan": (
        lambda: mm.Relation("x", transform=transforms.sweep("a"), expect=expectations.unchanged()),
        "several follow-ups",
    ),
    "a fan of a pair": (
        lambda: mm.Relation("x", transform=transforms.step(["a"]), expect=expectations.rising()),
        "several follow-ups",
    ),
    "classes as text": (lambda: mm.increasing("a").on(expected_class="low"), "expected_class='low'"),
    "classes that are none": (lambda: mm.increasing("a").on(expected_class=3), "expected_class=3"),
}


@pytest.mark.parametrize(("make", "said"), REFUSED.values(), ids=list(REFUSED))
def test_what_cannot_be_composed(make, said):
    """What has no meaning is refused when it is written, with the reason, in one to three lines."""
    with pytest.raises(mm.RelationError) as refused:
        make()
    assert said in str(refused.value)
    assert len(str(refused.value).splitlines()) <= 3


def test_a_tolerance_of_either_side_is_one_on_a_label():
    """Joined expectations of a label have no tolerance on either side."""
    change = transforms.replace(["a"])
    strict = mm.Relation("x", transform=change, expect=expectations.unchanged()).on("label")
    loose = mm.Relation("x", transform=change, expect=expectations.unchanged(1.0)).on("label")
    for both in (strict | loose, loose | strict):
        with pytest.raises(mm.RelationError, match="label has no tolerance"):
            check(lambda t: np.where(t["a"] > 3, "x", "y"), both)


BLAMED = {
    "the first": (lambda t: t["b"] - 5.0 * t["a"], "Of its links, increasing[a] fails by itself on this row."),
    "the second": (lambda t: t["a"] - 50.0 * t["b"], "Of its links, increasing[b] fails by itself on this row."),
    "both": (lambda t: -t["a"] - t["b"], "Of its links, increasing[a] and increasing[b] fail by itself on this row."),
}


@pytest.mark.parametrize(("model", "said"), BLAMED.values(), ids=list(BLAMED))
def test_the_right_link_is_blamed(model, said):
    """Where a composed relation fails, its report says which link fails by itself."""
    report = mm.check(model, mm.increasing("a").then(mm.increasing("b")), SCHEMA, budget=BUDGET, attack=0)
    assert ("violated", said) == (report.results[0].verdict, report.results[0].blame)
    assert said[:30] in " ".join(str(report).split())


@few
@given(models(), st.permutations(["a", "b", "c"]), st.sampled_from([mm.increasing, mm.decreasing, mm.invariant]))
def test_where_the_whole_fails_a_link_does(model, columns, make):
    """What is expected of both follows from what is expected of each: some link is blamed for every failure."""
    one, two, last = (make(column, tolerance=1.0) for column in columns)
    found = check(model, one.then(two).then(last))
    assert found.blame is None if found.verdict == "held" else found.blame.startswith("Of its links, ")


def test_a_level_never_seen_after_a_step():
    """An unseen level composes with other changes, though it leaves the schema."""
    unseen = mm.Relation("unseen", transform=transforms.unseen_level("kind"), expect=expectations.unchanged())
    found = check(lambda t: t["a"] * 1.0, mm.increasing("a").then(unseen))
    assert ("held", BUDGET) == (found.verdict, found.cases)


def test_an_exchange_in_the_middle():
    """Derived columns are recomputed between two changes."""
    schema = SCHEMA.derive(both=lambda t: t["a"] + t["c"])
    seen = []

    def raise_c(t):
        seen.append(np.abs(t["both"] - t["a"] - t["c"]).max())
        return t.assign(c=t["c"] + 0.5)

    second = mm.Relation("c", transform=raise_c, touches=["c"], expect=expectations.not_lower())
    found = mm.check(lambda t: t["both"], mm.increasing("a").then(second), schema, budget=BUDGET, attack=0).results[0]
    assert ("held", 0.0) == (found.verdict, max(seen))
