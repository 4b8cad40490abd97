"""How good the smallest counterexamples are: over planted models and real ones, beside plain Hypothesis on the same.

What judges them is the independent brute force of the planted models (tests/quality).
"""

from __future__ import annotations

import functools
import os
import statistics
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import attacking
import attrs
import numpy as np
import rivals

import metamorph as mm

COSTS = (0, 1, 2)
"""Seeds of all the planted models, of which calls and rows are told."""
PLANTED = tuple(("planted", place) for place in range(1, 60, 6))
"""Every sixth family, with its model of seed 0."""
SUITE = tuple((name, place) for place, name in enumerate(attacking.GROUPS))
"""Each data set with another learner, in their order."""
SEEDS = range(100)
FEW_SEEDS = range(10)
"""Seeds of Hypothesis, which is slow."""
BUDGET = 10_000

CONFIRMED = 2
"""Calls of one row that confirm a violation."""

Costs = tuple[int, int, int, int]
"""Calls and rows of reducing and confirming, then those of looking for further counterexamples."""
Key = tuple[str, int]
Values = tuple[Any, ...]
Find = Callable[[Any, int], tuple[Values, int, int] | None]
"""The values that a plant and a seed come to, with the calls and rows that reducing took."""


@attrs.frozen
class Smallest:
    """How good a counterexample is; ``values`` are those of its source, then those of its follow-up.

    ``differing`` is the number of the source's columns that differ from the reference row, ``minimal`` whether neither
    an undo nor a plainer value fails, and ``distance`` that from the nearest observed row in standard deviations (NaN
    where no row was observed).
    """

    values: Values
    differing: int
    minimal: bool
    distance: float


@attrs.frozen
class Reduced:
    """A counterexample with what reducing it took."""

    calls: int
    rows: int
    smallest: Smallest


@attrs.frozen
class Quality:
    """The counterexamples of one model, one for each seed that found it."""

    name: str
    found: tuple[Reduced, ...]

    @property
    def minima(self) -> int:
        return len({one.smallest.values for one in self.found})


def lines(line: Callable[..., Any]) -> Iterator[Any]:
    """Cost over all planted models, then quality over some and over the suite; *line* makes a line."""
    sys.path.insert(0, str(Path(__file__).parents[2]))
    groups = {"planted": PLANTED, "suite": SUITE} if attacking.DATA.is_dir() else {"planted": PLANTED}
    if len(groups) == 1:
        yield line("skipped: no shared data for the suite", float("nan"), "{}")
    with ProcessPoolExecutor(os.cpu_count()) as processes:
        costs = processes.map(costs_of, COSTS)
        found = {
            group: [processes.map(functools.partial(quality, *how), models) for how in CONTENDERS.values()]
            for group, models in groups.items()
        }
        yield from cost(line, [each for seed in costs for each in seed])
        for group, contenders in found.items():
            for who, models in zip(CONTENDERS, contenders, strict=True):
                yield from summed_up(line, f"{group}, {who}", list(models), who)


def costs_of(seed: int) -> list[Costs | None]:
    """What reducing each planted model took, and looking for further counterexamples; None: not found."""
    from tests.quality.planted import planted  # noqa: PLC0415 - found by the line in lines()

    results = [checked(plant, seed) for plant in planted(seed)]
    return [
        None
        if one.counterexample is None
        else (one.shrink_calls + CONFIRMED, one.shrink_rows + CONFIRMED, one.further_calls, one.further_rows)
        for one in results
    ]


def cost(line: Callable[..., Any], planted: Sequence[Costs | None]) -> Iterator[Any]:
    """What reducing asks of a model."""
    calls, rows, further_calls, further_rows = zip(*(each for each in planted if each is not None), strict=True)
    yield line(f"of {len(planted)} planted models, found", len(calls), "{:.0f}", least=len(planted))
    yield line("predict calls, median", statistics.median(calls), "{:,.0f}", most=20)
    yield line("predict calls, most", max(calls), "{:,.0f}", most=60)
    yield line("rows, median", statistics.median(rows), "{:,.0f}", most=15_000)
    yield line("rows, most", max(rows), "{:,.0f}", most=60_000)
    for what, counts in (("calls", further_calls), ("rows", further_rows)):
        yield line(f"looking for further ones: {what}, median", statistics.median(counts), "{:,.0f}")
        yield line(f"looking for further ones: {what}, most", max(counts), "{:,.0f}")


def quality(find: Find, seeds: Sequence[int], key: Key) -> Quality:
    """The counterexamples of one model."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of fits that do not converge, and of moments finer than a microsecond
        plant = built(*key)
        assess = functools.cache(lambda values: assessed(plant, values))
        found = [one for one in (find(plant, seed) for seed in seeds) if one is not None]
        return Quality(plant.name, tuple(Reduced(calls, rows, assess(values)) for values, calls, rows in found))


def built(name: str, place: int) -> Any:
    """The planted model at a place, or the learner at a place fitted on a data set of the suite."""
    from tests.quality.bugs import Free, Output  # noqa: PLC0415 - as above
    from tests.quality.planted import Planted, planted  # noqa: PLC0415 - as above
    from tests.quality.worlds import settle  # noqa: PLC0415 - as above

    if name == "planted":
        return planted(0, [place])[0]
    rows, target, group = attacking.read(name)
    model = next(each for nth, each in enumerate(attacking.learners(rows, group)) if nth == place).fit(rows, target)
    return Planted(
        name=f"{name} {type(model).__name__}",
        model=model,
        relation=mm.increasing(*group).on("label"),
        world=settle(mm.Schema.from_frame(rows), rows),
        step=Free(tuple(group), upward=True),
        output=Output(model.predict, "label"),
        changed=(),
        differs=(),
        source={},
        follow_up={},
        tags=frozenset({"increasing"}),
    )


def checked(plant: Any, seed: int) -> mm.Result:
    """The result of a check that does not search, with further counterexamples as they are looked for by default."""
    return mm.check(plant.model, plant.relation, plant.schema, budget=BUDGET, attack=0, seed=seed).results[0]


def by_check(plant: Any, seed: int) -> tuple[Values, int, int] | None:
    """The counterexample of a check, with the calls and rows of reducing and confirming it."""
    result = checked(plant, seed)
    one = result.counterexample
    if one is None:
        return None
    asked = result.shrink_calls + CONFIRMED, result.shrink_rows + CONFIRMED
    return values_of(plant, one.source, one.follow_up), *asked


def by_hypothesis(plant: Any, seed: int) -> tuple[Values, int, int] | None:
    """The smallest pair of plain Hypothesis; each pair is two calls of one row."""
    searched = rivals.smallest(plant, seed)
    rows = 2 * searched.pairs
    return None if searched.pair is None else (values_of(plant, *searched.pair), rows, rows)


def values_of(plant: Any, source: Mapping[str, Any], follow_up: Mapping[str, Any]) -> Values:
    """The values of a pair in the columns that are not derived."""
    return tuple(row[name] for row in (source, follow_up) for name in plant.world.codecs)


def assessed(plant: Any, values: Values) -> Smallest:
    """How good a pair is, by what the brute force makes of it."""
    from metamorph.result import Counterexample, Result  # noqa: PLC0415 - beside what follows
    from tests.quality.test_planted import (  # noqa: PLC0415 - as above
        Checked,
        outcome,
        plainer_sources,
        same,
        shorter_steps,
        undo_all,
    )

    codecs = plant.world.codecs
    source, follow_up = (
        dict(zip(codecs, half, strict=True)) for half in (values[: len(codecs)], values[len(codecs) :])
    )
    differs = tuple(name for name, codec in codecs.items() if not same(codec, source[name], plant.reference[name]))
    changed = tuple(name for name, codec in codecs.items() if not same(codec, source[name], follow_up[name]))
    said = Counterexample(source, follow_up, None, None, 0.0, "changes", None, 0.0, differs=differs, changed=changed)
    one = Checked(plant, Result(plant.relation.id, "", "violated", counterexample=said))
    undos = undo_all(one)
    tried = {what: outcome(plant, pair) for what, pair in undos.items() if len(what) == 1}
    if set(tried.values()) <= {"inadmissible"}:
        tried = {what: outcome(plant, pair) for what, pair in undos.items()}
    plainer = [outcome(plant, pair) for pair in (plainer_sources(one) | shorter_steps(one)).values()]
    return Smallest(
        values=values,
        differing=len(differs),
        minimal="fails" not in {*tried.values(), *plainer},
        distance=distance(plant, source),
    )


def distance(plant: Any, source: Mapping[str, Any]) -> float:
    """From the nearest observed row: numbers and moments in standard deviations, another level or a gap as 1."""
    if plant.schema.observed is None:
        return float("nan")
    squares = np.zeros(len(plant.world.frame))
    for name, codec in plant.world.codecs.items():
        theirs, own = plant.world.codes(name), codec.code(source[name])
        off = theirs != own
        if not isinstance(codec.column, mm.Category | mm.Boolean):
            off = np.abs(theirs - own) / (np.nanstd(theirs) or 1.0)
        squares += np.where(np.isnan(theirs) | np.isnan(own), np.isnan(theirs) != np.isnan(own), off) ** 2
    return float(np.sqrt(squares.min()))


CONTENDERS: dict[str, tuple[Find, Sequence[int]]] = {
    "check": (by_check, SEEDS),
    "Hypothesis": (by_hypothesis, FEW_SEEDS),
}


def summed_up(line: Callable[..., Any], what: str, models: Sequence[Quality], who: str) -> Iterator[Any]:
    """One group of models and one contender in a few lines; ours has targets."""
    seeds, ours = len(CONTENDERS[who][1]), who == "check"
    single, always = ({"most": 1}, {"least": 1.0}) if ours else ({}, {})
    every = [one for model in models for one in model.found]
    yield line(f"{what}: found, {len(models)} models x {seeds} seeds", len(every) / (seeds * len(models)), "{:.0%}")
    if not every:
        return
    worst, minima = max(models, key=lambda model: model.minima), [model.minima for model in models if model.found]
    ends = [one.smallest for one in every]
    yield line(f"{what}: distinct minima, median", statistics.median(minima), "{:.0f}", **single)
    yield line(f"{what}: models of {len(minima)} with one minimum", sum(count == 1 for count in minima), "{:.0f}")
    yield line(f"... most: {worst.name[:49]}", worst.minima, "{:.0f}", **single)
    yield line(f"{what}: calls, median", statistics.median(one.calls for one in every), "{:,.0f}")
    yield line(f"{what}: rows, median", statistics.median(one.rows for one in every), "{:,.0f}")
    yield line(f"{what}: columns that differ, mean", statistics.mean(end.differing for end in ends), "{:.1f}")
    yield line(f"{what}: 1-minimal", statistics.mean(end.minimal for end in ends), "{:.1%}", **always)
    yield line(f"{what}: s.d. to the nearest real row", float(np.nanmedian([end.distance for end in ends])), "{:.2f}")
