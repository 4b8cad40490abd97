"""Relations as pytest items: their ids, known failures, settings, and every mistake at the decorator in one line."""

import re
import shlex

import numpy as np
import pandas as pd
import pytest

import metamorph as mm

pytest_plugins = ["pytester"]

HOUSES = pd.DataFrame({"area": np.arange(60) * 2 + 40, "rooms": np.arange(60) % 6 + 1})
SCHEMA = mm.Schema.from_frame(HOUSES)


def params(mark):
    """The parameters of a decorator: id, values and the names of marks of each."""
    return [(param.id, param.values, [mark.name for mark in param.marks]) for param in mark.args[1]]  # noqa: PD011 - no frame


def ids(mark):
    return [name for name, _, _ in params(mark)]


class Forest:
    """A model of a class."""

    def predict(self, t):
        return t["area"].to_numpy()


class Forest2(Forest):
    """A class that is named as a second forest would be."""


def price(t):
    return t["area"].to_numpy()


def test_ids_of_relations():
    """A test is named after its relation."""
    relations = mm.increasing("area"), mm.invariant("rooms"), mm.increasing("area", "rooms").named("more costs more")
    assert ["increasing[area]", "invariant[rooms]", "more costs more"] == ids(mm.relations(*relations, schema=SCHEMA))


MODELS = {
    "by name": ({"forest": Forest(), "boosting": Forest()}, ["forest", "boosting"]),
    "a list": ([Forest(), price], ["Forest", "price"]),
    "several of one class": ([Forest(), Forest()], ["Forest1", "Forest2"]),
    "a class named as a number": ([Forest(), Forest2(), Forest()], ["Forest1", "Forest2", "Forest2"]),
    "one function": (price, ["price"]),
    "one estimator": (Forest(), ["Forest"]),
    "a generator": ((model for model in [price]), ["price"]),
    "names that are none": ({1: price, "1": price}, ["1", "1"]),
}


@pytest.mark.parametrize(("models", "names"), MODELS.values(), ids=list(MODELS))
def test_ids_of_models(models, names):
    """A test of a model is named after both; of models with equal names none is lost."""
    mark = mm.parametrize_with_relations(models, SCHEMA, mm.increasing("area"))
    assert [f"{name}-increasing[area]" for name in names] == ids(mark)


def test_a_long_name_is_cut():
    """An id fits a line of the terminal, in characters that pytest does not escape."""
    long, other = (mm.increasing("area").named("more area costs more " * 20 + end) for end in "ab")
    assert [("more area costs more " * 20)[:57] + "..."] * 2 == ids(mm.relations(long, other, schema=SCHEMA))


HOSTILE = ["a::b", "a[b", "]", "a/b//../c", "\x1b[31mred", "new\nline", "面積", 'it\'s "$HOME" `x`', "-n 5", "a\\b"]
HOSTILE += ["\u202ebidi", "\0", "<b>&</b>", "x" * 200, "x" * 201, "\ud800", " ", "%s {}", "[bold]m[/bold]"]


def test_hostile_names(write, run, project):
    """Whatever a relation is called, its test runs, fails by itself, and is found by the command that replays it."""
    write(f"""
NAMES = {HOSTILE!r}

@mm.relations(*[mm.increasing("area").named(name) for name in NAMES], schema=SCHEMA, budget=20)
def test_it(relation):
    relation.check(discount)
""")
    ran = run("--junitxml=junit.xml")
    ran.assert_outcomes(failed=len(HOSTILE))
    assert set() == {"\x1b", "\0", "\u202e"} & set(ran.stdout.str() + (project.path / "junit.xml").read_text("utf-8"))
    commands = [line.split("Replay: pytest ")[1] for line in ran.outlines if "Replay: " in line]
    assert len(HOSTILE) == len(commands)
    arguments = [shlex.split(command) for command in commands]
    again = run(*[argument for command in arguments for argument in command])
    again.assert_outcomes(failed=len(HOSTILE))


def test_further_parameters_and_classes(write, run):
    """Relations go with other parameters, marks and classes."""
    write("""
class TestHouses:
    @pytest.mark.parametrize("factor", [1, 2])
    @mm.relations(mm.increasing("area"), mm.decreasing("area"), schema=SCHEMA, budget=20)
    def test_it(self, relation, factor, model):
        relation.check(lambda t: factor * model(t))
""")
    ran = run("-rA")
    ran.assert_outcomes(passed=2, failed=2)
    names = [line.split("::")[-1].split(" - ")[0] for line in ran.outlines if line.startswith(("PASSED", "FAILED"))]
    assert [f"test_it[{name}[area]-{factor}]" for name in ("increasing", "decreasing") for factor in (1, 2)] == names


def test_a_frame_is_read_once():
    """A frame stands for its schema, which is read off it once."""
    mark = mm.relations(mm.increasing("area"), mm.invariant("rooms"), schema=HOUSES)
    first, second = (relation.schema for _, (relation,), _ in params(mark))
    assert (True, True) == (isinstance(first, mm.Schema), first is second)


def test_known_failures(write, run):
    """A failure that is known by its id is an expected one, with its reason."""
    write("""
@mm.relations(
    mm.increasing("area"),
    mm.increasing("rooms"),
    schema=SCHEMA,
    expected_failures={"increasing[rooms]": "the backlog"},
    budget=20,
)
def test_it(relation, model):
    relation.check(model)
""")
    ran = run("-rx")
    ran.assert_outcomes(passed=1, xfailed=1)
    assert ["XFAIL test_houses.py::test_it[increasing[rooms]] - the backlog"] == [
        line for line in ran.outlines if line.startswith("XFAIL")
    ]


def test_known_failures_of_models(write, run):
    """A failure is known of a relation for every model, or of the test of one model; the latter's reason is nearer."""
    write("""
RELATIONS = [mm.increasing("area"), mm.increasing("rooms")]
KNOWN = {
    "increasing[rooms]": "of all",
    "second-increasing[rooms]": "of the second",
    "first-increasing[area]": "of the first",
}

@mm.parametrize_with_relations(
    {"first": discount, "second": price}, SCHEMA, RELATIONS, expected_failures=KNOWN, budget=20
)
def test_it(model, relation):
    relation.check(model)
""")
    ran = run("-rxf")
    ran.assert_outcomes(passed=1, xfailed=2, failed=1)
    assert ["of the first", "of the second"] == sorted(
        line.split(" - ")[1] for line in ran.outlines if line.startswith("XFAIL")
    )
    ran.stdout.fnmatch_lines(["[[]XPASS(strict)] of all", "FAILED test_houses.py::test_it?first-increasing?rooms??*"])


def test_a_known_failure_is_no_broken_model(write, run):
    """A model that raises fails its test, though a failure of the relation is known."""
    write("""
@mm.relations(mm.increasing("area"), schema=SCHEMA, expected_failures={"increasing[area]": "known"}, budget=20)
def test_it(relation):
    relation.check(lambda t: sys.exit(0))
""")
    run().assert_outcomes(failed=1)


def test_a_known_failure_is_no_mistake(write, run):
    """A relation that cannot be asked at all fails, though a failure of it is known."""
    write("""
@mm.relations(mm.increasing("aera"), schema=SCHEMA, expected_failures={"increasing[aera]": "known"})
def test_it(relation, model):
    relation.check(model)
""")
    run().assert_outcomes(failed=1)


def test_a_cut_name_is_known():
    """A failure is known by the id that pytest shows, where that is a cut one, too."""
    relation = mm.increasing("area").named("x" * 100)
    for name in ("x" * 100, "x" * 57 + "..."):
        mark = mm.relations(relation, schema=SCHEMA, expected_failures={name: "known"})
        assert [["xfail"]] == [marks for _, _, marks in params(mark)]


MISTAKES = {
    "mm.relations(schema=SCHEMA)": "at least one",
    'mm.relations("area", schema=SCHEMA)': "mm.relations(*them, schema=...)",
    'mm.relations([mm.increasing("area")], schema=SCHEMA)': "mm.relations(*them, schema=...)",
    'mm.relations(mm.increasing("area"), "rooms", schema=SCHEMA)': "relation='rooms'",
    'mm.relations(mm.increasing("area"), mm.increasing("area"), schema=SCHEMA)': "equal ids",
    'mm.relations(mm.increasing("area"), schema=HOUSES.head(0))': "0 rows",
    'mm.relations(mm.increasing("area"), schema=5)': "int",
    'mm.relations(mm.increasing("area"), schema=SCHEMA, budget=0)': "budget=0",
    'mm.relations(mm.increasing("area"), schema=SCHEMA, seconds=-1)': "seconds=-1",
    'mm.relations(mm.increasing("area"), schema=SCHEMA, seed=1.5)': "seed=1.5",
    'mm.relations(mm.increasing("area"), schema=SCHEMA, expected_failures=["increasing[area]"])': "ids and reasons",
    'mm.relations(mm.increasing("area"), schema=SCHEMA, expected_failures={"increasing[area]": ""})': "ids and reasons",
    'mm.relations(mm.increasing("area"), schema=SCHEMA, expected_failures={"increasing[aera]": "x"})': "did you",
    'mm.parametrize_with_relations({}, SCHEMA, mm.increasing("area"))': "at least one model",
    'mm.parametrize_with_relations([], SCHEMA, mm.increasing("area"))': "at least one model",
    'mm.parametrize_with_relations(price, [mm.increasing("area")], SCHEMA)': "DataFrame",
    "mm.parametrize_with_relations(price, SCHEMA, [])": "at least one",
}  # fmt: skip


@pytest.mark.parametrize(("call", "said"), MISTAKES.items(), ids=list(MISTAKES))
def test_mistakes(call, said):
    """A mistake at the decorator is an error that says what to do, without a frame of ours."""
    with pytest.raises(mm.MetamorphError, match=re.escape(said)) as caught:
        eval(call, {"mm": mm, "SCHEMA": SCHEMA, "HOUSES": HOUSES, "price": price})  # noqa: S307 - the call itself
    assert 3 >= len(str(caught.value).splitlines())
    assert {"relations", "parametrize_with_relations", "__exit__"} >= {
        entry.name for entry in caught.traceback if "metamorph" in str(entry.path) and "tests" not in str(entry.path)
    }


def test_a_mistake_while_tests_are_collected(write, run):
    """A mistake at the decorator shows the user's line, and no frame of ours."""
    write("""
@mm.relations(mm.increasing("area"), schema=SCHEMA, budget=0)
def test_it(relation, model):
    relation.check(model)
""")
    ran = run()
    ran.assert_outcomes(errors=1)
    assert ["E   metamorph.errors.RelationError: Expected budget >= 1 but got budget=0."] == [
        line for line in ran.outlines if line.startswith("E  ")
    ]
    assert "/metamorph/" not in ran.stdout.str()


def test_a_bundle(write, run):
    """A bundle is one test, violated when a part is; the part's case is kept and asked about again."""
    write("""
@mm.relations(mm.increasing("area") & mm.increasing("rooms"), schema=SCHEMA, budget=20)
def test_it(relation, model):
    relation.check(model)
""")
    for options in ([], ["--metamorph-replay-only"]):
        ran = run(*options)
        ran.assert_outcomes(failed=1)
        ran.stdout.fnmatch_lines(["  increasing?area? & *VIOLATED*"])
