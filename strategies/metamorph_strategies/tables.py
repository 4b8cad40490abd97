"""Values, rows and frames of a schema as Hypothesis strategies; all shrink towards the reference row.

A row is a tuple of cells, each ``one_of`` the reference row's value and values farther and farther from it. A frame is
a list of texts, a row each and a character a cell: Hypothesis shrinks each character as it would a number, and draws
650 cells in 2.4 ms that way, which take 16 to 30 ms as choices of their own.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import hypothesis
import numpy as np
import pandas as pd
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from metamorph_strategies import linear
from metamorph_strategies.columns import Category, Cells, Codes, Column, Strategy, nearest, table
from metamorph_strategies.errors import SchemaError, check_whole, expected
from metamorph_strategies.schema import FEWEST_ACCEPTED, Schema

TRIES = 3
"""Rows drawn until one keeps the constraints."""
TRIED_FOR_RATE = 2_000
WIDTHS = {"float16": 16, "float32": 32}

Row = dict[str, Any]


def columns(column: Column) -> SearchStrategy[Any]:
    """Values of a column as plain Python values (missing is None), its origin first and the nearest to it next.

    A SchemaError for what is no column is raised when a value is drawn.
    """
    cell = functools.cache(lambda: _cell(_checked_column(column)))

    @st.composite
    def columns(draw: DrawFn, column: Column) -> Any:  # noqa: ARG001 - the repr shows it
        return draw(cell())

    return columns(column)


def rows(schema: Schema) -> SearchStrategy[Row]:
    """Rows of *schema*, each a dict of plain Python values, derived columns included.

    They shrink towards the reference row, cell by cell. Constraints that are linear (``t["a"] + t["b"] <= 1``) bound
    what is drawn; rows that break another are rejected, and an event says how many rows it accepts. Raises SchemaError
    when a row is drawn for what is no schema, and where the constraints accept under 1% of rows.
    """
    row = functools.cache(lambda: _lawful_row(_checked(schema)))

    @st.composite
    def rows(draw: DrawFn, schema: Schema) -> Row:  # noqa: ARG001 - the repr shows it
        return draw(row())

    return rows(schema)


def frames(schema: Schema, *, min_size: int = 0, max_size: int | None = None) -> SearchStrategy[pd.DataFrame]:
    """Frames of *schema*'s columns, order and dtypes, of *min_size* to *max_size* rows with a plain index.

    They shrink to fewer rows, and each towards the reference row. A row that breaks a constraint which is not linear
    becomes the reference row. Raises SchemaError when a frame is drawn, for sizes that cannot be.
    """
    frame = functools.cache(lambda: _frame(_checked(schema), min_size, max_size))

    @st.composite
    def frames(draw: DrawFn, schema: Schema, *, min_size: int = 0, max_size: int | None = None) -> pd.DataFrame:  # noqa: ARG001 - the repr shows them
        return draw(frame())

    return frames(schema, min_size=min_size, max_size=max_size)


def above(column: Column, code: Any) -> SearchStrategy[Any] | None:
    """The values of an ordered column beyond a code, the nearest first; None where there are none."""
    if code >= column.highest:
        return None
    origins, lows, highs = np.array([code]), np.array([code]), np.array([column.highest], dtype=np.array([code]).dtype)
    up, _ = nearest.room(column, code, code, column.highest)
    return st.integers(1, max(up, 1)).map(  # from a code off the grid the only step may be the one to the bound
        lambda steps: column.value(nearest.stepped(column, origins, np.array([steps]), lows, highs)[0].item())
    )


def _checked(schema: Schema) -> Schema:
    if not isinstance(schema, Schema):
        raise SchemaError(expected("a Schema", schema=schema))
    return schema


def _checked_column(column: Column) -> Column:
    if not isinstance(column, Column):
        raise SchemaError(expected("a column such as Real(0, 1)", column=column))
    return column


def _lawful_row(schema: Schema) -> SearchStrategy[Row]:
    inequalities, opaque = _compiled(schema)
    bound = [name for name in schema.columns if any(name in one.weights for one in inequalities)]
    free = {
        name: _cell(column, missing_first=schema.reference[name] is None)
        for name, column in schema.columns.items()
        if name not in bound
    }
    cells = st.tuples(*free.values()).map(lambda values: dict(zip(free, values, strict=True)))
    if not schema.constraints:
        return cells if not schema.derived else cells.map(lambda row: schema.row(schema.frame([row])))
    rate = _acceptance(schema, opaque)

    @st.composite
    def lawful(draw: DrawFn) -> Row:
        for _ in range(TRIES):
            row = draw(cells) | _bound_cells(draw, schema, inequalities, bound)
            frame = schema.frame([row])
            if schema.accepts(frame)[0]:
                return schema.row(frame)
            if opaque:
                hypothesis.event(f"row rejected by {' and '.join(opaque)}, accepting {rate:.1%} of rows")
        return hypothesis.reject()

    return lawful()


def _bound_cells(
    draw: DrawFn, schema: Schema, inequalities: tuple[linear.Inequality, ...], bound: Sequence[str]
) -> Row:
    """Cells of the columns that inequalities bind, each between what those before it leave."""
    row: Row = {}
    drawn: dict[str, Cells] = {}
    for name in bound:
        column = schema.columns[name]
        (low,), (high,) = linear.bounds(inequalities, name, schema.columns, drawn, 1)
        row[name] = draw(_cell(column, missing_first=schema.reference[name] is None, within=(low.item(), high.item())))
        drawn[name] = column.encode(column.series([row[name]]))
    return row


def _compiled(schema: Schema) -> tuple[tuple[linear.Inequality, ...], tuple[str, ...]]:
    """The inequalities of all constraints that are linear, and the names of the others."""
    found = {one.name: linear.compiled(one, schema.columns) for one in schema.constraints}
    inequalities = tuple(each for every in found.values() if every is not None for each in every)
    return inequalities, tuple(name for name, every in found.items() if every is None)


def _acceptance(schema: Schema, names: Sequence[str]) -> float:
    """The share of explored rows that the named constraints accept; SchemaError where it is too small to draw any."""
    if not names:
        return 1.0
    rows = schema.complete(table.sampled(schema.columns, np.random.default_rng(0), TRIED_FOR_RATE))
    kept = np.logical_and.reduce([one.accepts(rows) for one in schema.constraints if one.name in names])
    rate = float(kept.mean())
    if rate < FEWEST_ACCEPTED:
        which = ", ".join(map(repr, names))
        msg = f"The constraints {which} accept {rate:.2%} of {TRIED_FOR_RATE:,} drawn rows; expected at least 1%."
        raise SchemaError(msg)
    return rate


def _cell(
    column: Column, *, missing_first: bool = False, within: tuple[float, float] | None = None
) -> SearchStrategy[Any]:
    """The values of a column between two codes: the origin, then nearer before farther ones, then a missing one."""
    if isinstance(column, Strategy):
        values = [st.just(column.origin), column.strategy]
    elif not column.quanta:
        assert isinstance(column, Category)  # noqa: S101 - the one kind with levels and without order
        values = [st.sampled_from([column.origin, *(level for level in column.levels if level != column.origin)])]
    else:
        values = _around(column, *(within or (column.lowest, column.highest)))
    if missing_first:
        return st.one_of(st.none(), *values)
    return st.one_of(*values, st.none()) if column.nullable else st.one_of(*values)


def _around(column: Column, low: float, high: float) -> list[SearchStrategy[Any]]:
    """The origin, or the bound nearest to it; values above by the number of steps; values below; those off the grid."""
    origin = min(max(_code(column), low), high)
    up, down = nearest.room(column, origin, low, high)
    origins, lows, highs = np.array([origin]), np.array([low]), np.array([high])

    def stepped(sign: int) -> Callable[[int], Any]:
        return lambda steps: column.value(
            nearest.stepped(column, origins, np.array([sign * steps]), lows, highs)[0].item()
        )

    values: list[SearchStrategy[Any]] = [st.just(column.value(origin))]
    values += [st.integers(1, count).map(stepped(sign)) for sign, count in ((1, up), (-1, down)) if count > 0]
    if not column.least_step and low < high:
        width = WIDTHS.get(str(column.dtype).lower(), 64)
        values.append(st.floats(low, high, width=width))  # type: ignore[arg-type]
    return values


def _code(column: Column) -> Any:
    """The origin's code."""
    return column.encode(column.series([column.origin]))[0][0].item()


def _frame(schema: Schema, min_size: int, max_size: int | None) -> SearchStrategy[pd.DataFrame]:
    check_whole(0, min_size=min_size)
    if max_size is not None:
        check_whole(0, max_size=max_size)
        if min_size > max_size:
            raise SchemaError(expected("min_size <= max_size", min_size=min_size, max_size=max_size))
    inequalities, opaque = _compiled(schema)
    rate = _acceptance(schema, opaque)
    coded = [name for name, column in schema.columns.items() if not isinstance(column, Strategy)]
    drawn = {
        name: _cell(column, missing_first=schema.reference[name] is None)
        for name, column in schema.columns.items()
        if isinstance(column, Strategy)
    }
    alphabet = st.characters(min_codepoint=nearest.FIRST_CHARACTER)
    text = st.text(alphabet, min_size=len(coded), max_size=len(coded))
    listed = st.lists(st.tuples(text, *drawn.values()) if drawn else text, min_size=min_size, max_size=max_size)

    read = {name: _reader(schema, name, inequalities) for name in coded}

    def framed(rows: list[Any]) -> pd.DataFrame:
        texts = [row[0] for row in rows] if drawn else rows
        places = np.frombuffer("".join(texts).encode("utf-32-le"), dtype="<u4").astype(np.int64)
        index = dict(zip(coded, (places - nearest.FIRST_CHARACTER).reshape(len(rows), len(coded)).T, strict=True))
        made: dict[str, Any] = {}  # arrays: pandas need not align them
        cells: dict[str, Cells] = {}
        for name, column in schema.columns.items():
            if name in drawn:
                place = 1 + list(drawn).index(name)
                made[name] = column.series([row[place] for row in rows]).array
            else:
                cells[name] = read[name](index[name], cells)
                made[name] = column.decode(*cells[name]).array
        frame = schema.complete(pd.DataFrame(made))
        kept = schema.accepts(frame)
        if kept.all():
            return frame
        if opaque:
            hypothesis.event(f"rows replaced, {' and '.join(opaque)} accepting {rate:.1%} of rows")
        both = pd.concat([frame, schema.frame([schema.reference])], ignore_index=True)
        return both.take(np.where(kept, np.arange(len(frame)), len(frame))).reset_index(drop=True)

    return listed.map(framed)


def _reader(
    schema: Schema, name: str, inequalities: tuple[linear.Inequality, ...]
) -> Callable[[nearest.Steps, Mapping[str, Cells]], Cells]:
    """What the characters of a column stand for, given the columns before it."""
    column, missing_first = schema.columns[name], schema.reference[name] is None
    bound = any(name in one.weights for one in inequalities)
    origin = _code(column)
    around = nearest.Around.of(column, origin, column.lowest, column.highest) if column.quanta else None

    def codes(index: nearest.Steps, cells: Mapping[str, Cells]) -> Codes:
        if around is None:
            place = nearest.places(index) % (int(column.highest) + 1)
            levels: Codes = np.where(place == 0, origin, place - (place <= origin))
            return levels
        if not bound:
            return around.codes(index)
        bounds = linear.bounds(inequalities, name, schema.columns, cells, len(index))
        return nearest.Around.of(column, origin, *bounds).codes(index)

    def read(index: nearest.Steps, cells: Mapping[str, Cells]) -> Cells:
        if not column.nullable:
            return codes(index, cells), np.zeros(len(index), dtype=bool)
        first = (index == 0) & missing_first
        return codes(np.maximum(index - missing_first, 0), cells), first | nearest.absent(index)

    return read
