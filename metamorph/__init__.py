"""metamorph: property-based metamorphic testing for machine-learning models, tabular first.

``import metamorph as mm`` is cheap: every name is loaded when it is first used (PEP 562).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from metamorph import catalogue, expectations, registry, strategies, transforms
    from metamorph.bundle import Bundle
    from metamorph.catalogue import anchor, must_matter
    from metamorph.errors import (
        FailuresWarning,
        FormulaWarning,
        LeakWarning,
        MetamorphError,
        ModelError,
        RelationError,
        SchemaError,
    )
    from metamorph.expectations import relative
    from metamorph.parametrize import parametrize_with_relations, relations
    from metamorph.relation import Relation, decreasing, increasing, invariant
    from metamorph.report import Report
    from metamorph.result import Counterexample, Evidence, Result
    from metamorph.runner.checking import check
    from metamorph.runner.clustering import check_clustering
    from metamorph.runner.planning import cases_needed
    from metamorph.runner.ready import judge
    from metamorph.runner.registered import check_model
    from metamorph.runner.training import check_training
    from metamorph.slices import slice  # noqa: A004 - as it is written: mm.slice("north", ...)
    from metamorph_strategies.columns import Boolean, Category, Integer, Real, Strategy, Timestamp
    from metamorph_strategies.schema import Schema

__version__ = "0.1.0"

_HOMES = {
    "metamorph.bundle": ("Bundle",),
    "metamorph.catalogue": ("anchor", "must_matter"),
    "metamorph.errors": (
        "FailuresWarning",
        "FormulaWarning",
        "LeakWarning",
        "MetamorphError",
        "ModelError",
        "RelationError",
        "SchemaError",
    ),
    "metamorph.expectations": ("relative",),
    "metamorph.parametrize": ("parametrize_with_relations", "relations"),
    "metamorph.relation": ("Relation", "decreasing", "increasing", "invariant"),
    "metamorph.report": ("Report",),
    "metamorph.result": ("Counterexample", "Evidence", "Result"),
    "metamorph.runner.checking": ("check",),
    "metamorph.runner.clustering": ("check_clustering",),
    "metamorph.runner.planning": ("cases_needed",),
    "metamorph.runner.ready": ("judge",),
    "metamorph.runner.registered": ("check_model",),
    "metamorph.runner.training": ("check_training",),
    "metamorph.slices": ("slice",),
    "metamorph_strategies.columns": ("Boolean", "Category", "Integer", "Real", "Strategy", "Timestamp"),
    "metamorph_strategies.schema": ("Schema",),
}
_MODULES = ("catalogue", "expectations", "registry", "strategies", "transforms")
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Boolean",
    "Bundle",
    "Category",
    "Counterexample",
    "Evidence",
    "FailuresWarning",
    "FormulaWarning",
    "Integer",
    "LeakWarning",
    "MetamorphError",
    "ModelError",
    "Real",
    "Relation",
    "RelationError",
    "Report",
    "Result",
    "Schema",
    "SchemaError",
    "Strategy",
    "Timestamp",
    "anchor",
    "cases_needed",
    "catalogue",
    "check",
    "check_clustering",
    "check_model",
    "check_training",
    "decreasing",
    "expectations",
    "increasing",
    "invariant",
    "judge",
    "must_matter",
    "parametrize_with_relations",
    "registry",
    "relations",
    "relative",
    "slice",
    "strategies",
    "transforms",
]


if not TYPE_CHECKING:  # to a type checker it would say that every name is there

    def __getattr__(name: str) -> Any:
        if name in _MODULES:
            return importlib.import_module(f"metamorph.{name}")
        if name in _HOME_OF:
            value = getattr(importlib.import_module(_HOME_OF[name]), name)
            globals()[name] = value
            return value
        msg = f"module 'metamorph' has no attribute {name!r}"
        raise AttributeError(msg)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
