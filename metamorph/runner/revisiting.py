"""revisit: cases that failed before, asked about again one by one, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal

import attrs

from metamorph.predictor import Predictor
from metamorph.report import Report
from metamorph.result import Counterexample, Evidence, Result
from metamorph.runner.batch import Batches
from metamorph.runner.broken import Broken
from metamorph.runner.checking import Checkable, parts_of, probe_rows
from metamorph.runner.counterexamples import counterexample_of
from metamorph.runner.floor import set_floor
from metamorph.runner.judged import single
from metamorph.runner.presented import counterexample_of_batch, rows_of
from metamorph.runner.replay import replay_all
from metamorph.runner.reported import reported
from metamorph.runner.trial import Trial
from metamorph.transforms.fans import Fan
from metamorph.transforms.presentations import Presentation

if TYPE_CHECKING:
    from metamorph.failures import Failure
    from metamorph.relation import Relation
    from metamorph_strategies.schema import Schema


@attrs.frozen
class Revisited:
    """What became of one failure, with the report where it still fails, or why it cannot be asked about."""

    failure: Failure
    outcome: Literal["STILL FAILS", "FIXED", "GONE", "BROKEN"]
    report: Report | None = None
    reason: str = ""


def revisit(
    model: Any, relations: Sequence[Checkable], schema: Schema, remembered: Sequence[Failure]
) -> Iterator[Revisited]:
    """Each of the *remembered* failures, in their order; those that no relation can be asked about are gone.

    Raises RelationError, ModelError or SchemaError for what cannot be asked at all, as :func:`metamorph.check` does.
    """
    predictor, known = Predictor(model), {part.id: part for one in relations for part in parts_of(one)}
    predictor.adapter.check_columns(schema.names)
    for failure in remembered:
        reason = _no_case_of(known.get(failure.relation))
        if reason:
            yield Revisited(failure, "GONE", reason=reason)
            continue
        trial = Trial(known[failure.relation], schema, predictor)
        try:
            found = _again(trial, failure)
        except Broken as broken:
            yield Revisited(failure, "BROKEN", _report(trial, broken.evidence))
            continue
        if isinstance(found, Counterexample):
            yield Revisited(failure, "STILL FAILS", _report(trial, None, counterexample=found, worst=found))
        elif found is not None:
            yield Revisited(failure, "GONE", reason=found)
        else:
            yield Revisited(failure, "FIXED")


def _again(trial: Trial, failure: Failure) -> Counterexample | str | None:
    """The counterexample that a failure still is; why it is no case any more; None where it passes."""
    finding = set_floor(trial, probe_rows(trial.schema))
    transform = trial.relation.transform
    if isinstance(transform, Presentation | Fan):
        rows = rows_of(failure, trial.schema)
        if isinstance(rows, str):
            return rows
        batch = Batches(trial, transform).ask(rows)
        return counterexample_of_batch(trial, batch) if batch.fails else None
    if finding is not None:
        raise Broken(finding)
    replayed = replay_all(trial, [failure])
    if replayed.table is not None:
        return counterexample_of(trial, single(replayed.table, 0))
    return replayed.gone[0][1] if replayed.gone else None


def _no_case_of(relation: Relation | None) -> str:
    """Why a single case says nothing of a relation; empty where it does."""
    if relation is None:
        return "no relation has this id any more"
    return "its relation allows a rate, so one case settles nothing" if relation.allowed else ""


def _report(trial: Trial, evidence: Evidence | None, **found: Any) -> Report:
    result = Result(
        trial.relation.id,
        trial.sentence,
        "violated" if evidence is None else "broken",
        found_by="replay" if evidence is None else None,
        output=trial.reading.name,
        evidence=evidence,
        **found,
    )
    return reported([result], trial.schema)
