"""A level that no one has seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import attrs
import numpy as np
import pandas as pd

from metamorph.case import Cases, Mask, Places
from metamorph.errors import RelationError, expected
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
            if not self._fits(column):
                raise RelationError(
                    expected(f"a level that the dtype of {name!r}, {column.dtype}, holds", level=self.level)
                )

    def draw(
        self, source: pd.DataFrame, schema: Schema, rng: np.random.Generator, places: Places | None = None
    ) -> tuple[pd.DataFrame, Mask]:
        return pd.DataFrame(index=source.index), self._present(source)

    def apply(self, cases: Cases, schema: Schema) -> pd.DataFrame:
        follow_up = cases.source.copy(deep=False)
        present = self._present(cases.source)  # on a row without a value nothing is asked, and it stays as it is
        for name in self.columns:
            before = follow_up[name].astype(self._widened(follow_up[name].dtype))
            follow_up[name] = before.where(~present, self.level)
        return follow_up

    def lawful(self, cases: Cases, schema: Schema) -> Mask:
        return self._present(cases.source)

    def phrase(self, schema: Schema) -> str:
        return f"Putting a level never seen ({self.level}) in the place of {' and '.join(self.columns)}"

    def _present(self, source: pd.DataFrame) -> Mask:
        present: Mask = np.logical_and.reduce(source[list(self.columns)].notna().to_numpy(), axis=1)
        return present

    def _widened(self, dtype: Any) -> Any:
        """The dtype that holds the level as well."""
        if not isinstance(dtype, pd.CategoricalDtype):
            return dtype
        return pd.CategoricalDtype([*dtype.categories, self.level], ordered=dtype.ordered)

    def _fits(self, column: Category) -> bool:
        try:
            stored = pd.Series([self.level], dtype=self._widened(column.dtype))
        except (TypeError, ValueError, OverflowError):
            return False
        return bool(stored.iloc[0] == self.level)
