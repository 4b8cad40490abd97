"""How long it takes to settle a relation by reading the model, and that no needle in it is missed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.tree import DecisionTreeRegressor

import metamorph as mm
from metamorph.predictor import Predictor
from metamorph.runner.anatomy import Anatomy
from metamorph.runner.checking import probe_rows
from metamorph.runner.floor import set_floor
from metamorph.runner.proof import prove
from metamorph.runner.trial import Trial

ROWS = 5_000
GROWTH = ((50, 6, 30), (100, 6, 30), (500, 6, 30), (500, 4, 30), (500, 8, 30), (500, 6, 10))
"""Trees, depth, columns."""
NEEDLES = (1e-3, 1e-5, 1e-7, 1e-9)
SEEDS = range(5)


def data(columns: int) -> tuple[pd.DataFrame, Any]:
    """Rows of as many real columns, and a target that rises with the first one and bends with the others."""
    rng = np.random.default_rng(0)
    X = rng.uniform(size=(ROWS, columns))
    y = X[:, 0] + np.sin(6 * X[:, 1]) * X[:, 2] + X[:, 3:6].sum(axis=1) ** 2 / 3 + 0.3 * rng.normal(size=ROWS)
    return pd.DataFrame(X, columns=[f"x{place}" for place in range(columns)]), y


def learners(trees: int, depth: int, columns: int) -> Iterator[tuple[str, Any]]:
    """Boosters whose first column is constrained to rise."""
    constraints = [1] + [0] * (columns - 1)
    yield (
        "HistGB",
        HistGradientBoostingRegressor(
            max_iter=trees,
            max_depth=depth,
            max_leaf_nodes=2**depth,
            min_samples_leaf=5,
            monotonic_cst=constraints,
            early_stopping=False,
        ),
    )
    try:
        import lightgbm  # noqa: PLC0415 - an extra
        import xgboost  # noqa: PLC0415 - an extra
    except ImportError:
        return
    yield (
        "LightGBM",
        lightgbm.LGBMRegressor(
            n_estimators=trees,
            max_depth=depth,
            num_leaves=2**depth,
            min_child_samples=5,
            monotone_constraints=constraints,
            n_jobs=1,
            verbose=-1,
        ),
    )
    yield (
        "XGBoost",
        xgboost.XGBRegressor(
            n_estimators=trees, max_depth=depth, monotone_constraints=tuple(constraints), n_jobs=1, learning_rate=0.1
        ),
    )


def lines(line: Callable[..., Any]) -> Iterator[Any]:
    """Seconds for a constrained column and an unconstrained one; the share of needles that are found."""
    for trees, depth, columns in GROWTH:
        X, y = data(columns)
        schema = mm.Schema.from_frame(X)
        for name, learner in learners(trees, depth, columns):
            model = learner.fit(X, y)
            for column, most in (("x0", 10.0), ("x3", 30.0)):
                seconds, came = settled(model, schema, column)
                what = f"{name}, {trees} trees, depth {depth}, {columns} columns: {came}"
                yield line(what, seconds, "{:.1f} s", most)
    for volume in NEEDLES:
        found = [needle(volume, seed) for seed in SEEDS]
        yield line(f"needle of {volume:.0e} in a tree: found", 100 * float(np.mean(found)), "{:.0f}%", least=100.0)


def settled(model: Any, schema: mm.Schema, column: str) -> tuple[float, str]:
    """Seconds from a fitted model to what reading it says of a rising column."""
    trial = Trial(mm.increasing(column), schema, Predictor(model))
    set_floor(trial, probe_rows(schema))
    begun = time.perf_counter()
    settlement = prove(trial, Anatomy(trial.predictor.adapter, schema))
    seconds = time.perf_counter() - begun
    if settlement.argument is not None:
        return seconds, f"{column} proved"
    return seconds, f"{column} refuted" if settlement.pairs is not None else f"{column} within {settlement.upper:.3g}"


def needle(volume: float, seed: int) -> bool:
    """Whether a check finds the one box, of this volume in six columns, in which a deep tree falls."""
    rng = np.random.default_rng(seed)
    width = volume ** (1 / 6)
    low = rng.uniform(0.1, 0.9 - width, size=6)
    X = rng.uniform(size=(3_000, 6))
    inside = low + rng.uniform(size=(1_500, 6)) * width
    beside = inside.copy()
    moved = rng.integers(6, size=len(beside))
    beside[np.arange(len(beside)), moved] = (low - 0.3 * width)[moved]
    X = np.vstack([X, inside, beside, inside + 1.2 * width * (rng.random(inside.shape) < 1 / 2)])
    y = np.round(X[:, 0], 1) - 5.0 * ((X >= low) & (X <= low + width)).all(axis=1)
    frame = pd.DataFrame(X, columns=[f"x{place}" for place in range(6)])
    model = DecisionTreeRegressor(random_state=0).fit(frame, y)
    uniform = pd.DataFrame(rng.uniform(size=(2_000, 6)), columns=frame.columns)
    schema = mm.Schema.from_frame(uniform)
    result = mm.check(model, mm.increasing("x0"), schema, budget=10_000, seed=seed).results[0]
    return result.verdict == "violated" and result.worst is not None and result.worst.margin > 1
