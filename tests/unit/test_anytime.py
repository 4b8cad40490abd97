"""An interval that holds at every look, the wealth of bettors behind it, and what it takes to settle a rate."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import metamorph as mm
from metamorph.runner.anytime import _bets, anytime, log_wealth, settles
from metamorph.runner.interval import below, clopper_pearson, over_rows
from metamorph.runner.planning import times_as_many
from metamorph.runner.scores import Scores

COUNTS = st.integers(1, 400).flatmap(lambda rows: st.tuples(st.integers(0, rows), st.just(rows)))
RATES = st.floats(0.001, 0.999)
ROWS = st.lists(st.integers(0, 6).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))), min_size=1, max_size=60)


def slow_wealth(tried, failed, rate):
    """One bettor after another, one row after another."""
    believed, shares = _bets()
    most, total = max(tried), 0.0
    for log_odds, share in zip(believed, shares, strict=True):
        other = rate * math.exp(log_odds) / (1 - rate + rate * math.exp(log_odds))
        wealth = math.exp(share)
        for cases, violations in zip(tried, failed, strict=True):
            asked, score = cases / most, violations / most
            wealth *= 1 - asked + score * other / rate + (asked - score) * (1 - other) / (1 - rate)
        total += wealth
    return total


@given(ROWS, RATES)
def test_the_wealth_is_that_of_bettors_one_by_one(rows, rate):
    """Counted scores and logarithms give what betting on row after row gives."""
    tried, failed = np.array(rows).T
    if tried.max() > 0:
        expected = slow_wealth(tried.tolist(), failed.tolist(), rate)
        assert math.log(expected) == pytest.approx(log_wealth(Scores.of(tried, failed), rate), abs=1e-6)


@pytest.mark.parametrize("rate", [0.001, 0.02, 0.3, 0.5, 0.99])
def test_a_fair_bet_wins_nothing(rate):
    """Against the true rate, the expected wealth after a case is the wealth before: it is a martingale."""
    for violations, cases in [(0, 0), (0, 7), (3, 7), (40, 100)]:
        before = math.exp(log_wealth(Scores.single(violations, cases), rate))
        passing, failing = (math.exp(log_wealth(Scores.single(violations + more, cases + 1), rate)) for more in (0, 1))
        assert before == pytest.approx((1 - rate) * passing + rate * failing)


@given(COUNTS, st.sampled_from([0.5, 0.9, 0.95, 0.9995]))
def test_the_interval_is_what_is_not_settled(counts, confidence):
    """Its ends are between rates that the bettors are rich against and rates that they are not."""
    scores = Scores.single(*counts)
    low, high = anytime(scores, confidence)
    assert 0 <= low <= scores.rate <= high <= 1
    for rate in np.linspace(0.0005, 0.9995, 300):
        if not low - 1e-6 <= rate <= high + 1e-6:
            assert settles(scores, rate, confidence)
        elif low + 1e-6 < rate < high - 1e-6:
            assert not settles(scores, rate, confidence)


@given(COUNTS)
def test_looking_often_costs_some_of_the_width(counts):
    """It contains the interval of a size stated beforehand, and narrows with the confidence."""
    scores = Scores.single(*counts)
    low, high = anytime(scores, 0.95)
    fixed_low, fixed_high = over_rows(scores, 0.95)
    assert low <= fixed_low + 1e-9
    assert high >= fixed_high - 1e-9
    narrower = anytime(scores, 0.8)
    assert low <= narrower[0] <= narrower[1] <= high


def test_scores_that_differ_less_settle_more():
    """Rows that violate in a tenth of their cases each say more of the rate than rows that do always or never."""
    alike = Scores.of(np.full(300, 20), np.full(300, 2))
    apart = Scores.of(np.full(300, 20), np.repeat([0, 20], [270, 30]))
    assert alike.rate == apart.rate == pytest.approx(0.1)
    for interval in (over_rows, anytime):
        narrow, wide = interval(alike, 0.95), interval(apart, 0.95)
        assert narrow[1] - narrow[0] < (wide[1] - wide[0]) / 2


@given(COUNTS, st.integers(2, 30))
def test_rows_that_always_or_never_violate_count_once(counts, steps):
    """Asked any number of times, they say what they say when they are asked once."""
    violating, rows = counts
    once, often = Scores.single(violating, rows), Scores(np.array([steps] * 2), np.array([0, steps]), np.zeros(2))
    often = Scores(often.tried, often.failed, once.rows)
    assert anytime(once, 0.95) == pytest.approx(anytime(often, 0.95))
    assert clopper_pearson(violating, rows) == pytest.approx(over_rows(often), abs=5e-3)


@pytest.mark.parametrize("extra", [0, 6])
def test_the_saddlepoint_is_close_to_what_chance_gives(extra):
    """The probability agrees with that of weights drawn at random, within the error of the draw."""
    rng = np.random.default_rng(5)
    scores = Scores.of(np.array([6, 6, 6, 3, 3, 1] * 8), np.array([0, 1, 6, 0, 3, 0] * 8))
    weights = rng.gamma(np.append(scores.rows, 1.0), size=(200_000, len(scores.rows) + 1))
    rates = weights @ np.append(scores.failed, extra) / (weights @ np.append(scores.tried, scores.most))
    for rate in np.quantile(rates, [0.005, 0.025, 0.3, 0.5, 0.9, 0.975, 0.999]):
        assert (rates <= rate).mean() == pytest.approx(below(scores, rate, extra=extra), abs=0.004, rel=0.05)


@given(ROWS)
def test_an_interval_over_rows_is_one(rows):
    """It lies around the rate, between 0 and 1, whatever rows were tried how often."""
    tried, failed = np.array(rows).T
    if tried.max() > 0:
        scores = Scores.of(tried, failed)
        low, high = over_rows(scores)
        assert 0 <= low <= scores.rate + 1e-9
        assert scores.rate - 1e-9 <= high <= 1


@pytest.mark.parametrize(("violations", "cases"), [(0, 100), (3, 1_000), (30, 1_000), (12, 1_000)])
def test_so_many_times_as_many_rows_settle_it(violations, cases):
    """With what is said to be needed it is settled, with somewhat less it is not."""
    scores = Scores.single(violations, cases)
    times = times_as_many(scores, 0.01, 0.95)
    assert [True, False] == [settles(scores.times(times * factor), 0.01, 0.95) for factor in (1, 0.99)]


def test_a_rate_that_is_the_allowed_one_is_never_settled():
    """No number of rows tells a rate from itself."""
    assert math.inf == times_as_many(Scores.single(10, 1_000), 0.01, 0.95)


def test_fewer_cases_are_needed_the_farther_the_rate_is():
    """Planning: the closer to what is allowed, the more cases; and more for more power or confidence."""
    needed = [mm.cases_needed(0.02, rate=rate) for rate in (0.0, 0.01, 0.015)]
    assert sorted(needed) == needed
    assert mm.cases_needed(0.02, rate=0.01) == mm.cases_needed(0.02)
    assert mm.cases_needed(0.02, power=0.5) < mm.cases_needed(0.02) < mm.cases_needed(0.02, power=0.99)
    assert mm.cases_needed(0.02) < mm.cases_needed(0.02, confidence=0.999)
    assert mm.cases_needed(0.02, rate=0.4) < mm.cases_needed(0.02, rate=0.04)


@pytest.mark.parametrize(
    ("allow", "options"),
    [
        (0, {}),
        (1, {}),
        (float("nan"), {}),
        ("1%", {}),
        (0.01, {"rate": 0.01}),
        (0.01, {"rate": -0.1}),
        (0.01, {"rate": True}),
        (0.01, {"power": 1}),
        (0.01, {"confidence": 95}),
        (0.01, {"rate": 0.01 + 1e-9}),
    ],
)
def test_plans_that_cannot_be(allow, options):
    """Numbers that cannot be, and rates too close to be told apart, are RelationErrors."""
    with pytest.raises(mm.RelationError):
        mm.cases_needed(allow, **options)
