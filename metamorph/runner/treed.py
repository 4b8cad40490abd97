"""Settling a relation of a tree ensemble: the worst that its trees can do together, cell by cell."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import attrs
import numpy as np

from metamorph.runner.coded import Coded
from metamorph.runner.settlement import Scale, Settlement
from metamorph.transforms import Replace, Step
from metamorph.whitebox import grid as grids
from metamorph.whitebox.lawful import lawful_pairs, step_sources
from metamorph.whitebox.pairs import Problem
from metamorph.whitebox.score import scored
from metamorph.whitebox.search import Search

if TYPE_CHECKING:
    from metamorph.runner.anatomy import Anatomy
    from metamorph.runner.claim import Claim
    from metamorph.runner.judged import Judged
    from metamorph.runner.trial import Trial
    from metamorph.whitebox.cells import Axis, Grid
    from metamorph.whitebox.ensemble import Mask, Places
    from metamorph_strategies.columns import Cells

BOXES = 1_000_000
"""Boxes that a search looks at, at most: a count, so that a run is the same on a slow machine."""
SECONDS = 20.0
"""What it may take at most all the same."""
WORST_BOXES = 30_000
"""As much again for the worst case, once there is a violation."""


@attrs.frozen(eq=False)
class Worst:
    """How far sums can go the wrong way: at least ``best``, found at pairs of cells, and at most ``upper``.

    ``termwise`` says that no single tree goes the wrong way: then no sum does, in whichever order it is rounded.
    """

    best: float
    upper: float
    sources: Places
    follow_ups: Places
    termwise: bool
    settled: bool


def by_trees(trial: Trial, claim: Claim, anatomy: Anatomy, known: Judged | None) -> Settlement:
    """Whether an ensemble's sum, and so its output, can go the wrong way, and where.

    Unreadable where the model is no ensemble of trees, or where no one sum decides its output.
    """
    ensemble = anatomy.ensemble
    score = scored(anatomy.route.estimator, ensemble, trial.relation.output, trial.relation.expect.wants)
    grid = anatomy.grid(score)
    candidates = grids.candidates(grid, trial.schema)
    scale = Scale(score.link, score.slope, score.error, score.rounding, score.threshold or 0.0)
    if known is not None:
        sums = grid.values(grids.cells_of(grid, known.cases.source, trial.schema)) / ensemble.divisor
        scale.check(sums, known.source_output)
    problem = _problem(trial, claim, grid)
    if not problem.moved:
        said = f"None of the model's {len(grid.trees)} trees tells values of {claim.named} apart."
        return Settlement(said, upper=0.0, candidates=candidates)
    enough = scale.enough(trial, claim)
    goals = (0.0, (enough or 0.0) * ensemble.divisor)
    found = _worst(problem, claim, trial, goals if not claim.tolerance else goals[1:])
    upper = scale.output(found.upper / ensemble.divisor)
    if found.termwise or (score.link != "label" and enough is not None and found.upper <= enough * ensemble.divisor):
        return Settlement(_argument(claim, grid, found, scale), upper=upper, candidates=candidates)
    if score.threshold is not None:
        slack = score.error * ensemble.divisor
        crossed = attrs.evolve(problem, threshold=score.threshold * ensemble.divisor)
        found = _worst(crossed, claim, trial, (-float(np.nextafter(slack, np.inf)),))
        if found.upper < -slack:
            return Settlement(_label_argument(claim, grid, scale), candidates=candidates)
    pairs = _cases(trial, claim, grid, found) if len(found.sources) else None
    # of a probability the worst is not where the sum's is
    exact = found.settled and score.link == "identity"
    return Settlement(pairs=pairs, upper=upper, candidates=candidates, exact=exact)


def _problem(trial: Trial, claim: Claim, grid: Grid) -> Problem:
    """The problem of a claim on a grid, its moved axes being those that trees ask about at all."""
    moved = [
        (place, _lawful(trial, claim, axis))
        for place, axis in enumerate(grid.axes)
        if axis.name in claim.change.columns and len(grid.masks[place])
    ]
    return Problem(grid, tuple(place for place, _ in moved), tuple(lawful for _, lawful in moved))


def _lawful(trial: Trial, claim: Claim, axis: Axis) -> Mask:
    column, change = trial.schema.columns[axis.name], claim.change
    if isinstance(change, Replace):
        return lawful_pairs(axis, column, kind="replace", missing=change.missing)
    by, to = (_of_column(given, axis.name) for given in (change.by, change.to))
    return lawful_pairs(axis, column, by=by, to=to, down=change.down)


def _of_column(given: Any, name: str) -> Any:
    return given[name] if isinstance(given, Mapping) else given


def _worst(problem: Problem, claim: Claim, trial: Trial, goals: tuple[float, ...]) -> Worst:
    """The worst of all ways that a claim forbids; a goal is what it is enough to know is not exceeded, one by one.

    Nothing above zero is asked first where zero is a goal: then each step to the next cell can be looked at by itself.
    """
    found = []
    for sign in claim.signs:
        search = Search(attrs.evolve(problem, sign=_sign(sign)))
        for goal in goals:
            if search.best <= goal < search.upper:
                search.run(seconds=_seconds(trial), enough=goal, boxes=BOXES)
        if search.best > goals[-1]:
            search.run(seconds=_seconds(trial), boxes=WORST_BOXES)
        found.append(search)
    worst = max(found, key=lambda search: search.best)
    sources, follow_ups, objectives = worst.pairs
    beyond = objectives > goals[-1]
    upper = max(search.upper for search in found)
    return Worst(
        worst.best,
        upper,
        sources[beyond],
        follow_ups[beyond],
        all(search.termwise for search in found),
        all(search.settled for search in found),
    )


def _seconds(trial: Trial) -> float:
    return SECONDS if trial.deadline is None else min(SECONDS, max(0.0, trial.deadline - time.monotonic()))


def _sign(sign: int) -> Literal[1, -1]:
    return 1 if sign > 0 else -1


def _cases(trial: Trial, claim: Claim, grid: Grid, found: Worst) -> Coded:
    """The pairs that were found as cases, each moved column at codes that the step law allows."""
    source = grids.points(grid, found.sources, trial.schema)
    after = grids.points(grid, found.follow_ups, trial.schema)
    target = {}
    for place, axis in enumerate(grid.axes):
        if axis.name not in claim.change.columns:
            continue
        cells = found.sources[:, place], found.follow_ups[:, place]
        before, later = source[axis.name], after[axis.name]
        still = cells[0] == cells[1]
        if isinstance(claim.change, Step) and claim.change.by is not None:
            before, later = _stepping(trial, claim.change, axis, before, cells)
        elif isinstance(claim.change, Step) and claim.change.to is not None:
            to = claim.change.fixed(axis.name, trial.schema)
            later = np.full_like(later[0], to), later[1]
        source[axis.name] = before
        target[axis.name] = np.where(still, before[0], later[0]), np.where(still, before[1], later[1])
    return Coded(source, target, len(found.sources))


def _stepping(
    trial: Trial, change: Step, axis: Axis, source: Cells, cells: tuple[Places, Places]
) -> tuple[Cells, Cells]:
    """For each pair of cells codes from the first of which a fixed step leads to one in the second."""
    column, fixed = trial.schema.columns[axis.name], change.fixed(axis.name, trial.schema)
    moves = cells[0] != cells[1]
    codes = source[0].copy()
    by = _of_column(change.by, axis.name)
    codes[moves] = step_sources(axis, column, cells[0][moves], cells[1][moves], by=by, down=change.down)
    after = column.plus(codes, -fixed if change.down else fixed).astype(codes.dtype)
    return (codes, source[1]), (after, source[1])


def _argument(claim: Claim, grid: Grid, found: Worst, scale: Scale) -> str:
    count = f"{len(grid.trees)} trees"
    if found.termwise:
        return (
            f"Of the model's {count} each by itself {claim.never} its output by {claim.moving}, so no sum of them does."
        )
    return (
        f"Over all combinations of cells of its {count}, {claim.moving} takes the model at most "
        f"{max(found.upper, 0.0):.4g} the wrong way; {scale.said}."
    )


def _label_argument(claim: Claim, grid: Grid, scale: Scale) -> str:
    return (
        f"Over all combinations of cells of its {len(grid.trees)} trees, {claim.moving} takes the model across the "
        f"threshold of its label the wrong way nowhere; {scale.said}."
    )
