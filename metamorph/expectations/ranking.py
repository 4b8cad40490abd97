"""Rows of a batch in the order of their outputs."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np

from metamorph.expectations.expectation import Change, Wants, difference, moved, quiet, worst
from metamorph.expectations.tolerance import Margins, Outputs, Rounding, Tolerance, allowed


@attrs.frozen
class SameRanking:
    """No two rows of a batch may swap places; the margin of a row is by how much it swaps with the worst other one."""

    tolerance: Tolerance = 0.0
    wants: Wants = "number"

    @quiet
    def margins(self, source: Outputs, follow_up: Outputs, rounding: Rounding) -> Margins:
        before, after = (difference(side[:, None], side[None, :]) for side in (source, follow_up))
        opposite = np.sign(before) * np.sign(after) < 0  # the product of two tiny differences is zero
        swapped = np.where(opposite, np.minimum(np.abs(before), np.abs(after)), 0.0)
        return worst(swapped.max(axis=1) - allowed(source, follow_up, self.tolerance, rounding))

    def phrase(self, output: str) -> str:
        return f"must keep the order of the rows by {output}"

    def change(self, source: Any, follow_up: Any) -> Change:
        return moved(source, follow_up)
