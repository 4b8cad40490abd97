"""What the README shows in Python runs, and does what the README says."""

import pathlib
import re

import attrs
import numpy as np
import pandas as pd
import pytest

import metamorph as mm
from metamorph import registry
from metamorph.transforms.transformation import Parameterless, check_columns

README = (pathlib.Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)
PLACE = np.arange(1_000)
HOUSES = pd.DataFrame(
    {
        "area": 50.0 + PLACE * 37 % 997 / 5,
        "age": PLACE * 13 % 60,
        "rooms": 3 + PLACE * 7 % 5,
        "baths": 1 + PLACE % 3,
        "seller_gender": np.array(["f", "m"])[PLACE % 2],
        "price": 1_000.0 * PLACE,
    }
)


class Prices:
    """A regressor that was fitted on nothing: the larger the dearer, the older the cheaper."""

    def predict(self, houses):
        return 1_000.0 * houses["area"].to_numpy() - 10.0 * houses["age"].to_numpy()


@pytest.fixture(scope="module")
def shown():
    """The names that the README's blocks define, run one after the other as a reader would."""
    model, kept = Prices(), dict(registry._registered)  # noqa: SLF001 - what a reader registers is taken back
    names = {"np": np, "attrs": attrs, "houses": HOUSES, "model": model, "forest": model, "boosting": model}
    names |= {"Parameterless": Parameterless, "check_columns": check_columns}
    for block in BLOCKS:
        shorter = block.replace("budget=10_000", "budget=10_000, attack=0").replace("attack=20_000", "attack=500")
        exec(compile(shorter, "<README>", "exec"), names)  # noqa: S102 - our own text
    yield names
    registry._registered.clear()  # noqa: SLF001 - as above
    registry._registered.update(kept)  # noqa: SLF001 - as above


def test_the_first_relations_hold_of_an_honest_model(shown):
    assert (5, True) == (len(shown["relations"]), shown["report"].passed)


def test_the_counterfactual_is_about_the_house_that_was_named(shown):
    found, house = shown["found"], HOUSES.loc[371]
    assert ((), house["area"]) == (found.differs, found.source["area"])
    assert 20 < abs(found.follow_up["area"] - house["area"]) <= 20.3


def test_the_named_slice_has_its_own_verdict(shown):
    (told,) = shown["sliced"].results[0].slices
    assert ("old houses", "held", 0.0) == (told.name, told.verdict, told.rate)


def test_a_registered_relation_applies_by_itself(shown):
    schema = shown["schema"].with_roles(protected=["seller_gender"])
    ids = [relation.id for relation in registry.applicable(schema, shown["model"], group="fairness")]
    assert ["invariant[seller_gender]"] == ids
    assert "blind to protected columns" in {entry.name for entry in registry.entries()}


def test_the_expectation_and_the_transformation_are_judged(shown):
    kept = mm.check(shown["model"], shown["capped"], shown["schema"], budget=300).results[0]
    assert ("held", "Capping area at 150 must keep the prediction within a factor of 4.") == (
        kept.verdict,
        kept.sentence,
    )
    squared = mm.check(lambda t: t["area"] ** 4, shown["capped"], shown["schema"], budget=300).results[0]
    assert ("violated", 150.0) == (squared.verdict, squared.counterexample.follow_up["area"])


@pytest.mark.parametrize("name", ["test_bigger_house_costs_more", "test_never_negative"])
def test_the_tests_of_hypothesis_pass(shown, name):
    assert shown[name]() is None


@pytest.mark.parametrize("name", ["test_house_model", "test_models"])
def test_the_tests_of_pytest_are_parametrized(shown, name):
    assert "parametrize" in {mark.name for mark in shown[name].pytestmark}
