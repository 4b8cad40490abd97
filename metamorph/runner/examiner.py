"""One relation of one model, examined case by case: what a drawn or pinned case is judged by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from metamorph.case import Cases, Status
from metamorph.expectations import is_number
from metamorph.predictor import Predictor
from metamorph.report import Report
from metamorph.result import Evidence, Result, Verdict
from metamorph.runner.broken import Broken
from metamorph.runner.checking import probe_rows
from metamorph.runner.confirm import confirm
from metamorph.runner.judged import Judged
from metamorph.runner.trial import Trial
from metamorph.runner.verdict import counterexample_of, set_floor

if TYPE_CHECKING:
    from metamorph.relation import Relation
    from metamorph_strategies.schema import Schema


@attrs.frozen
class Examined:
    """What became of a case: its status, its margin and pressure where it was judged, and the report where it fails."""

    status: Status
    margin: float | None = None
    pressure: float | None = None
    report: Report | None = None


class Examiner:
    """Examines cases as :func:`metamorph.check` does: the same floor, the same judge, the same confirmation.

    It remembers what failed: a model that breaks a case once and keeps it the next time is broken, not flaky.
    """

    def __init__(self, relation: Relation, schema: Schema, model: Any, *, floor: float | None = None) -> None:
        predictor = Predictor(model, floor=floor)
        predictor.adapter.check_columns(schema.names)
        self.trial = Trial(relation, schema, predictor)
        self._failed: set[str] = set()
        try:
            self._finding = set_floor(self.trial, probe_rows(schema))
        except Broken as broken:
            self._finding = broken.evidence

    def examine(self, cases: Cases, key: str, *, search: bool = False) -> Examined:
        """The one case in the table *cases*, known by *key*; with *search*, also how near it is to failing."""
        if self._finding is not None:
            return self._broken(self._finding)
        try:
            examined = self._examine(cases, search=search)
        except Broken as broken:
            examined = self._broken(broken.evidence)
        if examined.report is not None:
            self._failed.add(key)
        elif key in self._failed:
            message = "The model is not deterministic: asked again about this case, it no longer fails."
            return self._broken(Evidence("model", message, self.trial.schema.row(cases.source)))
        return examined

    def _examine(self, cases: Cases, *, search: bool) -> Examined:
        follow_up, admissible = self.trial.admissible(cases)
        if not admissible[0]:
            return Examined(self._status(cases))
        judged = self.trial.judge(cases, follow_up, np.arange(1))
        if judged.margins[0] > 0:
            outcome, alone = confirm(self.trial, judged)
            if outcome == "differs alone":
                message = "The model answers differently alone and in a batch of two, source and follow-up."
                return self._broken(Evidence("model", message, self.trial.schema.row(cases.source)))
            if outcome == "confirmed":
                found = counterexample_of(self.trial, alone)
                result = self._result("violated", found_by="case", counterexample=found, worst=found)
                margin = float(alone.margins[0])
                return Examined(Status.EFFECTIVE, margin, margin, self._report(result))
        pressure = self._pressure(judged) if search else None
        return Examined(Status.EFFECTIVE, float(judged.margins[0]), pressure)

    def _status(self, cases: Cases) -> Status:
        """Why a case is not judged."""
        schema, lawful = self.trial.schema, self.trial.relation.transform.lawful(cases, self.trial.schema)
        status = Status(int(self.trial.follow(cases)[1][0])) if schema.accepts(cases.source)[0] else Status.EFFECTIVE
        return Status.NOT_APPLICABLE if status == Status.EFFECTIVE and not lawful[0] else status

    def _pressure(self, judged: Judged) -> float:
        """What a search climbs: the margin, or where labels make it flat, how far the numbers behind them moved."""
        if is_number(judged.source_output) and self.trial.reading.order is None:
            return float(judged.margins[0])
        moved = self.trial.predictor.scores(self.trial.reading, judged.cases.source, judged.follow_up)
        return float(judged.margins[0]) if moved is None else float(moved[0])

    def _broken(self, evidence: Evidence) -> Examined:
        return Examined(Status.EFFECTIVE, report=self._report(self._result("broken", evidence=evidence)))

    def _result(self, verdict: Verdict, **found: Any) -> Result:
        relation = self.trial.relation
        return Result(relation.id, self.trial.sentence, verdict, output=self.trial.reading.name, **found)

    def _report(self, result: Result) -> Report:
        schema = self.trial.schema
        return Report((result,), schema.noun, dict(schema.reference), "given")
