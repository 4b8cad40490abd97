"""Tries: what one call asks about many starts. A sweep is k rows along a column, judged as all pairs of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import attrs
import numpy as np
import numpy.typing as npt
import pandas as pd

from metamorph.case import Cases, Mask, parameter, rows_at
from metamorph.runner.broken import guarded
from metamorph.runner.coded import Coded, stacked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metamorph.answers import Outputs
    from metamorph.runner.pressure import Pressure
    from metamorph.runner.trial import Trial
    from metamorph_strategies.columns import Cells
    from metamorph_strategies.schema import Schema

Places = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]


@attrs.frozen(eq=False)
class Pairs:
    """Tried pairs: the start that each came of, its rows among those asked about, its pressure and its promise."""

    owner: Places
    first: Places
    second: Places
    pressure: Numbers
    promise: Numbers


class Tries(Protocol):
    """Rows to ask about, and the pairs that they make; every one is a case of the relation."""

    rows: pd.DataFrame

    def pairs(self, entries: Outputs, pressure: Pressure) -> Pairs:
        """The pairs, from what was asked of each row."""

    def cases(self, pairs: Pairs, places: Places) -> Coded:
        """The cases of the pairs at some places."""


class Given:
    """Cases given, each with the start that it came of: two rows each, but for those that are no case."""

    def __init__(self, trial: Trial, cases: Coded, owner: Places, rng: np.random.Generator | None = None) -> None:
        """With *rng*, cases that are none by their parameters get others, drawn anew."""
        table = guarded(lambda: cases.cases(trial.schema), "schema", "A derived column")
        follow_up, kept = trial.admissible(table)
        self._cases, self._owner = cases.take(np.flatnonzero(kept)), owner[kept]
        source = rows_at(table.source, np.flatnonzero(kept))
        if rng is not None and not kept.all():
            left = np.flatnonzero(~kept)
            drawn = redrawn(trial, table.take(left), rng)
            others, also = trial.admissible(drawn)
            if also.any():
                more = drawn.take(also)
                coded = Coded.of(more, trial.schema, trial.relation.transform.moves)
                self._cases, self._owner = _both(self._cases, coded), np.append(self._owner, owner[left[also]])
                source = pd.concat([source, more.source], ignore_index=True)
                follow_up = pd.concat([follow_up, others], ignore_index=True)
        self.rows = pd.concat([source, follow_up], ignore_index=True) if len(source) else source

    def pairs(self, entries: Outputs, pressure: Pressure) -> Pairs:
        count = len(self._owner)
        first, second = np.arange(count), np.arange(count) + count
        sides = entries[first], entries[second]
        return Pairs(self._owner, first, second, pressure.of(*sides), pressure.promise(*sides))

    def cases(self, pairs: Pairs, places: Places) -> Coded:
        return self._cases.take(pairs.first[places])


class Sweep:
    """Rows that differ in columns that the relation moves, k for each start: k rows make up to k(k-1) pairs.

    Along one column, or along several at once (a path). Of a start that moves other columns as well, sources and
    follow-ups are rows of their own. Pairs are only those whose rows and whose step the relation allows.
    """

    def __init__(self, trial: Trial, starts: Coded, grids: Mapping[str, Cells]) -> None:
        """*grids* holds the values of each start in these columns, shape ``(starts, k)``."""
        schema, moves = trial.schema, trial.relation.transform.moves
        count, wide = next(iter(grids.values()))[0].shape
        along = starts.take(np.repeat(np.arange(count), wide))
        for name, (codes, missing) in grids.items():
            along = along.with_source(name, codes.ravel(), missing.ravel())
            along = along.with_target(name, codes.ravel(), missing.ravel())
        follow = attrs.evolve(along, source={**along.source, **along.target})
        elsewhere = _any_moved(starts, [other for other in moves if other not in grids])
        apart = np.flatnonzero(np.repeat(elsewhere, wide))
        before, after = _rows(along, schema), _rows(follow.take(apart), schema)
        as_source = _accepted(trial, before)
        as_follow = as_source.copy()
        as_source &= trial.precondition(before)
        as_follow[apart] = _accepted(trial, after)
        place = np.arange(count * wide)
        place[apart] = count * wide + np.arange(len(apart))
        self._names, self._along, self._wide = tuple(grids), along, wide
        self._owner, self._first, self._second = self._lawful(trial, as_source, as_follow, elsewhere)
        asked = np.zeros(count * wide + len(apart), dtype=bool)
        asked[self._first] = asked[place[self._second]] = True
        number = np.cumsum(asked) - 1
        self._row_of_source, self._row_of_follow = number[: count * wide], number[place]
        every = pd.concat([before, after], ignore_index=True) if len(apart) else before
        self.rows = rows_at(every, np.flatnonzero(asked))

    def _lawful(self, trial: Trial, as_source: Mask, as_follow: Mask, elsewhere: Mask) -> tuple[Places, Places, Places]:
        """Owner, source and follow-up of each pair of places along the column that the step law could have drawn."""
        wide, count = self._wide, len(elsewhere)
        may = as_source.reshape(count, wide, 1) & as_follow.reshape(count, 1, wide)
        may &= ~np.eye(wide, dtype=bool) | elsewhere[:, None, None]
        owner, first, second = np.nonzero(may)
        first, second = owner * wide + first, owner * wide + second
        moves, columns = trial.relation.transform.moves, trial.schema.columns
        source, target = {}, {}
        for name in moves:
            source[name] = columns[name].decode(*_at(self._along.source[name], first))
            target[parameter(name)] = columns[name].decode(*_at(self._along.target[name], second))
        cases = Cases(pd.DataFrame(source, copy=False), pd.DataFrame(target, copy=False))
        lawful = np.zeros(len(owner), dtype=bool)
        if len(owner):
            lawful = trial.relation.transform.lawful(cases, trial.schema)
            lawful &= ~trial.unchanged(cases.source, cases.parameters.set_axis(cases.source.columns, axis=1))
        return owner[lawful], first[lawful], second[lawful]

    def pairs(self, entries: Outputs, pressure: Pressure) -> Pairs:
        first, second = self._row_of_source[self._first], self._row_of_follow[self._second]
        sides = entries[first], entries[second]
        return Pairs(self._owner, self._first, self._second, pressure.of(*sides), pressure.promise(*sides))

    def cases(self, pairs: Pairs, places: Places) -> Coded:
        found = self._along.take(pairs.first[places])
        for name in self._names:
            found = found.with_target(name, *_at(self._along.source[name], pairs.second[places]))
        return found


def redrawn(trial: Trial, cases: Cases, rng: np.random.Generator) -> Cases:
    """The same sources with parameters drawn anew."""
    parameters, _ = trial.relation.transform.draw(cases.source, trial.schema, rng)
    return Cases(cases.source, parameters)


def _at(cells: Cells, places: Places) -> Cells:
    return cells[0][places], cells[1][places]


def _any_moved(starts: Coded, names: list[str]) -> Mask:
    """Whether each start moves any of these columns."""
    moved = np.zeros(starts.size, dtype=bool)
    for name in names:
        moved |= starts.moved(name)
    return moved


def _rows(coded: Coded, schema: Schema) -> pd.DataFrame:
    return guarded(lambda: coded.cases(schema).source, "schema", "A derived column")


def _accepted(trial: Trial, rows: pd.DataFrame) -> Mask:
    return guarded(lambda: trial.schema.accepts(rows), "schema", "A constraint") & trial.plausible(rows)


def _both(one: Coded, other: Coded) -> Coded:
    return stacked([part for part in (one, other) if part.size] or [one])
