"""The attack: the worst case that can be found of a relation, however rare it is among real rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import attrs
import numpy as np
import pandas as pd

from metamorph.case import Cases, rows_at
from metamorph.runner.ascent import PATH, Field, ascend, fields_of, paths
from metamorph.runner.broken import Broken, guarded
from metamorph.runner.candidates import candidate_cells, line
from metamorph.runner.coded import Coded, stacked
from metamorph.runner.judged import Judged, joined
from metamorph.runner.pressure import pressure_of
from metamorph.runner.search import JUDGED, Best, Search, graded
from metamorph.runner.surrogate import surrogate
from metamorph.runner.sweeping import Given, Sweep, Tries
from metamorph_strategies import sampling

if TYPE_CHECKING:
    from metamorph.runner.estimate import Estimate
    from metamorph.runner.progress import Progress
    from metamorph.runner.trial import Trial
    from metamorph_strategies.columns import Codes

WAVE = 16_384
"""Rows that are spent before it begins anew."""
LEAST = 256
"""A wave that asks about fewer rows than these is the last."""
SWEPT = 0.5
"""The share of a wave's rows that sweeps may ask about; the rest is for climbing."""
WIDE = 16
"""Values of a sweep along one column."""
STOPS = 8
"""Rows of a path along several columns: more starts find more than longer paths do."""
FIRST = 512
"""Cases that are judged first where none are known."""
LEARNT = 2_000
"""Judged cases that are learnt from."""
STARTS = 64
"""Pairs that are climbed from, at the most."""
TRIED_FOR_ONE = 4
"""Rows drawn for each that is to satisfy a precondition."""


@attrs.frozen(eq=False)
class Attack:
    """What an attack came upon: violations, the largest margin first, judged as ordinary pairs, and what it asked."""

    worst: Judged | None
    calls: int
    rows: int


def attack(
    trial: Trial,
    found: Estimate,
    candidates: Mapping[str, Codes] | None,
    *,
    rows: int,
    rng: np.random.Generator,
    progress: Progress,
    rows_per_call: int | None = None,
) -> Attack:
    """Search for the worst case, asking the model about *rows* rows at the most.

    *candidates* are codes, for each column the values at which the model changes, where those are known. Columns
    without them have quantiles of what was observed, edges, the reference value, and the thresholds of a tree fitted on
    the predictions already paid for.
    """
    calls, asked = trial.predictor.calls, trial.predictor.asked
    worst = _worst(trial, found, candidates or {}, rows=rows, rng=rng, progress=progress, rows_per_call=rows_per_call)
    return Attack(worst, trial.predictor.calls - calls, trial.predictor.asked - asked)


def _worst(
    trial: Trial,
    found: Estimate,
    candidates: Mapping[str, Codes],
    *,
    rows: int,
    rng: np.random.Generator,
    progress: Progress,
    rows_per_call: int | None,
) -> Judged | None:
    asked = trial.predictor.asked

    def step() -> None:
        progress.advance(trial.relation.id, "attack", trial.predictor.asked - asked, rows)

    known = _known(trial, found, rows, rng)
    if known is None:
        return None
    guide = surrogate(known, trial.schema)
    cells = candidate_cells(trial.schema, candidates, guide.codes)
    pressure = pressure_of(trial, known)
    left = rows - (trial.predictor.asked - asked)
    search = Search(trial, pressure, cells, rows=left, rng=rng, rows_per_call=rows_per_call)
    fields = fields_of(search, dict(guide.weights))
    worst: list[Judged] = []
    while not search.over:
        before, wave = search.left, min(search.left, WAVE)
        try:
            starts = _starts(search, known, fields, int(SWEPT * wave))
            step()
            if starts is not None:
                ascend(search, starts, fields, step, until=before - wave)
        except Broken:
            if not search.found and not worst:
                raise
            search.stop()  # a violation says more than the row that broke the search
        judged = judged_in_one_call(search.trial, search.violations())
        violating = judged is not None and bool((judged.margins > 0).any())
        if judged is not None and violating:
            worst.append(judged)
        elif judged is not None:  # labels are not quite what their scores say: learn from these
            search.pressure = pressure_of(trial, joined([judged, known]))
        if (violating and not graded(trial)) or before - search.left < LEAST:
            break  # nothing is worse, or nothing is left to ask about
    return largest(worst)


def _known(trial: Trial, found: Estimate, rows: int, rng: np.random.Generator) -> Judged | None:
    """Judged cases to learn from, those of the largest margin first; a few more are asked about where none are kept."""
    sample = found.sample
    if sample is None:
        count = min(FIRST, rows // 8)
        drawn = _drawn(trial, _explored(trial, count, rng), rng) if count else None
        if drawn is None:
            return None
        follow_up, kept = trial.admissible(drawn)
        cases = drawn.take(kept)
        return trial.judge(cases, follow_up, np.arange(len(cases))) if len(cases) else None
    largest = np.argsort(-sample.margins, kind="stable")[: LEARNT // 8]
    others = rng.permutation(np.setdiff1d(np.arange(len(sample)), largest))[: LEARNT - len(largest)]
    return sample.take(np.concatenate([largest, others]))


def _starts(search: Search, known: Judged, fields: list[Field], rows: int) -> Best | None:
    """Pairs to climb from, the most pressing and the most promising in turns, from sweeps and drawn cases."""
    trial = search.trial
    along = [name for name, what in fields if what == "along"]
    tries: list[Tries] = []
    if PATH in fields:
        still = _unmoved(trial, _sources(search, known, max(1, rows // (2 * STOPS))))
        if still.size:
            tries.append(Sweep(trial, still, paths(search, still, STOPS)))
            rows -= rows // 2
    wide = sum(min(WIDE, len(search.candidates[name][0])) for name in along)
    count = max(1, rows // (wide or 2))
    if len(along) > count:  # more columns than rows to sweep them on
        along = [along[place] for place in np.sort(search.rng.permutation(len(along))[:count])]
    sources = _sources(search, known, count)
    still = _unmoved(trial, sources)
    for name in along:
        grid = line(trial.schema.columns[name], search.candidates[name], still.source[name], WIDE, search.rng)
        tries.append(Sweep(trial, still, {name: grid}))
    if not along:
        cases = Coded.of(_drawn(trial, sources, search.rng), trial.schema, trial.relation.transform.moves)
        tries.append(Given(trial, cases, np.arange(cases.size)))
    found = search.best(tries, promising=True)
    if not found:
        return None
    return _in_turns(found)


def _in_turns(found: list[Best]) -> Best | None:
    """The best pair of each owner by pressure and by promise, taken in turns; at most :data:`STARTS`."""
    by_pressure, by_promise = _joined(found[0::2]), _joined(found[1::2])
    if not len(by_pressure.owner):
        return None
    chosen = []
    for best, key in ((by_pressure, by_pressure.pressure), (by_promise, by_promise.promise)):
        order = np.argsort(-key, kind="stable")
        owners = best.owner[order]
        _, first = np.unique(owners, return_index=True)  # one pair of each source
        chosen.append(best.take(order[np.sort(first)][: STARTS // 2]))
    both = _joined(chosen)
    half = len(chosen[0].owner)
    turns = np.argsort(np.concatenate([2 * np.arange(half), 2 * np.arange(len(chosen[1].owner)) + 1]), kind="stable")
    return both.take(turns)


def _joined(parts: list[Best]) -> Best:
    return Best(
        stacked([part.cases for part in parts]),
        np.concatenate([part.owner for part in parts]),
        np.concatenate([part.pressure for part in parts]),
        np.concatenate([part.promise for part in parts]),
    )


def _sources(search: Search, known: Judged, count: int) -> pd.DataFrame:
    """Source rows to begin from: those of the largest margins, real ones, explored ones and ones at the edges."""
    trial, rng = search.trial, search.rng
    eighth = -(-count // 8)
    learnt = known.cases.source
    parts = [learnt.head(2 * eighth)]
    others = rng.permutation(np.arange(min(2 * eighth, len(learnt)), len(learnt)))[:eighth]
    parts.append(learnt.take(np.sort(others)))
    parts.append(_explored(trial, 3 * eighth, rng))
    parts.append(_explored(trial, 2 * eighth, rng, edges=True))
    rows = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    return rows.take(np.sort(rng.permutation(len(rows))[:count])).reset_index(drop=True)


def _explored(trial: Trial, count: int, rng: np.random.Generator, *, edges: bool = False) -> pd.DataFrame:
    """Rows of the schema that satisfy the precondition, as many as there are among a few times *count*."""
    draw = sampling.boundary if edges else sampling.explored
    times = TRIED_FOR_ONE if trial.relation.conditions or trial.envelope is not None else 1
    try:
        rows = guarded(lambda: draw(trial.schema, times * count, rng), "schema", "A constraint")
    except Broken:  # too few rows keep the constraints to be drawn blindly; real rows do
        return trial.schema.frame([])
    kept = trial.precondition(rows) & trial.plausible(rows)
    return rows_at(rows, np.flatnonzero(kept)[:count])


def _drawn(trial: Trial, sources: pd.DataFrame, rng: np.random.Generator) -> Cases:
    parameters, _ = trial.relation.transform.draw(sources, trial.schema, rng)
    return Cases(sources, parameters)


def _unmoved(trial: Trial, sources: pd.DataFrame) -> Coded:
    """Starts at these sources, none of whose columns has moved yet."""
    source = {name: column.encode(sources[name]) for name, column in trial.schema.columns.items()}
    return Coded(source, {name: source[name] for name in trial.relation.transform.moves}, len(sources))


def judged_in_one_call(trial: Trial, cases: Coded | None) -> Judged | None:
    """Cases that a search or a proof came upon, judged as ordinary pairs in one call; None of none that are cases."""
    if cases is None:
        return None
    table = guarded(lambda: cases.cases(trial.schema), "schema", "A derived column")
    follow_up, kept = trial.admissible(table)
    return trial.judge(table.take(kept), follow_up, np.arange(int(kept.sum()))) if kept.any() else None


def largest(parts: list[Judged]) -> Judged | None:
    """Those that violate, the largest margin first; None of none."""
    if not parts:
        return None
    judged = joined(parts)
    order = np.argsort(-judged.margins, kind="stable")
    order = order[judged.margins[order] > 0][:JUDGED]
    return judged.take(order) if len(order) else None
