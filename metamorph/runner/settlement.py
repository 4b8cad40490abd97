"""What reading a model came to: an argument, pairs to confirm, or how far the truth may still be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import attrs
import numpy as np

from metamorph.whitebox.ensemble import Numbers, Unreadable

if TYPE_CHECKING:
    from metamorph.answers import Outputs
    from metamorph.runner.claim import Claim
    from metamorph.runner.coded import Coded
    from metamorph.runner.trial import Trial
    from metamorph_strategies.columns import Codes

CLOSE = 1e-6
"""Relative difference of answers that is none between what was read and what the model says."""
RELATIVE = 16 * float(np.finfo(float).eps)
"""What two exponentials may be off together, relative to their size."""


@attrs.frozen(eq=False)
class Settlement:
    """What reading a model came to.

    ``argument`` says why no input violates, where that is so; else ``pairs`` are cases that violate by the model's own
    numbers, the worst first, still to be confirmed by asking it. ``upper`` is what no pair of outputs differs by more
    than, the wrong way, in output units, where that is known. ``unread`` says why the model could not be read.
    ``candidates`` are the values at which its answers change, for each column; ``exact`` says that the first of the
    pairs is the worst there is.
    """

    argument: str | None = None
    pairs: Coded | None = None
    upper: float | None = None
    unread: str | None = None
    candidates: Mapping[str, Codes] = attrs.field(factory=dict)
    exact: bool = False


@attrs.frozen
class Scale:
    """How the output of a model follows from the sum that it is read as.

    ``slope`` is the most that the output changes for each unit of the sum (None: no bound), ``error`` how far a
    computed sum may be from the exact one, ``rounding`` how far an answer from what the link makes of a computed sum.
    A label changes where the sum crosses ``threshold``.
    """

    link: str
    slope: float | None
    error: float
    rounding: float = 0.0
    threshold: float = 0.0

    def enough(self, trial: Trial, claim: Claim) -> float | None:
        """How far exact sums may go the wrong way with no pair of outputs violating; None where rounding alone may."""
        floor = trial.rounding
        if self.link == "label":
            return 0.0
        relative = 2 * self.error + RELATIVE  # of an exponential, whatever its size
        if self.link == "exp" and relative <= floor.coefficient:
            return 0.0
        if self.slope is None:
            return None
        allowed = claim.tolerance + floor.coefficient * floor.scale
        left = (allowed - 2 * self.rounding) / self.slope - 2 * self.error
        return left if left >= 0 else None

    def output(self, fall: float) -> float | None:
        """How far outputs may differ whose exact sums differ by *fall*; None where no bound is known."""
        if self.slope is None or self.link == "label":
            return None
        most = self.slope * (max(fall, 0.0) + 2 * self.error) + 2 * self.rounding
        return min(most, 1.0) if self.link == "sigmoid" else most

    def check(self, sums: Numbers, outputs: Outputs) -> None:
        """Raise Unreadable where the model's own *outputs* do not rise with the sums that were read, both ``(n,)``."""
        if self.link == "label":
            above, below = (
                set(outputs[sums > self.threshold + self.error]),
                set(outputs[sums < self.threshold - self.error]),
            )
            follow = len(above) <= 1 and len(below) <= 1 and not above & below
        else:
            values = outputs[np.argsort(sums, kind="stable")]
            highest = np.maximum.accumulate(values)
            slack = 2 * ((self.slope or 0.0) * self.error + self.rounding) + CLOSE * np.abs(highest)
            follow = bool((highest - values <= slack).all())
        if not follow:
            msg = "the answers that it gave do not follow from what was read of it"
            raise Unreadable(msg)

    @property
    def said(self) -> str:
        """How much rounding was allowed for, to end an argument."""
        return f"rounding of the sum, at most {self.error:.1g}, included"
