"""Moving ordered columns up: the change of a directional expectation."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
import pandas as pd

from metamorph.case import Cases, Mask, Places, parameter
from metamorph.errors import RelationError, expected, listed
from metamorph.transforms.moves import Moves
from metamorph.transforms.transformation import check_columns
from metamorph_strategies.columns import Codes, Column, Strategy, unequal
from metamorph_strategies.errors import brief

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from metamorph_strategies.schema import Schema

FAIR = 0.5
"""A fair coin."""
MOST_BITS = 50
"""Columns whose subsets are numbered: a random float has no more bits."""


@attrs.frozen
class Step(Moves):
    """Move ordered columns up: a random non-empty subset of those that can move, by the step law.

    Without ``by`` and ``to`` the follow-up's value is uniform over the distinct observed values beyond the source's, or
    up to the bound where none were observed. ``by`` adds a step (levels for an ordered category, a Timedelta for a
    moment); ``to`` moves to that value whatever lies below it.
    """

    columns: tuple[str, ...]
    by: Any = None
    to: Any = None
    down: bool = attrs.field(default=False, kw_only=True)

    def check(self, schema: Schema) -> None:
        check_columns(self.columns, schema)
        for name in self.columns:
            column = schema.columns[name]
            if not column.ordered:
                raise RelationError(_without_direction(name, column))
        if self.by is not None and self.to is not None:
            raise RelationError(expected("one of by and to", by=self.by, to=self.to))
        for argument, given in (("by", self.by), ("to", self.to)):
            if isinstance(given, Mapping) and set(given) != set(self.columns):
                wanted = f"{argument}= for each of the columns {listed(self.columns)} and for no other"
                raise RelationError(expected(wanted, **{argument: given}))
        for name in self.columns:
            self.fixed(name, schema)

    def draw(
        self, source: pd.DataFrame, schema: Schema, rng: np.random.Generator, places: Places | None = None
    ) -> tuple[pd.DataFrame, Mask]:
        cells = {name: schema.columns[name].encode(source[name]) for name in self.columns}
        targets, movable = {}, {}
        for name, (codes, missing) in cells.items():
            targets[name] = self._target(name, codes, schema, rng, places)
            movable[name] = ~missing & self._beyond(codes, targets[name], schema.columns[name])
        chosen = _subset(movable, rng)
        parameters = {}
        for name, moves in chosen.items():
            codes, missing = cells[name]
            np.copyto(targets[name], codes, where=~moves)
            parameters[parameter(name)] = schema.columns[name].decode(targets[name], missing)
        some: Mask = np.logical_or.reduce(list(chosen.values()))
        return pd.DataFrame(parameters, copy=False), some

    def lawful(self, cases: Cases, schema: Schema) -> Mask:
        lawful, moved_any = np.ones(len(cases), dtype=bool), np.zeros(len(cases), dtype=bool)
        for name in self.columns:
            column = schema.columns[name]
            before = source, absent = column.encode(cases.source[name])
            after = target, target_absent = column.encode(cases.parameters[parameter(name)])
            moved = ~absent & ~target_absent & self._beyond(source, target, column)
            fixed = self.fixed(name, schema)
            if self.by is not None:
                stepped = column.plus(source, -fixed if self.down else fixed)
                inside = self._beyond(source, stepped, column)  # codes beyond the column need not stand for anything
                moved &= inside & (target == _stored(column, np.where(moved & inside, stepped, target)))
            elif self.to is not None:
                moved &= target == _stored(column, np.full(len(source), fixed))
            lawful &= moved | ~unequal(before, after)
            moved_any |= moved
        return lawful & moved_any

    def targets(self, name: str, value: Any, schema: Schema) -> SearchStrategy[Any] | None:
        from hypothesis import strategies as st  # noqa: PLC0415 - nothing else here needs it

        from metamorph_strategies import tables  # noqa: PLC0415 - it imports Hypothesis

        column, fixed = schema.columns[name], self.fixed(name, schema)
        codes, missing = column.encode(column.series([value]))
        if missing[0]:
            return None
        if fixed is not None:
            code = column.plus(codes, -fixed if self.down else fixed)[0] if self.by is not None else fixed
            return st.just(column.value(code)) if self._beyond(codes[0], code, column) else None
        values = schema.values(name)
        if self.down:
            below = int(np.searchsorted(values, codes[0], side="left"))
            if below:  # a place among all values, counted from the largest: see below
                return st.integers(len(values) - below, len(values) - 1).map(lambda at: column.value(values[-1 - at]))
            return tables.below(column, codes[0].item())
        first = int(np.searchsorted(values, codes[0], side="right"))
        if first < len(values):
            # a place among all values, so that shrinking the source leaves the target where it is
            return st.integers(first, len(values) - 1).map(lambda place: column.value(values[place]))
        return tables.above(column, codes[0].item())

    def phrase(self, schema: Schema) -> str:
        if self.by is not None:
            law = f"by {_listed_values(self.by)}"
        elif self.to is not None:
            law = f"to {_listed_values(self.to)}"
        else:
            free = "to any smaller value" if self.down else "to any larger value"
            law = "to another value seen in the data" if schema.observed is not None else free
        return f"{'Lowering' if self.down else 'Raising'} {_any_of(self.columns)} {law}"

    def _target(
        self, name: str, codes: Codes, schema: Schema, rng: np.random.Generator, places: Places | None
    ) -> Codes:
        fixed, column = self.fixed(name, schema), schema.columns[name]
        if fixed is not None:
            by = -fixed if self.down else fixed
            return column.plus(codes, by) if self.by is not None else np.full(len(codes), fixed)
        values = schema.values(name)
        if self.down:
            return _below(column, values, codes, rng)
        first = np.searchsorted(values, codes, side="right") if places is None else schema.ranks(name)[places]
        beyond = len(values) - first
        share = rng.random(len(codes))
        share *= beyond  # in place, here and below: fresh memory for so many rows costs more than the arithmetic
        drawn = share.astype("int64")
        drawn += first
        targets = values.take(drawn, mode="clip") if len(values) else codes.copy()
        room = (beyond == 0) & (codes < column.highest)
        if room.any():
            above = codes[room] + column.least_step
            targets[room] = column.uniform(rng, above, column.highest)
        return targets

    def _beyond(self, codes: Any, targets: Any, column: Column) -> Any:
        """Whether targets lie beyond the codes they come from, and within the column."""
        if self.down:
            return (targets < codes) & (targets >= column.lowest)
        return (targets > codes) & (targets <= column.highest)

    def fixed(self, name: str, schema: Schema) -> Any:
        """``by`` as a step in codes, or ``to`` as a code; None under the default law."""
        column = schema.columns[name]
        if self.by is not None:
            by = _for_column(self.by, name)
            step = column.step(by)
            if step is None:
                raise RelationError(expected(f"{column.step_wanted} for {name!r}", by=by))
            return step
        return None if self.to is None else _code_of(name, column, _for_column(self.to, name))


def _below(column: Column, values: Codes, codes: Codes, rng: np.random.Generator) -> Codes:
    """A value uniform over the distinct observed ones below each code, or down to the bound where there are none."""
    below = np.searchsorted(values, codes, side="left")
    drawn = (rng.random(len(codes)) * below).astype("int64")
    targets = values.take(drawn, mode="clip") if len(values) else codes.copy()
    room = (below == 0) & (codes > column.lowest)
    if room.any():  # uniform up to the bound, of the values mirrored at the middle
        ends = column.lowest + column.highest
        mirrored = ends - column.uniform(rng, ends - (codes[room] - column.least_step), column.highest)
        targets[room] = column.round(mirrored, column.least_step) if column.least_step else mirrored
    return targets


def _without_direction(name: str, column: Column) -> str:
    if isinstance(column, Strategy):
        return (
            f"Column {name!r} takes any value of {brief(repr(column))}, which have no order, so it has no direction.\n"
            "Give it a kind with an order, such as mm.Integer or mm.Category([...], ordered=True), or use mm.invariant."
        )
    levels = listed(getattr(column, "levels", ()), at_most=3)
    return (
        f"Column {name!r} is a category without order ({levels}), so it has no direction.\n"
        "Order its levels (mm.Category([...], ordered=True) or pd.Categorical(..., ordered=True)), or use mm.invariant."
    )


def _for_column(given: Any, name: str) -> Any:
    return given[name] if isinstance(given, Mapping) else given


def _subset(movable: Mapping[str, Mask], rng: np.random.Generator) -> Mapping[str, Mask]:
    """A uniform non-empty subset of each row's movable columns; empty where none can move."""
    if len(movable) == 1:
        return movable
    ranks, count = {}, np.zeros(len(next(iter(movable.values()))), dtype="int64")
    for name, moves in movable.items():
        ranks[name] = count.copy()
        count += moves
    # a subset is a whole number above 0, its bits the movable columns in order; the bits beyond those are fair coins
    number = 1 + (rng.random(len(count)) * (2.0 ** np.minimum(count, MOST_BITS) - 1)).astype("int64")
    chosen = {
        name: moves & ((number >> np.minimum(ranks[name], MOST_BITS)) & 1 == 1) for name, moves in movable.items()
    }
    for name in list(movable)[MOST_BITS:]:
        beyond = ranks[name] >= MOST_BITS
        chosen[name] = np.where(beyond, movable[name] & (rng.random(len(count)) < FAIR), chosen[name])
    return chosen


def _code_of(name: str, column: Column, to: Any) -> Any:
    """The value that a column moves to, as its code; RelationError where the column cannot hold it."""
    try:
        codes, absent = column.encode(column.series([to]))
        inside = not absent[0] and bool(column.admits(codes, absent)[0])
    except (TypeError, ValueError, OverflowError):
        inside = False
    if not inside:
        raise RelationError(expected(f"a value of column {name!r}, {column!r},", to=to))
    return codes[0]


def _stored(column: Column, codes: Codes) -> Codes:
    """Codes as a table of the column's dtype gives them back: a float32 rounds."""
    return column.encode(column.decode(codes))[0]


def _any_of(columns: tuple[str, ...]) -> str:
    return columns[0] if len(columns) == 1 else f"any of {', '.join(columns)}"


def _listed_values(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_listed_values(entry)}" for name, entry in value.items())
    if isinstance(value, datetime.timedelta | np.timedelta64):
        value = pd.Timedelta(value)
    text = f"{value:,}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
    return text.removesuffix(" 00:00:00")  # whole days read as days
