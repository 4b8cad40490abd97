"""An allowed rate: the rate decides, with its interval, and the worst case is shown and changes nothing."""

import numpy as np
import pandas as pd
import pytest

import metamorph as mm

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
    assert ["inconclusive", "held"] == [check(0.005, 0.01, budget=budget).verdict for budget in (300, 5_000)]


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
