"""How fast slices of failure are found, and how good the best is by sliceline's own score, beside sliceline."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier

import metamorph as mm
from metamorph.runner.exact_slices import ALPHA
from metamorph.runner.slicing import SMALLEST, conditions_of, search

DATA = Path(os.environ.get("METAMORPH_DATA", Path(__file__).parents[3] / "shared" / "data"))
CASES = 10_000
RUNS = 3


def violations() -> Iterator[tuple[str, pd.DataFrame, Any, mm.Schema]]:
    """Cases on AdultMod whose probability falls, for relations that fail on more than one case in twenty."""
    table = pd.read_csv(DATA / "monotonicity" / "AdultMod.csv")
    X, y = table.drop(columns="Class"), table["Class"]
    schema = mm.Schema.from_frame(X)
    models = {
        "forest": RandomForestClassifier(30, min_samples_leaf=5, random_state=0).fit(X, y),
        "boosting": GradientBoostingClassifier(n_estimators=50, random_state=0).fit(X, y),
    }
    source = X.sample(CASES, random_state=0, ignore_index=True)
    rng = np.random.default_rng(0)
    for name, model in models.items():
        for column in ("Age", "Education", "hours-per-week"):
            follow_up = source.copy()
            values = np.sort(X[column].unique())
            first = np.searchsorted(values, source[column], side="right")
            drawn = first + (rng.random(CASES) * (len(values) - first)).astype(int)
            follow_up[column] = values[np.minimum(drawn, len(values) - 1)]
            fall = model.predict_proba(source)[:, 1] - model.predict_proba(follow_up)[:, 1]
            violating = fall > 1e-3
            if violating.mean() > 0.05:
                yield f"{name}, {column}, {violating.mean():.0%}", source, violating, schema


def sliceline_score(cases: Any, bad: Any, total: float, all_bad: float) -> Any:
    """The score of sliceline: what the rate is above that of all, less what the size is below that of all."""
    return ALPHA * (bad / cases / (all_bad / total) - 1) - (1 - ALPHA) * (total / cases - 1)


def lines(line: Callable[..., Any]) -> Iterator[Any]:
    """Time and score for each relation, side by side on the same cases."""
    try:
        from sliceline.slicefinder import Slicefinder  # noqa: PLC0415 - an extra
    except ImportError:
        yield line("skipped: sliceline is not installed", float("nan"), "{}")
        return
    if not DATA.is_dir():
        yield line("skipped: no shared data", float("nan"), "{}")
        return
    ratios = []
    for name, source, violating, schema in violations():
        ours, theirs = [], []
        for _ in range(RUNS):
            begun = time.perf_counter()
            _, holds = conditions_of(source, schema)
            found, _ = search(holds, violating, np.ones(CASES), sliceline_score, price=0.0)
            ours.append(time.perf_counter() - begun)
            scores = [sliceline_score(one.cases[0], one.violations[0], CASES, violating.sum()) for one in found]
            begun = time.perf_counter()
            binned = np.column_stack([_bins(source[column]) for column in source])
            finder = Slicefinder(alpha=ALPHA, k=3, max_l=3, min_sup=int(SMALLEST * CASES), verbose=False)
            finder.fit(binned, violating.astype("float64"))
            theirs.append(time.perf_counter() - begun)
            beside = max((one["slice_score"] for one in finder.top_slices_statistics_), default=0.0)
        ratios.append(statistics.median(theirs) / statistics.median(ours))
        yield line(f"{name}: sliceline's time / ours", ratios[-1], least=20.0)
        yield line(
            f"{name}: best score, ours less sliceline's", max(scores, default=0.0) - beside, "{:+.2f}", least=0.0
        )
    yield line("sliceline's time / ours, median", statistics.median(ratios), least=20.0)


def _bins(values: pd.Series[Any]) -> Any:
    """Ten bins of about as many rows each; few values as they are."""
    if values.nunique() <= 10:
        return pd.factorize(values)[0] + 1
    return pd.qcut(values, 10, labels=False, duplicates="drop") + 1
