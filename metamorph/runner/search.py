"""A search for the worst case of one relation: what it may ask, what it looks at, and what it has found."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import attrs
import numpy as np
import numpy.typing as npt
import pandas as pd

from metamorph.answers import BadAnswer
from metamorph.case import Cases, parameter
from metamorph.predictor import ModelRaised
from metamorph.runner.coded import Coded, stacked
from metamorph.transforms.moves import Moves

if TYPE_CHECKING:
    from metamorph.answers import Outputs
    from metamorph.runner.pressure import Pressure
    from metamorph.runner.sweeping import Pairs, Tries
    from metamorph.runner.trial import Trial
    from metamorph_strategies.columns import Cells

LOOKED_AT = 12
"""Candidates of a column whose pairs tell whether it can be swept."""
JUDGED = 64
"""Violations at most that are judged in the end, the largest first."""


@attrs.frozen(eq=False)
class Best:
    """The best of some tried cases, one for each start that had any: its owner, pressure and promise."""

    cases: Coded
    owner: npt.NDArray[np.int64]
    pressure: npt.NDArray[np.float64]
    promise: npt.NDArray[np.float64]

    def take(self, places: npt.NDArray[np.int64]) -> Best:
        """Those at these places."""
        return Best(self.cases.take(places), self.owner[places], self.pressure[places], self.promise[places])


class Search:
    """Asks about tries within a number of rows; keeps what presses above zero."""

    def __init__(
        self,
        trial: Trial,
        pressure: Pressure,
        candidates: Mapping[str, Cells],
        *,
        rows: int,
        rng: np.random.Generator,
        rows_per_call: int | None = None,
    ) -> None:
        self.trial, self.pressure, self.candidates, self.rng = trial, pressure, candidates, rng
        self.rows_per_call = rows_per_call
        self._most = trial.predictor.asked + rows
        self._over = False
        self.found: list[Best] = []

    @property
    def left(self) -> int:
        """Rows that may still be asked about, those for judging in the end kept back."""
        return max(0, self._most - self.trial.predictor.asked - 2 * JUDGED)

    @property
    def over(self) -> bool:
        """Whether nothing more is to be asked: too few rows are left, time is up, or the model refuses rows."""
        return self._over or self.trial.late or not self.left

    @property
    def settled(self) -> bool:
        """Whether what was found is as bad as can be, if it is judged so: one changed label is as bad as another."""
        return bool(self.found) and not graded(self.trial)

    @functools.cached_property
    def along(self) -> tuple[str, ...]:
        """The columns to sweep along: of whose values the step law leaves enough to choose from for all pairs."""
        return tuple(name for name in self.trial.relation.transform.moves if self.free and _sweeps(self, name))

    @property
    def free(self) -> bool:
        """Whether a follow-up is its source with other values in the moved columns, so that pairs share rows."""
        return isinstance(self.trial.relation.transform, Moves)

    def best(self, tries: Sequence[Tries], *, promising: bool = False) -> list[Best]:
        """The best pair of each start in each of the *tries*, asked about in one call.

        With *promising*, that of the largest promise follows as one more. Empty where nothing was answered.
        """
        entries = self._ask([one.rows for one in tries])
        found: list[Best] = []
        for one, answered in zip(tries, entries or [], strict=False):
            pairs = one.pairs(answered, self.pressure)
            best = _best(one, pairs, pairs.pressure, self.rng)
            above = np.flatnonzero(best.pressure > 0)
            if len(above):
                self.found.append(best.take(above))
            found.append(best)
            if promising:
                found.append(_best(one, pairs, pairs.promise, self.rng))
        return found

    def stop(self) -> None:
        """Ask about nothing more."""
        self._over = True

    def violations(self) -> Coded | None:
        """The cases that press hardest, those above zero alone, at most :data:`JUDGED`; they are handed out once."""
        if not self.found:
            return None
        order = np.argsort(-np.concatenate([best.pressure for best in self.found]), kind="stable")[:JUDGED]
        found = stacked([best.cases for best in self.found]).take(order)
        self.found = []
        return found

    def _ask(self, parts: list[pd.DataFrame]) -> list[Outputs] | None:
        """What is asked of rows, part by part; None where it was not answered, and the search is over."""
        rows = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
        if not len(rows):
            return None
        if self.over or len(rows) > self.left:
            self._over = True
            return None
        size = self.rows_per_call or len(rows)
        answered = []
        try:
            for start in range(0, len(rows), size):
                if self.trial.late:
                    return None
                answered.append(self.pressure.ask(rows.iloc[start : start + size].reset_index(drop=True)))
        except ModelRaised as failure:
            if not isinstance(failure.error, self.trial.relation.raises_ok):
                self.trial.fail(failure)
            answered = [None]
        except BadAnswer as failure:
            self.trial.fail(failure)
        known = [part for part in answered if part is not None]
        if len(known) < len(answered):
            self._over = True
            return None
        every, ends = np.concatenate(known), np.cumsum([len(part) for part in parts])
        return [every[end - len(part) : end] for part, end in zip(parts, ends, strict=True)]


def graded(trial: Trial) -> bool:
    """Whether one violation can be worse than another."""
    return trial.reading.kind != "label" or trial.reading.order is not None


def _sweeps(search: Search, name: str) -> bool:
    """Whether half of the pairs of a column's candidates are steps of the law, or more."""
    schema, transform = search.trial.schema, search.trial.relation.transform
    codes, missing = search.candidates[name]
    chosen = np.unique(np.linspace(0, len(codes) - 1, LOOKED_AT).astype(np.int64))
    wide = len(chosen)
    row = schema.frame([schema.reference])
    source = {}
    for other in transform.moves:
        column, (code, absent) = schema.columns[other], schema.columns[other].encode(row[other])
        source[other] = np.where(absent, column.lowest, code).astype(code.dtype), np.zeros(1, dtype=bool)
    along = Coded(source, dict(source), 1).repeat(wide**2)
    first, second = (chosen[places.ravel()] for places in np.indices((wide, wide)))
    along = along.with_source(name, codes[first], missing[first]).with_target(name, codes[second], missing[second])
    cases = Cases(
        pd.DataFrame({other: schema.columns[other].decode(*cells) for other, cells in along.source.items()}),
        pd.DataFrame({parameter(other): schema.columns[other].decode(*cells) for other, cells in along.target.items()}),
    )
    lawful = transform.lawful(cases, schema) & along.moved(name)
    return bool(lawful.sum() >= max(1, wide * (wide - 1) // 2))


def _best(tries: Tries, pairs: Pairs, by: npt.NDArray[np.float64], rng: np.random.Generator) -> Best:
    """The pair of each owner that is largest by one of its numbers, any of equals."""
    order = np.lexsort((rng.random(len(by)), -by, pairs.owner))
    owners = pairs.owner[order]
    first = order[np.flatnonzero(np.append(True, owners[1:] != owners[:-1]))] if len(order) else order
    return Best(tries.cases(pairs, first), pairs.owner[first], pairs.pressure[first], pairs.promise[first])
