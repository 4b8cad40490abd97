"""Reducing a violation until nothing more can be removed.

In this order: fewest columns changed by the relation, fewest columns that differ from the reference row, plainest
values, smallest step. Every round asks for all its candidates in one call. Columns are not undone greedily: subsets of
the differing columns are tried by size, so no local minimum holds as long as the subsets can be listed. What
choice-sequence shrinking calls small (Hypothesis, falsify) is the encoding; here it is the difference from a real row.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from metamorph.case import Cases, Mask
from metamorph.runner.broken import guarded
from metamorph.runner.coded import Coded, stacked
from metamorph.runner.judged import Judged
from metamorph.runner.plainer import plainer_values, shorter_steps
from metamorph.runner.undoing import (
    MOST,
    at_reference,
    cost,
    how_many,
    keeping,
    masks_by_size,
    moves,
    one_off,
    only_moved,
    resets,
    scanned,
    smallest,
    ways,
)

if TYPE_CHECKING:
    from metamorph.runner.trial import Trial

MOST_REFUSED = 24
"""Candidates of a round where the model may refuse rows."""
MOST_CELLS = 2**21
"""Cells of a round's candidates, at most: very wide tables are reduced in smaller rounds."""
MOST_CALLS = 54
MOST_ROWS = 54_000
"""What reducing may ask of the model; the rest of 60 calls and 60,000 rows is for confirming."""
STARTS = 8
"""Violations from which subsets are tried side by side."""


class Reduction:
    """The smallest failing case so far, and what finding it has asked of the model.

    Of the sets of columns that other counterexamples have ``needed``, no candidate has all of one.
    """

    def __init__(self, trial: Trial, needed: Sequence[frozenset[str]] = ()) -> None:
        self.trial, self.needed = trial, needed
        self.schema = trial.schema
        self.moves = trial.relation.transform.moves
        self.calls_before, self.rows_before = trial.predictor.calls, trial.predictor.asked
        self.reference = self._reference()
        self.names = tuple(self.schema.columns)
        self.most_moved: int | None = None

    def _reference(self) -> Coded:
        row = self.schema.frame([self.schema.reference])
        source = {name: column.encode(row[name]) for name, column in self.schema.columns.items()}
        return Coded(source, {name: source[name] for name in self.moves}, 1)

    @property
    def spent(self) -> bool:
        """Whether another full round could ask for too much, or comes after the time limit."""
        if self.trial.late:
            return True
        asked = self.trial.predictor.asked - self.rows_before
        return self.trial.predictor.calls - self.calls_before >= MOST_CALLS or asked + 2 * MOST > MOST_ROWS

    def failing(self, candidates: Coded) -> Mask:
        """Which candidates keep schema, law and precondition, and violate; one call."""
        fails = np.zeros(candidates.size, dtype=bool)
        if not candidates.size or self.spent:
            return fails
        asked = candidates.take(np.flatnonzero(self._worth_asking(candidates)))
        cases = guarded(lambda: asked.cases(self.schema), "schema", "A derived column")
        follow_up, admissible = self.trial.admissible(cases)
        places = self._worth_asking(candidates).nonzero()[0][admissible]
        if len(places):
            fails[places] = self.trial.judge(cases.take(admissible), follow_up, np.arange(len(places))).margins > 0
        return fails

    def _worth_asking(self, candidates: Coded) -> Mask:
        """The candidates that move no more columns than were found to be needed, as many as may still be asked."""
        worth = np.ones(candidates.size, dtype=bool)
        for names in self.needed:
            worth &= ~self._has(candidates, names)
        if self.most_moved is not None:
            worth &= moves(self, candidates) <= self.most_moved
        left = (MOST_ROWS - (self.trial.predictor.asked - self.rows_before)) // 2
        most = min(left, MOST_CELLS // len(self.names))
        if self.trial.relation.raises_ok:  # each that the model refuses costs a call of its own
            most = min(most, MOST_REFUSED)
        return worth & (np.cumsum(worth) <= most)

    def differing(self, case: Coded) -> list[str]:
        """The source columns of a single case that differ from the reference row."""
        return [name for name in self.names if case.differs(name, self.reference)[0]]

    def needs(self, case: Coded) -> frozenset[str]:
        """The columns that a single case needs: those that are moved, and those that differ from the reference row."""
        return frozenset({*self.differing(case), *(name for name in self.moves if case.moved(name)[0])})

    def _has(self, candidates: Coded, names: frozenset[str]) -> Mask:
        """Which candidates need all of these columns, as :meth:`needs` would say."""
        has = np.ones(candidates.size, dtype=bool)
        for name in names:
            moved = candidates.moved(name) if name in self.moves else False
            has &= candidates.differs(name, self.reference) | moved
        return has


def shrink(trial: Trial, violations: Judged) -> tuple[Cases, pd.DataFrame]:
    """The smallest counterexample reached from *violations* (largest margin first): case and follow-up, a row each."""
    reduction = Reduction(trial)
    inside = np.flatnonzero(trial.plausible(violations.cases.source, violations.follow_up))
    violations = violations.take(inside) if len(inside) else violations
    cases = reduced(reduction, Coded.of(violations.cases, trial.schema, reduction.moves)).cases(trial.schema)
    return cases, trial.admissible(cases)[0]


def reduced(reduction: Reduction, starts: Coded) -> Coded:
    """The smallest failing case reached from failing *starts*."""
    state = _best_start(reduction, starts)
    while True:
        before = state
        state = _fewest_moved(reduction, state)
        reduction.most_moved = int(moves(reduction, state)[0])
        state = _fewest_differing(reduction, state)
        state = plainer_values(reduction, state, reduction.differing(state))
        state = shorter_steps(reduction, state)
        if state is before or reduction.spent:
            return state


def _best_start(reduction: Reduction, starts: Coded) -> Coded:
    """One case to go on from: the reference row with a move that fails on it, or the same with one column off.

    These hang on no start, so whichever violations were drawn, the same ones are found. Else what is small of the
    starts.
    """
    transplants = stacked(
        [
            *[scanned(reduction, starts.repeat(1), name, reduction.reference) for name in reduction.moves],
            one_off(reduction),
            *resets(reduction, starts, at_reference(reduction, starts)),
            only_moved(reduction, starts),
        ]
    )
    found = transplants.take(np.flatnonzero(reduction.failing(transplants)))
    fewest_moved = int(moves(reduction, starts).min())
    if found.size and moves(reduction, found).min() <= fewest_moved:
        return smallest(reduction, found)
    order = np.argsort(cost(reduction, starts), kind="stable")
    promising = np.flatnonzero(moves(reduction, starts) == fewest_moved)
    chosen = list(dict.fromkeys([*promising[: STARTS // 2].tolist(), *order[: STARTS // 2].tolist()]))
    single = [starts.take(np.array([place])) for place in chosen]
    subsets = [keeping(reduction, start, masks_by_size(len(reduction.differing(start)), 1, 2)) for start in single]
    candidates = stacked([part.take(np.arange(min(part.size, MOST // len(subsets)))) for part in subsets])
    reduced = candidates.take(np.flatnonzero(reduction.failing(candidates)))
    return smallest(reduction, stacked([part for part in (found, reduced, *single) if part.size]))


def _fewest_moved(reduction: Reduction, state: Coded) -> Coded:
    """Fewer columns changed by the relation: smaller subsets of them by size, then all but one of them."""
    moved = [name for name in reduction.moves if state.moved(name)[0]]
    if len(moved) <= 1:
        return state
    masks = np.append(masks_by_size(len(moved), 1, len(moved) - 1), ~np.eye(len(moved), dtype=bool), axis=0)
    candidates = state.repeat(len(masks))
    for place, name in enumerate(moved):
        stays = ~masks[:, place]
        candidates = candidates.with_target(name, *candidates.source[name], where=stays)
    fails = np.flatnonzero(reduction.failing(candidates))
    return _fewest_moved(reduction, candidates.take(fails[:1])) if len(fails) else state


def _fewest_differing(reduction: Reduction, state: Coded) -> Coded:
    """Fewer columns that differ from the reference row: subsets by size while they can be listed, else chunks."""
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
        while last + 1 < count and how_many(count, size, last + 1) * ways(reduction) <= MOST:
            last += 1
        if size >= count or how_many(count, size, last) * ways(reduction) > MOST:
            return None
        candidates = keeping(reduction, state, masks_by_size(count, size, last))
        fails = np.flatnonzero(reduction.failing(candidates))
        if len(fails):
            found = candidates.take(fails)
            return smallest(reduction, found)
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
    pairs = itertools.islice(itertools.combinations(range(count), 2), MOST // 2)
    masks = np.ones((len(drops) + len(listed := list(pairs)), count), dtype=bool)
    for place, dropped in enumerate([*drops, *listed]):
        masks[place, list(dropped)] = False
    candidates = keeping(reduction, state, masks)
    fails = np.flatnonzero(reduction.failing(candidates))
    if not len(fails):
        return None
    found = candidates.take(fails)
    return smallest(reduction, found)


def _moved_at_reference(reduction: Reduction, state: Coded, names: list[str]) -> Coded | None:
    """The state with a moved column at its reference value, wherever its follow-up has to go for that."""
    candidates = []
    for name in (name for name in reduction.moves if name in names and state.moved(name)[0]):
        codes, missing = reduction.reference.source[name]
        candidates.append(scanned(reduction, state, name, state.with_source(name, codes, missing)))
    if not candidates:
        return None
    together = stacked(candidates)
    fails = np.flatnonzero(reduction.failing(together))
    return together.take(fails[:1]) if len(fails) else None
