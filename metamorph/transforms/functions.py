"""A user's own function as a transformation."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

import attrs
import pandas as pd

from metamorph.case import Cases
from metamorph.errors import RelationError, listed
from metamorph.transforms.transformation import CallPlan, Parameterless, check_columns

if TYPE_CHECKING:
    from metamorph_strategies.schema import Schema


def follow_up_rows(follow_up: object, source: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """What a user's function made of *source*, a row each, under its index; RelationError for anything else."""
    if not isinstance(follow_up, pd.DataFrame) or len(follow_up) != len(source):
        shape = getattr(follow_up, "shape", None)
        msg = (
            f"The transformation returned {type(follow_up).__name__} of shape {shape} for {len(source)} rows; "
            "expected a DataFrame, one row a source row."
        )
        raise RelationError(msg)
    absent = [name for name in schema.columns if name not in follow_up]
    if absent:
        msg = f"The transformation lost the columns {listed(absent)}."
        raise RelationError(msg)
    return follow_up[list(schema.columns)].set_axis(source.index)


@attrs.frozen
class Function(Parameterless):
    """A user's own function from source rows to follow-up rows, with the columns it may change.

    The runner holds it to ``columns``, and to working row by row: it must not depend on a row's position.
    """

    function: Callable[[pd.DataFrame], pd.DataFrame] = attrs.field(repr=False)
    columns: tuple[str, ...] | None = None
    plan: CallPlan = "together"
    moves: tuple[str, ...] = ()
    owned: ClassVar[bool] = True

    def touches(self, schema: Schema) -> tuple[str, ...]:
        return tuple(schema.columns) if self.columns is None else self.columns

    def check(self, schema: Schema) -> None:
        check_columns(self.columns or (), schema)

    def apply(self, cases: Cases, schema: Schema) -> pd.DataFrame:
        return follow_up_rows(self.function(cases.source.copy()), cases.source, schema)

    def phrase(self, schema: Schema) -> str:
        name = getattr(self.function, "__name__", "<lambda>")
        which = "the given transformation" if name == "<lambda>" else f"{name}()"
        return f"Changing {', '.join(self.columns)} by {which}" if self.columns else f"Applying {which}"
