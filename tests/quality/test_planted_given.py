"""Planted models under ``@given``: what Hypothesis finds, it reduces as far as the fast runner does.

The share that it finds at 500 examples is printed by ``python tests/benchmarks/bench.py given``.
"""

from __future__ import annotations

import pytest

from tests.quality.drawn import checked, differing, reduced
from tests.quality.planted import planted

PLACES = (1, 10, 22, 33, 35, 41, 43, 54, 59)
"""Of every sort: no gate and several, a step by=, an invariance, two columns, a tie, a constraint, own parts."""


@pytest.mark.parametrize("place", PLACES)
def test_hypothesis_reduces_a_planted_bug_as_far_as_the_fast_runner(place: int) -> None:
    """The reduced source differs from the reference row in no more columns; outside of Hypothesis it fails as well."""
    (plant,) = planted(0, [place])
    case = reduced(plant)
    assert case is not None
    assert len(differing(case)) <= len(checked(plant)), case
    with pytest.raises(AssertionError, match="VIOLATED by this case"):
        case.check(plant.model)
