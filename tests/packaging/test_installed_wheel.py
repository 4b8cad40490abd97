"""What a user gets from the wheel: `.ci/run` installs it and runs this file away from the checkout."""

import importlib.metadata
import importlib.resources
import os
import pathlib
import subprocess
import sys
import tomllib

import numpy as np
import pandas as pd
import pytest

import metamorph as mm
import metamorph_strategies
from metamorph.catalogue.truth_table import truth_table

CHECKOUT = pathlib.Path(os.environ["CHECKOUT"]).resolve()
SUITE = """
import metamorph as mm

def model(frame):
    return {sign}1000.0 * frame["area"].to_numpy()

schema = mm.Schema(area=mm.Integer(20, 400), rooms=mm.Integer(1, 9))
relations = [mm.increasing("area").named("bigger costs more")]
"""


@pytest.fixture(scope="module")
def houses():
    rng = np.random.default_rng(0)
    return pd.DataFrame({"area": rng.integers(20, 400, 500), "rooms": rng.integers(1, 10, 500)})


def metamorph(*arguments, cwd):
    command = [pathlib.Path(sys.executable).with_name("metamorph"), *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)  # noqa: S603 - our own command


@pytest.mark.parametrize("package", [mm, metamorph_strategies])
def test_both_packages_come_from_site_packages_and_not_from_the_checkout(package):
    file = pathlib.Path(package.__file__).resolve()
    assert "site-packages" in file.parts
    assert not file.is_relative_to(CHECKOUT)


@pytest.mark.parametrize("package", ["metamorph", "metamorph_strategies"])
def test_type_checkers_are_told_that_the_package_has_types(package):
    assert importlib.resources.files(package).joinpath("py.typed").is_file()


def test_the_wheel_holds_the_two_packages_and_nothing_else():
    files = importlib.metadata.files("metamorph-testing")
    assert {file.parts[0] for file in files if file.suffix in {".py", ".typed"}} == {
        "metamorph",
        "metamorph_strategies",
    }


def test_the_licence_is_in_the_wheel():
    assert "Apache License" in importlib.metadata.distribution("metamorph-testing").read_text("licenses/LICENSE")


def test_the_installed_version_is_the_one_of_the_checkout():
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == importlib.metadata.version("metamorph-testing")


def test_the_command_line_lists_its_commands(tmp_path):
    said = metamorph("--help", cwd=tmp_path)
    assert (0, True) == (said.returncode, "check" in said.stdout)


def test_a_model_that_falls_is_violated(houses):
    report = mm.check(lambda t: -t["area"].to_numpy(float), mm.increasing("area"), houses, budget=500)
    assert ("violated", 1) == (report.results[0].verdict, report.exit_code)


def test_a_model_that_rises_holds(houses):
    report = mm.check(lambda t: t["area"].to_numpy(float), mm.increasing("area"), houses, budget=500)
    assert ("held", 0) == (report.results[0].verdict, report.exit_code)


@pytest.mark.parametrize(("sign", "code", "verdict"), [("-", 1, "VIOLATED"), ("+", 0, "HELD")])
def test_a_suite_file_is_checked_from_the_command_line(tmp_path, sign, code, verdict):
    (tmp_path / "suite.py").write_text(SUITE.format(sign=sign))
    said = metamorph("check", "suite.py", "--budget", "500", cwd=tmp_path)
    assert (code, verdict, "") == (said.returncode, said.stdout.split()[0].upper(), said.stderr)


def test_the_truth_table_is_shipped():
    assert {"relation", "estimator", "agreement"} <= set(truth_table().columns)


def test_pytest_finds_the_plugin(tmp_path):
    (tmp_path / "test_it.py").write_text(
        "import metamorph as mm\n"
        "schema = mm.Schema(area=mm.Integer(20, 400))\n"
        "@mm.relations(mm.increasing('area'), schema=schema)\n"
        "def test_it(relation):\n"
        "    relation.check(lambda t: t['area'].to_numpy() * 1.0)\n",
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "pytest", "-q", "-m", "metamorph", "--metamorph-budget", "50"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    assert (0, True) == (done.returncode, "increasing[area]" in done.stdout)


def test_the_registry_is_listed(tmp_path):
    done = metamorph("list", "--group", "batch", cwd=tmp_path)
    assert (0, True) == (done.returncode, "P16" in done.stdout)
