"""How fast: each target beside what was measured, as ratios of runs side by side. No time here fails anything.

Run as ``python tests/benchmarks/bench.py [SECTION ...]``; the sections are forest, linear, shrinking, hypothesis,
memory, given, startup, strategies, slices, attack, settling, veritas and proof, all of them when none is named.
"""

from __future__ import annotations

import math
import multiprocessing
import os
import platform
import resource
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import attacking
import attrs
import click
import drawing
import given
import numpy as np
import numpy.typing as npt
import optimum
import pandas as pd
import proving
import rivals
import settling
import sklearn
import slicing
import startup
from hypothesis import Phase
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import metamorph as mm

Floats = npt.NDArray[np.float64]

MEGABYTE = 2**20
SEEDS = (0, 1, 2)
"""Seeds of the planted models."""


@attrs.frozen
class Line:
    """One line of the table; without a target, a line only informs."""

    what: str
    measured: float
    form: str = "{:.2f}x"
    most: float = math.inf
    least: float = -math.inf

    @property
    def target(self) -> str:
        if self.most < math.inf:
            return "at most " + self.form.format(self.most)
        return "at least " + self.form.format(self.least) if self.least > -math.inf else ""

    @property
    def reached(self) -> str:
        if not self.target:
            return ""
        return "yes" if self.least <= self.measured <= self.most else "NO"


def forest() -> Iterator[Line]:
    """A check against the bare predictions that it cannot do without: a forest, and nothing to shrink."""
    cases, repetitions = 10_000, 9
    table = houses(20_000)
    rows, price = table.drop(columns="price"), table["price"]
    model = make_pipeline(StandardScaler(), RandomForestRegressor(100, random_state=0)).fit(rows, price)
    relation = mm.increasing("area", tolerance=float(np.ptp(price)))  # no two predictions are farther apart
    schemas = [mm.Schema.from_frame(rows) for _ in range(repetitions + 1)]
    fresh, reports = iter(schemas), []
    source = rows.head(cases)
    follow_up = source.assign(area=np.maximum(source["area"], rows["area"].tail(cases).to_numpy()))
    both = pd.concat([source, follow_up], ignore_index=True)
    took = side_by_side(
        {
            "check": lambda: reports.append(mm.check(model, relation, next(fresh), budget=cases, attack=0)),
            "one call": lambda: model.predict(both),
            "two calls": lambda: (model.predict(source), model.predict(follow_up)),
        },
        repetitions,
    )
    bare = min(took["one call"], took["two calls"], key=statistics.median)
    result = reports[-1].results[0]
    yield Line(f"bare predict of 2 x {cases:,} rows", 1e3 * statistics.median(bare), "{:.0f} ms")
    yield Line("check / bare predict", median_ratio(took["check"], bare), most=1.15)
    yield Line(
        f"rows predicted / {2 * cases:,}, in {result.calls} calls", result.rows / (2 * cases), "{:.3f}x", most=1.03
    )


def linear() -> Iterator[Line]:
    """A check against the obvious lines of pandas on ready rows: a model so fast that everything else shows."""
    cases, repetitions = 100_000, 15
    rows = numbers(cases)
    model, relation = LinearRegression().fit(rows, rows.sum(axis=1)), mm.increasing("x0")
    schema, fresh = mm.Schema.from_frame(rows), iter([mm.Schema.from_frame(rows) for _ in range(repetitions + 1)])
    by_hand = partial(rivals.by_hand, model, rows, "x0", rows["x0"] + 1.0)
    check = partial(mm.check, model, relation, budget=cases, attack=0)
    warm: dict[str, Callable[[], object]] = {"check": lambda: check(schema), "by hand": by_hand}
    took = side_by_side(warm, repetitions)
    cold = side_by_side({**warm, "check": lambda: check(next(fresh))}, repetitions)
    yield Line(f"pandas by hand, {cases:,} ready pairs", 1e3 * statistics.median(took["by hand"]), "{:.0f} ms")
    yield Line("check / by hand", median_ratio(took["check"], took["by hand"]), most=2.0)
    yield Line("first check on a fresh schema / by hand", median_ratio(cold["check"], cold["by hand"]))


def shrinking() -> Iterator[Line]:
    """What reducing asks of a model, confirmation (two calls of one row) included."""
    sys.path.insert(0, str(Path(__file__).parents[2]))
    from tests.quality.planted import planted  # noqa: PLC0415 - found by the line above

    models = [(seed, one) for seed in SEEDS for one in planted(seed)]
    results = [mm.check(one.model, one.relation, one.schema, seed=seed, attack=0).results[0] for seed, one in models]
    found = [result for result in results if result.counterexample is not None]
    calls, rows = [result.shrink_calls + 2 for result in found], [result.shrink_rows + 2 for result in found]
    yield Line(f"of {len(models)} planted models, found", len(found), "{:.0f}", least=len(models))
    yield Line("predict calls, median", statistics.median(calls), "{:,.0f}", most=20)
    yield Line("predict calls, most", max(calls), "{:,.0f}", most=60)
    yield Line("rows, median", statistics.median(rows), "{:,.0f}", most=15_000)
    yield Line("rows, most", max(rows), "{:,.0f}", most=60_000)


@attrs.frozen
class Planted:
    """A forest blind to area, plus a price for area, which drops beyond 2,500 where ``cbd`` is at most 6."""

    forest: Any

    def predict(self, rows: pd.DataFrame) -> Any:
        bug = (rows["area"] > 2_500) & (rows["cbd"] <= 6)
        return self.forest.predict(rows.drop(columns="area")) + (90.0 * rows["area"] - 400_000.0 * bug).to_numpy()


def hypothesis() -> Iterator[Line]:
    """A check against plain Hypothesis on the same bug of two columns, each to its smallest example."""
    table = houses(20_000)
    rows = table.drop(columns="price")
    regressor = make_pipeline(StandardScaler(), RandomForestRegressor(100, random_state=0))
    model, schema = Planted(regressor.fit(rows.drop(columns="area"), table["price"])), mm.Schema.from_frame(rows)
    quick = [phase for phase in Phase if phase is not Phase.explain]
    searched: dict[str, list[Any]] = {"check": [], "plain": [], "quick": []}

    def run(who: str) -> None:
        seed = len(searched[who])
        if who == "check":
            searched[who].append(mm.check(model, mm.increasing("area"), schema, seed=seed).results[0])
        else:
            searched[who].append(rivals.search(model, schema, "area", seed, Phase if who == "plain" else quick))

    took = side_by_side({who: partial(run, who) for who in searched}, 3, unmeasured=0)
    checks, plain, quickly = searched.values()
    per_case = took["check"] / [result.rows / 2 for result in checks]
    per_pair = took["quick"] / [each.pairs for each in quickly]
    yield Line("check, to the reduced counterexample", statistics.median(took["check"]), "{:.2f} s")
    yield Line("plain Hypothesis, default settings", statistics.median(took["plain"]), "{:.2f} s")
    yield Line("plain Hypothesis / check", median_ratio(took["plain"], took["check"]), least=50)
    yield Line("... without its explain phase", median_ratio(took["quick"], took["check"]))
    yield Line("... without it, for each pair of rows asked", median_ratio(per_pair, per_case), "{:.0f}x")
    yield from answered("check", [each.counterexample and each.counterexample.source for each in checks], schema)
    yield from answered("plain Hypothesis", [each.row for each in plain], schema)


def answered(who: str, answers: list[Any], schema: mm.Schema) -> Iterator[Line]:
    """How often the bug was found, and in how many columns the answers differ from the reference row."""
    found = [row for row in answers if row is not None]
    yield Line(f"{who}: found the bug in {len(answers)} runs", len(found), "{:.0f}")
    if found:
        off = [sum(row[name] != value for name, value in schema.reference.items()) for row in found]
        yield Line(f"{who}: of {len(schema.names)} columns, off the reference row", statistics.median(off), "{:.0f}")


@attrs.define
class Watched:
    """A model that remembers how much it was asked at once: a block of cases, sources and follow-ups."""

    model: Any
    block: float = 0.0

    def predict(self, rows: pd.DataFrame) -> Any:
        self.block = max(self.block, rows.memory_usage().sum() / MEGABYTE)
        return self.model.predict(rows)


def memory() -> Iterator[Line]:
    """Peak memory at 10^5 and 10^6 cases, each in processes of its own."""
    # not spawned: a child that is executed begins with its parent's ru_maxrss
    context = multiprocessing.get_context("forkserver")
    with ProcessPoolExecutor(1, mp_context=context, max_tasks_per_child=1) as processes:
        for what, peak in (("traced", traced_peak), ("resident", resident_peak)):
            few, many = (np.median(list(processes.map(peak, [budget] * 3)), axis=0) for budget in (10**5, 10**6))
            yield Line(f"peak {what} at 10^5 cases", few[0], "{:.1f} MB")
            yield Line(f"peak {what} at 10^6 cases", many[0], "{:.1f} MB")
            yield Line(f"growth, {what}; the target is one block", many[0] - few[0], "{:.1f} MB", most=many[1])


def traced_peak(budget: int) -> tuple[float, float]:
    """Megabytes that Python and NumPy hold at most during a check, and those of its largest block."""
    model, check = linear_check(budget)
    tracemalloc.start()
    check()
    return tracemalloc.get_traced_memory()[1] / MEGABYTE, model.block


def resident_peak(budget: int) -> tuple[float, float]:
    """Megabytes that the process has held at most after a check, and those of its largest block."""
    model, check = linear_check(budget)
    check()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (MEGABYTE if sys.platform == "darwin" else 1024), model.block


def linear_check(budget: int) -> tuple[Watched, Callable[[], mm.Report]]:
    """A linear model on 20,000 rows of 13 numbers, and a check of it."""
    rows = numbers(20_000)
    few = rows.head(1_000)  # so that fitting is not what takes the most memory
    model, schema = Watched(LinearRegression().fit(few, few.sum(axis=1))), mm.Schema.from_frame(rows)
    return model, lambda: mm.check(model, mm.increasing("x0"), schema, budget=budget, attack=0)


def houses(n: int) -> pd.DataFrame:
    """*n* houses in 11 numeric columns, and their price."""
    rng = np.random.default_rng(7)
    table = pd.DataFrame(
        {
            "area": np.clip(rng.normal(2_000, 600, n), 400, 6_000).astype(np.int64),
            "land": np.clip(rng.lognormal(10, 0.8, n), 1_500, 150_000).astype(np.int64),
            "rooms": rng.integers(2, 11, n),
            "baths": rng.integers(1, 5, n),
            "age": rng.integers(0, 120, n),
            "floors": rng.integers(1, 4, n),
            "garage": rng.integers(0, 4, n),
            "cbd": np.round(np.clip(rng.gamma(3, 5, n), 0, 60), 1),
            "tax": np.round(rng.uniform(0.4, 6.5, n), 2),
            "crime": np.round(rng.gamma(2, 1.5, n), 2),
            "schools": np.round(rng.uniform(1, 10, n), 1),
        }
    )
    price = 90 * table["area"] + table["land"] + 8_000 * table["rooms"] - 400 * table["age"] - 1_500 * table["cbd"]
    return table.assign(price=np.round(price + 4_000 * table["schools"] + rng.normal(0, 20_000, n)))


def numbers(n: int) -> pd.DataFrame:
    """*n* rows of 13 numeric columns."""
    drawn = np.random.default_rng(7).normal(size=(n, 13))
    return pd.DataFrame({f"x{place}": column for place, column in enumerate(drawn.T)})


def side_by_side(
    contenders: Mapping[str, Callable[[], object]], rounds: int, *, unmeasured: int = 1
) -> dict[str, Floats]:
    """Seconds of each contender in each round; every round another one begins, and the first ones do not count."""
    took: dict[str, list[float]] = {name: [] for name in contenders}
    turns = list(contenders)
    for turn in range(unmeasured + rounds):
        for name in turns[turn % len(turns) :] + turns[: turn % len(turns)]:
            began = time.perf_counter()
            contenders[name]()
            took[name].append(time.perf_counter() - began)
    return {name: np.array(times[unmeasured:]) for name, times in took.items()}


def median_ratio(these: Floats, those: Floats) -> float:
    """The median over rounds of one time by the other of the same round."""
    return float(np.median(these / those))


SECTIONS: dict[str, Callable[[], Iterator[Line]]] = {
    "forest": forest,
    "linear": linear,
    "shrinking": shrinking,
    "hypothesis": hypothesis,
    "memory": memory,
    "given": partial(given.lines, Line),
    "startup": startup.startup,
    "strategies": partial(drawing.lines, Line),
    "slices": partial(slicing.lines, Line),
    "attack": partial(attacking.lines, Line),
    "settling": partial(settling.lines, Line),
    "veritas": partial(optimum.lines, Line),
    "proof": partial(proving.lines, Line),
}


@click.command()
@click.argument("sections", nargs=-1, type=click.Choice(list(SECTIONS)))
def main(sections: tuple[str, ...]) -> None:
    """Measure the SECTIONS (all when none is named) and print one table."""
    lines: list[tuple[str, Line]] = []
    for name in sections or SECTIONS:
        click.echo(f"{name} ...", err=True)
        lines += [(name, line) for line in SECTIONS[name]()]
    versions = f"Python {platform.python_version()}, NumPy {np.__version__}, pandas {pd.__version__}"
    print(f"{versions}, scikit-learn {sklearn.__version__}, {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}")
    print(f"{'section':<11}{'what':<58}{'measured':>10}  {'target':<17}reached")
    for name, line in lines:
        print(f"{name:<11}{line.what:<58}{line.form.format(line.measured):>10}  {line.target:<17}{line.reached}")


if __name__ == "__main__":
    main()
