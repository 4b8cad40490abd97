"""The reference row: the one plain row that counterexamples shrink towards."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
import pandas as pd

from metamorph_strategies import plain
from metamorph_strategies.columns import Column, table
from metamorph_strategies.errors import SchemaError, check_known, expected, nearest_name, shown
from metamorph_strategies.observed import spread

if TYPE_CHECKING:
    from metamorph_strategies.schema import Schema

SAMPLED = 10_000
"""Rows sampled to find one that keeps the constraints."""
COMPARED = 10_000
"""Labels among which a misspelt one is looked for."""


@attrs.frozen
class NamedRow:
    """A reference row that the user named: the values of its free columns, and its index label, as text, if by that."""

    row: Mapping[str, Any]
    label: str | None = None

    def called(self, noun: str) -> str:
        """What it is called in reports."""
        return f"reference {noun}" if self.label is None else f"{noun} {self.label}"


def named(schema: Schema, given: Mapping[str, Any] | Hashable) -> NamedRow:
    """The row of these values, the schema's own reference row filling in, or the observed row of this index label."""
    if isinstance(given, pd.DataFrame) and len(given) == 1:
        given = {name: given[name].iloc[0] for name in given}
    if isinstance(given, pd.Series):
        given = given.to_dict()
    if isinstance(given, Mapping):
        others = {*schema.derived, schema.target}  # a row of the data has them too
        check_known([name for name in given if name not in others], schema.columns)
        return NamedRow({name: plain.item(given.get(name, schema.reference[name])) for name in schema.columns})
    if given is None or not _hashable(given):
        raise SchemaError(expected("a row as a dict of columns and values, or the index label of one", row=given))
    row = _labelled(schema, given)
    return NamedRow({name: row[name] for name in schema.columns}, _written(given))


def _hashable(given: object) -> bool:
    """Whether it can be a label; a tuple may hold what cannot be."""
    try:
        hash(given)
    except TypeError:
        return False
    return True


def _written(label: Hashable) -> str:
    """A label as text, in plain Python: ``5``, not ``np.int64(5)``."""
    value = tuple(map(plain.item, label)) if isinstance(label, tuple) else plain.item(label)
    return shown(label if value is None else value)


def _labelled(schema: Schema, label: Hashable) -> dict[str, Any]:
    """The one observed row that has an index label."""
    if schema.labels is None or schema.observed is None:
        wanted = "a row as a dict of columns and values, since the schema has no observed rows,"
        raise SchemaError(expected(wanted, row=label))
    places = schema.labels.get_indexer_for(pd.Index([label]))
    places = places[places >= 0]
    if not len(places):
        left_out = f"; {schema.dropped:,} that break a constraint are left out" if schema.dropped else ""
        near = _nearest(label, schema.labels[:COMPARED].tolist())
        msg = f"There is no observed row with the index label {_written(label)}{near}{left_out}."
        raise SchemaError(msg)
    if len(places) > 1:
        wanted = "give one as a dict of columns and values"
        msg = f"{len(places):,} observed rows have the index label {_written(label)}: {wanted}."
        raise SchemaError(msg)
    return schema.row(schema.observed, int(places[0]))


def _nearest(label: Hashable, labels: Sequence[Any]) -> str:
    """The label that was meant, as a question: one that looks the same, or is spelled much the same."""
    if not isinstance(label, str):
        return ""
    same = next((one for one in labels if str(one) == label), None)
    if same is not None:
        return f" (did you mean {shown(same)}?)"
    return nearest_name(label, (one for one in labels if isinstance(one, str)))


def reference_row(schema: Schema, observed: pd.DataFrame | None, named: NamedRow | None) -> dict[str, Any]:
    """The plain row as a dict, derived columns included.

    The row the user named; else the observed row nearest to medians and modes; else the columns' origins, or the
    sampled row nearest to them that keeps the constraints.
    """
    if named is not None:
        return schema.row(_keeping_constraints(schema, schema.frame([named.row])))
    if observed is not None and len(observed):
        centre = {name: _centre(column, observed[name]) for name, column in schema.columns.items()}
        return schema.row(observed, int(np.argmin(_distances(schema, observed, centre))))
    origins = schema.frame([{name: column.origin for name, column in schema.columns.items()}])
    if schema.accepts(origins).all():
        return schema.row(origins)
    rng = np.random.default_rng(0)
    rows = schema.complete(table.sampled(schema.columns, rng, SAMPLED))
    rows = rows[schema.accepts(rows)].reset_index(drop=True)
    if not len(rows):
        msg = f"The constraints together accept none of {SAMPLED:,} sampled rows."
        raise SchemaError(msg)
    centre = {name: _code(column, origins[name]) for name, column in schema.columns.items()}
    row = schema.row(rows, int(np.argmin(_distances(schema, rows, centre))))
    for name, column in schema.columns.items():  # origins again wherever the constraints leave room for them
        plainer = schema.frame([{**row, name: column.origin}])
        if schema.accepts(plainer).all():
            row = schema.row(plainer)
    return row


def _keeping_constraints(schema: Schema, row: pd.DataFrame) -> pd.DataFrame:
    """The row that the user named, or a SchemaError that says which constraint it breaks."""
    broken = [constraint.name for constraint in schema.constraints if not constraint.accepts(row).all()]
    if broken:
        msg = f"The reference row named with .with_reference breaks the constraint {broken[0]!r}; name another."
        raise SchemaError(msg)
    return row


def _centre(column: Column, values: pd.Series[Any]) -> float:
    """The median's code, or the commonest level's; NaN when most are missing."""
    codes, missing = column.encode(values)
    present = codes[~missing]
    if len(present) * 2 < len(codes):
        return np.nan
    if column.ordered:
        return float(np.median(present))
    return float(np.bincount(present).argmax())


def _code(column: Column, value: pd.Series[Any]) -> float:
    codes, missing = column.encode(value)
    return np.nan if missing[0] else float(codes[0])


def _distances(schema: Schema, rows: pd.DataFrame, centre: Mapping[str, float]) -> np.ndarray[Any, Any]:
    """Each row's distance from the centre: in quartile ranges for ordered columns, 1 for another level."""
    total = np.zeros(len(rows))
    for name, column in schema.columns.items():
        codes, missing = column.encode(rows[name])
        if np.isnan(centre[name]):
            total += ~missing
            continue
        gaps = np.abs(codes - centre[name])
        gaps = gaps / spread(codes[~missing]) if column.ordered else (gaps > 0).astype(float)
        # a row with a hole is typical only where there is no other
        total += np.where(missing, len(schema.columns), gaps) if missing.any() else gaps
    return total
