"""Changes whose target is stated: set to a value, shifted by a step, made missing, swapped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
import pandas as pd

from metamorph.case import Cases, Mask, Places, parameter
from metamorph.errors import RelationError, expected
from metamorph.transforms.moves import Moves
from metamorph.transforms.transformation import check_columns, of_column
from metamorph_strategies.columns import Category, Cells, Codes, Column, Integer, Real, is_missing, unequal

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from metamorph_strategies.schema import Schema


LARGEST = 2.0**62
"""Whole numbers up to this one are told apart from others as reals."""


class Stated(Moves):
    """A change that states, for each row, the one value that a column moves to."""

    def aims(self, source: pd.DataFrame, schema: Schema) -> tuple[dict[str, Cells], Mask]:
        """The cells that each column moves to, and the rows on which the change can be made."""
        raise NotImplementedError

    def check(self, schema: Schema) -> None:
        check_columns(self.columns, schema)

    def draw(
        self, source: pd.DataFrame, schema: Schema, rng: np.random.Generator, places: Places | None = None
    ) -> tuple[pd.DataFrame, Mask]:
        aims, applicable = self.aims(source, schema)
        parameters = {parameter(name): schema.columns[name].decode(*cells) for name, cells in aims.items()}
        return pd.DataFrame(parameters, copy=False), applicable

    def lawful(self, cases: Cases, schema: Schema) -> Mask:
        aims, lawful = self.aims(cases.source, schema)
        for name, cells in aims.items():
            column = schema.columns[name]
            aimed = column.encode(column.decode(*cells))
            lawful = lawful & ~unequal(aimed, column.encode(cases.parameters[parameter(name)]))
        return lawful

    def targets(self, name: str, value: Any, schema: Schema) -> SearchStrategy[Any] | None:
        raise NotImplementedError  # all columns move at once

    def strategy(self, row: Mapping[str, Any], schema: Schema) -> SearchStrategy[Mapping[str, Any]]:
        """What the columns move to from *row*: there is one choice; where they cannot move, they stay."""
        from hypothesis import strategies as st  # noqa: PLC0415 - nothing else here needs it

        source = schema.frame([row])
        aims, applicable = self.aims(source, schema)
        if not applicable[0]:
            return st.just({name: row[name] for name in self.columns})
        return st.just(
            {
                name: None if absent[0] else schema.columns[name].value(codes[0].item())
                for name, (codes, absent) in aims.items()
            }
        )


@attrs.frozen
class Set(Stated):
    """Put one stated value in the columns; a missing value stays missing."""

    columns: tuple[str, ...]
    to: Any

    def check(self, schema: Schema) -> None:
        super().check(schema)
        for name in self.columns:
            column = schema.columns[name]
            to = of_column("to", self.to, name)
            if is_missing(to) or not column.holds(to):
                raise RelationError(expected(f"a value of column {name!r}, {column!r},", to=to))

    def aims(self, source: pd.DataFrame, schema: Schema) -> tuple[dict[str, Cells], Mask]:
        aims, applicable = {}, np.ones(len(source), dtype=bool)
        for name in self.columns:
            column = schema.columns[name]
            (code,), _ = column.encode(column.series([of_column("to", self.to, name)]))
            absent = column.encode(source[name])[1]
            aims[name] = np.full(len(source), code), absent
            applicable &= ~absent
        return aims, applicable

    def phrase(self, schema: Schema) -> str:
        return f"Setting {' and '.join(self.columns)} to {self.to}"


@attrs.frozen
class Shift(Stated):
    """Add a step to ordered columns, up or down; levels of an ordered category, a Timedelta for moments."""

    columns: tuple[str, ...]
    by: Any

    def check(self, schema: Schema) -> None:
        super().check(schema)
        for name in self.columns:
            _signed(schema.columns[name], name, of_column("by", self.by, name))

    def aims(self, source: pd.DataFrame, schema: Schema) -> tuple[dict[str, Cells], Mask]:
        aims, applicable = {}, np.ones(len(source), dtype=bool)
        for name in self.columns:
            column = schema.columns[name]
            codes, absent = column.encode(source[name])
            moved = column.plus(codes, _signed(column, name, of_column("by", self.by, name)))
            inside = ~absent & (moved >= column.lowest) & (moved <= column.highest)
            aims[name] = np.where(inside, moved, codes), absent
            applicable &= inside
        return aims, applicable

    def phrase(self, schema: Schema) -> str:
        return f"Shifting {' and '.join(self.columns)} by {in_words(self.by)}"


@attrs.frozen
class MakeMissing(Stated):
    """Take the columns' values away."""

    columns: tuple[str, ...]

    def check(self, schema: Schema) -> None:
        super().check(schema)
        for name in self.columns:
            if not schema.columns[name].nullable:
                msg = f"Column {name!r} is never missing in this schema; make it nullable to ask what happens."
                raise RelationError(msg)

    def aims(self, source: pd.DataFrame, schema: Schema) -> tuple[dict[str, Cells], Mask]:
        aims, applicable = {}, np.ones(len(source), dtype=bool)
        for name in self.columns:
            codes, absent = schema.columns[name].encode(source[name])
            aims[name] = codes, np.ones(len(source), dtype=bool)
            applicable &= ~absent
        return aims, applicable

    def phrase(self, schema: Schema) -> str:
        return f"Leaving out the value of {' and '.join(self.columns)}"


@attrs.frozen
class Swap(Stated):
    """Exchange the values of two columns of one kind; of two numeric ones, where each holds the other's value."""

    columns: tuple[str, ...]

    def check(self, schema: Schema) -> None:
        super().check(schema)
        kinds = [schema.columns[name] for name in self.columns]
        levels = {getattr(kind, "levels", ()) for kind in kinds if isinstance(kind, Category)}
        alike = len({type(kind) for kind in kinds}) == 1 or all(isinstance(kind, Real | Integer) for kind in kinds)
        if len(kinds) != 2 or not alike or len(levels) > 1:  # noqa: PLR2004 - a pair
            msg = f"Expected two columns of one kind (and the same levels) to swap but got {list(self.columns)!r}."
            raise RelationError(msg)

    def aims(self, source: pd.DataFrame, schema: Schema) -> tuple[dict[str, Cells], Mask]:
        first, second = self.columns
        aims, applicable = {}, np.ones(len(source), dtype=bool)
        for name, other in ((first, second), (second, first)):
            column = schema.columns[name]
            own, own_absent = column.encode(source[name])
            codes, absent = schema.columns[other].encode(source[other])
            codes, held = _as_codes(codes, own.dtype)
            inside = (held | absent) & column.admits(codes, absent)
            aims[name] = np.where(inside, codes, own), np.where(inside, absent, own_absent)
            applicable &= inside
        return aims, applicable

    def phrase(self, schema: Schema) -> str:
        return f"Swapping {' and '.join(self.columns)}"


def _as_codes(codes: Codes, dtype: np.dtype[Any]) -> tuple[Codes, Mask]:
    """The codes of another column as those of a column of *dtype*, and where they are: whole numbers in whole ones."""
    if codes.dtype.kind == dtype.kind or dtype.kind != "i":
        return codes.astype(dtype), np.ones(len(codes), dtype=bool)
    held = np.equal(codes, np.round(codes)) & (np.abs(codes) < LARGEST)
    return np.where(held, codes, 0).astype(dtype), held


def _signed(column: Column, name: str, by: Any) -> Any:
    """A step up or down in codes; RelationError for what is no step of the column."""
    if not column.ordered:
        msg = f"Column {name!r} has no order, so nothing can be added to it."
        raise RelationError(msg)
    up = column.step(by)
    if up is not None:
        return up
    try:
        down = column.step(-by)
    except TypeError:
        down = None
    if down is None:
        raise RelationError(expected(f"{column.step_wanted} for {name!r}, or one down,", by=by))
    return -down


def in_words(step: Any) -> str:
    """A step in words: whole days read as days."""
    return str(step).removesuffix(" 00:00:00")
