"""How good verdicts by an allowed rate are: coverage, errors at the boundary, power, and the cases that they take."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

SIMULATIONS = 2_000
AT_ONCE = 250
"""Simulations that are held in memory together."""
BUDGET = 10_000
LEAST = 0.935
ALLOWED = 0.01
RATES = (0.0, 0.002, 0.005, 0.008, 0.01, 0.013, 0.02, 0.05, 0.4)
"""True violation rates beside the allowed one."""


def lines(line: Callable[..., Any]) -> Iterator[Any]:
    """Coverage of intervals over simulated data sets, then a table of verdicts; *line* makes a line."""
    sys.path.insert(0, str(Path(__file__).parents[2]))
    yield from _coverage(line)
    yield from _verdicts(line)


def _coverage(line: Callable[..., Any]) -> Iterator[Any]:
    """The least coverage over populations, of intervals of a size stated beforehand and of those at every look."""
    from tests.quality.sequences import POPULATIONS, looks  # noqa: PLC0415 - found by the line in lines()
    from tests.quality.test_coverage import covers, tally  # noqa: PLC0415 - as above

    for rows, budget in ((300, 250), (300, 10_000), (2_000, 10_000), (20_000, 10_000), (20_000, 30_000)):
        fixed, anytime = [], []
        for place, population in enumerate(POPULATIONS):
            rng = np.random.default_rng([rows, budget, place])
            found = (tally(rng, population.draw(rng, (rows,)), budget) for _ in range(SIMULATIONS))
            fixed.append(np.mean([covers(one, population.rate) for one in found]))
            missed = []
            for _ in range(SIMULATIONS // AT_ONCE):
                wrong = np.zeros(AT_ONCE, dtype=bool)
                for look in looks(population, rows=rows, budget=budget, simulations=AT_ONCE, rng=rng):
                    wrong |= look.log_wealth >= math.log(20)
                missed.append(wrong.mean())
            anytime.append(1 - float(np.mean(missed)))
        what = f"{rows:,} rows, {budget:,} cases: least coverage"
        yield line(f"{what}, fixed", min(fixed), "{:.1%}", least=LEAST)
        yield line(f"{what}, at every look", min(anytime), "{:.1%}", least=LEAST)


def _verdicts(line: Callable[..., Any]) -> Iterator[Any]:
    """Verdicts with 1% allowed, one case a row: how many are settled, with how many cases, beside a fixed budget."""
    from metamorph.runner.estimate import side  # noqa: PLC0415 - as above
    from metamorph.runner.interval import clopper_pearson  # noqa: PLC0415 - as above
    from tests.quality.test_statistics import stopped  # noqa: PLC0415 - as above

    for rate in RATES:
        rng = np.random.default_rng(int(10_000 * rate))
        found = [stopped(rng, rate, ALLOWED, BUDGET) for _ in range(SIMULATIONS // 4)]
        settled = float(np.mean([side(one.interval, ALLOWED) is not None for one in found]))
        counts, shares = np.unique(rng.binomial(BUDGET, rate, SIMULATIONS), return_counts=True)
        fixed = sum(
            share
            for count, share in zip(counts.tolist(), shares.tolist(), strict=True)
            if side(clopper_pearson(count, BUDGET), ALLOWED) is not None
        )
        most = {"most": 0.05} if rate == ALLOWED else {}
        yield line(f"{rate:.1%} violate, {ALLOWED:.0%} allowed: settled by looking", settled, "{:.1%}", **most)
        yield line(f"... settled by {BUDGET:,} cases without looking", fixed / SIMULATIONS, "{:.1%}")
        yield line(f"... mean cases while looking, of {BUDGET:,}", np.mean([one.cases for one in found]), "{:,.0f}")
