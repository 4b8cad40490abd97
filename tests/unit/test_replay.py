"""Cases that failed before: asked about first by a check, and again by `metamorph replay`."""

import textwrap

import attrs
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis.database import InMemoryExampleDatabase

import metamorph as mm
from metamorph.cli import main
from metamorph.failures import Failures, everything, opened
from tests.asking import run

PLACE = np.arange(60)
HOUSES = pd.DataFrame(
    {
        "area": PLACE * 2.5 + 40,
        "rooms": PLACE % 6 + 1,
        "heating": np.array(["gas", "oil", "coal"])[PLACE % 3],
        "sold": pd.date_range("2020-01-01", periods=60, tz="Europe/Berlin"),
        "garden": PLACE % 2 == 0,
        "kept": pd.Categorical.from_codes(PLACE % 3, ["poor", "fair", "good"], ordered=True),
        "age": np.where(PLACE % 5 == 0, np.nan, PLACE),
    }
)
SCHEMA = mm.Schema.from_frame(HOUSES).with_noun("house")
BIGGER = mm.increasing("area")


def price(t):
    return 1_000.0 * t["area"].to_numpy()


def discount(t):
    return -price(t)


def odd(t):
    """Falls where hardly a case of a small run looks."""
    return -1.0 * (t["area"] == 102.5).to_numpy() * (t["rooms"] == 2).to_numpy()


@pytest.fixture
def failures():
    return Failures(InMemoryExampleDatabase(), "suite", "suite.py")


def checked(failures, model, relation=BIGGER, schema=SCHEMA, budget=200, **more):
    return run(model, relation, schema, budget=budget, failures=failures, **more).results[0]


def test_a_first_run_is_as_without_failures(failures):
    """Where nothing failed before, a check says what it says without a database, and how to replay what it found."""
    plain = mm.check(discount, BIGGER, SCHEMA, budget=200)
    report = run(discount, BIGGER, SCHEMA, budget=200, failures=failures)
    (kept,) = failures.recall(BIGGER)
    assert f"{plain}\n  Replay: metamorph replay suite.py {kept.id}" == str(report)


@pytest.mark.parametrize("model", [price, discount, odd])
def test_the_rate_is_as_without_failures(failures, model):
    """What failed before never enters the rate: cases, violations and interval are those of the run alone."""
    checked(failures, odd, budget=5_000)
    plain = mm.check(model, BIGGER, SCHEMA, budget=200).results[0]
    again = checked(failures, model)
    same = ("cases", "violations", "rate", "interval", "drawn", "distinct")
    assert [getattr(plain, name) for name in same] == [getattr(again, name) for name in same]
    assert (1, 0) == (again.replayed, plain.replayed)


def test_what_only_the_replay_finds(failures):
    """A case that failed before decides, where no case of this run fails."""
    found = checked(failures, odd, budget=5_000)
    again = checked(failures, odd, budget=3)
    assert ("estimate", "replay", 0, "violated") == (found.found_by, again.found_by, again.violations, again.verdict)
    assert found.counterexample == again.counterexample


def test_it_is_dropped_when_it_passes(failures):
    """A case that passes is fixed and dropped; it is not asked about again."""
    checked(failures, odd, budget=5_000)
    fixed = checked(failures, price)
    assert ("held", 1, 1, []) == (fixed.verdict, fixed.replayed, fixed.fixed, failures.recall(BIGGER))
    assert 0 == checked(failures, price).replayed


def test_every_case_is_asked_about(failures):
    """Of several cases that failed before each is judged for itself: some are fixed, and dropped; some still fail."""
    row = {
        "area": 102.5,
        "rooms": 2,
        "heating": "gas",
        "sold": "2020-01-05T00:00:00+01:00",
        "garden": True,
        "kept": "poor",
        "age": 5.0,
    }
    for area in (102.5, 105.0, 107.5):
        failures.keep(BIGGER, SCHEMA, {**row, "area": area, "to[area]": area + 2.5})
    some = checked(failures, lambda t: -1.0 * t["area"].isin([105.0, 110.0]) * (t["rooms"] == 2), budget=3)
    assert ("violated", 3, 1) == (some.verdict, some.replayed, some.fixed)
    areas = {attrs.asdict(one)["values"]["area"] for one in failures.recall(BIGGER)}
    assert {102.5, 107.5} == areas & {102.5, 105.0, 107.5}


@pytest.mark.parametrize("seconds", [None, 1e-9])
def test_only_what_failed_before(failures, seconds):
    """Without a budget nothing else is asked: skipped where nothing failed before, else held or violated."""
    first = checked(failures, odd, budget=None, seconds=seconds)
    assert ("skipped", True, 0, 0) == (first.verdict, first.passed, first.cases, first.replayed)
    checked(failures, odd, budget=5_000)
    assert ["violated", "held", "skipped"] == [
        checked(failures, model, budget=None, seconds=seconds).verdict for model in (odd, price, odd)
    ]


def test_a_rate_is_not_settled_by_a_case(failures):
    """Where a rate is allowed, the rate decides: what failed before is not asked about."""
    checked(failures, odd, budget=5_000)
    result = checked(failures, odd, BIGGER.allow(0.2), budget=500)
    assert ("held", 0, 1) == (result.verdict, result.replayed, len(failures.recall(BIGGER)))


VALUES = {
    "a missing number": (mm.increasing("area"), lambda t: -t["area"] * t["age"].isna()),
    "a level": (mm.invariant("heating"), lambda t: 1.0 * (t["heating"] == "coal")),
    "an ordered level": (mm.increasing("kept"), lambda t: -1.0 * (t["kept"] == "good").to_numpy()),
    "a moment of a zone": (mm.increasing("sold"), lambda t: -1.0 * t["sold"].dt.month),
    "a truth value": (mm.increasing("garden"), lambda t: -1.0 * t["garden"]),
    "several columns": (mm.increasing("area", "rooms"), lambda t: -t["area"] - t["rooms"]),
    "missing as a value": (mm.invariant("age", missing=True), lambda t: 1.0 * t["age"].isna()),
    "no parameter": (
        mm.Relation("own", transform=lambda t: t.assign(area=100.0), touches=["area"], expect=np.subtract),
        lambda t: 1.0 * t["area"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("relation", "model"), VALUES.values(), ids=list(VALUES))
def test_every_kind_of_value_comes_back(failures, relation, model):
    """A case of whatever columns comes back as the same counterexample."""
    found = checked(failures, model, relation)
    again = checked(failures, model, relation, budget=None)
    assert ("violated", "violated", "replay") == (found.verdict, again.verdict, again.found_by)
    assert found.counterexample == again.counterexample


LITERALS = [
    None,
    "x",
    5,
    -1.5,
    1e300,
    True,
    [1, 2],
    {},
    {"float": "nan"},
    {"float": "x"},
    {"moment": 5},
    {"dtype": "x"},
]
LITERALS += [{"evil": 1}, "2020-01-01", "2020-13-45", {"date": "2020-01-01"}, {"interval": [1]}, 10**30, "\0", ""]


@pytest.mark.parametrize("column", [*HOUSES.columns, "to[area]"])
def test_any_value_is_said_or_judged(failures, column):
    """Whatever stands where a column's value belongs, the case is judged or said to be none; nothing is crashed on."""
    checked(failures, discount)
    (kept,) = failures.recall(BIGGER)
    failures.forget(kept)
    for literal in LITERALS:
        failures.keep(BIGGER, SCHEMA, {**attrs.asdict(kept)["values"], column: literal})
    report = run(price, BIGGER, SCHEMA, budget=50, failures=failures)
    gone = sum(note.count("is dropped: ") for note in report.notes)
    assert (len(LITERALS), []) == (gone + report.results[0].replayed, failures.recall(BIGGER))


@pytest.mark.parametrize("absent", ["area", "to[area]"])
def test_a_value_that_is_absent(failures, absent):
    """A case that lacks a value is said to be none."""
    checked(failures, discount)
    (kept,) = failures.recall(BIGGER)
    failures.forget(kept)
    values = attrs.asdict(kept)["values"]
    failures.keep(BIGGER, SCHEMA, {name: value for name, value in values.items() if name != absent})
    (note,) = run(price, BIGGER, SCHEMA, budget=50, failures=failures).notes
    assert note.endswith("is dropped: its values are none of the schema.")


def test_another_law(failures):
    """A case that is no step of the law any more is said, and dropped."""
    checked(failures, discount, mm.increasing("area").named("it"))
    report = run(discount, mm.increasing("area", by=50).named("it"), SCHEMA, budget=50, failures=failures)
    assert ["it: case", "it is no case of the relation any more."] == [report.notes[0][:8], report.notes[0][-39:]]


def test_another_precondition(failures):
    """A case outside the precondition is said, and dropped."""
    checked(failures, discount)
    report = run(discount, BIGGER.when(lambda t: t["area"] > 1_000), SCHEMA, budget=50, failures=failures)
    assert report.notes[0].endswith("is dropped: it is no case of the relation any more.")


def test_a_constraint_that_raises(failures):
    """A constraint that raises on a case of the schema it was kept under breaks the relation, and drops nothing."""
    limit = {"rooms": 0}
    schema = SCHEMA.where(lambda t: t["rooms"] > limit["rooms"])
    checked(failures, discount, schema=schema)
    limit.clear()
    broken = checked(failures, discount, schema=schema)
    assert ("broken", "schema", 1) == (broken.verdict, broken.evidence.about, len(failures.recall(BIGGER)))


def test_a_model_that_changed_its_mind(failures):
    """A case that a model breaks in a batch, and keeps when asked alone, is no counterexample."""
    checked(failures, odd, budget=5_000)
    alone = checked(failures, lambda t: odd(t) * (len(t) > 1), budget=3)
    assert 1 == alone.fixed


def test_the_same_report_again(failures):
    """Two runs after a first are the same to the byte, apart from times."""

    def again():
        report = run(odd, BIGGER, SCHEMA, budget=500, failures=failures).to_json()
        return [line for line in report.splitlines() if '"seconds"' not in line]

    checked(failures, odd, budget=5_000)
    assert again() == again()


SUITE = """
    import sys
    import numpy as np, pandas as pd, metamorph as mm

    PLACE = np.arange(60)
    houses = pd.DataFrame({"area": PLACE * 2.5 + 40, "rooms": PLACE % 6 + 1})
    schema = mm.Schema.from_frame(houses).with_noun("house")

    def price(t):
        return 1_000.0 * t["area"].to_numpy()

    def model(t):
        return -price(t)

    relations = [mm.increasing("area").named("bigger costs more"), mm.decreasing("rooms").named("more rooms cost less")]
"""


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Writes the suite, with further lines, where the user stands."""
    monkeypatch.chdir(tmp_path)

    def write(more=""):
        (tmp_path / "suite.py").write_text(textwrap.dedent(SUITE) + textwrap.dedent(more), encoding="utf-8")

    write()
    return write


def metamorph(*arguments):
    return CliRunner().invoke(main, arguments, catch_exceptions=False)


@pytest.fixture
def kept(write):
    """The id of the case that the suite's relation failed on."""
    write()
    metamorph("check", "suite.py", "--budget", "60")
    (failure,) = everything(opened())
    return failure.id


def test_still_fails(kept):
    """A case that still fails is told with its report, and exit code 1; it is kept."""
    done = metamorph("replay", "suite.py")
    assert (1, "") == (done.exit_code, done.stderr)
    assert f"STILL FAILS  {kept}  bigger costs more" == done.stdout.splitlines()[0]
    assert "falls by 500 (allowed 0)" in done.stdout
    assert [kept] == [one.id for one in everything(opened())]


def test_fixed(write, kept):
    """A case that passes is FIXED, and dropped; then nothing is kept."""
    write("model = price")
    done = metamorph("replay", "suite.py")
    assert (0, f"FIXED        {kept}  bigger costs more\n", []) == (done.exit_code, done.stdout, everything(opened()))
    assert "No case of suite.py that failed is kept here.\n" == metamorph("replay", "suite.py").stdout


GONE = {
    "the relation": ("relations = relations[1:]", "no relation has this id any more"),
    "its exactness": (
        "relations[0] = relations[0].allow(0.1)",
        "its relation allows a rate, so one case settles nothing",
    ),
    "its law": (
        "relations = [mm.increasing('area', by=50).named('bigger costs more')]",
        "it is no case of the relation",
    ),
    "its rows": ("schema = mm.Schema.from_frame(houses.head(5))", "any more: the schema has changed since"),
    "its columns": (
        "schema = mm.Schema.from_frame(houses.assign(age=1))",
        "of the schema: the schema has changed since",
    ),
}


@pytest.mark.parametrize(("more", "reason"), GONE.values(), ids=list(GONE))
def test_gone(write, kept, more, reason):
    """A case that is none any more is GONE, with the reason, and dropped."""
    write(more)
    done = metamorph("replay", "suite.py")
    assert (0, []) == (done.exit_code, everything(opened()))
    said = " ".join(done.stdout.split())
    assert (True, True) == (said.startswith(f"GONE {kept} bigger costs more Dropped: "), reason in said)


BROKEN = {
    "a model": ("def model(t): raise ValueError('no such level')", "ValueError: no such level"),
    "a model that exits": ("def model(t): sys.exit(0)", "SystemExit: 0"),
    "a model that is random": ("def model(t): return np.random.default_rng().random(len(t))", "not deterministic"),
    "a precondition": ("relations[0] = relations[0].when(lambda t: t['aera'] > 0)", "'aera'"),
}


@pytest.mark.parametrize(("more", "said"), BROKEN.values(), ids=list(BROKEN))
def test_broken(write, kept, more, said):
    """Where nothing can be judged that is told, with exit code 3, and the case is kept."""
    write(more)
    done = metamorph("replay", "suite.py")
    assert (3, True, True) == (done.exit_code, done.stdout.startswith(f"BROKEN       {kept}"), said in done.stdout)
    assert [kept] == [one.id for one in everything(opened())]


@pytest.mark.usefixtures("kept")
def test_several(write):
    """Each case has its own screen, and the severest exit code wins."""
    write("relations = [mm.increasing('area').named('other'), mm.increasing('rooms').named('second'), *relations]")
    metamorph("check", "suite.py", "--budget", "60")
    write("""
        def flat(m, t): return t["area"].to_numpy()
        relations = [mm.increasing('area').named('other').on(flat), *relations]
    """)
    done = metamorph("replay", "suite.py")
    first = sorted(line.split()[0] for line in done.stdout.splitlines() if line[:5] in {"STILL", "FIXED", "GONE "})
    assert (1, ["FIXED", "STILL"]) == (done.exit_code, first)


def test_a_bundle(write):
    """A case of a part of a bundle is asked about again as a case of that part."""
    write("relations = mm.increasing('rooms') & mm.increasing('area')")
    metamorph("check", "suite.py", "--budget", "60")
    done = metamorph("replay", "suite.py")
    words = done.stdout.split()
    assert (1, ["STILL", "FAILS"], "increasing[area]") == (done.exit_code, words[:2], words[3])


@pytest.mark.parametrize("length", [1, 3, 6])
def test_by_id(kept, length):
    """A case is chosen by its id, or the beginning of one."""
    done = metamorph("replay", "suite.py", kept[:length])
    assert (1, True) == (done.exit_code, kept in done.stdout)


def test_the_printed_command(kept):
    """The command that a check prints is the one that replays the case."""
    printed = metamorph("check", "suite.py", "--budget", "60").stdout
    (command,) = [line.partition("Replay: ")[2] for line in printed.splitlines() if "Replay: " in line]
    assert f"metamorph replay suite.py {kept}" == command
    assert 1 == metamorph(*command.split()[1:]).exit_code


MISTAKES = {
    "an unknown id": (["suite.py", "zzzzzz"], "is kept here as 'zzzzzz'; known are '{kept}'"),
    "an unknown suite": (["nosuch.py"], "There is no suite file 'nosuch.py'"),
    "an unknown suite and an id": (["nosuch.py", "abc"], "There is no suite file 'nosuch.py'"),
    "no suite": ([], "Missing argument 'SUITE.py'.\nTry metamorph replay --help."),
    "a budget": (["suite.py", "--budget", "5"], "--budget"),
}


@pytest.mark.parametrize(("arguments", "said"), MISTAKES.values(), ids=list(MISTAKES))
def test_mistakes(kept, arguments, said):
    """A mistake is one to three lines on stderr, and exit code 2."""
    done = metamorph("replay", *arguments)
    assert (2, "", True) == (done.exit_code, done.stdout, said.format(kept=kept) in done.stderr)
    assert 3 >= len(done.stderr.splitlines())


SUITES = {
    "no relations": ("del relations", "does not define 'relations'"),
    "a column that is none": ("relations = [mm.increasing('aera').named('bigger costs more')]", "did you mean 'area'"),
    "a model that is none": ("model = 5", "int"),
    "raises": ("1 / 0", "ZeroDivisionError"),
}


@pytest.mark.parametrize(("more", "said"), SUITES.values(), ids=list(SUITES))
def test_mistakes_in_the_suite(write, kept, more, said):
    """A mistake in the suite is told as by a check, and drops nothing."""
    write(more)
    done = metamorph("replay", "suite.py")
    assert (2, "", True) == (done.exit_code, done.stdout, said in done.stderr)
    assert [kept] == [one.id for one in everything(opened())]


def test_cases_of_pytest(kept):
    """Cases that failed in pytest are listed with the line of pytest's that replays them."""
    failures = Failures(opened(), "pytest", "suite.py::test_it[increasing[area]]")
    failures.keep(mm.increasing("area"), SCHEMA, {"area": 50.0})
    (failure,) = failures.recall(mm.increasing("area"))
    command = "pytest 'suite.py::test_it[increasing[area]]' --metamorph-replay-only"
    done = metamorph("replay", "suite.py", failure.id)
    assert (0, f"{failure.id}  increasing[area]\n  {command}\n\n") == (done.exit_code, done.stdout)
    both = metamorph("replay", "suite.py")
    assert (1, True, True) == (both.exit_code, command in both.stdout, f"STILL FAILS  {kept}" in both.stdout)


def test_from_another_folder(kept, tmp_path, monkeypatch):
    """What a suite is known by is its path from where the user stands, whatever way it is written."""
    for path in ("./suite.py", str(tmp_path / "suite.py")):
        assert 1 == metamorph("replay", path, kept).exit_code
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert "No case of ../suite.py that failed is kept here.\n" == metamorph("replay", "../suite.py").stdout
    printed = metamorph("check", "../suite.py", "--budget", "60").stdout
    assert "Replay: metamorph replay ../suite.py " in printed


def test_a_strange_name(write):
    """A relation's name does nothing on a terminal, and a long one is cut to its width."""
    write("relations = [mm.increasing('area').named('\\x1b[31m' + 'more ' * 40)]")
    metamorph("check", "suite.py", "--budget", "60")
    done = metamorph("replay", "suite.py")
    assert (1, False, "\\x1b[31mmore") == (done.exit_code, "\x1b" in done.stdout, done.stdout.split()[3])
    assert 80 >= max(len(line) for line in done.stdout.splitlines())


@pytest.mark.filterwarnings("always")
@pytest.mark.usefixtures("kept")
def test_warnings_are_one_line(write):
    """What a model warns of while cases are asked about again is one line on stderr."""
    write("import warnings\ndef model(t):\n    warnings.warn('mind the gap')\n    return -price(t)")
    done = metamorph("replay", "suite.py")
    assert (1, {"warning: mind the gap"}) == (done.exit_code, set(done.stderr.splitlines()))


def test_help():
    """The help shows examples and exit codes, and fits the terminal."""
    done = metamorph("replay", "--help")
    assert (0, True) == (done.exit_code, "metamorph replay examples/house_prices.py 7f3a91" in done.stdout)
    assert 80 >= max(len(line) for line in done.stdout.splitlines())
