"""Asking as the command line and pytest do, with failures that are kept."""

from __future__ import annotations

from typing import Any

import metamorph as mm
from metamorph.runner import checking
from metamorph.runner.settings import Settings


def run(
    model: Any, relations: Any, schema: Any, *, progress: Any = None, failures: Any = None, **given: Any
) -> mm.Report:
    """``checking.run`` with the settings that are *given* as the arguments of ``mm.check``."""
    return checking.run(model, relations, schema, Settings(**given), progress=progress, failures=failures)
