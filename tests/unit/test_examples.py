"""The examples say what they claim to say."""

import pathlib
import runpy

import pytest

import metamorph as mm

EXAMPLES = pathlib.Path(__file__).parents[2] / "examples"
BUDGET = 2_000


@pytest.fixture(scope="module")
def house_prices():
    return runpy.run_path(str(EXAMPLES / "house_prices.py"))


@pytest.fixture(scope="module")
def mortgages():
    return runpy.run_path(str(EXAMPLES / "mortgages.py"))


def verdicts(example, model):
    report = mm.check(example[model], example["relations"], example["schema"], budget=BUDGET)
    return {result.relation: result.verdict for result in report.results}


@pytest.mark.parametrize("model", ["model", "boosting"])
def test_trees_that_learned_freely_price_some_bigger_house_lower(house_prices, model):
    assert verdicts(house_prices, model)["bigger costs more"] == "violated"


def test_the_constrained_trees_keep_every_relation_of_house_prices(house_prices):
    expected = {"bigger costs more": "proved", "more land costs more": "proved", "older costs no more": "proved"}
    assert expected == verdicts(house_prices, "constrained")


def test_the_trees_that_saw_race_used_it_and_trust_some_less_for_earning_more(mortgages):
    expected = {"race does not matter": "violated", "earning more never hurts": "violated"}
    assert expected == verdicts(mortgages, "model")


def test_the_trees_that_never_saw_race_keep_both_relations(mortgages):
    assert {"race does not matter": "proved", "earning more never hurts": "proved"} == verdicts(mortgages, "blind")


def test_a_counterexample_of_house_prices_is_two_rows_that_differ_in_area_alone(house_prices):
    report = mm.check(house_prices["model"], house_prices["relations"][0], house_prices["schema"], budget=BUDGET)
    found = report.results[0].counterexample
    free = house_prices["schema"].columns
    assert {"area"} == {name for name in free if found.source[name] != found.follow_up[name]}


def test_every_example_has_the_three_names_of_a_suite_file():
    files = sorted(EXAMPLES.glob("*.py"))
    assert {file.name: {"model", "schema", "relations"} for file in files} == {
        file.name: {"model", "schema", "relations"} & runpy.run_path(str(file)).keys() for file in files
    }
