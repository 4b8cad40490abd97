"""A relation bound to its schema and settings: what ``relation.check(model)`` lives on."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import attrs

from metamorph.relation import Relation
from metamorph.report import Report
from metamorph.runner.checking import BUDGET, check
from metamorph_strategies.schema import Schema


@attrs.frozen
class Settings:
    """How much a check may ask, as the arguments of ``mm.check``."""

    budget: int = BUDGET
    seconds: float | None = None
    seed: int = 0
    floor: float | None = None


@attrs.frozen
class BoundRelation:
    """A relation with the schema and the settings it is checked with."""

    relation: Relation
    schema: Schema
    settings: Settings = Settings()

    @property
    def id(self) -> str:
        """The relation's id."""
        return self.relation.id

    def check(self, model: Any) -> None:
        """Raise AssertionError with the readable report unless *model* keeps the relation.

        A test runner may have a say in how it is run: see :data:`host`.
        """
        __tracebackhide__ = True
        run = host.get()
        report = _run(self, model) if run is None else run(self, model)
        report.raise_for_violations()


Host = Callable[[BoundRelation, Any], Report]
host: ContextVar[Host | None] = ContextVar("metamorph_host", default=None)
"""Runs a bound relation in the place of :func:`metamorph.check`: a test runner sets it around each test."""


def _run(bound: BoundRelation, model: Any) -> Report:
    return check(model, bound.relation, bound.schema, **attrs.asdict(bound.settings))
