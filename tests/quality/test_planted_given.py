"""Planted models under ``@given``: what Hypothesis finds, it reduces as far as the fast runner does.

The share that it finds at 500 examples is printed by ``python tests/benchmarks/bench.py given``.
"""

from __future__ import annotations

import pytest

from tests.quality.drawn import checked, differing, reduced
from tests.quality.planted import planted

PLACES = (10, 33, 35, 43, 54, 59)
"""Of several sorts: two gates, an invariance, two columns, a constraint, own parts, a schema by hand."""


@pytest.mark.parametrize("place", PLACES)
def test_hypothesis_reduces_a_planted_bug_as_far_as_the_fast_runner(place: int) -> None:
    """The reduced source differs from the reference row in no more columns; outside of Hypothesis it fails as well."""
    (plant,) = planted(0, [place])
    case = next((found for number in range(5) if (found := reduced(plant, number=number)) is not None), None)
    assert case is not None  # one search in ten finds nothing
    assert len(differing(case)) <= len(checked(plant)), case
    with pytest.raises(AssertionError, match="VIOLATED by this case"):
        case.check(plant.model)
