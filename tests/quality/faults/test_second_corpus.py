"""The second corpus, whose faults were written blind: what is found with nothing declared, and with a page declared."""

from __future__ import annotations

import inspect
from collections import Counter
from pathlib import Path

import pytest
from threadpoolctl import threadpool_limits

from tests.quality.faults.second import declared_claims, declared_visits
from tests.quality.faults.second.matrix import FAULTS, accusations, first_declared_kills, first_undeclared_kills

NOTHING_DECLARED_MISSES = {
    "single precision is not in the table": "95.6 in single precision is another number: what may follow is a policy",
    "None is a level": "scikit-learn's own encoders tell None from NaN, so that honest pipelines would be accused",
}
"""Faults of the door that no relation of the registry finds, each with the reason."""
DOOR = [fault for fault in FAULTS if fault.kind != "semantic"]
MEANING = [fault for fault in FAULTS if fault.kind == "semantic"]
SURVIVED_AT_FIRST = {
    "cached by rounded values",
    "codes in the order of appearance",
    "unused levels are forgotten in place",
    "an array's holes are zero",
    "numbers are known by their places",
    "a category is read by its own codes",
    "numbers are looked up as text",
    "moments are in microseconds",
    "a nullable hole is zero",
    "probabilities fall below zero",
    "a large cost is infinite",
}
"""Faults of the door for which relations were added after the first run, one of each sort."""
SAMPLE = [
    *(fault for fault in DOOR if fault.name in SURVIVED_AT_FIRST | set(NOTHING_DECLARED_MISSES)),
    *[fault for fault in DOOR if fault.name not in SURVIVED_AT_FIRST | set(NOTHING_DECLARED_MISSES)][::8],
]
"""All of them take minutes: ``python -m tests.quality.faults.second``."""


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    with threadpool_limits(1):  # boosting's threads spin for minutes beside another busy process
        yield


@pytest.mark.parametrize("fault", SAMPLE, ids=lambda fault: fault.name)
def test_a_fault_of_the_door_is_found_with_nothing_declared(fault):
    """Batch, order, index, state, mutation, representation and coherence: found, but for what is known by name."""
    assert (fault.name not in NOTHING_DECLARED_MISSES) == bool(first_undeclared_kills(fault))


def test_nine_of_ten_faults_are_found_with_a_page_of_declarations():
    """Faults of meaning, of which this is a sample, are found by what is declared; few others are known to survive."""
    assert [] == [fault.name for fault in MEANING[::9] if not first_declared_kills(fault)]
    assert 0.9 <= 1 - len(NOTHING_DECLARED_MISSES) / len(FAULTS)


@pytest.mark.parametrize("name", ["claims behind a door", "visits column by column"])
def test_no_honest_model_is_accused(name):
    """Neither with nothing declared nor by all that is."""
    assert () == accusations(name, attack=0)


def test_the_corpus_holds_forty_faults_and_more_of_every_kind():
    """At least 40 faults by distinct names, and at least six of each kind."""
    kinds = Counter(fault.kind for fault in FAULTS)
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) >= 40
    assert (8, True) == (len(kinds), min(kinds.values()) >= 6)


@pytest.mark.parametrize("module", [declared_claims, declared_visits], ids=["claims", "visits"])
def test_what_is_declared_is_a_page_of_fifteen_lines(module):
    """What follows the imports has at most 15 lines."""
    page = Path(inspect.getfile(module)).read_text(encoding="utf-8")
    assert len(page[page.index("MATTERS") :].splitlines()) <= 15
