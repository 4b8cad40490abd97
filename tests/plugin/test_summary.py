"""What a session says of its relations: the table, the line of each failure, JSON and JUnit XML."""

import json
from xml.etree import ElementTree as ET

import pytest

import metamorph as mm

pytest_plugins = ["pytester"]

TESTS = """
@mm.relations(mm.increasing("area"), mm.increasing("rooms"), schema=SCHEMA, budget=200)
def test_it(relation, model):
    relation.check(model)

@mm.parametrize_with_relations(
    {"plain": price, "raising": lambda t: 1 / 0},
    SCHEMA,
    mm.increasing("area").allow(0.01),
    budget=100,
    expected_failures={"plain-increasing[area]": "too few cases"},
)
def test_models(model, relation):
    relation.check(model)

def test_other():
    assert True
"""


def table(ran):
    """The lines of the table."""
    lines = [line.rstrip() for line in ran.outlines]
    first = next(place for place, line in enumerate(lines) if line.strip("= ") == "metamorph")
    last = next(place for place, line in enumerate(lines[first + 1 :], first + 1) if line.startswith("="))
    return lines[first + 1 : last]


def test_the_table(write, run):
    """The table has a line for each relation, below its test: verdict, rate with interval, cases and calls."""
    write(TESTS)
    assert [
        "relation                    verdict       rate   95% interval  cases  calls",
        "test_houses.py::test_it",
        "  increasing[area]          HELD            0%     0% to 3.6%    200      5",
        "  increasing[rooms]         VIOLATED      100%  96.4% to 100%    200     19",
        "test_houses.py::test_models",
        "  plain-increasing[area]    INCONCLUSIVE    0%     0% to 3.6%    100      4",
        "  raising-increasing[area]  BROKEN                                 0      2",
    ] == table(run())


def test_without_relations(project, run):
    """A session without relations has no table."""
    project.makepyfile("def test_it(): pass")
    assert "metamorph" not in [line.strip("= ") for line in run().outlines]


def test_the_line_of_a_failure(write, run):
    """A failing relation is summed up by the first line of its report; what fails beside it, as ever."""
    write(
        TESTS
        + """
@mm.relations(mm.increasing("area"), mm.increasing("rooms"), schema=SCHEMA, budget=50)
def test_own(relation, model):
    with pytest.raises(AssertionError, match="VIOLATED") if "rooms" in relation.id else pytest.MonkeyPatch.context():
        relation.check(model)
    assert relation.id == "other"
"""
    )
    assert [
        "FAILED test_houses.py::test_it[increasing[rooms]] - VIOLATED on 100% of real ...",
        "FAILED test_houses.py::test_models[raising-increasing[area]] - BROKEN: the mo...",
        "FAILED test_houses.py::test_own[increasing[area]] - AssertionError: assert 'i...",
        "FAILED test_houses.py::test_own[increasing[rooms]] - AssertionError: assert '...",
    ] == sorted(line for line in run("-rf").outlines if line.startswith("FAILED"))


def test_the_report_holds_every_check(write, found):
    """The JSON report holds what mm.check would say, for every test in the order of their ids."""
    write(TESTS)
    results = found()
    assert [
        ("test_houses.py::test_it[increasing[area]]", ["held"]),
        ("test_houses.py::test_it[increasing[rooms]]", ["violated"]),
        ("test_houses.py::test_models[plain-increasing[area]]", ["inconclusive"]),
        ("test_houses.py::test_models[raising-increasing[area]]", ["broken"]),
    ] == [(name, [result["verdict"] for result in each]) for name, each in results.items()]


def test_the_report_can_be_read(write, run, project):
    """Each report within the JSON report is one that Report.from_json reads."""
    write(TESTS)
    run("--metamorph-report=found.json")
    tests = json.loads((project.path / "found.json").read_text("utf-8"))["tests"]
    read = [mm.Report.from_json(json.dumps(report)) for test in tests for report in test["reports"]]
    assert [0, 1, 4, 3] == [report.exit_code for report in read]


def test_junit(write, run, project):
    """The JUnit XML has the figures as properties, and the verdict as the message of the failure."""
    write(TESTS)
    run("--junitxml=junit.xml")
    cases = {case.get("name"): case for case in ET.parse(project.path / "junit.xml").iter("testcase")}  # noqa: S314 - our own
    case = cases["test_it[increasing[rooms]]"]
    properties = {entry.get("name"): entry.get("value") for entry in case.iter("property")}
    assert {
        "metamorph_relation": "increasing[rooms]",
        "metamorph_verdict": "violated",
        "metamorph_cases": "200",
        "metamorph_violations": "200",
        "metamorph_rate": "1.0",
        "metamorph_rate_high": "1.0",
        "metamorph_calls": "19",
        "metamorph_replay": "pytest 'test_houses.py::test_it[increasing[rooms]]' --metamorph-replay-only",
    } == {name: value for name, value in properties.items() if name != "metamorph_rate_low"}
    assert case.find("failure").get("message").startswith("VIOLATED on 100% of real houses")
    assert [] == list(cases["test_other"].iter("property"))


def test_properties_are_plain(write, run, project):
    """The properties of an item are plain Python values, and are there while it is torn down."""
    write(TESTS)
    project.makeconftest(
        """
        def pytest_runtest_teardown(item):
            for name, value in item.user_properties:
                assert name.startswith("metamorph_")
                assert type(value) in (str, int, float), (name, type(value))
            assert bool(item.user_properties) == ("test_other" not in item.name)
        """
    )
    run().assert_outcomes(passed=2, failed=2, xfailed=1)


@pytest.mark.parametrize("style", ["auto", "long", "short", "line", "native", "no"])
def test_every_traceback_style(write, run, style):
    """Whatever the style of tracebacks, the run ends well, and says what is violated."""
    write(TESTS)
    ran = run(f"--tb={style}")
    ran.assert_outcomes(passed=2, failed=2, xfailed=1)
    assert "VIOLATED on 100% of real" in ran.stdout.str()
    assert "INTERNALERROR" not in ran.stdout.str()
