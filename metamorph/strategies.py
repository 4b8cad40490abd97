"""Hypothesis strategies for values, rows and frames of a schema, and for cases of a relation.

``from metamorph import strategies as mst``; every argument that cannot be is refused when a value is drawn.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from metamorph.batches import BatchCase, batch_case, check_batches, drawn_batch
from metamorph.bound import Case, check_relation, drawn
from metamorph.bound import case as row_case
from metamorph.errors import RelationError
from metamorph.expectations import Unchanged
from metamorph.relation import Relation
from metamorph.transforms import Drawn, Fan, Presentation, Replace
from metamorph_strategies.pandera_schema import from_pandera
from metamorph_strategies.schema import Schema
from metamorph_strategies.tables import Row, columns, frames, rows

__all__ = ["BatchCase", "Case", "case", "cases", "columns", "frames", "from_frame", "from_pandera", "rows"]

from_frame = Schema.from_frame
MOST_ROWS = 20
"""Rows of a drawn batch."""


def case(
    relation: Relation, schema: Schema, values: Mapping[str, Any] | Sequence[Mapping[str, Any]]
) -> Case | BatchCase:
    """A case by hand, as a failing test prints it: a value for each column and parameter, or a list of rows.

    Columns left out are at the schema's reference row. Raises SchemaError for columns or values that the schema does
    not have, RelationError for a relation that cannot be asked of it.
    """
    if isinstance(relation, Relation) and isinstance(relation.transform, Fan | Presentation):
        return batch_case(relation, schema, values)  # type: ignore[arg-type]  # anything else is refused there
    return row_case(relation, schema, values)  # type: ignore[arg-type]  # as above


def cases(relation: Relation, schema: Schema) -> SearchStrategy[Case | BatchCase]:
    """Cases of *relation*: a source row of *schema* and what the relation's transformation makes of it.

    A relation over batches draws frames instead, of up to 20 rows, and one of several follow-ups a row. Rows shrink
    towards the schema's reference row, the change to the smallest step of the fewest columns. Raises
    RelationError or SchemaError when a case is drawn of what cannot be asked.
    """
    if isinstance(relation, Relation) and isinstance(relation.transform, Fan | Presentation):
        return _batches(relation, schema)
    sources = rows(schema)
    checked = functools.cache(lambda: _check(relation, schema))

    @st.composite
    def cases(draw: DrawFn, relation: Relation, schema: Schema) -> Case:
        checked()
        row = draw(sources)
        return drawn(relation, schema, *_plainer_first(relation, schema, row, draw(_moves(relation, schema, row))))

    return cases(relation, schema)


def _batches(relation: Relation, schema: Schema) -> SearchStrategy[Case | BatchCase]:
    most = 1 if isinstance(relation.transform, Fan) else MOST_ROWS
    tables = frames(schema, min_size=1, max_size=most)
    checked = functools.cache(lambda: check_batches(relation, schema))

    @st.composite
    def cases(draw: DrawFn, relation: Relation, schema: Schema) -> Case | BatchCase:
        checked()
        return drawn_batch(relation, schema, draw(tables))

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
