"""The pytest plugin: options, the summary of relations, the JSON report, and the failure database.

It imports pytest alone until a test checks a relation. What a test found travels on its report, so that the summary is
the same under pytest-xdist, where tests run in other processes.
"""

from __future__ import annotations

import json
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from metamorph import host

if TYPE_CHECKING:
    from metamorph.bound import BoundRelation
    from metamorph.report import Report
    from metamorph.result import Result

FORMAT = "metamorph-pytest"
VERSION = 1
KINDS = {"budget": int, "seconds": float, "seed": int}
"""Settings that command line and ini file may set for every test."""
FOUND = "metamorph_reports"
"""The attribute of a test's report that holds what its checks found, each report as JSON text."""

_found = pytest.StashKey[list["Report"]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, and the same names to the ini file."""
    group = parser.getgroup("metamorph", "metamorphic relations")
    options = (
        ("budget", int, "N", "effective cases for each relation"),
        ("seconds", float, "S", "time limit for each check"),
        ("seed", int, "N", "seed of every draw"),
    )
    for name, kind, metavar, text in options:
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
    for name, kind in KINDS.items():
        value = _setting(config, name, kind)
        if value is not None and not (value >= 0 if name == "seed" else value > 0):
            msg = f"--metamorph-{name}: expected {'0 or more' if name == 'seed' else 'more than 0'}, got {value}"
            raise pytest.UsageError(msg)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark the tests that take a bound relation; the marker is set here, where it is registered as well."""
    callspec = getattr(item, "callspec", None)
    if callspec is not None and type(callspec.params.get("relation")).__module__ == "metamorph.bound":
        item.add_marker("metamorph")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """While a test runs, its bound relations are checked with pytest's settings, and what they find is kept."""
    outcomes = (pytest.fail.Exception, pytest.skip.Exception, pytest.exit.Exception)
    running = host.runner.set(lambda bound, model: _run(item, bound, model))
    stops = host.stops.set((KeyboardInterrupt, *outcomes))
    try:
        return (yield)
    finally:
        host.runner.reset(running)
        host.stops.reset(stops)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Put what the test found on its report, and the verdict in the line that pytest sums a failure up in."""
    report = yield
    if call.when == "call" and _found in item.stash:
        setattr(report, FOUND, [found.to_json() for found in item.stash[_found]])
        crash = getattr(report.longrepr, "reprcrash", None)
        if crash is not None and call.excinfo is not None and call.excinfo.errisinstance(AssertionError):
            crash.message = " ".join(str(item.stash[_found][-1]).partition("\n")[0].split())
    return report


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print the table of relations, and write the JSON report where one is wanted."""
    found = {report.nodeid: getattr(report, FOUND) for report in _reports(terminalreporter) if hasattr(report, FOUND)}
    if found:
        terminalreporter.section("metamorph")
        for line in _table(found):
            terminalreporter.write_line(line)
    path = _setting(config, "report", str)
    if path and not hasattr(config, "workerinput"):
        _write(config.rootpath / path, found, terminalreporter)


def _run(item: pytest.Item, bound: BoundRelation, model: Any) -> Report:
    """Check a bound relation as the command line, the ini file and the decorator say, in this order."""
    __tracebackhide__ = True
    from metamorph.failures import FOLDER, Failures, opened  # noqa: PLC0415 - not before a test checks a relation
    from metamorph.runner.checking import run  # noqa: PLC0415 - the same

    config, settings = item.config, bound.settings
    budget, seconds, seed = (_setting(config, name, kind) for name, kind in KINDS.items())
    only = config.getoption("--metamorph-replay-only") or config.getini("metamorph_replay_only")
    report = run(
        model,
        bound.relation,
        bound.schema,
        budget=None if only else settings.budget if budget is None else budget,
        seconds=settings.seconds if seconds is None else seconds,
        seed=settings.seed if seed is None else seed,
        floor=settings.floor,
        failures=Failures(opened(config.rootpath / FOLDER), "pytest", item.nodeid),
    )
    item.stash.setdefault(_found, []).append(report)
    for result in report.results:
        item.user_properties += _properties(result)
    if all(result.verdict == "skipped" for result in report.results):
        pytest.skip("no case of it failed before")
    return report


def _setting(config: pytest.Config, name: str, kind: type) -> Any:
    """An option as the command line has it, else as the ini file has it, else None."""
    given = config.getoption(f"--metamorph-{name}")
    if given is not None:
        return given
    text = config.getini(f"metamorph_{name}")
    try:
        return kind(text) if text else None
    except ValueError:
        msg = f"metamorph_{name} in the ini file: expected {kind.__name__}, got {text!r}"
        raise pytest.UsageError(msg) from None


def _properties(result: Result) -> list[tuple[str, Any]]:
    """A result as plain values, for the JUnit XML."""
    low, high = result.interval or (None, None)
    values = {
        "relation": result.relation,
        "verdict": result.verdict,
        "cases": result.cases,
        "violations": result.violations,
        "rate": result.rate,
        "rate_low": low,
        "rate_high": high,
        "calls": result.calls,
        "replay": result.replay,
    }
    from metamorph.report.lines import safe  # noqa: PLC0415 - not before a test checks a relation

    plain = {name: safe(value) if isinstance(value, str) else value for name, value in values.items()}
    return [(f"metamorph_{name}", value) for name, value in plain.items() if value is not None]


def _reports(terminalreporter: Any) -> list[pytest.TestReport]:
    every = [report for reports in terminalreporter.stats.values() for report in reports]
    return sorted((report for report in every if isinstance(report, pytest.TestReport)), key=lambda one: one.nodeid)


def _table(found: dict[str, list[str]]) -> list[str]:
    """The lines of the summary: every relation with its verdict, rate, interval and calls."""
    from metamorph.report import Report  # noqa: PLC0415 - not before a test checks a relation
    from metamorph.report.text import summary  # noqa: PLC0415 - the same

    tests = [nodeid.partition("::")[2] for nodeid in found]
    rows: list[tuple[str, Result]] = []
    for (nodeid, documents), test in zip(found.items(), tests, strict=True):
        name = test if tests.count(test) == 1 else nodeid
        rows += [(name, result) for document in documents for result in Report.from_json(document).results]
    return summary(rows).splitlines()


def _write(path: Path, found: dict[str, list[str]], terminalreporter: Any) -> None:
    tests = [
        {"test": nodeid, "reports": [json.loads(document) for document in reports]} for nodeid, reports in found.items()
    ]
    document = json.dumps({"format": FORMAT, "version": VERSION, "tests": tests}, indent=1, allow_nan=False)
    try:
        path.write_text(document + "\n", encoding="utf-8")
    except OSError as error:
        terminalreporter.write_line(f"metamorph: the report cannot be written to {path}: {error.strerror}", red=True)
