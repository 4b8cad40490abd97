"""Candidates with columns undone: back at the reference row, in subsets, wherever the follow-up may go."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from metamorph.case import Mask
from metamorph.runner.coded import Coded, stacked

if TYPE_CHECKING:
    from metamorph.runner.shrink import Reduction
    from metamorph_strategies.columns import Codes

MOST = 1_500
"""Candidates of a round, at most, where they can be chosen."""
SCAN = 200
"""Follow-up values tried for moved columns at their reference values, and for each of many at the least."""
FEWEST_SCANNED = 3


def scanned(reduction: Reduction, before: Coded, name: str, state: Coded) -> Coded:
    """A single case with the observed values of a moved column as its follow-up (at most :data:`SCAN` of them)."""
    values = _few(reduction, name, max(SCAN // len(reduction.moves), FEWEST_SCANNED))
    (target, target_absent), (source, absent) = before.target[name], before.source[name]
    values = np.concatenate([target, source, values])
    missing = np.concatenate([target_absent, absent, np.zeros(len(values) - 2, dtype=bool)])
    return state.repeat(len(values)).with_target(name, values, missing)


def one_off(reduction: Reduction) -> Coded:
    """The reference row with one column at each of a few values, and one moved column's follow-up at each of a few."""
    columns, parts = reduction.schema.columns, [reduction.reference.take(np.zeros(0, dtype=np.int64))]
    side = max(2, math.isqrt(MOST // max(1, len(columns) * len(reduction.moves))))
    for name, moved in itertools.product(columns, reduction.moves):
        values, targets = (_few(reduction, one, side) for one in (name, moved))
        codes = np.repeat(values, len(targets))
        case = reduction.reference.repeat(len(codes)).with_source(name, codes)
        if name in reduction.moves:
            case = case.with_target(name, codes)
        parts.append(case.with_target(moved, np.tile(targets, len(values))))
    return stacked(parts)


def _few(reduction: Reduction, name: str, most: int) -> Codes:
    """Up to so many observed values of a column, the least and the largest among them."""
    column, values = reduction.schema.columns[name], reduction.schema.values(name)
    if not len(values):
        edges = np.linspace(column.lowest, column.highest, most)
        values = np.unique(column.round(edges, column.quanta[0] if column.quanta else 1))
    return values[evenly(len(values), most)].astype(reduction.reference.source[name][0].dtype)


def evenly(count: int, most: int) -> npt.NDArray[np.int64]:
    """Up to so many places, spread over *count* of them, the first and the last among them."""
    return np.unique(np.linspace(0, count - 1, most).astype(np.int64))


def keeping(reduction: Reduction, state: Coded, masks: npt.NDArray[np.bool_]) -> Coded:
    """The state with only the masked of its differing columns kept (shape ``(candidates, columns)``), the rest undone.

    Where a column that the relation moves is undone, its follow-up has to go somewhere: each way is a candidate.
    """
    names = reduction.differing(state)
    candidates = state.repeat(len(masks))
    undone: dict[str, Mask] = {}
    for place, name in enumerate(names):
        undone[name] = ~masks[:, place]
        codes, missing = reduction.reference.source[name]
        candidates = candidates.with_source(
            name, np.repeat(codes, len(masks)), np.repeat(missing, len(masks)), where=undone[name]
        )
    return _sent_somewhere(reduction, state.repeat(len(masks)), candidates, undone)


def only_moved(reduction: Reduction, starts: Coded) -> Coded:
    """Each start with every column undone that its relation does not move."""
    candidates = starts
    for name in reduction.names:
        codes, missing = reduction.reference.source[name]
        where = ~starts.moved(name) if name in reduction.moves else np.ones(starts.size, dtype=bool)
        candidates = candidates.with_source(
            name, np.repeat(codes, starts.size), np.repeat(missing, starts.size), where=where
        )
        if name in reduction.moves:
            candidates = candidates.with_target(name, *candidates.source[name], where=where)
    return candidates


def at_reference(reduction: Reduction, starts: Coded) -> Coded:
    """Each start's move on the reference row itself."""
    candidates = starts
    for name in reduction.names:
        codes, missing = reduction.reference.source[name]
        candidates = candidates.with_source(name, np.repeat(codes, starts.size), np.repeat(missing, starts.size))
    return candidates


def resets(reduction: Reduction, starts: Coded, candidates: Coded) -> list[Coded]:
    """Candidates whose moved columns were undone, their follow-ups where they were, as far as before, or swapped."""
    if not reduction.moves:
        return [candidates]
    undone = {name: np.ones(starts.size, dtype=bool) for name in reduction.moves}
    return [_way(reduction, starts, candidates, undone, list(reduction.moves), way) for way in range(3)]


def _sent_somewhere(reduction: Reduction, before: Coded, candidates: Coded, undone: dict[str, Mask]) -> Coded:
    """Candidates whose moved columns were undone, once for each way that their follow-up may go."""
    moved = [name for name in reduction.moves if name in undone]
    if not moved:
        return candidates
    sent = [_way(reduction, before, candidates, undone, moved, way) for way in range(ways(reduction))]
    touched = np.any([undone[name] & before.moved(name) for name in moved], axis=0)
    still = np.flatnonzero(~touched)
    return (
        stacked([sent[0], *[way.take(np.flatnonzero(touched)) for way in sent[1:]]])
        if len(still) < candidates.size
        else sent[0]
    )


def ways(reduction: Reduction) -> int:
    """In how many ways a follow-up may go when its column is undone: see :func:`_way`."""
    return 5 if reduction.moves else 1


def _way(  # noqa: PLR0917 - private, and each is what its name says
    reduction: Reduction, before: Coded, candidates: Coded, undone: dict[str, Mask], moved: list[str], way: int
) -> Coded:
    """Follow-ups of undone columns: where they were, as far as before, where the source was, the middle, the top."""
    for name in moved:
        column, was_moved = reduction.schema.columns[name], before.moved(name)
        source, absent = candidates.source[name]
        target, target_absent = before.target[name]
        if way == 0:
            codes, missing = target, target_absent
        elif way == 1:
            codes, missing = source + (target - before.source[name][0]), target_absent
        elif way == 2:  # noqa: PLR2004 - the third way
            codes, missing = before.source[name]
        else:
            share = (way - 2) / 2
            codes = column.round(
                np.full(len(source), column.lowest + share * (column.highest - column.lowest)),
                column.quanta[0] if column.quanta else 1,
            )
            codes, missing = np.clip(codes, column.lowest, column.highest), np.zeros(len(source), dtype=bool)
        inside = missing | ((codes >= column.lowest) & (codes <= column.highest))
        candidates = candidates.with_target(name, codes, missing, where=undone[name] & was_moved & inside)
        candidates = candidates.with_target(name, source, absent, where=undone[name] & ~was_moved)
    return candidates


def moves(reduction: Reduction, candidates: Coded) -> npt.NDArray[np.int64]:
    """How many columns the relation moves in each candidate."""
    counts = np.zeros(candidates.size, dtype=np.int64)
    for name in reduction.moves:
        counts += candidates.moved(name)
    return counts


def cost(reduction: Reduction, candidates: Coded) -> npt.NDArray[np.int64]:
    """How large each candidate is: columns moved, then columns of the source that differ from the reference row."""
    counts = moves(reduction, candidates) * (len(reduction.names) + 1)
    for name in reduction.names:
        counts += candidates.differs(name, reduction.reference)
    return counts


def smallest(reduction: Reduction, candidates: Coded) -> Coded:
    """The first of the smallest candidates."""
    return candidates.take(np.array([np.argmin(cost(reduction, candidates))]))


def masks_by_size(count: int, smallest: int, largest: int) -> npt.NDArray[np.bool_]:
    """Subsets of *count* things with *smallest* to *largest* members, by size; shape ``(subsets, count)``."""
    listed = (
        members
        for size in range(smallest, min(largest, count) + 1)
        for members in itertools.combinations(range(count), size)
    )
    chosen = list(itertools.islice(listed, MOST))
    masks = np.zeros((len(chosen), count), dtype=bool)
    for place, members in enumerate(chosen):
        masks[place, list(members)] = True
    return masks


def how_many(count: int, smallest: int, largest: int) -> int:
    """How many subsets there are to list."""
    return sum(math.comb(count, size) for size in range(smallest, largest + 1))
