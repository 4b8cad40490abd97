"""One relation of one model, examined case by case: what a drawn or pinned case is judged by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from metamorph.answers import BadAnswer
from metamorph.case import Cases, Status
from metamorph.expectations import Rounding, is_number
from metamorph.predictor import ModelRaised, Predictor
from metamorph.result import Evidence, Result, Verdict
from metamorph.runner.broken import Broken, guarded
from metamorph.runner.checking import MUTATED, probe_rows
from metamorph.runner.confirm import by_rounding, confirm
from metamorph.runner.counterexamples import counterexample_of
from metamorph.runner.floor import set_floor
from metamorph.runner.judged import Judged
from metamorph.runner.reported import reported
from metamorph.runner.trial import Trial

if TYPE_CHECKING:
    from metamorph.relation import Relation
    from metamorph.report import Report
    from metamorph_strategies.schema import Schema

_CHANGED = "The model is not deterministic: asked twice about this case, it changed its answer."
_PASSES = "The model is not deterministic: it failed on this case before, and asked again it does not."
_ALONE = "The model answers differently alone and in a batch of two, source and follow-up."


@attrs.frozen
class Examined:
    """What became of a case: its status, its margin and pressure where it was judged, and the report where it fails."""

    status: Status
    margin: float | None = None
    pressure: float | None = None
    report: Report | None = None


class Examiner:
    """Examines the cases of one test as :func:`metamorph.check` does: the same floor, judge and confirmation.

    The floor is measured once. A model may be fitted anew in place, so nothing else is kept of it: what the probe found
    wrong is looked for again with each case, and a failure is held against the model only where it is *replayed*.
    """

    def __init__(self, relation: Relation, schema: Schema, model: Any, *, floor: float | None = None) -> None:
        self._relation, self._schema, self._model, self._floor = relation, schema, model, floor
        self._predictor = Predictor(model, floor=floor)
        self._predictor.adapter.check_columns(schema.names)
        self._rounding: Rounding | None = None
        self._finding: Evidence | None = None
        self._failed: set[str] = set()
        self.replayed = False

    def examine(self, cases: Cases, key: str, *, search: bool = False, replayed: bool = False) -> Examined:
        """The one case in the table *cases*, known by *key*; with *search*, also how near it is to failing.

        *replayed* says that a case is run that was known before this test, or failed in it: one that failed, and now
        does not, is the model's failure, and the last that is held against it.
        """
        if self._finding is not None and not self._fails_again():
            self._predictor, self._finding = Predictor(self._model, floor=self._floor), None
        trial = Trial(self._relation, self._schema, self._predictor)
        self.replayed = replayed
        before = key in self._failed
        try:
            examined = self._examine(trial, cases, suspected=before, search=search)
        except Broken as broken:
            examined = _broken(trial, broken.evidence)
        if examined.report is not None:
            self._failed.add(key)
        elif before and replayed:
            examined = _broken(trial, Evidence("model", _PASSES))
        if before and replayed:
            self._failed.clear()
        return examined

    def _examine(self, trial: Trial, cases: Cases, *, suspected: bool, search: bool) -> Examined:
        trial.rounding = self._measured(trial)
        follow_up, admissible = trial.admissible(cases)
        if not admissible[0]:
            return Examined(_status(trial, cases))
        judged = trial.judge(cases, follow_up, np.arange(1))
        if suspected or judged.margins[0] > 0:
            again = trial.judge(cases, follow_up, np.arange(1))
            if _changed(trial, judged, again):
                raise Broken(Evidence("model", _CHANGED))
        if judged.margins[0] > 0:
            outcome, alone = confirm(trial, judged)
            if outcome == "differs alone":
                raise Broken(Evidence("model", _ALONE))
            if outcome == "confirmed":
                found = counterexample_of(trial, alone)
                report = _report(trial, "violated", found_by="case", counterexample=found, worst=found)
                margin = float(alone.margins[0])
                return Examined(Status.EFFECTIVE, margin, margin, report)
        return Examined(Status.EFFECTIVE, float(judged.margins[0]), _pressure(trial, judged) if search else None)

    def _measured(self, trial: Trial) -> Rounding:
        """The rounding floor; Broken where the probe finds that nothing can be judged."""
        if self._rounding is None:
            try:
                self._finding = self._finding or set_floor(trial, probe_rows(self._schema))
            except Broken as broken:
                self._finding = broken.evidence
            if self._finding is not None:
                raise Broken(self._finding)
            self._rounding = trial.rounding
        return self._rounding

    def _fails_again(self) -> bool:
        """Whether the probe still fails: in a few calls, since the row that shows it is known."""
        predictor = Predictor(self._model, floor=self._floor)
        try:
            probe = predictor.probe(self._relation.output, self._relation.expect.wants, probe_rows(self._schema))
        except (ModelRaised, BadAnswer):
            return True
        return probe.finding is not None


def _status(trial: Trial, cases: Cases) -> Status:
    """Why a case is not judged: as :meth:`Trial.draw` would say, or it is no step of the law."""
    if not guarded(lambda: trial.schema.accepts(cases.source), "schema", "A constraint")[0]:
        return Status.NOT_APPLICABLE
    status = Status(int(trial.follow(cases)[1][0]))
    _, applicable = trial.relation.transform.draw(cases.source, trial.schema, np.random.default_rng(0))
    if status == Status.PRECONDITION or (status == Status.NO_CHANGE and applicable[0]):
        return status
    return Status.NOT_APPLICABLE


def _changed(trial: Trial, judged: Judged, again: Judged) -> bool:
    """Whether the same call was answered in another way."""
    if judged.raised[0] or again.raised[0]:
        return bool(judged.raised[0] != again.raised[0])
    sides = (judged.source_output, again.source_output), (judged.follow_up_output, again.follow_up_output)
    return not all(np.array_equal(*side) for side in sides) and not by_rounding(trial, judged, again)


def _pressure(trial: Trial, judged: Judged) -> float:
    """What a search climbs: the margin, or where labels make it flat, how far the numbers behind them moved."""
    margin = float(judged.margins[0])
    if is_number(judged.source_output) and trial.reading.order is None:
        return margin
    moved = trial.predictor.scores(trial.reading, judged.cases.source, judged.follow_up)
    return margin if moved is None else float(moved[0])


def _broken(trial: Trial, evidence: Evidence) -> Examined:
    return Examined(Status.EFFECTIVE, report=_report(trial, "broken", evidence=evidence))


def _report(trial: Trial, verdict: Verdict, **found: Any) -> Report:
    result = Result(trial.relation.id, trial.sentence, verdict, output=trial.reading.name, **found)
    return reported([result], trial.schema, notes=(MUTATED,) if trial.predictor.mutated else ())
