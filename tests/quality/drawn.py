"""Planted models searched by Hypothesis, a case at a time."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, given, seed, settings

import metamorph as mm
from metamorph import strategies as mst
from tests.quality.planted import Planted

EXAMPLES = 500


def reduced(plant: Planted, *, number: int = 0) -> mst.Case | None:
    """The last case that fails, which is what Hypothesis reduced its finding to; None where it found nothing."""
    failing: list[mst.Case] = []

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=False,
        phases=[phase for phase in Phase if phase is not Phase.explain],
        suppress_health_check=list(HealthCheck),
    )
    @seed(number)
    @given(mst.cases(plant.relation, plant.schema))
    def test(case: mst.Case) -> None:
        try:
            case.check(plant.model)
        except AssertionError:
            failing.append(case)
            raise

    try:
        test()
    except AssertionError:
        return failing[-1]
    return None


def differing(case: mst.Case) -> tuple[str, ...]:
    """The columns of a case's source that differ from the reference row."""
    source, reference = case.source, case.schema.reference
    return tuple(name for name in case.schema.columns if source[name] != reference[name])


def checked(plant: Planted, *, number: int = 0) -> tuple[str, ...]:
    """The columns that differ in the answer of the fast runner, which finds every planted bug."""
    found = mm.check(plant.model, plant.relation, plant.schema, seed=number, attack=0).results[0].counterexample
    assert found is not None, plant.name
    return found.differs
