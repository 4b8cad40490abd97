"""Slices of failure by exact enumeration: sliceline, for relations that seldom fail and for a second opinion."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from metamorph.errors import RelationError
from metamorph.runner.slicing import DEEPEST, FOUND, Numbers, worth_telling
from metamorph.slices import Condition, Slice

if TYPE_CHECKING:
    import pandas as pd

    from metamorph.case import Mask
    from metamorph_strategies.columns import Column
    from metamorph_strategies.schema import Schema

BINS = 8
"""Stretches that an ordered column is cut into, of about as many rows each."""
ALPHA = 0.6
"""How much sliceline makes of the rate, beside the size: its own default. Near 1, it likes small slices by chance."""
SMALLEST = 0.005


def exact_slices(
    source: pd.DataFrame, violating: Mask, weights: Numbers, schema: Schema, *, rows_a_case: float = 1.0
) -> tuple[Slice, ...]:
    """Up to three slices by sliceline's own score, over every conjunction of up to three bins or levels.

    Arguments as for :func:`metamorph.runner.slicing.slices_of`. Sagadeeva and Boehm, "SliceLine: Fast, Linear-Algebra
    based Slice Finding for ML Model Debugging" (SIGMOD 2021). Raises RelationError where sliceline is not installed.
    """
    names = [name for name in schema.columns if name not in schema.role("identifier")]
    binned = {name: _binned(name, schema.columns[name], source[name]) for name in names}
    binned = {name: (places, conditions) for name, (places, conditions) in binned.items() if len(conditions) > 1}
    if not binned or not violating.any():
        return ()
    table = np.column_stack([places for places, _ in binned.values()])
    drawn = np.random.default_rng(0).choice(len(table), len(table), p=weights / weights.sum())  # it takes no weights
    finder = slicefinder()(
        alpha=ALPHA, k=FOUND, max_l=DEEPEST, min_sup=max(1, int(SMALLEST * len(table))), verbose=False
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        finder.fit(table[drawn], violating[drawn].astype("float64"))
    named = []
    for bins in finder.top_slices_:
        chosen = [place for place, value in enumerate(bins) if value is not None]
        rows = np.logical_and.reduce([table[:, place] == bins[place] for place in chosen])
        every = list(binned.values())
        named.append((tuple(one for place in chosen for one in every[place][1][int(bins[place])]), rows))
    return worth_telling(named, _tried(binned), violating, weights, rows_a_case=rows_a_case)


def slicefinder() -> Any:
    """Sliceline's estimator, which is an extra; RelationError where it is not installed."""
    try:
        from sliceline.slicefinder import Slicefinder  # noqa: PLC0415 - an extra
    except ImportError:
        msg = 'slices="exact" needs sliceline: install metamorph-testing[slices]'
        raise RelationError(msg) from None
    return Slicefinder


def _binned(name: str, column: Column, values: pd.Series[Any]) -> tuple[Any, dict[int, tuple[Condition, ...]]]:
    """Which bin each value is in, from 1, and the conditions that each bin is."""
    codes, missing = column.encode(values)
    conditions: dict[int, tuple[Condition, ...]] = {}
    if column.quanta:
        seen = np.sort(codes[~missing])
        cuts = np.unique(seen[np.linspace(0, len(seen) - 1, BINS + 1).astype(np.int64)[1:-1]]) if len(seen) else seen
        cuts = cuts[cuts < seen[-1]] if len(seen) else cuts
        places = np.searchsorted(cuts, codes, side="left") + 1
        for place in range(len(cuts) + 1):
            above = () if place == 0 else (Condition(name, ">", column.value(cuts[place - 1])),)
            below = () if place == len(cuts) else (Condition(name, "<=", column.value(cuts[place])),)
            conditions[place + 1] = (*above, *below)
    else:
        levels, places = np.unique(codes, return_inverse=True)
        places = places + 1
        conditions = {place + 1: (Condition(name, "is", column.value(level)),) for place, level in enumerate(levels)}
    if missing.any():
        last = max(conditions, default=0) + 1
        places = np.where(missing, last, places)
        conditions[last] = (Condition(name, "is missing"),)
    return places, {place: said for place, said in conditions.items() if (places == place).any()}


def _tried(binned: dict[str, Any]) -> int:
    """How many conjunctions there are, of one bin each of up to three columns."""
    sizes = [len(conditions) for _, conditions in binned.values()]
    by_depth = [1.0] + [0.0] * DEEPEST
    for size in sizes:
        for depth in range(DEEPEST, 0, -1):
            by_depth[depth] += by_depth[depth - 1] * size
    return math.ceil(sum(by_depth[1:]))
