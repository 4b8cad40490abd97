"""Cases as plain Python literals: a value for each source column and for each parameter."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from metamorph.case import Cases, parameter
from metamorph.errors import SchemaError, expected
from metamorph_strategies import plain
from metamorph_strategies.columns import Column, Timestamp, table

if TYPE_CHECKING:
    from metamorph_strategies.schema import Schema


def literals_of(cases: Cases, schema: Schema, moves: Sequence[str]) -> list[dict[str, Any]]:
    """Each case as ``{column: value, "to[column]": value}``, strict JSON throughout."""
    columns = {name: (cases.source[name], column) for name, column in schema.columns.items()}
    columns |= {parameter(name): (cases.parameters[parameter(name)], schema.columns[name]) for name in moves}
    rows = {
        name: [to_literal(column, column.plain(value)) for value in values]
        for name, (values, column) in columns.items()
    }
    return [dict(zip(rows, row, strict=True)) for row in zip(*rows.values(), strict=True)]


def cases_of(rows: Sequence[Mapping[str, Any]], schema: Schema, moves: Sequence[str]) -> Cases:
    """The cases that :func:`literals_of` wrote, derived columns computed.

    Raises SchemaError for a value that its column cannot store, KeyError for a column that a row lacks.
    """
    source = schema.frame(_values(rows, {name: (name, column) for name, column in schema.columns.items()}))
    if not moves:
        return Cases(source, pd.DataFrame(index=source.index))
    targets = {parameter(name): (parameter(name), schema.columns[name]) for name in moves}
    columns = {name: column for name, (_, column) in targets.items()}
    return Cases(source, table.of_rows(columns, _values(rows, targets)))


def to_literal(column: Column, value: Any) -> Any:
    """A plain Python value of a column as a literal: that of a column of moments as its ISO text."""
    moment = isinstance(column, Timestamp) and isinstance(value, datetime.datetime)
    return value.isoformat() if moment else plain.value_to_plain(value)


def from_literal(column: Column, literal: Any) -> Any:
    """The value of a column that :func:`to_literal` wrote."""
    if isinstance(column, Timestamp) and isinstance(literal, str):
        moment, zone = pd.Timestamp(literal), column.min_value.tz
        return moment if zone is None else moment.tz_convert(zone)
    return plain.value_from_plain(literal)


def _values(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, tuple[str, Column]]) -> list[dict[str, Any]]:
    return [{name: _value(name, column, row[key]) for name, (key, column) in columns.items()} for row in rows]


def _value(name: str, column: Column, literal: Any) -> Any:
    try:
        return from_literal(column, literal)
    except (TypeError, ValueError, LookupError, StopIteration):
        raise SchemaError(expected(f"a value of column {name!r}, {column!r},", value=literal)) from None
