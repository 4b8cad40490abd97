"""Expectations that an output is another: unchanged, scaled."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np

from metamorph.expectations.expectation import Change, Wants, difference, is_number, moved, quiet, worst
from metamorph.expectations.tolerance import Margins, Outputs, Rounding, Tolerance, allowed, slack


@attrs.frozen
class Unchanged:
    """The output must stay as it is: a number within the tolerance, a label the same (margin 1 when it is not)."""

    tolerance: Tolerance = 0.0
    wants: Wants = "any"

    @quiet
    def margins(self, source: Outputs, follow_up: Outputs, rounding: Rounding) -> Margins:
        if not is_number(source) or not is_number(follow_up):
            changed: Margins = (source != follow_up).astype("float64")
            return changed
        return worst(np.abs(difference(source, follow_up)) - allowed(source, follow_up, self.tolerance, rounding))

    def phrase(self, output: str) -> str:
        return f"must not change {output}{slack(self.tolerance)}"

    def change(self, source: Any, follow_up: Any) -> Change:
        return moved(source, follow_up)


@attrs.frozen
class Scaled:
    """The follow-up's output must be the source's, multiplied by a constant."""

    by: float
    tolerance: Tolerance = 0.0
    wants: Wants = "number"

    @quiet
    def margins(self, source: Outputs, follow_up: Outputs, rounding: Rounding) -> Margins:
        expected = source * self.by
        return worst(np.abs(difference(expected, follow_up)) - allowed(expected, follow_up, self.tolerance, rounding))

    def phrase(self, output: str) -> str:
        return f"must multiply {output} by {self.by:g}{slack(self.tolerance).replace('by more than', 'up to')}"

    def change(self, source: Any, follow_up: Any) -> Change:
        return "misses", abs(follow_up - source * self.by)
