"""Flips: the exact codes of columns with many at which splits turn, sought for all columns and splits at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import attrs
import numpy as np

from metamorph.whitebox.ensemble import Mask, Numbers, Places, Unreadable
from metamorph.whitebox.lattice import Lattice, Steps, first_true, lattice
from metamorph_strategies.columns import Codes, Column

SAMPLED = 512
"""Codes of each column at which features are looked at first."""

Matrix = Callable[[Mapping[str, Codes]], Numbers]
Thresholds = tuple[Column, Places, Numbers]
"""A column's kind, and the features and the thresholds of its splits."""


@attrs.frozen(eq=False)
class _Sought:
    """The splits of one column that turn somewhere: between which places, and whether they go left behind."""

    name: str
    codes: Lattice
    features: Places
    thresholds: Numbers
    before: Places
    behind: Places
    left_behind: Mask


def flips(asked: Mapping[str, Thresholds], matrix: Matrix) -> dict[str, Places]:
    """The places in each column's lattice at which a cell begins, rising, without the first of all.

    *asked* has each column's kind with the features and the thresholds of its splits; *matrix* gives the features of
    codes as the model compares them. Features never fall or never rise, so a split turns once, and bisection over
    neighbouring codes finds where. Raises Unreadable for a feature that does not.
    """
    sampled = {name: _samples(lattice(column)) for name, (column, _, _) in asked.items()}
    values = matrix({name: lattice(asked[name][0]).codes(places) for name, places in sampled.items()})
    sought = [_between(name, one, sampled[name], values[: len(sampled[name])]) for name, one in asked.items()]
    ends = np.cumsum([0, *(len(each.thresholds) for each in sought)])

    def behind(places: Places) -> Mask:
        middles = {each.name: places[a:b] for each, a, b in zip(sought, ends[:-1], ends[1:], strict=True) if b > a}
        at = matrix({each.name: each.codes.codes(middles[each.name]) for each in sought if each.name in middles})
        passed = [
            (at[np.arange(len(each.features)), each.features] <= each.thresholds) == each.left_behind for each in sought
        ]
        return np.concatenate(passed)

    if not ends[-1]:
        return {name: np.empty(0, dtype=np.int64) for name in asked}
    found = first_true(
        np.concatenate([each.before for each in sought]), np.concatenate([each.behind for each in sought]), behind
    )
    return {each.name: np.unique(found[a:b]) for each, a, b in zip(sought, ends[:-1], ends[1:], strict=True)}


def _samples(codes: Lattice) -> Places:
    """Places over all of a lattice, even in value and even in number, both ends among them."""
    first, last = codes.first, codes.last
    even = np.linspace(float(first), float(last), SAMPLED // 4)
    spread = np.clip(even, max(first, -(2.0**63)), min(last, 2.0**63 - 1024)).astype(np.int64)
    ends = codes.codes(np.array([first, last]))
    if isinstance(codes, Steps):
        by_value = np.linspace(first, last, SAMPLED).astype(np.int64)
    else:
        by_value = codes.places(np.linspace(ends[0], ends[1], SAMPLED))
    inside = np.unique(np.concatenate([spread, by_value, [first, last]]))
    return inside[(inside >= first) & (inside <= last)]


def _between(name: str, asked: Thresholds, places: Places, values: Numbers) -> _Sought:
    """Neighbouring sampled places between which each split turns; splits that never do are left out."""
    column, features, thresholds = asked
    before, left_behind = np.full(len(thresholds), -1), np.zeros(len(thresholds), dtype=bool)
    for feature in np.unique(features):
        here, value = np.flatnonzero(features == feature), values[:, feature]
        rises = np.diff(value)
        falling = bool((rises <= 0).all()) and bool((rises < 0).any())
        if not falling and not (rises >= 0).all():
            msg = f"a feature of {name!r} neither rises nor falls with it throughout"
            raise Unreadable(msg)
        sorted_values = value[::-1] if falling else value
        left = np.searchsorted(sorted_values, thresholds[here], side="right")  # so many values go left
        turn = len(value) - left if falling else left
        before[here] = np.where((turn > 0) & (turn < len(value)), turn - 1, -1)
        left_behind[here] = falling
    turns = before >= 0
    at = before[turns]
    return _Sought(
        name, lattice(column), features[turns], thresholds[turns], places[at], places[at + 1], left_behind[turns]
    )
