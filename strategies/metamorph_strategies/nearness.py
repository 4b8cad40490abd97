"""How near rows are to the observed ones, held against how near observed rows are to each other.

The distance is that of mixed tables: the root of the sum, over columns, of squared gaps. Numbers, moments and ordered
levels are apart in spreads (:func:`metamorph_strategies.observed.spread`, at least one step), other levels by 0 or 1. A
missing value is one of its own: 0 from another, else 1 off where the median is. Derived columns follow from the others,
and identifiers say nothing: both are left out. Gower, A general coefficient of similarity and some of its properties
(Biometrics 1971); Wilson and Martinez, Improved heterogeneous distance functions (JAIR 1997), whose ranges are spreads
here, since one outlier would make all other values near.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
import numpy.typing as npt
import pandas as pd

from metamorph_strategies.columns import Boolean, Column, Mask, unequal
from metamorph_strategies.observed import row_ids, spread

if TYPE_CHECKING:
    from metamorph_strategies.schema import Schema

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]

MOST_ROWS = 20_000
"""Observed rows that others are compared with, at most; of more, these are a sample."""
MOST_CELLS = 2**22
"""Cells of those rows, at most."""
FEWEST, SAMPLED = 64, 1_000
"""Observed rows whose nearest other is looked for: so many, fewer in wide tables."""
MOST_COMPARED = 2**28
"""Cells compared for that, at most."""
AT_ONCE = 256, 2_048
"""Rows and observed rows that are compared at once."""
FEW = 8
"""Up to so many rows are compared to the last bit; more as a product of matrices, whose rounding may hide a tie."""
FARTHEST = 1e75
"""Spreads from the median beyond which every value is equally far: their squares can be summed."""
WHOLE = 1e-9
"""By how much a share of rows may be more than a whole number of them."""


@attrs.frozen(eq=False)
class Points:
    """Rows as points: ``numbers`` in spreads (shape ``(rows, axes)``), ``levels`` as codes (shape ``(columns, rows)``).

    ``odd`` counts the missing values of each row in columns where no observed one is.
    """

    numbers: Floats
    levels: npt.NDArray[np.int32]
    odd: Floats

    def __len__(self) -> int:
        return len(self.numbers)

    def take(self, places: Places | slice) -> Points:
        """The points at these places."""
        return Points(self.numbers[places], self.levels[:, places], self.odd[places])


@attrs.frozen(eq=False)
class Targets:
    """Points that others are compared with; ``factor``, shape ``(axes + 2, rows)``, makes squared distances of it."""

    points: Points
    factor: Floats

    @classmethod
    def of(cls, points: Points) -> Targets:
        """The points with their factor: ``[x, |x|^2, 1] @ factor`` is ``|x|^2 - 2 x y + |y|^2``."""
        ones, norms = np.ones(len(points)), np.square(points.numbers).sum(axis=1)
        return cls(points, np.ascontiguousarray(np.column_stack([-2 * points.numbers, ones, norms]).T))


@attrs.frozen(eq=False)
class Axis:
    """A column of numbers as an axis: its median, its spread, and whether observed values are missing."""

    middle: float
    spread: float
    gaps: bool


@attrs.frozen(eq=False)
class Neighbours:
    """The observed rows as points.

    ``rows`` are those that others are compared with, as ``targets`` too; ``apart`` are the distances, sorted, of some
    of them from the nearest other one (shape ``(rows looked at,)``, empty where there is one row).
    """

    observed: pd.DataFrame
    columns: Mapping[str, Column]
    axes: Mapping[str, Axis]
    rows: pd.DataFrame
    targets: Targets
    apart: Floats

    @property
    def every(self) -> bool:
        """Whether all observed rows are among the points."""
        return len(self.rows) == len(self.observed)

    def nearest(self, rows: pd.DataFrame) -> tuple[Floats, Places]:
        """Each row's distance from the nearest observed row, and that one's place among ``rows``."""
        return _nearest(_points(rows, self.columns, self.axes), self.targets)

    def within(self, rows: pd.DataFrame, limit: float) -> Mask:
        """Whether an observed row lies within *limit* of each row; a row within rounding of it may be refused."""
        ids = row_ids(rows, self.columns)  # a sweep asks about one row many times
        _, first, again = np.unique(ids, return_index=True, return_inverse=True)
        points = _points(rows.iloc[first], self.columns, self.axes)
        near: Mask = _nearest(points, self.targets, enough=limit * limit)[0] <= limit
        return near[again]

    def share(self, distance: float) -> float:
        """The share of observed rows that are nearer than this to another one."""
        return float(np.searchsorted(self.apart, distance, "left") / len(self.apart))

    def limit(self, share: float) -> float:
        """The distance from the nearest other row that at least this share of observed rows keep to."""
        return float(self.apart[max(1, math.ceil(share * len(self.apart) - WHOLE)) - 1])

    def unseen(self, row: pd.DataFrame, place: int) -> tuple[str, ...]:
        """The columns whose value in the one *row* no observed row has; *place* is that of the nearest."""
        return tuple(
            name
            for name, column in self.columns.items()
            if unequal(column.encode(row[name]), column.encode(self.rows[name].iloc[[place]]))[0]
            and unequal(column.encode(self.observed[name]), column.encode(row[name])).all()
        )

    def has(self, row: pd.DataFrame) -> bool:
        """Whether the one *row* is an observed one, in the columns that are compared."""
        left = self.observed
        for name, column in self.columns.items():
            left = left[~unequal(column.encode(left[name]), column.encode(row[name]))]
            if not len(left):
                return False
        return True


def neighbours(schema: Schema) -> Neighbours | None:
    """What is known of the observed rows as points; None where there are none."""
    if schema.observed is None or not len(schema.observed):
        return None
    kept_out = schema.role("identifier")
    columns = {name: column for name, column in schema.columns.items() if name not in kept_out}
    most = min(len(schema.observed), MOST_ROWS, max(FEWEST, MOST_CELLS // max(1, len(columns))))
    rows = schema.shuffled().head(most)
    axes = {name: _axis(column, rows[name]) for name, column in columns.items() if _is_number(column)}
    points = _points(rows, columns, axes)
    looked_at = max(FEWEST, min(SAMPLED, MOST_COMPARED // (len(rows) * max(1, len(columns)))))
    sample = np.arange(min(looked_at, len(rows)))
    targets = Targets.of(points)
    apart = _nearest(points.take(sample), targets, but=sample)[0] if len(rows) > 1 else np.array([])
    return Neighbours(schema.observed, columns, axes, rows, targets, np.sort(apart))


def _is_number(column: Column) -> bool:
    return column.ordered and not isinstance(column, Boolean)


def _axis(column: Column, values: pd.Series[Any]) -> Axis:
    codes, missing = column.encode(values)
    present = np.asarray(codes, dtype="float64")[~missing]
    middle = float(np.median(present)) if len(present) else 0.0
    gaps = column.nullable or bool(missing.any())
    return Axis(middle, max(spread(present), column.least_step), gaps)


def _points(rows: pd.DataFrame, columns: Mapping[str, Column], axes: Mapping[str, Axis]) -> Points:
    odd = np.zeros(len(rows))
    numbers, levels = [], []
    for name, column in columns.items():
        codes, missing = column.encode(rows[name])
        if name not in axes:
            levels.append(np.where(missing, -2, codes))  # -1 is a level that the schema does not know
            continue
        axis = axes[name]
        with np.errstate(over="ignore", invalid="ignore"):
            scaled = (np.asarray(codes, dtype="float64") - axis.middle) / axis.spread
        numbers.append(np.clip(np.where(missing, 0.0, scaled), -FARTHEST, FARTHEST))
        if axis.gaps:
            numbers.append(missing.astype("float64"))
        else:
            odd += missing
    return Points(
        np.column_stack(numbers) if numbers else np.zeros((len(rows), 0)),
        np.array(levels, dtype="int32").reshape(len(levels), len(rows)),
        odd,
    )


def _nearest(
    points: Points, to: Targets, *, enough: float = -math.inf, but: Places | None = None
) -> tuple[Floats, Places]:
    """Each point's distance from the nearest of others, and its place; *but* are places that each leaves out.

    A point is compared with no more than it takes to find one whose squared distance is *enough*.
    """
    best, place = np.full(len(points), np.inf), np.zeros(len(points), dtype=np.int64)
    for start in range(0, len(to.points), AT_ONCE[1]):
        those = slice(start, start + AT_ONCE[1])
        left = np.flatnonzero(best > enough)
        for first in range(0, len(left), AT_ONCE[0]):
            asked = left[first : first + AT_ONCE[0]]
            squares = _squares(points.take(asked), to.points.take(those), to.factor[:, those])
            if but is not None:
                own = np.flatnonzero((but[asked] >= start) & (but[asked] < start + squares.shape[1]))
                squares[own, but[asked][own] - start] = np.inf
            among = np.argmin(squares, axis=1)
            found = squares[np.arange(len(asked)), among]
            closer = found < best[asked]
            best[asked[closer]], place[asked[closer]] = found[closer], start + among[closer]
    return _exactly(points, to.points.take(place)), place


def _squares(points: Points, others: Points, factor: Floats) -> Floats:
    """The squared distance of each point from each of the others, shape ``(points, others)``."""
    if len(points) <= FEW:
        gaps = points.numbers[:, None, :] - others.numbers[None, :, :]
        squares = np.square(gaps).sum(axis=2)
    else:
        norms = np.square(points.numbers).sum(axis=1)
        squares = np.column_stack([points.numbers, norms, np.ones(len(points))]) @ factor
    if len(points.levels):
        differing = np.zeros(squares.shape, dtype=np.int16)
        for mine, theirs in zip(points.levels, others.levels, strict=True):
            differing += mine[:, None] != theirs[None, :]
        squares += differing
    result: Floats = squares + points.odd[:, None] if points.odd.any() else squares
    return result


def _exactly(points: Points, others: Points) -> Floats:
    """The distance of each point from the other at its place: free of the rounding of a product."""
    squares = np.square(points.numbers - others.numbers).sum(axis=1)
    distances: Floats = np.sqrt(squares + (points.levels != others.levels).sum(axis=0) + points.odd)
    return distances
