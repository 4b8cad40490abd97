"""Judged cases as a table: follow-ups, outputs and margins beside them."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
import numpy.typing as npt
import pandas as pd

from metamorph.answers import Outputs
from metamorph.case import Cases, Mask, rows_at
from metamorph.failures import Failure


@attrs.frozen(eq=False)
class Judged:
    """Outputs and margins of the cases at *places* of a table, one each; ``raised``: the model refused it, as agreed.

    The rows of those cases are gathered when they are asked for: of a large table, only the few that violate are.
    """

    _table: Cases
    _follow_ups: pd.DataFrame
    _places: npt.NDArray[np.int64]
    source_output: Outputs
    follow_up_output: Outputs
    margins: npt.NDArray[np.float64]
    raised: Mask

    def __len__(self) -> int:
        return len(self._places)

    @property
    def cases(self) -> Cases:
        """The judged cases."""
        return self._table.take(self._places)

    @property
    def follow_up(self) -> pd.DataFrame:
        """Their follow-ups."""
        return rows_at(self._follow_ups, self._places)

    def take(self, places: npt.NDArray[Any]) -> Judged:
        """The judged cases at these places among the judged."""
        rows = self._places[places]
        return Judged(
            self._table.take(rows),
            rows_at(self._follow_ups, rows),
            np.arange(len(rows)),
            self.source_output[places],
            self.follow_up_output[places],
            self.margins[places],
            self.raised[places],
        )

    def among(self, places: npt.NDArray[np.int64]) -> Judged:
        """The judged cases at these places, as a view: their rows are gathered when they are asked for."""
        return Judged(
            self._table,
            self._follow_ups,
            self._places[places],
            self.source_output[places],
            self.follow_up_output[places],
            self.margins[places],
            self.raised[places],
        )

    def compact(self) -> Judged:
        """The same with rows of its own, so that it holds no larger table; itself where it has them already."""
        if len(self._places) == len(self._table):
            return self
        mine = self.take(np.arange(len(self)))
        cases = Cases(mine.cases.source.copy(), mine.cases.parameters.copy())
        return attrs.evolve(mine, table=cases, follow_ups=mine.follow_up.copy())


@attrs.frozen
class Replayed:
    """What became of the cases that failed before.

    ``failing`` are those that fail again, confirmed, with the table of them; ``fixed`` pass; ``gone`` are no cases of
    the relation any more, with the reason; ``implausible`` ones were not asked about, and are kept.
    """

    failing: tuple[Failure, ...] = ()
    table: Judged | None = None
    fixed: tuple[Failure, ...] = ()
    gone: tuple[tuple[Failure, str], ...] = ()
    implausible: tuple[Failure, ...] = ()

    @property
    def asked(self) -> int:
        """How many were asked about again."""
        return len(self.failing) + len(self.fixed)


def joined(parts: list[Judged]) -> Judged:
    """Several judged tables as one."""
    parts = [part for part in parts if len(part)] or parts[:1]
    if len(parts) == 1:
        return parts[0]
    cases = [part.cases for part in parts]
    source = pd.concat([part.source for part in cases], ignore_index=True)
    parameters = pd.concat([part.parameters for part in cases], ignore_index=True)
    return Judged(
        Cases(source, parameters),
        pd.concat([part.follow_up for part in parts], ignore_index=True),
        np.arange(len(source)),
        np.concatenate([part.source_output for part in parts]),
        np.concatenate([part.follow_up_output for part in parts]),
        np.concatenate([part.margins for part in parts]),
        np.concatenate([part.raised for part in parts]),
    )


def single(judged: Judged, place: int) -> Judged:
    """One row of a judged table."""
    return judged.take(np.array([place]))
