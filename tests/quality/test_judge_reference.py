"""The vectorised judge equals a slow reference that goes row by row, whatever floats the outputs are."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import metamorph as mm
from metamorph.expectations import Rounding

Floats = npt.NDArray[np.float64]

CASES = 100_000
SPECIAL = [
    math.nan, math.inf, -math.inf, 0.0, -0.0, 5e-324, -5e-324, 2.2250738585072014e-308, 1e-310, 1.7976931348623157e308,
    -1.7976931348623157e308, 9e307, 1.0, -1.0, 1.0000000000000002, 0.1, 0.30000000000000004, 1e16, 9007199254740993.0,
]  # fmt: skip
FLOORS = [Rounding(), Rounding(1e-9, 3.0), Rounding(1e-4, 0.0), Rounding(1e-6, 1e200)]


@attrs.frozen
class Judged:
    """An expectation of metamorph beside the sense it is meant to have, in one dimension."""

    name: str
    expectation: Any
    sense: Callable[[float, float, float], float]
    tolerance: Any = 0.0
    factor: float = 1.0

    def margin(self, source: float, follow_up: float, rounding: Rounding) -> float:
        """The margin of one pair, in plain Python."""
        expected = source * self.factor
        if math.isnan(expected) or math.isnan(follow_up):
            return math.nan
        allowed = self.allowed(expected, follow_up, rounding)
        return self.sense(expected, follow_up, min(allowed, sys.float_info.max))  # an infinite change is within nothing

    def allowed(self, left: float, right: float, rounding: Rounding) -> float:
        """Tolerance and rounding floor together; only finite outputs have a size."""
        larger = max([abs(value) for value in (left, right) if math.isfinite(value)], default=0.0)
        floor = rounding.coefficient * max(larger, rounding.scale)
        if isinstance(self.tolerance, int | float):
            return self.tolerance + floor
        return max(self.tolerance.share * larger, self.tolerance.at_least) + floor


def fall(left: float, right: float) -> float:
    """How much *right* lies below *left*; equal values, infinite ones among them, do not differ."""
    return 0.0 if left == right else left - right


def lower(source: float, follow_up: float, allowed: float) -> float:
    """The margin of a fall."""
    return fall(source, follow_up) - allowed


def higher(source: float, follow_up: float, allowed: float) -> float:
    """The margin of a rise."""
    return fall(follow_up, source) - allowed


def apart(source: float, follow_up: float, allowed: float) -> float:
    """The margin of any difference."""
    return abs(fall(source, follow_up)) - allowed


def not_strictly(sense: Callable[[float, float], float]) -> Callable[[float, float, float], float]:
    """The margin where the output must move by more than allowed: not moving at all violates as well."""

    def margin(source: float, follow_up: float, allowed: float) -> float:
        wrong = sense(source, follow_up)
        return wrong + allowed if -wrong > allowed else max(wrong + allowed, math.ulp(0.0))

    return margin


NEAR, SHARE = 0.1, mm.relative(0.01)
EITHER = mm.relative(1.0, at_least=1e-3)
JUDGED = [
    Judged("not lower", mm.expectations.not_lower(), lower),
    Judged("not lower by more than 0.1", mm.expectations.not_lower(NEAR), lower, NEAR),
    Judged("not lower by more than 1%", mm.expectations.not_lower(SHARE), lower, SHARE),
    Judged("higher", mm.expectations.not_lower(strict=True), not_strictly(fall)),
    Judged("not higher", mm.expectations.not_higher(), higher),
    Judged("not higher by more than 1%", mm.expectations.not_higher(SHARE), higher, SHARE),
    Judged("lower", mm.expectations.not_higher(strict=True), not_strictly(lambda s, f: fall(f, s))),
    Judged("unchanged", mm.expectations.unchanged(), apart),
    Judged("unchanged within 0.1", mm.expectations.unchanged(NEAR), apart, NEAR),
    Judged("unchanged within 100%, at least 0.001", mm.expectations.unchanged(EITHER), apart, EITHER),
    Judged("doubled", mm.expectations.scaled(by=2.0), apart, factor=2.0),
    Judged("negated within 1%", mm.expectations.scaled(by=-1.0, tolerance=SHARE), apart, SHARE, -1.0),
]


def outputs(rng: np.random.Generator, n: int) -> tuple[Floats, Floats]:
    """Pairs of outputs: special values, all magnitudes, ties, and neighbours up to the edge of every tolerance."""
    wide = rng.choice([-1.0, 1.0], n) * 10.0 ** rng.uniform(-320, 308, n)
    source = np.select(
        [rng.random(n) < 0.3, rng.random(n) < 0.4], [rng.choice(SPECIAL, n), wide], rng.normal(0, 100, n)
    )
    with np.errstate(over="ignore", invalid="ignore"):
        near = source * (1 + rng.choice([0, 1e-16, 1e-9, 1e-6, 1e-4, 0.01], n) * rng.choice([-1, 1, 0.999, 1.001], n))
        shifted = source + rng.choice([0.1, -0.1, 0.09999999, 1e-12, 0.0], n)
        twice = source * rng.choice([2.0, -1.0], n)
        choices = [rng.choice(SPECIAL, n), source, near, shifted, twice, rng.permutation(source)]
    return source, np.choose(rng.integers(len(choices), size=n), choices)


def compare(judged: Judged, source: Floats, follow_up: Floats, rounding: Rounding) -> None:
    """Assert that both give the same margins, and exactly the same violations."""
    expected = np.array(
        [judged.margin(s, f, rounding) for s, f in zip(source.tolist(), follow_up.tolist(), strict=True)]
    )
    said = judged.expectation.margins(source.copy(), follow_up.copy(), rounding)
    assert said.dtype == np.float64
    wrong = np.flatnonzero((expected > 0) != (said > 0))[:5]
    assert [(source[i], follow_up[i], expected[i], said[i]) for i in wrong] == []
    np.testing.assert_array_equal(np.isnan(said), np.isnan(expected))
    np.testing.assert_allclose(said, expected, rtol=1e-12, atol=1e-300)


@pytest.mark.parametrize("judged", JUDGED, ids=lambda judged: judged.name)
def test_the_judge_equals_the_slow_reference(judged: Judged) -> None:
    """On 100,000 random pairs the margins are those of the row-by-row reference, under every rounding floor."""
    source, follow_up = outputs(np.random.default_rng(20_261_123), CASES)
    for place, rounding in enumerate(FLOORS):
        compare(judged, source[place :: len(FLOORS)], follow_up[place :: len(FLOORS)], rounding)


@settings(deadline=None, max_examples=300)
@given(
    judged=st.sampled_from(JUDGED),
    pairs=st.lists(
        st.tuples(st.floats() | st.sampled_from(SPECIAL), st.floats() | st.sampled_from(SPECIAL)),
        min_size=1,
        max_size=20,
    ),
    coefficient=st.sampled_from([0.0, 1e-9, 1e-4]),
    scale=st.floats(0, 1e300),
)
def test_the_judge_equals_the_slow_reference_on_any_floats(
    judged: Judged, pairs: list[tuple[float, float]], coefficient: float, scale: float
) -> None:
    """Hypothesis finds no pair and no floor on which the two differ."""
    source, follow_up = (np.array(side, dtype=float) for side in zip(*pairs, strict=True))
    compare(judged, source, follow_up, Rounding(coefficient, scale))


@settings(deadline=None, max_examples=200)
@given(
    pair=st.tuples(st.floats(), st.floats()),
    coefficient=st.sampled_from([0.0, 1e-9]),
    tolerance=st.sampled_from([0.0, 0.5, SHARE]),
)
def test_the_expectations_mirror_each_other(pair: tuple[float, float], coefficient: float, tolerance: Any) -> None:
    """A fall from left to right is a rise from right to left; a change is one both ways, and never less than either."""
    left, right, rounding = np.array(pair[:1]), np.array(pair[1:]), Rounding(coefficient, 1.0)
    ends = mm.expectations
    falls = ends.not_lower(tolerance).margins(left, right, rounding)
    np.testing.assert_array_equal(falls, ends.not_higher(tolerance).margins(right, left, rounding))
    changes = ends.unchanged(tolerance).margins(left, right, rounding)
    np.testing.assert_array_equal(changes, ends.unchanged(tolerance).margins(right, left, rounding))
    np.testing.assert_array_equal(changes, np.maximum(falls, ends.not_higher(tolerance).margins(left, right, rounding)))


def test_labels_are_unchanged_or_not() -> None:
    """The margin of a label is 1 where it changes and 0 where it does not, row by row."""
    rng = np.random.default_rng(7)
    source, follow_up = (rng.choice(np.array(["yes", "no", "", 1, True, None], dtype=object), CASES) for _ in range(2))
    expected = [0.0 if s == f else 1.0 for s, f in zip(source, follow_up, strict=True)]
    np.testing.assert_array_equal(mm.expectations.unchanged().margins(source, follow_up, Rounding()), expected)


@pytest.mark.parametrize("judged", JUDGED, ids=lambda judged: judged.name)
def test_judged_pairs_count_as_many_violations_as_the_slow_reference(judged: Judged) -> None:
    """`mm.judge` on ready pairs, infinities, zeros and huge outputs among them, counts what the reference counts."""
    both = np.stack(outputs(np.random.default_rng(5), CASES))
    both = both[:, ~np.isnan(both).any(axis=0)]  # the predictor refuses NaN
    rows = np.arange(both.shape[1])
    sources, follow_ups = (pd.DataFrame({"row": rows, "side": side}) for side in (0, 1))
    report = mm.judge(lambda t: both[t["side"], t["row"]], sources, follow_ups, expect=judged.expectation, floor=0)
    found = report.results[0]
    violates = [judged.margin(s, f, Rounding()) > 0 for s, f in both.T.tolist()]
    assert (found.cases, found.violations) == (len(rows), sum(violates))
