"""Slices of failure: the few conditions under which violations concentrate, found among the cases already judged.

Conjunctions of up to three conditions are searched level by level, the best of each level extended by every condition,
whole levels as matrix products (Sagadeeva and Boehm, "SliceLine", SIGMOD 2021, do so exactly). They are ranked by the
log likelihood ratio of two rates against one (Kulldorff, "A spatial scan statistic", 1997), less a price for each
condition, so that a slice is no finer than the cases bear out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import attrs
import numpy as np
import numpy.typing as npt

from metamorph.runner.interval import clopper_pearson
from metamorph.slices import Condition, Slice

if TYPE_CHECKING:
    import pandas as pd

    from metamorph.case import Mask
    from metamorph_strategies.columns import Column
    from metamorph_strategies.schema import Schema

CUTS = 12
"""Places at which an ordered column is cut, by how often its values occur."""
MOST_LEVELS = 24
"""Levels of a category that are conditions, the most frequent ones."""
MOST_CONDITIONS = 400
MOST_COLUMNS = 60
DEEPEST = 3
BEAM = 24
"""Conjunctions of each level that are extended."""
SMALLEST = 0.01
FEWEST = 20
"""The least that a slice holds: this share of the cases, and this many."""
PRICE = 6.0
"""Log likelihood that a condition has to add."""
FOUND = 3
SAME = 0.5
"""Slices that share more than this share of their violations are one."""
LARGEST_Q = 0.05

Numbers = npt.NDArray[np.float64]
Score = Callable[[Numbers, Numbers, float, float], Numbers]
"""Ranks slices by their cases and violations, beside those of all: arrays, arrays, two numbers."""


@attrs.frozen(eq=False)
class Conjunctions:
    """Conjunctions of conditions, by their places (shape ``(n, depth)``), with what they count (``(n,)``)."""

    which: npt.NDArray[np.int64]
    cases: Numbers
    violations: Numbers

    def take(self, places: npt.NDArray[np.int64]) -> Conjunctions:
        """The ones at these places."""
        return Conjunctions(self.which[places], self.cases[places], self.violations[places])

    def rows(self, holds: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Where each of them holds, shape ``(rows, n)``."""
        rows = holds[:, self.which[:, 0]]
        for depth in range(1, self.which.shape[1]):
            rows = rows * holds[:, self.which[:, depth]]
        return rows


def slices_of(
    source: pd.DataFrame, violating: Mask, weights: Numbers, schema: Schema, *, rows_a_case: float = 1.0
) -> tuple[Slice, ...]:
    """Up to three slices of *source* rows in which *violating* ones concentrate, the clearest first.

    ``weights`` (shape ``(n,)``) says how many cases each row stands for, ``rows_a_case`` how many distinct rows there
    are for each case: evidence counts by rows.
    """
    conditions, holds = conditions_of(source, schema)
    if not conditions or not violating.any():
        return ()
    found, tried = search(holds, violating, weights * rows_a_case, likelihood)
    named = [(_joined([conditions[place] for place in one.which[0]]), one.rows(holds)[:, 0] > 0) for one in found]
    return worth_telling(named, tried, violating, weights, rows_a_case=rows_a_case)


def worth_telling(
    named: Sequence[tuple[tuple[Condition, ...], Mask]],
    tried: int,
    violating: Mask,
    weights: Numbers,
    *,
    rows_a_case: float,
) -> tuple[Slice, ...]:
    """Those of the best of *tried* candidates, given with their rows, whose rate is above that of all beyond chance.

    ``q`` is that of Benjamini and Hochberg (1995) over all that were tried, the rest taken to be no better than these.
    """
    from scipy.stats import binom  # noqa: PLC0415 - takes 0.3 s to import, and only violations need it

    total, bad = float(weights.sum()), float(weights[violating].sum())
    slices: list[Slice] = []
    for conditions, rows in named:
        cases, violations = float(weights[rows].sum()), float(weights[rows & violating].sum())
        rows_of_evidence, rate = cases * rows_a_case, violations / cases
        p = float(binom.sf(round(violations * rows_a_case) - 1, round(rows_of_evidence), bad / total))
        q = min(1.0, p * tried / (len(slices) + 1))
        if rate > bad / total and q <= LARGEST_Q:
            interval = clopper_pearson(violations * rows_a_case, rows_of_evidence)
            counted = round(cases), round(violations), cases / total, rate, bad / total
            slices.append(Slice(*counted, interval, conditions, q=q, tried=tried))
    return tuple(slices[:FOUND])


def search(
    holds: npt.NDArray[np.float32], violating: Mask, weights: Numbers, score: Score, *, price: float = PRICE
) -> tuple[list[Conjunctions], int]:
    """The best distinct conjunctions by *score*, best first, and how many were tried.

    ``holds`` (shape ``(n, conditions)``) says where each condition is true; each has to add *price* to the score.
    """
    total, bad = float(weights.sum()), float(weights[violating].sum())
    least = max(SMALLEST * total, min(FEWEST, total / 2))
    both = np.column_stack([weights, weights * violating]).astype(np.float32)
    level = Conjunctions(np.arange(holds.shape[1])[:, None], *(both.T @ holds).astype(np.float64))
    tried, kept = 0, []
    for depth in range(1, DEEPEST + 1):
        tried += len(level.which)
        worth = np.flatnonzero((level.cases >= least) & (level.cases <= total - 1))
        ranks = score(level.cases[worth], level.violations[worth], total, bad) - price * depth
        best = level.take(worth[np.argsort(-ranks, kind="stable")[:BEAM]])
        if not len(best.which):
            break
        kept.append((np.sort(ranks)[::-1][:BEAM], best))
        if depth < DEEPEST:
            level = _extended(best, holds, both)
    return _distinct(kept, holds, weights * violating), tried


def likelihood(cases: Numbers, violations: Numbers, total: float, bad: float) -> Numbers:
    """The log likelihood ratio of a rate inside and one outside against one rate; 0 where inside is not the larger."""
    inside, outside = violations / cases, (bad - violations) / np.maximum(total - cases, 1)
    gain = (
        _log_likelihood(violations, cases, inside)
        + _log_likelihood(bad - violations, total - cases, outside)
        - _log_likelihood(np.full_like(cases, bad), np.full_like(cases, total), np.full_like(cases, bad / total))
    )
    return np.where(inside > bad / total, gain, 0.0)


def conditions_of(source: pd.DataFrame, schema: Schema) -> tuple[list[Condition], npt.NDArray[np.float32]]:
    """The conditions worth trying on these rows, and where each holds, shape ``(n, conditions)``."""
    conditions: list[Condition] = []
    holds: list[Mask] = []
    left_out = schema.role("identifier")
    for name in [name for name in schema.columns if name not in left_out][:MOST_COLUMNS]:
        column = schema.columns[name]
        codes, missing = column.encode(source[name])
        if missing.any():
            conditions.append(Condition(name, "is missing"))
            holds.append(missing)
        make = _cuts if column.quanta else _levels
        for condition, where in make(name, column, codes, missing):
            conditions.append(condition)
            holds.append(where & ~missing)
    most = MOST_CONDITIONS
    stacked = np.column_stack(holds[:most]).astype(np.float32) if holds else np.zeros((len(source), 0), np.float32)
    return conditions[:most], stacked


def _cuts(name: str, column: Column, codes: npt.NDArray[np.generic], missing: Mask) -> Sequence[tuple[Condition, Mask]]:
    """An ordered column at most and above each of a few of its values."""
    seen = codes[~missing]
    if not len(seen):
        return []
    places = np.unique(np.sort(seen)[np.linspace(0, len(seen) - 1, CUTS + 2).astype(np.int64)[1:-1]])
    cuts = [cut for cut in places if cut < seen.max()]
    pairs: list[tuple[Condition, Mask]] = []
    for cut in cuts:
        value = column.value(cut)
        pairs += [(Condition(name, "<=", value), codes <= cut), (Condition(name, ">", value), codes > cut)]
    return pairs


def _levels(
    name: str, column: Column, codes: npt.NDArray[np.generic], missing: Mask
) -> Sequence[tuple[Condition, Mask]]:
    """A category at each of its more frequent levels, and at any other."""
    levels, counts = np.unique(codes[~missing], return_counts=True)
    if len(levels) <= 1:
        return []
    frequent = levels[np.argsort(-counts, kind="stable")[:MOST_LEVELS]]
    pairs: list[tuple[Condition, Mask]] = [
        (Condition(name, "is", column.value(level)), codes == level) for level in frequent
    ]
    if len(levels) > 2:  # noqa: PLR2004 - of two levels, not the one is the other
        pairs += [(Condition(name, "is not", column.value(level)), codes != level) for level in frequent]
    return pairs


def _extended(best: Conjunctions, holds: npt.NDArray[np.float32], both: npt.NDArray[np.float32]) -> Conjunctions:
    """Each conjunction with every condition more that narrows it."""
    every, rows = np.arange(holds.shape[1]), best.rows(holds)
    which, counts = [], []
    for place, members in enumerate(best.which):
        counted = (both * rows[:, [place]]).T @ holds
        new = np.flatnonzero((counted[0] < best.cases[place]) & ~np.isin(every, members))
        which.append(np.column_stack([np.tile(members, (len(new), 1)), new]))
        counts.append(counted[:, new])
    listed, first = np.unique(np.sort(np.concatenate(which), axis=1), axis=0, return_index=True)
    return Conjunctions(listed, *np.concatenate(counts, axis=1)[:, first].astype(np.float64))


def _distinct(
    kept: list[tuple[Numbers, Conjunctions]], holds: npt.NDArray[np.float32], failing: Numbers
) -> list[Conjunctions]:
    """The best conjunctions of all levels, each unlike those before it in the violations that it holds."""
    ranked = sorted(
        ((float(rank), -level, -place) for level, (ranks, _) in enumerate(kept) for place, rank in enumerate(ranks)),
        reverse=True,
    )
    chosen: list[Conjunctions] = []
    held: list[Numbers] = []
    for rank, level, place in ranked:
        if rank <= 0 or len(chosen) == FOUND:
            break
        one = kept[-level][1].take(np.array([-place]))
        mine = failing * one.rows(holds)[:, 0]
        if all((mine * (other > 0)).sum() <= SAME * min(mine.sum(), other.sum()) for other in held):
            chosen.append(one)
            held.append(mine)
    return chosen


def _joined(conditions: list[Condition]) -> tuple[Condition, ...]:
    """Conditions in the order of their columns, the lower end of a stretch before the upper."""
    return tuple(sorted(conditions, key=lambda condition: (condition.column, condition.sign != ">")))


def _log_likelihood(bad: Numbers, cases: Numbers, rate: Numbers) -> Numbers:
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = np.where(bad > 0, bad * np.log(rate), 0.0)
        return parts + np.where(cases > bad, (cases - bad) * np.log1p(-np.minimum(rate, 1)), 0.0)
