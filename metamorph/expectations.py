"""The output side of a relation: from outputs of source and follow-up to a margin per case.

A margin above zero violates the relation by that much, in output units. What is allowed is the tolerance and the rounding
floor together: honest models are not bitwise pure, and their dust is no violation.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Literal, Protocol, runtime_checkable

import attrs
import numpy as np
import numpy.typing as npt

from metamorph.errors import RelationError

__all__ = [
    "Expectation",
    "Function",
    "NotHigher",
    "NotLower",
    "Relative",
    "Rounding",
    "Scaled",
    "Unchanged",
    "function",
    "not_higher",
    "not_lower",
    "relative",
    "scaled",
    "unchanged",
]

Outputs = npt.NDArray[Any]
Margins = npt.NDArray[np.float64]
Change = tuple[Literal["falls", "rises", "changes", "stays", "misses"], float | None]
Wants = Literal["number", "order", "any"]
"""What outputs an expectation reads: numbers, numbers or ordered labels, or whatever the model says first."""


@attrs.frozen
class Relative:
    """A tolerance relative to the larger of the two outputs, in absolute value; at least ``at_least`` output units."""

    share: float
    at_least: float = 0.0


def relative(share: float, at_least: float = 0.0) -> Relative:
    """A tolerance of *share* times the larger of both outputs' absolute values, symmetric and never divided by an output.

    >>> relative(0.01)
    Relative(share=0.01, at_least=0.0)
    """
    for name, value in (("share", share), ("at_least", at_least)):
        if not value >= 0:
            msg = f"Expected {name} >= 0 but got {name}={value!r}."
            raise RelationError(msg)
    return Relative(share, at_least)


Tolerance = float | Relative


@attrs.frozen
class Rounding:
    """The rounding floor of a model's outputs: ``coefficient * max(|source|, |follow-up|, scale)``."""

    coefficient: float = 0.0
    scale: float = 0.0

    def floor(self, source: Outputs, follow_up: Outputs) -> Margins:
        """The floor of each pair, in output units."""
        return self.coefficient * np.maximum(_larger(source, follow_up), self.scale)


@runtime_checkable
class Expectation(Protocol):
    """What the runner asks of any expectation."""

    @property
    def wants(self) -> Wants:
        """What outputs it reads."""

    @property
    def tolerance(self) -> Tolerance:
        """What is allowed, beyond the rounding floor."""

    def margins(self, source: Outputs, follow_up: Outputs, rounding: Rounding) -> Margins:
        """The margin of each pair; above zero it violates."""

    def phrase(self, output: str) -> str:
        """The expectation in words, to end a sentence: ``must not lower the prediction``."""

    def change(self, source: Any, follow_up: Any) -> Change:
        """What happened to the output of one pair, as a verb and an amount in output units."""


def _quiet(judge: Callable[..., Margins]) -> Callable[..., Margins]:
    """Margins of huge and infinite outputs without a warning: an overflow to infinity is the right answer."""

    @functools.wraps(judge)
    def quietly(*arguments: Any) -> Margins:
        with np.errstate(over="ignore", invalid="ignore"):
            return judge(*arguments)

    return quietly


@attrs.frozen
class NotLower:
    """The follow-up's output must not be lower; ``strict``: it must be higher."""

    tolerance: Tolerance = 0.0
    strict: bool = False
    wants: Wants = "order"

    @_quiet
    def margins(self, source: Outputs, follow_up: Outputs, rounding: Rounding) -> Margins:
        return _fall_margins(source, follow_up, source, follow_up, self, rounding)

    def phrase(self, output: str) -> str:
        return f"must raise {output}" if self.strict else f"must not lower {output}{_slack(self.tolerance)}"

    def change(self, source: Any, follow_up: Any) -> Change:
        return _moved(source, follow_up)


@attrs.frozen
class NotHigher:
    """The follow-up's output must not be higher; ``strict``: it must be lower."""

    tolerance: Tolerance = 0.0
    strict: bool = False
    wants: Wants = "order"

    @_quiet
    def margins(self, source: Outputs, follow_up: Outputs, rounding: Rounding) -> Margins:
        return _fall_margins(follow_up, source, source, follow_up, self, rounding)

    def phrase(self, output: str) -> str:
        return f"must lower {output}" if self.strict else f"must not raise {output}{_slack(self.tolerance)}"

    def change(self, source: Any, follow_up: Any) -> Change:
        return _moved(source, follow_up)


@attrs.frozen
class Unchanged:
    """The output must stay as it is: a number within the tolerance, a label the same (margin 1 when it is not)."""

    tolerance: Tolerance = 0.0
    wants: Wants = "any"

    @_quiet
    def margins(self, source: Outputs, follow_up: Outputs, rounding: Rounding) -> Margins:
        if not is_number(source) or not is_number(follow_up):
            return (source != follow_up).astype("float64")
        return np.abs(_difference(source, follow_up)) - allowed(source, follow_up, self.tolerance, rounding)

    def phrase(self, output: str) -> str:
        return f"must not change {output}{_slack(self.tolerance)}"

    def change(self, source: Any, follow_up: Any) -> Change:
        return _moved(source, follow_up)


@attrs.frozen
class Scaled:
    """The follow-up's output must be the source's, multiplied by a constant."""

    by: float
    tolerance: Tolerance = 0.0
    wants: Wants = "number"

    @_quiet
    def margins(self, source: Outputs, follow_up: Outputs, rounding: Rounding) -> Margins:
        expected = source * self.by
        return np.abs(_difference(expected, follow_up)) - allowed(expected, follow_up, self.tolerance, rounding)

    def phrase(self, output: str) -> str:
        return f"must multiply {output} by {self.by:g}{_slack(self.tolerance)}"

    def change(self, source: Any, follow_up: Any) -> Change:
        return "misses", abs(follow_up - source * self.by)


@attrs.frozen
class Function:
    """A user's own function of both outputs (arrays of shape ``(n,)``) that returns margins."""

    function: Callable[[Outputs, Outputs], Any] = attrs.field(repr=False)
    tolerance: Tolerance = 0.0
    wants: Wants = "any"

    @_quiet
    def margins(self, source: Outputs, follow_up: Outputs, rounding: Rounding) -> Margins:
        found = np.asarray(self.function(source.copy(), follow_up.copy()))
        if found.shape != (len(source),) or found.dtype.kind not in "fiu":
            msg = f"The expectation returned shape {found.shape}, dtype {found.dtype} for {len(source)} pairs; expected one margin (a number, not a bool) a pair."
            raise RelationError(msg)
        if np.isnan(found).any():
            msg = f"The expectation returned NaN for {int(np.isnan(found).sum())} of {len(source)} pairs; expected a margin."
            raise RelationError(msg)
        margins = found.astype("float64")
        return margins - rounding.floor(source, follow_up) if is_number(source) and is_number(follow_up) else margins

    def phrase(self, output: str) -> str:
        name = getattr(self.function, "__name__", "<lambda>")
        return f"must keep {output} within " + ("the given margin" if name == "<lambda>" else f"{name}()")

    def change(self, source: Any, follow_up: Any) -> Change:
        return _moved(source, follow_up)


def not_lower(tolerance: Tolerance = 0.0, *, strict: bool = False) -> NotLower:
    """The follow-up's output must not be lower than the source's by more than *tolerance*; ``strict``: it must be higher."""
    return NotLower(_checked(tolerance, strict=strict), strict)


def not_higher(tolerance: Tolerance = 0.0, *, strict: bool = False) -> NotHigher:
    """The follow-up's output must not be higher than the source's by more than *tolerance*; ``strict``: it must be lower."""
    return NotHigher(_checked(tolerance, strict=strict), strict)


def unchanged(tolerance: Tolerance = 0.0) -> Unchanged:
    """The output must not change by more than *tolerance*; a label must not change."""
    return Unchanged(_checked(tolerance))


def scaled(by: float, tolerance: Tolerance = 0.0) -> Scaled:
    """The follow-up's output must be *by* times the source's, up to *tolerance*."""
    return Scaled(by, _checked(tolerance))


def function(margins: Callable[[Outputs, Outputs], Any]) -> Function:
    """A user's own expectation: ``margins(source, follow_up)`` on arrays of shape ``(n,)``, above zero where it is broken."""
    return Function(margins)


def is_number(outputs: Outputs) -> bool:
    """Whether outputs are numbers to calculate with, not labels."""
    return outputs.dtype.kind == "f"


def allowed(source: Outputs, follow_up: Outputs, tolerance: Tolerance, rounding: Rounding) -> Margins:
    """What is allowed for each pair, in output units: the tolerance and the rounding floor together.

    The floor is added, not the larger of both taken: 0.83 - 0.82 is 0.010000000000000009, and a tolerance of 0.01 would
    otherwise be broken by dust (on a 100-tree forest, in 52% of cases). Infinite outputs count as zero in a relative
    tolerance: an infinite change is within no tolerance.
    """
    floor = rounding.floor(source, follow_up)
    if isinstance(tolerance, Relative):
        return np.maximum(tolerance.share * _larger(source, follow_up), tolerance.at_least) + floor
    return floor + tolerance


def _fall_margins(
    before: Outputs,
    after: Outputs,
    source: Outputs,
    follow_up: Outputs,
    expectation: NotLower | NotHigher,
    rounding: Rounding,
) -> Margins:
    """How much *after* lies below *before*, less what is allowed; strictly, a tie violates as well."""
    fall = _difference(before, after)
    within = allowed(source, follow_up, expectation.tolerance, rounding)
    if not expectation.strict:
        return fall - within
    return np.where(-fall > within, fall + within, np.maximum(fall + within, np.finfo(float).tiny))


def _difference(left: Outputs, right: Outputs) -> Margins:
    """``left - right``; zero where both are the same infinity."""
    return np.where(left == right, 0.0, left - right)


def _larger(source: Outputs, follow_up: Outputs) -> Margins:
    """The larger absolute value of each pair, infinities left out."""
    sizes = [np.where(np.isfinite(outputs), np.abs(outputs), 0.0) for outputs in (source, follow_up)]
    return np.maximum(*sizes)


def _checked(tolerance: Tolerance, *, strict: bool = False) -> Tolerance:
    if isinstance(tolerance, Relative):
        given = tolerance.share > 0 or tolerance.at_least > 0
    elif isinstance(tolerance, bool) or not isinstance(tolerance, int | float) or not 0 <= tolerance < float("inf"):
        msg = f"Expected tolerance to be a finite number >= 0 or mm.relative(...) but got tolerance={tolerance!r}."
        raise RelationError(msg)
    else:
        given = tolerance > 0
    if strict and given:
        msg = f"Expected no tolerance with strict=True but got tolerance={tolerance!r}."
        raise RelationError(msg)
    return tolerance


def _slack(tolerance: Tolerance) -> str:
    if isinstance(tolerance, Relative):
        least = f", at least {tolerance.at_least:,g}," if tolerance.at_least else ""
        return f" by more than {tolerance.share:.4g} of the larger{least}" if tolerance.share or least else ""
    return f" by more than {tolerance:,g}" if tolerance else ""


def _moved(source: Any, follow_up: Any) -> Change:
    if not isinstance(source, int | float) or not isinstance(follow_up, int | float):
        return ("stays" if source == follow_up else "changes"), None
    if source == follow_up:
        return "stays", 0.0
    return ("falls" if follow_up < source else "rises"), abs(float(follow_up) - float(source))
