"""What is allowed of a pair of outputs: a tolerance, and the rounding floor of an honest model."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from metamorph.errors import RelationError, expected
from metamorph_strategies.columns import is_finite

Outputs = npt.NDArray[Any]
Margins = npt.NDArray[np.float64]


@attrs.frozen
class Relative:
    """A tolerance relative to the larger of the two outputs, in absolute value; at least ``at_least`` output units."""

    share: float
    at_least: float = 0.0


def relative(share: float, at_least: float = 0.0) -> Relative:
    """A tolerance of *share* times the larger of both outputs' absolute values, symmetric, never divided by one.

    >>> relative(0.01)
    Relative(share=0.01, at_least=0.0)
    """
    for name, value in (("share", share), ("at_least", at_least)):
        if not is_finite(value) or value < 0:
            raise RelationError(expected(f"a finite {name} >= 0", **{name: value}))
    return Relative(share, at_least)


Tolerance = float | Relative


@attrs.frozen
class Rounding:
    """The rounding floor of a model's outputs: ``coefficient * max(|source|, |follow-up|, scale)``."""

    coefficient: float = 0.0
    scale: float = 0.0

    def floor(self, source: Outputs, follow_up: Outputs) -> Margins:
        """The floor of each pair, in output units."""
        return self.coefficient * np.maximum(larger(source, follow_up), self.scale)


def allowed(source: Outputs, follow_up: Outputs, tolerance: Tolerance, rounding: Rounding) -> Margins:
    """What is allowed for each pair, in output units: the tolerance and the rounding floor together.

    The floor is added, not the larger of both taken: 0.83 - 0.82 is 0.010000000000000009, and a tolerance of 0.01 would
    otherwise be broken by dust (on a 100-tree forest, in 52% of cases). Infinite outputs count as zero in a relative
    tolerance: an infinite change is within no tolerance.
    """
    floor = rounding.floor(source, follow_up)
    if isinstance(tolerance, Relative):
        floor = floor + np.maximum(tolerance.share * larger(source, follow_up), tolerance.at_least)
    else:
        floor = floor + tolerance
    return np.minimum(floor, np.finfo(float).max)


def larger(source: Outputs, follow_up: Outputs) -> Margins:
    """The larger absolute value of each pair, infinities left out."""
    sizes = np.abs(source), np.abs(follow_up)
    largest = np.maximum(*sizes)
    if np.isfinite(largest).all():
        return largest
    return np.maximum(*(np.where(np.isfinite(size), size, 0.0) for size in sizes))


def checked(tolerance: Tolerance, *, strict: bool = False) -> Tolerance:
    """*tolerance* as given; RelationError for one that cannot be."""
    if isinstance(tolerance, Relative):
        given = max(tolerance.share, tolerance.at_least)
    elif is_finite(tolerance) and tolerance >= 0:
        given = tolerance
    else:
        raise RelationError(expected("a finite tolerance >= 0 or mm.relative(...)", tolerance=tolerance))
    if strict and given > 0:
        raise RelationError(expected("no tolerance with strict=True", tolerance=tolerance))
    return tolerance


def slack(tolerance: Tolerance) -> str:
    """The tolerance in words, to end a sentence; nothing where nothing is allowed."""
    if not isinstance(tolerance, Relative):
        return f" by more than {tolerance:,g}" if tolerance else ""
    if not tolerance.share:
        return slack(tolerance.at_least)
    least = f"; at least {tolerance.at_least:,g}" if tolerance.at_least else ""
    return f" by more than {100 * tolerance.share:.4g}% (of the larger output{least})"
