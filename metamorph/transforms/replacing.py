"""Putting other values in columns' place: the change of an invariance."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
import pandas as pd

from metamorph.case import Cases, Mask, Places, parameter
from metamorph.transforms.moves import Moves
from metamorph.transforms.transformation import check_columns
from metamorph_strategies.columns import Cells, Codes, Column, unequal

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from metamorph_strategies.schema import Schema

FEW_VALUES = 1_000
"""Whole numbers up to this many are drawn from as levels where none were observed."""
MOST_COMBINATIONS = 2**62
"""Combinations are numbered up to this many; among more, the source's own need not be left out."""


@attrs.frozen
class Pool:
    """The codes that a column's follow-up is drawn from, sorted; ``size`` counts missing where it is one more."""

    values: Codes
    size: int

    def places(self, cells: Cells, ranks: Codes | None) -> tuple[Codes, Mask]:
        """The place of each cell in the pool, and whether it has one; *ranks* are of observed cells, from 1."""
        codes, absent = cells
        if ranks is not None:
            places, known = ranks - 1, np.ones(len(codes), dtype=bool)
        else:
            places = np.clip(np.searchsorted(self.values, codes), 0, len(self.values) - 1)
            known = self.values[places] == codes
        if absent.any():
            places, known = np.where(absent, len(self.values), places), known | absent
        return places, known

    def cells(self, places: Codes) -> tuple[Codes, Mask | None]:
        """The cells at these places of the pool."""
        if self.size == len(self.values):
            return self.values[places], None
        absent = places == len(self.values)
        return self.values[np.where(absent, 0, places)], absent


@attrs.frozen
class Replace(Moves):
    """Put any other combination of the columns' values in their place.

    Values are observed ones, or any of the column where none were observed; with ``missing`` a missing value is one
    more, where the column may be missing.
    """

    columns: tuple[str, ...]
    missing: bool = False

    def check(self, schema: Schema) -> None:
        check_columns(self.columns, schema)

    def draw(
        self, source: pd.DataFrame, schema: Schema, rng: np.random.Generator, places: Places | None = None
    ) -> tuple[pd.DataFrame, Mask]:
        cells = {name: schema.columns[name].encode(source[name]) for name in self.columns}
        applicable = np.ones(len(source), dtype=bool)
        if not self.missing:
            for _, absent in cells.values():
                applicable &= ~absent
        pools = {name: self._pool(name, schema) for name in self.columns}
        listed = {name: pool for name, pool in pools.items() if pool is not None}
        if len(listed) == len(pools) and math.prod(pool.size for pool in listed.values()) <= MOST_COMBINATIONS:
            ranks = {name: schema.ranks(name)[places] for name in listed if places is not None}
            own = {name: pool.places(cells[name], ranks.get(name)) for name, pool in listed.items()}
            drawn = _another_of_each(own, {name: pool.size for name, pool in listed.items()}, rng)
        else:
            drawn = {name: rng.integers(pool.size, size=len(source)) for name, pool in listed.items()}
        parameters = {}
        for name, pool in pools.items():
            column = schema.columns[name]
            if pool is None:
                codes = column.uniform(rng, np.full(len(source), column.lowest), column.highest)
                parameters[parameter(name)] = column.decode(codes)
            else:
                parameters[parameter(name)] = column.decode(*pool.cells(drawn[name]))
        return pd.DataFrame(parameters, copy=False), applicable

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

    def targets(self, name: str, value: Any, schema: Schema) -> SearchStrategy[Any] | None:
        from hypothesis import strategies as st  # noqa: PLC0415 - nothing else here needs it

        from metamorph_strategies import tables  # noqa: PLC0415 - it imports Hypothesis

        if value is None and not self.missing:
            return None
        pool, column = self._pool(name, schema), schema.columns[name]
        if pool is None:
            return tables.columns(attrs.evolve(column, nullable=False))
        index, known = pool.places(column.encode(column.series([value])), None)
        own = int(index[0]) if known[0] else -1
        at = _plainest_first(pool, column, schema.reference[name])
        plainest = next((at(place) for place in range(min(2, pool.size)) if at(place) != own), None)

        def target(place: int) -> Any:
            """The value at a place, which is the same whatever the source is; the plainest where that is the source."""
            code = plainest if at(place) == own else at(place)
            return None if code == len(pool.values) else column.value(pool.values[code])  # noqa: PD011 - no pandas object

        return None if plainest is None else st.integers(0, pool.size - 1).map(target)

    def phrase(self, schema: Schema) -> str:
        what = "any other value" if len(self.columns) == 1 else "any other combination of values"
        return f"Changing {' and '.join(self.columns)} to {what}{', missing included,' if self.missing else ''}"

    def _pool(self, name: str, schema: Schema) -> Pool | None:
        """What to draw from; None where it is too much to list."""
        values, column = schema.values(name), schema.columns[name]
        if not len(values):
            if column.quanta not in {(), (1,)} or column.highest - column.lowest >= FEW_VALUES:
                return None
            values = np.arange(int(column.lowest), int(column.highest) + 1)
        return Pool(values, len(values) + (self.missing and column.nullable))


def _plainest_first(pool: Pool, column: Column, reference: Any) -> Callable[[int], int]:
    """Where in the pool the values stand, the reference row's first and the nearest to it next, missing last."""
    count, first = len(pool.values), 0
    if reference is not None:
        (code,), _ = column.encode(column.series([reference]))
        first = min(int(np.searchsorted(pool.values, code)), count - 1)
    if not column.quanta:
        return lambda place: place if place > first else first if not place else place - 1
    turns = min(first, count - first)

    def outwards(place: int) -> int:
        if place == count:
            return count
        if place < 2 * turns:
            return first - 1 - place // 2 if place % 2 else first + place // 2
        return place if first == turns else count - 1 - place

    return outwards


def _another_of_each(
    own: Mapping[str, tuple[Codes, Mask]], sizes: Mapping[str, int], rng: np.random.Generator
) -> dict[str, Codes]:
    """Places in the pools, uniform over all combinations but the source's *own*, where that is one of them."""
    total = math.prod(sizes.values())
    first, *others = own
    number, known = own[first]
    for name in others:
        number, known = number * sizes[name] + own[name][0], known & own[name][1]
    others_of_each = max(total - 1, 1) if known.all() else np.maximum(total - known, 1)
    drawn = rng.integers(others_of_each, size=len(number))
    drawn += known & (drawn >= number) & (total > 1)
    places = {}
    for name in reversed(others):
        drawn, places[name] = np.divmod(drawn, sizes[name])
    return {first: drawn, **places}
