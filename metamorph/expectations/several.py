"""Expectations of several follow-ups of one source: outputs of shape ``(n, k)`` beside the source's ``(n,)``."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

import attrs
import numpy as np

from metamorph.expectations.expectation import Change, Wants, moved, quiet
from metamorph.expectations.tolerance import Margins, Outputs, Relative, Rounding, Tolerance


@runtime_checkable
class Several(Protocol):
    """An expectation of several follow-ups."""

    def pair(self, source: Outputs, follow_ups: Outputs) -> tuple[int, int]:
        """The two outputs of one case that decide, as places among the follow-ups; -1 is the source itself."""


def _within(source: Outputs, follow_ups: Outputs, tolerance: Tolerance, rounding: Rounding) -> Margins:
    """What is allowed for each case, by the largest of its outputs."""
    every = np.abs(np.column_stack([source, follow_ups]))
    largest = np.where(np.isfinite(every), every, 0.0).max(axis=1)
    within: Margins = rounding.coefficient * np.maximum(largest, rounding.scale)
    if isinstance(tolerance, Relative):
        return np.asarray(within + np.maximum(tolerance.share * largest, tolerance.at_least))
    return np.asarray(within + tolerance)


@attrs.frozen
class Rising:
    """Along the follow-ups the output must never fall; ``falling``: never rise."""

    tolerance: Tolerance = 0.0
    falling: bool = False
    wants: Wants = "order"

    @quiet
    def margins(self, source: Outputs, follow_ups: Outputs, rounding: Rounding) -> Margins:
        along = self._signed(follow_ups)
        fall: Margins = (np.maximum.accumulate(along, axis=1) - along).max(axis=1)
        return fall - _within(source, follow_ups, self.tolerance, rounding)

    def pair(self, source: Outputs, follow_ups: Outputs) -> tuple[int, int]:
        along = self._signed(follow_ups[None, :])[0]
        last = int(np.argmax(np.maximum.accumulate(along) - along))
        return int(np.argmax(along[: last + 1])), last

    def phrase(self, output: str) -> str:
        return f"must never {'raise' if self.falling else 'lower'} {output}"

    def change(self, source: Any, follow_up: Any) -> Change:
        return moved(source, follow_up)

    def _signed(self, follow_ups: Outputs) -> Margins:
        return -follow_ups.astype("float64") if self.falling else follow_ups.astype("float64")


@attrs.frozen
class NoIslands:
    """Along the follow-ups the label may change once; the margin is how many times more it does."""

    tolerance: Tolerance = 0.0
    wants: Wants = "any"

    def margins(self, source: Outputs, follow_ups: Outputs, rounding: Rounding) -> Margins:
        changes: Margins = (follow_ups[:, 1:] != follow_ups[:, :-1]).sum(axis=1).astype("float64") - 1
        return changes

    def pair(self, source: Outputs, follow_ups: Outputs) -> tuple[int, int]:
        changes = np.flatnonzero(follow_ups[1:] != follow_ups[:-1])
        return int(changes[1]), int(changes[1]) + 1

    def phrase(self, output: str) -> str:
        return f"must change {output} once at the most"

    def change(self, source: Any, follow_up: Any) -> Change:
        return moved(source, follow_up)


@attrs.frozen
class Bent:
    """Over three points at equal distances the output must bend down (concave); ``convex``: up."""

    tolerance: Tolerance = 0.0
    convex: bool = False
    wants: Wants = "number"

    @quiet
    def margins(self, source: Outputs, follow_ups: Outputs, rounding: Rounding) -> Margins:
        bend = source - 2 * follow_ups[:, 0] + follow_ups[:, 1]
        margins: Margins = (-bend if self.convex else bend) - 4 * _within(source, follow_ups, self.tolerance, rounding)
        return margins

    def pair(self, source: Outputs, follow_ups: Outputs) -> tuple[int, int]:
        return 0, 1

    def phrase(self, output: str) -> str:
        return f"must bend {output} {'up' if self.convex else 'down'}wards, never the other way"

    def change(self, source: Any, follow_up: Any) -> Change:
        return moved(source, follow_up)


@attrs.frozen
class SumsTo:
    """The follow-ups' outputs must add up to the source's."""

    tolerance: Tolerance = 0.0
    wants: Wants = "number"

    @quiet
    def margins(self, source: Outputs, follow_ups: Outputs, rounding: Rounding) -> Margins:
        off: Margins = np.abs(follow_ups.sum(axis=1) - source)
        return np.asarray(off - follow_ups.shape[1] * _within(source, follow_ups, self.tolerance, rounding))

    def pair(self, source: Outputs, follow_ups: Outputs) -> tuple[int, int]:
        return -1, int(np.argmax(np.abs(follow_ups)))

    def phrase(self, output: str) -> str:
        return f"must leave the sum of the parts' {output.removeprefix('the ')}s at the whole's"

    def change(self, source: Any, follow_up: Any) -> Change:
        return moved(source, follow_up)


@attrs.frozen
class WithinRange:
    """The source's output must lie between the least and the largest of the follow-ups'."""

    tolerance: Tolerance = 0.0
    wants: Wants = "number"

    @quiet
    def margins(self, source: Outputs, follow_ups: Outputs, rounding: Rounding) -> Margins:
        outside: Margins = np.maximum(source - follow_ups.max(axis=1), follow_ups.min(axis=1) - source)
        return outside - _within(source, follow_ups, self.tolerance, rounding)

    def pair(self, source: Outputs, follow_ups: Outputs) -> tuple[int, int]:
        return -1, int(np.argmax(follow_ups) if source > follow_ups.max() else np.argmin(follow_ups))

    def phrase(self, output: str) -> str:
        return f"must keep {output} of the row itself within the range of theirs"

    def change(self, source: Any, follow_up: Any) -> Change:
        return moved(source, follow_up)


@attrs.frozen
class SameDirection:
    """A step down and a step up must move the output in opposite directions, or not at all."""

    tolerance: Tolerance = 0.0
    wants: Wants = "number"

    @quiet
    def margins(self, source: Outputs, follow_ups: Outputs, rounding: Rounding) -> Margins:
        down, up = follow_ups[:, 0] - source, follow_ups[:, 1] - source
        both: Margins = np.where(
            down * up > 0, np.minimum(np.abs(down), np.abs(up)), -np.minimum(np.abs(down), np.abs(up))
        )
        return both - _within(source, follow_ups, self.tolerance, rounding)

    def pair(self, source: Outputs, follow_ups: Outputs) -> tuple[int, int]:
        return -1, 1

    def phrase(self, output: str) -> str:
        return f"must move {output} one way going down and the other way going up"

    def change(self, source: Any, follow_up: Any) -> Change:
        return moved(source, follow_up)
