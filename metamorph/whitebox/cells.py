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
    answers alike for all of them; no cell is empty. What a column takes for a short decimal, rounding included, is
    admissible, so an end need not be the decimal itself. Of a category without order each level is a cell, or several
    that are told apart nowhere share one: then ``lows`` is the first of them and ``members`` lists them all. The ends
    of the missing value's cell stand for nothing, and it has no members.
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
        flat = np.concatenate([mask.ravel() for mask in self.masks])
        widths = np.array([mask.shape[1] for mask in self.masks])
        starts = np.cumsum([0, *(mask.size for mask in self.masks)])
        for tree in self.trees:
            node = np.zeros(len(cells), dtype=np.int64)
            inner = np.arange(len(cells) if tree.column[0] >= 0 else 0)
            while len(inner):
                at = node[inner]
                column = tree.column[at]
                goes_left = flat[starts[column] + tree.mask[at] * widths[column] + cells[inner, column]]
                node[inner] = np.where(goes_left, tree.left[at], tree.right[at])
                inner = inner[tree.column[node[inner]] >= 0]
            total += tree.value[node]
        return total
