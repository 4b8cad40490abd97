"""pytest items from relations: one test for each relation, or for each relation of each model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any

import attrs
import pandas as pd
import pytest

from metamorph import registry
from metamorph.bound import BoundRelation
from metamorph.errors import MetamorphError, RelationError, Violation, expected, nearest_name
from metamorph.report.lines import safe
from metamorph.runner.checking import Checkable, as_schema, listing, parts_of
from metamorph.runner.family import Confidence, by_rate, split
from metamorph.runner.interval import CONFIDENCE
from metamorph.runner.plausibility import envelope
from metamorph.runner.settings import BUDGET, EXAMPLES, Reference, Settings
from metamorph.slices import Slices
from metamorph_strategies.schema import Schema

LONGEST_ID = 60


def relations(
    *each: Checkable,
    schema: Schema | pd.DataFrame,
    expected_failures: Mapping[str, str] | None = None,
    budget: int = BUDGET,
    attack: int | None = None,
    seconds: float | None = None,
    seed: int = 0,
    floor: float | None = None,
    plausible: float | None = None,
    confidence: Confidence = CONFIDENCE,
    examples: int = EXAMPLES,
    reference: Reference | None = None,
    slices: Slices = (),
) -> pytest.MarkDecorator:
    """Decorate a test that takes ``relation``: it runs once for each relation, and ``relation.check(model)`` judges.

    ``schema`` (or a frame that stands for it) and the settings are those of ``mm.check``; what pytest's command line or
    ini file say of budget, seconds and seed comes before them. ``expected_failures`` maps ids of relations that are
    known to fail to the reason: they must fail (a strict xfail), and a model that breaks is no such failure. Raises
    RelationError for relations that cannot be.
    """
    __tracebackhide__ = True
    with _Told():
        if len(each) == 1 and not isinstance(each[0], Checkable):
            raise RelationError(expected("relations one by one, mm.relations(*them, schema=...),", relation=each[0]))
        settings = Settings(budget, attack, seconds, seed, floor, plausible, confidence, examples, reference, slices)
        bound = _bound(each, schema, settings)
        known = _Known(expected_failures)
        params = [pytest.param(one, id=_id(one.id), marks=known.marks(one.id, _id(one.id))) for one in bound]
        known.check()
    return pytest.mark.parametrize("relation", params)


def parametrize_with_relations(
    models: Mapping[str, Any] | Iterable[Any],
    schema: Schema | pd.DataFrame,
    relations: Checkable | Iterable[Checkable] | None = None,
    *,
    group: str | Sequence[str] | None = None,
    expected_failures: Mapping[str, str] | None = None,
    budget: int = BUDGET,
    attack: int | None = None,
    seconds: float | None = None,
    seed: int = 0,
    floor: float | None = None,
    plausible: float | None = None,
    confidence: Confidence = CONFIDENCE,
    examples: int = EXAMPLES,
    reference: Reference | None = None,
    slices: Slices = (),
) -> pytest.MarkDecorator:
    """Decorate a test that takes ``model`` and ``relation``: it runs once for each relation of each model.

    Without *relations*, those are asked that the registry finds applicable to a model (of some groups, where ``group``
    names them).

    Models are a dict by name, or a list of them, named after their classes. Keys of ``expected_failures`` are ids of
    relations, for every model, or ids of tests as pytest shows them (``forest-increasing[age]``); the rest is as for
    :func:`relations`.
    """
    __tracebackhide__ = True
    params = []
    with _Told():
        settings = Settings(budget, attack, seconds, seed, floor, plausible, confidence, examples, reference, slices)
        named = _named(models)
        if relations is not None and group is not None:
            raise RelationError(expected("either relations or a group of the registry's", group=group))
        schema = as_schema(schema)
        known = _Known(expected_failures)
        for name, model in named:
            wanted = registry.applicable(schema, model, group=group) if relations is None else relations
            for one in _bound(wanted, schema, settings, len(named)):
                test = f"{name}-{one.id}"
                marks = known.marks(one.id, test, _id(test))
                params.append(pytest.param(model, one, id=_id(test), marks=marks))
        known.check()
    return pytest.mark.parametrize(("model", "relation"), params)


class _Told:
    """Within it, a mistake of the user's loses its traceback: the frames are ours, the message says what to do."""

    def __enter__(self) -> None:
        """Nothing is to be prepared."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        __tracebackhide__ = True
        if isinstance(error, MetamorphError):
            raise error.with_traceback(None) from None


class _Known:
    """Failures that are known, each with its reason."""

    def __init__(self, reasons: Mapping[str, str] | None) -> None:
        if reasons is not None and not (
            isinstance(reasons, Mapping) and all(isinstance(text, str) and text for text in reasons.values())
        ):
            raise RelationError(expected("a dict of ids and reasons", expected_failures=reasons))
        self.reasons = dict(reasons or {})
        self.names: list[str] = []

    def marks(self, *names: str) -> list[pytest.MarkDecorator]:
        """A strict xfail where a test, which goes by these names, is known to fail; the last name is the closest."""
        self.names += names
        reasons = [self.reasons[name] for name in names if name in self.reasons]
        return [pytest.mark.xfail(reason=reasons[-1], strict=True, raises=Violation)] if reasons else []

    def check(self) -> None:
        """Raise RelationError for a known failure of what is not tested."""
        for name in self.reasons:
            if name not in self.names:
                msg = f"expected_failures names {name!r}, and no test has this id{nearest_name(str(name), self.names)}."
                raise RelationError(msg)


def _bound(
    relations: Checkable | Iterable[Checkable], schema: Schema | pd.DataFrame, settings: Settings, models: int = 1
) -> list[BoundRelation]:
    listed = listing(relations)
    verdicts = models * by_rate((part for one in listed for part in parts_of(one)), settings.slices.named)
    settings = attrs.evolve(settings, confidence=split(settings.confidence, verdicts))
    schema = as_schema(schema, settings.reference)
    envelope(schema, settings.plausible)  # raises for what cannot be, before any test runs
    return [BoundRelation(relation, schema, settings) for relation in listed]


def _named(models: Mapping[str, Any] | Iterable[Any]) -> list[tuple[str, Any]]:
    """Models with their names; several of one class are numbered."""
    if isinstance(models, Mapping):
        named = [(str(name), model) for name, model in models.items()]
    else:
        single = hasattr(models, "predict") or isinstance(models, str) or not isinstance(models, Iterable)
        every = [models] if single else list(models)
        kinds = [getattr(model, "__name__", type(model).__name__) for model in every]
        named = [
            (kind if kinds.count(kind) == 1 else f"{kind}{kinds[: place + 1].count(kind)}", model)
            for place, (kind, model) in enumerate(zip(kinds, every, strict=True))
        ]
    if not named:
        raise RelationError(expected("at least one model", models=models))
    return named


def _id(name: str) -> str:
    """A name as an id that fits a line; pytest would escape an ellipsis of one character."""
    text = safe(name, len(name))
    return text if len(text) <= LONGEST_ID else text[: LONGEST_ID - 3] + "..."
