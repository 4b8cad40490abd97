"""A bundle: relations that are checked over the same sources, each for itself, and reported together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

import attrs

from metamorph.errors import RelationError, expected, listed
from metamorph.outputs import OutputFunction
from metamorph.relation import Condition, Relation


@attrs.frozen
class Bundle:
    """Several relations as one: ``increasing("area") & increasing("rooms")``. Violated when any part is.

    ``id`` is the parts' ids, joined, unless it is named. Raises RelationError for parts of equal ids.
    """

    parts: tuple[Relation, ...]
    id: str

    def __attrs_post_init__(self) -> None:
        ids = [part.id for part in self.parts]
        twice = sorted({name for name in ids if ids.count(name) > 1})
        if twice:
            msg = f"Parts with equal ids: {listed(twice)}. Tell them apart with .named(...)."
            raise RelationError(msg)

    def __and__(self, other: object) -> Bundle:
        return bundled(self, other)

    def __or__(self, other: object) -> NoReturn:
        msg = f"Bundle {self.id!r}: | joins two relations.\nJoin its parts, then bundle: (a | b) & (a | c)."
        raise RelationError(msg)

    def then(self, other: object) -> NoReturn:  # noqa: ARG002 - whatever it is
        """Raise RelationError: a change follows one other, so parts are composed before they are bundled."""
        msg = f"Bundle {self.id!r}: .then joins two relations.\nCompose its parts, then bundle: a.then(c) & b.then(c)."
        raise RelationError(msg)

    def named(self, name: str) -> Bundle:
        """The same bundle under a name, which becomes its id."""
        if not isinstance(name, str) or not name:
            raise RelationError(expected("a name for the bundle", name=name))
        return Bundle(self.parts, name)

    def when(self, condition: Condition) -> Bundle:
        """Ask every part only where the condition holds; as ``Relation.when``."""
        return self._each(lambda part: part.when(condition))

    def allow(self, rate: float) -> Bundle:
        """Accept violations of every part on up to this share of its cases; as ``Relation.allow``."""
        return self._each(lambda part: part.allow(rate))

    def on(self, output: str | OutputFunction | None = None, **which: Any) -> Bundle:
        """Ask every part of another output; as ``Relation.on``."""
        return self._each(lambda part: part.on(output, **which))

    def _each(self, change: Callable[[Relation], Relation]) -> Bundle:
        return Bundle(tuple(change(part) for part in self.parts), self.id)


def bundled(left: object, right: object) -> Bundle:
    """Both as one bundle, the parts of bundles among them; RelationError for what is neither."""
    parts: list[Relation] = []
    for one in (left, right):
        if not isinstance(one, Relation | Bundle):
            raise RelationError(expected("relations on both sides of &", relation=one))
        parts += one.parts if isinstance(one, Bundle) else (one,)
    return Bundle(tuple(parts), " & ".join(part.id for part in parts))
