"""A project whose tests are run by a pytest within pytest, and what to say of such a run."""

from __future__ import annotations

import importlib.metadata
import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import metamorph as mm
from metamorph.failures import Failures, opened
from tests.asking import run as check

INSTALLED = any(point.name == "metamorph.plugin" for point in importlib.metadata.entry_points(group="pytest11"))
PLUGIN = () if INSTALLED else ("-p", "metamorph.plugin")
"""How a checkout that is not installed loads the plugin."""

HOUSES = '''
import sys

import numpy as np
import pandas as pd
import pytest

import metamorph as mm

PLACE = np.arange(120)
HOUSES = pd.DataFrame({"area": 40 + PLACE * 37 % 200, "rooms": PLACE % 6 + 1})
SCHEMA = mm.Schema.from_frame(HOUSES).with_noun("house")


def price(t):
    """The more area the dearer, and the more rooms the cheaper."""
    return (1_000.0 * t["area"] - 10.0 * t["rooms"]).to_numpy()


def discount(t):
    """The more area the cheaper."""
    return -price(t)


@pytest.fixture
def model():
    return price
'''

Run = Callable[..., pytest.RunResult]


@pytest.fixture(scope="session", autouse=True)
def _loaded(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Loads all that a failing relation needs: a pytest within pytest forgets the modules that it was first to load."""
    schema = mm.Schema(area=mm.Integer(1, 9))
    failures = Failures(opened(tmp_path_factory.mktemp("failures")), "suite", "suite.py")
    with warnings.catch_warnings():
        report = check(lambda t: -t["area"], mm.increasing("area"), schema, budget=50, failures=failures)
    assert "VIOLATED" in str(mm.Report.from_json(report.to_json()))


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A folder with the module ``houses``, and a terminal of 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")
    pytester.makepyfile(houses=HOUSES)
    return pytester


@pytest.fixture
def write(project: pytest.Pytester) -> Callable[..., Path]:
    """Writes the module ``test_houses``, which has all names of ``houses``."""

    def write(text: str, name: str = "test_houses.py") -> Path:
        path = project.path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join(["from houses import *", "", *text.strip("\n").splitlines(), ""]), encoding="utf-8")
        return path

    return write


@pytest.fixture
def run(project: pytest.Pytester) -> Run:
    """Runs pytest on the project, in this process."""

    def run(*arguments: Any, plugin: tuple[str, ...] = PLUGIN, **how: Any) -> pytest.RunResult:
        return project.runpytest_inprocess(
            *plugin, "-p", "no:randomly", "-p", "no:cacheprovider", *map(str, arguments), **how
        )

    return run


@pytest.fixture
def found(project: pytest.Pytester, run: Run) -> Callable[..., dict[str, list[dict[str, Any]]]]:
    """Runs pytest and reads the JSON report that it writes: the results of each test, by the test's id."""

    def found(*arguments: Any) -> dict[str, list[dict[str, Any]]]:
        run("--metamorph-report", project.path / "found.json", *arguments)
        document = json.loads((project.path / "found.json").read_text(encoding="utf-8"))
        assert ("metamorph-pytest", 1) == (document["format"], document["version"])
        return {
            test["test"]: [result for report in test["reports"] for result in report["results"]]
            for test in document["tests"]
        }

    return found


@pytest.fixture(scope="session")
def houses() -> str:
    """The text of the module ``houses``."""
    return HOUSES


@pytest.fixture(scope="session")
def plugin() -> tuple[str, ...]:
    """The options that load the plugin: none where it is installed."""
    return PLUGIN
