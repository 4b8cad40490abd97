"""Options of pytest's command line and ini file: which comes first, what is refused, and what they bring along."""

import json

import pytest

pytest_plugins = ["pytester"]

TEST = """
@mm.relations(mm.increasing("area"), schema=SCHEMA, budget=30, seed=3)
def test_it(relation, model):
    relation.check(model)
"""
NAME = "test_houses.py::test_it[increasing[area]]"


def ini(project, *lines):
    project.makeini("\n".join(["[pytest]", *lines]))


PRECEDENCE = {
    "the decorator": ([], [], (30, 3)),
    "the ini file before the decorator": (["metamorph_budget = 20", "metamorph_seed = 2"], [], (20, 2)),
    "the command line before both": (
        ["metamorph_budget = 20", "metamorph_seed = 2"],
        ["--metamorph-budget=10", "--metamorph-seed=0"],
        (10, 0),
    ),
    "each setting for itself": (["metamorph_budget = 20"], ["--metamorph-seed=1"], (20, 1)),
}


@pytest.mark.parametrize(("lines", "options", "expected"), PRECEDENCE.values(), ids=list(PRECEDENCE))
def test_precedence(write, project, run, lines, options, expected):
    """The command line comes before the ini file, and the ini file before the decorator."""
    write(TEST)
    ini(project, *lines)
    run("--metamorph-report=found.json", *options).assert_outcomes(passed=1)
    (test,) = json.loads((project.path / "found.json").read_text("utf-8"))["tests"]
    (report,) = test["reports"]
    assert (NAME, *expected) == (test["test"], report["results"][0]["cases"], report["seed"])


def test_seconds(write, found):
    """A time limit ends a check that would take longer."""
    write(TEST)
    ((result,),) = found("--metamorph-seconds=0.05", "--metamorph-budget=1000000000").values()
    assert ("held", True) == (result["verdict"], result["stopped"] is not None)


REFUSED = {
    "--metamorph-budget=0": "--metamorph-budget: expected 1 or more, got 0",
    "--metamorph-budget=-5": "--metamorph-budget: expected 1 or more, got -5",
    "--metamorph-budget=many": "invalid int value: 'many'",
    "--metamorph-seconds=0": "--metamorph-seconds: expected more than 0, got 0.0",
    "--metamorph-seconds=nan": "--metamorph-seconds: expected more than 0, got nan",
    "--metamorph-seconds=inf": "--metamorph-seconds: expected more than 0, got inf",
    "--metamorph-seed=-1": "--metamorph-seed: expected 0 or more, got -1",
    "--metamorph-report=no/such/found.json": "--metamorph-report: there is no folder",
    "metamorph_budget = 0": "metamorph_budget in the ini file: expected 1 or more, got 0",
    "metamorph_budget = 1e3": "metamorph_budget in the ini file: expected 1 or more, got 1e3",
    "metamorph_seconds = soon": "metamorph_seconds in the ini file: expected more than 0, got soon",
    "metamorph_seed = -1": "metamorph_seed in the ini file: expected 0 or more, got -1",
    "metamorph_report = no/such/found.json": "--metamorph-report: there is no folder",
    "metamorph_replay_only = perhaps": "perhaps",
}


@pytest.mark.parametrize(("setting", "said"), REFUSED.items(), ids=list(REFUSED))
def test_settings_that_cannot_be(write, project, run, setting, said):
    """A setting that cannot be is a usage error before any test runs, in a line that says what is expected."""
    write(TEST)
    ini(project, *([] if setting.startswith("-") else [setting]))
    ran = run(*([setting] if setting.startswith("-") else []))
    lines = [line for line in [*ran.outlines, *ran.errlines] if said in line]
    assert (pytest.ExitCode.USAGE_ERROR, True) == (ran.ret, bool(lines))
    assert "INTERNALERROR" not in ran.stdout.str() + ran.stderr.str()


def test_where_the_report_is_written(write, project, run):
    """A report's path begins where the user stands; in the ini file, at pytest's root."""
    write(TEST)
    ini(project, "metamorph_report = of_the_ini.json")
    folder = project.mkdir("folder")
    with project.path.joinpath("folder") and pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        run("..").assert_outcomes(passed=1)
        run("..", "--metamorph-report=of_the_line.json").assert_outcomes(passed=1)
    assert ["folder/of_the_line.json", "of_the_ini.json"] == sorted(
        str(path.relative_to(project.path)) for path in project.path.rglob("of_*.json")
    )


def test_a_report_of_nothing(project, run):
    """A session without a relation leaves a report without tests."""
    project.makepyfile("def test_it(): pass")
    run("--metamorph-report=found.json").assert_outcomes(passed=1)
    assert {"format": "metamorph-pytest", "version": 1, "tests": []} == json.loads(
        (project.path / "found.json").read_text("utf-8")
    )


def test_without_a_summary(write, run, project):
    """The report is written when nobody wants a summary, or has a terminal."""
    write(TEST)
    for option in ("--no-summary", "-pno:terminal"):
        run("--metamorph-report=found.json", option)
        assert NAME in (project.path / "found.json").read_text("utf-8")
        (project.path / "found.json").unlink()


@pytest.mark.skipif("not __import__('os').path.exists('/dev/full')", reason="this system has no full device")
def test_a_report_that_cannot_be_written(write, run):
    """A report that cannot be written is said, the tests keep their outcomes, and the run is no success."""
    write(TEST)
    ran = run("--metamorph-report=/dev/full")
    ran.assert_outcomes(passed=1)
    ran.stdout.fnmatch_lines(["metamorph: the report cannot be written to /dev/full: No space left on device"])
    assert pytest.ExitCode.USAGE_ERROR == ran.ret


def test_the_marker_selects(write, project, run):
    """Tests of relations carry the marker metamorph, and others do not; the marker is registered."""
    write(TEST)
    project.makepyfile("def test_other(): pass")
    run("-m", "metamorph", "--strict-markers").assert_outcomes(passed=1, deselected=1)
    run("-m", "not metamorph", "--strict-markers").assert_outcomes(passed=1, deselected=1)
    run("-k", "increasing").assert_outcomes(passed=1, deselected=1)
    run("--markers").stdout.fnmatch_lines(["@pytest.mark.metamorph: *"])


def test_strict(write, project, run):
    """The plugin lives with every strictness of pytest's."""
    write(TEST)
    ini(project, "metamorph_budget = 20", "xfail_strict = true", "empty_parameter_set_mark = fail_at_collect")
    run("--strict-markers", "--strict-config", "-W", "error").assert_outcomes(passed=1)


def test_collecting_asks_nothing(write, run):
    """Collecting tests lists them, and asks no model."""
    write(TEST.replace("relation.check(model)", "sys.exit('this ran')"))
    ran = run("--collect-only", "-q")
    assert [NAME] == [line for line in ran.outlines if "::" in line]


def test_nothing_without_our_prefix(project, run):
    """What the plugin adds to pytest's options, ini names and markers bears our name; it adds no fixture."""
    project.makepyfile("def test_it(): pass")

    def names(*options, **how):
        """The first words of lines that begin in the first three columns: options, ini names, markers, fixtures."""
        lines = [line for line in run(*options, **how).outlines if line.strip() and not line.startswith("   ")]
        return {line.split()[0] for line in lines if line.startswith(("  ", "@")) or " -- " in line}

    without = {"plugin": ("-p", "no:metamorph.plugin")}
    added = {what: names(what) - names(what, **without) for what in ("--help", "--markers")}
    settings = ("budget", "seconds", "seed", "report", "replay-only")
    assert {f"--metamorph-{name}" for name in settings} <= {word.partition("=")[0] for word in added["--help"]}
    assert {f"metamorph_{name.replace('-', '_')}" for name in settings} <= added["--help"]
    assert [] == [name for each in added.values() for name in each if "metamorph" not in name]
    assert names("--fixtures") == names("--fixtures", **without)
