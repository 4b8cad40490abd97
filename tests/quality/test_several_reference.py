"""Every expectation beyond the plain directions equals a slow reference that goes row by row, whatever the outputs."""

from __future__ import annotations

import functools
import itertools
import math
import operator
import sys
from collections.abc import Callable
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import metamorph as mm
from metamorph.expectations import Rounding, Several

CASES = 4_000
INF = math.inf
SPECIAL = [INF, -INF, 0.0, -0.0, 1.0, -1.0, 2.0, 1.0 + 1e-12, 5e-324, 1e308, -1e308, 0.1, 0.30000000000000004, 3.0]
FLOORS = [Rounding(), Rounding(1e-9, 3.0), Rounding(1e-4, 0.0)]
SHARE = mm.relative(0.1, at_least=0.5)


def apart(left: float, right: float) -> float:
    """``left - right``; equal values, infinite ones among them, do not differ."""
    return 0.0 if left == right else left - right


def allowed(outputs: list[float], tolerance: Any, rounding: Rounding, floors: int = 1) -> float:
    """The tolerance and so many rounding floors, by the largest finite output."""
    largest = max([abs(value) for value in outputs if math.isfinite(value)], default=0.0)
    floor = floors * rounding.coefficient * max(largest, rounding.scale)
    wanted = tolerance if isinstance(tolerance, float) else max(tolerance.share * largest, tolerance.at_least)
    return min(wanted + floor, sys.float_info.max)


Slow = Callable[[float, list[float], Any, Rounding], float]


def rising(source: float, follow_ups: list[float], tolerance: Any, rounding: Rounding) -> float:
    fall = max(apart(early, late) for early, late in itertools.combinations_with_replacement(follow_ups, 2))
    return fall - allowed([source, *follow_ups], tolerance, rounding)


def falling(source: float, follow_ups: list[float], tolerance: Any, rounding: Rounding) -> float:
    return rising(-source, [-output for output in follow_ups], tolerance, rounding)


def concave(source: float, follow_ups: list[float], tolerance: Any, rounding: Rounding) -> float:
    middle, last = follow_ups
    below = apart(source / 2 + last / 2, middle)
    return (0.0 if math.isnan(below) else below) - allowed([source, *follow_ups], tolerance, rounding, 2)


def convex(source: float, follow_ups: list[float], tolerance: Any, rounding: Rounding) -> float:
    return concave(-source, [-output for output in follow_ups], tolerance, rounding)


def sums_to(source: float, follow_ups: list[float], tolerance: Any, rounding: Rounding) -> float:
    off = abs(apart(functools.reduce(operator.add, follow_ups), source))
    return (INF if math.isnan(off) else off) - allowed([source, *follow_ups], tolerance, rounding, len(follow_ups) + 1)


def within_range(source: float, follow_ups: list[float], tolerance: Any, rounding: Rounding) -> float:
    outside = max(apart(source, max(follow_ups)), apart(min(follow_ups), source))
    return outside - allowed([source, *follow_ups], tolerance, rounding)


def alike(source: float, follow_ups: list[float], tolerance: Any, rounding: Rounding) -> float:
    del source
    return apart(max(follow_ups), min(follow_ups)) - allowed(follow_ups, tolerance, rounding)


def same_direction(source: float, follow_ups: list[float], tolerance: Any, rounding: Rounding) -> float:
    down, up = (apart(output, source) for output in follow_ups)
    both = min(abs(down), abs(up))
    one_way = (down > 0 and up > 0) or (down < 0 and up < 0)
    return (both if one_way else -both) - allowed([source, *follow_ups], tolerance, rounding)


@attrs.frozen
class Judged:
    """An expectation of several follow-ups beside the sense it is meant to have."""

    make: Callable[[Any], Any]
    slow: Slow
    count: int = 3


JUDGED = {
    "rising": Judged(mm.expectations.rising, rising, 5),
    "falling": Judged(mm.expectations.falling, falling, 5),
    "concave": Judged(mm.expectations.concave, concave, 2),
    "convex": Judged(mm.expectations.convex, convex, 2),
    "sums to": Judged(mm.expectations.sums_to, sums_to),
    "within range": Judged(mm.expectations.within_range, within_range, 4),
    "alike": Judged(mm.expectations.alike, alike, 2),
    "same direction": Judged(mm.expectations.same_direction, same_direction, 2),
}
every_one = pytest.mark.parametrize("name", JUDGED)


def outputs(rng: np.random.Generator, n: int, k: int) -> np.ndarray[Any, Any]:
    """A table of outputs: special values, all magnitudes, ties, and neighbours."""
    wide = rng.choice([-1.0, 1.0], (n, k)) * 10.0 ** rng.uniform(-300, 300, (n, k))
    near = np.round(rng.normal(0, 2, (n, 1)), 1) + rng.choice([0, 1e-12, 1e-5, 0.1, -0.1, 0.5], (n, k))
    kinds = [rng.choice(SPECIAL, (n, k)), wide, near, rng.normal(0, 10, (n, k))]
    return np.choose(rng.integers(len(kinds), size=(n, 1)), kinds)


def compare(said: Any, expected: list[float], shown: Any) -> None:
    """Assert that margins are the same, and exactly the same cases violate."""
    found = np.asarray(expected)
    assert not np.isnan(said).any()
    wrong = np.flatnonzero((found > 0) != (said > 0))[:3]
    assert [(shown[place], expected[place], said[place]) for place in wrong] == []
    np.testing.assert_allclose(said, found, rtol=1e-9, atol=1e-300)


@every_one
@pytest.mark.parametrize("tolerance", [0.0, 0.25, SHARE], ids=str)
def test_several_follow_ups_are_judged_as_the_slow_reference_does(name: str, tolerance: Any) -> None:
    """On thousands of random rows the margins are those of the row-by-row reference, under every rounding floor."""
    judged = JUDGED[name]
    every = outputs(np.random.default_rng(11), CASES, judged.count + 1)
    for place, rounding in enumerate(FLOORS):
        rows = every[place :: len(FLOORS)]
        expected = [judged.slow(row[0], row[1:], tolerance, rounding) for row in rows.tolist()]
        compare(judged.make(tolerance).margins(rows[:, 0].copy(), rows[:, 1:].copy(), rounding), expected, rows)


@settings(max_examples=150)
@given(data=st.data(), name=st.sampled_from(sorted(JUDGED)), coefficient=st.sampled_from([0.0, 1e-9]))
def test_no_outputs_are_judged_otherwise(data: Any, name: str, coefficient: float) -> None:
    """Hypothesis finds no outputs on which the two differ."""
    judged, numbers = JUDGED[name], st.floats(allow_nan=False) | st.sampled_from(SPECIAL)
    row = data.draw(st.lists(numbers, min_size=judged.count + 1, max_size=judged.count + 1))
    expected = judged.slow(row[0], row[1:], 0.0, Rounding(coefficient, 1.0))
    said = judged.make(0.0).margins(np.array(row[:1]), np.array([row[1:]]), Rounding(coefficient, 1.0))
    compare(said, [expected], [row])


@every_one
def test_the_pair_that_decides_is_a_pair_of_the_outputs(name: str) -> None:
    """The two outputs said to decide are two different ones, the earlier first; for a fall they fall."""
    judged = JUDGED[name]
    expect = judged.make(0.0)
    assert isinstance(expect, Several)
    for row in outputs(np.random.default_rng(5), 300, judged.count + 1):
        if expect.margins(row[:1], row[None, 1:], Rounding())[0] > 0:
            first, last = expect.pair(row[0], row[1:])
            assert -1 <= first < last < judged.count
            if name in {"rising", "falling"}:
                assert (row[1 + first] > row[1 + last]) == (name == "rising")


def test_islands_are_counted_as_the_slow_reference_counts() -> None:
    """The margin of labels along a column is how many more times than once they change."""
    rng = np.random.default_rng(3)
    labels = rng.choice(np.array(["a", "b", 1, True, None], dtype=object), (CASES, 5))
    expected = [float(sum(x != y for x, y in itertools.pairwise(row)) - 1) for row in labels.tolist()]
    compare(mm.expectations.no_islands().margins(labels[:, 0], labels, Rounding()), expected, labels)
    for row, margin in zip(labels, expected, strict=True):
        if margin > 0:
            first, last = mm.expectations.no_islands().pair(row[0], row)
            assert (last, True) == (first + 1, row[first] != row[last])


def ranking(before: list[float], after: list[float], tolerance: float) -> list[float]:
    """By how much each row swaps with the worst other one."""
    worst = []
    for mine, mine_after in zip(before, after, strict=True):
        swaps = [
            min(abs(apart(mine, other)), abs(apart(mine_after, other_after)))
            for other, other_after in zip(before, after, strict=True)
            if (mine < other and mine_after > other_after) or (mine > other and mine_after < other_after)
        ]
        worst.append(max(swaps, default=0.0) - tolerance)
    return worst


@pytest.mark.parametrize("tolerance", [0.0, 0.3])
def test_ranks_are_judged_as_the_slow_reference_does(tolerance: float) -> None:
    """No two rows of a batch may swap places, be they infinite, level, or a denormal apart."""
    rng = np.random.default_rng(9)
    for _ in range(60):
        before, after = outputs(rng, 1, 12)[0], outputs(rng, 1, 12)[0]
        after = np.where(rng.random(12) < 0.7, before * rng.choice([1.0, 1.0, 0.5]), after)
        expected = ranking(before.tolist(), after.tolist(), tolerance)
        said = mm.expectations.same_ranking(tolerance).margins(before, after, Rounding())
        compare(said, expected, list(zip(before, after, strict=True)))
    tiny = np.array([1e-200, 2e-200]), np.array([2e-200, 1e-200])  # the product of their differences is zero
    assert (mm.expectations.same_ranking().margins(*tiny, Rounding()) > 0).all()


def pairwise(sense: Callable[[float, float], float]) -> Callable[[float, float, Any, Rounding], float]:
    """The margin of one pair: how far it is off, less what is allowed of both."""
    return lambda s, f, tolerance, rounding: sense(s, f) - allowed([s, f], tolerance, rounding)


def shifted(source: float, follow_up: float, tolerance: Any, rounding: Rounding) -> float:
    return abs(apart(source + 1.5, follow_up)) - allowed([source + 1.5, follow_up], tolerance, rounding)


def reflected(source: float, follow_up: float, tolerance: Any, rounding: Rounding) -> float:
    return abs(apart(1.0 - source, follow_up)) - allowed([1.0 - source, follow_up], tolerance, rounding)


def between(source: float, follow_up: float, tolerance: Any, rounding: Rounding) -> float:
    del source
    outside = max(apart(-2.0, follow_up), apart(follow_up, 3.0))
    return outside - allowed([follow_up], tolerance, rounding)


def at_least(source: float, follow_up: float, tolerance: Any, rounding: Rounding) -> float:
    short = 0.5 + allowed([source, follow_up], tolerance, rounding) - abs(apart(source, follow_up))
    return short if short < 0 else max(short, sys.float_info.min)


PAIRS = {
    "at most": (
        mm.expectations.changes_by_at_most,
        pairwise(lambda s, f: abs(apart(s, f))),
    ),
    "shifted": (lambda tolerance: mm.expectations.shifted(1.5, tolerance), shifted),
    "reflected": (lambda tolerance: mm.expectations.reflected(1.0, tolerance), reflected),
    "negated": (
        mm.expectations.negated,
        lambda s, f, tolerance, rounding: abs(apart(-s, f)) - allowed([s, f], tolerance, rounding),
    ),
    "between": (lambda tolerance: mm.expectations.between(-2.0, 3.0, tolerance=tolerance), between),
    "at least": (lambda _: mm.expectations.changes_by_at_least(0.5), at_least),
    "either": (
        lambda tolerance: mm.expectations.Either(
            mm.expectations.shifted(1.5, tolerance), mm.expectations.between(-2, 3)
        ),
        lambda s, f, tolerance, rounding: min(shifted(s, f, tolerance, rounding), between(s, f, 0.0, rounding)),
    ),
    "Lipschitz": (
        lambda tolerance: mm.expectations.lipschitz(tolerance if isinstance(tolerance, float) else 0.1, step=-2),
        lambda s, f, tolerance, rounding: (
            abs(apart(s, f)) - allowed([s, f], 2 * tolerance if isinstance(tolerance, float) else 0.2, rounding)
        ),
    ),
}


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("tolerance", [0.0, 0.25, SHARE], ids=str)
def test_pairs_are_judged_as_the_slow_reference_does(name: str, tolerance: Any) -> None:
    """On random pairs the margins are those of the row-by-row reference, under every rounding floor."""
    if name == "at least" and tolerance:
        tolerance = 0.0  # it has none
    make, slow = PAIRS[name]
    pairs = outputs(np.random.default_rng(13), CASES, 2)
    for place, rounding in enumerate(FLOORS):
        rows = pairs[place :: len(FLOORS)]
        expected = [slow(source, follow_up, tolerance, rounding) for source, follow_up in rows.tolist()]
        compare(make(tolerance).margins(rows[:, 0].copy(), rows[:, 1].copy(), rounding), expected, rows)


WORST = {name: PAIRS[name][0] for name in ("at most", "shifted", "reflected", "negated", "between")} | {
    "not lower": mm.expectations.not_lower,
    "not higher": mm.expectations.not_higher,
    "higher": lambda _: mm.expectations.not_lower(strict=True),
    "ranking": mm.expectations.same_ranking,
}


@pytest.mark.parametrize("name", WORST)
def test_of_several_outputs_the_worst_counts(name: str) -> None:
    """Outputs of shape (n, k) have one margin a row: the largest of those of the single outputs."""
    make, rng = WORST[name], np.random.default_rng(17)
    source, follow_up = outputs(rng, 500, 3), outputs(rng, 500, 3)
    single = [make(0.25).margins(source[:, place], follow_up[:, place], Rounding(1e-9, 1.0)) for place in range(3)]
    said = make(0.25).margins(source, follow_up, Rounding(1e-9, 1.0))
    np.testing.assert_array_equal(said, np.max(single, axis=0))


def test_of_several_outputs_one_has_to_change() -> None:
    """A column matters where any of several outputs moves far enough."""
    source = np.zeros((3, 2))
    follow_up = np.array([[0.0, 0.0], [0.0, 2.0], [0.2, -0.2]])
    assert [True, False, True] == (
        mm.expectations.changes_by_at_least(1).margins(source, follow_up, Rounding()) > 0
    ).tolist()


def test_a_function_of_several_outputs_is_less_the_largest_floor() -> None:
    """A user's margins lose the rounding floor of the largest of the outputs, be they a matrix or a fan."""
    own = mm.expectations.function(lambda source, _: np.ones(len(source)))
    matrix = np.array([[1.0, 100.0]])
    for source in (matrix, np.array([50.0])):
        assert pytest.approx(0.0) == own.margins(source, matrix, Rounding(0.01, 0.0))[0]
