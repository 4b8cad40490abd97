"""Reducing a violation until nothing more can be removed.

In this order: fewest columns changed by the relation, fewest columns that differ from the reference row, plainest values,
smallest step. Every round asks for all its candidates in one call. Columns are not undone greedily: subsets of the
differing columns are tried by size, so no local minimum holds as long as the subsets can be listed. What choice-sequence
shrinking calls small (Hypothesis, falsify) is the encoding; here it is the difference from a real row.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from metamorph.case import Cases, Mask
from metamorph.runner.coded import Coded, stacked
from metamorph.runner.plainer import plainer_values, shorter_steps
from metamorph.runner.trial import Judged

if TYPE_CHECKING:
    from metamorph.runner.trial import Trial

MOST_CALLS = 54
MOST_ROWS = 54_000
"""What reducing may ask of the model; the rest of 60 calls and 60,000 rows is for confirming."""
ROUND = 1_500
"""Candidates of a round, at most, where they can be chosen."""
SCAN = 200
"""Follow-up values tried for a moved column at its reference value."""
STARTS = 8
"""Violations from which subsets are tried side by side."""


class Reduction:
    """The smallest failing case so far, and what finding it has asked of the model."""

    def __init__(self, trial: Trial) -> None:
        self.trial = trial
        self.schema = trial.schema
        self.moves = trial.relation.transform.moves
        self.calls_before, self.rows_before = trial.predictor.calls, trial.predictor.asked
        self.reference = self._reference()
        self.names = tuple(self.schema.columns)

    def _reference(self) -> Coded:
        row = self.schema.frame([self.schema.reference])
        source = {name: column.encode(row[name]) for name, column in self.schema.columns.items()}
        return Coded(source, {name: source[name] for name in self.moves}, 1)

    @property
    def spent(self) -> bool:
        """Whether another full round could ask for too much."""
        asked = self.trial.predictor.asked - self.rows_before
        return self.trial.predictor.calls - self.calls_before >= MOST_CALLS or asked + 2 * ROUND > MOST_ROWS

    def failing(self, candidates: Coded) -> Mask:
        """Which candidates keep schema, law and precondition, and violate; one call."""
        fails = np.zeros(candidates.size, dtype=bool)
        if not candidates.size or self.spent:
            return fails
        cases = candidates.cases(self.schema)
        follow_up, admissible = self.trial.admissible(cases)
        if admissible.any():
            fails[admissible] = self.trial.judge(cases.take(admissible), follow_up).margins > 0
        return fails

    def differing(self, case: Coded) -> list[str]:
        """The source columns of a single case that differ from the reference row."""
        return [name for name in self.names if case.differs(name, self.reference)[0]]


def shrink(trial: Trial, violations: Judged) -> tuple[Cases, pd.DataFrame]:
    """The smallest counterexample reached from *violations* (largest margin first): its case and follow-up, one row each."""
    reduction = Reduction(trial)
    state = _best_start(reduction, Coded.of(violations.cases, trial.schema, reduction.moves))
    while True:
        before = state
        state = _fewest_moved(reduction, state)
        state = _fewest_differing(reduction, state)
        state = plainer_values(reduction, state, reduction.differing(state))
        state = shorter_steps(reduction, state)
        if state is before or reduction.spent:
            break
    cases = state.cases(trial.schema)
    return cases, trial.admissible(cases)[0]


def _best_start(reduction: Reduction, starts: Coded) -> Coded:
    """One case to go on from: the reference row with a move that fails on it, else the best of small subsets."""
    transplants = stacked(
        [
            *[
                _scanned(reduction, starts.repeat(1), name, _no_columns(reduction, starts.repeat(1)))
                for name in reduction.moves
            ],
            *_resets(reduction, starts, _no_columns(reduction, starts)),
            _only_moved(reduction, starts),
        ]
    )
    fails = np.flatnonzero(reduction.failing(transplants))
    if len(fails):
        found = transplants.take(fails)
        return found.take(np.array([np.argmin(_size(reduction, found))]))
    fewest = np.argsort(_size(reduction, starts), kind="stable")
    chosen = list(dict.fromkeys([*range(min(STARTS // 2, starts.size)), *fewest[: STARTS // 2].tolist()]))
    single = [starts.take(np.array([place])) for place in chosen]
    subsets = [_kept(reduction, start, _masks(len(reduction.differing(start)), 1, 2)) for start in single]
    candidates = stacked([part.take(np.arange(min(part.size, ROUND // len(subsets)))) for part in subsets])
    fails = np.flatnonzero(reduction.failing(candidates))
    if not len(fails):
        return single[0]
    found = candidates.take(fails)
    return found.take(np.array([np.argmin(_size(reduction, found))]))


def _fewest_moved(reduction: Reduction, state: Coded) -> Coded:
    """Fewer columns changed by the relation: every smaller subset of them, by size."""
    moved = [name for name in reduction.moves if state.moved(name)[0]]
    if len(moved) <= 1:
        return state
    masks = _masks(len(moved), 1, len(moved) - 1)
    candidates = state.repeat(len(masks))
    for place, name in enumerate(moved):
        stays = ~masks[:, place]
        candidates = candidates.with_target(name, *candidates.source[name], where=stays)
    fails = np.flatnonzero(reduction.failing(candidates))
    return candidates.take(fails[:1]) if len(fails) else state


def _fewest_differing(reduction: Reduction, state: Coded) -> Coded:
    """Fewer columns that differ from the reference row: subsets by size while they can be listed, else chunks dropped."""
    while not reduction.spent:
        names = reduction.differing(state)
        if not names:
            return state
        smaller = _by_size(reduction, state, len(names))
        if smaller is None:
            smaller = _moved_at_reference(reduction, state, names)
        if smaller is None and len(names) > 1:
            smaller = _dropping_chunks(reduction, state, len(names))
        if smaller is None:
            return state
        state = smaller
    return state


def _by_size(reduction: Reduction, state: Coded, count: int) -> Coded | None:
    """The smallest failing proper subset of the differing columns, from as many sizes as a few rounds can hold."""
    size = 0
    for _ in range(3):
        last = size
        while last + 1 < count and _listed(count, size, last + 1) * _variants(reduction) <= ROUND:
            last += 1
        if size >= count or _listed(count, size, last) * _variants(reduction) > ROUND:
            return None
        candidates = _kept(reduction, state, _masks(count, size, last))
        fails = np.flatnonzero(reduction.failing(candidates))
        if len(fails):
            found = candidates.take(fails)
            return found.take(np.array([np.argmin(_size(reduction, found))]))
        size = last + 1
        if size >= count:
            return None
    return None


def _dropping_chunks(reduction: Reduction, state: Coded, count: int) -> Coded | None:
    """The state with the largest droppable chunk, single column or pair of columns undone (delta debugging)."""
    drops: list[tuple[int, ...]] = []
    width = count // 2
    while width >= 1:
        drops += [tuple(range(start, min(start + width, count))) for start in range(0, count, width)]
        width //= 2
    pairs = itertools.islice(itertools.combinations(range(count), 2), ROUND // 2)
    masks = np.ones((len(drops) + len(listed := list(pairs)), count), dtype=bool)
    for place, dropped in enumerate([*drops, *listed]):
        masks[place, list(dropped)] = False
    candidates = _kept(reduction, state, masks)
    fails = np.flatnonzero(reduction.failing(candidates))
    if not len(fails):
        return None
    found = candidates.take(fails)
    return found.take(np.array([np.argmin(_size(reduction, found))]))


def _moved_at_reference(reduction: Reduction, state: Coded, names: list[str]) -> Coded | None:
    """The state with a moved column at its reference value, wherever its follow-up has to go for that."""
    candidates = []
    for name in (name for name in reduction.moves if name in names):
        codes, missing = reduction.reference.source[name]
        candidates.append(_scanned(reduction, state, name, state.with_source(name, codes, missing)))
    if not candidates:
        return None
    together = stacked(candidates)
    fails = np.flatnonzero(reduction.failing(together))
    return together.take(fails[:1]) if len(fails) else None


def _scanned(reduction: Reduction, before: Coded, name: str, state: Coded) -> Coded:
    """A single case with every follow-up value of a moved column that was observed (at most :data:`SCAN`, evenly chosen)."""
    column, values = reduction.schema.columns[name], reduction.schema.values(name)
    if not len(values):
        edges = np.linspace(column.lowest, column.highest, SCAN)
        values = np.unique(column.round(edges, column.quanta[0] if column.quanta else 1))
    values = values[np.unique(np.linspace(0, len(values) - 1, SCAN).astype(np.int64))]
    own = np.append(before.target[name][0], before.source[name][0])
    values = np.append(own, values).astype(before.source[name][0].dtype)
    return state.repeat(len(values)).with_target(name, values)


def _kept(reduction: Reduction, state: Coded, masks: npt.NDArray[np.bool_]) -> Coded:
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


def _only_moved(reduction: Reduction, starts: Coded) -> Coded:
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


def _no_columns(reduction: Reduction, starts: Coded) -> Coded:
    """Each start's move on the reference row itself."""
    candidates = starts
    for name in reduction.names:
        codes, missing = reduction.reference.source[name]
        candidates = candidates.with_source(name, np.repeat(codes, starts.size), np.repeat(missing, starts.size))
    return candidates


def _resets(reduction: Reduction, starts: Coded, candidates: Coded) -> list[Coded]:
    if not reduction.moves:
        return [candidates]
    undone = {name: np.ones(starts.size, dtype=bool) for name in reduction.moves}
    return [_way(reduction, starts, candidates, undone, list(reduction.moves), way) for way in range(3)]


def _sent_somewhere(reduction: Reduction, before: Coded, candidates: Coded, undone: dict[str, Mask]) -> Coded:
    """Candidates whose moved columns were undone, once for each place their follow-up may go: where it was, as far as
    before, where the source was, and over the column's whole range; nowhere for a column that did not move.
    """
    moved = [name for name in reduction.moves if name in undone]
    if not moved:
        return candidates
    ways = [_way(reduction, before, candidates, undone, moved, way) for way in range(_variants(reduction))]
    touched = np.any([undone[name] & before.moved(name) for name in moved], axis=0)
    still = np.flatnonzero(~touched)
    return (
        stacked([ways[0], *[way.take(np.flatnonzero(touched)) for way in ways[1:]]])
        if len(still) < candidates.size
        else ways[0]
    )


def _variants(reduction: Reduction) -> int:
    """In how many ways a follow-up may go when its column is undone."""
    return 5 if reduction.moves else 1


def _way(
    reduction: Reduction, before: Coded, candidates: Coded, undone: dict[str, Mask], moved: list[str], way: int
) -> Coded:
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


def _size(reduction: Reduction, candidates: Coded) -> npt.NDArray[np.int64]:
    """Columns that each candidate's source differs in from the reference row."""
    return np.sum([candidates.differs(name, reduction.reference) for name in reduction.names], axis=0)  # type: ignore[no-any-return]


def _masks(count: int, smallest: int, largest: int) -> npt.NDArray[np.bool_]:
    """Subsets of *count* things with *smallest* to *largest* members, smaller ones first; shape ``(subsets, count)``."""
    chosen = [
        members
        for size in range(smallest, min(largest, count) + 1)
        for members in itertools.islice(itertools.combinations(range(count), size), ROUND)
    ]
    masks = np.zeros((len(chosen), count), dtype=bool)
    for place, members in enumerate(chosen):
        masks[place, list(members)] = True
    return masks


def _listed(count: int, smallest: int, largest: int) -> int:
    """How many subsets :func:`_masks` would list."""
    return sum(math.comb(count, size) for size in range(smallest, largest + 1))
