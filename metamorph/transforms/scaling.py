"""Multiplying columns by a constant."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import attrs
import numpy as np
import pandas as pd

from metamorph.case import Cases, Mask, Places
from metamorph.errors import RelationError, listed
from metamorph.transforms.transformation import CallPlan, check_columns
from metamorph_strategies.columns import Cells, Codes, Column, Integer, Real

if TYPE_CHECKING:
    from metamorph_strategies.schema import Schema


@attrs.frozen
class Scale:
    """Multiply numeric columns by a constant."""

    columns: tuple[str, ...]
    by: float
    plan: CallPlan = "together"
    moves: tuple[str, ...] = ()
    owned: ClassVar[bool] = False

    def touches(self, schema: Schema) -> tuple[str, ...]:
        return self.columns

    def check(self, schema: Schema) -> None:
        check_columns(self.columns, schema)
        odd = [name for name in self.columns if not isinstance(schema.columns[name], Real | Integer)]
        if odd:
            msg = f"Expected numeric columns to scale but got {listed(odd)}."
            raise RelationError(msg)

    def draw(
        self, source: pd.DataFrame, schema: Schema, rng: np.random.Generator, places: Places | None = None
    ) -> tuple[pd.DataFrame, Mask]:
        return pd.DataFrame(index=source.index), self._possible(source, schema)

    def apply(self, cases: Cases, schema: Schema) -> pd.DataFrame:
        follow_up = cases.source.copy(deep=False)
        for name in self.columns:
            column = schema.columns[name]
            cells = column.encode(cases.source[name])
            follow_up[name] = column.decode(multiplied(column, cells, self.by)[0], cells[1]).set_axis(follow_up.index)
        return follow_up

    def lawful(self, cases: Cases, schema: Schema) -> Mask:
        return self._possible(cases.source, schema)

    def _possible(self, source: pd.DataFrame, schema: Schema) -> Mask:
        columns = [(schema.columns[name], source[name]) for name in self.columns]
        possible: Mask = np.logical_and.reduce(
            [multiplied(column, column.encode(values), self.by)[1] for column, values in columns]
        )
        return possible

    def phrase(self, schema: Schema) -> str:
        return f"Multiplying {' and '.join(self.columns)} by {self.by:,g}"


def multiplied(column: Column, cells: Cells, by: float) -> tuple[Codes, Mask]:
    """The codes times a number, and where the column holds that; elsewhere they stay as they are, never clipped."""
    codes, absent = cells
    with np.errstate(over="ignore", invalid="ignore"):
        product = codes * float(by)
        possible = ~absent & (product >= column.lowest) & (product <= column.highest)
        whole = codes.dtype.kind == "i"
        if whole:
            possible &= product == np.round(product)
    return np.where(possible, product, codes).astype(codes.dtype), possible
