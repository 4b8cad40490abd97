"""Axes: each column's codes divided into cells, between any two of which some split tells them apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
import numpy.typing as npt

from metamorph.whitebox.cells import Axis
from metamorph.whitebox.ensemble import Ensemble, Mask, Numbers, Places, Unreadable
from metamorph.whitebox.flips import flips
from metamorph.whitebox.lattice import is_listed, lattice
from metamorph_strategies.columns import Cells, Codes, Column, Integer, Strategy

if TYPE_CHECKING:
    from metamorph.whitebox.routes import Route
    from metamorph_strategies.schema import Schema

MOST_MASKS = 2**29
"""Entries of all masks together, a byte each: a forest's default on a thousand rows of ten columns has half of it."""
EXACT = 2**53
"""Whole numbers up to this are floats as they are."""


@attrs.frozen(eq=False)
class Asked:
    """The splits that are asked of one column: places among the ensemble's, and their parts, shape ``(k,)`` each."""

    places: Places
    features: Places
    thresholds: Numbers
    missing_left: Mask
    categories: tuple[frozenset[int] | None, ...]
    cast: Any

    def goes_left(self, matrix: Numbers) -> Mask:
        """Whether rows of features, ``(n, features)``, go left at each split, shape ``(k, n)``."""
        left = np.empty((len(self.places), len(matrix)), dtype=bool)
        for feature in np.unique(self.features):
            here = np.flatnonzero(self.features == feature)
            value = as_compared(matrix[:, feature], self.cast)
            left[here] = value <= self.thresholds[here, None]
            for place in here:
                chosen = self.categories[place]
                if chosen is not None:
                    left[place] = np.isin(value, list(chosen))
            missing = np.isnan(value)
            if missing.any():
                left[np.ix_(here, np.flatnonzero(missing))] = self.missing_left[here, None]
        return left


def as_compared(values: Numbers, cast: Any) -> Numbers:
    """Numbers as a model compares them: rounded to its own dtype."""
    with np.errstate(over="ignore"):
        return values.astype(cast).astype(np.float64)


def axes(ensemble: Ensemble, route: Route, schema: Schema) -> dict[str, tuple[Axis, Asked, Mask]]:
    """The axis of every column, the splits asked of it, and which of its cells go left at each, ``(k, cells)``.

    Raises Unreadable, with the reason, where cells cannot be told exactly.
    """
    asked = _asked(ensemble, route, schema)
    read = dict.fromkeys(feature.column for feature in route.features if feature.column in schema.columns)
    listed = {name: _all_codes(schema.columns[name]) for name in read if is_listed(schema.columns[name])}
    ordered = [name for name in read if name not in listed]
    of_listed = _matrix(route, listed)
    _check_numbers(ensemble, of_listed, _matrix(route, {name: _ends(schema.columns[name]) for name in ordered}))
    absent = _absent(ensemble, route, schema, list(read))
    starts = flips(
        {name: (schema.columns[name], asked[name].features, asked[name].thresholds) for name in ordered},
        lambda codes: as_compared(_matrix(route, codes), ensemble.cast),
    )
    cells = {name: _between(schema.columns[name], starts[name]) for name in ordered}
    _check_size({name: len(asked[name].places) * len(lows) for name, (lows, _) in cells.items()})
    at_lows = _matrix(route, {name: lows for name, (lows, _) in cells.items()})
    at_highs = _matrix(route, {name: highs for name, (_, highs) in cells.items()})
    made = {}
    for name, column in schema.columns.items():
        mine = asked[name]
        if name in listed:
            axis, first = _merged(name, column, listed[name], mine.goes_left(of_listed[: len(listed[name])]))
            left = mine.goes_left(of_listed[first])
        elif name in cells:
            lows, highs = cells[name]
            _check_alike(name, mine, at_lows[: len(lows)], at_highs[: len(lows)])
            axis, left = Axis(name, lows, highs), mine.goes_left(at_lows[: len(lows)])
        else:
            axis, left = _undivided(name, column), np.empty((0, 1), dtype=bool)
        if column.nullable:
            axis, left = _with_missing(axis), np.hstack([left, mine.goes_left(absent)])
        made[name] = (axis, mine, left)
    return made


def _asked(ensemble: Ensemble, route: Route, schema: Schema) -> dict[str, Asked]:
    """The splits by the columns that they are asked of."""
    if ensemble.features != len(route.features):
        msg = f"it has {ensemble.features} features where {len(route.features)} were followed"
        raise Unreadable(msg)
    splits = ensemble.splits
    features = np.array([split.feature for split in splits], dtype=np.int64)
    thresholds = np.array([split.threshold for split in splits], dtype=np.float64)
    missing_left = np.array([split.missing_left for split in splits], dtype=bool)
    of_column: dict[str, list[int]] = {name: [] for name in schema.names}
    for place, split in enumerate(splits):
        of_column[route.features[split.feature].column].append(place)
    asked = {}
    for name, places in of_column.items():
        at = np.array(places, dtype=np.int64)
        categories = tuple(splits[place].categories for place in places)
        asked[name] = Asked(at, features[at], thresholds[at], missing_left[at], categories, ensemble.cast)
        if places:
            _check_column(name, schema, categories=any(chosen is not None for chosen in categories))
    return asked


def _check_column(name: str, schema: Schema, *, categories: bool) -> None:
    """Raise Unreadable for a column whose values cannot be divided."""
    if name in schema.derived:
        msg = f"the model reads {name!r}, which is derived from other columns"
        raise Unreadable(msg)
    column = schema.columns[name]
    if isinstance(column, Strategy):
        msg = f"the model reads {name!r}, a column of whose values only some are known"
        raise Unreadable(msg)
    if isinstance(column, Integer) and max(-column.min_value, column.max_value) > EXACT:
        msg = f"the model reads {name!r}, whose whole numbers are beyond the exact floats"
        raise Unreadable(msg)
    if categories and not is_listed(column):
        msg = f"the model takes {name!r} for categories, of which there are too many to list"
        raise Unreadable(msg)


def _all_codes(column: Column) -> Codes:
    codes = lattice(column)
    return codes.codes(np.arange(codes.first, codes.last + 1))


def _ends(column: Column) -> Codes:
    codes = lattice(column)
    return codes.codes(np.array([codes.first, codes.last]))


def _matrix(route: Route, codes: Mapping[str, Codes]) -> Numbers:
    """Features for codes of several columns, side by side; shorter ones begin again."""
    size = max((len(each) for each in codes.values()), default=1)
    present = np.zeros(size, dtype=bool)
    cells: dict[str, Cells] = {name: (np.resize(each, size), present) for name, each in codes.items()}
    return route.matrix(cells, size)


def _absent(ensemble: Ensemble, route: Route, schema: Schema, read: list[str]) -> Numbers:
    """The features of one row in which every column that may be missing is."""
    nullable = {name: schema.columns[name] for name in read if schema.columns[name].nullable}
    missing = np.ones(1, dtype=bool)
    matrix = route.matrix({name: (_ends(column)[:1], missing) for name, column in nullable.items()}, 1)
    if not ensemble.takes_missing:
        for place, feature in enumerate(route.features):
            if feature.column in nullable and np.isnan(matrix[0, place]):
                msg = f"the model refuses missing values, which {feature.column!r} may have"
                raise Unreadable(msg)
    return matrix


def _check_numbers(ensemble: Ensemble, *matrices: Numbers) -> None:
    """Raise Unreadable for values that the model refuses."""
    for matrix in matrices:
        compared = as_compared(matrix, ensemble.cast)
        if np.isinf(compared).any():
            msg = f"values of the schema are beyond what the model compares in, {np.dtype(ensemble.cast)}"
            raise Unreadable(msg)
        if not ensemble.takes_missing and np.isnan(compared).any():
            msg = "the model refuses missing values, which its preprocessing makes of values of the schema"
            raise Unreadable(msg)


def _between(column: Column, starts: Places) -> tuple[Codes, Codes]:
    """The first and the last admissible code of each cell, given where cells begin; those that hold none left out."""
    codes = lattice(column)
    lows = codes.up(np.concatenate([[codes.first], starts]))
    highs = codes.down(np.concatenate([starts - 1, [codes.last]]))
    held = lows <= highs
    return codes.codes(lows[held]), codes.codes(highs[held])


def _check_size(entries: Mapping[str, int]) -> None:
    """Raise Unreadable where masks would not fit in memory."""
    if sum(entries.values()) > MOST_MASKS:
        name = max(entries, key=lambda each: entries[each])
        msg = f"the model divides its columns at too many values to keep, {name!r} at most of them"
        raise Unreadable(msg)


def _merged(name: str, column: Column, codes: Codes, left: Mask) -> tuple[Axis, Places]:
    """The axis of codes that are all known: those told apart nowhere are one cell. Also each cell's first place."""
    groups = distinct(left.T)[1]
    if column.ordered:
        first = np.flatnonzero(np.append(True, groups[1:] != groups[:-1]))
        last = np.append(first[1:], len(codes)) - 1
        return Axis(name, codes[first], codes[last]), first
    met, first = np.unique(groups, return_index=True)
    met = met[np.argsort(first)]
    members = tuple(tuple(codes[groups == group].tolist()) for group in met)
    lows = np.array([cell[0] for cell in members])
    return Axis(name, lows, np.array([cell[-1] for cell in members]), members=members), np.sort(first)


def distinct(rows: Mask) -> tuple[Places, Places]:
    """The places of the first of each of the distinct rows of a mask, and which of those each row is."""
    if not rows.shape[1]:
        return np.zeros(min(len(rows), 1), dtype=np.int64), np.zeros(len(rows), dtype=np.int64)
    packed = np.ascontiguousarray(np.packbits(rows, axis=1))
    keys: npt.NDArray[Any] = packed.view(np.dtype((np.void, packed.shape[1]))).ravel()
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    return first, inverse.ravel()


def _undivided(name: str, column: Column) -> Axis:
    """The axis of a column that the model does not read."""
    lows, highs = np.split(_ends(column), 2)
    if column.ordered:
        return Axis(name, lows, highs)
    return Axis(name, lows, highs, members=(tuple(range(int(lows[0]), int(highs[0]) + 1)),))


def _check_alike(name: str, asked: Asked, at_lows: Numbers, at_highs: Numbers) -> None:
    """Raise Unreadable where a cell's two ends go different ways at a split."""
    for feature in np.unique(asked.features):
        edges = np.sort(asked.thresholds[asked.features == feature])
        low, high = (
            np.searchsorted(edges, as_compared(matrix[:, feature], asked.cast)) for matrix in (at_lows, at_highs)
        )
        if not np.array_equal(low, high):
            msg = f"its cells of {name!r} could not be confirmed: their ends go different ways"
            raise Unreadable(msg)


def _with_missing(axis: Axis) -> Axis:
    members = None if axis.members is None else (*axis.members, ())
    lows, highs = (np.append(ends, ends[:1]) for ends in (axis.lows, axis.highs))
    return attrs.evolve(axis, lows=lows, highs=highs, missing=True, members=members)
