"""Sessions as users see them, of pytest and of `metamorph replay`: files in the folder beside this one.

METAMORPH_UPDATE_SNAPSHOTS=1 writes them anew.
"""

import importlib.metadata
import os
import pathlib
import re

import pytest
from click.testing import CliRunner
from hypothesis.database import InMemoryExampleDatabase
from rich.cells import cell_len

import metamorph as mm
from metamorph.cli import main
from metamorph.failures import Failures
from tests.asking import run

pytest_plugins = ["pytester"]

HERE = pathlib.Path(__file__).parent / "sessions"
INSTALLED = any(point.name == "metamorph.plugin" for point in importlib.metadata.entry_points(group="pytest11"))
OPTIONS = [*(() if INSTALLED else ("-p", "metamorph.plugin")), "-p", "no:randomly", "-p", "no:cacheprovider"]

HOUSES = """
import numpy as np
import pandas as pd
import metamorph as mm

PLACE = np.arange(321)
houses = pd.DataFrame(
    {
        "area": 735 + PLACE * 367 % 2_430,
        "rooms": 4 + PLACE * 5 % 7,
        "cbd": 1_000 * (1 + PLACE * 11 % 35),
        "heating": np.array(["gas", "oil", "coal", "wood"])[PLACE * 7 % 10 % 4],
    }
)
schema = mm.Schema.from_frame(houses).with_noun("house")


def price(t):
    crowded = (t["cbd"] <= 5_000) & (t["area"] > 2_500)
    return (40.0 * t["area"] + 500.0 * t["rooms"] - 25_000.0 * crowded).to_numpy()
"""
TEST = """
from houses import *


@mm.relations(RELATION, schema=schema, budget=1_000)
def test_house_prices(relation):
    relation.check(MODEL)
"""
LONG = "nobody pays less for a bigger house, in the suburbs or near the centre, be it heated by gas or by oil"
BIGGER = 'mm.increasing("area").named("bigger costs more")'

PYTEST = {
    "violated": (BIGGER, "price"),
    "violated_under_a_long_name": (f'mm.increasing("area").named("{LONG}")', "price"),
    "violated_label": ('mm.invariant("heating")', 'lambda t: np.where(t["heating"] == "coal", "cheap", "dear")'),
    "broken_model": (BIGGER, 'lambda t: price(t[t["heating"] != "wood"])'),
    "broken_relation": ('mm.increasing("area").when(lambda t: t["rooms"] > 40)', "price"),
    "inconclusive": ('mm.increasing("area").allow(0.02)', "price"),
    "no_such_column": ('mm.increasing("aera")', "price"),
    "no_model": ('mm.increasing("area")', '"price"'),
}
SUITE = f"""
{HOUSES}
model = lambda t: -price(t)
relations = [{BIGGER}, mm.increasing("rooms").named("{LONG}")]
"""
REPLAY = {
    "still_fails": "",
    "fixed": "model = lambda t: 0.0 * t['area']",
    "gone": "relations = relations[1:]",
    "gone_with_the_schema": "schema = mm.Schema.from_frame(houses[houses['area'] < 1_000])",
    "broken": "model = lambda t: 1 / 0",
}


@pytest.fixture(scope="module", autouse=True)
def _loaded():
    """Loads all that a failing relation needs: a pytest within pytest forgets the modules that it was first to load."""
    failures = Failures(InMemoryExampleDatabase(), "suite", "suite.py")
    report = run(lambda t: -t["x"], mm.increasing("x"), mm.Schema(x=mm.Integer(1, 9)), budget=50, failures=failures)
    assert "VIOLATED" in str(mm.Report.from_json(report.to_json()))


def matches(name, shown):
    """Whether the file of a session says what is shown."""
    path, text = HERE / f"{name}.txt", "".join(f"{line.rstrip()}\n" for line in shown.splitlines())
    if os.environ.get("METAMORPH_UPDATE_SNAPSHOTS") == "1":
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text
    return True


@pytest.mark.parametrize("name", PYTEST)
def test_pytest(pytester, monkeypatch, name):
    """A failing session is what its file says, from the failure to the last line."""
    monkeypatch.setenv("COLUMNS", "80")
    relation, model = PYTEST[name]
    pytester.makepyfile(houses=HOUSES, test_houses=TEST.replace("RELATION", relation).replace("MODEL", model))
    shown = pytester.runpytest_inprocess(*OPTIONS).stdout.str()
    begins = shown.index("=", shown.index("100%]"))
    assert matches(f"pytest_{name}", re.sub(r" in [\d.]+s =", " in 0.12s =", shown[begins:]))


@pytest.mark.parametrize("name", REPLAY)
def test_replay(tmp_path, monkeypatch, name):
    """What `metamorph replay` prints is what its file says."""
    monkeypatch.chdir(tmp_path)
    for command, more in (("check", ""), ("replay", REPLAY[name])):
        (tmp_path / "houses.py").write_text(f"{SUITE}\n{more}\n", encoding="utf-8")
        shown = CliRunner().invoke(main, [command, "houses.py"]).stdout
    assert matches(f"replay_{name}", shown)


def test_every_file_has_its_session():
    """No file is left over from a session that is gone."""
    names = [f"pytest_{name}" for name in PYTEST] + [f"replay_{name}" for name in REPLAY]
    assert sorted(names) == sorted(path.stem for path in HERE.glob("*.txt"))


@pytest.mark.parametrize("path", sorted(HERE.glob("*.txt")), ids=lambda path: path.stem)
def test_files_fit_the_terminal(path):
    """No line of ours is wider than 80 cells, but for the command that is copied whole."""
    lines = path.read_text(encoding="utf-8").splitlines()
    others = ("  Replay: ", "    @mm.relations(", ">   ", "E   ", "FAILED ", "_ ")
    assert [] == [line for line in lines if cell_len(line) > 80 and not line.startswith(others)]
