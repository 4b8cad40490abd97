"""A tree ensemble as its own numbers: its splits, its leaf values, and how the model adds them up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]
LEAF = -1


class Unreadable(Exception):  # noqa: N818 - no error of the user's: the model is then asked as a black box, saying why
    """Why a model cannot be read; the text is shown to the user."""


@attrs.frozen
class Split:
    """One question about one feature.

    A row goes left where its value, cast as the model casts it, is at most ``threshold``; with ``categories``, where it
    is one of them (its values are then whole numbers). ``missing_left`` says where NaN goes.
    """

    feature: int
    threshold: float
    missing_left: bool = False
    categories: frozenset[int] | None = None


@attrs.frozen(eq=False)
class Tree:
    """One tree as arrays over its nodes; node 0 is the root, and children stand behind their parent.

    ``split`` is a place among the ensemble's splits, :data:`LEAF` at a leaf; ``left`` and ``right`` are nodes.
    The three have shape ``(nodes,)``. ``value`` has shape ``(nodes, outputs)`` and counts at leaves.
    """

    split: Places
    left: Places
    right: Places
    value: Numbers


@attrs.frozen(eq=False)
class Ensemble:
    """Trees whose leaf values are added up, in ``dtype`` and in the trees' order, begun at ``base``; then divided.

    Leaf values and ``base`` are numbers of ``dtype``. ``splits`` are the distinct splits of all trees. Inputs are cast
    to ``cast`` before they are compared. ``takes_missing`` says whether the model answers for NaN at all. With
    ``base_last`` the sum begins at zero and ``base`` is added to it at the end. ``levels`` says for which features the
    model itself turns categories into numbers: the value of such a feature is the place of its category among them, NaN
    where it is missing (and, for scikit-learn and LightGBM, where it is none of them; XGBoost refuses those).
    """

    features: int
    splits: tuple[Split, ...]
    trees: tuple[Tree, ...]
    base: Numbers
    dtype: Any = np.float64
    cast: Any = np.float64
    divisor: float = 1.0
    takes_missing: bool = True
    base_last: bool = False
    levels: Mapping[int, tuple[Any, ...]] = attrs.field(factory=dict)

    @property
    def outputs(self) -> int:
        """How many sums the ensemble has for a row."""
        return len(self.base)


def decide(ensemble: Ensemble, features: npt.ArrayLike) -> npt.NDArray[np.floating[Any]]:
    """The sums of an ensemble for rows of features, added up as the model adds them.

    ``features`` has shape ``(n, ensemble.features)``, in float64; the answer ``(n, ensemble.outputs)``, in
    ``ensemble.dtype``. Equal to the model's own raw output bit for bit, except where several threads add up a forest in
    the order in which they finish.
    """
    with np.errstate(over="ignore"):  # beyond float32 lies infinity, for the model as well
        values = np.asarray(features, dtype=np.float64).astype(ensemble.cast)
    base = ensemble.base.astype(ensemble.dtype)
    total = np.zeros((len(values), ensemble.outputs), dtype=ensemble.dtype)
    if not ensemble.base_last:
        total += base
    questions = _Questions.of(ensemble.splits)
    for tree in ensemble.trees:
        total += tree.value[_landed(tree, questions, values)].astype(ensemble.dtype)
    if ensemble.base_last:
        total += base
    return total / np.asarray(ensemble.divisor, dtype=ensemble.dtype) if ensemble.divisor != 1 else total


@attrs.frozen(eq=False)
class _Questions:
    """The splits of an ensemble as arrays, each of shape ``(splits,)``."""

    splits: tuple[Split, ...]
    feature: Places
    threshold: Numbers
    missing_left: Mask
    categorical: Mask

    @classmethod
    def of(cls, splits: tuple[Split, ...]) -> _Questions:
        return cls(
            splits,
            np.array([split.feature for split in splits], dtype=np.int64),
            np.array([split.threshold for split in splits], dtype=np.float64),
            np.array([split.missing_left for split in splits], dtype=bool),
            np.array([split.categories is not None for split in splits], dtype=bool),
        )

    def goes_left(self, asked: Places, value: npt.NDArray[Any]) -> Mask:
        """Whether each value goes left at the split asked of it; both have shape ``(n,)``."""
        left: Mask = value <= self.threshold[asked]
        categorical = self.categorical[asked]
        if categorical.any():
            for place in np.unique(asked[categorical]):
                here = asked == place
                left[here] = np.isin(value[here], list(self.splits[place].categories or ()))
        missing = np.isnan(value)
        left[missing] = self.missing_left[asked[missing]]
        return left


def _landed(tree: Tree, questions: _Questions, values: npt.NDArray[Any]) -> Places:
    """The leaf of each row."""
    node = np.zeros(len(values), dtype=np.int64)
    rows = np.arange(len(values)) if tree.split[0] != LEAF else np.empty(0, dtype=np.int64)
    while len(rows):
        at = node[rows]
        asked = tree.split[at]
        left = questions.goes_left(asked, values[rows, questions.feature[asked]])
        node[rows] = np.where(left, tree.left[at], tree.right[at])
        rows = rows[tree.split[node[rows]] != LEAF]
    return node
