"""Relations over batches: the same rows handed over otherwise, and the smallest batch in which an answer changes."""

import numpy as np
import pandas as pd
import pytest
from hypothesis.database import InMemoryExampleDatabase
from sklearn.linear_model import LinearRegression

import metamorph as mm
from metamorph import catalogue, expectations, transforms
from metamorph.failures import Failures
from tests.asking import run

N = 200
PLACE = np.arange(N)
FRAME = pd.DataFrame(
    {
        "area": PLACE * 37 % 101 * 2.0 + 0.5,
        "rooms": PLACE * 7 % 5 + 1,
        "kind": np.array(["a", "b"])[PLACE % 2],
        "age": PLACE * 13 % 29 * 1.0,
    }
)
HANDED = {
    "alone": transforms.one_by_one(),
    "order": transforms.permuted_rows(),
    "halves": transforms.subset_of_rows(),
    "copies": transforms.duplicated_rows(),
    "index": transforms.row_index(),
    "again": transforms.again(pure=True),
}


def same(name, output="scores"):
    return mm.Relation(name, transform=HANDED[name], expect=expectations.unchanged()).on(output)


def check(model, relation, frame=FRAME, **more):
    return mm.check(model, relation, frame, **{"budget": 500, **more}, attack=0)


def result(model, name, **more):
    return check(model, same(name), **more).results[0]


def number(t):
    return t["area"] + 3.0 * t["rooms"]


BY_CHANCE = 0
"""Rows where a relation sees a fault only if the batch happens to show it."""
PLANTED = {
    "centred on the batch": (lambda t: t["area"] - t["area"].mean(), {"alone": 2, "halves": 2}),
    "scaled by the batch": (lambda t: t["area"] / (t["area"].max() + 1), {"alone": 2, "halves": BY_CHANCE}),
    "ranked": (lambda t: t["area"].rank(), {"alone": 2, "halves": 2, "copies": 1}),
    "mean of its kind": (lambda t: t.groupby("kind")["area"].transform("mean"), {"alone": 2, "halves": 2}),
    "one row of a sort": (lambda t: t["area"] + (t["rooms"].max() > 4), {"alone": 2, "halves": BY_CHANCE}),
    "by its place": (lambda t: t["area"] + np.arange(len(t)), {"alone": 2, "order": 2, "halves": 2, "copies": 1}),
    "by the first row": (lambda t: t["area"] + t["rooms"].iloc[0], {"alone": 2, "order": 2, "halves": 2}),
    "of copies": (lambda t: t["area"] - 9.0 * t.duplicated(), {"order": 2, "halves": 2, "copies": 1}),
    "sorted by its index": (lambda t: t["area"].sort_index().to_numpy(), {"index": 2}),
    "by its label": (lambda t: t["area"] + 1.0 * np.array([isinstance(i, str) for i in t.index]), {"index": 1}),
}


@pytest.mark.parametrize("name", HANDED)
@pytest.mark.parametrize("plant", PLANTED)
def test_a_planted_fault_is_found_in_the_smallest_batch(plant, name):
    """A model that looks at other rows is violated by the relations that can see it, in a batch of one or two rows."""
    model, size = PLANTED[plant]
    found = result(model, name)
    if name not in size:
        assert ("held", None) == (found.verdict, found.counterexample)
        return
    if size[name] == BY_CHANCE and found.verdict == "held":
        return
    assert ("violated", "estimate") == (found.verdict, found.found_by)
    assert (size[name] or 2) == 1 + len(found.counterexample.others)
    assert found.counterexample.margin > 0
    assert found.counterexample.source == found.counterexample.follow_up
    assert found.shrink_calls <= found.calls


@pytest.mark.parametrize("name", HANDED)
def test_an_honest_model_keeps_all(name):
    """A model that answers each row for itself is held, on as many rows as it was asked about."""
    found = result(number, name)
    assert ("held", 0, True) == (found.verdict, found.violations, found.cases >= 64)


@pytest.mark.parametrize("name", HANDED)
def test_one_row_is_enough_of_a_schema(name):
    """A schema of one observed row, or of none, is asked about all the same."""
    assert "held" == result(number, name, frame=FRAME.head(1)).verdict
    by_hand = mm.Schema(area=mm.Real(0, 9), rooms=mm.Integer(1, 5))
    assert "held" == result(number, name, frame=by_hand).verdict
    assert "held" == result(number, name, budget=1).verdict


def test_rows_are_asked_alone_up_to_a_limit():
    """One by one, at most 64 rows are asked about, a call each, whatever the budget."""
    sizes = []

    def model(t):
        sizes.append(len(t))
        return number(t)

    found = check(model, same("alone"), budget=5_000).results[0]
    asked = sizes.index(64, 1)  # behind the probe, which is of 64 rows, too
    assert (64, [1] * 64) == (found.cases, sizes[asked + 1 : asked + 65])
    assert max(sizes) == 64


@pytest.mark.parametrize("name", HANDED)
def test_the_same_seed_the_same_report(name):
    """Under one seed the report is byte for byte the same, but for times; the batch is reduced the same way."""
    model, _ = PLANTED["by its place"]
    one, again = (check(model, same(name), seed=5).to_json().splitlines() for _ in range(2))
    assert [line for line in one if '"seconds"' not in line] == [line for line in again if '"seconds"' not in line]
    assert mm.Report.from_json("\n".join(one)) == mm.Report.from_json("\n".join(one))


@pytest.mark.parametrize("name", HANDED)
def test_reports_survive_json(name):
    """The report of a batch is the same after JSON, its other rows among it."""
    report = check(PLANTED["ranked"][0], same(name))
    assert report == mm.Report.from_json(report.to_json())


def test_time_that_runs_out():
    """Where no time is left nothing is concluded; what was settled before stays."""
    found = check(number, [same(name) for name in HANDED], seconds=1e-9).results
    assert {"inconclusive"} == {one.verdict for one in found}
    assert {("seconds", 0)} == {(one.stopped, one.cases) for one in found}


def test_a_rate_is_allowed_of_a_batch():
    """With an allowed rate the rate decides, and the worst row is shown and changes nothing."""
    rarely = PLANTED["one row of a sort"][0]
    asked = mm.Relation("x", transform=transforms.duplicated_rows(), expect=expectations.unchanged())
    sometimes = lambda t: t["area"] - 9.0 * (t.duplicated() & (t["age"] == 28))  # noqa: E731 - a model of one line
    strict, loose = (check(sometimes, one).results[0] for one in (asked, asked.allow(0.2)))
    assert ("violated", "held") == (strict.verdict, loose.verdict)
    assert (strict.rate, strict.violations) == (loose.rate, loose.violations)
    assert loose.counterexample.source["age"] == 28
    assert "violated" == check(rarely, same("alone").allow(0.2)).results[0].verdict


class Picky:
    """Was fitted on a table of names, and takes nothing else."""

    feature_names_in_ = np.array(["area", "rooms", "age"], dtype=object)

    def predict(self, table):
        if not isinstance(table, pd.DataFrame) or list(table.columns) != list(self.feature_names_in_):
            msg = "feature names should match"
            raise ValueError(msg)
        return table["area"].to_numpy()


REFUSED = [
    transforms.permuted_columns(),
    transforms.added_column(),
    transforms.as_array("C"),
    transforms.reloaded(lambda _: {}["x"]),
]


@pytest.mark.parametrize("transform", REFUSED, ids=lambda transform: transform.said)
def test_a_refusal_is_agreed(transform):
    """A model that refuses such a table, where that is agreed, is skipped with the reason; else it is broken."""
    agreed, not_agreed = (
        mm.Relation("x", transform=transform, expect=expectations.unchanged(), raises_ok=kinds)
        for kinds in ((ValueError, KeyError), ())
    )
    found = check(Picky(), agreed).results[0]
    assert ("skipped", True) == (found.verdict, found.evidence.message.startswith("The model "))
    assert "broken" == check(Picky(), not_agreed).results[0].verdict


def test_columns_are_handed_over_as_the_model_was_fitted():
    """An array has the columns that the model was fitted on, in their order, whatever the schema's is."""
    model = LinearRegression().fit(FRAME[["rooms", "area"]], FRAME["age"])
    schema = mm.Schema.from_frame(FRAME[["age", "area", "rooms"]])
    found = {one.relation: one.verdict for one in mm.check_model(model, schema, budget=100, attack=0).results}
    assert ("held", "held") == (found["an array in C order"], found["an array in Fortran order"])


class Meddling:
    """Answers rightly, and spoils the table that it was handed, in one of many ways."""

    def __init__(self, meddle):
        self.meddle = meddle

    def __call__(self, t):
        answer = number(t)
        self.meddle(t)
        return answer


def _set_cell(t):
    t.iloc[0, 0] = -1.0


def _set_column(t):
    t["area"] = 0.0


def _add_column(t):
    t["more"] = 1


def _drop_column(t):
    del t["age"]


def _rename(t):
    t.columns = [name.upper() for name in t.columns]


def _turn_round(t):
    for name in t.columns:
        t[name] = t[name].array[::-1]


def _reindex(t):
    t.index = t.index + 5


def _retype(t):
    t["rooms"] = t["rooms"].astype("float64")


def _add_row(t):
    t.loc[len(t)] = t.iloc[0]


MEDDLING = [_set_cell, _set_column, _add_column, _drop_column, _rename, _turn_round, _reindex, _retype, _add_row]


@pytest.mark.parametrize("meddle", MEDDLING, ids=lambda meddle: meddle.__name__)
def test_a_model_that_changes_its_input(meddle):
    """Purity is violated by a model that changes the table it is handed, however; other verdicts stand."""
    report = check(Meddling(meddle), [same("again"), mm.increasing("area")])
    assert ["violated", "held"] == [one.verdict for one in report.results]
    assert "changed the table" in report.results[0].evidence.message
    assert "No violation" not in str(report).partition("HELD on all")[0]


class Counting:
    """Keeps count of its calls, and lets it show."""

    def __init__(self):
        self.calls = 0

    def __call__(self, t):
        self.calls += 1
        return number(t) + self.calls


def test_a_model_that_keeps_state():
    """A model that answers otherwise the next time breaks purity; of the others nothing can be said."""
    assert "violated" == result(Counting(), "again").verdict
    for name in set(HANDED) - {"again"}:
        found = result(Counting(), name)
        assert ("broken", "model") == (found.verdict, found.evidence.about)
        assert "not deterministic" in found.evidence.message


def test_a_random_model():
    """A model that draws its answers is not taken for one that looks at other rows."""
    rng = np.random.default_rng(0)
    report = check(lambda t: number(t) + rng.normal(size=len(t)), [same(name) for name in HANDED])
    assert {"violated", "broken"} == {one.verdict for one in report.results}
    assert "violated" == report.results[-1].verdict


def test_only_sometimes_random():
    """A model that changes its mind once is not held against: nothing fails again, and the report says so."""
    asked = iter([False] * 3 + [True] + [False] * 10_000)

    def model(t):
        return number(t) + (5.0 if next(asked) else 0.0)

    found = result(model, "order")
    assert ("broken", "not deterministic" in found.evidence.message) == (found.verdict, True)


def test_rounding_is_no_change():
    """Dust in another batch is within the rounding floor."""
    rng = np.random.default_rng(1)
    for name in HANDED:
        assert "held" == result(lambda t: number(t) * (1 + 1e-15 * rng.normal(size=len(t))), name).verdict


def test_a_batch_that_failed_is_asked_first_the_next_time():
    """A failing batch is kept whole, fails again when it is replayed, and is dropped when it passes."""
    failures, model = Failures(InMemoryExampleDatabase(), "suite", "s.py"), PLANTED["by the first row"][0]
    first = run(model, same("order"), FRAME, budget=200, failures=failures).results[0]
    assert "metamorph replay s.py" in first.replay
    again = run(model, same("order"), FRAME, budget=None, failures=failures).results[0]
    assert ("violated", "replay", 1, 0) == (again.verdict, again.found_by, again.replayed, again.fixed)
    assert again.counterexample == first.counterexample
    fixed = run(number, same("order"), FRAME, budget=None, failures=failures).results[0]
    assert ("held", 1, 1) == (fixed.verdict, fixed.replayed, fixed.fixed)
    assert "skipped" == run(number, same("order"), FRAME, budget=None, failures=failures).results[0].verdict


def test_a_kept_batch_that_is_none_any_more():
    """A batch whose rows are none of the schema now is dropped, with a note."""
    failures, model = Failures(InMemoryExampleDatabase(), "suite", "s.py"), PLANTED["by the first row"][0]
    run(model, same("order"), FRAME, budget=200, failures=failures)
    report = run(model, same("order"), FRAME.assign(kind="c"), budget=None, failures=failures)
    assert ("skipped", True) == (report.results[0].verdict, any("dropped" in note for note in report.notes))


def test_a_precondition_on_a_batch():
    """A batch has no precondition: the error says what to do."""
    with pytest.raises(mm.RelationError, match="fewer rows"):
        check(number, same("order").when(lambda t: t["area"] > 1))


def ranked(change, tolerance=0.0):
    transform = transforms.all_rows(change, "Doubling every area")
    return mm.Relation("ranks", transform=transform, expect=expectations.same_ranking(tolerance))


def test_a_ranking():
    """Rows of a batch keep their order where a change of all of them is no news, or two of them show that not."""
    doubled = ranked(lambda t: t.assign(area=t["area"] * 2))
    assert "held" == check(lambda t: t["area"] * 3, doubled).results[0].verdict
    found = check(lambda t: t["area"] % 7, doubled).results[0]
    assert ("violated", 1) == (found.verdict, len(found.counterexample.others))


HOSTILE = {
    "raises": (lambda t: t["nowhere"], "KeyError"),
    "exits": (lambda _: (_ for _ in ()).throw(SystemExit(1)), "SystemExit"),
    "loses rows": (lambda t: t.head(3), "shape"),
    "no table": (lambda _: None, "shape"),
}


@pytest.mark.parametrize(("change", "said"), HOSTILE.values(), ids=list(HOSTILE))
def test_a_change_of_all_rows_that_fails(change, said):
    """A user's change of a whole batch that fails breaks its relation, and the others go on."""
    report = check(number, [ranked(change), mm.increasing("area")])
    assert ["broken", "held"] == [one.verdict for one in report.results]
    assert ("relation", True) == (report.results[0].evidence.about, said in report.results[0].evidence.message)


ANSWERS = {
    "raises in a large batch": lambda t: number(t) if len(t) < 100 else {}["x"],
    "answers too few": lambda t: number(t).head(max(1, len(t) - 1)) if len(t) > 64 else number(t),
    "answers NaN alone": lambda t: (t["area"] - t["area"].mean()) / t["area"].std(),
    "answers nothing": lambda _: None,
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=list(ANSWERS))
def test_a_model_that_fails_on_batches(answer):
    """A model that fails on the rows as they are is broken, with evidence about the model."""
    report = check(answer, [same(name) for name in HANDED if name != "alone"])  # which is of 64 rows
    assert {("broken", "model")} == {(one.verdict, one.evidence.about) for one in report.results}


def test_a_model_that_fails_while_a_batch_is_reduced():
    """A batch that the model cannot answer is no smaller counterexample; what failed before stands."""

    def model(t):
        if 1 < len(t) < 5:
            raise ZeroDivisionError
        return t["area"] - (0.0 if len(t) == 1 else t["area"].mean())

    found = result(model, "halves")
    assert ("violated", True) == (found.verdict, 1 + len(found.counterexample.others) >= 5)


def test_another_version_that_wants_other_columns():
    """Another version of a model that cannot be asked breaks the relation, and the others go on."""
    report = check(number, [catalogue.same_as(Picky()), mm.increasing("area")], FRAME[["area", "rooms"]])
    assert ["broken", "held"] == [one.verdict for one in report.results]
    assert ("relation", True) == (report.results[0].evidence.about, "'age'" in report.results[0].evidence.message)


def test_another_version_that_is_no_model():
    """What is no model at all is an error."""
    with pytest.raises(mm.ModelError, match="int"):
        check(number, [catalogue.same_as(5), mm.increasing("area")])


def test_bundles_of_batches():
    """Relations over batches are bundled like others."""
    found = check(PLANTED["ranked"][0], same("alone") & same("order") & same("copies")).results[0]
    assert ["violated", "held", "violated"] == [part.verdict for part in found.parts]
