"""What a test runner has a say in: how a bound relation is run, and what ends a run instead of failing the model.

Nothing else is imported here, so that a plugin which is installed and unused costs nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from metamorph.bound import BoundRelation
    from metamorph.report import Report

runner: ContextVar[Callable[[BoundRelation, Any], Report] | None] = ContextVar("metamorph_runner", default=None)
"""Runs a bound relation on a model in the place of :func:`metamorph.check`."""
stops: ContextVar[tuple[type[BaseException], ...]] = ContextVar("metamorph_stops", default=(KeyboardInterrupt,))
"""What ends the run when it comes out of a model, in the place of being the model's failure: a test runner adds its own
(pytest-timeout raises ``Failed`` wherever the time is up, and nobody would stop the next call)."""


def replayed() -> bool | None:
    """Whether Hypothesis runs a case that it knows, a pinned one or one that failed; None outside of its tests."""
    hypothesis = sys.modules.get("hypothesis")
    if hypothesis is None or not hypothesis.currently_in_test_context():
        return None
    return bool(hypothesis.control.current_build_context().is_final)
