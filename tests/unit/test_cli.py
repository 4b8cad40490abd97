"""The command line on a suite file: exit codes, options, help, and every mistake in one to three lines."""

import json
import sys
import textwrap

import pytest
from click.testing import CliRunner

import metamorph as mm
from metamorph.cli import main
from metamorph.failures import everything, opened

SUITE = """
    import numpy as np
    import pandas as pd
    import metamorph as mm

    houses = pd.DataFrame({"area": np.arange(60) * 2.5 + 40, "rooms": np.arange(60) % 6 + 1})
    houses["heating"] = ["gas", "oil"] * 30
    schema = mm.Schema.from_frame(houses)

    def model(t):
        return (1_000 * t["area"] - 10 * t["rooms"]).to_numpy()

    relations = [mm.increasing("area")]
"""


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    """What fails is kept in the working folder, so that is never the checkout."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def write(tmp_path):
    """Writes a suite file: the usual one, with further lines."""

    def write(more="", suite=SUITE, name="suite.py"):
        path = tmp_path / name
        path.write_text(textwrap.dedent(suite) + textwrap.dedent(more), encoding="utf-8")
        return str(path)

    return write


def run(*arguments):
    return CliRunner().invoke(main, ["check", *arguments], catch_exceptions=False)


EXIT_CODES = {
    "held": ("", 0),
    "violated": ("relations = [mm.decreasing('area'), mm.increasing('area')]", 1),
    "broken": (
        "relations = [mm.decreasing('area'), mm.increasing('area').when(lambda t: t['area'] < 0).named('none')]",
        3,
    ),
    "inconclusive": ("relations = [mm.increasing('area').allow(0.001)]", 4),
    "violated and inconclusive": ("relations = [mm.decreasing('area'), mm.increasing('area').allow(0.001)]", 1),
    "a raising model": ("def model(t): raise SystemExit(0)", 3),
    "a model that exits with 0 for some rows": (
        "def model(t): return t['area'] if t['area'].max() < 150 else sys.exit(0)\nimport sys",
        3,
    ),
}


@pytest.mark.parametrize(("more", "code"), EXIT_CODES.values(), ids=list(EXIT_CODES))
def test_exit_codes(write, more, code):
    """The exit code is the most severe verdict's: 0 passed, 1 violated, 3 broken, 4 inconclusive."""
    done = run(write(more), "--budget", "200")
    assert (code, "") == (done.exit_code, done.stderr)


EXITING = {
    "a precondition": "relations = mm.increasing('area').when(lambda t: sys.exit(0))",
    "a transformation": (
        "relations = mm.Relation('own', transform=lambda t: sys.exit(0), touches=['area'], expect=np.subtract)"
    ),
    "an expectation": (
        "relations = mm.Relation('own', transform=lambda t: t.assign(area=50.0), touches=['area'],"
        " expect=lambda *_: sys.exit(0))"
    ),
    "an output": "relations = mm.increasing('area').on(lambda m, t: sys.exit(0))",
}


@pytest.mark.parametrize("more", EXITING.values(), ids=list(EXITING))
def test_a_function_that_exits(write, more):
    """A function of the suite that calls sys.exit(0) ends no run as if it had passed; it is said."""
    done = run(write(f"import sys\n{more}"), "--budget", "50")
    assert (True, True) == (done.exit_code in {2, 3}, "SystemExit: 0" in done.stdout + done.stderr)


def test_the_report_is_printed(write):
    """What is printed is the report as `check` gives it, and how to ask about the counterexample again."""
    more = "relations = [mm.increasing('area'), mm.decreasing('area')]\n"
    names = {}
    exec(textwrap.dedent(SUITE) + more, names)  # noqa: S102 - the suite itself
    report = mm.check(names["model"], names["relations"], names["schema"], budget=200, seed=3)
    printed = run(write(more), "--budget", "200", "--seed", "3").stdout
    (kept,) = everything(opened())
    assert f"{report}\n  Replay: metamorph replay suite.py {kept.id}\n" == printed


def test_json(write, tmp_path):
    """--json writes the report, with the budget and seed that were given."""
    target = tmp_path / "report.json"
    done = run(write(), "--budget", "150", "--seed", "7", "--json", str(target))
    report = mm.Report.from_json(target.read_text(encoding="utf-8"))
    assert (0, 150, 7) == (done.exit_code, report.results[0].cases, report.seed)


def test_json_of_a_failing_run(write, tmp_path):
    """--json is written as well when the run does not pass."""
    done = run(write("relations = mm.decreasing('area')"), "--json", str(tmp_path / "r.json"), "--budget", "50")
    assert (1, "violated") == (done.exit_code, json.loads((tmp_path / "r.json").read_text())["results"][0]["verdict"])


LABELLED = """
    relations = [mm.decreasing("area")]
    schema = mm.Schema.from_frame(houses.set_axis([f"H-{n}" for n in range(len(houses))]))
"""


def test_whose_row_it_is_explained_for(write):
    """--reference takes the index label of an observed row; a whole number where the labels are numbers."""
    done = run(write(LABELLED), "--budget", "100", "--reference", "H-7")
    assert (1, True) == (done.exit_code, "at the row 'H-7'" in " ".join(done.stdout.split()))
    done = run(write("relations = mm.decreasing('area')"), "--budget", "100", "--reference", "7")
    assert (1, True) == (done.exit_code, "at the row 7" in " ".join(done.stdout.split()))
    done = run(write(LABELLED), "--reference", "H-700")
    assert (2, True) == (done.exit_code, "no observed row with the index label 'H-700'" in done.stderr)


def test_confidence(write):
    """--confidence takes a number or "family"; anything else is a mistake told in a line."""
    more = "relations = mm.decreasing('area').allow(0.5), mm.decreasing('area').allow(0.4).named('b')"
    for given, said in (("0.99", " 99% interval"), ("family", " 97.5% interval")):
        done = run(write(more), "--confidence", given, "--budget", "100")
        assert said in " ".join(done.stdout.split())
    for given in ("1.5", "most", "nan"):
        done = run(write(more), "--confidence", given)
        assert (2, True) == (done.exit_code, len(done.stderr.splitlines()) <= 3)


def test_examples(write):
    """--examples 1 looks for no further counterexample."""
    more = """
        relations = mm.invariant("rooms", "heating")
        def model(t): return (t["area"] + 9.0 * (t["rooms"] > 3) + 5.0 * (t["heating"] == "oil")).to_numpy()
    """
    many, one = (run(write(more), "--budget", "300", *given).stdout for given in ((), ("--examples", "1")))
    assert (True, False) == tuple("It fails otherwise as well:" in said for said in (many, one))


def test_slices_of_a_suite(write):
    """A suite may name slices, one or several; what is none is a mistake told in a line."""
    one = "mm.slice('large', lambda t: t['area'] > 100)"
    for more in (f"slices = {one}", f"slices = [{one}]"):
        assert "In large: no violation in " in run(write(more), "--budget", "100").stdout
    done = run(write("slices = [3]"))
    assert (2, True) == (done.exit_code, "slices=3" in done.stderr)
    done = run(write("slices = 3"))
    assert (2, True) == (done.exit_code, "The slices of " in done.stderr)


def test_exact_slices(write):
    """--slices exact has sliceline find them, or says what to install."""
    done = run(write("relations = mm.decreasing('area')"), "--slices", "exact", "--budget", "100")
    assert done.exit_code == 1 or "install metamorph-testing[slices]" in done.stderr


def test_seconds(write):
    """--seconds ends the run."""
    done = run(write(), "--budget", "1000000000", "--seconds", "0.2")
    assert (0, True) == (done.exit_code, "Stopped by the time limit" in done.stdout)


@pytest.mark.parametrize(
    "more",
    [
        "schema = houses",
        "relations = mm.increasing('area')",
        "relations = (mm.increasing(c) for c in ['area'])",
        "relations = (mm.increasing('area'),)",
    ],
)
def test_what_a_suite_may_hold(write, more):
    """A frame stands for a schema; one relation, a tuple or a generator for a list."""
    assert 0 == run(write(more), "--budget", "50").exit_code


def test_a_suite_imports_what_lies_beside_it(write, tmp_path):
    """A suite imports modules of its own folder, and the import path is put back."""
    (tmp_path / "beside_the_suite.py").write_text("FACTOR = 2\n")
    before = list(sys.path)
    assert 0 == run(write("from beside_the_suite import FACTOR"), "--budget", "50").exit_code
    sys.modules.pop("beside_the_suite")
    assert before == sys.path


@pytest.mark.filterwarnings("always")
def test_warnings_are_one_line(write):
    """A warning while the suite is read is one line on stderr, and the run goes on."""
    done = run(write("import warnings\nwarnings.warn('mind the gap')"), "--budget", "50")
    assert (0, "warning: mind the gap\n") == (done.exit_code, done.stderr)


@pytest.mark.parametrize("word", ["--help", "-h"])
def test_help_has_examples(word):
    """The help shows examples, the exit codes, and fits the terminal."""
    done = run(word)
    assert (0, True, True) == (
        done.exit_code,
        "metamorph check examples/house_prices.py" in done.stdout,
        "Exit codes" in done.stdout,
    )
    assert max(len(line) for line in done.stdout.splitlines()) <= 80


def test_help_names_the_commands():
    """The help of the program names its commands; the version is its own."""
    shown = CliRunner().invoke(main, ["--help"]), CliRunner().invoke(main, ["--version"])
    assert (0, True, 0, True) == (
        shown[0].exit_code,
        "check" in shown[0].stdout,
        shown[1].exit_code,
        mm.__version__ in shown[1].stdout,
    )


MISTAKES = {
    "no relations": ("del relations", "'relations'"),
    "no model": ("del model", "'model'"),
    "nothing": ("del model, schema, relations", "'model', 'schema', 'relations'"),
    "relations that are none": ("relations = 5", "relation"),
    "None for relations": ("relations = None", "relation"),
    "empty relations": ("relations = []", "relation"),
    "a column's name for a relation": ("relations = ['area']", "'area'"),
    "a generator that raises": ("relations = (1 / 0 for _ in 'x')", "ZeroDivisionError"),
    "a schema that is none": ("schema = 5", "int"),
    "an empty frame": ("schema = houses.head(0)", "0 rows"),
    "an unknown column": ("relations = mm.increasing('aera')", "did you mean 'area'"),
    "an unordered category": ("relations = mm.increasing('heating')", "without order"),
    "equal ids": ("relations *= 2", "equal ids"),
    "a model that is none": ("model = 'm.skops'", "str"),
    "a class for a model": ("class model: pass", "class model"),
    "raises": ("schema.where(lambda t: t['aera'] > 1)", "'aera'"),
    "raises far inside": ("import json\njson.loads('{')", "JSONDecodeError"),
    "raises many lines": ("raise ValueError('one\\n' * 50)", "ValueError"),
    "raises escapes": ("raise ValueError('\\x1b[31mred')", "\\x1b"),
    "exits": ("import sys\nsys.exit(0)", "SystemExit"),
    "a syntax error": ("relations = [", "SyntaxError"),
    "a missing import": ("import no_such_module_at_all", "no_such_module_at_all"),
    "a NUL": ("\0", "suite.py"),
}


def said(done):
    """The lines on stderr of a run that a mistake ended: one to three, and nothing on stdout."""
    lines = done.stderr.splitlines()
    assert (2, "", True) == (done.exit_code, done.stdout, 1 <= len(lines) <= 3)
    assert "Traceback" not in done.stderr
    return done.stderr


@pytest.mark.parametrize(("more", "expected"), MISTAKES.values(), ids=list(MISTAKES))
def test_mistakes_in_the_suite(write, more, expected):
    """A mistake in the suite is one to three lines on stderr, and exit code 2."""
    assert expected in said(run(write(more), "--budget", "50"))


@pytest.mark.parametrize(("more", "line"), [("1 / 0", 1), ("def f(:", 1), ("\n\n\nraise KeyError('x')", 4)])
def test_the_line_of_a_mistake(write, more, line):
    """A suite that raises is said with the line at which it does."""
    before = len(textwrap.dedent(SUITE).splitlines())
    assert f"line {before + line}" in said(run(write(more)))


ARGUMENTS = {
    "nothing": ([], "--model"),
    "no such suite": (["no_such_suite.py"], "no_such_suite.py"),
    "a folder": (["."], "'.'"),
    "a budget of nothing": (["{suite}", "--budget", "0"], "--budget"),
    "a budget of text": (["{suite}", "--budget", "many"], "many"),
    "no seconds": (["{suite}", "--seconds", "0"], "--seconds"),
    "seconds that are none": (["{suite}", "--seconds", "nan"], "seconds"),
    "a negative seed": (["{suite}", "--seed", "-1"], "--seed"),
    "an unknown option": (["{suite}", "--bugdet", "5"], "--budget"),
    "two suites": (["{suite}", "{suite}"], "unexpected"),
    "a suite and a model": (["{suite}", "--model", "m.skops"], "--model"),
    "a suite and a relation": (["{suite}", "--increasing", "area"], "--increasing"),
    "json into no folder": (["{suite}", "--json", "no/such/folder/r.json"], "no/such/folder"),
    "json into a folder": (["{suite}", "--json", "{folder}"], "--json"),
    "an option without a value": (["{suite}", "--json"], "--json"),
}


@pytest.mark.parametrize(("arguments", "expected"), ARGUMENTS.values(), ids=list(ARGUMENTS))
def test_mistaken_arguments(write, tmp_path, arguments, expected):
    """A mistaken argument is one to three lines on stderr, and exit code 2, before anything runs."""
    suite = write()
    assert expected in said(run(*[argument.format(suite=suite, folder=tmp_path) for argument in arguments]))


def test_an_unknown_command():
    """A command that is not there is one to three lines on stderr."""
    assert "chekc" in said(CliRunner().invoke(main, ["chekc"]))


def test_a_full_disk(write):
    """A report that cannot be written is a line on stderr, after the report was printed."""
    done = run(write(), "--json", "/dev/full", "--budget", "50")
    assert (2, True, True) == (done.exit_code, done.stdout.startswith("HELD"), "/dev/full" in done.stderr)
    assert len(done.stderr.splitlines()) <= 3
