"""Building the grid: an ensemble's trees over cells of a schema's own columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from metamorph.whitebox.axes import Asked, axes, distinct
from metamorph.whitebox.cells import CellTree, Grid
from metamorph.whitebox.ensemble import LEAF, Ensemble, Mask, Numbers, Places, Tree
from metamorph.whitebox.lawful import lawful_pairs, step_sources
from metamorph.whitebox.points import Points, candidates, cells_of, points

if TYPE_CHECKING:
    from metamorph.whitebox.routes import Route
    from metamorph_strategies.schema import Schema

__all__ = ["Points", "build", "candidates", "cells_of", "lawful_pairs", "points", "step_sources"]

TO_LEFT, TO_RIGHT = 1, 2
"""Where a split sends every cell."""


def build(ensemble: Ensemble, weights: Numbers, route: Route, schema: Schema) -> Grid:
    """The function ``base + sum of leaf values`` of cells, for ``weights`` of the outputs, shape ``(outputs,)``.

    It is not divided by the ensemble's divisor. There is an axis for every column of the schema that is not derived;
    splits that send every cell the same way are taken out of the trees. Raises Unreadable, with the reason.
    """
    weights = np.asarray(weights, dtype=np.float64)
    where = np.full((3, len(ensemble.splits) + 1), LEAF, dtype=np.int64)  # the last is where leaves look: nowhere
    where[2] = 0
    made, masks = axes(ensemble, route, schema), []
    for place, (_, asked, left) in enumerate(made.values()):
        masks.append(_shared(place, asked, left, where))
    trees = tuple(_over_cells(tree, tree.value @ weights, where) for tree in ensemble.trees)
    return Grid(tuple(axis for axis, _, _ in made.values()), tuple(masks), trees, float(ensemble.base @ weights))


def _shared(place: int, asked: Asked, left: Mask, where: Places) -> Mask:
    """The distinct masks of an axis; notes in *where* each split's axis, its mask, and where it sends all cells."""
    first, which = distinct(left)
    if len(first) == len(left):
        first = which = np.arange(len(left))
    whole = np.where(left.all(axis=1), TO_LEFT, np.where(left.any(axis=1), 0, TO_RIGHT))
    dividing = whole[first] == 0
    number = np.where(dividing, np.cumsum(dividing) - 1, 0)
    where[0, asked.places], where[1, asked.places], where[2, asked.places] = place, number[which], whole
    masks: Mask = left if len(left) == dividing.sum() else left[first[dividing]]  # a copy may be large
    return masks


def _over_cells(tree: Tree, value: Numbers, where: Places) -> CellTree:
    """A tree over cells: nodes that send every cell the same way give way to the child that it is sent to."""
    column, mask, whole = where[:, tree.split]
    if not whole.any():
        return CellTree(column, mask, tree.left, tree.right, value)
    stands = np.where(whole == TO_LEFT, tree.left, np.where(whole == TO_RIGHT, tree.right, np.arange(len(whole))))
    while not np.array_equal(stands, stands[stands]):
        stands = stands[stands]
    inner = column != LEAF
    left, right = (np.where(inner, stands[side], LEAF) for side in (tree.left, tree.right))
    level, kept = stands[:1], []
    while len(level):
        kept.append(level)
        below = level[inner[level]]
        level = np.concatenate([left[below], right[below]])
    order = np.sort(np.concatenate(kept))
    number = np.full(len(whole) + 1, LEAF, dtype=np.int64)  # the last for leaves, which have no children
    number[order] = np.arange(len(order))
    return CellTree(column[order], mask[order], number[left[order]], number[right[order]], value[order])
