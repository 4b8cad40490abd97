"""A run leaves the process as it found it: generators, options, filters, folder, environment, the user's objects."""

import copy
import os
import random
import sys
import threading
import warnings

import numpy as np
import pandas as pd
import pytest
from pandas._config import config

import metamorph as mm

HOUSES = pd.DataFrame(
    {"area": np.linspace(40, 240, 80).round(1), "rooms": np.arange(80) % 6 + 1, "heating": ["gas", "oil"] * 40}
)
RELATIONS = [
    mm.increasing("area"),
    mm.decreasing("area"),
    mm.invariant("heating"),
    mm.increasing("rooms").when(lambda t: t["x"] > 0),
]


def price(t):
    return 1_000.0 * t["area"] + 50.0 * t["rooms"]


def raising(t):
    if (t["area"] > 200).any():
        msg = "no"
        raise ValueError(msg)
    return price(t)


def everything(model=price, schema=None):
    """A run with every verdict, rendered in every way."""
    schema = schema or mm.Schema.from_frame(HOUSES).derive(each=lambda t: t["area"] / t["rooms"])
    report = mm.check(model, RELATIONS, schema, budget=200, attack=0)
    mm.Report.from_json(report.to_json())
    mm.Schema(x=mm.Real(0, 1)).where(lambda t: t["x"] > 0.5)
    return str(report)


def options():
    """Every pandas option that this version can read."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {name: pd.get_option(name) for name in config._registered_options}  # noqa: SLF001 - there is no public list


STATES = {
    "NumPy's generator": lambda: repr(np.random.get_state()),  # noqa: NPY002 - the state that must not change
    "Python's generator": random.getstate,
    "pandas options": options,
    "warning filters": lambda: (list(warnings.filters), warnings.showwarning),
    "working folder": os.getcwd,
    "environment": lambda: dict(os.environ),
    "import path": lambda: list(sys.path),
    "NumPy's error state": np.geterr,
    "print options": np.get_printoptions,
    "recursion limit": sys.getrecursionlimit,
    "threads": threading.active_count,
    "excepthook": lambda: sys.excepthook,
}


@pytest.mark.parametrize("model", [price, raising], ids=["answering", "raising"])
def test_no_global_changes(model):
    """Nothing of the process is changed by a run, whatever its verdicts."""
    before = {name: copy.copy(state()) for name, state in STATES.items()}
    everything(model)
    assert [] == [name for name, state in STATES.items() if state() != before[name]]


def test_the_global_generator_decides_nothing():
    """Seeding NumPy's global generator changes no result."""
    texts = []
    for seed in (1, 2):
        np.random.seed(seed)  # noqa: NPY002 - what users do
        texts.append(everything())
    assert texts[0] == texts[1]


def test_the_users_objects_stay():
    """Frame, schema, relations and model stay as they were given."""
    frame, relations = HOUSES.copy(deep=True), list(RELATIONS)
    schema = mm.Schema.from_frame(frame)
    text = schema.to_json()
    mm.check(price, relations, schema, budget=200, attack=0)
    pd.testing.assert_frame_equal(HOUSES, frame)
    assert (text, RELATIONS) == (schema.to_json(), relations)


def test_a_frame_stands_for_a_schema():
    """A frame given instead of a schema gives the results of the schema read off it."""
    of_frame, of_schema = (
        mm.check(price, RELATIONS, given, budget=200, attack=0) for given in (HOUSES, mm.Schema.from_frame(HOUSES))
    )
    assert str(of_schema) == str(of_frame)


def test_nothing_is_printed(capsys):
    """A run prints nothing by itself."""
    everything()
    assert ("", "") == capsys.readouterr()


def test_a_run_inside_a_thread():
    """A run works in another thread than the main one."""
    texts = []
    thread = threading.Thread(target=lambda: texts.append(everything()))
    thread.start()
    thread.join()
    assert [everything()] == texts


def test_progress_is_told():
    """Whoever watches a run is told of every relation's progress and result."""

    class Watcher:
        def __init__(self):
            self.stages, self.results = [], []

        def advance(self, relation, stage, done, total):
            self.stages.append((relation, stage, done <= total or not total))

        def finish(self, result):
            self.results.append(result)

    watcher = Watcher()
    report = mm.check(price, RELATIONS, HOUSES, budget=200, progress=watcher, attack=0)
    assert report.results == tuple(watcher.results)
    assert {("increasing[area]", "estimate", True), ("decreasing[area]", "shrink", True)} <= set(watcher.stages)


def test_a_time_limit_ends_a_run():
    """A limit in seconds stops between calls: what was tried by then decides, and the report says so."""
    report = mm.check(price, mm.increasing("area"), HOUSES, budget=10**9, seconds=0.2, attack=0)
    result = report.results[0]
    assert ("held", "seconds", True) == (result.verdict, result.stopped, 0 < result.cases < 10**9)
    assert "Stopped by the time limit" in str(report)
