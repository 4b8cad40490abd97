"""An expectation that any answer meets."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np

from metamorph.expectations.expectation import Change, Wants, moved
from metamorph.expectations.tolerance import Margins, Outputs, Rounding, Tolerance


@attrs.frozen
class Answered:
    """Any answer will do. That there is one, and a number or a label, is looked after wherever a model is asked."""

    tolerance: Tolerance = 0.0
    wants: Wants = "any"

    def margins(self, source: Outputs, follow_up: Outputs, rounding: Rounding) -> Margins:
        return np.zeros(len(follow_up))

    def phrase(self, output: str) -> str:
        return "must get an answer"

    def change(self, source: Any, follow_up: Any) -> Change:
        return moved(source, follow_up)


@attrs.frozen
class Finite(Answered):
    """A number must be a finite one; any label will do."""

    def margins(self, source: Outputs, follow_up: Outputs, rounding: Rounding) -> Margins:
        if follow_up.dtype.kind not in "fc":
            return super().margins(source, follow_up, rounding)
        finite = np.isfinite(follow_up).reshape(len(follow_up), -1).all(axis=1)
        return np.where(finite, 0.0, 1.0)

    def phrase(self, output: str) -> str:
        return f"must get a {output} that is no infinite number"
