"""Several follow-ups of one source: a sweep along a column, every other level, points at equal distances."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import attrs
import numpy as np
import pandas as pd

from metamorph.case import Cases, Mask
from metamorph.errors import RelationError, expected
from metamorph.transforms.functions import Function
from metamorph.transforms.scaling import Scale
from metamorph.transforms.setting import Shift, in_words
from metamorph.transforms.transformation import CallPlan, Parameterless, check_columns, column_names
from metamorph_strategies.columns import is_finite

if TYPE_CHECKING:
    from metamorph_strategies.columns import Codes
    from metamorph_strategies.schema import Schema

POINTS = 20
"""Points of a sweep."""
ROUNDING = 1e-9
"""How far shares may be from adding up to one."""

Spread = Callable[[pd.DataFrame, "Schema"], tuple[list[pd.DataFrame], Mask]]


@attrs.frozen
class Fan(Parameterless):
    """Several follow-ups of each source, made of it and nothing else.

    ``spread(rows, schema)`` gives the follow-up tables, a row each for every source row, and the rows on which they can
    be made; ``demand(schema)`` raises where it cannot be made on any. All are asked for in one call.
    Fans of one ``key`` are the same.
    """

    said: str
    columns: tuple[str, ...]
    spread: Spread = attrs.field(repr=False, eq=False)
    demand: Callable[[Schema], None] | None = attrs.field(default=None, repr=False, eq=False)
    key: Any = attrs.field(default=attrs.Factory(lambda self: self.spread, takes_self=True), repr=False, kw_only=True)
    plan: CallPlan = "together"
    moves: tuple[str, ...] = ()
    owned: ClassVar[bool] = False

    def touches(self, schema: Schema) -> tuple[str, ...]:
        return self.columns

    def check(self, schema: Schema) -> None:
        """Raise RelationError where the columns are none, or not what ``demand(schema)`` asks of them."""
        check_columns(self.columns, schema)
        if self.demand is not None:
            self.demand(schema)

    def apply(self, cases: Cases, schema: Schema) -> pd.DataFrame:
        return cases.source

    def phrase(self, schema: Schema) -> str:
        return self.said


def sweep(column: str, *, points: int = POINTS) -> Fan:
    """*points* values of an ordered column, spread over those observed (over its bounds where none were), rising."""
    _check_count("points", points, 2)

    def demand(schema: Schema) -> None:
        if not schema.columns[column].ordered:
            msg = f"Column {column!r} has no order to go along; use mm.transforms.replace_each."
            raise RelationError(msg)

    def spread(rows: pd.DataFrame, schema: Schema) -> tuple[list[pd.DataFrame], Mask]:
        kind, values = schema.columns[column], schema.values(column)
        if not len(values):
            edges = np.linspace(kind.lowest, kind.highest, points)
            values = np.unique(np.clip(kind.round(edges, kind.tick), kind.lowest, kind.highest))
        return _each_of(rows, column, kind, values, points), ~kind.encode(rows[column])[1]

    return Fan(f"Moving {column} along its values", column_names((column,)), spread, demand, key=("sweep", points))


def replace_each(column: str, *, most: int = POINTS) -> Fan:
    """Every level or observed value of a column (*most* of them, spread evenly)."""
    _check_count("most", most, 1)

    def spread(rows: pd.DataFrame, schema: Schema) -> tuple[list[pd.DataFrame], Mask]:
        kind, values = schema.columns[column], schema.values(column)
        if not len(values):
            edges = np.linspace(kind.lowest, kind.highest, most)
            values = np.unique(kind.round(edges, kind.tick) if kind.quanta else edges.astype(np.int64))
        return _each_of(rows, column, kind, values, most), np.ones(len(rows), dtype=bool)

    return Fan(f"Putting each value in the place of {column}", column_names((column,)), spread, key=("each", most))


def offsets(column: str, by: Sequence[Any]) -> Fan:
    """A column shifted by each of the steps *by*, up or down."""
    shifts = [Shift(column_names((column,)), step) for step in _listed("by", by)]

    def demand(schema: Schema) -> None:
        for shift in shifts:
            shift.check(schema)

    def spread(rows: pd.DataFrame, schema: Schema) -> tuple[list[pd.DataFrame], Mask]:
        tables, applicable = [], np.ones(len(rows), dtype=bool)
        for shift in shifts:
            parameters, possible = shift.draw(rows, schema, np.random.default_rng(0))
            tables.append(shift.apply(Cases(rows, parameters), schema))
            applicable &= possible
        return tables, applicable

    return Fan(
        f"Shifting {column} by {', '.join(in_words(shift.by) for shift in shifts)}",
        (column,),
        spread,
        demand,
        key=shifts,
    )


def parts(column: str, shares: Sequence[float]) -> Fan:
    """A quantity in parts: the column multiplied by each of the *shares*, which add up to one."""
    scales = [Scale(column_names((column,)), share) for share in _listed("shares", shares)]
    if not all(is_finite(scale.by) for scale in scales) or abs(sum(scale.by for scale in scales) - 1) > ROUNDING:
        raise RelationError(expected("shares that add up to 1", shares=shares))

    def demand(schema: Schema) -> None:
        scales[0].check(schema)

    def spread(rows: pd.DataFrame, schema: Schema) -> tuple[list[pd.DataFrame], Mask]:
        tables, applicable, cases = [], np.ones(len(rows), dtype=bool), Cases(rows, pd.DataFrame(index=rows.index))
        for scale in scales:
            applicable &= scale.lawful(cases, schema)
            tables.append(scale.apply(cases, schema))
        return tables, applicable

    said = f"Splitting {column} into parts of {', '.join(f'{scale.by:g}' for scale in scales)}"
    return Fan(said, (column,), spread, demand, key=scales)


def told_twice(column: str, recompute: Callable[[pd.DataFrame], pd.DataFrame], dependants: Sequence[str]) -> Fan:
    """A column raised to its next value: once alone, once with what ``recompute(frame)`` makes of *dependants*."""
    columns = column_names((column, *column_names(dependants, "dependants")))

    def spread(rows: pd.DataFrame, schema: Schema) -> tuple[list[pd.DataFrame], Mask]:
        kind, values = schema.columns[column], schema.values(column)
        codes, absent = kind.encode(rows[column])
        places = np.searchsorted(values, codes, side="right")
        next_one = values.take(places, mode="clip") if len(values) else kind.plus(codes, kind.tick)
        applicable = ~absent & (next_one > codes) & (next_one <= kind.highest)
        alone = rows.assign(**{column: kind.decode(np.where(applicable, next_one, codes), absent).set_axis(rows.index)})
        beside = Function(recompute, columns[1:]).apply(Cases(alone, pd.DataFrame(index=rows.index)), schema)
        return [alone, beside], applicable

    said = f"Raising {column} to its next value, without and with {' and '.join(columns[1:])}"
    return Fan(said, columns, spread, key=recompute)


def _listed(argument: str, given: Any) -> list[Any]:
    """What is *given* as a list, at least one; RelationError for anything else."""
    if isinstance(given, str) or not isinstance(given, Iterable) or not list(given):
        raise RelationError(expected("a list of at least one", **{argument: given}))
    return list(given)


def _check_count(argument: str, given: Any, least: int) -> None:
    if not is_finite(given) or given != int(given) or given < least:
        raise RelationError(expected(f"a whole number of at least {least}", **{argument: given}))


def _each_of(rows: pd.DataFrame, column: str, kind: Any, values: Codes, most: int) -> list[pd.DataFrame]:
    """The rows with a column at each of so many values, spread evenly over those given."""
    chosen = values[np.unique(np.linspace(0, len(values) - 1, most).astype(np.int64))]
    return [rows.assign(**{column: _constant(kind, code, rows)}) for code in chosen]


def _constant(kind: Any, code: Any, rows: pd.DataFrame) -> pd.Series[Any]:
    values: pd.Series[Any] = kind.decode(np.full(len(rows), code)).set_axis(rows.index)
    return values
