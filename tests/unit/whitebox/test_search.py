"""The search for the worst pair against brute force over every lawful pair of small grids."""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import attrs
import numpy as np
import pytest

from metamorph.whitebox import refinement
from metamorph.whitebox.cells import Axis, CellTree, Grid
from metamorph.whitebox.pairs import Problem
from metamorph.whitebox.search import Search, smallest_steps


@attrs.frozen(eq=False)
class Case:
    """A problem, and all its lawful pairs with their objectives, one by one."""

    problem: Problem
    sources: Any
    follow_ups: Any
    objectives: Any

    @property
    def worst(self):
        return self.objectives.max()


def axis(cells):
    return Axis("x", np.arange(float(cells)), np.arange(float(cells)))


def tree(rng, cells, masks, depth, values):
    """A random tree that asks about random axes, its leaf values among *values*."""
    rows: list[list[float]] = []

    def grow(level):
        place = len(rows)
        rows.append([-1, 0, 0, 0, values(rng)])
        if level and rng.random() < 0.85:
            column = int(rng.integers(len(cells)))
            if len(masks[column]):
                rows[place][:2] = column, int(rng.integers(len(masks[column])))
                rows[place][2:4] = grow(level - 1), grow(level - 1)
        return place

    grow(depth)
    column, mask, left, right, value = zip(*rows, strict=True)
    return CellTree(*(np.array(part, dtype=np.int64) for part in (column, mask, left, right)), np.array(value))


def masks(rng, cells):
    """What the splits of a column look like: prefixes, with the last cell (the missing value) on any side, or sets."""
    count = int(rng.integers(1, cells + 2))
    if rng.random() < 0.3:
        return rng.random((count, cells)) < 0.5
    prefixes = np.arange(cells) <= rng.integers(0, cells, size=count)[:, None]
    if rng.random() < 0.5:
        prefixes[:, -1] = rng.random(count) < 0.5
    return prefixes


def law(rng, cells):
    """Which moves of a column are lawful: up, up but for the missing value, any, or a random choice of moves."""
    kind = rng.integers(4)
    if kind == 0:
        return np.triu(np.ones((cells, cells), dtype=bool))
    if kind == 1:
        lawful = np.triu(np.ones((cells, cells), dtype=bool))
        lawful[:-1, -1] = False
        return lawful
    if kind == 2:
        return np.ones((cells, cells), dtype=bool)
    return (rng.random((cells, cells)) < 0.4) | np.eye(cells, dtype=bool)


VALUES = {
    "any": lambda rng: float(rng.normal()),
    "few": lambda rng: float(rng.integers(-2, 3)) / 10,
    "apart": lambda rng: float(rng.normal() * 10.0 ** rng.integers(-12, 4)),
}


def drawn(seed):
    """A random problem of two to four columns, with all its pairs."""
    rng = np.random.default_rng(seed)
    cells = [int(count) for count in rng.integers(2, 7, size=rng.integers(2, 5))]
    cells = cells if math.prod(cells) < 500 else cells[:3]
    values = VALUES[list(VALUES)[seed % 3]]
    splits = tuple(masks(rng, count) for count in cells)
    trees = [tree(rng, cells, splits, int(rng.integers(1, 5)), values) for _ in range(rng.integers(1, 7))]
    grid = Grid(tuple(axis(count) for count in cells), splits, tuple(trees), float(rng.normal()))
    moved = tuple(sorted(rng.choice(len(cells), size=rng.integers(1, 3), replace=False).tolist()))
    box = None
    if rng.random() < 0.3:
        box = tuple(np.arange(count) % count == rng.integers(count) for count in cells)
        box = tuple(one | (rng.random(len(one)) < 0.6) for one in box)
    return case(
        Problem(
            grid,
            moved,
            tuple(law(rng, cells[place]) for place in moved),
            1 if rng.random() < 0.5 else -1,
            float(rng.normal()) if rng.random() < 0.4 else None,
            box,
        )
    )


def case(problem):
    cells = [len(each) for each in problem.grid.axes]
    allowed = [np.flatnonzero(one) for one in problem.box] if problem.box else [np.arange(count) for count in cells]
    sources = np.array(list(product(*allowed)), dtype=np.int64)
    moves = np.array(list(product(*(allowed[place] for place in problem.moved))), dtype=np.int64)
    follow_ups = np.repeat(sources[:, None], len(moves), axis=1)
    follow_ups[:, :, list(problem.moved)] = moves
    before, after = np.repeat(sources, len(moves), axis=0), follow_ups.reshape(-1, len(cells))
    lawful = np.ones(len(before), dtype=bool)
    for place, law_of_place in zip(problem.moved, problem.lawful, strict=True):
        lawful &= law_of_place[before[:, place], after[:, place]]
    before, after = before[lawful], after[lawful]
    f, g = problem.grid.values(before), problem.grid.values(after)
    if problem.threshold is None:
        objectives = problem.sign * (f - g)
    else:
        objectives = np.minimum(problem.sign * (f - problem.threshold), problem.sign * (problem.threshold - g))
    return Case(problem, before, after, objectives)


def scale(problem):
    return 1 + abs(problem.grid.base) + sum(np.abs(each.value).max() for each in problem.grid.trees)


SEEDS = range(0, 1200, 100)


@pytest.mark.parametrize("first", SEEDS)
def test_the_worst_pair_is_that_of_brute_force(first):
    for seed in range(first, first + 100):
        one = drawn(seed)
        search = Search(one.problem)
        search.run()
        close = 1e-12 * scale(one.problem)
        assert search.settled, seed
        assert one.worst == pytest.approx(search.best, abs=close), seed
        assert search.best <= search.upper <= search.best + close, seed


@pytest.mark.parametrize("first", SEEDS)
def test_every_pair_that_is_given_is_lawful_and_has_the_objective_that_is_said(first):
    for seed in range(first, first + 100, 10):
        one = drawn(seed)
        search = Search(one.problem)
        search.run()
        sources, follow_ups, objectives = search.pairs
        known = {
            (*before, *after): objective
            for before, after, objective in zip(
                one.sources.tolist(), one.follow_ups.tolist(), one.objectives, strict=True
            )
        }
        found = [known[*before, *after] for before, after in zip(sources.tolist(), follow_ups.tolist(), strict=True)]
        assert objectives == pytest.approx(found, abs=1e-12 * scale(one.problem)), seed
        assert objectives.tolist() == sorted(objectives, reverse=True)
        assert len(
            {(*before, *after) for before, after in zip(sources.tolist(), follow_ups.tolist(), strict=True)}
        ) == (len(sources))


@pytest.mark.parametrize("first", SEEDS)
def test_stopped_anywhere_the_truth_lies_between_the_best_pair_and_the_bound(first, monkeypatch):
    """With blocks so small that there are many places to stop at, and groups merged so late that it has to branch."""
    monkeypatch.setattr(refinement, "BLOCK", 64)
    monkeypatch.setattr(refinement, "MOST_PAIRS", 12)
    monkeypatch.setattr("metamorph.whitebox.search.RANDOM", 4)
    for seed in range(first, first + 100, 10):
        one = drawn(seed)
        search = Search(one.problem)
        close = 1e-12 * scale(one.problem)
        assert one.worst <= search.upper + close, seed
        for _ in range(2000):
            search.run(boxes=1)
            assert search.best - close <= one.worst <= search.upper + close, seed
            if search.settled:
                break
        assert search.settled, seed
        assert one.worst == pytest.approx(search.best, abs=close), seed


@pytest.mark.parametrize("first", SEEDS)
def test_enough_is_decided_as_brute_force_decides_it(first):
    for seed in range(first, first + 100, 10):
        one = drawn(seed)
        for enough in (0.0, 0.1, one.worst / 2, one.worst + 0.01):
            search = Search(one.problem)
            search.run(enough=enough)
            if abs(one.worst - enough) > 1e-12 * scale(one.problem):
                assert (one.worst > enough) == (search.best > enough), seed
                assert (one.worst <= enough) == (search.upper <= enough), seed
            search.run()
            assert one.worst == pytest.approx(search.best, abs=1e-12 * scale(one.problem)), seed


def rising(cells, trees):
    """A grid in two columns of that many cells, of which every tree adds up *trees*' steps: its cell, at, and rise."""
    every = np.tri(cells - 1, cells, dtype=bool)
    stumps = [
        CellTree(
            np.array([column, -1, -1]),
            np.array([at, 0, 0]),
            np.array([1, 0, 0]),
            np.array([2, 0, 0]),
            np.array([0.0, 0.0, rise]),
        )
        for column, at, rise in trees
    ]
    return Grid((axis(cells), axis(cells)), (every, every), tuple(stumps))


def up(cells):
    return np.triu(np.ones((cells, cells), dtype=bool))


def test_trees_that_never_fall_by_themselves_are_proved_before_any_search():
    search = Search(Problem(rising(6, [(0, 1, 1.0), (0, 3, 0.5), (1, 2, -4.0)]), (0,), (up(6),)))
    search.run(boxes=0)
    assert search.termwise
    assert (0.0, 0.0) == (search.best, search.upper)


def test_trees_that_never_fall_together_are_proved_though_one_of_them_does():
    """The second tree falls by no more than the first one rises, at the same step."""
    search = Search(Problem(rising(6, [(0, 3, 1.0), (0, 3, -1.0), (0, 1, 0.5)]), (0,), (up(6),)))
    assert not search.termwise
    assert 1.0 == search.upper
    search.run(enough=0.0)
    assert (0.0, 0.0) == (search.best, search.upper)


def test_a_fall_hidden_in_one_cell_is_found():
    search = Search(Problem(rising(6, [(0, 3, 1.0), (0, 4, -1e-9), (1, 2, 1.0)]), (0,), (up(6),)))
    search.run(enough=0.0)
    assert 1e-9 == search.best
    sources, follow_ups, _ = search.pairs
    assert (4, 5) == (sources[0, 0], follow_ups[0, 0])


def test_the_other_sign_looks_for_rises():
    search = Search(Problem(rising(6, [(0, 3, 1.0), (0, 1, 0.5)]), (0,), (up(6),), -1))
    search.run()
    assert (1.5, 1.5) == (search.best, search.upper)


def test_a_model_that_never_asks_about_the_moved_column_never_falls():
    search = Search(Problem(rising(6, [(1, 3, 1.0)]), (0,), (up(6),)))
    search.run()
    assert search.termwise
    assert (0.0, 0.0) == (search.best, search.upper)


def test_a_threshold_is_crossed_by_the_smaller_of_the_two_distances():
    search = Search(Problem(rising(6, [(0, 3, -3.0), (1, 2, 2.0)]), (0,), (up(6),), threshold=0.5))
    search.run()
    assert 1.5 == search.best  # from 2.0 to -1.0
    assert search.upper == pytest.approx(1.5)


@pytest.mark.parametrize("seed", range(40))
def test_a_search_does_the_same_again(seed):
    one = drawn(seed)
    first, second = Search(one.problem), Search(one.problem)
    first.run()
    second.run(boxes=1)
    second.run()
    assert first.upper == second.upper
    for these, those in zip(first.pairs, second.pairs, strict=True):
        assert these.tolist() == those.tolist()


@pytest.mark.parametrize("seed", range(200))
def test_every_lawful_step_is_made_of_smallest_steps(seed):
    rng = np.random.default_rng(seed)
    cells = int(rng.integers(1, 7))
    lawful = law(rng, cells)
    steps = smallest_steps(lawful)
    if steps is None:
        reached = np.eye(cells, dtype=bool)
        one_step = lawful & ~reached
        for _ in range(cells):
            reached = (reached @ one_step) | one_step
        assert reached.diagonal().any()  # no order: some cell can be left and come back to
        return
    walked = np.eye(cells, dtype=bool)
    for before, after in steps * cells:
        walked[:, after] |= walked[:, before]
    assert all(lawful[before, after] for before, after in steps)
    assert (lawful <= walked).all()


def test_a_box_without_a_cell_of_some_axis_is_refused():
    box = (np.ones(6, dtype=bool), np.zeros(6, dtype=bool))
    with pytest.raises(ValueError, match="a cell of each axis in the box, but got none of 'x'"):
        Search(Problem(rising(6, [(0, 3, 1.0)]), (0,), (up(6),), box=box))


@pytest.mark.parametrize("unit", [1e-300, 1e-30, 1e30, 1e300])
def test_leaf_values_may_be_of_any_size(unit):
    search = Search(Problem(rising(6, [(0, 3, -unit), (0, 4, 3 * unit), (0, 4, -2.5 * unit)]), (0,), (up(6),)))
    search.run()
    assert search.settled
    assert unit == search.best


def test_the_worst_pair_of_many_trees_that_share_few_cells_is_that_of_brute_force():
    """So many trees that groups are merged again and again, and branched on."""
    for seed in range(12):
        rng = np.random.default_rng(seed)
        cells = [5, 6, 4, 5]
        splits = tuple(masks(rng, count) for count in cells)
        trees = tuple(tree(rng, cells, splits, 4, VALUES["any"]) for _ in range(40))
        threshold = 0.0 if seed % 2 else None
        one = case(Problem(Grid(tuple(axis(count) for count in cells), splits, trees), (1,), (up(6),), 1, threshold))
        search = Search(one.problem)
        search.run()
        assert search.settled
        assert one.worst == pytest.approx(search.best, abs=1e-12 * scale(one.problem)), seed
