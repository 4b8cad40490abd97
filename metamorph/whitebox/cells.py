"""Inputs as a grid of cells: as far as an ensemble tells the values of a schema's columns apart."""

from __future__ import annotations

import attrs
import numpy as np
import numpy.typing as npt

from metamorph.whitebox.ensemble import Mask, Numbers, Places


@attrs.frozen(eq=False)
class Axis:
    """The cells of one column, in rising order of its codes, the cell of the missing value (if any) last.

    A cell holds the admissible codes from ``lows`` to ``highs`` (both included, shape ``(cells,)``), and the ensemble
    answers alike for all of them; no cell is empty. Of a category each level is a cell, or several that are told apart
    nowhere share one: then ``lows`` is the first of them and ``members`` lists them all.
    """

    name: str
    lows: npt.NDArray[np.generic]
    highs: npt.NDArray[np.generic]
    missing: bool = False
    members: tuple[tuple[int, ...], ...] | None = None

    def __len__(self) -> int:
        return len(self.lows)


@attrs.frozen(eq=False)
class CellTree:
    """One tree over cells; node 0 is the root, and children stand behind their parent.

    ``column`` (:data:`~metamorph.whitebox.ensemble.LEAF` at a leaf) is a place among the axes, ``mask`` one among
    ``masks[column]``: which cells of it go left. ``value`` counts at leaves. All have shape ``(nodes,)``.
    """

    column: Places
    mask: Places
    left: Places
    right: Places
    value: Numbers


@attrs.frozen(eq=False)
class Grid:
    """A scalar function of cells: ``base`` plus one leaf value for each of ``trees``, in exact arithmetic.

    ``masks[place]`` has shape ``(masks, cells)`` for the axis at that place.
    """

    axes: tuple[Axis, ...]
    masks: tuple[Mask, ...]
    trees: tuple[CellTree, ...]
    base: float = 0.0

    def values(self, cells: Places) -> Numbers:
        """The sums of the leaf values for points given by their cells, shape ``(n, axes)``; float64, in tree order."""
        total = np.full(len(cells), self.base)
        for tree in self.trees:
            node = np.zeros(len(cells), dtype=np.int64)
            inner = np.flatnonzero(tree.column[node] >= 0)
            while len(inner):
                at = node[inner]
                goes_left = np.empty(len(inner), dtype=bool)
                for place in np.unique(tree.column[at]):
                    here = tree.column[at] == place
                    goes_left[here] = self.masks[place][tree.mask[at[here]], cells[inner[here], place]]
                node[inner] = np.where(goes_left, tree.left[at], tree.right[at])
                inner = inner[tree.column[node[inner]] >= 0]
            total += tree.value[node]
        return total
