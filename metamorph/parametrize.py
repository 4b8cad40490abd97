"""pytest items from relations: one test for each relation, or for each relation of each model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd
import pytest

from metamorph.bound import BoundRelation, Settings
from metamorph.errors import RelationError, expected, nearest_name
from metamorph.relation import Relation
from metamorph.report.lines import safe
from metamorph.runner.checking import BUDGET, check_numbers, listing
from metamorph_strategies.schema import Schema

LONGEST_ID = 60


def relations(
    *each: Relation,
    schema: Schema | pd.DataFrame,
    expected_failures: Mapping[str, str] | None = None,
    budget: int = BUDGET,
    seconds: float | None = None,
    seed: int = 0,
    floor: float | None = None,
) -> pytest.MarkDecorator:
    """Decorate a test that takes ``relation``: it runs once for each relation, and ``relation.check(model)`` judges.

    ``schema`` (or a frame that stands for it) and the settings are those of ``mm.check``; what pytest's command line or
    ini file say of budget, seconds and seed comes before them. ``expected_failures`` maps ids of relations that are
    known to fail to the reason: they must fail (a strict xfail). Raises RelationError for relations that cannot be.
    """
    settings = _settings(budget, seconds, seed, floor)
    known = _Known(expected_failures)
    bound = [BoundRelation(relation, _schema(schema), settings) for relation in listing(each)]
    params = [pytest.param(one, id=_id(one.id), marks=known.marks(one.id)) for one in bound]
    known.check([one.id for one in bound])
    return pytest.mark.parametrize("relation", params)


def parametrize_with_relations(
    models: Mapping[str, Any] | Iterable[Any],
    schema: Schema | pd.DataFrame,
    relations: Relation | Iterable[Relation],
    *,
    expected_failures: Mapping[str, str] | None = None,
    budget: int = BUDGET,
    seconds: float | None = None,
    seed: int = 0,
    floor: float | None = None,
) -> pytest.MarkDecorator:
    """Decorate a test that takes ``model`` and ``relation``: it runs once for each relation of each model.

    Models are a dict by name, or a list of them, named after their classes. Keys of ``expected_failures`` are ids of
    relations, for every model, or ids of tests as pytest shows them (``forest-increasing[age]``); the rest is as for
    :func:`relations`.
    """
    settings = _settings(budget, seconds, seed, floor)
    known = _Known(expected_failures)
    schema = _schema(schema)
    bound = [BoundRelation(relation, schema, settings) for relation in listing(relations)]
    params = []
    names = []
    for name, model in _named(models).items():
        for one in bound:
            test = f"{name}-{one.id}"
            names += [one.id, test]
            params.append(pytest.param(model, one, id=_id(test), marks=known.marks(one.id, test)))
    known.check(names)
    return pytest.mark.parametrize(("model", "relation"), params)


class _Known:
    """Failures that are known, each with its reason."""

    def __init__(self, reasons: Mapping[str, str] | None) -> None:
        if reasons is not None and not (
            isinstance(reasons, Mapping) and all(isinstance(text, str) and text for text in reasons.values())
        ):
            raise RelationError(expected("a dict of ids and reasons", expected_failures=reasons))
        self.reasons = dict(reasons or {})

    def marks(self, *names: str) -> list[pytest.MarkDecorator]:
        """A strict xfail where one of the names is known to fail."""
        reasons = [self.reasons[name] for name in names if name in self.reasons]
        return [pytest.mark.xfail(reason=reasons[-1], strict=True, raises=AssertionError)] if reasons else []

    def check(self, names: Iterable[str]) -> None:
        """Raise RelationError for a known failure of what is not tested."""
        every = list(names)
        for name in self.reasons:
            if name not in every:
                msg = f"expected_failures names {name!r}, and no test has this id{nearest_name(str(name), every)}."
                raise RelationError(msg)


def _settings(budget: int, seconds: float | None, seed: int, floor: float | None) -> Settings:
    check_numbers(budget, seconds, seed)
    return Settings(budget, seconds, seed, floor)


def _schema(schema: Schema | pd.DataFrame) -> Schema:
    return schema if isinstance(schema, Schema) else Schema.from_frame(schema)


def _named(models: Mapping[str, Any] | Iterable[Any]) -> dict[str, Any]:
    """Models by name; several of one class are numbered."""
    if isinstance(models, Mapping):
        return {str(name): model for name, model in models.items()}
    every = list(models) if isinstance(models, Iterable) and not hasattr(models, "predict") else [models]
    kinds = [getattr(model, "__name__", type(model).__name__) for model in every]
    names = [
        kind if kinds.count(kind) == 1 else f"{kind}{kinds[: place + 1].count(kind)}"
        for place, kind in enumerate(kinds)
    ]
    if not names:
        raise RelationError(expected("at least one model", models=models))
    return dict(zip(names, every, strict=True))


def _id(name: str) -> str:
    return safe(name, LONGEST_ID)
