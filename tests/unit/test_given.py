"""Everything a user of Hypothesis knows keeps working on cases of a relation."""

import os
import pathlib
import re
import subprocess
import sys
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, example, find, given, reproduce_failure, seed, settings
from hypothesis.database import InMemoryExampleDatabase

import metamorph as mm
from metamorph import strategies as mst
from metamorph.case import Status
from metamorph.profile import register
from metamorph.runner.checking import probe_rows
from metamorph.runner.examiner import Examiner

ROOT = pathlib.Path(__file__).parents[2]
QUICK = [phase for phase in Phase if phase is not Phase.explain]

PLACE = np.arange(300)
HOUSES = pd.DataFrame(
    {
        "area": 30 + PLACE * 37 % 190,
        "rooms": PLACE * 5 % 9 + 1,
        "age": PLACE * 7 % 101,
        "garden": PLACE % 3 == 0,
        "heating": np.array(["gas", "oil", "coal"])[PLACE * 7 % 3],
    }
)
TYPICAL = {"area": 100, "rooms": 4, "age": 30, "garden": False, "heating": "gas"}
SCHEMA = mm.Schema.from_frame(HOUSES).with_reference(TYPICAL)
UP = mm.increasing("area")


def crowded(t):
    """Large houses of many rooms are cheap: the reference row is one step and one column away."""
    return (t["area"] * np.where((t["area"] > 150) & (t["rooms"] >= 7), -1, 1)).to_numpy()


SMALLEST = mst.case(UP, SCHEMA, {"rooms": 7, "to[area]": 151})


def right(t):
    return t["area"].to_numpy()


def run(model, relation=UP, schema=SCHEMA, *, decorate=lambda test: test, **choices):
    """The cases that a Hypothesis test checked, in order, and the error that it ended with."""
    seen = []

    @settings(**{"phases": QUICK, "max_examples": 200, "derandomize": False, "database": None} | choices)
    @seed(1)
    @given(mst.cases(relation, schema))
    def test(case):
        seen.append(case)
        case.check(model)

    try:
        decorate(test)()
    except AssertionError as error:
        return seen, error
    return seen, None


def test_a_bug_is_found_and_reduced_to_what_matters():
    """The last case that fails differs from the reference row in one column, and takes the smallest step."""
    seen, error = run(crowded)
    assert SMALLEST == seen[-1]
    assert "falls by 251" in str(error)


def test_a_right_model_passes():
    seen, error = run(right, max_examples=50)
    assert (None, True) == (error, len(seen) >= 50)


def test_an_invariance_is_reduced_on_both_sides():
    """Where a level that is not the reference row's matters, the source is the reference row all the same."""

    def model(t):
        return 100.0 - 5.0 * (t["heating"] == "coal")

    seen, _ = run(model, mm.invariant("heating"))
    assert mst.case(mm.invariant("heating"), SCHEMA, {"to[heating]": "coal"}) == seen[-1]


def test_the_error_is_the_report_whatever_hypothesis_prints():
    """The report is the error's own text; what Hypothesis prints of the case is the call that makes it."""
    _, error = run(crowded)
    assert str(error).startswith("\nVIOLATED by this case")
    assert "Pin it: @example(mst.case(relation, schema, {" in str(error)
    printed = "\n".join(error.__notes__)
    assert f"case={SMALLEST!r}," in printed
    assert "dtype" not in str(error) + printed


def test_a_note_says_the_margin():
    _, error = run(crowded)
    assert "increasing[area]: margin 251 (above 0 violates)" in error.__notes__


def test_only_cases_that_can_be_judged_get_past_the_check():
    """A drawn case without a change, without a step or outside the precondition is rejected."""
    passed = []
    relation = mm.increasing("rooms", by=2).when(lambda t: t["age"] >= 20)

    @settings(max_examples=50, suppress_health_check=[HealthCheck.filter_too_much])
    @given(mst.cases(relation, SCHEMA))
    def test(case):
        case.check(right)
        passed.append(case)

    test()
    assert len(passed) == 50
    assert all(case.source["age"] >= 20 and case.source["rooms"] <= 7 for case in passed)


SPOT = {"x": 173 * 211, "y": 59 * 307}
"""No numbers that stand in this file: Hypothesis would try those."""
HAYSTACK = mm.Schema(x=mm.Integer(0, 2**16, origin=0), y=mm.Integer(0, 2**16, origin=0))
BY_THE_SPOT = mm.Relation(
    "away from the spot",
    transform=lambda t: t.assign(x=t["x"] + 1),
    expect=lambda source, follow_up: 5 - np.minimum(source, follow_up),
)


def distance(t):
    return abs(t["x"] - SPOT["x"]) + abs(t["y"] - SPOT["y"])


@pytest.mark.parametrize(("phases", "found"), [([Phase.generate, Phase.target], True), ([Phase.generate], False)])
def test_hypothesis_climbs_the_pressure(phases, found):
    """The margin is a target: a bug that chance does not hit is found by climbing towards it."""
    _, error = run(distance, BY_THE_SPOT, HAYSTACK, phases=phases, max_examples=600)
    assert found == (error is not None)


class Doubtful:
    """A classifier that oil makes less sure of the same label."""

    classes_ = np.array(["cheap", "dear"])

    def predict_proba(self, t):
        chance = 0.9 - 0.2 * (t["heating"] == "oil").to_numpy()
        return np.column_stack([1 - chance, chance])

    def predict(self, t):
        return np.full(len(t), "dear")


def test_the_pressure_of_a_label_is_the_shift_of_its_probability():
    """Where the margin is flat, how far the numbers behind the label move is what is climbed."""
    relation = mm.invariant("heating")
    case = mst.case(relation, SCHEMA, {"to[heating]": "oil"})
    examined = Examiner(relation, SCHEMA, Doubtful()).examine(case._cases(), repr(case), search=True)  # noqa: SLF001
    assert (Status.EFFECTIVE, 0.0, pytest.approx(0.2)) == (examined.status, examined.margin, examined.pressure)


def test_a_test_may_check_several_models():
    """Hypothesis takes one target of a name; the second model's is left out, and both are judged."""
    asked = Counter()

    def counted(name):
        def model(t):
            asked[name] += 1
            return t["area"].to_numpy()

        return model

    first, second = counted("first"), counted("second")

    @settings(max_examples=20)
    @given(mst.cases(UP, SCHEMA))
    def test(case):
        case.check(first)
        case.check(second)

    test()
    assert asked["first"] == asked["second"]


def test_the_model_is_probed_once_for_a_test():
    """Three calls of the probe, and then one for each case that is kept."""
    calls = []

    def counted(t):
        calls.append(len(t))
        return t["area"].to_numpy()

    seen, _ = run(counted, max_examples=40, phases=[Phase.generate])
    judged = [case for case in seen if case.source["area"] < max(HOUSES["area"])]
    assert [64, 32, 1] + [2] * len(judged) == calls


class Priced:
    """A model whose method is handed over, a new object every time."""

    def __init__(self):
        self.calls = []

    def price(self, t):
        self.calls.append(len(t))
        return t["area"].to_numpy()


def test_a_method_is_probed_once_too():
    model = Priced()

    @settings(max_examples=10)
    @given(mst.cases(UP, SCHEMA))
    def test(case):
        case.check(model.price)

    test()
    assert 1 == model.calls.count(64)


def test_settings_are_the_users():
    """As many cases are judged as ``max_examples`` says."""
    kept = Counter()

    def model(t):
        kept[len(t)] += 1
        return t["area"].to_numpy()

    run(model, max_examples=7, phases=[Phase.generate])
    assert 7 == kept[2]


def test_a_pinned_case_is_tried_first():
    pinned = mst.case(UP, SCHEMA, {"area": 140, "rooms": 8, "to[area]": 160})
    seen, error = run(crowded, decorate=example(pinned))
    assert ([pinned], True) == (seen, error is not None)


def test_a_pinned_case_that_cannot_be_judged_fails():
    """Hypothesis passes over an example that is rejected; a pin that tests nothing any more must not pass."""
    idle = mst.case(UP, SCHEMA, {"area": 140, "to[area]": 140})
    _, error = run(right, decorate=example(idle))
    assert str(error).startswith("\nNothing was tested by this case: it changes nothing.")


def test_the_example_database_replays_the_reduced_case_first():
    database = InMemoryExampleDatabase()
    run(crowded, database=database)
    seen, _ = run(crowded, database=database)
    assert SMALLEST == seen[0]


def test_a_failure_is_reproduced_from_its_blob():
    """``@reproduce_failure`` runs the one case that the blob holds, and fails as it did."""
    _, error = run(crowded, print_blob=True)
    version, blob = re.search(r"@reproduce_failure\('(.+?)', b'(.+?)'\)", "\n".join(error.__notes__)).groups()
    seen, again = run(crowded, decorate=reproduce_failure(version, blob.encode()))
    assert ([SMALLEST], str(error)) == (seen, str(again))


def breaks(case, model):
    """Whether a model breaks a case."""
    try:
        case.check(model)
    except AssertionError:
        return True
    return False


def test_find_gives_the_reduced_case():
    found = find(mst.cases(UP, SCHEMA), lambda case: breaks(case, crowded), settings=settings(phases=QUICK))
    assert SMALLEST == found


def test_a_fuzzer_may_drive():
    """``fuzz_one_input`` draws a case from bytes; one that fails raises the report."""

    @settings(database=None)
    @given(mst.cases(UP, SCHEMA))
    def test(case):
        case.check(crowded)

    rng = np.random.default_rng(0)
    with pytest.raises(AssertionError, match="VIOLATED by this case"):
        [test.hypothesis.fuzz_one_input(rng.bytes(2_000)) for _ in range(500)]


def rare(t):
    """The rows that the models below are moody on; the probe asks about none of them."""
    return ((t["rooms"] >= 8) & (t["area"] > 150) & t["age"].between(50, 80)).to_numpy()


def own_generator():
    rng = np.random.default_rng(5)
    return lambda t: t["area"] + 50 * rng.normal(size=len(t))


def global_generator():
    return lambda t: t["area"] + 50 * np.random.normal(size=len(t))  # noqa: NPY002 - the one that Hypothesis seeds


def own_generator_on_few_rows():
    rng = np.random.default_rng(5)
    return lambda t: t["area"] - 900 * rng.random(len(t)) * rare(t)


def global_generator_on_few_rows():
    return lambda t: t["area"] - 900 * np.random.random(len(t)) * rare(t)  # noqa: NPY002 - as above


def right_the_fourth_time():
    asked = Counter()

    def model(t):
        rows = [tuple(row) for row in t.to_numpy()]
        asked.update(rows)
        return t["area"] * np.where(rare(t) & [asked[row] < 5 for row in rows], -1, 1)

    return model


def right_after_some_calls():
    moods = []

    def model(t):
        moods.extend(["bad"] * int(rare(t).any()))
        return t["area"] * np.where(rare(t) & (len(moods) < 12), -1, 1)

    return model


def raises_in_the_beginning():
    moods = []

    def model(t):
        moods.extend(["bad"] * int(rare(t).any()))
        if rare(t).any() and len(moods) < 12:
            raise ValueError
        return t["area"]

    return model


MOODY = [
    own_generator,
    global_generator,
    own_generator_on_few_rows,
    global_generator_on_few_rows,
    right_the_fourth_time,
    right_after_some_calls,
    raises_in_the_beginning,
]


@pytest.mark.parametrize("make", MOODY, ids=lambda make: make.__name__)
def test_a_model_that_is_not_deterministic_is_our_verdict(make):
    """Hypothesis does not call the test flaky: the report says what the model is."""
    model = make()
    assert not rare(probe_rows(SCHEMA)).any()
    _, error = run(model, max_examples=1_000)
    assert str(error).startswith("\nBROKEN: the model")
    assert "The model is not deterministic" in str(error)


class Refitted:
    """A model that is put right, or wrong, in place."""

    def __init__(self):
        self.predict = crowded


@pytest.mark.parametrize("known", ["drawn", "in the database", "pinned"])
def test_a_model_put_right_between_two_tests_passes(known):
    """What failed in one test is not held against the same object in the next, however the case comes up again."""
    model, database = Refitted(), InMemoryExampleDatabase() if known == "in the database" else None
    decorate = example(SMALLEST) if known == "pinned" else lambda test: test
    failed, error = run(model, database=database)
    assert (True, SMALLEST) == (error is not None, failed[-1])
    model.predict = right
    seen, error = run(model, database=database, decorate=decorate, max_examples=60)
    assert error is None
    assert known == "drawn" or seen[0] == SMALLEST


def test_a_model_put_right_after_a_test_that_was_stopped_passes():
    """Nor is it where the first test was stopped before it came to an end."""
    model, database = Refitted(), InMemoryExampleDatabase()
    failed = []

    @settings(phases=QUICK, database=database, derandomize=False, max_examples=400)
    @seed(1)
    @given(mst.cases(UP, SCHEMA))
    def test(case):
        try:
            case.check(model)
        except AssertionError:
            failed.append(case)
            if len(failed) == 2:
                raise KeyboardInterrupt from None
            raise

    with pytest.raises(KeyboardInterrupt):
        test()
    model.predict = right
    test()
    model.predict = crowded
    failed.clear()
    with pytest.raises(KeyboardInterrupt):
        test()


def test_another_failure_of_the_same_case_is_told_as_it_is():
    """A case that a model broke in one test, and another assertion breaks in the next, is that assertion's."""
    model = Refitted()
    run(model)
    model.predict = right

    @settings(phases=QUICK)
    @given(mst.cases(UP, SCHEMA))
    def test(case):
        case.check(model)
        assert case.source["rooms"] < 7, "too many rooms"

    with pytest.raises(AssertionError, match="too many rooms"):
        test()


def test_the_profile_has_no_deadline_and_explains_nothing():
    """A model takes its time, and explaining asks it much more; all else is as Hypothesis has it."""
    register()
    profile, default = settings.get_profile("metamorph"), settings.get_profile("default")
    assert (None, tuple(QUICK)) == (profile.deadline, tuple(profile.phases))
    assert (default.max_examples, default.verbosity) == (profile.max_examples, profile.verbosity)


def test_the_profile_is_loaded_by_the_user_alone():
    """Importing and registering leave the profile that was loaded, with all its phases."""
    settings.load_profile("default")
    try:
        register()
        assert Phase.explain in settings().phases
    finally:
        settings.load_profile("pinned")


USER_TEST = """
import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
import metamorph as mm
from metamorph import strategies as mst

SCHEMA = mm.Schema(area=mm.Integer(1, 1000), rooms=mm.Integer(1, 9), garden=mm.Boolean())
EXTENDED = mm.Relation(
    "an extension\\x1b[31m",
    transform=lambda t: t.assign(area=t["area"] + 500 * (t["rooms"] > 3)),
    expect=mm.expectations.not_lower(),
).when(lambda t: ~t["garden"])

@settings(derandomize=False, database=None, max_examples=40, suppress_health_check=list(HealthCheck))
@given(mst.cases(EXTENDED, SCHEMA))
def test_extended(case):
    with open("drawn.txt", "a") as file:
        print(case, file=file)
    case.check(lambda t: t["area"].to_numpy())

def test_profile():
    assert settings().deadline is None
    assert Phase.explain not in settings().phases
"""


USER_RUNS = """
import pathlib
import pytest

for seed in (7, 8, 7):
    flags = ["--hypothesis-show-statistics", "--hypothesis-profile=metamorph"]
    assert pytest.main(["-q", "-p", "no:cacheprovider", f"--hypothesis-seed={seed}", *flags]) == 0
    print("END OF RUN", pathlib.Path("drawn.txt").read_text(), "END OF CASES")
    pathlib.Path("drawn.txt").unlink()
"""


@pytest.fixture(scope="module")
def users_runs(tmp_path_factory):
    """What each of three runs of a user's test prints, and the cases it drew; the seed of the second is another."""
    folder = tmp_path_factory.mktemp("user")
    (folder / "test_user.py").write_text(USER_TEST, encoding="utf-8")
    path = os.pathsep.join([str(ROOT), str(ROOT / "strategies")])
    command, env = [sys.executable, "-c", USER_RUNS], {**os.environ, "PYTHONPATH": path}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, encoding="utf-8", check=False)  # noqa: S603 - our own command
    assert (0, "") == (done.returncode, done.stderr), done.stdout
    return [run.split("END OF RUN") for run in done.stdout.split("END OF CASES")[:-1]]


def test_the_seed_of_the_command_line_decides_what_is_drawn(users_runs):
    """``--hypothesis-seed``: the same cases for the same seed, others for another."""
    (_, first), (_, other), (_, again) = users_runs
    assert first == again
    assert first != other


@pytest.mark.parametrize("status", ["effective", "no change", "not applicable", "outside the precondition"])
def test_the_statistics_say_what_became_of_cases(users_runs, status):
    """``--hypothesis-show-statistics``: an event of each relation and outcome with its share, and nothing that acts."""
    printed, _ = users_runs[0]
    assert re.search(rf"\* +[\d.]+%, an extension\\x1b\[31m: {status}", printed)
    assert "\x1b[31m: " not in printed


def test_the_profile_is_loaded_by_the_command_line(users_runs):
    """``--hypothesis-profile=metamorph``: the user's own test saw it, in a run that passed."""
    assert "2 passed" in users_runs[0][0]
