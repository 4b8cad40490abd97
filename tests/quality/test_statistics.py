"""Verdicts by an allowed rate: how often the anytime interval misses, how often a verdict errs, and what it costs."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import metamorph as mm
from metamorph.runner.anytime import settles
from metamorph.runner.estimate import Estimate
from metamorph.runner.scores import Scores
from tests.quality.sequences import POPULATIONS, Population, looks

LEAST = 0.935
"""The share of intervals that has to cover, of a nominal 95%."""
RICH = math.log(20)


@pytest.mark.parametrize(("rows", "budget", "simulations"), [(300, 3_000, 500), (2_000, 10_000, 300)])
@pytest.mark.parametrize("population", POPULATIONS, ids=lambda population: population.name)
def test_the_interval_covers_at_every_look(population: Population, rows: int, budget: int, simulations: int) -> None:
    """At least 93.5% of the estimates have an interval around the true rate at all of their looks, later passes too."""
    rng = np.random.default_rng([rows, budget])
    missed = np.zeros(simulations, dtype=bool)
    for look in looks(population, rows=rows, budget=budget, simulations=simulations, rng=rng):
        missed |= look.log_wealth >= RICH
    assert 1 - missed.mean() >= LEAST


def test_rows_that_are_there_several_times_cover_as_well() -> None:
    """Copies of a row are one row: estimates that come upon copies as they go cover at every look."""
    rng = np.random.default_rng(7)
    missed, simulations = 0, 200
    for _ in range(simulations):
        breaking = rng.random(400) < 0.1
        order = rng.permutation(np.arange(2_000) % 400)  # each row five times
        wrong = False
        for cases in (256, 400, 700, 1_200, 2_000):
            tried = np.bincount(order[:cases], minlength=400)
            wrong |= settles(Scores.of(tried, tried * breaking), 0.1, 0.95)
        missed += wrong
    assert 1 - missed / simulations >= LEAST


def stopped(rng: np.random.Generator, rate: float, allowed: float, budget: int) -> Estimate:
    """An estimate of rows that each break always or never, looked at as the estimate of a check is."""
    found = Estimate(np.zeros(0, np.int64), np.zeros(0, np.int64), budget=budget)
    while found.cases < budget:
        more = found.next_look(allowed) - found.cases
        found.cases, found.violations = found.cases + more, found.violations + int(rng.binomial(more, rate))
        if found.look(allowed):
            break
    return found


@pytest.mark.parametrize("allowed", [0.005, 0.02, 0.1, 0.5])
def test_a_verdict_at_the_boundary_errs_in_a_twentieth_at_most(allowed: float) -> None:
    """Where the rate is just what is allowed, at most 5% of verdicts are settled at all, however often one looks."""
    rng = np.random.default_rng(int(1_000 * allowed))
    settled = [stopped(rng, allowed, allowed, 10_000).stopped == "settled" for _ in range(400)]
    assert np.mean(settled) <= 0.05


@pytest.mark.parametrize(("rate", "allowed"), [(0.0, 0.01), (0.005, 0.02), (0.03, 0.01), (0.4, 0.01)])
def test_settling_takes_a_fraction_of_the_budget(rate: float, allowed: float) -> None:
    """Away from the boundary nearly all verdicts are settled, and right, with far fewer than 10,000 cases."""
    rng = np.random.default_rng(3)
    found = [stopped(rng, rate, allowed, 10_000) for _ in range(100)]
    right = [(one.interval or (0.0, 1.0))[0] > allowed if rate > allowed else one.rate < allowed for one in found]
    assert np.mean([one.stopped == "settled" for one in found]) >= 0.99
    assert np.mean(right) >= 0.95
    assert np.mean([one.cases for one in found]) < 3_000


@pytest.mark.parametrize(("allow", "rate"), [(0.01, 0.004), (0.01, 0.02), (0.1, 0.05), (0.3, 0.4)])
def test_as_many_cases_as_planned_have_the_power(allow: float, rate: float) -> None:
    """With the cases of the plan at least the stated share of estimates is settled by then."""
    rng = np.random.default_rng(11)
    needed = mm.cases_needed(allow, rate=rate, power=0.8)
    settled = [stopped(rng, rate, allow, needed + 1) for _ in range(300)]
    at_the_end = [one.stopped or settles(one.scores, allow, 0.95) for one in settled]
    assert np.mean([bool(one) for one in at_the_end]) >= 0.8 - 2.5 * math.sqrt(0.16 / 300)


def planted(share: float, n: int = 5_000) -> tuple[pd.DataFrame, object]:
    """Houses, and a model by which more area lowers the price on a share of lots, as much as it raises it elsewhere.

    On the others it raises the price by enough for the mean to rise all the same.
    """
    rng = np.random.default_rng(0)
    houses = pd.DataFrame({"area": rng.uniform(40, 240, n).round(1), "lot": rng.permutation(n)})

    def model(t: pd.DataFrame) -> np.ndarray:
        return t["area"].to_numpy() * np.where(t["lot"].to_numpy() < share * n, -1.0, 1.0)

    return houses, model


def test_what_tests_of_the_mean_pass_is_violated() -> None:
    """A model that lowers the price on 40% of houses raises it on average: mean, t and Wilcoxon tests see nothing."""
    houses, model = planted(0.4)
    step = model(houses.assign(area=houses["area"] + 10.0)) - model(houses)
    assert step.mean() > 0
    assert stats.ttest_1samp(step, 0, alternative="less").pvalue > 0.05
    assert stats.wilcoxon(step, alternative="less").pvalue > 0.05
    relation = mm.increasing("area", by=10)
    results = [mm.check(model, one, houses).results[0] for one in (relation, relation.allow(0.02), relation.allow(0.3))]
    assert ["violated"] * 3 == [result.verdict for result in results]
    assert 0.4 == pytest.approx(results[0].rate, abs=0.03)
    assert "settled" == results[1].stopped


def test_a_seldom_violation_is_held_where_it_is_allowed() -> None:
    """A model that is wrong on 1% of houses holds with 2% allowed, and is violated with nothing allowed."""
    houses, model = planted(0.01)
    relation = mm.increasing("area", by=10)
    allowed = mm.check(model, relation.allow(0.02), houses).results[0]
    assert ("held", "settled", True) == (allowed.verdict, allowed.stopped, allowed.counterexample is not None)
    assert "violated" == mm.check(model, relation, houses).results[0].verdict


@pytest.mark.parametrize("rows", [300, 2_000])
def test_whole_checks_err_seldom_at_the_boundary(rows: int) -> None:
    """Of checks of freshly drawn houses, whose population breaks at just the allowed rate, few are settled."""
    rng = np.random.default_rng(rows)
    relation, settled = mm.increasing("area", by=1).allow(0.1), 0
    checks = 60
    for seed in range(checks):
        houses = pd.DataFrame({"area": rng.uniform(40, 240, rows).round(2), "prone": rng.random(rows)})
        model = lambda t: t["area"].to_numpy() * np.where(t["prone"].to_numpy() < 0.1, -1.0, 1.0)  # noqa: E731
        settled += (
            mm.check(model, relation, houses, budget=1_500, seed=seed, attack=0, examples=1).results[0].verdict
            != "inconclusive"
        )
    assert settled / checks <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / checks)
