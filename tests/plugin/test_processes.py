"""The plugin in processes of its own: beside other plugins, under pytest-xdist, unused, switched off, and crashed."""

import json
import os
import subprocess
import sys
import textwrap
from xml.etree import ElementTree as ET

import pytest

PATIENCE = 120

TESTS = """
    from houses import *

    RELATIONS = [mm.increasing("area"), mm.increasing("rooms"), mm.invariant("rooms", tolerance=mm.relative(0.001))]

    @mm.parametrize_with_relations({"price": price, "discount": discount}, SCHEMA, RELATIONS, budget=100)
    def test_models(model, relation):
        relation.check(model)

    @mm.relations(*RELATIONS[:2], schema=SCHEMA, budget=50, expected_failures={"increasing[rooms]": "known"})
    def test_known(relation, model):
        relation.check(model)

    @mm.relations(mm.increasing("area"), schema=SCHEMA)
    def test_broken(relation):
        relation.check(lambda t: sys.exit(0))
"""
OUTCOMES = {"failed": 3, "passed": 5, "xfailed": 1}
BESIDE = [
    "-W",
    "error",
    "--strict-markers",
    "--strict-config",
    "--timeout=100",
    "--self-contained-html",
    "--cov=houses",
]
"""Other plugins at work, and everything strict."""


@pytest.fixture(scope="module")
def pytest_(houses, plugin, tmp_path_factory):
    """Runs pytest in a process of its own, on test modules in a folder of its own or in one that is given."""

    def run(*arguments, tests=TESTS, folder=None, seed="0", plugin=plugin):
        if folder is None:
            folder = tmp_path_factory.mktemp("project")
            (folder / "houses.py").write_text(houses, encoding="utf-8")
            (folder / "test_houses.py").write_text(textwrap.dedent(tests), encoding="utf-8")
        paths = os.pathsep.join(path for path in sys.path if path)  # where a checkout that is not installed lies
        done = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-m", "pytest", *plugin, *arguments],
            cwd=folder,
            env={
                **os.environ,
                "PYTHONHASHSEED": seed,
                "COLUMNS": "80",
                "PYTHONPATH": paths,
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        return folder, done

    return run


@pytest.fixture(scope="module")
def serial(pytest_):
    """A session in one process, beside other plugins."""
    return pytest_(
        *BESIDE,
        "-n0",
        "-prandomly",
        "--randomly-seed=1",
        "--html=r.html",
        "--metamorph-report=r.json",
        "--junitxml=r.xml",
    )


@pytest.fixture(scope="module")
def parallel(pytest_):
    """The same session in two more processes, in another order, with other hashes."""
    return pytest_(
        *BESIDE,
        "-n2",
        "--dist=loadscope",
        "--randomly-seed=2",
        "--html=r.html",
        "--metamorph-report=r.json",
        "--junitxml=r.xml",
        seed="2",
    )


def outcomes(done):
    return pytest.RunResult.parse_summary_nouns(done.stdout.splitlines())


def timeless(path):
    """A JSON report without its times."""

    def without(data):
        if isinstance(data, dict):
            return {name: without(value) for name, value in data.items() if name != "seconds"}
        return [without(value) for value in data] if isinstance(data, list) else data

    return json.dumps(without(json.loads(path.read_text("utf-8"))), indent=1)


def test_beside_other_plugins(serial):
    """It runs beside pytest-xdist, -cov, -html, -timeout and -randomly, where every warning is an error."""
    _, done = serial
    assert (OUTCOMES, "") == (outcomes(done), done.stderr)


def test_under_xdist(parallel):
    """It runs under pytest-xdist with the same outcomes."""
    _, done = parallel
    assert (OUTCOMES, "") == (outcomes(done), done.stderr)


def test_the_table_under_xdist(serial, parallel):
    """The table is the same, in whatever process and order tests ran."""
    tables = [
        [
            line
            for line in done.stdout.partition(" metamorph ")[2].splitlines()
            if line.startswith(("  ", "test_houses"))
        ]
        for _, done in (serial, parallel)
    ]
    assert 9 + 3 == len(tables[0])
    assert tables[0] == tables[1]


def test_the_report_under_xdist(serial, parallel):
    """The JSON report is the same to the byte apart from times: with workers, other hashes and another order."""
    assert timeless(serial[0] / "r.json") == timeless(parallel[0] / "r.json")


def test_properties_under_xdist(serial, parallel):
    """The JUnit XML has the same properties under pytest-xdist."""

    def properties(folder):
        cases = ET.parse(folder / "r.xml").iter("testcase")  # noqa: S314 - our own
        return {case.get("name"): [tuple(entry.attrib.values()) for entry in case.iter("property")] for case in cases}

    assert 9 == len(properties(serial[0]))
    assert properties(serial[0]) == properties(parallel[0])


def test_what_failed_is_kept_under_xdist(parallel, pytest_):
    """What failed in workers is replayed by the next session, whatever process it runs in."""
    folder, _ = parallel
    _, done = pytest_("-n0", "--metamorph-replay-only", folder=folder)
    assert {"failed": 3, "skipped": 5, "xfailed": 1} == outcomes(done)


def test_a_crash_is_its_own(pytest_):
    """A model that ends the process fails its own test under pytest-xdist, and the others go on and are reported."""
    tests = """
        from houses import *
        import os

        @mm.parametrize_with_relations(
            {"first": price, "crash": lambda t: os._exit(7), "last": price}, SCHEMA, mm.increasing("area"), budget=20
        )
        def test_it(model, relation):
            relation.check(model)
    """
    _, done = pytest_("-n1", "-pno:randomly", "-pno:cov", tests=tests)
    assert {"passed": 2, "failed": 1} == outcomes(done)
    assert ["first", "last"] == [
        line.split("-")[0].strip() for line in done.stdout.splitlines() if line.startswith("  ") and "HELD" in line
    ]


def test_without_the_plugin(pytest_):
    """Where the plugin is switched off, relations are judged by their decorators' settings, and nothing is kept."""
    folder, done = pytest_("-pno:metamorph.plugin", "-Werror", "--strict-markers", "-rf", "-pno:randomly", plugin=())
    assert (OUTCOMES, False) == (outcomes(done), (folder / ".metamorph").exists())
    assert "VIOLATED on 100% of real houses" in done.stdout


def test_an_unused_plugin_loads_nothing(pytest_):
    """A session without a relation loads nothing heavy, and of ours no more than the plugin."""
    tests = """
        import sys

        def test_it():
            heavy = {"hypothesis", "numpy", "pandas", "sklearn", "scipy", "rich", "cattrs", "metamorph_strategies"}
            assert set() == heavy & set(sys.modules)
            assert {"metamorph", "metamorph.host", "metamorph.plugin"} == {
                name for name in sys.modules if name.partition(".")[0] == "metamorph"
            }
    """
    _, done = pytest_("-pno:randomly", tests=tests)  # which loads numpy
    assert ({"passed": 1}, "") == (outcomes(done), done.stderr)
