"""Measurement noise of a stated size."""

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
from metamorph_strategies.columns import Integer, Real, is_finite

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from metamorph_strategies.schema import Schema

FARTHEST = 4.0
"""Noise is drawn within this many standard deviations."""


@attrs.frozen
class Noise(Moves):
    """Add normal noise to numeric columns: *size* is its standard deviation, in the column's units."""

    columns: tuple[str, ...]
    size: float | Mapping[str, float]

    def check(self, schema: Schema) -> None:
        check_columns(self.columns, schema)
        for name in self.columns:
            if not isinstance(schema.columns[name], Real | Integer):
                msg = f"Expected a numeric column to add noise to but got {name!r}, {schema.columns[name]!r}."
                raise RelationError(msg)
            if not is_finite(self._size(name)) or self._size(name) <= 0:
                raise RelationError(expected("a size > 0", size=self._size(name)))

    def draw(
        self, source: pd.DataFrame, schema: Schema, rng: np.random.Generator, places: Places | None = None
    ) -> tuple[pd.DataFrame, Mask]:
        parameters, applicable = {}, np.ones(len(source), dtype=bool)
        for name in self.columns:
            column = schema.columns[name]
            codes, absent = column.encode(source[name])
            noise = np.clip(rng.normal(size=len(source)), -FARTHEST, FARTHEST) * self._size(name)
            moved = column.round(codes + noise, column.least_step) if column.least_step else codes + noise
            inside = ~absent & (moved >= column.lowest) & (moved <= column.highest)
            parameters[parameter(name)] = column.decode(np.where(inside, moved, codes), absent)
            applicable &= inside
        return pd.DataFrame(parameters, copy=False), applicable

    def lawful(self, cases: Cases, schema: Schema) -> Mask:
        lawful = np.ones(len(cases), dtype=bool)
        for name in self.columns:
            column = schema.columns[name]
            codes, absent = column.encode(cases.source[name])
            moved, gone = column.encode(cases.parameters[parameter(name)])
            within = np.abs(moved - codes) <= FARTHEST * self._size(name) + column.least_step
            lawful &= within & ~absent & ~gone
        return lawful

    def targets(self, name: str, value: Any, schema: Schema) -> SearchStrategy[Any] | None:
        from metamorph_strategies import tables  # noqa: PLC0415 - it imports Hypothesis

        return None if value is None else tables.near(schema.columns[name], value, FARTHEST * self._size(name))

    def phrase(self, schema: Schema) -> str:
        return f"Adding noise of size {self.size} to {' and '.join(self.columns)}"

    def _size(self, name: str) -> float:
        size: float = of_column("size", self.size, name)
        return size
