"""A user's own function as an expectation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import numpy as np

from metamorph.errors import RelationError
from metamorph.expectations.expectation import Change, Wants, is_number, moved, quiet
from metamorph.expectations.tolerance import Margins, Outputs, Rounding, Tolerance


@attrs.frozen
class Function:
    """A user's own function of both outputs (arrays of shape ``(n,)``) that returns margins."""

    function: Callable[[Outputs, Outputs], Any] = attrs.field(repr=False)
    tolerance: Tolerance = 0.0
    wants: Wants = "any"

    @quiet
    def margins(self, source: Outputs, follow_up: Outputs, rounding: Rounding) -> Margins:
        found = np.asarray(self.function(source.copy(), follow_up.copy()))
        if found.shape != (len(source),) or found.dtype.kind not in "fiu":
            msg = (
                f"The expectation returned shape {found.shape}, dtype {found.dtype} for {len(source)} pairs; "
                "expected one margin (a number, not a bool) a pair."
            )
            raise RelationError(msg)
        if np.isnan(found).any():
            absent = int(np.isnan(found).sum())
            msg = f"The expectation returned NaN for {absent} of {len(source)} pairs; expected a margin."
            raise RelationError(msg)
        margins = found.astype("float64")
        if not is_number(source) or not is_number(follow_up):
            return margins
        left = source[:, None] if follow_up.ndim > source.ndim else source  # of a fan there are several follow-ups
        floor = rounding.floor(left, follow_up)
        return margins - (floor.max(axis=1) if floor.ndim > 1 else floor)

    def phrase(self, output: str) -> str:
        name = getattr(self.function, "__name__", "<lambda>")
        return f"must keep {output} within " + ("the given margin" if name == "<lambda>" else f"{name}()")

    def change(self, source: Any, follow_up: Any) -> Change:
        return moved(source, follow_up)
