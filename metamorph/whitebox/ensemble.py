"""A tree ensemble as its own numbers: its splits, its leaf values, and how the model adds them up."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]
LEAF = -1


@attrs.frozen
class Split:
    """One question about one feature.

    A row goes left where its value, cast as the model casts it, is at most ``threshold``; with ``categories``, where it
    is one of them. ``missing_left`` says where NaN goes.
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

    ``splits`` are the distinct splits of all trees. Inputs are cast to ``cast`` before they are compared.
    ``takes_missing`` says whether the model answers for NaN at all.
    """

    features: int
    splits: tuple[Split, ...]
    trees: tuple[Tree, ...]
    base: Numbers
    dtype: Any = np.float64
    cast: Any = np.float64
    divisor: float = 1.0
    takes_missing: bool = True
