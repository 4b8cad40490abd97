"""What failed in a pytest test is kept, asked about first, replayed by the line that is printed, and dropped."""

import os
import shlex

import pytest

import metamorph as mm
from metamorph.failures import everything, opened

pytest_plugins = ["pytester"]

NAME = "test_houses.py::test_it[increasing[area]]"
TEST = """
@mm.relations(mm.increasing("area"), schema=SCHEMA, budget=50)
def test_it(relation):
    relation.check(discount)
"""
PASSING = TEST.replace("discount", "price")


@pytest.fixture
def kept(project):
    """The failures that are kept at pytest's root."""
    return lambda: everything(opened(project.path / ".metamorph"))


def commands(ran):
    """The command lines that replay, without the program's name."""
    return [line.partition("Replay: pytest ")[2] for line in ran.outlines if "Replay: " in line]


def test_a_failure_is_kept(write, run, kept):
    """What failed is kept at pytest's root, under the test's id, as a case of the relation."""
    write(TEST)
    run()
    (failure,) = kept()
    assert ("pytest", NAME, "increasing[area]", {"area", "rooms", "to[area]"}) == (
        failure.front,
        failure.place,
        failure.relation,
        set(failure.values),
    )


def test_git_ignores_what_is_kept(write, run, project):
    """The folder of failures tells git to ignore it; pytest collects nothing in it."""
    write(TEST)
    run()
    assert "*\n" == (project.path / ".metamorph" / ".gitignore").read_text("utf-8")
    run().assert_outcomes(failed=1)


def test_it_is_asked_about_first(write, found):
    """The next run asks about it first, says so, and its rate is as without it."""
    write(TEST)
    ((first,),) = found().values()
    ((again,),) = found().values()
    assert (0, 1, 0) == (first["replayed"], again["replayed"], again["fixed"])
    same = ("cases", "violations", "rate", "interval", "counterexample", "found_by")
    assert [first[name] for name in same] == [again[name] for name in same]


def test_what_only_it_finds(write, found):
    """A case that failed before is found again where no case of this run would find it, and decides."""
    write(TEST.replace("discount", "lambda t: -1.0 * (t['area'] == 136) * (t['rooms'] == 3)"))
    ((first,),) = found("--metamorph-budget=2000").values()
    ((again,),) = found("--metamorph-budget=1").values()
    assert ("violated", "estimate", "violated", "replay", 0) == (
        first["verdict"],
        first["found_by"],
        again["verdict"],
        again["found_by"],
        again["violations"],
    )


def test_it_is_dropped_when_it_passes(write, found, kept):
    """A case that passes is fixed, and dropped."""
    write(TEST)
    found()
    write(PASSING)
    ((fixed,),) = found().values()
    assert ("held", 1, 1, []) == (fixed["verdict"], fixed["replayed"], fixed["fixed"], kept())
    ((after,),) = found().values()
    assert 0 == after["replayed"]


def test_the_line_that_is_printed(write, run, kept):
    """The line that is printed asks about this case alone: it fails while the model does, and passes afterwards."""
    write(TEST)
    (command,) = commands(run())
    assert f"'{NAME}' --metamorph-replay-only" == command
    again = run(*shlex.split(command))
    again.assert_outcomes(failed=1)
    again.stdout.fnmatch_lines(["VIOLATED by a case that failed before *", "*1 still failing, 0 fixed."])
    write(PASSING)
    run(*shlex.split(command)).assert_outcomes(passed=1)
    assert [] == kept()
    run(*shlex.split(command)).assert_outcomes(skipped=1)


FOLDERS = {
    "a folder below": ("sub", "..", "../tests/test_houses.py"),
    "a folder beside": ("tests", ".", "test_houses.py"),
    "the folder itself": (".", "tests", "tests/test_houses.py"),
}


@pytest.mark.parametrize(("folder", "argument", "file"), FOLDERS.values(), ids=list(FOLDERS))
def test_from_another_folder(write, project, run, monkeypatch, folder, argument, file):
    """The line that is printed is one for where the user stands, and what failed is kept at pytest's root."""
    write(TEST, "tests/test_houses.py")
    project.makeini("[pytest]\npythonpath = .")
    project.path.joinpath(folder).mkdir(exist_ok=True)
    monkeypatch.chdir(project.path / folder)
    (command,) = commands(run(argument))
    assert f"'{file}::test_it[increasing[area]]' --metamorph-replay-only" == command
    run(*shlex.split(command)).assert_outcomes(failed=1)
    assert [project.path / ".metamorph"] == list(project.path.rglob(".metamorph"))


@pytest.mark.parametrize("option", ["--rootdir=tests", "--config-file=tests/own.ini"])
def test_another_root(write, project, run, monkeypatch, option):
    """A root or a configuration that was named is named by the line that is printed as well."""
    write(TEST, "tests/test_houses.py")
    project.path.joinpath("tests/own.ini").write_text("[pytest]\n")
    monkeypatch.syspath_prepend(project.path)
    (command,) = commands(run(option, "tests"))
    run(*shlex.split(command)).assert_outcomes(failed=1)
    assert [project.path / "tests" / ".metamorph"] == list(project.path.rglob(".metamorph"))


def test_nothing_failed(write, project, run):
    """Where only what failed is asked about, a test of which nothing did is skipped; the place said is the user's."""
    write(PASSING)
    project.makeini("[pytest]\nmetamorph_replay_only = true")
    ran = run("-rs")
    ran.assert_outcomes(skipped=1)
    ran.stdout.fnmatch_lines(["SKIPPED [[]1] test_houses.py:3: no case of it failed before"])


SEVERAL = """
@mm.relations(mm.increasing("area"), schema=SCHEMA, budget=50)
def test_it(relation):
    relation.check({first})
    relation.check({second})
"""


def test_several_checks_of_a_test(write, run, kept):
    """Of a test that checks several models each has its own cases: the first model passes, and drops nothing."""
    write(SEVERAL.format(first="price", second="discount"))
    for options in ([], [], ["--metamorph-replay-only"], ["--metamorph-replay-only"]):
        run(*options).assert_outcomes(failed=1)
        assert [2] == [failure.turn for failure in kept()]
    write(SEVERAL.format(first="price", second="price"))
    run("--metamorph-replay-only").assert_outcomes(passed=1)
    assert [] == kept()


def test_a_rate_is_not_settled_by_a_case(write, run, kept):
    """Of a relation that allows a rate no case is kept, and no line is printed that could not settle it."""
    write(TEST.replace('mm.increasing("area")', 'mm.increasing("area").allow(0.1)'))
    ran = run()
    ran.assert_outcomes(failed=1)
    assert ([], []) == (commands(ran), kept())


def test_a_broken_model_drops_nothing(write, run, kept):
    """A model that breaks on a case that failed before is broken, and the case is kept."""
    write(TEST)
    run()
    before = kept()
    write(TEST.replace("discount", "lambda t: 1 / 0"))
    run().stdout.fnmatch_lines(["BROKEN: the model*"])
    run("--metamorph-replay-only").stdout.fnmatch_lines(["BROKEN: the model*"])
    assert before == kept()


def test_a_broken_precondition_drops_nothing(write, run, kept):
    """A precondition that raises breaks the relation, and what failed before is kept."""
    write(TEST.replace(", schema", '.when(lambda t: t["rooms"] > 0).named("it"), schema'))
    run()
    before = kept()
    write(TEST.replace(", schema", '.when(lambda t: t["room"] > 0).named("it"), schema'))
    run("--metamorph-replay-only").stdout.fnmatch_lines(["BROKEN: the relation*"])
    assert (1, before) == (len(before), kept())


SCHEMAS = {
    "it still fits": ("SCHEMA.where(lambda t: t['rooms'] > 0)", "1 case that failed before: 1 still failing, 0 fixed."),
    "a value is none any more": ("mm.Schema.from_frame(HOUSES[HOUSES['area'] > 140])", "is dropped: it is no case of"),
    "a constraint forbids it": ("SCHEMA.where(lambda t: t['area'] != 136)", "is dropped: it is no case of"),
    "a column more": ("mm.Schema.from_frame(HOUSES.assign(age=PLACE % 7))", "is dropped: its values are none"),
    "another kind": ("mm.Schema.from_frame(HOUSES.assign(rooms=list('abc') * 40))", "is dropped: its values are none"),
}


@pytest.mark.parametrize(("schema", "said"), SCHEMAS.values(), ids=list(SCHEMAS))
def test_another_schema(write, run, schema, said):
    """A schema that has changed is said, never crashed on: a case that still is one is judged, any other is dropped."""
    write(TEST.replace("discount", "lambda t: -1.0 * t['area']"))
    run()
    write(TEST.replace("discount", "lambda t: -1.0 * t['area']").replace("schema=SCHEMA", f"schema={schema}"))
    ran = run()
    ran.assert_outcomes(failed=1)
    words = " ".join(ran.stdout.str().split())
    assert (True, "dropped" in said) == (said in words, "the schema has changed since" in words)


def test_a_folder_that_cannot_be_written(write, run, project):
    """Where nothing can be kept there is one warning in a session, the verdicts stand, and no line is printed."""
    write(TEST + TEST.replace("test_it", "test_more"))
    project.path.joinpath(".metamorph").write_text("no folder")
    ran = run("-W", "default")  # our own session makes them errors
    ran.assert_outcomes(failed=2, warnings=1)
    assert (1, []) == (sum("Failed cases cannot be kept" in line for line in ran.outlines), commands(ran))


def test_a_folder_that_cannot_be_written_under_errors(write, run, project):
    """Where warnings are errors, the verdicts stand all the same."""
    write(TEST + PASSING.replace("test_it", "test_more"))
    project.path.joinpath(".metamorph").write_text("no folder")
    ran = run("-W", "error")
    ran.assert_outcomes(failed=1, passed=1)
    ran.stdout.fnmatch_lines(["VIOLATED on 100% of real houses*"])


def test_nothing_is_written_while_nothing_fails(write, run, project):
    """A session in which everything holds leaves no folder."""
    write(PASSING)
    run()
    assert not (project.path / ".metamorph").exists()


def test_other_files_of_the_folder(write, run, project):
    """Whatever lies in the folder of failures, relations are judged as without it."""
    write(TEST)
    run()
    for path in [path for path in (project.path / ".metamorph").rglob("*") if path.is_file()]:
        path.write_bytes(os.urandom(50))
    ran = run()
    ran.assert_outcomes(failed=1)
    ran.stdout.fnmatch_lines(["VIOLATED on 100% of real houses*"])
    assert mm.__version__
