"""Candidates for a smaller counterexample: many cases as arrays of codes, so that a round of them is one call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
import numpy.typing as npt
import pandas as pd

from metamorph.case import Cases, Mask, parameter
from metamorph_strategies.columns import Cells, Codes, unequal

if TYPE_CHECKING:
    from metamorph_strategies.schema import Schema


@attrs.frozen(eq=False)
class Coded:
    """``size`` cases: the source's cells of every free column, the follow-up's of those the relation moves."""

    source: Mapping[str, Cells]
    target: Mapping[str, Cells]
    size: int

    @classmethod
    def of(cls, cases: Cases, schema: Schema, moves: tuple[str, ...]) -> Coded:
        """The codes of *cases*."""
        source = {name: column.encode(cases.source[name]) for name, column in schema.columns.items()}
        target = {name: schema.columns[name].encode(cases.parameters[parameter(name)]) for name in moves}
        return cls(source, target, len(cases))

    def cases(self, schema: Schema) -> Cases:
        """The candidates as a table, derived columns computed."""
        free = pd.DataFrame({name: schema.columns[name].decode(*cells) for name, cells in self.source.items()})
        parameters = {parameter(name): schema.columns[name].decode(*cells) for name, cells in self.target.items()}
        return Cases(schema.complete(free), pd.DataFrame(parameters, index=free.index))

    def take(self, places: npt.NDArray[Any]) -> Coded:
        """The candidates at these places, which may repeat."""

        def at(cells: Mapping[str, Cells]) -> dict[str, Cells]:
            return {name: (codes[places], missing[places]) for name, (codes, missing) in cells.items()}

        return Coded(at(self.source), at(self.target), len(places))

    def repeat(self, times: int) -> Coded:
        """The first candidate, this many times."""
        return self.take(np.zeros(times, dtype=np.int64))

    def with_source(self, name: str, codes: Codes, missing: Mask | None = None, *, where: Mask | None = None) -> Coded:
        """Other cells for a source column (where the mask says)."""
        return attrs.evolve(self, source={**self.source, name: _put(self.source[name], codes, missing, where)})

    def with_target(self, name: str, codes: Codes, missing: Mask | None = None, *, where: Mask | None = None) -> Coded:
        """Other cells for a moved column's follow-up (where the mask says)."""
        return attrs.evolve(self, target={**self.target, name: _put(self.target[name], codes, missing, where)})

    def differs(self, name: str, other: Coded) -> Mask:
        """Where a source column differs from that of the single candidate *other*."""
        return unequal(self.source[name], other.source[name])

    def moved(self, name: str) -> Mask:
        """Where the relation moves a column."""
        return unequal(self.target[name], self.source[name])


def stacked(parts: list[Coded]) -> Coded:
    """Several tables of candidates as one."""

    def together(cells: list[Mapping[str, Cells]]) -> dict[str, Cells]:
        return {
            name: (np.concatenate([cell[name][0] for cell in cells]), np.concatenate([cell[name][1] for cell in cells]))
            for name in cells[0]
        }

    return Coded(
        together([part.source for part in parts]),
        together([part.target for part in parts]),
        sum(part.size for part in parts),
    )


def _put(cells: Cells, codes: Codes, missing: Mask | None, where: Mask | None) -> Cells:
    absent = np.zeros(len(codes), dtype=bool) if missing is None else missing
    if where is None:
        return codes, absent
    return np.where(where, codes, cells[0]), np.where(where, absent, cells[1])
