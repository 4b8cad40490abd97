"""What is counted: effective cases, the three counters beside them, budget, and the limit on draws."""

import numpy as np
import pandas as pd
import pytest

import metamorph as mm

N = 400
HOUSES = pd.DataFrame({"area": np.arange(N) % 80 + 40, "rooms": np.arange(N) % 6 + 1, "garden": np.arange(N) % 2 == 0})


def price(t):
    return (1_000 * t["area"] + 50 * t["rooms"]).to_numpy()


def check(relation, model=price, frame=HOUSES, budget=500, **more):
    return mm.check(model, relation, frame, budget=budget, **more, attack=0).results[0]


@pytest.mark.parametrize("budget", [1, 2, 63, 64, 65, 500, 577, 5_000])
def test_budget_is_effective_cases(budget):
    """The budget is the number of effective cases, exactly, whatever the blocks."""
    assert budget == check(mm.increasing("area"), budget=budget).cases


@pytest.mark.parametrize(
    "relation",
    [
        mm.increasing("area"),
        mm.increasing("garden").when(lambda t: t["rooms"] > 2),
        mm.invariant("garden"),
        mm.Relation(
            "own",
            transform=lambda t: t.assign(area=np.where(t["rooms"] > 3, t["area"] + 10, t["area"])),
            touches=["area"],
            expect=mm.expectations.not_lower(),
        ).when(lambda t: t["rooms"] > 1),
    ],
    ids=["step", "when", "invariant", "own"],
)
def test_every_draw_is_counted_once(relation):
    """Drawn cases are effective, without a change, not applicable or outside the precondition, and nothing else."""
    result = check(relation)
    assert result.drawn == result.cases + result.no_change + result.not_applicable + result.precondition


def test_at_most_twenty_times_the_budget_is_drawn():
    """Effective cases are sought among at most twenty times the budget."""
    result = check(mm.increasing("area").when(lambda t: t["rooms"] > 99), budget=100)
    assert (2_000, 0, 2_000) == (result.drawn, result.cases, result.precondition)


def test_rare_cases_are_sought():
    """A precondition that few rows meet still gives the budget, while twenty times as many draws suffice."""
    result = check(mm.increasing("area").when(lambda t: t["area"] < 50), budget=200)
    assert (200, True) == (result.cases, result.precondition > 200)


def test_too_rare_cases_are_fewer():
    """Where effective cases are too rare, there are fewer than the budget, and they decide."""
    frame = HOUSES.assign(rooms=np.where(np.arange(N) == 7, 9, 1))
    result = check(mm.increasing("area").when(lambda t: t["rooms"] == 9), frame=frame, budget=100)
    assert ("held", True, 2_000) == (result.verdict, 0 < result.cases < 100, result.drawn)


def test_nothing_tested():
    """A relation of which nothing applies is broken, and the evidence counts why."""
    result = check(mm.increasing("area").when(lambda t: t["rooms"] > 99), budget=100)
    assert ("broken", "relation", None, None) == (result.verdict, result.evidence.about, result.rate, result.interval)
    assert "Nothing was tested" in result.evidence.message
    assert "2,000 outside the precondition" in result.evidence.message


def test_the_precondition_comes_first():
    """A row outside the precondition counts as such, also where no step could be made."""
    result = check(mm.increasing("area").when(lambda t: t["area"] < 40), budget=50)
    assert (result.drawn, 0) == (result.precondition, result.not_applicable)


def test_the_precondition_sees_derived_columns():
    """A precondition sees the source with its derived columns."""
    schema = mm.Schema.from_frame(HOUSES).derive(each=lambda t: t["area"] / t["rooms"])
    result = check(mm.increasing("area").when(lambda t: t["each"] > 20), frame=schema)
    assert ("held", True) == (result.verdict, result.precondition > 0)


def test_the_precondition_never_sees_the_follow_up():
    """A precondition holds for the source; the follow-up may leave it."""
    result = check(mm.increasing("area").when(lambda t: t["area"] < 60), model=lambda t: -price(t))
    assert result.counterexample.source["area"] < 60
    assert result.worst.follow_up["area"] > 60


def test_several_preconditions():
    """Several preconditions all hold."""
    result = check(
        mm.increasing("area").when(lambda t: t["rooms"] > 2).when(lambda t: t["rooms"] < 5), model=lambda t: -price(t)
    )
    assert {3, 4} >= {result.worst.source["rooms"], result.counterexample.source["rooms"]}


def test_unknown_is_outside():
    """A precondition that is unknown for a row, because a value is missing, is not met there."""
    frame = HOUSES.assign(rooms=pd.array([None, *[1, 2, 3] * 133], "Int64"))
    result = check(mm.increasing("area").when(lambda t: t["rooms"] > 0), lambda t: t["area"], frame)
    assert ("held", True) == (result.verdict, result.precondition > 0)


WRONG = {
    "raises": (lambda t: t["room"] > 1, "'room'"),
    "and for &": (lambda t: t["rooms"] > 1 and t["area"] > 1, "Use & and |"),
    "a single truth value": (lambda _: True, "shape ()"),
    "numbers": (lambda t: t["rooms"], "truth value"),
    "too few": (lambda t: (t["rooms"] > 1)[:-1], "shape"),
}


@pytest.mark.parametrize(("condition", "said"), WRONG.values(), ids=list(WRONG))
def test_wrong_preconditions(condition, said):
    """A precondition that does not work breaks its relation, with evidence, and the others go on."""
    report = mm.check(
        price, [mm.increasing("area").when(condition), mm.increasing("rooms")], HOUSES, budget=100, attack=0
    )
    assert ["broken", "held"] == [result.verdict for result in report.results]
    assert ("relation", True) == (report.results[0].evidence.about, said in report.results[0].evidence.message)


def test_rate_and_violations():
    """The rate is the violating share of effective cases."""
    result = check(mm.increasing("area"), model=lambda t: price(t) * np.where(t["rooms"] == 6, -1, 1), budget=2_000)
    assert result.rate == result.violations / result.cases
    assert result.rate == pytest.approx(1 / 6, abs=0.03)
    assert result.interval[0] < 1 / 6 < result.interval[1]


def test_rows_without_replacement():
    """While cases are no more than rows, every row comes at most once."""
    seen = []

    def model(t):
        seen.append(t["id"].tolist())
        return np.zeros(len(t))

    frame = pd.DataFrame({"id": np.arange(N), "x": np.arange(N) % 5})
    mm.check(model, mm.increasing("x"), frame, budget=200, attack=0)
    sources = [row for ids in seen[3:] for row in ids[: len(ids) // 2]]
    assert len(sources) == len(set(sources)) == 200


def test_beyond_the_rows():
    """With more cases than rows, rows give several cases each, and the interval is over rows."""
    few, many = (
        check(mm.increasing("area"), model=lambda t: price(t) * np.where(t["rooms"] == 6, -1, 1), budget=n)
        for n in (300, 6_000)
    )
    assert (6_000, True) == (many.cases, many.distinct <= len(HOUSES.drop_duplicates()))
    assert many.interval[1] - many.interval[0] > 0.5 * (few.interval[1] - few.interval[0])


@pytest.mark.parametrize(
    "argument", [{"budget": 0}, {"budget": -1}, {"budget": 1.5}, {"budget": True}, {"budget": "many"}]
)
def test_wrong_budgets(argument):
    """A budget is a whole number of at least one."""
    with pytest.raises(mm.RelationError, match="budget="):
        mm.check(price, mm.increasing("area"), HOUSES, **argument, attack=0)


@pytest.mark.parametrize(
    "argument",
    [{"seconds": 0}, {"seconds": -1}, {"seconds": float("nan")}, {"seconds": "all"}, {"seed": -1}, {"seed": 0.5}],
)
def test_wrong_seconds_and_seeds(argument):
    """A limit is a positive number of seconds, a seed a whole number of at least zero."""
    with pytest.raises(mm.RelationError, match=f"{next(iter(argument))}="):
        mm.check(price, mm.increasing("area"), HOUSES, budget=10, **argument, attack=0)


def test_numpy_numbers_are_numbers():
    """A budget and a seed may be NumPy integers."""
    assert 20 == check(mm.increasing("area"), budget=np.int64(20), seed=np.int32(3)).cases
