"""The estimate: how often a relation breaks on real rows, in blocks fixed by budget and schema."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import attrs
import numpy as np
import numpy.typing as npt

from metamorph.case import Status
from metamorph.runner.anytime import anytime, settles
from metamorph.runner.interval import CONFIDENCE, over_rows, side
from metamorph.runner.judged import Judged, joined
from metamorph.runner.named import Counted, named_slices
from metamorph.runner.planning import times_as_many
from metamorph.runner.reservoir import Reservoir
from metamorph.runner.scores import Scores
from metamorph.runner.sources import BLOCK, SPARE, Sources
from metamorph.runner.trial import Trial

if TYPE_CHECKING:
    from metamorph.runner.batch import Batch
    from metamorph.runner.progress import Progress

Kind = Literal["fixed", "anytime"]
SMALLEST_BLOCK = 64
LARGEST_BLOCK = 131_072
CELLS = 2**21
"""Cells of a block's source table at most: narrow tables go in larger blocks, since a call has a price of its own."""
MOST_DRAWN = 20
"""Times the budget that is drawn at most in search of effective cases."""
KEPT = 256
"""Violations kept for shrinking: this many of the largest margin and this many of the first found."""
SLOWEST_CALL = 1.0
"""Seconds a call may take, about, when the run has a time limit."""
PIECES = (2 * LARGEST_BLOCK, 16_384, 4_096, 512, 64, 8)
"""Rows of a call of a model too slow for whole blocks."""
FIRST_LOOK = 256
"""Cases after which one looks for the first time whether an allowed rate is settled."""
NEXT_LOOK = (1.1, 2.0)
"""Times as many cases as at this look that there are at the next one: at least, and at most."""
SHIFT_CASES = 4_096
"""Cases of the first block for which the numbers behind an invariant label are read as well."""


@attrs.define
class Estimate:
    """What the estimate found. ``tried`` and ``failed`` count cases by distinct observed row (shape ``(rows,)``).

    ``counted`` has the cases of each slice that the user named. ``passing`` and ``failing`` keep judged cases of either
    sort, up to a reservoir's capacity. ``excess`` is the sum of the violating margins, and ``largest`` the largest one.
    ``looked`` says whether what was found had a say in how many cases there are.
    """

    tried: npt.NDArray[np.int64]
    failed: npt.NDArray[np.int64]
    cases: int = 0
    violations: int = 0
    raised: int = 0
    drawn: int = 0
    counters: npt.NDArray[np.int64] = attrs.field(factory=lambda: np.zeros(len(Status), dtype=np.int64))
    worst: Judged | None = None
    first: Judged | None = None
    passing: Reservoir = attrs.field(factory=Reservoir)
    failing: Reservoir = attrs.field(factory=Reservoir)
    excess: float = 0.0
    largest: float = 0.0
    confidence: float = CONFIDENCE
    budget: int = 0
    looked: bool = False
    largest_shift: float | None = None
    shift_cases: int = 0
    stopped: Literal["seconds", "settled"] | None = None
    batch: Batch | None = None
    counted: tuple[Counted, ...] = ()

    @classmethod
    def blank(cls, trial: Trial, budget: int) -> Estimate:
        """Nothing found yet of *budget* cases."""
        ids = trial.schema.row_ids()
        nothing = np.zeros(int(ids.max()) + 1 if len(ids) else 0, dtype=np.int64)
        counted = tuple(Counted.of(one, len(nothing)) for one in trial.slices)
        return cls(nothing, nothing.copy(), confidence=trial.confidence, budget=budget, counted=counted)

    @property
    def sample(self) -> Judged | None:
        """The judged cases that are kept, those that pass before those that fail."""
        kept = [judged for judged in (self.passing.judged, self.failing.judged) if judged is not None]
        return joined(kept) if kept else None

    @property
    def rate(self) -> float | None:
        """The violating share of effective cases."""
        return self.violations / self.cases if self.cases else None

    @property
    def distinct(self) -> int:
        """Distinct rows among the sources; every case when rows are generated afresh."""
        return int((self.tried > 0).sum()) if len(self.tried) else self.cases

    @property
    def scores(self) -> Scores:
        """How many distinct rows violate how often; every case is a row where rows are generated afresh."""
        if not len(self.tried) or self.tried.max() == 1:
            return Scores.single(self.violations, self.cases)
        return Scores.of(self.tried, self.failed)

    @property
    def kind(self) -> Kind:
        """Which interval it takes: one that holds at every look, where a look or the clock decided when to stop."""
        return "anytime" if self.looked or self.stopped else "fixed"

    @property
    def interval(self) -> tuple[float, float] | None:
        """The interval of the rate, over distinct rows."""
        return self.interval_of(self.scores) if self.cases else None

    def interval_of(self, scores: Scores) -> tuple[float, float]:
        """That of the rate of some of the rows, by their *scores*."""
        within = anytime if self.kind == "anytime" else over_rows
        return within(scores, self.confidence)

    def look(self, allowed: float) -> bool:
        """Whether what was found so far settles on which side of an *allowed* rate the rate is, so that one may stop.

        With nothing allowed there is nothing to settle, and after the last case nothing to save.
        """
        if not allowed or not self.cases or self.cases >= self.budget:
            return False
        self.looked = True
        if settles(self.scores, allowed, self.confidence) and side(self.interval, allowed) is not None:
            self.stopped = None if any(one.verdict == "inconclusive" for one in named_slices(self)) else "settled"
        return self.stopped == "settled"

    def next_look(self, allowed: float) -> int:
        """Cases at which to look again: as many as settle it if the rest is like those so far, within bounds."""
        if not allowed:
            return self.budget
        if self.cases < FIRST_LOOK:
            return min(FIRST_LOOK, self.budget)
        least, most = NEXT_LOOK
        times = times_as_many(self.scores, allowed, self.confidence)
        for one in named_slices(self) if self.counted else ():
            times = max(times, 1 + (one.more_cases or 0) / self.cases)
        return min(math.ceil(min(max(times, least), most) * self.cases), self.budget)


def estimate(trial: Trial, per_row: float, *, budget: int, seed: int, progress: Progress) -> Estimate:
    """Draw, judge and tally *budget* effective cases, or as many as 20 times as many draws give.

    Where a rate is allowed, it is looked at in between, and fewer do when they settle it.
    ``per_row`` is what a row took in the probe, in seconds: with a deadline, a slow model is asked in smaller pieces.
    """
    pieces = rows_per_call(trial, per_row)
    sources, found, allowed = (
        Sources(trial, seed=seed, budget=budget),
        Estimate.blank(trial, budget),
        trial.relation.allowed,
    )
    block = 0
    while found.cases < budget and found.drawn < MOST_DRAWN * budget:
        if trial.late:
            found.stopped = "seconds"
            break
        found.passing.release()
        found.failing.release()
        _tally_block(found, trial, sources, block, budget, pieces)
        block += 1
        progress.advance(trial.relation.id, "estimate", found.cases, budget)
        if found.look(allowed):
            break
    return found


def rows_per_call(trial: Trial, per_row: float) -> int | None:
    """Rows of a call at most, by what a row took in the probe, in seconds; None where nothing limits the time."""
    fast_enough = (size for size in PIECES if size * per_row <= SLOWEST_CALL)
    return next(fast_enough, PIECES[-1]) if trial.deadline is not None else None


def _tally_block(  # noqa: PLR0917 - the loop's own variables; a function, so that a block is freed before the next is made
    found: Estimate, trial: Trial, sources: Sources, block: int, budget: int, pieces: int | None
) -> None:
    """Draw and judge one block of cases."""
    source, places, rng = sources.block(block, _block_size(found, trial))
    cases, follow_up, status = trial.draw(source, rng, places)
    status = status[: MOST_DRAWN * budget - found.drawn]
    effective = np.flatnonzero(status == Status.EFFECTIVE)
    if len(effective) >= budget - found.cases:
        effective = effective[: budget - found.cases]
        status = status[: effective[-1] + 1]
    for piece in _pieces(effective, pieces):
        judged = trial.judge(cases, follow_up, piece)
        tally(found, judged, None if places is None else trial.schema.row_ids()[places][piece])
        if block == 0 and found.shift_cases < SHIFT_CASES and _has_shift(trial) and not found.violations:
            _read_shift(found, trial, judged.take(np.arange(min(len(judged), SHIFT_CASES - found.shift_cases))))
        if trial.late and piece[-1] < effective[-1]:
            status = status[: piece[-1] + 1]
            break
    found.drawn += len(status)
    found.counters += np.bincount(status, minlength=len(Status))


def _pieces(places: npt.NDArray[np.int64], rows_per_call: int | None) -> list[npt.NDArray[np.int64]]:
    """Places of a block in runs of half as many pairs as a call may have rows; one run where calls are quick."""
    size = len(places) if rows_per_call is None else max(1, rows_per_call // 2)
    return [places[start : start + size] for start in range(0, len(places), max(1, size))]


def _block_size(found: Estimate, trial: Trial) -> int:
    """Cases to draw: for those up to the next look, by the effective share so far, as a table of CELLS cells holds."""
    drawn_for_each = MOST_DRAWN if not found.cases else found.drawn / found.cases
    cases = found.next_look(trial.relation.allowed) - found.cases
    wanted = math.ceil(SPARE * cases * (drawn_for_each if found.drawn else 1))
    most = min(max(CELLS // len(trial.schema.names), BLOCK), LARGEST_BLOCK)
    return min(max(wanted, SMALLEST_BLOCK), most)


def tally(found: Estimate, judged: Judged, ids: npt.NDArray[np.int64] | None) -> None:
    """Add judged cases to what was found; *ids* says which distinct row each comes from (None: rows made afresh)."""
    violating = judged.margins > 0
    for counted in found.counted:
        counted.add(judged, violating, ids)
    found.cases += len(judged)
    found.violations += int(violating.sum())
    found.raised += int(judged.raised.sum())
    found.passing.add(judged, ~violating)
    found.failing.add(judged, violating)
    if ids is not None:
        found.tried += np.bincount(ids, minlength=len(found.tried))
    if violating.any():
        if ids is not None:
            found.failed += np.bincount(ids[violating], minlength=len(found.failed))
        places = np.flatnonzero(violating)
        with np.errstate(over="ignore"):  # an infinite excess is what it is
            found.excess += float(judged.margins[places].sum())
        found.largest = max(found.largest, float(judged.margins[places].max()))
        if found.first is None or len(found.first) < KEPT:
            fresh = judged.take(places[: KEPT - (len(found.first) if found.first is not None else 0)])
            found.first = fresh if found.first is None else joined([found.first, fresh])
        largest = judged.take(places[_largest(judged.margins[places])])
        both = largest if found.worst is None else joined([found.worst, largest])
        found.worst = both.take(_largest(both.margins))


def _largest(margins: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Places of the largest margins, largest first, the earlier of equals first."""
    return np.argsort(-margins, kind="stable")[:KEPT]


def _has_shift(trial: Trial) -> bool:
    """Whether the relation is of labels that must not change: then the numbers behind them are worth a look."""
    return trial.reading.kind == "label" and trial.relation.expect.wants == "any"


def _read_shift(found: Estimate, trial: Trial, judged: Judged) -> None:
    """Read the largest change of the numbers behind labels."""
    shifts = trial.predictor.scores(trial.reading, judged.cases.source, judged.follow_up)
    if shifts is not None and len(shifts):
        found.largest_shift = max(found.largest_shift or 0.0, float(shifts.max()))
        found.shift_cases += len(shifts)
