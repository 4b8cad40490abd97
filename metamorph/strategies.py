"""Hypothesis strategies for values, rows and frames of a schema, and for cases of a relation.

``from metamorph import strategies as mst``; every argument that cannot be is refused when a value is drawn.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from metamorph.bound import Case, case, check_relation, drawn
from metamorph.errors import RelationError
from metamorph.expectations import Unchanged
from metamorph.relation import Relation
from metamorph.transforms import Drawn, Replace
from metamorph_strategies.schema import Schema
from metamorph_strategies.tables import Row, columns, frames, rows

__all__ = ["Case", "case", "cases", "columns", "frames", "from_frame", "rows"]

from_frame = Schema.from_frame


def cases(relation: Relation, schema: Schema) -> SearchStrategy[Case]:
    """Cases of *relation*: a source row of *schema* and what the relation's transformation makes of it.

    Rows shrink towards the schema's reference row, the change to the smallest step of the fewest columns. Raises
    RelationError or SchemaError when a case is drawn of what cannot be asked.
    """
    sources = rows(schema)
    checked = functools.cache(lambda: _check(relation, schema))

    @st.composite
    def cases(draw: DrawFn, relation: Relation, schema: Schema) -> Case:
        checked()
        row = draw(sources)
        return drawn(relation, schema, *_plainer_first(relation, schema, row, draw(_moves(relation, schema, row))))

    return cases(relation, schema)


def _check(relation: Relation, schema: Schema) -> None:
    check_relation(relation, schema)
    if relation.transform.moves and not isinstance(relation.transform, Drawn):
        kind = type(relation.transform).__name__
        msg = f"Relation {relation.id!r}: give {kind} a method strategy(row, schema), so that Hypothesis can draw it."
        raise RelationError(msg)


def _moves(relation: Relation, schema: Schema, row: Row) -> SearchStrategy[Mapping[str, Any]]:
    transform = relation.transform
    return transform.strategy(row, schema) if isinstance(transform, Drawn) else st.just({})


def _plainer_first(
    relation: Relation, schema: Schema, row: Row, moves: Mapping[str, Any]
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The source and what it moves to, exchanged where that is plainer and the relation is the same both ways."""
    both_ways = isinstance(relation.transform, Replace) and isinstance(relation.expect, Unchanged)
    if not both_ways or relation.conditions:
        return row, moves
    before, after = (sum(side[name] != schema.reference[name] for name in moves) for side in (row, moves))
    return ({**row, **moves}, {name: row[name] for name in moves}) if after < before else (row, moves)
