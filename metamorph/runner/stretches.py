"""Scanning a counterexample column by column: which values of each go on failing, the others as they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import attrs
import numpy as np
import numpy.typing as npt

from metamorph.runner.broken import guarded
from metamorph.runner.coded import Coded, stacked

if TYPE_CHECKING:
    from metamorph.runner.trial import Trial
    from metamorph_strategies.columns import Cells, Codes, Column

WIDE = 24
"""Values of a column in the first round, beside the counterexample's own: half by place, half by how often observed."""
NARROW = 15
"""Values within a bracket in each round after the first: it gets 16 times narrower."""
ROUNDS = 4
MOST_LEVELS = 200
MOST_AXES = 60
"""Columns that are scanned one by one; of wider tables the rest is only tried jointly."""

Outcomes = npt.NDArray[np.int8]
FAILS, PASSES, NO_CASE = 1, 0, -1
Side = Literal["source", "target"]
Axis = tuple[str, Side]
"""A column of the source, or of the follow-up where the relation moves it."""


@attrs.frozen(eq=False)
class Scanned:
    """What one column's values came of: codes in rising order, outcomes beside them; *at* is the counterexample's own.

    A value that makes no case (a constraint, the step law) is neither a failure nor an end of a stretch.
    """

    name: str
    side: Side
    codes: Codes
    outcomes: Outcomes
    at: int
    missing: bool | None = None

    @property
    def whole(self) -> bool:
        """Whether every value that makes a case fails."""
        return not (self.outcomes == PASSES).any()

    def bracket(self, sign: int) -> tuple[int, int] | None:
        """Places of the last failing value on one side (-1 below, 1 above) and of the passing one after it."""
        beyond = np.arange(self.at, -1, -1) if sign < 0 else np.arange(self.at, len(self.codes))
        passing = np.flatnonzero(self.outcomes[beyond] == PASSES)
        if not len(passing):
            return None
        failing = np.flatnonzero(self.outcomes[beyond[: passing[0]]] == FAILS)
        return int(beyond[failing[-1]]), int(beyond[passing[0]])

    def ends(self) -> tuple[int, int]:
        """Places of the least and the largest value of the failing stretch around the counterexample."""
        sides = []
        for sign in (-1, 1):
            bracket = self.bracket(sign)
            failing = np.flatnonzero(self.outcomes == FAILS)
            sides.append(bracket[0] if bracket else int(failing[0 if sign < 0 else -1]))
        return sides[0], sides[1]

    def added(self, other: Scanned) -> Scanned:
        """With further values of the same column."""
        every, first = np.unique(np.concatenate([self.codes, other.codes]), return_index=True)
        outcomes = np.concatenate([self.outcomes, other.outcomes])[first]
        return attrs.evolve(self, codes=every, outcomes=outcomes, at=int(np.searchsorted(every, self.codes[self.at])))


def outcomes_of(trial: Trial, candidates: Coded) -> Outcomes:
    """What each candidate comes of; one call."""
    outcomes = np.full(candidates.size, NO_CASE, dtype=np.int8)
    cases = guarded(lambda: candidates.cases(trial.schema), "schema", "A derived column")
    follow_up, admissible = trial.admissible(cases)
    if admissible.any():
        judged = trial.judge(cases.take(admissible), follow_up, np.arange(int(admissible.sum())))
        outcomes[admissible] = judged.margins > 0
    return outcomes


def scan(trial: Trial, state: Coded, *, fixed_step: bool) -> dict[Axis, Scanned]:
    """Every column's values around a single failing case, located to the column's resolution; five calls.

    With *fixed_step* the follow-up of a moved column goes with its source. Else both are scanned: first the follow-up,
    then the source below a follow-up as far off as still fails, since near the follow-up there is little room for it.
    """
    targets: list[Axis] = [] if fixed_step else [(name, "target") for name in state.target]
    sources: list[Axis] = [(name, "source") for name in state.source if not state.source[name][1][0]]
    later = [axis for axis in sources if (axis[0], "target") in targets]
    axes = [*targets, *(axis for axis in sources if axis not in later)][:MOST_AXES]
    found = _looked(trial, state, {axis: _first_values(trial, state, axis) for axis in axes}, fixed_step=fixed_step)
    begun = {axis: _first_values(trial, state, axis) for axis in later}
    for _ in range(ROUNDS):
        state = _far_off(state, found)
        narrower = {axis: _between(trial.schema.columns[axis[0]], one) for axis, one in found.items()}
        values = {axis: (codes, np.zeros(len(codes), dtype=bool)) for axis, codes in narrower.items() if len(codes)}
        if not values and not begun:
            break
        more = _looked(trial, state, {**values, **begun}, fixed_step=fixed_step)
        found |= {axis: found[axis].added(one) if axis in found else one for axis, one in more.items()}
        begun = {}
    return found


def _far_off(state: Coded, found: Mapping[Axis, Scanned]) -> Coded:
    """The state with moved columns' follow-ups at the end of their stretch that is farther from their source."""
    for (name, side), one in found.items():
        if side == "target":
            source = state.source[name][0][0]
            low, high = (one.codes[place] for place in one.ends())
            far = high if abs(high - source) >= abs(low - source) else low
            state = state.with_target(name, np.array([far]))
    return state


def placed(trial: Trial, candidates: Coded, axis: Axis, cells: Cells, *, fixed_step: bool) -> Coded:
    """Candidates with other cells on one axis; under a fixed step the follow-up goes along."""
    name, side = axis
    if side == "target":
        return candidates.with_target(name, *cells)
    moved = candidates.with_source(name, *cells)
    if name not in candidates.target or not fixed_step:
        return moved
    by: Any = candidates.target[name][0] - candidates.source[name][0]  # one step a candidate
    return moved.with_target(name, trial.schema.columns[name].plus(cells[0], by), cells[1])


def _looked(trial: Trial, state: Coded, values: Mapping[Axis, Cells], *, fixed_step: bool) -> dict[Axis, Scanned]:
    """What every axis's values came of, in one call."""
    parts = [
        placed(trial, state.repeat(len(cells[0])), axis, cells, fixed_step=fixed_step) for axis, cells in values.items()
    ]
    outcomes = outcomes_of(trial, stacked(parts))
    ends = np.cumsum([part.size for part in parts])[:-1]
    split = zip(values.items(), np.split(outcomes, ends), strict=True)
    return {axis: _scanned(state, axis, cells, came) for (axis, cells), came in split}


def _first_values(trial: Trial, state: Coded, axis: Axis) -> Cells:
    """The values of the first round, the counterexample's own first and a missing one last, where that may be."""
    name, side = axis
    column, own = trial.schema.columns[name], (state.source if side == "source" else state.target)[name][0]
    if column.quanta and column.highest - column.lowest > 2 * WIDE:
        even = spread(column, column.lowest, column.highest, WIDE // 2)
        seen = trial.schema.values(name)
        places = np.unique(np.linspace(0, max(len(seen) - 1, 0), WIDE // 2).astype(np.int64))
        codes = np.concatenate([even, seen[places] if len(seen) else even])
    else:
        codes = np.arange(column.lowest, min(column.highest, column.lowest + MOST_LEVELS) + 1)
    codes = np.concatenate([own, codes[codes != own[0]]]).astype(own.dtype)
    absent = column.nullable and name not in state.target
    missing = np.arange(len(codes) + absent) == len(codes)
    return np.append(codes, codes[:1]) if absent else codes, missing


def spread(column: Column, low: float, high: float, count: int) -> Codes:
    """Codes evenly spread over a stretch, both ends included, at the column's resolution."""
    if isinstance(low, int | np.integer) and isinstance(high, int | np.integer):
        steps = np.unique(np.linspace(0, int(high) - int(low), count).astype("int64"))
        return int(low) + steps
    codes = np.linspace(low, high, count)
    codes = column.round(codes, column.least_step) if column.least_step else codes
    return np.unique(np.clip(codes, low, high))


def _scanned(state: Coded, axis: Axis, cells: Cells, outcomes: Outcomes) -> Scanned:
    """The outcomes in the order of their codes, the counterexample's own among them."""
    name, side = axis
    codes, missing = cells
    own = (state.source if side == "source" else state.target)[name][0]
    absent = bool(outcomes[missing][0] == FAILS) if missing.any() and outcomes[missing][0] != NO_CASE else None
    every, first = np.unique(np.append(codes[~missing], own), return_index=True)
    kept = np.append(outcomes[~missing], FAILS).astype(np.int8)[first]
    at = int(np.searchsorted(every, own[0]))
    kept[at] = FAILS
    return Scanned(name, side, every, kept, at, absent)


def _between(column: Column, scanned: Scanned) -> Codes:
    """Values within the brackets at both ends of a stretch; none where they cannot be told apart any more."""
    if not column.quanta:
        return scanned.codes[:0]
    parts = [scanned.codes[:0]]
    for sign in (-1, 1):
        bracket = scanned.bracket(sign)
        if bracket is not None:
            low, high = sorted(scanned.codes[place].item() for place in bracket)
            codes = spread(column, low, high, NARROW + 2)
            parts.append(codes[(codes > low) & (codes < high)].astype(scanned.codes.dtype))
    return np.concatenate(parts)
