"""The replay: cases that failed before are asked about first. Existence only, never part of the rate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from metamorph.case import Cases, parameter
from metamorph.errors import MetamorphError
from metamorph.failures import Failure, Failures, fingerprint
from metamorph.literals import cases_of
from metamorph.runner.broken import Broken
from metamorph.runner.confirm import confirm
from metamorph.runner.judged import Judged, Replayed, joined, single

if TYPE_CHECKING:
    from metamorph.runner.trial import Trial


def replay(trial: Trial, failures: Failures) -> Replayed:
    """Ask about a relation's failures again, and drop those that are none any more."""
    replayed = replay_all(trial, failures.recall(trial.relation))
    for failure in (*replayed.fixed, *(failure for failure, _ in replayed.gone)):
        failures.forget(failure)
    return replayed


def replay_all(trial: Trial, remembered: list[Failure]) -> Replayed:
    """Judge and confirm *remembered* failures, each as it would be judged by itself."""
    failing, tables, fixed, gone, implausible = [], [], [], [], []
    for failure in remembered:
        judged = _judged(trial, failure)
        if judged is None:
            implausible.append(failure)
        elif isinstance(judged, str):
            gone.append((failure, judged))
        elif judged.margins[0] > 0 and (confirmed := confirm(trial, judged))[0] == "confirmed":
            failing.append(failure)
            tables.append(confirmed[1])
        else:
            fixed.append(failure)
    table = joined(tables) if tables else None
    return Replayed(tuple(failing), table, tuple(fixed), tuple(gone), tuple(implausible))


def _judged(trial: Trial, failure: Failure) -> Judged | str | None:
    """The case, judged; or why there is no such case; None for one that is not plausible.

    Broken where it cannot be made though the schema is the same.
    """
    same = failure.schema == fingerprint(trial.schema)
    changed = "" if same else ": the schema has changed since"
    try:
        cases = _cases(trial, failure)
    except (MetamorphError, LookupError, TypeError, ValueError, AttributeError, OverflowError):
        return f"its values are none of the schema{changed}"
    try:
        follow_up, admissible = trial.possible(cases)
    except Broken:
        if same:
            raise
        return f"it cannot be made any more{changed}"
    if not admissible[0]:
        return f"it is no case of the relation any more{changed}"
    if not trial.plausible(cases.source, follow_up)[0]:
        return None
    return single(trial.judge(cases, follow_up, np.arange(1)), 0)


def _cases(trial: Trial, failure: Failure) -> Cases:
    """The case as a table of one row, every value of which is read once: an entry may hold anything."""
    schema, moves = trial.schema, trial.relation.transform.moves
    cases = cases_of([failure.values], schema, moves)
    for name, column in schema.columns.items():
        column.encode(cases.source[name])
    for name in moves:
        schema.columns[name].encode(cases.parameters[parameter(name)])
    return cases
