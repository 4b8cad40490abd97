"""How clustering relations change rows and columns: moved, turned, added, repeated."""

# ruff: noqa: D103 - what a change does is said by its relation's statement

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import numpy as np
import pandas as pd

from metamorph.catalogue.training_data import Numbers, Places, TrainingData, Values
from metamorph.catalogue.training_features import rotation
from metamorph.catalogue.training_relation import Draw, FollowUp, every

INLIERS = 0.5
"""The share of rows with the highest scores that count as inliers."""


def permute_rows(data: TrainingData, labels: Values, amount: Any, draw: Draw) -> FollowUp:
    order = draw.rng.permutation(len(data))
    return FollowUp(data.take(order), lambda outputs: outputs[np.argsort(order)])


def shrink_cluster(data: TrainingData, labels: Values, amount: float, draw: Draw) -> FollowUp:
    mine = (labels == draw.one_of(_clusters(labels)))[:, None]

    def shrunk(block: Numbers) -> Numbers:
        if not len(block):
            return block
        centre = block[mine[:, 0]].mean(axis=0)
        return np.where(mine, block + amount * (centre - block), block)

    return FollowUp(data.mapped(shrunk))


def mirror(data: TrainingData, labels: Values, amount: Any, draw: Draw) -> FollowUp:
    return FollowUp(data.mapped(lambda block: -block))


def add_centres(data: TrainingData, labels: Values, amount: Any, draw: Draw) -> FollowUp:
    return _with_rows(data, _centres(data, labels))


def add_rims(data: TrainingData, labels: Values, amount: Any, draw: Draw) -> FollowUp:
    """One row for each cluster: its farthest one, moved a twentieth of the way to its centre."""
    block, clusters = data.block, _clusters(labels)
    centres = _centres(data, labels)
    own = centres[np.searchsorted(clusters, labels).clip(0, len(clusters) - 1)]
    distance = np.where(np.isin(labels, clusters), np.square(block - own).sum(axis=1), -1.0)
    order = np.lexsort((distance, labels))
    last = order[np.searchsorted(labels[order], clusters, side="right") - 1]
    return _with_rows(data, block[last] + 0.05 * (own[last] - block[last]))


def add_telltale(data: TrainingData, labels: Values, amount: float, draw: Draw) -> FollowUp:
    return FollowUp(data.with_column(labels * amount * float(data.spread.max()), np.empty(0)))


def add_redundant(data: TrainingData, labels: Values, amount: Any, draw: Draw) -> FollowUp:
    return FollowUp(data.with_column(data.block[:, draw.number % len(data.numeric)], np.empty(0)))


def rotate(data: TrainingData, labels: Values, amount: Any, draw: Draw) -> FollowUp:
    turn, by = rotation(len(data.numeric), draw), draw.rng.normal(size=len(data.numeric)) * data.spread
    return FollowUp(data.mapped(lambda block: block @ turn + by))


def scale_all(data: TrainingData, labels: Values, amount: float, draw: Draw) -> FollowUp:
    return FollowUp(data.mapped(lambda block: block * amount))


def scale_one(data: TrainingData, labels: Values, amount: float, draw: Draw) -> FollowUp:
    factors = np.where(every(len(data.numeric)) == draw.number % len(data.numeric), amount, 1.0)
    return FollowUp(data.mapped(lambda block: block * factors))


def add_outlier(data: TrainingData, labels: Values, amount: float, draw: Draw) -> FollowUp:
    signs = draw.rng.choice([-1.0, 1.0], len(data.numeric))
    return _with_rows(data, data.block.mean(axis=0, keepdims=True) + amount * signs * data.spread)


def duplicate_rows(data: TrainingData, labels: Values, amount: Any, draw: Draw) -> FollowUp:
    return FollowUp(data.take(np.concatenate([every(len(data)), every(len(data))])), _first(len(data)))


def add_constant(data: TrainingData, labels: Values, amount: float, draw: Draw) -> FollowUp:
    return FollowUp(data.with_column(np.full(len(data), amount), np.empty(0)))


def refit(data: TrainingData, labels: Values, amount: Any, draw: Draw) -> FollowUp:
    return FollowUp(data)


def copy_inlier(data: TrainingData, scores: Values, amount: int, draw: Draw) -> FollowUp:
    inliers = np.flatnonzero(scores >= np.quantile(scores, 1 - INLIERS))
    copied = inliers[draw.rng.integers(len(inliers))]
    judged = np.isin(every(len(data)), inliers) & (every(len(data)) != copied)
    places: Places = np.concatenate([every(len(data)), np.repeat(copied, amount)])
    return FollowUp(data.take(places), _first(len(data)), judged)


def permute_and_rotate(data: TrainingData, outputs: Values, amount: Any, draw: Draw) -> FollowUp:
    order, turn = draw.rng.permutation(len(data)), rotation(len(data.numeric), draw)
    return FollowUp(data.mapped(lambda block: block @ turn).take(order), lambda after: after[np.argsort(order)])


def _clusters(labels: Values) -> Values:
    """The clusters; rows that belong to none have the label -1."""
    found = np.unique(labels)
    return found[found >= 0] if (found >= 0).any() else found


def _centres(data: TrainingData, labels: Values) -> Numbers:
    clusters = _clusters(labels)
    member = (labels[:, None] == clusters).astype("float64")
    centres: Numbers = (member.T @ data.block) / member.sum(axis=0)[:, None]
    return centres


def _with_rows(data: TrainingData, block: Numbers) -> FollowUp:
    """More rows at the end: *block* in the numeric columns, the first row's entries in the others."""
    rows = data.X.iloc[np.zeros(len(block), dtype=np.intp)].reset_index(drop=True)
    more = attrs.evolve(data, X=rows, test=data.test).mapped(lambda part: block if len(part) else part).X
    return FollowUp(attrs.evolve(data, X=pd.concat([data.X, more], ignore_index=True)), _first(len(data)))


def _first(count: int) -> Callable[[Values], Values]:
    return lambda outputs: outputs[:count]
