"""A level that no one has seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import attrs
import numpy as np
import pandas as pd

from metamorph.case import Cases, Mask, Places
from metamorph.errors import RelationError
from metamorph.transforms.transformation import CallPlan, check_columns
from metamorph_strategies.columns import Category

if TYPE_CHECKING:
    from metamorph_strategies.schema import Schema


@attrs.frozen
class Unseen:
    """Put a level that the schema does not have in a category's place; the follow-up leaves the schema there."""

    columns: tuple[str, ...]
    level: Any
    plan: CallPlan = "together"
    moves: tuple[str, ...] = ()
    leaves_schema: ClassVar[bool] = True

    def touches(self, schema: Schema) -> tuple[str, ...]:
        return self.columns

    def check(self, schema: Schema) -> None:
        check_columns(self.columns, schema)
        for name in self.columns:
            column = schema.columns[name]
            if not isinstance(column, Category) or self.level in column.levels:
                msg = f"Expected a category without the level {self.level!r} but got {name!r}, {column!r}."
                raise RelationError(msg)

    def draw(
        self, source: pd.DataFrame, schema: Schema, rng: np.random.Generator, places: Places | None = None
    ) -> tuple[pd.DataFrame, Mask]:
        return pd.DataFrame(index=source.index), np.ones(len(source), dtype=bool)

    def apply(self, cases: Cases, schema: Schema) -> pd.DataFrame:
        follow_up = cases.source.copy(deep=False)
        for name in self.columns:
            dtype = follow_up[name].dtype
            if isinstance(dtype, pd.CategoricalDtype):
                dtype = pd.CategoricalDtype([*dtype.categories, self.level], ordered=dtype.ordered)
            follow_up[name] = pd.Series([self.level] * len(cases), index=follow_up.index, dtype=dtype)
        return follow_up

    def lawful(self, cases: Cases, schema: Schema) -> Mask:
        return np.ones(len(cases), dtype=bool)

    def phrase(self, schema: Schema) -> str:
        return f"Putting a level never seen ({self.level}) in the place of {' and '.join(self.columns)}"
