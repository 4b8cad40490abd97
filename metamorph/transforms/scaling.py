"""Multiplying columns by a constant."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import attrs
import numpy as np
import pandas as pd

from metamorph.case import Cases, Mask, Places
from metamorph.errors import RelationError, listed
from metamorph.transforms.transformation import CallPlan, check_columns

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
        odd = [name for name in self.columns if not pd.api.types.is_numeric_dtype(schema.columns[name].dtype)]
        if odd:
            msg = f"Expected numeric columns to scale but got {listed(odd)}."
            raise RelationError(msg)

    def draw(
        self, source: pd.DataFrame, schema: Schema, rng: np.random.Generator, places: Places | None = None
    ) -> tuple[pd.DataFrame, Mask]:
        return pd.DataFrame(index=source.index), self._present(source)

    def apply(self, cases: Cases, schema: Schema) -> pd.DataFrame:
        return cases.source.assign(**{name: cases.source[name] * self.by for name in self.columns})

    def lawful(self, cases: Cases, schema: Schema) -> Mask:
        return self._present(cases.source)

    def _present(self, source: pd.DataFrame) -> Mask:
        present: Mask = np.logical_and.reduce(source[list(self.columns)].notna().to_numpy(), axis=1)
        return present

    def phrase(self, schema: Schema) -> str:
        return f"Multiplying {' and '.join(self.columns)} by {self.by:,g}"
