"""Values, rows and frames of a schema as Hypothesis strategies; all shrink towards the reference row.

A row is a tuple of cells, each ``one_of`` the reference row's value and values farther and farther from it. A frame is
a list of texts, a row each and a character a cell: Hypothesis shrinks each character as it would a number, and draws
650 cells in 2.4 ms that way, which take 16 to 30 ms as choices of their own.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import hypothesis
import numpy as np
import pandas as pd
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from metamorph_strategies import inequalities, linear
from metamorph_strategies.columns import Category, Cells, Column, Strategy, nearest, table
from metamorph_strategies.errors import SchemaError, check_whole, expected
from metamorph_strategies.schema import FEWEST_ACCEPTED, Schema

TRIES, MOST_TRIES = 3, 30
"""Rows drawn until one keeps the constraints, and more where few do."""
TRIED_FOR_RATE = 2_000
PARTS = 2**20
"""A value off the grid stands so many parts of a step before some step."""

Row = dict[str, Any]


def columns(column: Column) -> SearchStrategy[Any]:
    """Values of a column as plain Python values (missing is None), its origin first and the nearest to it next.

    A SchemaError for what is no column is raised when a value is drawn.
    """
    cell = functools.cache(lambda: _values(_checked_column(column)))

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
    up, _ = nearest.room(column, code, code, column.highest)
    return _stepped(column, code, (1, max(up, 1)), (code, column.highest))  # off the grid the one step is to the bound


def below(column: Column, code: Any) -> SearchStrategy[Any] | None:
    """The values of an ordered column below a code, the nearest first; None where there are none."""
    if code <= column.lowest:
        return None
    _, down = nearest.room(column, code, column.lowest, code)
    return _stepped(column, code, (-max(down, 1), -1), (column.lowest, code))


def near(column: Column, value: Any, distance: float) -> SearchStrategy[Any] | None:
    """The other values of a numeric column within a distance of one, the nearest first; None where there are none."""
    code, ends = nearest.code(column, value), (column.lowest, column.highest)
    low, high = (
        nearest.within(nearest.innermost(column, np.array([code - sign * distance]), sign), *ends)[0].item()
        for sign in (1, -1)
    )
    if low == high:
        return None
    _, *others = _around(column, code, low, high)
    return st.one_of(*others).filter(lambda other: other != value)


def _checked(schema: Schema) -> Schema:
    if not isinstance(schema, Schema):
        raise SchemaError(expected("a Schema", schema=schema))
    return schema


def _checked_column(column: Column) -> Column:
    if not isinstance(column, Column):
        raise SchemaError(expected("a column such as Real(0, 1)", column=column))
    return column


def _lawful_row(schema: Schema) -> SearchStrategy[Row]:
    system, opaque = _compiled(schema)
    free = {name: _cell(schema, name) for name in schema.columns if name not in system.columns}
    cells = st.tuples(*free.values()).map(lambda values: dict(zip(free, values, strict=True)))
    if not schema.constraints:
        return cells if not schema.derived else cells.map(lambda row: _completed(schema, row, schema.frame([row])))
    rate = _acceptance(schema, opaque)
    tries = min(math.ceil(TRIES / rate), MOST_TRIES)

    @st.composite
    def lawful(draw: DrawFn) -> Row:
        for _ in range(tries):
            row = draw(cells) | _bound_cells(draw, schema, system)
            frame = schema.frame([row])
            if schema.accepts(frame)[0]:
                return _completed(schema, row, frame)
            if opaque:
                hypothesis.event(f"row rejected by {' and '.join(opaque)}, accepting {rate:.1%} of rows")
        return hypothesis.reject()

    return lawful()


def _completed(schema: Schema, row: Row, frame: pd.DataFrame) -> Row:
    """The cells of a row in the schema's order, derived ones from the frame that was made of it."""
    return {name: row[name] if name in row else schema.plain(name, frame[name].iloc[0]) for name in schema.names}


def _bound_cells(draw: DrawFn, schema: Schema, system: linear.System) -> Row:
    """Cells of the columns that inequalities bind, each between what those before it leave."""
    row: Row = {}
    drawn: dict[str, Cells] = {}
    for name, column in system.columns.items():
        (low,), (high,), (hopeless,) = system.bounds(name, drawn, 1)
        cell = _cell(schema, name, within=(low.item(), high.item()))
        row[name] = draw(st.none() if hopeless and column.nullable else cell)
        drawn[name] = column.encode(column.series([row[name]]))
    return row


def _compiled(schema: Schema) -> tuple[linear.System, tuple[str, ...]]:
    """The inequalities of all constraints that are linear, and the names of the others."""
    found = {one.name: inequalities.compiled(one, schema.columns) for one in schema.constraints}
    bounding = tuple(each for every in found.values() if every is not None for each in every)
    return linear.System.of(bounding, schema.columns), tuple(name for name, every in found.items() if every is None)


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


def _cell(schema: Schema, name: str, *, within: tuple[float, float] | None = None) -> SearchStrategy[Any]:
    """The cells of a column between two codes, the reference row's first."""
    return _values(schema.columns[name], missing_first=schema.reference[name] is None, within=within)


def _values(
    column: Column, *, missing_first: bool = False, within: tuple[float, float] | None = None
) -> SearchStrategy[Any]:
    """The values of a column between two codes: the origin, then nearer before farther ones, then a missing one."""
    if isinstance(column, Strategy):
        values = [st.just(column.origin), column.present]
    elif not column.quanta:
        assert isinstance(column, Category)  # noqa: S101 - the one kind with levels and without order
        values = [st.sampled_from([column.origin, *(level for level in column.levels if level != column.origin)])]
    else:
        low, high = within or (column.lowest, column.highest)
        values = _around(column, min(max(nearest.code(column, column.origin), low), high), low, high)
    if missing_first:
        return st.one_of(st.none(), *values)
    missing = st.booleans().map(lambda _: None)  # no fewer choices than other values need, or it would be the simplest
    return st.one_of(*values, missing) if column.nullable else st.one_of(*values)


def _around(column: Column, origin: Any, low: Any, high: Any) -> list[SearchStrategy[Any]]:
    """The value of a code; those around it by the number of steps; those off the grid, before some step by a part.

    What is off the grid needs one choice more than the step behind it, so it shrinks to that. Between any bounds there
    are as many sorts of values: what they are drawn from stays in place while another column shrinks.
    """
    up, down = nearest.room(column, origin, low, high)
    values = [st.just(column.value(origin)), _stepped(column, origin, (-down, up), (low, high))]
    if not column.least_step:

        def before(drawn: tuple[int, int]) -> Any:
            steps = drawn[0] or (1 if up else -1)
            inner = steps - 1 if steps > 0 else steps + 1
            start, end = (nearest.moved(column, origin, count, low, high) for count in (inner, steps))
            return column.value(min(max(end - drawn[1] / PARTS * (end - start), low), high))

        values.append(st.tuples(st.integers(-down, up), st.integers(1, PARTS - 1)).map(before))
    return values


def _stepped(column: Column, origin: Any, steps: tuple[int, int], bounds: tuple[Any, Any]) -> SearchStrategy[Any]:
    """The values so many steps above a code, or below it, never beyond the bounds."""
    return st.integers(*steps).map(lambda count: column.value(nearest.moved(column, origin, count, *bounds)))


def _frame(schema: Schema, min_size: int, max_size: int | None) -> SearchStrategy[pd.DataFrame]:
    check_whole(0, min_size=min_size)
    if max_size is not None:
        check_whole(0, max_size=max_size)
        if min_size > max_size:
            raise SchemaError(expected("min_size <= max_size", min_size=min_size, max_size=max_size))
    coded = [name for name, column in schema.columns.items() if not isinstance(column, Strategy)]
    drawn = [name for name in schema.columns if name not in coded]
    alphabet = st.characters(min_codepoint=nearest.FIRST_CHARACTER)
    text = st.text(alphabet, min_size=len(coded), max_size=len(coded))
    row = st.tuples(text, *(_cell(schema, name) for name in drawn)) if drawn else text
    framed = _framing(schema, coded, drawn)
    return st.lists(row, min_size=min_size, max_size=max_size).map(framed)


def _framing(schema: Schema, coded: Sequence[str], drawn: Sequence[str]) -> Callable[[list[Any]], pd.DataFrame]:
    """What makes a frame of rows: each a text with a character for each *coded* column, then the *drawn* cells."""
    system, opaque = _compiled(schema)
    rate = _acceptance(schema, opaque)
    indexed = {
        name: nearest.Indexed.of(schema.columns[name], missing_first=schema.reference[name] is None) for name in coded
    }
    objects = [name for name, column in schema.columns.items() if column.dtype == object]
    reference = schema.frame([schema.reference])

    def made(rows: list[Any]) -> pd.DataFrame:
        texts = "".join([row[0] for row in rows] if drawn else rows)
        characters = np.frombuffer(texts.encode("utf-32-le"), dtype="<u4").astype(np.int64)
        places = dict(zip(coded, (characters - nearest.FIRST_CHARACTER).reshape(len(rows), len(coded)).T, strict=True))
        cells: dict[str, Cells] = {}
        columns: dict[str, Any] = {}
        for name, column in schema.columns.items():
            if name in drawn:
                place = 1 + drawn.index(name)
                columns[name] = table.series_of(name, column, [row[place] for row in rows]).array
            elif name not in system.columns:
                columns[name] = indexed[name].values(places[name])
            else:
                cells[name] = indexed[name].cells(places[name], *system.bounds(name, cells, len(rows)))
                columns[name] = column.decode(*cells[name]).array
        index = pd.RangeIndex(len(rows))
        for name in objects:  # pandas reads other dtypes off arrays of objects, and not off these
            columns[name] = pd.Series(columns[name], index=index, dtype=object)
        return pd.DataFrame(columns, index=index)  # of arrays, which it need not align

    def framed(rows: list[Any]) -> pd.DataFrame:
        frame = schema.complete(made(rows))
        kept = schema.accepts(frame)
        if kept.all():
            return frame
        if opaque:
            hypothesis.event(f"rows replaced, {' and '.join(opaque)} accepting {rate:.1%} of rows")
        both = pd.concat([frame, reference], ignore_index=True)
        return both.take(np.where(kept, np.arange(len(frame)), len(frame))).reset_index(drop=True)

    return framed
