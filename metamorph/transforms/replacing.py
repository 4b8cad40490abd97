"""Putting other values in columns' place: the change of an invariance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import attrs
import numpy as np
import pandas as pd

from metamorph.case import Cases, Mask, parameter
from metamorph.transforms.moves import Moves
from metamorph.transforms.transformation import check_columns
from metamorph_strategies.columns import Codes, unequal

if TYPE_CHECKING:
    from metamorph_strategies.schema import Schema

FEW_VALUES = 1_000
"""Whole numbers up to this many are drawn from as levels where none were observed."""


@attrs.frozen
class Replace(Moves):
    """Put any other combination of the columns' values in their place.

    Values are observed ones, or any of the column where none were observed; with ``missing`` a missing value is one more.
    """

    columns: tuple[str, ...]
    missing: bool = False

    def check(self, schema: Schema) -> None:
        check_columns(self.columns, schema)

    def draw(
        self, source: pd.DataFrame, schema: Schema, rng: np.random.Generator, places: Codes | None = None
    ) -> tuple[pd.DataFrame, Mask]:
        coded = {name: schema.columns[name].encode(source[name]) for name in self.columns}
        applicable = np.ones(len(source), dtype=bool)
        if not self.missing:
            for _, absent in coded.values():
                applicable &= ~absent
        pools = {name: self._pool(name, schema) for name in self.columns}
        places = self._other_places(coded, pools, rng, len(source))
        parameters = {}
        for name in self.columns:
            column, listed = schema.columns[name], pools[name]
            if listed is None:
                parameters[parameter(name)] = column.sample(rng, len(source))
            else:
                absent = places[name] == len(listed)
                drawn = np.append(listed, listed[:1])[places[name]]
                parameters[parameter(name)] = column.decode(drawn, absent if self.missing else None)
        return pd.DataFrame(parameters), applicable

    def lawful(self, cases: Cases, schema: Schema) -> Mask:
        lawful, moved = np.ones(len(cases), dtype=bool), np.zeros(len(cases), dtype=bool)
        for name in self.columns:
            column = schema.columns[name]
            before = column.encode(cases.source[name])
            after = column.encode(cases.parameters[parameter(name)])
            if not self.missing:
                lawful &= ~before[1] & ~after[1]
            moved |= unequal(before, after)
        return lawful & moved

    def phrase(self, schema: Schema) -> str:  # noqa: ARG002 - others ask the schema
        what = "any other value" if len(self.columns) == 1 else "any other combination of values"
        return f"Changing {' and '.join(self.columns)} to {what}{', missing included,' if self.missing else ''}"

    def _pool(self, name: str, schema: Schema) -> Codes | None:
        """The codes to draw from; None where there are too many to list."""
        values, column = schema.values(name), schema.columns[name]
        if len(values):
            return values
        if column.quanta in {(), (1,)} and column.highest - column.lowest < FEW_VALUES:
            return np.arange(int(column.lowest), int(column.highest) + 1)
        return None

    def _other_places(
        self,
        coded: Mapping[str, tuple[Codes, Mask]],
        pools: Mapping[str, Codes | None],
        rng: np.random.Generator,
        n: int,
    ) -> dict[str, Codes]:
        """Places in the pools, uniform over all combinations but the source's own."""
        listable = {name: pool for name, pool in pools.items() if pool is not None}
        sizes = [len(pool) + self.missing for pool in listable.values()]
        total = int(np.prod([float(size) for size in sizes])) if sizes else 0
        if len(listable) < len(pools) or total > 2**62:
            return {name: rng.integers(size, size=n) for name, size in zip(listable, sizes, strict=True)}
        own, known = np.zeros(n, dtype="int64"), np.ones(n, dtype=bool)
        for (name, pool), size in zip(listable.items(), sizes, strict=True):
            codes, absent = coded[name]
            place = np.clip(np.searchsorted(pool, codes), 0, len(pool) - 1)
            place = np.where(absent, len(pool), place)
            known &= absent | (pool[np.clip(place, 0, len(pool) - 1)] == codes)
            own = own * size + place
        drawn = rng.integers(np.maximum(total - known, 1), size=n)
        drawn = np.where(known & (drawn >= own) & (total > 1), drawn + 1, drawn)
        places: dict[str, Codes] = {}
        for (name, _), size in reversed(list(zip(listable.items(), sizes, strict=True))):
            places[name] = drawn % size
            drawn = drawn // size
        return places
