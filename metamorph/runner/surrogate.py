"""A surrogate: a small tree fitted on predictions already paid for, which says where a hidden model changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import attrs
import numpy as np
import numpy.typing as npt
import pandas as pd

from metamorph.expectations import is_number
from metamorph.runner.sources import generator

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
    cells = {name: schema.columns[name].encode(rows[name]) for name in names}
    matrix = np.column_stack([np.where(absent, np.nan, codes) for codes, absent in cells.values()])
    usable = np.isfinite(outputs).all(axis=1)
    if usable.sum() < FEWEST:
        return Surrogate({}, dict.fromkeys(names, 0.0))
    random_state = int(generator("surrogate", 0).integers(2**31))
    tree = DecisionTreeRegressor(max_leaf_nodes=LEAVES, random_state=random_state)
    with np.errstate(all="ignore"):
        fitted = tree.fit(matrix[usable], outputs[usable])
    found: dict[str, Codes] = {}
    for place, name in enumerate(names):
        thresholds = np.unique(fitted.tree_.threshold[fitted.tree_.feature == place])
        codes, absent = cells[name]
        seen = np.unique(codes[~absent])
        if len(thresholds) and len(seen):
            after = np.clip(np.searchsorted(seen, thresholds, side="right"), 1, max(1, len(seen) - 1))
            found[name] = np.unique(np.concatenate([seen[after - 1], seen[np.minimum(after, len(seen) - 1)]]))
    return Surrogate(found, dict(zip(names, fitted.feature_importances_.tolist(), strict=True)))


def _numbers(outputs: Outputs) -> npt.NDArray[np.float64]:
    """Outputs as numbers to fit, shape ``(n, k)``: of labels one column for each, of numbers a share of the largest."""
    if not is_number(outputs):
        codes, _ = pd.factorize(outputs.astype(str))
        return (codes[:, None] == np.arange(min(codes.max() + 1, LEAVES))).astype("float64")
    matrix = outputs.reshape(len(outputs), -1).astype("float64")
    largest = float(np.abs(np.where(np.isfinite(matrix), matrix, 0.0)).max())
    return matrix / (largest or 1.0)
