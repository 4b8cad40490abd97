"""Several follow-ups of one source: a sweep along a column, every other level, points at equal distances."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import attrs
import numpy as np
import pandas as pd

from metamorph.case import Cases, Mask, Places
from metamorph.errors import RelationError
from metamorph.transforms.setting import Shift
from metamorph.transforms.transformation import CallPlan, check_columns

if TYPE_CHECKING:
    from metamorph_strategies.schema import Schema

POINTS = 20
"""Points of a sweep."""

Spread = Callable[[pd.DataFrame, "Schema"], tuple[list[pd.DataFrame], Mask]]


@attrs.frozen
class Fan:
    """Several follow-ups of each source, made of it and nothing else.

    ``spread(rows, schema)`` gives the follow-up tables, a row each for every source row, and the rows on which they can
    be made. All are asked for in one call.
    """

    said: str
    columns: tuple[str, ...]
    spread: Spread = attrs.field(repr=False)
    ordered: bool = False
    plan: CallPlan = "together"
    moves: tuple[str, ...] = ()
    owned: ClassVar[bool] = False

    def touches(self, schema: Schema) -> tuple[str, ...]:
        return self.columns

    def check(self, schema: Schema) -> None:
        check_columns(self.columns, schema)
        flat = [name for name in self.columns if self.ordered and not schema.columns[name].ordered]
        if flat:
            msg = f"Column {flat[0]!r} has no order to go along; use mm.transforms.replace_each."
            raise RelationError(msg)

    def draw(
        self, source: pd.DataFrame, schema: Schema, rng: np.random.Generator, places: Places | None = None
    ) -> tuple[pd.DataFrame, Mask]:
        return pd.DataFrame(index=source.index), np.ones(len(source), dtype=bool)

    def apply(self, cases: Cases, schema: Schema) -> pd.DataFrame:
        return cases.source

    def lawful(self, cases: Cases, schema: Schema) -> Mask:
        return np.ones(len(cases), dtype=bool)

    def phrase(self, schema: Schema) -> str:
        return self.said


def sweep(column: str, *, points: int = POINTS) -> Fan:
    """*points* values of an ordered column, spread over those observed (over its bounds where none were), rising."""

    def spread(rows: pd.DataFrame, schema: Schema) -> tuple[list[pd.DataFrame], Mask]:
        kind, values = schema.columns[column], schema.values(column)
        if not len(values):
            edges = np.linspace(kind.lowest, kind.highest, points)
            values = np.unique(np.clip(kind.round(edges, kind.tick), kind.lowest, kind.highest))
        chosen = values[np.unique(np.linspace(0, len(values) - 1, points).astype(np.int64))]
        tables = [rows.assign(**{column: _constant(kind, code, rows)}) for code in chosen]
        return tables, ~kind.encode(rows[column])[1]

    return Fan(f"Moving {column} along its values", (column,), spread, ordered=True)


def replace_each(column: str, *, most: int = POINTS) -> Fan:
    """Every level or observed value of a column (*most* of them, spread evenly)."""

    def spread(rows: pd.DataFrame, schema: Schema) -> tuple[list[pd.DataFrame], Mask]:
        kind, values = schema.columns[column], schema.values(column)
        if not len(values):
            edges = np.linspace(kind.lowest, kind.highest, most)
            values = np.unique(kind.round(edges, kind.tick) if kind.quanta else edges.astype(np.int64))
        chosen = values[np.unique(np.linspace(0, len(values) - 1, most).astype(np.int64))]
        tables = [rows.assign(**{column: _constant(kind, code, rows)}) for code in chosen]
        return tables, np.ones(len(rows), dtype=bool)

    return Fan(f"Putting each value in the place of {column}", (column,), spread)


def offsets(column: str, by: Sequence[Any]) -> Fan:
    """A column shifted by each of the steps *by*, up or down."""

    def spread(rows: pd.DataFrame, schema: Schema) -> tuple[list[pd.DataFrame], Mask]:
        shifts = [Shift((column,), step) for step in by]
        tables, applicable = [], np.ones(len(rows), dtype=bool)
        for shift in shifts:
            parameters, possible = shift.draw(rows, schema, np.random.default_rng(0))
            tables.append(shift.apply(Cases(rows, parameters), schema))
            applicable &= possible
        return tables, applicable

    return Fan(f"Shifting {column} by {', '.join(map(str, by))}", (column,), spread, ordered=True)


def parts(column: str, shares: Sequence[float]) -> Fan:
    """A quantity in parts: the column multiplied by each of the *shares*, which add up to one."""

    def spread(rows: pd.DataFrame, schema: Schema) -> tuple[list[pd.DataFrame], Mask]:
        kind = schema.columns[column]
        codes, absent = kind.encode(rows[column])
        tables, applicable = [], ~absent
        for share in shares:
            part = codes * share
            inside = (part >= kind.lowest) & (part <= kind.highest)
            whole = kind.round(part, kind.least_step) if kind.least_step else part
            applicable &= inside & (np.abs(whole - part) <= 1e-9 * np.maximum(1.0, np.abs(part)))
            tables.append(rows.assign(**{column: kind.decode(np.where(applicable, whole, codes), absent)}))
        return tables, applicable

    return Fan(f"Splitting {column} into parts of {', '.join(f'{share:g}' for share in shares)}", (column,), spread)


def _constant(kind: Any, code: Any, rows: pd.DataFrame) -> pd.Series[Any]:
    values: pd.Series[Any] = kind.decode(np.full(len(rows), code)).set_axis(rows.index)
    return values
