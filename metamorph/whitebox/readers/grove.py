"""A grove: the trees of one model as they are read one by one, and the splits that they share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from metamorph.whitebox.ensemble import LEAF, Ensemble, Mask, Numbers, Places, Split, Tree


@attrs.frozen(eq=False)
class Nodes:
    """One tree as a library stores it: any order of nodes, the root first.

    ``feature`` is :data:`LEAF` at a leaf. All have shape ``(nodes,)``, ``value`` ``(nodes, outputs)``. ``categories``
    are those that go left, by node.
    """

    feature: Places
    threshold: Numbers
    missing_left: Mask
    left: Places
    right: Places
    value: Numbers
    categories: Mapping[int, frozenset[int]] = attrs.field(factory=dict)


@attrs.frozen(eq=False)
class Grove:
    """Trees read so far; a split that several nodes ask is kept once."""

    places: dict[Split, int] = attrs.field(factory=dict)
    trees: list[Tree] = attrs.field(factory=list)

    def plant(self, nodes: Nodes) -> None:
        """Add a tree: only nodes that the root leads to, children behind their parent."""
        order = _from_the_root(nodes)
        place = np.full(len(nodes.feature), LEAF, dtype=np.int64)
        place[order] = np.arange(len(order))
        inner = nodes.feature[order] >= 0
        split = np.full(len(order), LEAF, dtype=np.int64)
        split[inner] = [self._place(nodes, node) for node in order[inner].tolist()]
        left, right = (np.where(inner, place[side[order]], LEAF) for side in (nodes.left, nodes.right))
        self.trees.append(Tree(split, left, right, np.asarray(nodes.value[order], dtype=np.float64)))

    def ensemble(self, features: int, base: npt.ArrayLike, **how: Any) -> Ensemble:
        """The trees as an ensemble; *how* as its attributes."""
        start = np.asarray(base, dtype=np.float64).reshape(-1)
        return Ensemble(features, tuple(self.places), tuple(self.trees), start, **how)

    def _place(self, nodes: Nodes, node: int) -> int:
        split = Split(
            int(nodes.feature[node]),
            float(nodes.threshold[node]),
            bool(nodes.missing_left[node]),
            nodes.categories.get(node),
        )
        return self.places.setdefault(split, len(self.places))


def _from_the_root(nodes: Nodes) -> Places:
    """The nodes of a tree in breadth-first order."""
    level = np.zeros(1, dtype=np.int64)
    levels = []
    while len(level):
        levels.append(level)
        inner = level[nodes.feature[level] >= 0]
        level = np.stack([nodes.left[inner], nodes.right[inner]], axis=1).ravel()
    return np.concatenate(levels)
