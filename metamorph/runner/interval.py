"""Intervals of a violation rate, with the distinct observed row as the unit of inference."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

CONFIDENCE = 0.95


def clopper_pearson(violating: float, rows: float, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """The Clopper-Pearson interval of a rate, from *violating* of *rows*, either possibly fractional.

    With one step a row it is exact. With several steps a row's score is its failing share: among scores in [0, 1] of
    the same mean, yes-or-no scores vary the most, so treating the sum of shares as a count only widens the interval.
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


def effective_rows(tried: npt.NDArray[np.int64], failed: npt.NDArray[np.int64]) -> float:
    """How many rows' worth of evidence cases are, from the cases and violations of each distinct row.

    With one case a row, the number of rows. Else the size of the simple sample that would have the rate's variance
    over rows (a ratio's: rows may give unequal numbers of cases, more of them where the relation breaks), and never
    more than unequal numbers alone leave. Kish, Survey Sampling (1965); Korn and Graubard, Survey Methodology 24
    (1998).
    """
    total, violations = float(tried.sum()), float(failed.sum())
    kish = total**2 / float(np.dot(tried, tried))
    if not violations:
        return kish
    rate = violations / total
    variance = float(np.square(failed - rate * tried).sum()) / total**2
    return kish if variance == 0 else min(kish, rate * (1 - rate) / variance)
