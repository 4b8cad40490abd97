"""The 95% interval covers the violation rate of the population that the observed rows were drawn from."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

import metamorph as mm
from metamorph.runner.estimate import Estimate
from metamorph.runner.interval import below
from tests.quality.sequences import POPULATIONS, Population

Floats = npt.NDArray[np.float64]

SIMULATIONS = 2_000
LEAST = 0.935
ROWS_AND_BUDGETS = [
    (300, 150),
    (300, 10_000),
    (2_000, 700),
    (2_000, 2_900),
    (2_000, 10_000),
    (20_000, 10_000),
    (20_000, 50_000),
]
"""Observed rows, and budgets below and above that; 2,900 asks some rows twice and the others once."""
FEW = 6
"""Steps of a row that are drawn one by one."""
STEPS = 10
"""Values of the column that steps in the whole check: 0 to 9."""


def tally(rng: np.random.Generator, breaking: Floats, budget: int) -> Estimate:
    """What the estimate counts of *budget* cases: the rows in passes, each row a step of its own every time.

    Rows are drawn alike, so which of them are asked once more makes no difference.
    """
    rows = len(breaking)
    passes, left = divmod(budget, rows)
    tried = np.full(rows, passes)
    tried[:left] += 1
    failed = np.zeros(rows, dtype=np.int64)
    if passes < FEW:  # steps one by one: of few, binomial draws take five times as long
        for step in range(passes + 1):
            asked = rows if step < passes else left
            failed[:asked] += rng.random(asked) < breaking[:asked]
    else:
        failed += rng.binomial(tried, breaking)
    return Estimate(tried, failed, cases=budget, violations=int(failed.sum()))


@cache
def of_single_cases(violations: int, cases: int) -> tuple[float, float]:
    """The interval where no row is asked twice, which both counts settle: many simulations have the same."""
    tried = np.ones(cases, dtype=np.int64)
    failed = (np.arange(cases) < violations).astype(np.int64)
    return Estimate(tried, failed, cases=cases, violations=violations).interval or (1.0, 0.0)


def covers(found: Estimate, rate: float) -> bool:
    """Whether the interval covers a rate; with several cases a row by what its ends are solved for, in less time."""
    scores = found.scores
    if scores.most == 1:
        low, high = of_single_cases(found.violations, found.cases)
        return low <= rate <= high
    above_low = scores.rate <= rate or below(scores, rate, extra=0) >= 0.025
    return above_low and (scores.rate >= rate or below(scores, rate, extra=scores.most) <= 0.975)


@pytest.mark.parametrize(("rows", "budget"), ROWS_AND_BUDGETS)
@pytest.mark.parametrize("population", POPULATIONS, ids=lambda population: population.name)
def test_the_interval_covers_the_population_rate(population: Population, rows: int, budget: int) -> None:
    """Over 2,000 simulated data sets at least 93.5% of the intervals cover, however often each row is asked."""
    rng = np.random.default_rng([rows, budget])
    covered = 0
    for _ in range(SIMULATIONS):
        covered += covers(tally(rng, population.draw(rng, (rows,)), budget), population.rate)
    assert covered / SIMULATIONS >= LEAST


@pytest.mark.parametrize(("rows", "budget"), [(300, 400), (300, 10_000), (2_000, 2_900)])
@pytest.mark.parametrize("population", POPULATIONS, ids=lambda population: population.name)
def test_what_an_interval_covers_is_what_its_ends_are_solved_for(
    population: Population, rows: int, budget: int
) -> None:
    """The shortcut of these tests agrees with the interval."""
    rng = np.random.default_rng([rows, budget])
    for _ in range(20):
        found = tally(rng, population.draw(rng, (rows,)), budget)
        low, high = found.interval or (1.0, 0.0)
        rates = np.array([population.rate, 0.9 * low, 1.1 * low, 0.99 * high, min(1.01 * high, 0.999)])
        assert [low <= rate <= high for rate in rates] == [covers(found, rate) for rate in rates]


@pytest.mark.parametrize(("rows", "budget"), [(300, 150), (300, 10_000), (2_000, 10_000), (20_000, 10_000)])
def test_the_interval_gets_shorter_with_rows_not_with_cases(rows: int, budget: int) -> None:
    """Its width is that of as many independent rows as were asked: asking the same rows again does not shrink it."""
    rng = np.random.default_rng(3)
    low, high = tally(rng, (rng.random(rows) < 0.1).astype(float), budget).interval or (0.0, 1.0)
    independent = 2 * 1.96 * np.sqrt(0.1 * 0.9 / min(rows, budget))
    assert 0.8 * independent < high - low < 1.4 * independent


def observed(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """*n* rows of a population: a step column from 0 to 9, and one on which breaking hangs."""
    return pd.DataFrame({"step": rng.integers(STEPS, size=n), "prone": rng.random(n), "other": rng.normal(size=n)})


def breaks_from_six_on(t: pd.DataFrame) -> Floats:
    """An output that falls where the step reaches 6, on a fifth of the rows."""
    return t["other"].to_numpy() - 5.0 * ((t["step"].to_numpy() >= 6) & (t["prone"].to_numpy() < 0.2))


def population_rate() -> float:
    """The violating share of effective cases: a source below 6 steps to a value beyond it, four of which break."""
    sources = np.arange(STEPS - 1)
    return 0.2 * float(np.mean(np.where(sources < 6, 4 / (STEPS - 1 - sources), 0.0)))


@pytest.mark.parametrize(
    ("rows", "budget", "simulations"), [(300, 200, 80), (300, 1_500, 80), (2_000, 4_000, 50), (20_000, 6_000, 30)]
)
def test_the_interval_of_a_whole_check_covers(rows: int, budget: int, simulations: int) -> None:
    """`mm.check` on freshly drawn data sets covers as well; the bound leaves room for the few simulations of it."""
    rng = np.random.default_rng([rows, budget])
    relation = mm.increasing("step")
    intervals, rates = [], []
    for seed in range(simulations):
        result = mm.check(
            breaks_from_six_on, relation, observed(rng, rows), budget=budget, attack=0, seed=seed, examples=1
        ).results[0]
        intervals.append(result.interval)
        rates.append(result.rate)
    low, high = np.array(intervals).T
    covered = float(np.mean((low <= population_rate()) & (population_rate() <= high)))
    assert covered >= LEAST - 2.5 * np.sqrt(0.05 * 0.95 / simulations)
    spread = np.sqrt(population_rate() * (1 - population_rate()) / min(rows, budget) / simulations)
    assert float(np.mean(rates)) == pytest.approx(population_rate(), abs=4 * spread)


def test_the_interval_covers_when_steps_often_do_not_apply() -> None:
    """Rows give unequal numbers of cases where a constraint refuses many of their steps; the interval still covers.

    A twentieth of the rows breaks always and takes every step; of the others one step in ten applies.
    """
    rng = np.random.default_rng(9)
    rows, passes, covered = 300, 30, 0
    rate = 0.05 / (0.05 + 0.95 * 0.1)
    for _ in range(SIMULATIONS):
        prone = rng.random(rows) < 0.05
        tried = rng.binomial(passes, np.where(prone, 1.0, 0.1))
        failed = np.where(prone, tried, 0)
        covered += covers(Estimate(tried, failed, cases=int(tried.sum()), violations=int(failed.sum())), rate)
    assert covered / SIMULATIONS >= LEAST
