"""Simulated estimates of a violation rate: populations of rows, and many estimates looked at again and again."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import attrs
import numpy as np
import numpy.typing as npt

from metamorph.runner.anytime import _bets
from metamorph.runner.estimate import FIRST_LOOK

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]


@attrs.frozen
class Population:
    """Rows that break with a probability of their own: its mean is the rate to be covered."""

    name: str
    rate: float
    draw: Callable[[np.random.Generator, tuple[int, ...]], Floats]


POPULATIONS = [
    Population("rows that always break or never do", 0.03, lambda rng, shape: (rng.random(shape) < 0.03).astype(float)),
    Population("rows all alike", 0.1, lambda _rng, shape: np.full(shape, 0.1)),
    Population("few rows that often break", 0.004, lambda rng, shape: 0.4 * (rng.random(shape) < 0.01)),
    Population("all sorts of rows", 0.25, lambda rng, shape: rng.random(shape) ** 3),
    Population(
        "rare rows that always break among more that seldom do",
        0.002,
        lambda rng, shape: np.where(rng.random(shape) < 0.001, 1.0, 0.02 * (rng.random(shape) < 0.05)),
    ),
]


@attrs.frozen
class Look:
    """What many estimates have found by one look: cases, violations of each, and the wealth against the true rate."""

    cases: int
    violations: Counts
    log_wealth: Floats


def looks(
    population: Population, *, rows: int, budget: int, simulations: int, rng: np.random.Generator, growth: float = 1.2
) -> Iterator[Look]:
    """The looks at many estimates at once: every row once, then all of them over and over, up to the budget.

    The wealth is calculated from tables of how many rows violate how often, not by the code that is tested.
    """
    breaking = population.draw(rng, (simulations, rows)).astype(np.float32)
    tried, failed, cases = np.zeros(rows, np.int64), np.zeros((simulations, rows), np.int16), 0
    while cases < budget:
        until = min(budget, max(FIRST_LOOK, int(growth * cases)))
        more = np.bincount(np.arange(cases, until) % rows, minlength=rows)
        asked = np.flatnonzero(more)
        failed[:, asked] += rng.binomial(more[asked], breaking[:, asked]).astype(np.int16)
        tried, cases = tried + more, until
        yield Look(cases, failed.sum(axis=1), _log_wealth(tried, failed, population.rate))


def _log_wealth(tried: Counts, failed: npt.NDArray[np.int16], rate: float) -> Floats:
    believed, shares = _bets()
    odds, most = np.exp(believed), int(tried.max())
    grown: Floats = np.zeros((len(failed), len(odds)))
    for asked in np.unique(tried[tried > 0]).tolist():
        here = failed[:, tried == asked]
        for violations in range(asked + 1):
            rows = (here == violations).sum(axis=1)
            if rows.any():
                share, score = asked / most, violations / most
                factor = 1 - share + (score * odds + share - score) / (1 - rate + rate * odds)
                grown += np.outer(rows, np.log(factor))
    total = grown + shares
    top = total.max(axis=1)
    logarithm: Floats = top + np.log(np.exp(total - top[:, None]).sum(axis=1))
    return logarithm
