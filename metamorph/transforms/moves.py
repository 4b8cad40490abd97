"""Transformations whose parameters are the follow-up's values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from metamorph.case import Cases, parameter
from metamorph.transforms.transformation import CallPlan

if TYPE_CHECKING:
    from metamorph_strategies.schema import Schema


class Moves:
    """A transformation of ``columns``, each with a parameter ``to[column]``: the value it takes in the follow-up."""

    columns: tuple[str, ...]
    plan: CallPlan = "together"

    @property
    def moves(self) -> tuple[str, ...]:
        return self.columns

    def touches(self, schema: Schema) -> tuple[str, ...]:
        return self.columns

    def apply(self, cases: Cases, schema: Schema) -> pd.DataFrame:
        follow_up = cases.source.copy(deep=False)
        for name in self.columns:
            follow_up[name] = cases.parameters[parameter(name)]
        return follow_up
