"""Transformations whose parameters are the follow-up's values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from metamorph.case import Cases, Mask, parameter
from metamorph.transforms.transformation import CallPlan
from metamorph_strategies.columns import Codes

if TYPE_CHECKING:
    from metamorph_strategies.schema import Schema


class Moves:
    """A transformation of ``columns``, each with a parameter ``to[column]``: the value it takes in the follow-up."""

    columns: tuple[str, ...]
    plan: CallPlan = "together"

    @property
    def moves(self) -> tuple[str, ...]:
        return self.columns

    def touches(self, schema: Schema) -> tuple[str, ...]:  # noqa: ARG002 - others ask the schema
        return self.columns

    def apply(self, cases: Cases, schema: Schema) -> pd.DataFrame:  # noqa: ARG002 - others ask the schema
        follow_up = cases.source.copy(deep=False)
        for name in self.columns:
            follow_up[name] = cases.parameters[parameter(name)]
        return follow_up


def same(left: Codes, left_absent: Mask, right: Codes, right_absent: Mask) -> Mask:
    """Whether coded cells are equal; missing equals missing."""
    return (left_absent & right_absent) | (~left_absent & ~right_absent & (left == right))  # type: ignore[no-any-return]
