"""The outputs that relations ask for: all scores of a model, the expected class, several targets, quantiles, ranks."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression, QuantileRegressor, RidgeClassifier
from sklearn.tree import DecisionTreeClassifier

import metamorph as mm
from metamorph import catalogue, expectations, transforms

N = 90
PLACE = np.arange(N)
FRAME = pd.DataFrame(
    {"income": PLACE * 37 % 101 * 1.0, "debt": PLACE * 13 % 29 * 1.0, "group": np.array(["a", "b"])[PLACE % 2]}
)
NUMBERS = FRAME[["income", "debt"]]
BOTH = np.column_stack([FRAME["income"], -FRAME["debt"]])
GRADE = np.array(["bad", "fair", "good"])[np.digitize(FRAME["income"] - FRAME["debt"], [10, 50])]


def check(model, relation, frame=FRAME):
    return mm.check(model, relation, frame, budget=100, attack=0).results[0]


def same(column="group", tolerance=0.0):
    return mm.invariant(column, tolerance=tolerance).on("scores")


def two_numbers(t):
    return np.column_stack([t["income"], t["debt"] * (t["group"] == "a")])


SCORED = {
    "a regressor": (LinearRegression().fit(NUMBERS, FRAME["income"]), "prediction", float),
    "a regressor of two targets": (LinearRegression().fit(NUMBERS, BOTH), "prediction", tuple),
    "a classifier": (LogisticRegression().fit(NUMBERS, GRADE), "probabilities", tuple),
    "a classifier without probabilities": (RidgeClassifier().fit(NUMBERS, GRADE), "decision scores", tuple),
    "two classes without probabilities": (
        RidgeClassifier().fit(NUMBERS, np.where(FRAME["income"] > 50, "yes", "no")),
        "decision scores",
        float,
    ),
    "a classifier of two targets": (
        DecisionTreeClassifier(max_depth=3, random_state=0).fit(NUMBERS, np.column_stack([GRADE, FRAME["group"]])),
        "probabilities",
        tuple,
    ),
    "a function": (lambda t: t["income"], "prediction", float),
    "a function of two numbers": (lambda t: np.column_stack([t["income"], t["debt"]]), "prediction", tuple),
    "a table": (lambda t: t[["income", "debt"]], "prediction", tuple),
}


@pytest.mark.parametrize("name", SCORED)
def test_all_scores(name):
    """`.on("scores")` is all numbers a model has for a row; a change of any of them is seen, and shown as a tuple."""
    model, said, kind = SCORED[name]
    assert ("held", said) == (check(model, same()).verdict, check(model, same()).output)
    found = check(model, same("income"))
    assert ("violated", kind) == (found.verdict, type(found.counterexample.source_output))
    assert found.counterexample.margin > 0
    report = mm.check(model, same("income"), FRAME, budget=50, attack=0)
    assert report == mm.Report.from_json(report.to_json())


def test_the_margin_of_several_scores_is_that_of_the_worst():
    """Of several scores the one that moves farthest decides, and a tolerance is for each."""
    model = lambda t: np.column_stack([t["income"] * 0.1, t["income"] * 2.0])  # noqa: E731 - a model of one line
    falling = lambda t: model(t) * [1.0, -1.0]  # noqa: E731 - as above
    found = check(falling, mm.increasing("income", by=1.0).on("scores"))
    assert ("violated", pytest.approx(2.0)) == (found.verdict, found.counterexample.margin)
    assert found.violations <= found.cases
    assert ["held", "held"] == [
        check(model, mm.increasing("income", strict=strict).on("scores")).verdict for strict in (False, True)
    ]
    moves = mm.Relation("x", transform=transforms.shift(["income"], 1.0), expect=expectations.unchanged(0.5))
    assert pytest.approx(1.5) == check(model, moves.on("scores")).counterexample.margin
    wide = mm.Relation("x", transform=transforms.shift(["income"], 1.0), expect=expectations.unchanged(2.5))
    assert "held" == check(model, wide.on("scores")).verdict


def test_scores_of_a_batch():
    """A relation over batches compares all scores of a row, whatever is expected of them."""
    leaky = lambda t: two_numbers(t) - two_numbers(t).mean(axis=0)  # noqa: E731 - a model of one line
    for expect in (expectations.unchanged(), expectations.scaled(1.0), expectations.shifted(0.0)):
        relation = mm.Relation("x", transform=transforms.subset_of_rows(), expect=expect).on("scores")
        assert "held" == check(two_numbers, relation).verdict
        found = check(leaky, relation)
        assert ("violated", tuple) == (found.verdict, type(found.counterexample.source_output))


def test_two_versions_of_different_width():
    """Versions that give another number of scores are no pair to compare: the relation is broken, with the reason."""
    old = LogisticRegression().fit(NUMBERS, np.where(FRAME["income"] > 50, "yes", "no"))
    found = check(LogisticRegression().fit(NUMBERS, GRADE), catalogue.same_as(old))
    assert ("broken", "relation") == (found.verdict, found.evidence.about)


def test_one_target_of_several():
    """A model of several targets is asked for one of them by a function; without, the report says so."""
    model = LinearRegression().fit(NUMBERS, BOTH)
    first, second = (lambda m, t, place=place: m.predict(t[["income", "debt"]])[:, place] for place in (0, 1))
    assert ["held", "held"] == [
        check(model, relation).verdict
        for relation in (mm.increasing("income").on(first), mm.decreasing("debt").on(second))
    ]
    found = check(model, mm.increasing("income"))
    assert ("broken", True) == (found.verdict, ".on(function)" in found.evidence.message)


@pytest.mark.parametrize("scorer", [LogisticRegression(), DecisionTreeClassifier(max_depth=3, random_state=0)])
def test_the_expected_class(scorer):
    """`.on(expected_class=)` is the expected place among ordered classes, whatever the order of `classes_`."""
    model = scorer.fit(NUMBERS, GRADE)
    order = ["bad", "fair", "good"]
    shares = pd.DataFrame(model.predict_proba(NUMBERS), columns=model.classes_)[order].to_numpy()
    relation = mm.increasing("income").on(expected_class=order)
    found = mm.check(model, relation, FRAME, budget=100, attack=0).results[0]
    assert "expected class" == found.output
    turned = mm.check(
        model, mm.decreasing("income").on(expected_class=order[::-1]), FRAME, budget=100, attack=0
    ).results[0]
    assert found.verdict == turned.verdict
    stated = mm.anchor(
        FRAME.drop(columns="group").iloc[5].to_dict(),
        low=shares[5] @ [0, 1, 2] - 1e-9,
        high=shares[5] @ [0, 1, 2] + 1e-9,
    )
    assert "held" == check(model, stated.on(expected_class=order)).verdict


@pytest.mark.parametrize(
    "classes", [["bad", "good"], ["bad", "fair", "best"], [], ["bad", "bad", "fair", "good"], [0, 1, 2]]
)
def test_classes_that_are_not_the_models(classes):
    """Classes that are not those of the model are an error that names both, before anything is asked."""
    model = LogisticRegression().fit(NUMBERS, GRADE)
    with pytest.raises(mm.MetamorphError, match="'bad', 'fair', 'good'") as refused:
        check(model, mm.increasing("income").on(expected_class=classes))
    assert len(str(refused.value).splitlines()) <= 3


def test_both_senses_of_a_higher_class():
    """An ordinal relation asks for the expected class and for the label, and says which of them fails."""
    relation = catalogue.ordinal("income", classes=["bad", "fair", "good"])

    class Jumpy:
        """Its expected class rises with the income; its label goes from fair to bad to good."""

        classes_ = np.array(["bad", "fair", "good"])

        def predict_proba(self, t):
            up = t["income"].to_numpy()[:, None] / 100
            return (1 - up) * np.array([[0.45, 0.55, 0.0]]) + up * np.array([[0.3, 0.0, 0.7]])

        def predict(self, t):
            return self.classes_[self.predict_proba(t).argmax(axis=1)]

    found = check(Jumpy(), relation)
    assert ["held", "violated"] == [part.verdict for part in found.parts]
    of_array = LogisticRegression().fit(NUMBERS.to_numpy(), GRADE)
    assert [False, False] == [part.verdict == "broken" for part in check(of_array, relation, NUMBERS).parts]


def test_a_classifier_of_several_targets():
    """A classifier of several targets is asked for all of its probabilities, and for nothing that is of one target."""
    model = DecisionTreeClassifier(max_depth=3, random_state=0).fit(NUMBERS, np.column_stack([GRADE, FRAME["group"]]))
    report = mm.check_model(model, NUMBERS, budget=60, attack=0)
    assert {"held", "skipped"} == {one.verdict for one in report.results}
    assert "coherent probabilities" not in [one.relation for one in report.results]


def test_quantiles_do_not_cross():
    """Quantiles of one model, or the ends of nested intervals, stand in their order on every row."""
    models = [QuantileRegressor(quantile=q, alpha=0.01).fit(NUMBERS, FRAME["income"] * 2) for q in (0.1, 0.5, 0.9)]

    def quantiles(_, t):
        return np.column_stack([model.predict(t[["income", "debt"]]) for model in models])

    assert "held" == check(models[0], catalogue.non_crossing(quantiles, tolerance=1e-6)).verdict
    crossing = catalogue.non_crossing(lambda _, t: np.column_stack([t["income"], t["debt"] * 2]))
    found = check(models[0], crossing)
    assert ("violated", True) == (
        found.verdict,
        found.counterexample.source["income"] > found.counterexample.source["debt"] * 2,
    )


@pytest.mark.parametrize(
    "output",
    [
        lambda m, t: None,  # noqa: ARG005 - what it is given makes no difference
        lambda m, t: m.predict(t)[:3],
        lambda m, t: m.nowhere,  # noqa: ARG005 - as above
        lambda m, t: np.full(len(t), np.nan),  # noqa: ARG005 - as above
        lambda m, t: np.zeros((len(t), 2)),  # noqa: ARG005 - as above
    ],
)
def test_functions_that_give_no_output(output):
    """A function that gives no output a row is broken, with evidence; the other relations go on."""
    model = LinearRegression().fit(NUMBERS, FRAME["income"])
    report = mm.check(
        model,
        [mm.increasing("income").on(output).named("no output"), mm.increasing("income")],
        NUMBERS,
        budget=50,
        attack=0,
    )
    assert ["broken", "held"] == [one.verdict for one in report.results]


@pytest.mark.parametrize("relation", [mm.must_matter("income", 0.5, share=0.9), mm.must_matter("income", share=1.0)])
def test_what_must_matter_is_asked_of_all_scores(relation):
    """A column matters where any of a model's scores moves."""
    model = lambda t: np.column_stack([np.zeros(len(t)), t["income"]])  # noqa: E731 - a model of one line
    assert "held" == check(model, relation).verdict
    assert "violated" == check(lambda t: np.zeros((len(t), 2)), relation).verdict


@pytest.mark.parametrize("output", [np.inf, -np.inf, -0.0, 5e-324, 1e308])
def test_extreme_scores(output):
    """Infinite, denormal and huge scores that stay as they are keep every relation over batches."""
    report = mm.check_model(lambda t: np.full((len(t), 2), output), NUMBERS, budget=50, attack=0)
    assert {"held"} == {one.verdict for one in report.results}
