"""Further counterexamples: each as small as can be, and none needs all the columns that another one needs.

Minimal failing sets of columns are enumerated as in Reiter, "A theory of diagnosis from first principles" (Artificial
Intelligence 32, 1987): whatever else fails leaves out a column of each set that is known, so violations are tried with
one column of each undone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from metamorph.runner.broken import Broken
from metamorph.runner.coded import Coded, stacked
from metamorph.runner.confirm import asked_alone
from metamorph.runner.judged import joined
from metamorph.runner.shrink import Reduction, reduced
from metamorph.runner.undoing import MOST, cost, evenly, one_off

if TYPE_CHECKING:
    from metamorph.runner.estimate import Estimate
    from metamorph.runner.judged import Judged
    from metamorph.runner.pursuit import Confirmed
    from metamorph.runner.trial import Trial

STARTS = 128
"""Failing cases from which a further counterexample is reduced."""


def enumerated(
    trial: Trial, smallest: Judged, confirmed: Confirmed, found: Estimate | None, *, most: int
) -> list[Judged]:
    """Up to so many counterexamples, the *smallest* among them, confirmed.

    That of the fewest columns comes first, of as many that of the earlier ones, whichever the seed came upon. Where
    looking for another one comes upon one that needs fewer columns than a known one, that takes its place. A model
    that fails on the way leaves what was found before.
    """
    moves, reduction = trial.relation.transform.moves, Reduction(trial)
    examples = {reduction.needs(Coded.of(smallest.cases, trial.schema, moves)): smallest}
    violations = None
    try:
        for _ in range(2 * most):  # some of which may find smaller ones instead
            ways = _ways(list(examples), moves)
            if len(examples) >= most or trial.late or not ways:
                break
            violations = violations or _violations(trial, confirmed, found)
            another = _another(Reduction(trial, list(examples)), violations, ways)
            if another is None:
                break
            needs, judged = another
            examples = {known: one for known, one in examples.items() if not needs < known}
            examples[needs] = judged
    except Broken:
        pass
    coded = stacked([Coded.of(judged.cases, trial.schema, moves) for judged in examples.values()])
    costs = dict(zip(examples, cost(reduction, coded).tolist(), strict=True))
    order = sorted(examples, key=lambda names: (costs[names], sorted(map(reduction.names.index, names))))
    return [examples[names] for names in order]


def _ways(needed: Sequence[frozenset[str]], moves: Sequence[str]) -> list[list[str]]:
    """Every way to leave out a column of each needed set; of the columns that a relation moves, one has to be moved.

    Of more ways than can be tried, as many as can, spread over all: the first ones would leave out the same columns.
    """
    sets = [sorted(one) for one in needed]  # in an order that is the same in every process
    total = math.prod(map(len, sets))
    choices = {_way(sets, total * place // min(total, MOST)) for place in range(min(total, MOST))}
    fewest = [one for one in choices if not any(other < one for other in choices)]
    return sorted(sorted(one) for one in fewest if not moves or set(moves) - one)


def _way(sets: Sequence[Sequence[str]], number: int) -> frozenset[str]:
    """The way of this number, among all to choose one of each set."""
    chosen = []
    for names in sets:
        number, place = divmod(number, len(names))
        chosen.append(names[place])
    return frozenset(chosen)


def _violations(trial: Trial, confirmed: Confirmed, found: Estimate | None) -> Coded:
    """Violations spread over all that are kept."""
    failing = None if found is None else found.failing.judged
    kept = joined([*confirmed.starts, *([] if failing is None else [failing])])
    return Coded.of(kept.take(evenly(len(kept), MOST)).cases, trial.schema, trial.relation.transform.moves)


def _another(
    reduction: Reduction, violations: Coded, ways: Sequence[Sequence[str]]
) -> tuple[frozenset[str], Judged] | None:
    """The smallest counterexample that has all columns of no needed set, after the columns that it needs."""
    trial, failing = reduction.trial, _failing(reduction, _undone(reduction, violations, ways))
    if not failing.size:  # few violations are known, or none that leaves out a column
        failing = _failing(reduction, one_off(reduction))
    if not failing.size:
        return None
    state = reduced(reduction, failing.take(evenly(failing.size, STARTS)))
    cases = state.cases(trial.schema)
    follow_up = trial.admissible(cases)[0]
    if not len(follow_up) or trial.late:  # a condition that draws lots, or no time to reduce it to the end
        return None
    judged = asked_alone(trial, cases, follow_up)
    return (reduction.needs(state), judged) if judged.margins[0] > 0 else None


def _failing(reduction: Reduction, candidates: Coded) -> Coded:
    return candidates.take(np.flatnonzero(reduction.failing(candidates)))


def _undone(reduction: Reduction, violations: Coded, ways: Sequence[Sequence[str]]) -> Coded:
    """As many of the violations as a call holds, with the columns of each of the ways at the reference row, unmoved."""
    spread = violations.take(evenly(violations.size, max(1, MOST // len(ways))))
    candidates = []
    for way in ways[:MOST]:
        undone = spread
        for name in way:
            codes, missing = (np.repeat(cells, undone.size) for cells in reduction.reference.source[name])
            undone = undone.with_source(name, codes, missing)
            if name in reduction.moves:
                undone = undone.with_target(name, codes, missing)
        candidates.append(undone)
    return stacked(candidates)
