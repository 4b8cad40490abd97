"""What explaining a violation costs: calls, its share of a check's time on a forest, and memory as cases grow."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import attrs
import datasets
import holding
import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.ensemble import RandomForestRegressor

import metamorph as mm
from metamorph.runner import verdict

CASES = 10_000
ROUNDS = 3
RELATIONS = (
    mm.increasing("area"),
    mm.decreasing("age"),
    mm.decreasing("cbd"),
    mm.invariant("crime", tolerance=5_000),
    mm.increasing("area", "rooms", "schools"),
)
"""Relations that a forest breaks on 3% to 15% of houses."""
SHORT = 1
"""Predictions of a search that is over at once; without any search nothing is explained."""
EDGE = 0.2533
"""Two normal values of five are above it."""
SHARE = 0.20
CALLS = 10


@attrs.frozen
class Timed:
    """A check: what it found, its seconds, and how many of them went into explaining."""

    result: mm.Result
    seconds: float
    explaining: float

    @property
    def share(self) -> float:
        return self.explaining / self.seconds


def lines(line: Callable[..., Any]) -> Iterator[Any]:
    """Shares of whole checks, with the search that is the default and with a short one; *line* makes a line."""
    table = datasets.houses(20_000)
    rows, price = table.drop(columns="price"), table["price"]
    forest = RandomForestRegressor(100, random_state=0).fit(rows, price)
    default = {each.id: rounds(forest, each, rows) for each in RELATIONS}
    for name, checks in default.items():
        what = f"{name}, {checks[0].result.rate:.0%}"
        yield line(
            f"{what}: explaining / check", statistics.median(each.share for each in checks), "{:.1%}", most=SHARE
        )
    yield from together(line, "default search", default.values())
    short = [rounds(forest, each, rows, attack=SHORT) for each in RELATIONS]
    yield from together(line, "hardly any search", short)
    small = RandomForestRegressor(10, max_depth=8, random_state=0).fit(rows, price)
    quick = [each.share for relation in RELATIONS for each in rounds(small, relation, rows)]
    yield line("10 trees of depth 8, default search: share, median", statistics.median(quick), "{:.1%}")
    yield from memory(line)


def rounds(model: Any, relation: mm.Relation, rows: pd.DataFrame, **settings: Any) -> list[Timed]:
    """Checks of a relation on a fresh schema each, with another seed each."""
    checks = []
    for seed in range(ROUNDS):
        schema = mm.Schema.from_frame(rows)
        with watched() as seconds:
            began = time.perf_counter()
            result = mm.check(model, relation, schema, budget=CASES, seed=seed, **settings).results[0]
            checks.append(Timed(result, time.perf_counter() - began, sum(seconds)))
    return checks


@contextmanager
def watched() -> Iterator[list[float]]:
    """The seconds of each explanation within the block."""
    seconds, explained = [], verdict.explained

    def timed(*arguments: Any, **settings: Any) -> mm.Result:
        began = time.perf_counter()
        try:
            return explained(*arguments, **settings)
        finally:
            seconds.append(time.perf_counter() - began)

    with mock.patch.object(verdict, "explained", timed):
        yield seconds


def together(line: Callable[..., Any], what: str, relations: Any) -> Iterator[Any]:
    """All relations and rounds of one kind of check in one place."""
    checks = [each for checks in relations for each in checks]
    results = [each.result for each in checks]
    yield line(f"{what}: explaining", 1e3 * statistics.median(each.explaining for each in checks), "{:.0f} ms")
    yield line(f"{what}: check", 1e3 * statistics.median(each.seconds for each in checks), "{:,.0f} ms")
    yield line(f"{what}: share, median", statistics.median(each.share for each in checks), "{:.1%}", most=SHARE)
    yield line(f"{what}: share, worst of {len(checks)}", max(each.share for each in checks), "{:.1%}", most=SHARE)
    told = [each.region is not None and each.curve is not None for each in results]
    yield line(f"{what}: of {len(checks)}, region and curve told", sum(told), "{:.0f}", least=len(checks))
    yield line(f"{what}: of {len(checks)}, slices told", sum(bool(each.slices) for each in results), "{:.0f}")
    yield line(f"{what}: calls of explaining, most", max(each.explain_calls for each in results), "{:.0f}", most=CALLS)
    yield line(
        f"{what}: rows of explaining, median", statistics.median(each.explain_rows for each in results), "{:,.0f}"
    )


@attrs.frozen
class Crooked:
    """A sum of its columns, but that ``x0`` counts against it on two rows of five."""

    def predict(self, rows: pd.DataFrame) -> npt.NDArray[np.float64]:
        values = rows.to_numpy()
        return values[:, 1:].sum(axis=1) + np.where(values[:, 1] > EDGE, -values[:, 0], values[:, 0])


def memory(line: Callable[..., Any]) -> Iterator[Any]:
    """Peak memory where two cases of five violate and this is explained."""
    _, check = crooked_check(10**5)
    result = check().results[0]
    yield line(f"10^5 cases, explained in {result.explain_calls} calls: violate", result.rate, "{:.1%}")
    yield from holding.growth(line, "traced", holding.traced_peak, crooked_check)


def crooked_check(budget: int) -> tuple[holding.Watched, Callable[[], mm.Report]]:
    """A model that two cases of five violate, on 20,000 rows of 13 numbers, and a check of it that explains."""
    model, schema = holding.Watched(Crooked()), mm.Schema.from_frame(datasets.numbers(20_000))
    return model, lambda: mm.check(model, mm.increasing("x0"), schema, budget=budget, attack=SHORT)
