"""A test's own failure: its screen has the user's line and no frame of ours, and other tests go on."""

import pytest

pytest_plugins = ["pytester"]

RAISING = [
    "sys.exit(0)",
    "sys.exit('enough')",
    "raise KeyError('column')",
    "raise RecursionError",
    "raise MemoryError",
    "raise GeneratorExit",
    "raise AssertionError('mine')",
    "raise BaseException('mine')",
    "raise StopIteration",
]


def test_a_model_that_raises(write, run):
    """A model that raises, whatever it is, fails its own test, and every other test runs."""
    write(f"""
def raising(line):
    def model(t):
        exec(line)
    return model

@pytest.mark.parametrize("line", {RAISING!r})
@mm.relations(mm.increasing("area"), schema=SCHEMA, budget=20)
def test_it(relation, line):
    relation.check(raising(line))

def test_after():
    pass
""")
    ran = run()
    ran.assert_outcomes(passed=1, failed=len(RAISING))
    assert len(RAISING) == sum(line.startswith("BROKEN: the model") for line in ran.outlines)


FUNCTIONS = {
    "a precondition": "mm.increasing('area').when(lambda t: 1 / 0)",
    "a transformation": "mm.Relation('own', transform=lambda t: sys.exit(0), touches=['area'], expect=np.subtract)",
    "an expectation": (
        "mm.Relation('own', transform=lambda t: t.assign(area=100), touches=['area'], expect=lambda *_: sys.exit(0))"
    ),
}


@pytest.mark.parametrize("relation", FUNCTIONS.values(), ids=list(FUNCTIONS))
def test_a_function_of_the_user_that_raises(write, run, relation):
    """A relation whose own function raises, or exits, is broken, and fails its own test."""
    write(f"""
@mm.relations({relation}, schema=SCHEMA, budget=20)
def test_it(relation, model):
    relation.check(model)

def test_after():
    pass
""")
    ran = run()
    ran.assert_outcomes(passed=1, failed=1)
    ran.stdout.fnmatch_lines(["BROKEN: the relation*"])


SCREENS = {
    "violated": ('mm.increasing("area")', "discount"),
    "broken": ('mm.increasing("area")', "lambda t: sys.exit(3)"),
    "inconclusive": ('mm.increasing("area").allow(0.001)', "price"),
    "no such column": ('mm.increasing("aera")', "price"),
    "no model": ('mm.increasing("area")', '"price"'),
    "a class": ('mm.increasing("area")', "dict"),
    "a label of a function": ('mm.increasing("area").on("decision")', "price"),
}


@pytest.mark.parametrize("style", ["long", "short", "line"])
def test_no_frames_of_ours(write, run, style):
    """A failing test shows the user's line, and no line of ours, whatever went wrong."""
    write(
        "\n".join(
            f"""
@mm.relations({relation}, schema=SCHEMA, budget=20)
def test_{place}(relation):
    relation.check({model})
"""
            for place, (relation, model) in enumerate(SCREENS.values())
        )
    )
    ran = run(f"--tb={style}")
    ran.assert_outcomes(failed=len(SCREENS))
    shown = ran.stdout.str().partition(" FAILURES ")[2].partition(" metamorph ")[0]
    assert [] == [line for line in shown.splitlines() if "/metamorph/" in line or "__tracebackhide__" in line]
    assert (
        len(SCREENS) == sum("relation.check(" in line and ">" in line[:5] for line in shown.splitlines())
        or style != "long"
    )
    assert len(SCREENS) <= shown.count("test_houses.py:")


def test_a_mistake_is_three_lines(write, run):
    """A relation that cannot be asked says what, why and what to do, and nothing else."""
    write("""
@mm.relations(mm.increasing("aera"), schema=SCHEMA, budget=20)
def test_it(relation, model):
    relation.check(model)
""")
    assert ["E       metamorph.errors.RelationError: There is no column 'aera' (did you mean 'area'?)."] == [
        line for line in run().outlines if line.startswith("E ")
    ]


def test_failures_of_pytest_go_through(write, run):
    """What ends a test, or skips it, does so from inside a model: a time limit is one."""
    write("""
OUTCOMES = {"fail": pytest.fail, "skip": pytest.skip, "xfail": pytest.xfail}

@pytest.mark.parametrize("name", OUTCOMES)
@mm.relations(mm.increasing("area"), schema=SCHEMA, budget=20)
def test_it(relation, name):
    relation.check(lambda t: OUTCOMES[name]("from inside"))
""")
    run().assert_outcomes(failed=1, skipped=1, xfailed=1)


def test_a_time_limit_of_pytest(write, run):
    """A test whose model never answers is ended by pytest-timeout, and is not asked anything else."""
    write("""
calls = []

def hanging(t):
    calls.append(len(t))
    while True:
        pass

@pytest.mark.timeout(0.2, method="signal")
@mm.relations(mm.increasing("area"), schema=SCHEMA, budget=20)
def test_it(relation):
    relation.check(hanging)

def test_after():
    assert 1 == len(calls)
""")
    ran = run("-rf")
    ran.assert_outcomes(passed=1, failed=1)
    ran.stdout.fnmatch_lines(["FAILED test_houses.py::test_it* - Failed: Timeout *"])


def test_ctrl_c_goes_through(write, run):
    """Ctrl-C in a model interrupts the session, as anywhere; what was found by then is told."""
    write("""
def interrupted(t):
    raise KeyboardInterrupt

@mm.relations(mm.increasing("area"), schema=SCHEMA, budget=20)
def test_first(relation, model):
    relation.check(model)

@mm.relations(mm.increasing("area"), schema=SCHEMA, budget=20)
def test_second(relation):
    relation.check(interrupted)
""")
    ran = run(no_reraise_ctrlc=True)
    assert pytest.ExitCode.INTERRUPTED == ran.ret
    ran.stdout.fnmatch_lines(["test_houses.py::test_first", "  increasing?area? *HELD*"])


def test_outside_of_a_test(write, run):
    """A check in a fixture follows the options, too; one in a thread of its own follows the decorator."""
    write("""
import threading

@pytest.fixture
def checked(relation):
    with pytest.raises(AssertionError, match="100% of 20 houses"):
        relation.check(discount)

@mm.relations(mm.increasing("area"), schema=SCHEMA, budget=30)
def test_it(relation, checked):
    said = []
    threading.excepthook = lambda raised: said.append(str(raised.exc_value))
    thread = threading.Thread(target=relation.check, args=[discount])
    thread.start()
    thread.join()
    assert ["100% of 30 houses violate it"] == [text[text.index("100% of 30"):][:28] for text in said]
""")
    ran = run("-W", "error", "--metamorph-budget=20")
    ran.assert_outcomes(passed=1)
    ran.stdout.fnmatch_lines(["test_houses.py::test_it", "  increasing?area? *VIOLATED* 20 *"])


def test_a_fixture_that_fails(write, run):
    """A relation that is violated in a fixture is an error of the test, told as any other."""
    write("""
@pytest.fixture
def checked(relation):
    relation.check(discount)

@mm.relations(mm.increasing("area"), schema=SCHEMA, budget=30)
def test_it(relation, checked):
    pass
""")
    ran = run()
    ran.assert_outcomes(errors=1)
    ran.stdout.fnmatch_lines(["VIOLATED on 100% of real houses*", "  increasing?area? *VIOLATED*"])


def test_a_strange_representation(write, run):
    """A relation's name is shown without what acts on a terminal."""
    write("""
@mm.relations(mm.increasing("area").named("\\x1b[31mred\\u202e"), schema=SCHEMA, budget=20)
def test_it(relation):
    relation.check(discount)
""")
    shown = run().stdout.str()
    assert (True, False, False) == ("<\\x1b[31mred\\u202e, 2 columns>" in shown, "\x1b" in shown, "\u202e" in shown)
