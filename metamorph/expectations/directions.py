"""Directional expectations: not lower, not higher."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np

from metamorph.expectations.expectation import Change, Wants, difference, moved, quiet, worst
from metamorph.expectations.tolerance import Margins, Outputs, Rounding, Tolerance, allowed, slack


@attrs.frozen
class NotLower:
    """The follow-up's output must not be lower; ``strict``: it must be higher."""

    tolerance: Tolerance = 0.0
    strict: bool = False
    wants: Wants = "order"

    @quiet
    def margins(self, source: Outputs, follow_up: Outputs, rounding: Rounding) -> Margins:
        return _fall_margins(difference(source, follow_up), source, follow_up, self, rounding)

    def phrase(self, output: str) -> str:
        return f"must raise {output}" if self.strict else f"must not lower {output}{slack(self.tolerance)}"

    def change(self, source: Any, follow_up: Any) -> Change:
        return moved(source, follow_up)


@attrs.frozen
class NotHigher:
    """The follow-up's output must not be higher; ``strict``: it must be lower."""

    tolerance: Tolerance = 0.0
    strict: bool = False
    wants: Wants = "order"

    @quiet
    def margins(self, source: Outputs, follow_up: Outputs, rounding: Rounding) -> Margins:
        return _fall_margins(difference(follow_up, source), source, follow_up, self, rounding)

    def phrase(self, output: str) -> str:
        return f"must lower {output}" if self.strict else f"must not raise {output}{slack(self.tolerance)}"

    def change(self, source: Any, follow_up: Any) -> Change:
        return moved(source, follow_up)


def _fall_margins(
    fall: Margins, source: Outputs, follow_up: Outputs, expectation: NotLower | NotHigher, rounding: Rounding
) -> Margins:
    """How far outputs went the wrong way, less what is allowed; strictly, a tie violates as well.

    Each of several outputs of a row has to go the right way.
    """
    within = allowed(source, follow_up, expectation.tolerance, rounding)
    if not expectation.strict:
        return worst(fall - within)
    return worst(np.where(-fall > within, fall + within, np.maximum(fall + within, np.finfo(float).tiny)))
