"""How many cases it takes to settle whether a rate is allowed: before a check, and after one that left it open."""

from __future__ import annotations

import math

from metamorph.errors import RelationError, expected
from metamorph.runner.anytime import settles
from metamorph.runner.interval import CONFIDENCE
from metamorph.runner.scores import Scores
from metamorph_strategies.columns import is_finite

_MOST = 2**30
"""Beyond so many cases, or times as many cases, nobody will go."""
_CLOSE = 1e-3
"""How exact a number of cases is, relative to it: assumptions are not exact either."""


def cases_needed(allow: float, *, rate: float | None = None, confidence: float = CONFIDENCE, power: float = 0.8) -> int:
    """Effective cases, each from a row of its own, with which ``check`` settles whether *allow* is kept.

    ``allow`` is the allowed violation rate, ``rate`` the one that is assumed to be true (half of what is allowed unless
    given): a lower one is to be ``held``, a higher one ``violated``. ``confidence`` is that of the check, and ``power``
    the probability to be settled by then; it may be settled earlier, since a check looks in between and stops. Raises
    RelationError for numbers that cannot be, for a rate that is the allowed one, and where it takes more than 2**30.

    >>> cases_needed(0.01, rate=0.0)
    535
    >>> cases_needed(0.01, rate=0.03) < cases_needed(0.01, rate=0.02)
    True
    """
    for name, value in (("allow", allow), ("confidence", confidence), ("power", power)):
        if not is_finite(value) or not 0 < value < 1:
            raise RelationError(expected(f"{name} between 0 and 1, neither included", **{name: value}))
    rate = allow / 2 if rate is None else rate
    if not is_finite(rate) or not 0 <= rate <= 1 or rate == allow:
        raise RelationError(expected(f"a rate from 0 to 1 other than what is allowed ({allow:g})", rate=rate))

    def enough(cases: int) -> bool:
        return _power(cases, rate, allow, confidence) >= power

    most = 1
    while not enough(most):
        most *= 2
        if most > _MOST:
            msg = f"A rate of {rate:g} is too close to the allowed {allow:g} to be told from it in {_MOST:,} cases."
            raise RelationError(msg)
    few = most // 2
    while most - few > max(1, _CLOSE * most):
        middle = (few + most) // 2
        few, most = (few, middle) if enough(middle) else (middle, most)
    return most


def times_as_many(scores: Scores, allowed: float, confidence: float) -> float:
    """How many times as many rows of the same scores settle on which side of *allowed* the rate is; may be infinite."""
    low, high = 0.0, 1.0
    while not settles(scores.times(high), allowed, confidence):
        low, high = high, 2 * high
        if high > _MOST:
            return math.inf
    while high - low > _CLOSE * high:
        middle = (low + high) / 2
        low, high = (low, middle) if settles(scores.times(middle), allowed, confidence) else (middle, high)
    return high


def _power(cases: int, rate: float, allowed: float, confidence: float) -> float:
    """The probability that so many cases of violation *rate* lie wholly on its side of the allowed one."""
    from scipy.stats import binom  # noqa: PLC0415 - takes 0.3 s to import, and only planning needs it

    held = rate < allowed
    inner = math.floor(allowed * cases) if held else math.ceil(allowed * cases)
    outer = 0 if held else cases
    if not settles(Scores.single(outer, cases), allowed, confidence):
        return 0.0
    while abs(inner - outer) > 1:  # the last count that settles it, from where none does
        middle = (inner + outer) // 2
        settled = settles(Scores.single(middle, cases), allowed, confidence)
        inner, outer = (inner, middle) if settled else (middle, outer)
    return float(binom.cdf(outer, cases, rate) if held else binom.sf(outer - 1, cases, rate))
