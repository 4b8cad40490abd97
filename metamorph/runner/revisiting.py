"""revisit: cases that failed before, asked about again one by one, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal

import attrs

from metamorph.predictor import Predictor
from metamorph.report import Report
from metamorph.result import Evidence, Result
from metamorph.runner.broken import Broken
from metamorph.runner.checking import probe_rows, provenance
from metamorph.runner.judged import Replayed, single
from metamorph.runner.replay import replay_all
from metamorph.runner.trial import Trial
from metamorph.runner.verdict import counterexample_of, set_floor

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
    model: Any, relations: Sequence[Relation], schema: Schema, remembered: Sequence[Failure]
) -> Iterator[Revisited]:
    """Each of the *remembered* failures, in the order of *relations*; those of other relations are gone."""
    predictor, known = Predictor(model), {relation.id: relation for relation in relations}
    for failure in remembered:
        if failure.relation not in known:
            yield Revisited(failure, "GONE", reason="no relation has this id any more")
            continue
        trial = Trial(known[failure.relation], schema, predictor)
        try:
            finding = set_floor(trial, probe_rows(schema))
            again = Replayed() if finding else replay_all(trial, [failure])
        except Broken as broken:
            finding = broken.evidence
        if finding is not None:
            yield Revisited(failure, "BROKEN", _report(trial, finding))
        elif again.table is not None:
            found = counterexample_of(trial, single(again.table, 0))
            yield Revisited(failure, "STILL FAILS", _report(trial, None, counterexample=found, worst=found))
        elif again.gone:
            yield Revisited(failure, "GONE", reason=again.gone[0][1])
        else:
            yield Revisited(failure, "FIXED")


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
    return Report((result,), trial.schema.noun, dict(trial.schema.reference), provenance(trial.schema))
