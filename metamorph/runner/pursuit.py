"""What follows an estimate: the model is read, where it can be, and the worst case is searched for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import attrs
import numpy as np

from metamorph.result import Evidence, FoundBy, Result
from metamorph.runner.attack import attack, judged_in_one_call, largest
from metamorph.runner.broken import Broken
from metamorph.runner.confirm import confirm
from metamorph.runner.estimate import rows_per_call
from metamorph.runner.judged import Judged, single
from metamorph.runner.proof import prove
from metamorph.runner.search import graded
from metamorph.runner.settlement import Settlement
from metamorph.runner.sources import generator

if TYPE_CHECKING:
    from metamorph.runner.anatomy import Anatomy
    from metamorph.runner.coded import Coded
    from metamorph.runner.estimate import Estimate
    from metamorph.runner.progress import Progress
    from metamorph.runner.trial import Trial

MOST_LEAVES = 5_000
"""Leaves of the trees that are read for the worst case alone."""
BESIDE = 8
"""Violations that a search found, from which reducing may begin besides those of the estimate."""
ATTACK = 2
"""The stream of random numbers of an attack; those of 0 and 1 are the estimate's."""


@attrs.frozen(eq=False)
class Confirmed:
    """A confirmed violation: what came upon it, what reducing begins from, and the worst that was confirmed."""

    judged: Judged
    by: FoundBy
    starts: tuple[Judged, ...]
    worst: Judged

    @classmethod
    def of(cls, judged: Judged, by: FoundBy, starts: Sequence[Judged] = ()) -> Confirmed:
        """The first that is confirmed."""
        return cls(judged, by, tuple(starts) or (judged,), judged)

    def beside(self, judged: Judged, found: Judged) -> Confirmed:
        """The same, with another one that was confirmed afterwards among what was *found*."""
        more = found.take(np.arange(min(len(found), BESIDE)))
        worst = max(self.worst, judged, key=lambda one: float(one.margins[0]))
        return attrs.evolve(self, starts=(*self.starts, more), worst=worst)


Outcome = tuple[Result, Confirmed | None]


@attrs.frozen(eq=False)
class Pursuit:
    """Reads the model and searches for the worst case of a trial, asking about *rows* rows at the most.

    The rate is not its business: what it finds proves that violations exist, what it argues that none does.
    """

    trial: Trial
    anatomy: Anatomy
    rows: int
    seed: int
    progress: Progress

    def after(self, found: Estimate, per_row: float, result: Result, confirmed: Confirmed | None) -> Outcome:
        """The result and the confirmed violation, where there is one, after this; what was confirmed before stands.

        ``per_row`` is what a row took in the probe, in seconds: with a deadline, a slow model is asked in pieces.
        """
        if not self._is_worth(result, confirmed):
            return result, confirmed
        self.progress.advance(self.trial.relation.id, "proof", 0, 0)
        if confirmed is None or self._is_cheap():
            settlement = prove(self.trial, self.anatomy, found.sample)
        else:
            settlement = Settlement(candidates=self.anatomy.candidates)
        result = attrs.evolve(result, bound=settlement.upper, unread=settlement.unread)
        if settlement.argument is not None and confirmed is None:
            return attrs.evolve(result, verdict="proved", evidence=Evidence("model", settlement.argument)), None
        if settlement.pairs is not None:
            result, confirmed = self._found(result, confirmed, "proof", lambda: self._violating(settlement.pairs))
        if settlement.exact and confirmed is not None:
            return result, confirmed
        return self._found(
            result,
            confirmed,
            "attack",
            lambda: self._attacked(found, per_row, settlement, self.rows - result.attack_rows),
        )

    def _is_worth(self, result: Result, confirmed: Confirmed | None) -> bool:
        """Whether anything can change: that violations exist, or what the worst of them is."""
        if confirmed is None:
            return result.verdict == "held" and not result.allowed
        order = self.trial.reading.order
        most = np.inf if order is None else len(order) - 1  # no label moves farther
        return graded(self.trial) and float(confirmed.worst.margins[0]) < most

    def _is_cheap(self) -> bool:
        """Whether reading is worth it for the worst case alone, where there is a violation already: of a number."""
        return self.trial.reading.order is None and self.anatomy.leaves <= MOST_LEAVES

    def _attacked(self, found: Estimate, per_row: float, settlement: Settlement, rows: int) -> Judged | None:
        pieces, rng = rows_per_call(self.trial, per_row), generator(self.trial.sources, self.seed, ATTACK)
        candidates = {name: codes for name, codes in settlement.candidates.items() if len(codes)}
        return attack(
            self.trial, found, candidates, rows=max(rows, 0), rng=rng, progress=self.progress, rows_per_call=pieces
        ).worst

    def _violating(self, pairs: Coded | None) -> Judged | None:
        """Pairs that violate by the model's own numbers, as the model answers them: those that do, the worst first."""
        judged = judged_in_one_call(self.trial, pairs)
        return None if judged is None else largest([judged])

    def _found(
        self, result: Result, confirmed: Confirmed | None, by: FoundBy, look: Callable[[], Judged | None]
    ) -> Outcome:
        """The outcome with what one more look came upon, the first of its violations that is confirmed."""
        trial, before = self.trial, (self.trial.predictor.calls, self.trial.predictor.asked)
        try:
            worst, broken = look(), None
        except Broken as failure:  # a row that only this look came upon
            worst, broken = None, failure.evidence
        result = attrs.evolve(
            result,
            attack_calls=result.attack_calls + trial.predictor.calls - before[0],
            attack_rows=result.attack_rows + trial.predictor.asked - before[1],
        )
        if broken is not None:
            verdict = "broken" if confirmed is None else result.verdict
            return attrs.evolve(result, verdict=verdict, evidence=broken), confirmed
        if worst is None:
            return result, confirmed
        outcome, alone = first_confirmed(trial, worst)
        if outcome == "differs alone" and confirmed is None:
            return differs_alone(trial, result, alone), None
        if outcome != "confirmed":
            return result, confirmed
        return result, Confirmed.of(alone, by, [worst]) if confirmed is None else confirmed.beside(alone, worst)


def first_confirmed(trial: Trial, worst: Judged) -> tuple[str, Judged]:
    """The first of the worst violations that is confirmed; else what the first unconfirmed one came of."""
    alone = single(worst, 0)
    for place in range(len(worst)):
        outcome, alone = confirm(trial, single(worst, place))
        if outcome != "rounding":
            return outcome, alone
    return "rounding", alone


def differs_alone(trial: Trial, result: Result, alone: Judged) -> Result:
    """The result where a violation is none when asked alone, by more than rounding may be."""
    message = (
        "The model answers differently alone and in a batch: "
        "a violation found in a batch is none when its rows are asked one by one."
    )
    evidence = Evidence("model", message, trial.schema.row(alone.cases.source))
    return attrs.evolve(result, verdict="broken", evidence=evidence)
