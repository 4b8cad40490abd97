"""Settings: what cannot be is refused wherever relations are checked, before a model is asked."""

import pandas as pd
import pytest

import metamorph as mm
from metamorph.runner import checking
from metamorph.runner.settings import Settings

HOUSES = pd.DataFrame({"area": [50.0, 80.0, 120.0, 60.0], "rooms": [2, 3, 5, 4]})
BIGGER = mm.increasing("area")
WRONG = {
    "budget": [0, -1, 2.5, True, "many"],
    "attack": [-1, 0.5, True],
    "seconds": [0, -1.0, float("nan"), float("inf")],
    "seed": [-1, 0.5, None, True],
    "confidence": [0, 1, 1.5, "families", float("nan")],
    "examples": [0, -1, 1.5, None, True],
}
CASES = [(name, value) for name, values in WRONG.items() for value in values]


def unasked(_):
    pytest.fail("the model was asked")


@pytest.mark.parametrize(("name", "value"), CASES)
def test_what_cannot_be(name, value):
    """Each way to check relations refuses it with the argument's name, in at most three lines."""
    ways = [
        lambda **given: mm.check(unasked, BIGGER, HOUSES, **given),
        lambda **given: mm.check_model(unasked, HOUSES, **given),
        lambda **given: mm.relations(BIGGER, schema=HOUSES, **given),
        lambda **given: mm.parametrize_with_relations([unasked], HOUSES, BIGGER, **given),
    ]
    for way in ways:
        with pytest.raises(mm.RelationError, match=f"{name}=") as refused:
            way(**{name: value})
        assert len(str(refused.value).splitlines()) <= 3


def test_the_same_settings_give_the_same_report():
    """What a bound relation is checked with is what mm.check is given."""
    given = {"budget": 50, "attack": 20, "seed": 3, "confidence": 0.9, "examples": 2, "reference": 2}
    mark = mm.relations(mm.decreasing("area"), schema=HOUSES, **given)
    bound = mark.args[1][0][0][0]
    assert Settings(**given) == bound.settings
    report = checking.run(lambda t: t["area"].to_numpy(), bound.relation, bound.schema, bound.settings)
    assert str(mm.check(lambda t: t["area"].to_numpy(), mm.decreasing("area"), HOUSES, **given)) == str(report)
