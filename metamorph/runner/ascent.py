"""Coordinate ascent, many starts side by side: one field is moved at a time, over its candidates, in one call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from metamorph.runner.candidates import line
from metamorph.runner.coded import Coded, stacked
from metamorph.runner.sweeping import Given, Sweep, redrawn

if TYPE_CHECKING:
    from collections.abc import Callable

    from metamorph.runner.search import Best, Search
    from metamorph.runner.sweeping import Tries
    from metamorph_strategies.columns import Cells

BESIDE = 12
"""States that climb side by side."""
VALUES = 12
"""Candidates of a field that are tried in a round, from each state."""
ROUNDS = 24
"""Rounds that the rows are spread over, about; a call has a price of its own."""
ALONG = 0.5
"""The share of the columns that a path moves along."""
RISE = 1e-3
"""What counts as a rise, as a share of how far from violating the starts are: monotone models come ever nearer to 0."""

Field = tuple[str, str]
"""A column, and what of it is moved: ``"along"`` a sweep, the ``"source"`` alone, or the ``"target"`` alone."""

REDRAWN: Field = ("", "drawn")
"""All that the relation changes, drawn anew by its law."""
PATH: Field = ("", "path")
"""Several of the columns that the relation moves, at once."""


def fields_of(search: Search, weights: dict[str, float]) -> list[Field]:
    """The fields of a relation's cases, those that the relation moves first, then by their *weights*."""
    moves = search.trial.relation.transform.moves
    found: list[Field] = []
    for name in moves:
        found += [(name, "along")] if name in search.along else [(name, "source"), (name, "target")]
    if any(what == "target" for _, what in found):
        found.append(REDRAWN)
    if sum(what == "along" for _, what in found) > 1:
        found.insert(0, PATH)
    others = [name for name in search.trial.schema.columns if name not in moves]
    return found + [(name, "source") for name in sorted(others, key=lambda name: -weights.get(name, 0.0))]


def tries(search: Search, state: Coded, field: Field, values: int) -> Tries:
    """The *state* with one field moved over candidates, *values* of them at the most."""
    (name, what), trial = field, search.trial
    if field == REDRAWN:
        owner = np.repeat(np.arange(state.size), values)
        cases = redrawn(trial, state.take(owner).cases(trial.schema), search.rng)
        return Given(trial, Coded.of(cases, trial.schema, trial.relation.transform.moves), owner)
    if field == PATH:
        return Sweep(trial, state, paths(search, state, values))
    at = state.target[name] if what == "target" else state.source[name]
    grid = line(trial.schema.columns[name], search.candidates[name], at, values, search.rng)
    if what == "along":
        return Sweep(trial, state, {name: grid})
    wide = grid[0].shape[1]
    owner = np.repeat(np.arange(state.size), wide)
    many, cells = state.take(owner), (grid[0].ravel(), grid[1].ravel())
    if what == "target":
        return Given(trial, many.with_target(name, *cells), owner)
    moved = many.with_source(name, *cells)
    if name in state.target:  # what does not move goes along
        moved = moved.with_target(name, *cells, where=~many.moved(name))
    return Given(trial, moved, owner, search.rng)


def paths(search: Search, starts: Coded, values: int) -> dict[str, Cells]:
    """A path for each start: *values* rows along some of the columns, each rising (where it has an order) on its own.

    Columns that a path does not move along stay where the start's source is, or its follow-up where that moves it.
    """
    rng, found = search.rng, {}
    names = search.along
    moving = rng.random((len(names), starts.size)) < ALONG
    moving[rng.integers(len(names), size=starts.size), np.arange(starts.size)] = True
    for name, moves in zip(names, moving, strict=True):
        codes, missing = search.candidates[name]
        places = np.sort(rng.integers(len(codes), size=(starts.size, values)), axis=1)
        own, absent = starts.source[name]
        found[name] = (
            np.where(moves[:, None], codes[places], own[:, None]),
            np.where(moves[:, None], missing[places], absent[:, None]),
        )
    return found


def ascend(search: Search, starts: Best, fields: Sequence[Field], step: Callable[[], None], *, until: int = 0) -> None:
    """Climb from the *starts*, in their order, until each stands where no single field helps.

    It ends where the search is over, or has no more than *until* rows left, and where no field helped any of those
    that climb side by side: then the other starts are no better, and rows are better spent on new ones.
    """
    begun = min(BESIDE, starts.cases.size)
    state, pressure = starts.cases.take(np.arange(begun)), starts.pressure[:begun].copy()
    stale = np.zeros(begun, dtype=np.int64)
    per_round, turn, idle = (search.left - until) / ROUNDS, 0, 0
    least = RISE * float(np.median(np.abs(starts.pressure))) if begun else 0.0
    while begun and idle <= len(fields) and search.left > until and not search.over and not search.settled:
        moved: list[Tries] = []
        while len(moved) < len(fields) and sum(len(one.rows) for one in moved) < per_round:
            moved.append(tries(search, state, fields[(turn + len(moved)) % len(fields)], VALUES))
        turn += len(moved)
        found = search.best(moved)
        stale += len(moved)
        idle += len(moved)
        for best in found:
            rises = best.pressure > pressure[best.owner] + least
            better = np.flatnonzero(best.pressure >= pressure[best.owner])  # where it is flat, any way is worth going
            owner = best.owner[better]
            order = np.arange(state.size)
            order[owner] = state.size + better
            state = stacked([state, best.cases]).take(order)
            pressure[owner] = best.pressure[better]
            stale[best.owner[rises]] = 0
            idle = 0 if rises.any() else idle
        step()
        still = np.flatnonzero(stale < len(fields) + len(moved))
        fresh = min(state.size - len(still), starts.cases.size - begun)
        if len(still) + fresh < state.size or fresh:
            new = np.arange(begun, begun + fresh)
            state = stacked([state.take(still), starts.cases.take(new)])
            pressure = np.append(pressure[still], starts.pressure[new])
            stale = np.append(stale[still], np.zeros(fresh, dtype=np.int64))
            begun += fresh
        if not state.size:
            break
