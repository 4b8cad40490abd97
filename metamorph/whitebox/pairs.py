"""Pairs of a source and a follow-up on a grid of cells, tree by tree: which two leaves they can reach together."""

from __future__ import annotations

import math
from itertools import product
from typing import Literal

import attrs
import numpy as np

from metamorph.whitebox.cells import Grid
from metamorph.whitebox.ensemble import Mask, Numbers, Places
from metamorph.whitebox.sets import Sets


@attrs.frozen(eq=False)
class Problem:
    """What is sought: the lawful pair with the largest objective.

    A pair shares its cells on the axes that are not ``moved`` (places among ``grid.axes``). On a moved axis ``lawful``,
    shape ``(cells, cells)``, says which cell of the follow-up may follow which of the source; to stay is always lawful.
    ``box`` has the allowed cells of each axis, for both sides. With ``threshold`` None the objective is
    ``sign * (F(source) - F(follow_up))``; otherwise the smaller of ``sign * (F(source) - threshold)`` and
    ``sign * (threshold - F(follow_up))``, which is above zero where the pair crosses the threshold.
    """

    grid: Grid
    moved: tuple[int, ...]
    lawful: tuple[Mask, ...]
    sign: Literal[1, -1] = 1
    threshold: float | None = None
    box: tuple[Mask, ...] | None = None

    def values(self, sources: Places, follow_ups: Places) -> Numbers:
        """The objective of pairs given by their cells, both of shape ``(n, axes)``: exact sums, rounded once."""
        both = np.concatenate([sources, follow_ups])
        one_by_one = [attrs.evolve(self.grid, trees=(tree,), base=0.0).values(both) for tree in self.grid.trees]
        leaves = np.array(one_by_one, dtype=np.float64).reshape(len(one_by_one), len(both)).T
        before, after = leaves[: len(sources)], leaves[len(sources) :]
        if self.threshold is None:
            rows = np.concatenate([before, -after], axis=1)
            return self.sign * np.array([math.fsum(row) for row in rows], dtype=np.float64)
        ends = [self.grid.base, -self.threshold]
        above = self.sign * np.array([math.fsum([*row, *ends]) for row in before], dtype=np.float64)
        below = -self.sign * np.array([math.fsum([*row, *ends]) for row in after], dtype=np.float64)
        return np.minimum(above, below)


@attrs.frozen(eq=False)
class Slot:
    """A place to choose a cell at: an axis that both sides share, or one side of a moved axis.

    ``classes`` are the allowed cells of the axis, those that no tree tells apart in one.
    """

    axis: int
    classes: tuple[Places, ...]


@attrs.frozen(eq=False)
class Move:
    """A moved axis: the slots of its two sides, and which class of the one may follow which of the other."""

    source: int
    follow_up: int
    lawful: Mask

    def allows(self, sets: tuple[Sets, ...], places: Places) -> Mask:
        """Which boxes, given by the places of their sets, shape ``(n, slots)``, hold a lawful pair of classes."""
        distinct, which = np.unique(places[:, [self.source, self.follow_up]], axis=0, return_inverse=True)
        source, follow_up = sets[self.source].rows[distinct[:, 0]], sets[self.follow_up].rows[distinct[:, 1]]
        reached = (source.astype(np.float32) @ self.lawful.astype(np.float32)) > 0
        met = np.asarray((np.asarray(reached) & follow_up).any(axis=1))
        return np.asarray(met[which.ravel()], dtype=bool)


@attrs.frozen(eq=False)
class LeafPairs:
    """The pairs of leaves that a lawful pair can reach, as boxes of classes; those of a tree divide the whole space.

    ``tree`` is nondecreasing. ``places``, shape ``(pairs, slots)``, says which of ``sets[slot]`` is the side of each
    box. ``before`` and ``after`` are the leaf values of source and follow-up, in the sense of the problem's sign. Parts
    of trees that cannot tell source and follow-up apart are one leaf where only differences count.
    """

    problem: Problem
    slots: tuple[Slot, ...]
    moves: tuple[Move, ...]
    sets: tuple[Sets, ...]
    tree: Places
    places: Places
    before: Numbers
    after: Numbers

    @property
    def termwise(self) -> bool:
        """Whether no tree by itself ever falls."""
        return bool((self.before <= self.after).all())


@attrs.frozen(eq=False)
class _Nodes:
    """The nodes of several trees in one table; children as places in it."""

    column: Places
    mask: Places
    left: Places
    right: Places
    value: Numbers
    roots: Places
    asks: Mask


@attrs.frozen(eq=False)
class _Front:
    """Pairs of nodes on their way down, with their boxes."""

    tree: Places
    source: Places
    follow_up: Places
    places: Places

    def __getitem__(self, rows: Places | Mask | slice) -> _Front:
        return _Front(self.tree[rows], self.source[rows], self.follow_up[rows], self.places[rows])


def leaf_pairs(problem: Problem) -> LeafPairs:
    """The leaf pairs of all trees that count: for a difference those that ask about a moved axis."""
    nodes = _nodes(problem)
    slots, moves = _slots(problem, nodes)
    firsts = [[int(members[0]) for members in slot.classes] for slot in slots]
    masks = [problem.grid.masks[slot.axis][:, first] for slot, first in zip(slots, firsts, strict=True)]
    sets = tuple(Sets(len(first)) for first in firsts)
    asked_at: dict[int, Move | int] = {slot.axis: at for at, slot in enumerate(slots)}
    asked_at.update({slots[move.source].axis: move for move in moves})
    start = np.zeros((len(nodes.roots), len(slots)), dtype=np.int64)
    front = _Front(np.arange(len(nodes.roots)), nodes.roots, nodes.roots, start)
    found = []
    while len(front.tree):
        same, inner = front.source == front.follow_up, nodes.column[front.source] >= 0
        settled = np.where(same, ~nodes.asks[front.source], ~inner & (nodes.column[front.follow_up] < 0))
        found.append(front[settled])
        front = front[~settled]
        asked = np.where(nodes.column[front.source] >= 0, front.source, front.follow_up)
        parts = [front[:0]]
        for axis in np.unique(nodes.column[asked]):
            parts += _split(front[nodes.column[asked] == axis], nodes, asked_at[int(axis)], masks, sets)
        front = _Front(*(np.concatenate([getattr(part, name) for part in parts]) for name in _FIELDS))
    every = _Front(*(np.concatenate([getattr(part, name) for part in [front, *found]]) for name in _FIELDS))
    every = every[np.argsort(every.tree, kind="stable")]
    before, after = (problem.sign * nodes.value[side] for side in (every.source, every.follow_up))
    blind = (every.source == every.follow_up) & (problem.threshold is None)
    before, after = np.where(blind, 0.0, before), np.where(blind, 0.0, after)
    return LeafPairs(problem, slots, moves, sets, every.tree, every.places, before, after)


_FIELDS = [field.name for field in attrs.fields(_Front)]


def _nodes(problem: Problem) -> _Nodes:
    """The trees that count, with whether source and follow-up may part at a node or below."""
    moved, kept = np.array(problem.moved, dtype=np.int64), []
    for tree in problem.grid.trees:
        asks = np.isin(tree.column, moved) if problem.threshold is None else tree.column >= 0
        for node in np.flatnonzero(tree.column >= 0)[::-1]:
            asks[node] |= asks[tree.left[node]] | asks[tree.right[node]]
        if asks[0] or problem.threshold is not None:
            kept.append((tree, asks))
    sizes = np.array([len(tree.column) for tree, _ in kept], dtype=np.int64)
    roots = np.cumsum(sizes) - sizes
    empty = np.empty(0, dtype=np.int64)
    return _Nodes(
        np.concatenate([empty, *(tree.column for tree, _ in kept)]),
        np.concatenate([empty, *(tree.mask for tree, _ in kept)]),
        np.concatenate([empty, *(tree.left + root for (tree, _), root in zip(kept, roots, strict=True))]),
        np.concatenate([empty, *(tree.right + root for (tree, _), root in zip(kept, roots, strict=True))]),
        np.concatenate([np.empty(0), *(tree.value for tree, _ in kept)]),
        roots,
        np.concatenate([np.empty(0, dtype=bool), *(asks for _, asks in kept)]),
    )


def _slots(problem: Problem, nodes: _Nodes) -> tuple[tuple[Slot, ...], tuple[Move, ...]]:
    """The slots: for each axis in turn the source's, and behind it the follow-up's where the axis is moved."""
    slots: list[Slot] = []
    moves: list[Move] = []
    laws = dict(zip(problem.moved, problem.lawful, strict=True))
    for axis, masks in enumerate(problem.grid.masks):
        allowed = np.arange(len(problem.grid.axes[axis])) if problem.box is None else np.flatnonzero(problem.box[axis])
        if not len(allowed):
            msg = f"Expected a cell of each axis in the box, but got none of {problem.grid.axes[axis].name!r}"
            raise ValueError(msg)
        used = np.unique(nodes.mask[nodes.column == axis])
        answers = masks[used][:, allowed].T
        _, first, which = np.unique(answers, axis=0, return_index=True, return_inverse=True)
        order = np.argsort(first)
        classes = tuple(allowed[which.ravel() == each] for each in order)
        slots.append(Slot(axis, classes))
        if axis not in laws:
            continue
        member = np.zeros((len(classes), len(problem.grid.axes[axis])), dtype=np.int64)
        for place, cells in enumerate(classes):
            member[place, cells] = 1
        lawful = (member @ laws[axis].astype(np.int64) @ member.T) > 0
        moves.append(Move(len(slots) - 1, len(slots), lawful))
        slots.append(Slot(axis, classes))
    return tuple(slots), tuple(moves)


def _split(front: _Front, nodes: _Nodes, at: Move | int, masks: list[Mask], sets: tuple[Sets, ...]) -> list[_Front]:
    """The children of pairs that are asked at one slot, or at a moved axis, as far as any lawful pair goes there."""
    same = front.source == front.follow_up
    source_asked = same | (nodes.column[front.source] >= 0)
    follow_up_asked = same | ~source_asked
    slots = (at, at) if isinstance(at, int) else (at.source, at.follow_up)
    parts = []
    for ways in product((True, False), repeat=2):
        if ways[0] == ways[1]:
            part, asked = front, (source_asked, follow_up_asked)
        elif isinstance(at, Move):
            part, asked = front[same], (same[same], same[same])
        else:
            continue
        sides, places = [part.source, part.follow_up], part.places.copy()
        for side, slot in enumerate(slots):
            real = asked[side] & (places[:, slot] >= 0)
            mask = nodes.mask[sides[side][real]]
            places[real, slot] = sets[slot].cut(places[real, slot], masks[slot], mask, ways[side])
            below = nodes.left if ways[side] else nodes.right
            sides[side] = np.where(asked[side], below[sides[side]], sides[side])
        alive = np.asarray((places >= 0).all(axis=1))
        if isinstance(at, Move):
            alive[alive] = at.allows(sets, places[alive])
        parts.append(_Front(part.tree, sides[0], sides[1], places)[alive])
    return parts


def cells(pairs: LeafPairs, points: Places) -> tuple[Places, Places]:
    """The cells of source and follow-up, each of shape ``(n, axes)``, for lawful points given by their classes."""
    problem = pairs.problem
    sides = np.zeros((2, len(points), len(problem.grid.axes)), dtype=np.int64)
    for at, slot in enumerate(pairs.slots):
        sides[:, :, slot.axis] = np.array([members[0] for members in slot.classes])[points[:, at]]
    laws = dict(zip(problem.moved, problem.lawful, strict=True))
    for move in pairs.moves:
        before, after = pairs.slots[move.source], pairs.slots[move.follow_up]
        for row, (one, other) in enumerate(points[:, [move.source, move.follow_up]]):
            here, there = before.classes[one], after.classes[other]
            found = np.unravel_index(laws[before.axis][np.ix_(here, there)].argmax(), (len(here), len(there)))
            sides[:, row, before.axis] = here[found[0]], there[found[1]]
    return sides[0], sides[1]
