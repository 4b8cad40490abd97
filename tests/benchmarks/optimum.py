"""The worst pair of a tree ensemble beside the exact optimum of Veritas, the search that the field compares with.

Both maximise the difference of two predictions over all pairs of rows of real numbers that differ in one column only,
to whichever side: Veritas has no way to say that the column rises from the one row to the other.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pandas as pd

from metamorph.whitebox.cells import Axis, CellTree, Grid
from metamorph.whitebox.ensemble import LEAF, Ensemble
from metamorph.whitebox.pairs import Problem
from metamorph.whitebox.readers import read
from metamorph.whitebox.search import Search

DATA = Path(os.environ.get("METAMORPH_DATA", Path(__file__).parents[3] / "shared" / "data"))
SECONDS = 60.0
"""What either may take."""
LONG = 1.0
"""Seconds from which on a ratio is one of searches, not of what any call costs."""
TREES, DEPTH = (10, 20, 50), (4, 6)
MEMORY = 4 * 2**30
CASES = (
    ("california_housing", "median_house_value", ("median_income", "housing_median_age")),
    ("monotonicity/Diabetes", "Class", ("PlasmaGlucose", "Age")),
    ("monotonicity/AdultMod", "Class", ("Age", "Capital-gain")),
    ("monotonicity/HousingData", "Class", ("RM",)),
)


@attrs.frozen
class Run:
    """What a search found, in how many seconds, and the bound where it did not finish."""

    best: float
    seconds: float
    finished: bool
    upper: float

    def __str__(self) -> str:
        return f"{self.best:10.5f} {self.seconds:7.2f} s" + ("" if self.finished else f"  (at most {self.upper:.5f})")


def lines(line: Callable[..., Any], seconds: float = SECONDS) -> Iterator[Any]:
    """A row for each model and column is printed; *line* makes a line of the table, of what they come to."""
    missing = [name for name in ("lightgbm", "veritas", "xgboost") if find_spec(name) is None]
    if missing or not DATA.is_dir():
        print(f"skipped: no {', '.join(missing)}" if missing else f"skipped: no data at {DATA}; set METAMORPH_DATA")
        return
    pairs = []
    for what, model, column in models():
        theirs, ours = veritas(model, column, seconds), metamorph(model, column, seconds)
        pairs.append((theirs, ours))
        said = "" if not theirs.finished else "equal" if equal(theirs, ours) else "NOT EQUAL"
        print(f"{what:<58} Veritas {theirs}  metamorph {ours}  {said} {theirs.seconds / ours.seconds:.1f}x", flush=True)
    both = [(theirs, ours) for theirs, ours in pairs if theirs.finished]
    yield line(f"of {len(pairs)} worst cases, settled by metamorph", sum(ours.finished for _, ours in pairs), "{:.0f}")
    yield line(f"of {len(pairs)} worst cases, settled by Veritas in {seconds:.0f} s", len(both), "{:.0f}")
    share = sum(equal(theirs, ours) for theirs, ours in both) / len(both)
    yield line("equal to Veritas where it finishes", share, "{:.0%}", least=1.0)
    yield line("Veritas / metamorph, median where it finishes", ratio(both))
    long = [(theirs, ours) for theirs, ours in pairs if theirs.seconds >= LONG]
    yield line(f"... of the {len(long)} on which Veritas spends {LONG:.0f} s or more", ratio(long), least=10)


def models() -> Iterator[tuple[str, Any, int]]:
    """Models fitted on real data, each with the place of a column."""
    from lightgbm import LGBMClassifier, LGBMRegressor  # noqa: PLC0415 - extras of the tests
    from xgboost import XGBClassifier, XGBRegressor  # noqa: PLC0415 - as above

    for name, target, columns in CASES:
        table = pd.read_csv(DATA / f"{name}.csv").dropna().select_dtypes("number")
        rows, answer = table.drop(columns=target), table[target]
        regression = answer.nunique() > 10
        answer = answer / answer.max() if regression else (answer > answer.mean()).astype(int)
        for trees in TREES:
            for depth in DEPTH:
                shape: dict[str, Any] = {"n_estimators": trees, "max_depth": depth, "n_jobs": 1, "random_state": 0}
                light = (LGBMRegressor if regression else LGBMClassifier)(**shape, num_leaves=2**depth, verbose=-1)
                extreme = (XGBRegressor if regression else XGBClassifier)(**shape, learning_rate=0.1)
                for model in (light, extreme):
                    fitted = model.fit(rows.to_numpy(dtype="float64"), answer)
                    for column in columns:
                        what = f"{type(model).__name__} {trees} x {depth} {Path(name).stem} {column}"
                        yield what, fitted, rows.columns.get_loc(column)


def veritas(model: Any, column: int, seconds: float) -> Run:
    """Its search for the largest output, over two instances of the model that share all other columns."""
    from veritas import Config, FeatMap, HeuristicType, StopReason, get_addtree  # noqa: PLC0415 - an extra of the tests

    began = time.perf_counter()
    trees = get_addtree(model, silent=True)
    features = model.n_features_in_
    instances = FeatMap(features)
    for place in set(range(features)) - {column}:
        instances.use_same_id_for(place, place + features)
    other = instances.transform(trees, 1)
    other.set_base_score(0, trees.get_base_score(0))  # as its own documentation does: transform leaves it out
    config = Config(HeuristicType.MAX_OUTPUT)
    config.stop_when_optimal, config.max_memory = True, MEMORY
    search = config.get_search(trees.concat_negated(other))
    stopped = StopReason.NONE
    while stopped == StopReason.NONE and time.perf_counter() - began < seconds:
        stopped = search.step_for(1.0, 1_000)
        stopped = StopReason.NONE if stopped == StopReason.OUT_OF_TIME else stopped
    best = search.get_solution(0).output if search.num_solutions() else -np.inf
    finished = stopped in {StopReason.OPTIMAL, StopReason.NO_MORE_OPEN}
    return Run(best, time.perf_counter() - began, finished, search.current_bounds().top_of_open)


def metamorph(model: Any, column: int, seconds: float) -> Run:
    """Our search, reading the model and building its grid included."""
    began = time.perf_counter()
    grid = over_reals(read(model))
    cells = len(grid.axes[column])
    search = Search(Problem(grid, (column,), (np.ones((cells, cells), dtype=bool),)))
    search.run(seconds=seconds)
    return Run(search.best, time.perf_counter() - began, search.settled, search.upper)


def over_reals(ensemble: Ensemble) -> Grid:
    """The grid of an ensemble whose features take any real value, and none is missing."""
    feature = np.array([split.feature for split in ensemble.splits])
    threshold = np.array([split.threshold for split in ensemble.splits])
    column, mask = np.append(feature, LEAF), np.zeros(len(feature) + 1, dtype=np.int64)
    axes, masks = [], []
    for place in range(ensemble.features):
        ends, mask[np.flatnonzero(feature == place)] = np.unique(threshold[feature == place], return_inverse=True)
        axes.append(Axis(str(place), np.append(-np.inf, np.nextafter(ends, np.inf)), np.append(ends, np.inf)))
        masks.append(np.tri(len(ends), len(ends) + 1, dtype=bool))
    trees = [
        CellTree(column[tree.split], mask[tree.split], tree.left, tree.right, tree.value[:, 0])
        for tree in ensemble.trees
    ]
    return Grid(tuple(axes), tuple(masks), tuple(trees))


def equal(theirs: Run, ours: Run) -> bool:
    """Whether both found the same worst case; XGBoost's leaves are float32, which either adds up in float64."""
    return ours.finished and abs(theirs.best - ours.best) <= 1e-6 * max(1.0, abs(theirs.best))


def ratio(pairs: list[tuple[Run, Run]]) -> float:
    """The median of their seconds by ours."""
    return statistics.median(theirs.seconds / ours.seconds for theirs, ours in pairs)
