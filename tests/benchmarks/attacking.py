"""What the attack finds: planted needles in black boxes, sweeps against pairs, and a suite of monotone learners."""

from __future__ import annotations

import os
import statistics
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import hypothesis
import numpy as np
import numpy.typing as npt
import pandas as pd
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from sklearn.ensemble import (
    AdaBoostClassifier,
    GradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeRegressor

import metamorph as mm

DATA = Path(os.environ.get("METAMORPH_DATA", Path(__file__).parents[3] / "shared" / "data")) / "monotonicity"
GROUPS = {
    "AdultMod": ("Class", ["Age", "Education", "Capital-gain", "hours-per-week"]),
    "Diabetes": ("Class", ["NoOfPreg", "PlasmaGlucose", "BP", "Weight", "Age"]),
    "CPU": ("Class", ["MinMainMem", "MaxMainMem", "CachMem", "MinChan", "MaxChan"]),
    "ESL": ("Class", ["in1", "in2"]),
    "HousingData": ("Class", ["RM", "RAD", "TAX"]),
    "CarEvaluation": ("Class", ["NumDoors", "NumPersons", "LugBoot", "Safety"]),
}
PAIRS = 20_000
"""Random pairs that the suite is held against: half of real rows, half of uniform ones."""
PREDICTIONS = 20_000
"""Predictions for each needle."""
VOLUMES = (1e-3, 1e-4, 1e-5, 1e-6, 1e-9)
SEEDS = range(20)
FEW_SEEDS = range(2)
"""Seeds of Hypothesis, which takes half a minute for one needle."""
WIDTHS = (16, 32, 64)
"""Rows of a sweep."""


def lines(line: Callable[..., Any]) -> Iterator[Any]:
    """The three tables as lines; *line* makes one."""
    yield from needles(line)
    yield from sweeps(line)
    yield from suite(line)


@attrs.frozen
class Haystack:
    """Trees that never fall in ``x0``, and one more that does: in a box of x0, x1, x2 and x3, of a given volume.

    As a model it is a black box: a function of rows.
    """

    trees: tuple[Any, ...]
    lows: tuple[float, ...]
    side: float

    def __call__(self, rows: pd.DataFrame) -> npt.NDArray[np.float64]:
        values = rows.to_numpy(dtype="float32")
        total = np.sum([tree.predict(values).ravel() for tree in self.trees], axis=0)
        inside = np.logical_and.reduce(
            [(values[:, place] >= low) & (values[:, place] < low + self.side) for place, low in enumerate(self.lows)]
        )
        return total + 10 * values[:, 0] - 100.0 * inside


def haystack(volume: float, seed: int) -> tuple[Haystack, pd.DataFrame]:
    """A model with a needle of this volume among 6 uniform columns, and rows to read a schema off."""
    rng = np.random.default_rng([seed, 7])
    rows = pd.DataFrame({f"x{place}": rng.random(5_000) for place in range(6)})
    others = rows.to_numpy(dtype="float32").copy()
    others[:, 0] = 0.5
    target = np.sin(6 * rows["x1"]) + rows["x2"] * rows["x3"] + rng.normal(0, 0.1, len(rows))
    trees = tuple(
        DecisionTreeRegressor(max_depth=5, random_state=place, max_features=2).fit(others, target).tree_
        for place in range(10)
    )
    side = volume**0.25
    lows = tuple((rng.random(4) * (1 - side)).tolist())
    return Haystack(trees, lows, side), rows


def needles(line: Callable[..., Any]) -> Iterator[Any]:
    """The share of needles found with as many predictions: by a check, by random pairs, by Hypothesis."""
    for volume in VOLUMES:
        planted = [haystack(volume, seed) for seed in SEEDS]
        attacked = [
            mm.check(model, mm.increasing("x0"), rows, budget=PREDICTIONS // 4, attack=PREDICTIONS // 2, seed=seed)
            for seed, (model, rows) in enumerate(planted)
        ]
        found = np.mean([report.results[0].verdict == "violated" for report in attacked])
        pairs = np.mean([falling_pairs(*one, seed) > 0 for seed, one in enumerate(planted)])
        searched = np.mean([targeted(planted[seed][0], seed) for seed in FEW_SEEDS])
        yield line(f"needle of {volume:.0e}: check, estimate and attack", 100 * found, "{:.0f}%")
        yield line(f"needle of {volume:.0e}: random pairs", 100 * pairs, "{:.0f}%")
        yield line(f"needle of {volume:.0e}: Hypothesis with target()", 100 * searched, "{:.0f}%")


def falling_pairs(model: Haystack, rows: pd.DataFrame, seed: int) -> int:
    """How many of as many predictions' worth of random pairs fall: half of real rows, half of uniform ones."""
    rng = np.random.default_rng([seed, 11])
    count = PREDICTIONS // 2
    source = pd.DataFrame(rng.random((count, len(rows.columns))), columns=rows.columns)
    source.iloc[: count // 2] = rows.iloc[rng.integers(len(rows), size=count // 2)].to_numpy()
    follow_up = source.assign(x0=source["x0"] + rng.random(count) * (1 - source["x0"]))
    return int((model(follow_up) < model(source) - 1e-9).sum())


def targeted(model: Haystack, seed: int) -> bool:
    """Whether Hypothesis finds a fall that it is told to look for, with as many predictions."""
    found = []
    value = st.floats(0, 1, width=32)

    @settings(
        max_examples=PREDICTIONS // 2,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.target],
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.seed(seed)
    @hypothesis.given(st.tuples(*[value] * 6), value)
    def search(row: tuple[float, ...], up: float) -> None:
        source, raised = min(row[0], up), max(row[0], up)
        answers = model(pd.DataFrame([(source, *row[1:]), (raised, *row[1:])]))
        hypothesis.target(float(answers[0] - answers[1]))
        if answers[0] - answers[1] > 1:
            found.append(row)

    search()
    return bool(found)


def sweeps(line: Callable[..., Any]) -> Iterator[Any]:
    """Distinct violating sources found for each predicted row: by sweeps, and by pairs of the same law."""
    rng = np.random.default_rng(5)
    rows = pd.DataFrame({f"x{place}": rng.random(4_000) for place in range(6)})
    price = 3 * rows["x0"] + np.sin(6 * rows["x1"]) + rows["x2"] * rows["x3"] + rng.normal(0, 0.3, len(rows))
    for leaves in (1, 5, 20):
        forest = RandomForestRegressor(50, min_samples_leaf=leaves, random_state=0).fit(rows, price)
        up = rng.choice(rows["x0"], size=len(rows))
        movable = rows[up > rows["x0"]]
        fell = forest.predict(movable.assign(x0=up[up > rows["x0"]])) < forest.predict(movable) - 1e-9
        by_pairs = fell.sum() / (2 * len(movable))
        yield line(f"pairs, forest of {leaves}-row leaves: sources / row", 100 * by_pairs, "{:.2f}%")
        for wide in WIDTHS:
            source = rows.head(1_000)
            values = np.quantile(rows["x0"], np.linspace(0, 1, wide))
            grid = source.loc[source.index.repeat(wide)].assign(x0=np.tile(values, len(source)))
            along = forest.predict(grid).reshape(len(source), wide)
            later = np.minimum.accumulate(along[:, ::-1], axis=1)[:, ::-1]
            by_sweeps = (along[:, :-1] > later[:, 1:] + 1e-9).sum() / along.size
            yield line(f"... sweeps of {wide} rows / pairs", by_sweeps / max(by_pairs, 1e-9))


def suite(line: Callable[..., Any]) -> Iterator[Any]:
    """Six data sets by nine learners: models refuted by a check, and by random pairs."""
    if not DATA.is_dir():
        return
    ours, theirs, equally, took, wrong, missed = 0, 0, 0, [], 0, 0
    for name in GROUPS:
        rows, target, group = read(name)
        schema = mm.Schema.from_frame(rows)
        relation = mm.increasing(*group).on("label")
        for model in learners(rows, group):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                model.fit(rows, target)
            began = time.perf_counter()
            result = mm.check(model, relation, schema).results[0]
            took.append(time.perf_counter() - began)
            refuted = result.verdict == "violated"
            wrong += refuted and not falls(model, result.counterexample, group)
            by_pairs = random_pairs(model, rows, group, PAIRS, 0) > 0
            ours, theirs, missed = ours + refuted, theirs + by_pairs, missed + (by_pairs and not refuted)
            equally += random_pairs(model, rows, group, (result.rows - result.shrink_rows) // 2, 1) > 0
    yield line(f"of {len(took)} models, refuted by a check", ours, "{:.0f}", least=theirs)
    yield line(f"refuted by {PAIRS:,} random pairs", theirs, "{:.0f}")
    yield line("refuted by random pairs at as many predictions", equally, "{:.0f}")
    yield line("refuted by random pairs and not by a check", missed, "{:.0f}", most=0)
    yield line("counterexamples that do not fall when asked alone", wrong, "{:.0f}", most=0)
    yield line("a model, median", statistics.median(took), "{:.2f} s", most=0.5)
    yield line("a model, longest", max(took), "{:.2f} s")


def read(name: str) -> tuple[pd.DataFrame, pd.Series[Any], list[str]]:
    """The rows of a data set, its target, and the columns that are to be monotone."""
    target, group = GROUPS[name]
    table = pd.read_csv(DATA / f"{name}.csv")
    target = target if target in table else str(table.columns[-1])
    known = {column.lower(): column for column in table.columns}
    return table.drop(columns=target), table[target], [known[column.lower()] for column in group]


def learners(rows: pd.DataFrame, group: list[str]) -> Iterator[Any]:
    """The nine learners of Sharma and Wehrheim's suite, unfitted."""
    yield AdaBoostClassifier(n_estimators=100, random_state=0)
    yield GradientBoostingClassifier(n_estimators=100, max_depth=1, learning_rate=1.0, random_state=0)
    yield LogisticRegression(max_iter=200)
    yield MLPClassifier((50, 50), max_iter=100, random_state=0)
    yield GaussianNB()
    yield RandomForestClassifier(100, random_state=0)
    yield LinearSVC(random_state=0)
    yield KNeighborsClassifier(7)
    import lightgbm  # noqa: PLC0415 - the other sections do without it

    constraints = [int(column in group) for column in rows.columns]
    yield lightgbm.LGBMClassifier(verbose=-1, n_jobs=1, random_state=0, monotone_constraints=constraints)


def random_pairs(model: Any, rows: pd.DataFrame, group: list[str], count: int, seed: int) -> int:
    """How many of *count* vectorised pairs fall: half of real rows, half of uniform ones; a random subset rises."""
    rng = np.random.default_rng(seed)
    low, high = rows.min(), rows.max()
    real = rows.iloc[rng.integers(len(rows), size=count // 2)].reset_index(drop=True)
    uniform = pd.DataFrame({column: draw(rng, rows[column], count - count // 2) for column in rows})
    source = pd.concat([real, uniform], ignore_index=True).astype(rows.dtypes)
    rising = rng.random((count, len(group))) < 0.5
    rising[np.arange(count), rng.integers(len(group), size=count)] = True
    follow_up = source.copy()
    for column, rises in zip(group, rising.T, strict=True):
        up = source[column] + rng.random(count) * (high[column] - source[column])
        up = up.round() if rows[column].dtype.kind == "i" else up
        follow_up[column] = source[column].where(~rises, up).clip(low[column], high[column]).astype(rows[column].dtype)
    return int((places(model, follow_up) < places(model, source)).sum())


def draw(rng: np.random.Generator, column: pd.Series[Any], count: int) -> npt.NDArray[Any]:
    """Uniform values between a column's least and largest."""
    low, high = column.min(), column.max()
    if column.dtype.kind == "i":
        return rng.integers(low, high, size=count, endpoint=True)
    return rng.uniform(low, high, count)


def falls(model: Any, found: Any, group: list[str]) -> bool:
    """Whether a counterexample is one: a row raised in the group alone, whose class falls when asked alone."""
    source, follow_up = (pd.DataFrame([row]) for row in (found.source, found.follow_up))
    rest = [column for column in source if column not in group]
    raised = (follow_up[group] >= source[group]).all(axis=None) and source[rest].equals(follow_up[rest])
    return bool(raised and places(model, follow_up)[0] < places(model, source)[0])


def places(model: Any, rows: pd.DataFrame) -> npt.NDArray[np.int64]:
    """The predicted class of each row as its place in order."""
    return np.searchsorted(np.sort(model.classes_), model.predict(rows))
