"""Transformations and expectations are values: a user's own class of either needs nothing of the runner."""

import attrs
import numpy as np
import pandas as pd
import pytest

import metamorph as mm
from metamorph.case import Cases

HOUSES = pd.DataFrame({"area": np.arange(80) * 2.0 + 40, "left": np.arange(80) % 7, "right": np.arange(80) % 5})


@attrs.frozen
class Swap:
    """Exchanges two columns."""

    one: str
    other: str
    plan: str = "together"
    moves: tuple = ()

    def touches(self, _):
        return (self.one, self.other)

    def check(self, schema):
        if not {self.one, self.other} <= set(schema.columns):
            msg = f"There is no {self.one!r} or {self.other!r}."
            raise mm.RelationError(msg)

    def draw(self, source, schema, rng, places=None):  # noqa: ARG002 - the protocol's arguments
        return pd.DataFrame(index=source.index), np.ones(len(source), dtype=bool)

    def apply(self, cases, _):
        return cases.source.assign(**{self.one: cases.source[self.other], self.other: cases.source[self.one]})

    def lawful(self, cases, _):
        return np.ones(len(cases), dtype=bool)

    def phrase(self, _):
        return f"Exchanging {self.one} and {self.other}"


@attrs.frozen
class Doubled:
    """At most twice the output."""

    tolerance: float = 0.0
    wants: str = "number"

    def margins(self, source, follow_up, rounding):
        return follow_up - 2 * source - rounding.floor(source, follow_up)

    def phrase(self, output):
        return f"must at most double {output}"

    def change(self, source, follow_up):
        return "rises", follow_up - 2 * source


def check(model, transform=None, expect=None, relation=None):
    relation = relation or mm.Relation("own", transform=transform or Swap("left", "right"), expect=expect or Doubled())
    return mm.check(model, relation, HOUSES, budget=300, attack=0)


def test_a_transformation_and_an_expectation_of_ones_own():
    """A relation of two classes the core has never seen is drawn, judged and held."""
    result = check(lambda t: 10.0 + t["left"] + t["right"]).results[0]
    assert ("held", 300, True) == (result.verdict, result.cases, result.no_change > 0)
    assert "Exchanging left and right must at most double the prediction." == result.sentence


def test_reduced_and_shown():
    """A violation of it is reduced and rendered like any other."""
    report = check(lambda t: 1.0 + 10.0 * t["left"])
    found = report.results[0].counterexample
    assert "violated" == report.results[0].verdict
    assert (found.source["left"], found.source["right"]) == (found.follow_up["right"], found.follow_up["left"])
    assert "area" not in found.differs
    assert report == mm.Report.from_json(report.to_json())


def test_its_own_check():
    """What its `check` refuses is refused before the model is asked."""
    asked = []
    with pytest.raises(mm.RelationError, match="'up'"):
        check(asked.append, transform=Swap("up", "right"))
    assert [] == asked


def test_a_raising_transformation():
    """An exception of its own is evidence about the relation."""

    class Broken(Swap):
        def apply(self, *_):
            raise ArithmeticError

    result = check(lambda t: t["left"], transform=Broken("left", "right")).results[0]
    assert ("broken", "relation") == (result.verdict, result.evidence.about)


@pytest.mark.parametrize(("plan", "most"), [("together", None), ("apart", None), ("one by one", 1)])
def test_call_plans(plan, most):
    """A call plan says how source and follow-up reach the model; the verdict is the same."""
    sizes = []

    def model(t):
        sizes.append(len(t))
        return t["area"].to_numpy()

    grow = mm.transforms.function(lambda t: t.assign(area=t["area"] + 2), touches=["area"], plan=plan)
    result = mm.check(
        model,
        mm.Relation("own", transform=grow, expect=mm.expectations.not_lower()),
        HOUSES,
        budget=40,
        attack=0,
    ).results[0]
    assert ("held", 40) == (result.verdict, result.cases)
    judged = {"together": [80], "apart": [40, 40], "one by one": [1] * 80}[plan]
    assert judged == sizes[-len(judged) :]
    assert most is None or most == max(judged)


def test_an_unknown_plan():
    """A call plan that is none is refused with those that are."""
    with pytest.raises(mm.RelationError, match=r"'together', 'apart', 'one by one'.*plan='sideways'"):
        mm.transforms.function(lambda t: t, plan="sideways")


def test_scaling():
    """Multiplying a column keeps a proportional model, and shows one that is not."""
    relation = mm.Relation("double", transform=mm.transforms.scale(["left"], by=2), expect=mm.expectations.scaled(by=2))
    assert ["held", "violated"] == [
        check(model, relation=relation).results[0].verdict
        for model in (lambda t: 3 * t["left"], lambda t: 3 * t["left"] + 1)
    ]


@pytest.mark.parametrize("by", [float("nan"), float("inf"), "two", None])
def test_wrong_factors(by):
    """A factor is a finite number."""
    for make in (lambda: mm.transforms.scale(["left"], by=by), lambda: mm.expectations.scaled(by=by)):
        with pytest.raises(mm.RelationError, match="by="):
            make()


def test_cases_are_tables():
    """Cases are taken by place or mask, source and parameters side by side."""
    cases = Cases(HOUSES.head(4), pd.DataFrame({"to[area]": [1.0, 2.0, 3.0, 4.0]}))
    taken = cases.take(np.array([True, False, True, False]))
    assert ([40.0, 44.0], [1.0, 3.0], 2) == (
        taken.source["area"].tolist(),
        taken.parameters["to[area]"].tolist(),
        len(taken),
    )
    assert [4.0, 1.0] == cases.take(np.array([3, 0])).parameters["to[area]"].tolist()
