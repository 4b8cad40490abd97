"""Expectations of several follow-ups of one source: outputs of shape ``(n, k)`` beside the source's ``(n,)``."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

import attrs
import numpy as np

from metamorph.errors import RelationError
from metamorph.expectations.expectation import Change, Wants, difference, moved, quiet
from metamorph.expectations.tolerance import Margins, Outputs, Relative, Rounding, Tolerance


@runtime_checkable
class Several(Protocol):
    """An expectation of several follow-ups."""

    def pair(self, source: Outputs, follow_ups: Outputs) -> tuple[int, int]:
        """The two outputs of one case that decide, as places among the follow-ups; -1 is the source itself."""


def _within(source: Outputs, follow_ups: Outputs, tolerance: Tolerance, rounding: Rounding, floors: int = 1) -> Margins:
    """What is allowed for each case, by the largest of its outputs: the tolerance, and so many rounding floors."""
    every = np.abs(np.column_stack([source, follow_ups]))
    largest = np.where(np.isfinite(every), every, 0.0).max(axis=1)
    within: Margins = floors * rounding.coefficient * np.maximum(largest, rounding.scale)
    if isinstance(tolerance, Relative):
        within = within + np.maximum(tolerance.share * largest, tolerance.at_least)
    else:
        within = within + tolerance
    return np.minimum(within, np.finfo(float).max)


@attrs.frozen
class Rising:
    """Along the follow-ups the output must never fall; ``falling``: never rise."""

    tolerance: Tolerance = 0.0
    falling: bool = False
    wants: Wants = "order"

    @quiet
    def margins(self, source: Outputs, follow_ups: Outputs, rounding: Rounding) -> Margins:
        along = self._signed(follow_ups)
        fall: Margins = difference(np.maximum.accumulate(along, axis=1), along).max(axis=1)
        return fall - _within(source, follow_ups, self.tolerance, rounding)

    @quiet
    def pair(self, source: Outputs, follow_ups: Outputs) -> tuple[int, int]:
        along = self._signed(follow_ups[None, :])[0]
        last = int(np.argmax(difference(np.maximum.accumulate(along), along)))
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
    """Over three points at equal distances the output must bend down (concave); ``convex``: up.

    The margin is how far the middle output lies on the wrong side of the line through the others.
    """

    tolerance: Tolerance = 0.0
    convex: bool = False
    wants: Wants = "number"

    @quiet
    def margins(self, source: Outputs, follow_ups: Outputs, rounding: Rounding) -> Margins:
        _check_two(follow_ups)
        line, middle = source / 2 + follow_ups[:, 1] / 2, follow_ups[:, 0]
        beside = difference(middle, line) if self.convex else difference(line, middle)
        beside = np.where(np.isnan(beside), 0.0, beside)  # between two opposite infinities there is no line
        return beside - _within(source, follow_ups, self.tolerance, rounding, floors=2)

    def pair(self, source: Outputs, follow_ups: Outputs) -> tuple[int, int]:
        return -1, 0

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
        off: Margins = np.abs(difference(follow_ups.sum(axis=1), source))
        off = np.where(np.isnan(off), np.inf, off)  # parts of opposite infinities add up to nothing
        return off - _within(source, follow_ups, self.tolerance, rounding, floors=follow_ups.shape[1] + 1)

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
        most, least = follow_ups.max(axis=1), follow_ups.min(axis=1)
        outside: Margins = np.maximum(difference(source, most), difference(least, source))
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
        _check_two(follow_ups)
        down, up = difference(follow_ups[:, 0], source), difference(follow_ups[:, 1], source)
        smaller = np.minimum(np.abs(down), np.abs(up))
        both: Margins = np.where(np.sign(down) * np.sign(up) > 0, smaller, -smaller)
        return both - _within(source, follow_ups, self.tolerance, rounding)

    def pair(self, source: Outputs, follow_ups: Outputs) -> tuple[int, int]:
        return -1, 1

    def phrase(self, output: str) -> str:
        return f"must move {output} one way going down and the other way going up"

    def change(self, source: Any, follow_up: Any) -> Change:
        return moved(source, follow_up)


@attrs.frozen
class Alike:
    """The follow-ups' outputs must be the same as one another, whatever the source's is."""

    tolerance: Tolerance = 0.0
    wants: Wants = "number"

    @quiet
    def margins(self, source: Outputs, follow_ups: Outputs, rounding: Rounding) -> Margins:
        apart = difference(follow_ups.max(axis=1), follow_ups.min(axis=1))
        return apart - _within(follow_ups[:, 0], follow_ups, self.tolerance, rounding)

    def pair(self, source: Outputs, follow_ups: Outputs) -> tuple[int, int]:
        first, last = sorted((int(np.argmin(follow_ups)), int(np.argmax(follow_ups))))
        return first, last

    def phrase(self, output: str) -> str:
        return f"must give {output} alike"

    def change(self, source: Any, follow_up: Any) -> Change:
        return moved(source, follow_up)


def _check_two(follow_ups: Outputs) -> None:
    if follow_ups.shape[1] != 2:  # noqa: PLR2004 - three points in all
        msg = f"Expected two follow-ups beside the source (mm.transforms.offsets) but got {follow_ups.shape[1]}."
        raise RelationError(msg)
