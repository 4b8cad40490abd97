"""LightGBM's zeros that count as missing, turned into questions that know nothing of them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from metamorph.whitebox.ensemble import LEAF, Mask, Unreadable
from metamorph.whitebox.readers.grove import Nodes

TINY = float(np.float32(1e-35))
"""LightGBM takes values up to this size for zero (kZeroThreshold in its meta.h)."""
BELOW = float(np.nextafter(-TINY, -np.inf))
"""The greatest number that is below zero for LightGBM."""
_MOST_COPIES = 64
_Stretches = list[tuple[float, bool]]
_Bounds = Mapping[int, tuple[float, float]]


def zeros_apart(nodes: Nodes, zeros: Mask) -> Nodes:
    """A tree that answers alike, in which zeros go where the numbers beside them go.

    At the nodes of *zeros* (shape ``(nodes,)``) zero counts as missing, which may go the other way than its neighbours.
    Such a question becomes up to three, and what is below it is there twice; below, it is known whether the feature is
    zero, so no feature does so more than once on a path. Raises Unreadable where the tree grows too large.
    """
    growing = _Growing(nodes, _MOST_COPIES * len(nodes.feature))
    ready: list[tuple[int, int, _Bounds]] = [(0, growing.add(), {})]
    while ready:
        origin, node, bounds = ready.pop()
        feature = int(nodes.feature[origin])
        if not zeros[origin]:
            growing.copy(node, origin)
            if feature >= 0:
                ready.extend(
                    (int(side[origin]), child, bounds)
                    for side, child in zip((nodes.left, nodes.right), growing.ask(node, None), strict=True)
                )
            continue
        low, high = bounds.get(feature, (-np.inf, np.inf))
        stretches = _stretches(float(nodes.threshold[origin]), zeros_left=bool(nodes.missing_left[origin]))
        stretches = _within(stretches, low, high)
        for place, (end, goes_left) in enumerate(stretches):
            child, rest = node, node
            if place < len(stretches) - 1:
                growing.copy(node, origin)
                # a missing value goes with zero
                child, rest = growing.ask(node, end)
            target = int((nodes.left if goes_left else nodes.right)[origin])
            ready.append((target, child, {**bounds, feature: (low, end)}))
            node, low = rest, end
    return growing.nodes()


def _stretches(limit: float, *, zeros_left: bool) -> _Stretches:
    """The numbers from the lowest on as stretches: where each ends (included), and whether it goes left."""
    cuts = sorted({limit, BELOW, TINY, np.inf})
    stretches: _Stretches = []
    for end in cuts:
        goes_left = zeros_left if BELOW < end <= TINY else end <= limit
        if stretches and stretches[-1][1] == goes_left:
            stretches.pop()
        stretches.append((end, goes_left))
    return stretches


def _within(stretches: _Stretches, low: float, high: float) -> _Stretches:
    """The stretches that hold numbers above *low* and up to *high*."""
    return [
        (min(end, high), goes_left)
        for (end, goes_left), begin in zip(stretches, [-np.inf, *(end for end, _ in stretches)], strict=False)
        if end > low and begin < high
    ]


class _Growing:
    """A tree under way: its nodes are copies of another's, with questions of their own."""

    def __init__(self, source: Nodes, most: int) -> None:
        self.source, self.most = source, most
        self.origin: list[int] = []
        self.left: list[int] = []
        self.right: list[int] = []
        self.end: list[float | None] = []

    def add(self) -> int:
        """A new node, of which nothing is known yet."""
        if len(self.origin) >= self.most:
            msg = "LightGBM's zero_as_missing makes this model too large to be read"
            raise Unreadable(msg)
        self.origin.append(0)
        self.left.append(LEAF)
        self.right.append(LEAF)
        self.end.append(None)
        return len(self.origin) - 1

    def copy(self, node: int, origin: int) -> None:
        """Let a node ask, or answer, what *origin* does."""
        self.origin[node] = origin

    def ask(self, node: int, end: float | None) -> tuple[int, int]:
        """Two new children of a node, which asks for values up to *end* (None: what its origin asks)."""
        self.left[node], self.right[node], self.end[node] = self.add(), self.add(), end
        return self.left[node], self.right[node]

    def nodes(self) -> Nodes:
        """The tree."""
        origin = np.array(self.origin)
        threshold, missing_left = self.source.threshold[origin], self.source.missing_left[origin]
        for node, end in enumerate(self.end):
            if end is not None:
                threshold[node], missing_left[node] = end, end >= TINY
        given = self.source.categories
        categories = {node: given[first] for node, first in enumerate(self.origin) if first in given}
        return Nodes(
            self.source.feature[origin],
            threshold,
            missing_left,
            np.array(self.left, dtype=np.int64),
            np.array(self.right, dtype=np.int64),
            self.source.value[origin],
            categories,
        )
