"""One transformation after another: what ``relation.then(relation)`` does to the input."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
import pandas as pd

from metamorph.case import Cases, Mask, Places
from metamorph.errors import RelationError, listed
from metamorph.transforms.fans import Fan
from metamorph.transforms.presentations import Presentation
from metamorph.transforms.transformation import CallPlan, Drawn, Transformation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hypothesis.strategies import SearchStrategy

    from metamorph_strategies.schema import Schema


@attrs.frozen
class Then:
    """The second transformation of what the first one makes; they move different columns."""

    first: Transformation
    second: Transformation

    def __attrs_post_init__(self) -> None:
        for one in (self.first, self.second):
            if isinstance(one, Fan | Presentation):
                what = "makes several follow-ups" if isinstance(one, Fan) else "changes no row"
                msg = f"{one.said} {what}: it cannot be one change of two. Ask for both with & instead."
                raise RelationError(msg)
        both = [name for name in self.first.moves if name in self.second.moves]
        if both:
            msg = f"Both transformations move {listed(both)}, and a case holds one value for each; compose others."
            raise RelationError(msg)
        if self.first.plan != self.second.plan:
            msg = f"One transformation is asked for {self.first.plan!r}, the other {self.second.plan!r}."
            raise RelationError(msg)

    @property
    def plan(self) -> CallPlan:
        return self.first.plan

    @property
    def moves(self) -> tuple[str, ...]:
        return (*self.first.moves, *self.second.moves)

    @property
    def owned(self) -> bool:
        """Whether one of them is a user's own function."""
        return any(getattr(one, "owned", False) for one in (self.first, self.second))

    @property
    def leaves_schema(self) -> bool:
        """Whether one of them puts a value that the schema does not have."""
        return any(getattr(one, "leaves_schema", False) for one in (self.first, self.second))

    def touches(self, schema: Schema) -> tuple[str, ...]:
        return tuple(dict.fromkeys([*self.first.touches(schema), *self.second.touches(schema)]))

    def check(self, schema: Schema) -> None:
        self.first.check(schema)
        self.second.check(schema)

    def draw(
        self, source: pd.DataFrame, schema: Schema, rng: np.random.Generator, places: Places | None = None
    ) -> tuple[pd.DataFrame, Mask]:
        parameters, applicable = self.first.draw(source, schema, rng, places)
        between = schema.complete(self.first.apply(Cases(source, parameters), schema))
        others, also = self.second.draw(between, schema, rng, None)
        return pd.concat([parameters, others], axis=1), applicable & also

    def apply(self, cases: Cases, schema: Schema) -> pd.DataFrame:
        return self.second.apply(self.between(cases, schema), schema)

    def lawful(self, cases: Cases, schema: Schema) -> Mask:
        return self.first.lawful(cases, schema) & self.second.lawful(self.between(cases, schema), schema)

    def between(self, cases: Cases, schema: Schema) -> Cases:
        """The cases of the second transformation, whose sources are the follow-ups of the first."""
        return Cases(schema.complete(self.first.apply(cases, schema)), cases.parameters)

    def phrase(self, schema: Schema) -> str:
        second = self.second.phrase(schema)
        return f"{self.first.phrase(schema)}, then {second[:1].lower()}{second[1:]},"

    def strategy(self, row: Any, schema: Schema) -> Any:
        """What each column moves to from *row*, the first transformation's columns before the second's."""
        from hypothesis import strategies as st  # noqa: PLC0415 - nothing else here needs it

        nothing: SearchStrategy[Mapping[str, Any]] = st.just({})
        first = self.first.strategy(row, schema) if isinstance(self.first, Drawn) else nothing
        second = self.second if isinstance(self.second, Drawn) else None
        if second is None:
            return first
        return first.flatmap(
            lambda moved: second.strategy({**row, **moved}, schema).map(lambda more: {**moved, **more})
        )
