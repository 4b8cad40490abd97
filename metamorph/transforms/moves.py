"""Transformations whose parameters are the follow-up's values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import pandas as pd

from metamorph.case import Cases, parameter
from metamorph.transforms.transformation import CallPlan

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from metamorph_strategies.schema import Schema


class Moves:
    """A transformation of ``columns``, each with a parameter ``to[column]``: the value it takes in the follow-up."""

    columns: tuple[str, ...]
    plan: CallPlan = "together"
    owned: ClassVar[bool] = False

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

    def targets(self, name: str, value: Any, schema: Schema) -> SearchStrategy[Any] | None:
        """The values that a column may move to from *value*, the nearest or plainest first; None where it cannot."""
        raise NotImplementedError

    def strategy(self, row: Mapping[str, Any], schema: Schema) -> SearchStrategy[Mapping[str, Any]]:
        """What each column moves to from *row*: a non-empty subset of those that can move does, the rest stay.

        Values are plain Python ones. Where no column can move all of them stay, which is no case of the relation.
        """
        from hypothesis import strategies as st  # noqa: PLC0415 - nothing else here needs it

        stay = {name: row[name] for name in self.columns}
        found = {name: self.targets(name, row[name], schema) for name in self.columns}
        movable = {name: targets for name, targets in found.items() if targets is not None}
        if not movable:
            return st.just(stay)
        names = tuple(movable)
        # one column that moves whatever the others do; shrinking leaves it alone
        chosen = st.tuples(st.sampled_from(names), *(st.booleans() for _ in names[1:]))

        def moving(choice: tuple[Any, ...]) -> SearchStrategy[Mapping[str, Any]]:
            first, *coins = choice
            others = [name for name in names if name != first]
            moves = [first, *(name for name, coin in zip(others, coins, strict=True) if coin)]
            return st.tuples(*(movable[name] for name in moves)).map(
                lambda values: stay | dict(zip(moves, values, strict=True))
            )

        return chosen.flatmap(moving)
