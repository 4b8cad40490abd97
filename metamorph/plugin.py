"""The pytest plugin: options, the summary of relations, the JSON report, and the failure database.

It imports pytest alone until a test checks a relation. What a test found travels on its report, so that the summary is
the same under pytest-xdist, where tests run in other processes.
"""

from __future__ import annotations

import functools
import json
import math
import os
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from metamorph import host

if TYPE_CHECKING:
    from metamorph.bound import BoundRelation
    from metamorph.report import Report
    from metamorph.result import Result

FORMAT = "metamorph-pytest"
VERSION = 1
FOUND = "metamorph_reports"
"""The attribute of a test's report that holds what its checks found, each report as JSON text."""
NOTHING_FAILED = "no case of it failed before"


class _Setting(NamedTuple):
    """A setting that command line and ini file may make for every test."""

    kind: type[int | float]
    metavar: str
    text: str
    wanted: str
    allows: Callable[[float], bool]


SETTINGS = {
    "budget": _Setting(int, "N", "effective cases for each relation", "1 or more", lambda value: value >= 1),
    "seconds": _Setting(float, "S", "time limit of each check", "more than 0", lambda value: 0 < value < math.inf),
    "seed": _Setting(int, "N", "seed of every draw", "0 or more", lambda value: value >= 0),
}

_found = pytest.StashKey[list["Report"]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, and the same names to the ini file."""
    group = parser.getgroup("metamorph", "metamorphic relations")
    for name, (kind, metavar, text, _, _) in SETTINGS.items():
        group.addoption(f"--metamorph-{name}", type=kind, default=None, metavar=metavar, help=f"{text}, for every test")
        parser.addini(f"metamorph_{name}", f"{text}, for every test")
    group.addoption("--metamorph-report", default=None, metavar="PATH", help="write what was found to PATH, as JSON")
    parser.addini("metamorph_report", "where to write what was found, as JSON")
    group.addoption(
        "--metamorph-replay-only", action="store_true", default=False, help="ask about cases that failed before only"
    )
    parser.addini("metamorph_replay_only", "ask about cases that failed before only", type="bool", default=False)


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, and refuse settings that cannot be."""
    config.addinivalue_line("markers", "metamorph: a test of metamorphic relations (set by itself).")
    for name in SETTINGS:
        _setting(config, name)
    _replay_only(config)
    path = _report_path(config)
    if path is not None and not path.parent.is_dir():
        msg = f"--metamorph-report: there is no folder {str(path.parent)!r} to write it to"
        raise pytest.UsageError(msg)
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Summary(config), "metamorph summary")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark the tests that take a bound relation; the marker is set here, where it is registered as well."""
    callspec = getattr(item, "callspec", None)
    if callspec is not None and type(callspec.params.get("relation")).__module__ == "metamorph.bound":
        item.add_marker("metamorph")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """While a test and its fixtures run, relations are checked with pytest's settings, and what they find is kept."""
    outcomes = (pytest.fail.Exception, pytest.skip.Exception, pytest.exit.Exception)
    running = host.runner.set(functools.partial(_run, item))
    stops = host.stops.set((KeyboardInterrupt, *outcomes))
    try:
        return (yield)
    finally:
        host.runner.reset(running)
        host.stops.reset(stops)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Nothing is found yet, in another run of the same test either."""
    item.stash[_found] = []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Skip a test that asked about nothing, since only what failed before was to be asked about."""
    outcome = yield
    results = [result for report in item.stash[_found] for result in report.results]
    if results and all(result.verdict == "skipped" for result in results):
        pytest.skip(NOTHING_FAILED)
    return outcome


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Put what the test found on its report; a failing relation's own report is shown as it is."""
    report = yield
    found = item.stash.get(_found, [])
    if not found or call.when == "teardown" or (call.when == "setup" and call.excinfo is None):
        return report
    setattr(report, FOUND, [one.to_json() for one in found])
    raised = None if call.excinfo is None else call.excinfo.value
    if isinstance(raised, AssertionError) and str(raised) in {f"\n{one}" for one in found}:
        _show(report.longrepr, str(raised))
    if isinstance(raised, pytest.skip.Exception) and raised.msg == NOTHING_FAILED:
        path, line, _ = item.location
        report.longrepr = (path, (line or 0) + 1, NOTHING_FAILED)
    return report


class _Summary:
    """What the tests of a session found, gathered where their reports arrive: under pytest-xdist, from every worker."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.found: dict[str, list[str]] = {}
        self.unwritten = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Gather what a test found."""
        if hasattr(report, FOUND):
            self.found[report.nodeid] = getattr(report, FOUND)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the JSON report where one is wanted; a run without it is no success."""
        path = _report_path(self.config)
        if path is None:
            return
        tests = [
            {"test": nodeid, "reports": [json.loads(document) for document in documents]}
            for nodeid, documents in sorted(self.found.items())
        ]
        document = json.dumps({"format": FORMAT, "version": VERSION, "tests": tests}, indent=1, allow_nan=False)
        try:
            path.write_text(document + "\n", encoding="utf-8")
        except OSError as error:
            self.unwritten = f"metamorph: the report cannot be written to {path}: {error.strerror}"
            session.exitstatus = session.exitstatus or pytest.ExitCode.USAGE_ERROR

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print the table of relations."""
        if self.found:
            terminalreporter.section("metamorph")
            for line in _table(self.found):
                terminalreporter.write_line(line)
        if self.unwritten:
            terminalreporter.write_line(self.unwritten, red=True)


def _run(item: pytest.Item, bound: BoundRelation, model: Any) -> Report:
    """Check a bound relation as the command line, the ini file and the decorator say, in this order."""
    __tracebackhide__ = True
    import attrs  # noqa: PLC0415 - not before a test checks a relation

    from metamorph.errors import MetamorphError  # noqa: PLC0415 - the same
    from metamorph.failures import FOLDER, Failures, opened  # noqa: PLC0415 - the same
    from metamorph.runner.checking import run  # noqa: PLC0415 - the same

    config, found = item.config, item.stash[_found]
    said = {name: value for name in SETTINGS if (value := _setting(config, name)) is not None}
    if _replay_only(config):
        said["budget"] = None
    turn = 1 + sum(result.relation == bound.id for report in found for result in report.results)
    try:
        report = run(
            model,
            bound.relation,
            bound.schema,
            attrs.evolve(bound.settings, **said),
            failures=Failures(
                opened(config.rootpath / FOLDER),
                "pytest",
                item.nodeid,
                turn=turn,
                arguments=_arguments(config, item.nodeid),
            ),
        )
    except MetamorphError as error:  # a mistake of the user's, told without frames of ours
        raise error.with_traceback(None) from None
    found.append(report)
    for result in report.results:
        item.user_properties += _properties(result)
    return report


def _arguments(config: pytest.Config, nodeid: str) -> tuple[str, ...]:
    """What leads to a test from where the user stands: its id begins at pytest's root, which may have been named."""
    path, separator, test = nodeid.partition("::")
    path = Path(os.path.relpath(config.rootpath / path, config.invocation_params.dir)).as_posix()
    named = (("-c", config.getoption("inifilename")), ("--rootdir", config.getoption("rootdir")))
    return (path + separator + test, *(word for option, value in named if value for word in (option, str(value))))


def _setting(config: pytest.Config, name: str) -> Any:
    """A setting as the command line has it, else as the ini file has it, else None; UsageError where it cannot be."""
    kind, _, _, wanted, allows = SETTINGS[name]
    given, where = config.getoption(f"--metamorph-{name}"), f"--metamorph-{name}"
    text = config.getini(f"metamorph_{name}")
    if given is None and text:
        where = f"metamorph_{name} in the ini file"
        try:
            given = kind(text)
        except ValueError:
            given = text
    if given is None or (not isinstance(given, str) and allows(given)):
        return given
    msg = f"{where}: expected {wanted}, got {given}"
    raise pytest.UsageError(msg)


def _replay_only(config: pytest.Config) -> bool:
    try:
        return bool(config.getoption("--metamorph-replay-only") or config.getini("metamorph_replay_only"))
    except ValueError as error:
        msg = f"metamorph_replay_only in the ini file: {error}"
        raise pytest.UsageError(msg) from None


def _report_path(config: pytest.Config) -> Path | None:
    """Where to write the JSON report: seen from where the user stands, or for the ini file from pytest's root."""
    given, text = config.getoption("--metamorph-report"), config.getini("metamorph_report")
    if given:
        return Path(config.invocation_params.dir, given)
    return Path(config.rootpath, text) if text else None


def _properties(result: Result) -> list[tuple[str, Any]]:
    """A result as plain values, for the JUnit XML."""
    from metamorph.report.lines import safe  # noqa: PLC0415 - not before a test checks a relation

    low, high = result.interval or (None, None)
    values = {
        "relation": safe(result.relation),
        "verdict": result.verdict,
        "cases": result.cases,
        "violations": result.violations,
        "rate": result.rate,
        "rate_low": low,
        "rate_high": high,
        "calls": result.calls,
        "replay": None if result.replay is None else safe(result.replay),
    }
    return [(f"metamorph_{name}", value) for name, value in values.items() if value is not None]


def _show(shown: Any, text: str) -> None:
    """Show a report as it is, as wide as a terminal: without pytest's margin; its first line sums the failure up."""
    crash, traceback = getattr(shown, "reprcrash", None), getattr(shown, "reprtraceback", None)
    if crash is not None:
        crash.message = " ".join(text.split("\n")[1].split())
    lines = [entry.lines for entry in getattr(traceback, "reprentries", [])[-1:]]
    for last in lines:
        first = next((place for place, line in enumerate(last) if line.startswith("E ")), len(last))
        last[first + 1 :] = text.split("\n")[1:]


def _table(found: dict[str, list[str]]) -> list[str]:
    """The lines of the summary: below each test its relations, with verdict, rate, interval and calls."""
    from metamorph.report import Report  # noqa: PLC0415 - not before a test checks a relation
    from metamorph.report.text import summary  # noqa: PLC0415 - the same

    tests, rows = [], []
    for nodeid, documents in sorted(found.items()):
        path, _, test = nodeid.partition("::")
        name, _, parameters = test.partition("[")
        for result in (result for document in documents for result in Report.from_json(document).results):
            tests.append(f"{path}::{name}")
            rows.append((f"  {parameters.removesuffix(']') or result.relation}", result))
    title, *lines = summary(rows).splitlines()
    shown = [title]
    for place, (test, line) in enumerate(zip(tests, lines, strict=True)):
        shown += [line] if place and tests[place - 1] == test else [test, line]
    return shown
