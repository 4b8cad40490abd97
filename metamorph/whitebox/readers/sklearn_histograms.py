"""scikit-learn's histogram-based gradient boosting, read from its predictors; it compares in float64."""

from __future__ import annotations

from typing import Any

import numpy as np

from metamorph.whitebox.ensemble import LEAF, Ensemble, Places, Unreadable
from metamorph.whitebox.readers.grove import Grove, Nodes

_BITS = 32


def read_histograms(estimator: Any) -> Ensemble:
    """The ensemble behind a fitted HistGradientBoostingRegressor or -Classifier.

    Its parts are private in scikit-learn, for want of another way to them.
    """
    try:
        columns, levels = _columns(estimator)
        known, known_place = estimator._bin_mapper.make_known_categories_bitsets()  # noqa: SLF001
        predictors = estimator._predictors  # noqa: SLF001
        base = np.asarray(estimator._baseline_prediction)  # noqa: SLF001
    except AttributeError as error:
        msg = f"{type(estimator).__name__} is of a version of scikit-learn that keeps its parts elsewhere ({error})"
        raise Unreadable(msg) from error
    grove = Grove()
    for stage in predictors:
        for output, predictor in enumerate(stage):
            grove.plant(_nodes(predictor, columns, (known, known_place), (output, base.size)))
    return grove.ensemble(estimator.n_features_in_, base, dtype=base.dtype.type, levels=levels)


def _columns(estimator: Any) -> tuple[Places, dict[int, tuple[Any, ...]]]:
    """The model's columns in the order in which its trees number them, and the levels of its categories."""
    categorical = estimator.is_categorical_
    if categorical is None:
        return np.arange(estimator.n_features_in_), {}
    first = np.flatnonzero(categorical)
    encoder = estimator._preprocessor.named_transformers_["encoder"]  # noqa: SLF001
    levels = {}
    for column, categories in zip(first.tolist(), encoder.categories_, strict=True):
        plain = categories.tolist()
        levels[column] = tuple(level for level in plain if level == level and level is not None)  # noqa: PLR0124 - NaN
    return np.concatenate([first, np.flatnonzero(~categorical)]), levels


def _nodes(predictor: Any, columns: Places, known: tuple[Any, Any], where: tuple[int, int]) -> Nodes:
    nodes = predictor.nodes
    leaf = nodes["is_leaf"].astype(bool)
    feature = nodes["feature_idx"].astype(np.int64)
    left, right = nodes["left"].astype(np.int64), nodes["right"].astype(np.int64)
    missing_left = nodes["missing_go_to_left"].astype(bool)
    categories = {}
    for node in np.flatnonzero(nodes["is_categorical"].astype(bool) & ~leaf).tolist():
        chosen = _members(predictor.raw_left_cat_bitsets[nodes["bitset_idx"][node]])
        if missing_left[node]:
            # a category that was never met goes where the missing go: name those that go right, and turn the node
            chosen = _members(known[0][known[1][feature[node]]]) - chosen
            left[node], right[node] = right[node], left[node]
            missing_left[node] = False
        categories[node] = chosen
    value = np.zeros((len(nodes), where[1]))
    value[:, where[0]] = nodes["value"]
    threshold = np.where(nodes["is_categorical"].astype(bool), 0.0, nodes["num_threshold"])
    return Nodes(np.where(leaf, LEAF, columns[feature]), threshold, missing_left, left, right, value, categories)


def _members(bitset: Any) -> frozenset[int]:
    words = np.asarray(bitset, dtype=np.uint32)
    bits = (words[:, None] >> np.arange(_BITS, dtype=np.uint32)) & 1
    return frozenset(np.flatnonzero(bits.ravel()).tolist())
