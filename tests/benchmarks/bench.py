"""How fast: each target beside what was measured, as ratios of runs side by side. No time here fails anything.

Run as ``python tests/benchmarks/bench.py [SECTION ...]``; the sections are forest, linear, shrinks, hypothesis,
memory, given, startup, strategies, slices, explaining, attack, settling, veritas and proof, all of them when none is
named.
"""

from __future__ import annotations

import math
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import attacking
import attrs
import click
import datasets
import drawing
import explaining
import given
import holding
import numpy as np
import numpy.typing as npt
import optimum
import pandas as pd
import proving
import rivals
import settling
import shrinks
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
    table = datasets.houses(20_000)
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
    rows = datasets.numbers(cases)
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


@attrs.frozen
class Planted:
    """A forest blind to area, plus a price for area, which drops beyond 2,500 where ``cbd`` is at most 6."""

    forest: Any

    def predict(self, rows: pd.DataFrame) -> Any:
        bug = (rows["area"] > 2_500) & (rows["cbd"] <= 6)
        return self.forest.predict(rows.drop(columns="area")) + (90.0 * rows["area"] - 400_000.0 * bug).to_numpy()


def hypothesis() -> Iterator[Line]:
    """A check against plain Hypothesis on the same bug of two columns, each to its smallest example."""
    table = datasets.houses(20_000)
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
    "shrinks": partial(shrinks.lines, Line),
    "hypothesis": hypothesis,
    "memory": partial(holding.lines, Line),
    "given": partial(given.lines, Line),
    "startup": startup.startup,
    "strategies": partial(drawing.lines, Line),
    "slices": partial(slicing.lines, Line),
    "explaining": partial(explaining.lines, Line),
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
