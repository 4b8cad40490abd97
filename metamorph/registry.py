"""The registry: relations by name, with when they apply to a schema and a model.

It holds the catalogue, what users register, and what other packages offer as entry points ``metamorph.relations``.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from metamorph.bundle import Bundle
from metamorph.catalogue import asked, declarations, pipelines, refitted, representations, retyped, serving, tags
from metamorph.catalogue.declared import final_step
from metamorph.catalogue.entry import Entry, Make
from metamorph.errors import ModelError, RelationError, expected, listed, nearest_name, told
from metamorph.relation import Relation

if TYPE_CHECKING:
    import pandas as pd

    from metamorph_strategies.schema import Schema

ENTRY_POINTS = "metamorph.relations"
OWN = "own"
"""The group of what is registered without one."""
INSTEAD = {
    "clusterer": "Clusters are checked by refitting: mm.check_clustering(estimator, X).",
    "transformer": "Check the pipeline it is a step of; mm.catalogue.fit_then_transform(transformer) is a relation.",
}
"""What to do with an estimator that predicts nothing, by its kind."""


@attrs.frozen
class Applicable:
    """What a schema and a model call for: the relations, and the entries that are known not to hold, with why."""

    relations: tuple[Relation | Bundle, ...]
    left_out: tuple[tuple[str, str, str], ...] = ()


_CATALOGUE: dict[str, Entry] = {
    entry.id: entry
    for family in (serving, representations, retyped, declarations, asked, pipelines, refitted)
    for entry in family.ENTRIES
}
_registered: dict[str, Entry] = {}
_loaded: set[str] = set()


def register(name: str, *, group: str = OWN, statement: str = "") -> Callable[[Make], Make]:
    """Register a function ``(schema, model) -> relations`` under a name, as a decorator.

    The same function again (by module and qualified name) replaces itself. Raises RelationError for a name that another
    one has.
    """
    if not isinstance(name, str) or not name or not isinstance(group, str) or not group:
        raise RelationError(expected("a name and a group", name=name, group=group))

    def keep(make: Make) -> Make:
        if not callable(make):
            raise RelationError(expected("a function (schema, model) -> relations", make=make))
        known = (entry for entry in _CATALOGUE.values() if name in {entry.id, entry.name})
        before = _registered.get(name) or next(known, None)
        if before is not None and (before.make is None or _origin(before.make) != _origin(make)):
            msg = f"A relation is registered as {name!r} already, in the group {before.group!r}; give another name."
            raise RelationError(msg)
        said = statement or (make.__doc__ or "").strip().partition("\n")[0] or name
        _registered[name] = Entry(name, name, group, said, "policy", _origin(make), "by itself", make=make)
        return make

    return keep


def entries() -> list[Entry]:
    """Every entry: the catalogue's, those of other packages, and those registered here. RelationError for a bad one."""
    _load_entry_points()
    return [*_CATALOGUE.values(), *_registered.values()]


def groups() -> list[str]:
    """The groups, in their order."""
    return list(dict.fromkeys(entry.group for entry in entries()))


def in_groups(wanted: str | Sequence[str] | None) -> list[Entry]:
    """The entries of some groups, of all where None is wanted; RelationError for a group that there is not."""
    if wanted is not None and not isinstance(wanted, Iterable):
        raise RelationError(expected("a group, or several", group=wanted))
    names = groups() if wanted is None else [wanted] if isinstance(wanted, str) else list(wanted)
    for name in names:
        if name not in groups():
            known = f"known are {listed(groups(), at_most=20)}"
            msg = f"There is no group of relations {name!r}{nearest_name(str(name), groups())}; {known}."
            raise RelationError(msg)
    return [entry for entry in entries() if entry.group in names]


def applicable(
    schema: Schema | pd.DataFrame, model: Any, *, group: str | Sequence[str] | None = None
) -> list[Relation | Bundle]:
    """The relations that apply to *schema* and *model* by themselves, in the order of the registry, by distinct ids.

    A frame stands for the schema read off it. What is read of the model: ``classes_``, ``feature_names_in_``, monotone
    constraints and scikit-learn's tags. Raises RelationError for an unknown group, for an entry that raises while its
    relations are built, and for two relations of one id; ModelError for an estimator that predicts nothing.
    """
    from metamorph_strategies.schema import Schema  # noqa: PLC0415 - the registry itself has no need of it

    read = schema if isinstance(schema, Schema) else Schema.from_frame(schema)
    return list(found(read, model, group=group).relations)


def found(schema: Schema, model: Any, *, group: str | Sequence[str] | None = None) -> Applicable:
    """As :func:`applicable`, with what is left out since the model's class or its tags say that it does not hold."""
    _check_predicts(model)
    relations: dict[str, tuple[Relation | Bundle, Entry]] = {}
    left_out = []
    for entry in in_groups(group):
        made = _made(entry, schema, model) if entry.make is not None else []
        why = _breaks(entry, model) if made else ""
        if why:
            left_out.append((entry.name, entry.statement, why))
            continue
        for relation in made:
            before, of = relations.setdefault(relation.id, (relation, entry))
            if before != relation:
                msg = (
                    f"The registered relations {of.name!r} ({of.source}) and {entry.name!r} ({entry.source})"
                    f"\nboth give one with the id {relation.id!r}. Tell them apart with .named(...)."
                )
                raise RelationError(msg)
    return Applicable(tuple(relation for relation, _ in relations.values()), tuple(left_out))


def _check_predicts(model: Any) -> None:
    """Raise ModelError for an estimator that predicts nothing, and say what to ask of it instead."""
    kind = tags.kind_of(model)
    if hasattr(model, "predict") or callable(model) or kind not in INSTEAD:
        return
    msg = f"Expected a model that predicts but got {type(model).__name__}, a {kind} without predict.\n{INSTEAD[kind]}"
    raise ModelError(msg)


def _breaks(entry: Entry, model: Any) -> str:
    """Why a model is known not to keep what an entry says; empty where it is not known."""
    kind = type(final_step(model)).__name__
    if kind in entry.not_for:
        return f"{kind}: {entry.not_for[kind]}"
    if entry.strength in {"exact", "float"} and tags.answers_anew(model):
        return f"{kind}: its scikit-learn tag non_deterministic says that no two of its answers need be alike"
    return ""


def _made(entry: Entry, schema: Schema, model: Any) -> list[Relation | Bundle]:
    assert entry.make is not None  # noqa: S101 - the caller has looked
    try:
        made: Any = entry.make(schema, model)
        every = list(made) if isinstance(made, Iterable) else [made]
    except (Exception, SystemExit) as error:
        msg = f"The registered relation {entry.name!r} ({entry.source}) raised while it was built:\n{told(error)}"
        raise RelationError(msg) from error
    for relation in every:
        if not isinstance(relation, Relation | Bundle):
            msg = f"The registered relation {entry.name!r} ({entry.source}) gave {relation!r}; expected relations."
            raise RelationError(msg)
    return every


def _load_entry_points() -> None:
    for point in importlib.metadata.entry_points(group=ENTRY_POINTS):
        if point.value in _loaded:
            continue
        try:
            given = point.load()
        except (Exception, SystemExit) as error:
            msg = f"The relations {point.name!r} of another package ({point.value}) cannot be loaded: {told(error)}"
            raise RelationError(msg) from error
        if callable(given) and point.name not in _registered:
            register(point.name, group="packages")(given)
        _loaded.add(point.value)


def _origin(make: Callable[..., Any]) -> str:
    return f"{getattr(make, '__module__', '?')}.{getattr(make, '__qualname__', type(make).__qualname__)}"
