"""Expectations of how far an output goes: at least so far, shifted, reflected, between two bounds."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np

from metamorph.expectations.expectation import Change, Wants, difference, moved, quiet, worst
from metamorph.expectations.tolerance import Margins, Outputs, Rounding, Tolerance, allowed, slack


@attrs.frozen
class Changes:
    """The output must change by more than ``least``, in output units."""

    least: float = 0.0
    tolerance: Tolerance = 0.0
    wants: Wants = "number"

    @quiet
    def margins(self, source: Outputs, follow_up: Outputs, rounding: Rounding) -> Margins:
        short = self.least + rounding.floor(source, follow_up) - np.abs(difference(source, follow_up))
        short = short.min(axis=1) if short.ndim > 1 else short  # of several outputs one has to change
        return np.where(short < 0, short, np.maximum(short, np.finfo(float).tiny))

    def phrase(self, output: str) -> str:
        return f"must change {output} by more than {self.least:,g}" if self.least else f"must change {output}"

    def change(self, source: Any, follow_up: Any) -> Change:
        return moved(source, follow_up)


@attrs.frozen
class Shifted:
    """The follow-up's output must be the source's plus a constant."""

    by: float
    tolerance: Tolerance = 0.0
    wants: Wants = "number"

    @quiet
    def margins(self, source: Outputs, follow_up: Outputs, rounding: Rounding) -> Margins:
        aim = source + self.by
        return worst(np.abs(difference(aim, follow_up)) - allowed(aim, follow_up, self.tolerance, rounding))

    def phrase(self, output: str) -> str:
        return f"must shift {output} by {self.by:g}{slack(self.tolerance).replace('by more than', 'up to')}"

    def change(self, source: Any, follow_up: Any) -> Change:
        return "misses", abs(follow_up - source - self.by)


@attrs.frozen
class Reflected:
    """The outputs must add up to a constant: with 1, the probability of the one side against the other."""

    total: float = 0.0
    tolerance: Tolerance = 0.0
    wants: Wants = "number"

    @quiet
    def margins(self, source: Outputs, follow_up: Outputs, rounding: Rounding) -> Margins:
        aim = self.total - source
        return worst(np.abs(difference(aim, follow_up)) - allowed(aim, follow_up, self.tolerance, rounding))

    def phrase(self, output: str) -> str:
        what = f"must turn {output} into {self.total:g} less it" if self.total else f"must negate {output}"
        return f"{what}{slack(self.tolerance).replace('by more than', 'up to')}"

    def change(self, source: Any, follow_up: Any) -> Change:
        return "misses", abs(self.total - source - follow_up)


@attrs.frozen
class Between:
    """The follow-up's output must lie between two bounds, both included, whatever the source's is."""

    low: float = -np.inf
    high: float = np.inf
    tolerance: Tolerance = 0.0
    wants: Wants = "number"

    @quiet
    def margins(self, source: Outputs, follow_up: Outputs, rounding: Rounding) -> Margins:
        outside = np.maximum(difference(self.low, follow_up), difference(follow_up, self.high))
        return worst(outside - allowed(follow_up, follow_up, self.tolerance, rounding))

    def phrase(self, output: str) -> str:
        if np.isinf(self.high):
            return f"must keep {output} at {self.low:,g} or above"
        if np.isinf(self.low):
            return f"must keep {output} at {self.high:,g} or below"
        return f"must keep {output} between {self.low:,g} and {self.high:,g}"

    def change(self, source: Any, follow_up: Any) -> Change:
        return "misses", max(self.low - follow_up, follow_up - self.high, 0.0)


@attrs.frozen
class Is:
    """The follow-up's output must be one stated label, whatever the source's is."""

    label: Any
    tolerance: Tolerance = 0.0
    wants: Wants = "any"

    def margins(self, source: Outputs, follow_up: Outputs, rounding: Rounding) -> Margins:
        off: Margins = np.array([label != self.label for label in follow_up.tolist()], dtype="float64")
        return off

    def phrase(self, output: str) -> str:
        return f"must make {output} {self.label!r}"

    def change(self, source: Any, follow_up: Any) -> Change:
        return ("stays" if follow_up == self.label else "changes"), None
