"""scikit-learn's trees, forests, bags and boosted trees, read from their fitted attributes.

Trees cast what they are given to float32 and compare it with thresholds in float64.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from metamorph.whitebox.ensemble import Ensemble, Numbers, Unreadable
from metamorph.whitebox.readers.grove import Grove, Nodes

_TREES = {"DecisionTreeRegressor", "DecisionTreeClassifier", "ExtraTreeRegressor", "ExtraTreeClassifier"}
_FORESTS = {"RandomForestRegressor", "RandomForestClassifier", "ExtraTreesRegressor", "ExtraTreesClassifier"}
_BAGS = {"BaggingRegressor", "BaggingClassifier"}
_BOOSTED = {"GradientBoostingRegressor", "GradientBoostingClassifier"}
_HISTOGRAMS = {"HistGradientBoostingRegressor", "HistGradientBoostingClassifier"}
_THRESHOLDS = {"FixedThresholdClassifier", "TunedThresholdClassifierCV"}
_CONSTANT = {"DummyRegressor", "DummyClassifier"}


def read(estimator: Any) -> Ensemble:
    """The ensemble behind a fitted estimator of scikit-learn.

    Forests, bags and single trees: one output a class (its probability) or a target. Boosted trees: the decision
    function or the prediction before its link. Raises Unreadable.
    """
    name = type(estimator).__name__
    if name in _TREES:
        return _averaged(estimator, [estimator])
    if name in _FORESTS:
        return _averaged(estimator, estimator.estimators_)
    if name in _BAGS:
        return _averaged(estimator, estimator.estimators_, estimator.estimators_features_)
    if name in _BOOSTED:
        return _boosted(estimator)
    if name in _HISTOGRAMS:
        from metamorph.whitebox.readers.sklearn_histograms import (  # noqa: PLC0415 - only where one is met
            read_histograms,
        )

        return read_histograms(estimator)
    if name == "AdaBoostClassifier":
        return _voting(estimator)
    if name == "AdaBoostRegressor":
        msg = "AdaBoostRegressor answers with the median of its trees, which is no sum"
        raise Unreadable(msg)
    if name in _THRESHOLDS:
        msg = f"{name} decides by a threshold of its own"
        raise Unreadable(msg)
    msg = f"{name} is no tree ensemble"
    raise Unreadable(msg)


def _averaged(estimator: Any, trees: Any, places: Any = None) -> Ensemble:
    """The mean of trees; *places* are the columns that each of them is given (all where None)."""
    if np.ndim(getattr(estimator, "n_classes_", 0)):
        msg = f"{type(estimator).__name__} classifies several targets at once"
        raise Unreadable(msg)
    classes = getattr(estimator, "classes_", None)
    grove = Grove()
    for number, tree in enumerate(trees):
        _check_tree(estimator, tree)
        value = _targets(tree) if classes is None else _shares(tree, len(classes))
        grove.plant(_nodes(tree, value, None if places is None else np.asarray(places[number])))
    return grove.ensemble(
        estimator.n_features_in_,
        np.zeros(grove.trees[0].value.shape[1]),
        cast=np.float32,
        divisor=float(len(trees)),
        takes_missing=_takes_missing(estimator),
    )


def _voting(estimator: Any) -> Ensemble:
    """AdaBoost (SAMME): each tree votes with its weight for a class, and against the others."""
    classes = estimator.classes_
    grove = Grove()
    for tree, weight in zip(estimator.estimators_, estimator.estimator_weights_, strict=False):
        _check_tree(estimator, tree)
        label = np.asarray(tree.classes_).take(np.argmax(_shares(tree, len(tree.classes_)), axis=1))
        if len(classes) == 1:
            msg = "AdaBoostClassifier was fitted on a single class"
            raise Unreadable(msg)
        votes = np.where(label[:, None] == classes, weight, -1 / (len(classes) - 1) * weight)
        # of two classes scikit-learn gives the second sum less the first, which is its negative: exactly twice it
        grove.plant(_nodes(tree, 2 * votes[:, 1:] if len(classes) == 2 else votes))  # noqa: PLR2004 - two classes
    return grove.ensemble(
        estimator.n_features_in_,
        np.zeros(grove.trees[0].value.shape[1]),
        cast=np.float32,
        divisor=float(estimator.estimator_weights_.sum()),
        takes_missing=_takes_missing(estimator),
    )


def _boosted(estimator: Any) -> Ensemble:
    """Gradient boosting: shrunken trees, one for each class in turn, on top of a constant."""
    start = estimator.init_
    if not isinstance(start, str) and type(start).__name__ not in _CONSTANT:
        msg = f"{type(estimator).__name__} starts from the answers of {type(start).__name__}, which are no constant"
        raise Unreadable(msg)
    # what it adds its trees to; a constant for every row, and private for want of another way to it
    base = estimator._raw_predict_init(np.zeros((1, estimator.n_features_in_), dtype=np.float32))[0]  # noqa: SLF001
    grove = Grove()
    for stage in estimator.estimators_:
        for output, tree in enumerate(stage):
            value = np.zeros((tree.tree_.node_count, len(base)))
            value[:, output] = estimator.learning_rate * _targets(tree)[:, 0]
            grove.plant(_nodes(tree, value))
    return grove.ensemble(estimator.n_features_in_, base, cast=np.float32, takes_missing=_takes_missing(estimator))


def _check_tree(estimator: Any, tree: Any) -> None:
    """Raise Unreadable where a part of an ensemble is no tree."""
    if type(tree).__name__ not in _TREES or not type(tree).__module__.startswith("sklearn."):
        msg = f"{type(estimator).__name__} is made of {type(tree).__name__}, which is no tree"
        raise Unreadable(msg)


def _targets(tree: Any) -> Numbers:
    """The values of a regression tree's nodes, shape ``(nodes, targets)``."""
    value: Numbers = tree.tree_.value[:, :, 0]
    return value


def _shares(tree: Any, count: int) -> Numbers:
    """The shares of the classes at a classification tree's nodes, shape ``(nodes, count)``.

    A tree of a bag may not have met every class; its own are then places among all.
    """
    met = np.asarray(tree.classes_)
    shares: Numbers = tree.tree_.value[:, 0, : len(met)]
    if len(met) == count:
        return shares
    full = np.zeros((len(shares), count))
    full[:, met.astype(np.int64)] = shares
    return full


def _nodes(tree: Any, value: Numbers, places: Any = None) -> Nodes:
    inner = tree.tree_
    feature = inner.feature.astype(np.int64)  # -2 at a leaf
    if places is not None:
        feature = np.where(feature >= 0, places[feature], feature)
    return Nodes(
        feature,
        inner.threshold,
        inner.missing_go_to_left.astype(bool),
        inner.children_left.astype(np.int64),
        inner.children_right.astype(np.int64),
        value,
    )


def _takes_missing(estimator: Any) -> bool:
    from sklearn.utils import get_tags  # noqa: PLC0415 - scikit-learn is loaded already, by the model itself

    return bool(get_tags(estimator).input_tags.allow_nan)
