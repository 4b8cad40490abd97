"""An entry of the catalogue: a relation, what is known of it, and when it applies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

import attrs

if TYPE_CHECKING:
    from metamorph.bundle import Bundle
    from metamorph.relation import Relation
    from metamorph_strategies.schema import Schema

Strength = Literal["exact", "float", "ties", "approx", "rate", "policy"]
"""``float`` is equal up to rounding, ``ties`` exact unless a tie moves, ``policy`` true where the domain says so."""
Make = Callable[["Schema", Any], Iterable["Relation | Bundle"]]


@attrs.frozen
class Entry:
    """A relation of the catalogue.

    ``write`` is how a user asks for it; ``make`` gives the relations that apply to a schema and a model by themselves,
    none where it has to be asked for. ``not_for`` names the classes of models that are known to break it, with why.
    """

    id: str
    name: str
    group: str
    statement: str
    strength: Strength
    source: str
    write: str
    precondition: str = "none"
    tolerance: str = "the rounding floor"
    cost: str = "two calls for a table"
    not_for: Mapping[str, str] = attrs.field(factory=dict)
    make: Make | None = attrs.field(default=None, repr=False)


Said = tuple[str, str, str, str, Strength, str, str]
"""What must be said of an entry: id, name, group, statement, strength, source, and what to write."""


def entries(rows: Iterable[Said], known: Mapping[str, Mapping[str, Any]]) -> tuple[Entry, ...]:
    """Entries from what must be said of each, and by id what is not their default."""
    return tuple(Entry(*row, **known.get(row[0], {})) for row in rows)
