"""What the runner asks of any expectation, and how all of them compare outputs."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Literal, Protocol, TypeVar, runtime_checkable

import numpy as np

from metamorph.expectations.tolerance import Margins, Outputs, Rounding, Tolerance

Change = tuple[Literal["falls", "rises", "changes", "stays", "misses"], float | None]
Found = TypeVar("Found")
Wants = Literal["number", "order", "any"]
"""What outputs an expectation reads: numbers, numbers or ordered labels, or whatever the model says first."""


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


def quiet(judge: Callable[..., Found]) -> Callable[..., Found]:
    """Margins of huge and infinite outputs without a warning: an overflow to infinity is the right answer."""

    @functools.wraps(judge)
    def quietly(*arguments: Any) -> Found:
        with np.errstate(over="ignore", invalid="ignore"):
            return judge(*arguments)

    return quietly


def is_number(outputs: Outputs) -> bool:
    """Whether outputs are numbers to calculate with, not labels."""
    return outputs.dtype.kind == "f"


def difference(left: Outputs | float, right: Outputs | float) -> Margins:
    """``left - right``; zero where both are the same infinity."""
    return np.where(left == right, 0.0, left - right)


def worst(margins: Margins) -> Margins:
    """One margin a case, the largest of those of its several outputs."""
    return margins.max(axis=1) if margins.ndim > 1 else margins


def moved(source: Any, follow_up: Any) -> Change:
    """How an output moved: up, down, to another label, not at all."""
    if not isinstance(source, int | float) or not isinstance(follow_up, int | float):
        return ("stays" if source == follow_up else "changes"), None
    if source == follow_up:
        return "stays", 0.0
    return ("falls" if follow_up < source else "rises"), abs(float(follow_up) - float(source))
