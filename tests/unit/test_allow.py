"""An allowed rate: the rate decides, with its interval, and the worst case is shown and changes nothing."""

import numpy as np
import pandas as pd
import pytest

import metamorph as mm
from metamorph.runner.estimate import Estimate

N = 5_000
HOUSES = pd.DataFrame({"area": np.random.default_rng(0).uniform(40, 240, N).round(1), "lot": np.arange(N)})


def wrong_on(share):
    """A model that prices the area upside down on this share of lots."""
    return lambda t: t["area"].to_numpy() * np.where(t["lot"] < share * N, -1, 1)


def check(share, allowed, budget=2_000, **more):
    return mm.check(wrong_on(share), mm.increasing("area").allow(allowed), HOUSES, budget=budget, **more).results[0]


@pytest.mark.parametrize(
    ("share", "allowed", "verdict"),
    [
        (0.0, 0.01, "held"),
        (0.002, 0.01, "held"),
        (0.05, 0.01, "violated"),
        (0.01, 0.01, "inconclusive"),
        (0.3, 0.5, "held"),
        (0.7, 0.5, "violated"),
        (1.0, 0.99, "violated"),
        (0.002, 0.0, "violated"),
    ],
)
def test_the_rate_decides(share, allowed, verdict):
    """Held when the whole interval lies below the allowed rate, violated when it lies above, else inconclusive."""
    assert verdict == check(share, allowed).verdict


@pytest.mark.parametrize("budget", [1, 10, 100])
def test_few_cases_are_inconclusive(budget):
    """Few cases without a violation prove no small rate."""
    assert "inconclusive" == check(0.0, 0.01, budget=budget).verdict


def test_more_cases_settle_it():
    """A larger budget narrows the interval until it is settled."""
    assert ["inconclusive", "held"] == [check(0.004, 0.01, budget=budget).verdict for budget in (300, 5_000)]


@pytest.mark.parametrize(("share", "allowed"), [(0.0, 0.01), (0.05, 0.01), (0.3, 0.5), (0.7, 0.5)])
def test_what_is_settled_is_settled_early(share, allowed):
    """The estimate stops as soon as the whole interval is on one side, and says what that saved."""
    report = mm.check(wrong_on(share), mm.increasing("area").allow(allowed), HOUSES, budget=4_000)
    result = report.results[0]
    assert ("settled", "anytime", 4_000) == (result.stopped, result.interval_kind, result.budget)
    assert result.cases < 1_000
    assert f"Settled after {result.cases:,} of 4,000 cases." in str(report)
    assert not result.interval[0] <= allowed < result.interval[1]


def test_without_an_allowed_rate_nothing_stops_early():
    """All cases of the budget are asked about, and the interval is that of a size stated beforehand."""
    for share in (0.0, 0.3):
        result = check(share, 0.0, attack=0)
        assert (None, "fixed", 2_000, None) == (result.stopped, result.interval_kind, result.cases, result.more_cases)


def test_looking_in_vain_has_its_price():
    """Where no look settles it, the interval is still one that holds at every look."""
    result = check(0.01, 0.01)
    assert ("inconclusive", None, "anytime", 2_000) == (
        result.verdict, result.stopped, result.interval_kind, result.cases,
    )  # fmt: skip


def test_a_budget_of_one_look_is_no_sequence():
    """With fewer cases than the first look nothing can be stopped early, and the interval is the shorter one."""
    result = check(0.3, 0.1, budget=200)
    assert ("violated", "fixed", None, 200) == (result.verdict, result.interval_kind, result.stopped, result.cases)


def test_more_cases_that_would_settle_it():
    """Of an open verdict the number of cases is told that settle it; asked about so many, it is settled."""
    report = mm.check(wrong_on(0.004), mm.increasing("area").allow(0.01), HOUSES, budget=800)
    result = report.results[0]
    assert ("inconclusive", None) == (result.verdict, result.more_rows)
    assert f"About {result.more_cases:,} more cases like these would settle it." in str(report)
    assert "held" == check(0.004, 0.01, budget=int(1.6 * (800 + result.more_cases))).verdict


def test_more_rows_that_would_settle_it():
    """Where the observed rows have all been asked, more rows are what is wanted."""
    few = HOUSES.iloc[::20]
    report = mm.check(wrong_on(0.01), mm.increasing("area").allow(0.02), few, budget=2_000)
    result = report.results[0]
    assert ("inconclusive", None) == (result.verdict, result.more_cases)
    assert f"About {result.more_rows:,} more rows like these would settle it" in " ".join(str(report).split())


def test_how_far_violations_go():
    """Beside how often: the mean and the largest violation, in output units, over the violating cases."""
    report = mm.check(wrong_on(0.3), mm.increasing("area", by=10, tolerance=4), HOUSES, budget=500)
    result = report.results[0]
    assert (6.0, 6.0) == (pytest.approx(result.mean_violation), pytest.approx(result.largest_violation))
    varied = check(0.3, 0.0, budget=500)
    assert 0 < varied.mean_violation < varied.largest_violation == pytest.approx(varied.largest_violation)
    assert "Beyond what is allowed" in str(mm.Report((varied,)))
    assert (None, None) == (check(0.0, 0.0, budget=500).mean_violation, check(0.0, 0.0, budget=500).largest_violation)


@pytest.mark.parametrize("tolerance", [0.0, 3.0, mm.relative(0.05), mm.relative(0.01, at_least=2.0)])
def test_the_tolerance_that_would_have_done(tolerance):
    """With the tolerance that is told, the relation holds on the same cases; with a little less it does not."""

    def checked(tolerance):
        relation = mm.increasing("area", tolerance=tolerance)
        return mm.check(wrong_on(0.2), relation, HOUSES, budget=1_000, attack=0).results[0]

    def other(value):
        return mm.relative(value, tolerance.at_least) if isinstance(tolerance, type(mm.relative(0))) else value

    found = checked(tolerance).tolerable
    assert "held" == checked(other(found.tolerance)).verdict
    almost = checked(other(0.999 * found.tolerance))
    assert ("violated", True) == (almost.verdict, almost.violations <= 3)


@pytest.mark.parametrize("tolerance", [0.0, mm.relative(0.05)])
def test_the_curve_of_rates_by_tolerance(tolerance):
    """Each point is the rate that the relation has at that tolerance, on the same cases; it falls to 0."""

    def checked(tolerance):
        relation = mm.increasing("area", tolerance=tolerance)
        return mm.check(wrong_on(0.2), relation, HOUSES, budget=1_000, attack=0).results[0]

    first = checked(tolerance)
    relative = first.tolerable.relative
    for value, rate in first.tolerable.curve:
        above = value * (1 + 1e-9)
        assert rate == pytest.approx(checked(mm.relative(above) if relative else above).rate, abs=1e-9)
    rates = [rate for _, rate in first.tolerable.curve]
    assert sorted(rates, reverse=True) == rates
    assert (first.rate, 0.0) == (rates[0], rates[-1])


def test_the_rate_that_would_have_been_allowed():
    """With the allowed rate that is told, the relation is held on the same cases."""
    first = check(0.2, 0.0, budget=1_000)
    again = check(0.2, round(first.tolerable.allowed + 0.0005, 3), budget=1_000)
    assert ("violated", "held") == (first.verdict, again.verdict)


def test_a_label_has_no_tolerance_that_would_do():
    """Of labels only the rate could have been allowed."""
    blind = lambda t: np.where(t["lot"] < 0.2 * N, np.where(t["area"] < 100, "a", "b"), "c")  # noqa: E731
    report = mm.check(blind, mm.invariant("area").on("label"), HOUSES, budget=1_000)
    found = report.results[0].tolerable
    assert (None, ()) == (found.tolerance, found.curve)
    assert f".allow({found.allowed:.1g}" in str(report)


@pytest.mark.parametrize(
    "expect", [mm.expectations.changes_by_at_least(0.5), lambda source, follow_up: source - follow_up]
)
def test_expectations_without_a_tolerance(expect):
    """Where a tolerance has no say in the margin, none is told."""
    relation = mm.Relation("own", transform=lambda t: t.assign(area=t["area"] + 1), touches=["area"], expect=expect)
    model = lambda t: -t["area"].to_numpy() * (t["lot"].to_numpy() < 2_500) * (t["area"].to_numpy() // 7 % 2)  # noqa: E731
    result = mm.check(model, relation, HOUSES, budget=500, attack=0).results[0]
    assert ("violated", None) == (result.verdict, result.tolerable.tolerance)


def test_effectiveness_is_always_told():
    """What was drawn is told with what became of it; where most of it came to nothing there is a warning."""
    every = mm.check(wrong_on(0.1), mm.increasing("lot"), HOUSES, budget=500)
    assert f"Drawn: {every.results[0].drawn:,} cases" in str(every)
    half = mm.increasing("area").when(lambda t: t["area"] < 60)
    few = mm.check(wrong_on(0), half, HOUSES, budget=500)
    assert few.results[0].cases + few.results[0].precondition + few.results[0].not_applicable == few.results[0].drawn
    assert "Warning:" in str(few)
    assert "Warning:" not in str(every)


def test_a_confidence_of_ones_own():
    """Intervals are as wide as the confidence asks, and the report says which it is."""
    widths = []
    for confidence in (0.8, 0.95, 0.999):
        report = mm.check(wrong_on(0.1), mm.increasing("area"), HOUSES, budget=500, attack=0, confidence=confidence)
        low, high = report.results[0].interval
        widths.append(high - low)
        assert f"{100 * confidence:.4g}% CI" in str(report)
    assert sorted(widths) == widths


def test_a_family_of_verdicts():
    """Of several verdicts by rate the report says how sure it is of all; "family" makes that 95%."""
    relations = [mm.increasing("area", by=step).allow(0.1).named(f"by {step}") for step in (1, 2, 3, 4)]
    alone = mm.check(wrong_on(0), [*relations, mm.increasing("lot")], HOUSES, budget=2_000, attack=0)
    family = mm.check(wrong_on(0), relations, HOUSES, budget=2_000, attack=0, confidence="family")
    assert "each with 95% confidence: all of them together with at least 80%" in alone.notes[0]
    assert "each with 98.75% confidence: all of them together with at least 95%." in family.notes[0]
    assert {0.9875} == {result.confidence for result in family.results}
    assert () == mm.check(wrong_on(0), relations[0], HOUSES, budget=100, attack=0).notes


@pytest.mark.parametrize("confidence", [0, 1, 95, float("nan"), True, None, "all"])
def test_wrong_confidences(confidence):
    """A confidence lies between 0 and 1, or is that of the family."""
    with pytest.raises(mm.RelationError, match="confidence="):
        mm.check(wrong_on(0), mm.increasing("area"), HOUSES, confidence=confidence)


def test_the_interval_covers_the_rate():
    """The interval is around the rate and between 0 and 1."""
    result = check(0.05, 0.01)
    low, high = result.interval
    assert 0 < low < result.rate < high < 1


def test_the_worst_case_is_shown():
    """A relation that holds by its rate shows its worst case all the same."""
    report = mm.check(wrong_on(0.002), mm.increasing("area").allow(0.01), HOUSES, budget=2_000)
    result = report.results[0]
    assert ("held", True, 0.01) == (result.verdict, result.counterexample is not None, result.allowed)
    assert "Allowed: 1% of cases" in str(report)


def test_violations_by_search_are_on_the_estimate():
    """What is found is found by the estimate."""
    assert "estimate" == check(0.05, 0.01).found_by
    assert check(0.0, 0.01).found_by is None


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        (["held"], 0),
        (["held", "inconclusive"], 4),
        (["violated", "inconclusive"], 1),
        (["broken", "violated", "inconclusive", "held"], 3),
        (["violated", "held"], 1),
        (["broken", "inconclusive"], 3),
    ],
)
def test_exit_codes(verdicts, code):
    """The most severe verdict sets the exit code: broken, violated, inconclusive, held."""
    results = tuple(mm.Result(f"r{place}", "A sentence.", verdict) for place, verdict in enumerate(verdicts))
    report = mm.Report(results)
    assert (code, code == 0) == (report.exit_code, report.passed)


@pytest.mark.parametrize("verdict", ["violated", "broken", "inconclusive"])
def test_raise_for_violations(verdict):
    """Whatever does not pass raises an AssertionError with the readable report."""
    report = mm.Report((mm.Result("bigger costs more", "A sentence.", verdict),))
    with pytest.raises(AssertionError) as raised:
        report.raise_for_violations()
    assert str(report) in str(raised.value)


def test_raise_for_violations_of_a_passing_report():
    """A report that passed raises nothing."""
    report = mm.check(wrong_on(0), mm.increasing("area"), HOUSES, budget=100)
    assert report.raise_for_violations() is None


@pytest.mark.parametrize("rate", [-0.1, 1, 1.5, float("nan"), True, "1%", None])
def test_wrong_rates(rate):
    """An allowed rate is at least 0 and below 1."""
    with pytest.raises(mm.RelationError, match="rate="):
        mm.increasing("area").allow(rate)


def test_relations_are_frozen_values():
    """Every method gives another relation; equal ones are equal."""
    relation = mm.increasing("area")
    relation.allow(0.5).named("other").when(len).on("label")
    assert (mm.increasing("area"), "increasing[area]", 0.0) == (relation, relation.id, relation.allowed)
    with pytest.raises(AttributeError):
        relation.allowed = 0.5


@pytest.mark.parametrize(
    ("relation", "expected"),
    [
        (mm.increasing("a"), "increasing[a]"),
        (mm.decreasing("a", "b"), "decreasing[a,b]"),
        (mm.invariant("a", missing=True), "invariant[a]"),
        (mm.increasing("a").allow(0.1).named("bigger costs more"), "bigger costs more"),
        (mm.Relation("own", transform=mm.transforms.scale(["a"], by=2), expect=mm.expectations.unchanged()), "own"),
    ],
)
def test_ids(relation, expected):
    """A relation's id is its name, else its kind and columns."""
    assert expected == relation.id


@pytest.mark.parametrize("make", [mm.increasing, mm.decreasing, mm.invariant])
def test_wrong_columns(make):
    """Columns are given as separate, distinct names."""
    for columns in [(), (["a", "b"],), ("a", "a"), (3,), (None,)]:
        with pytest.raises(mm.RelationError, match=make.__name__):
            make(*columns)


@pytest.mark.parametrize(
    "relations", [[], (), 5, None, "increasing", [mm.increasing("area"), "lot"], {"a": 1}, mm.increasing]
)
def test_no_relations(relations):
    """What is no relation, or none at all, is a RelationError before the model is asked."""
    with pytest.raises(mm.RelationError, match="relation"):
        mm.check(wrong_on(0), relations, HOUSES, budget=10)


def test_equal_ids():
    """Two relations of one id cannot be told apart: the error asks for a name."""
    with pytest.raises(mm.RelationError, match=r"'increasing\[area\]'.*\.named"):
        mm.check(wrong_on(0), [mm.increasing("area"), mm.increasing("area", by=1)], HOUSES, budget=10)


def test_a_single_relation():
    """A single relation needs no list, and a generator of them will do."""
    single = mm.check(wrong_on(0), mm.increasing("area"), HOUSES, budget=10)
    several = mm.check(wrong_on(0), (relation for relation in [mm.increasing("area")]), HOUSES, budget=10)
    assert (
        ["increasing[area]"]
        == [result.relation for result in single.results]
        == [result.relation for result in several.results]
    )


def test_an_estimate_that_the_clock_stopped_is_one_that_was_looked_at():
    """Stopped by whatever, its interval holds at every look; run to its end unlooked at, it has the shorter one."""
    counts = np.ones(500, dtype=np.int64), (np.arange(500) < 10).astype(np.int64)
    stopped = Estimate(*counts, cases=500, violations=10, stopped="seconds")
    ended = Estimate(*counts, cases=500, violations=10)
    assert ("anytime", "fixed") == (stopped.kind, ended.kind)
    assert stopped.interval[0] < ended.interval[0] < 0.02 < ended.interval[1] < stopped.interval[1]


def test_parts_of_a_bundle_stop_each_for_itself():
    """In a bundle each part is settled by its own rate, and all parts count as verdicts of the family."""
    bundle = mm.increasing("area").allow(0.1) & mm.increasing("lot").allow(0.1)
    report = mm.check(wrong_on(0.3), bundle, HOUSES, budget=5_000, attack=0, confidence="family")
    first, second = report.results[0].parts
    assert (["violated", "held"], 0.975) == ([first.verdict, second.verdict], first.confidence)
    assert max(first.cases, second.cases) < 2_000


def test_a_family_over_tests_is_split_among_them():
    """One relation is run for each test, so the family is that of all tests that the decorator makes."""
    marks = mm.relations(
        *(mm.increasing("area", by=step).allow(0.1).named(f"by {step}") for step in (1, 2, 3, 4, 5)),
        schema=HOUSES,
        confidence="family",
    )
    (_, params) = marks.args
    assert {0.99} == {bound.settings.confidence for ((bound,), _, _) in params}
