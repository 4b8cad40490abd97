"""A surrogate: a small tree fitted on predictions already paid for, which says where a hidden model changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import attrs
import numpy as np
import numpy.typing as npt
import pandas as pd

from metamorph.expectations import is_number

if TYPE_CHECKING:
    from metamorph.answers import Outputs
    from metamorph.runner.judged import Judged
    from metamorph_strategies.columns import Codes
    from metamorph_strategies.schema import Schema

LEAVES = 128
"""Leaves of the surrogate: as many regions as a few thousand predictions can tell apart."""
FEWEST = 64
"""Predictions of fewer rows say nothing of a column."""


@attrs.frozen(eq=False)
class Surrogate:
    """Where a hidden model seems to change: for each column the codes on both sides of the thresholds found, sorted.

    ``weights`` are the shares that columns have in explaining the predictions.
    """

    codes: Mapping[str, Codes]
    weights: Mapping[str, float]


def surrogate(known: Judged, schema: Schema) -> Surrogate:
    """The surrogate of the model whose outputs for judged cases are *known*; a blank one of too few."""
    names = list(schema.columns)
    if len(known) < FEWEST:
        return Surrogate({}, dict.fromkeys(names, 0.0))
    from sklearn.tree import DecisionTreeRegressor  # noqa: PLC0415 - importing metamorph does not import scikit-learn

    rows = pd.concat([known.cases.source, known.follow_up], ignore_index=True)
    outputs = _numbers(np.concatenate([known.source_output, known.follow_up_output]))
    usable = np.isfinite(outputs).all(axis=1)
    if usable.sum() < FEWEST:
        return Surrogate({}, dict.fromkeys(names, 0.0))
    seen, places = {}, {}
    for name in names:
        codes, absent = schema.columns[name].encode(rows[name])
        seen[name], at = np.unique(codes, return_inverse=True)
        # not the codes: a tree takes float32, and codes may be of any size
        places[name] = np.where(absent & ~absent.all(), np.nan, at)
    tree = DecisionTreeRegressor(max_leaf_nodes=LEAVES, random_state=0)
    fitted = tree.fit(np.column_stack(list(places.values()))[usable], outputs[usable])
    found: dict[str, Codes] = {}
    for place, name in enumerate(names):
        thresholds = fitted.tree_.threshold[fitted.tree_.feature == place]
        below = np.unique(np.floor(thresholds[np.isfinite(thresholds)])).astype(np.int64)  # missing against the rest
        if len(below):
            beside = np.clip(np.union1d(below, below + 1), 0, len(seen[name]) - 1)
            found[name] = seen[name][beside]
    return Surrogate(found, dict(zip(names, fitted.feature_importances_.tolist(), strict=True)))


def _numbers(outputs: Outputs) -> npt.NDArray[np.float64]:
    """Outputs as numbers to fit, shape ``(n, k)``: of labels one column for each, of numbers a share of the largest."""
    if not is_number(outputs):
        codes, _ = pd.factorize(outputs.astype(str))
        one_of_each: npt.NDArray[np.float64] = np.equal.outer(codes, np.arange(min(codes.max() + 1, LEAVES))) * 1.0
        return one_of_each
    matrix = np.asarray(outputs, dtype="float64").reshape(len(outputs), -1)
    largest = float(np.abs(np.where(np.isfinite(matrix), matrix, 0.0)).max())
    shares: npt.NDArray[np.float64] = matrix / (largest or 1.0)
    return shares
