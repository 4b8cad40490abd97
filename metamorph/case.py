"""Cases as a table: source rows and the parameters of the change, side by side."""

from __future__ import annotations

import enum
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt
import pandas as pd

Mask = npt.NDArray[np.bool_]
Places = npt.NDArray[np.int64] | slice
"""Which of a schema's shuffled rows some sources are."""

MOST_RUNS = 4
"""Runs of rows that are copied as such; more are gathered row by row."""


class Status(enum.IntEnum):
    """What becomes of a drawn case: only an effective one is judged."""

    EFFECTIVE = 0
    NO_CHANGE = 1
    NOT_APPLICABLE = 2
    PRECONDITION = 3


@attrs.frozen(eq=False)
class Cases:
    """Cases, one a row: ``source`` and ``parameters`` have the same plain row index.

    A parameter ``to[area]`` is the value that ``area`` takes in the follow-up; equal to the source's, it does not move.
    """

    source: pd.DataFrame
    parameters: pd.DataFrame

    def __len__(self) -> int:
        return len(self.source)

    def take(self, which: npt.NDArray[Any]) -> Cases:
        """The cases at these places (int) or under this mask (bool)."""
        places = np.flatnonzero(which) if which.dtype == bool else which
        if len(places) == len(self) and (places == np.arange(len(self))).all():
            return self
        return Cases(rows_at(self.source, places), rows_at(self.parameters, places))


def rows_at(frame: pd.DataFrame, places: npt.NDArray[np.int64]) -> pd.DataFrame:
    """The rows of *frame* at these places, under a plain row index; a view where they stand in one run.

    A few long runs (nearly every row of a block, or a block that goes around the end) are copied as such, in half
    the time that gathering their rows takes.
    """
    index = pd.RangeIndex(len(places))
    if not frame.columns.size:
        return pd.DataFrame(index=index)
    stretches = runs(places)
    if stretches is None:
        return frame.take(places).set_axis(index)
    parts = [frame.iloc[run] for run in stretches]
    return (parts[0] if len(parts) == 1 else pd.concat(parts)).set_axis(index)


def runs(places: npt.NDArray[np.int64]) -> list[slice] | None:
    """The runs of neighbouring rows that *places* consist of; None where they are many, or there is no place."""
    breaks = np.flatnonzero(np.diff(places) != 1) + 1
    if not len(places) or len(breaks) >= MOST_RUNS:
        return None
    return [slice(int(run[0]), int(run[-1]) + 1) for run in np.split(places, breaks)]


def parameter(column: str) -> str:
    """The name of the parameter that says what value *column* takes in the follow-up."""
    return f"to[{column}]"
