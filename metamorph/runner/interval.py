"""Intervals of a violation rate from a sample of stated size; the unit of inference is the distinct observed row."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from metamorph.runner.scores import Floats, Scores

CONFIDENCE = 0.95
_NEAR = 1e-12
"""How close to an end of its range, relative to the range, a root is looked for."""
_CENTRE = 1e-4
"""Standard deviations about the middle within which the saddlepoint's formula would divide zero by zero."""


def side(interval: tuple[float, float] | None, allowed: float) -> Literal["held", "violated"] | None:
    """On which side of an *allowed* rate the whole interval lies; None where it lies on both."""
    low, high = interval or (0.0, 1.0)
    if high <= allowed:
        return "held"
    return "violated" if low > allowed else None


def clopper_pearson(violating: float, rows: float, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """The Clopper-Pearson interval of a rate, from *violating* of *rows*, either possibly fractional.

    Clopper and Pearson, Biometrika 26 (1934).

    >>> clopper_pearson(0, 100)[1] < 0.037
    True
    """
    from scipy.stats import beta  # noqa: PLC0415 - takes 0.3 s to import, and only a finished estimate needs it

    tail = (1 - confidence) / 2
    violating = min(max(violating, 0.0), rows)
    low = 0.0 if violating <= 0 else float(beta.ppf(tail, violating, rows - violating + 1))
    high = 1.0 if violating >= rows else float(beta.ppf(1 - tail, violating + 1, rows - violating))
    return low, high


def over_rows(scores: Scores, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """The interval of the violation rate over rows: Clopper-Pearson with one case a row, Gaffke's with several.

    Gaffke's is Clopper-Pearson's for scores between 0 and 1: the weights of the rows, and of one more that violates
    always (for the upper end) or never (for the lower), are drawn from a Dirichlet distribution, and the end is a
    quantile of the weighted rate. With scores of 0 and 1 that is Clopper-Pearson exactly; where scores differ less, it
    is shorter. That it covers is proved for special cases and measured for the others. As rows may give unequal numbers
    of cases, the one more gives as many as any. Gaffke, "Three test statistics for a nonparametric one-sided
    hypothesis on the mean of a nonnegative variable" (2005); Learned-Miller and Thomas, arXiv:1905.06208 (2019).

    >>> over_rows(Scores.single(0, 100)) == clopper_pearson(0, 100)
    True
    """
    if scores.most == 1:
        return clopper_pearson(float(scores.rows @ scores.failed), float(scores.rows.sum()), confidence)
    from scipy.optimize import brentq  # noqa: PLC0415 - takes 0.2 s to import, as above

    tail, rate = (1 - confidence) / 2, scores.rate
    low, high = 0.0, 1.0
    if rate > 0:
        low = float(brentq(lambda at: below(scores, at, extra=0) - tail, _NEAR * rate, rate))
    if rate < 1:
        high = float(brentq(lambda at: below(scores, at, extra=scores.most) - (1 - tail), rate, 1 - _NEAR))
    return low, high


def below(scores: Scores, rate: float, *, extra: int) -> float:
    """The probability that the rate weighted by chance is below *rate*, with one row more, of *extra* violations.

    The weights are those of independent gamma variables, so the rate is below where a weighted sum of them is: its
    probability is read off the saddlepoint. Lugannani and Rice, Advances in Applied Probability 12 (1980).
    """
    from scipy.optimize import brentq  # noqa: PLC0415 - as above
    from scipy.special import ndtr  # noqa: PLC0415 - as above

    shapes = np.append(scores.rows, 1.0)
    excess: Floats = np.append(scores.failed - rate * scores.tried, extra - rate * scores.most)
    if excess.max() <= 0 or excess.min() >= 0:
        return float(excess.max() <= 0)

    def slope(at: float) -> float:
        return float(shapes @ (excess / (1 - at * excess)))

    saddle = brentq(slope, (1 - _NEAR) / excess.min(), (1 - _NEAR) / excess.max())
    generating = -float(shapes @ np.log1p(-saddle * excess))
    distance = math.copysign(math.sqrt(max(-2 * generating, 0.0)), saddle)
    if abs(distance) < _CENTRE:
        return 0.5
    scaled = saddle * math.sqrt(float(shapes @ np.square(excess / (1 - saddle * excess))))
    density = math.exp(-(distance**2) / 2) / math.sqrt(2 * math.pi)
    found: float = float(ndtr(distance)) + density * (1 / distance - 1 / scaled)
    return found
