"""Which of a model's outputs a relation is about: what `.on(...)` says, else the default of the model's kind."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.svm import LinearSVC

import metamorph as mm

N = 200
LOANS = pd.DataFrame({"income": np.linspace(1, 9, N), "debt": np.arange(N) * 37 % 100, "group": ["a", "b"] * (N // 2)})


class Classifier:
    """A classifier by rule: the richer, the more probable the last class."""

    def __init__(self, classes=("no", "yes"), sign=1, width=None):
        self.classes_ = np.array(classes)
        self.sign, self.width = sign, width or len(classes)

    def _chance(self, t):
        return np.clip(0.5 + self.sign * (t["income"].to_numpy() - 5) / 20, 0, 1)

    def predict_proba(self, t):
        rest = np.repeat((1 - self._chance(t))[:, None] / max(1, self.width - 1), self.width - 1, axis=1)
        return np.column_stack([rest, self._chance(t)])

    def predict(self, t):
        return self.classes_[np.where(self._chance(t) > 0.6, len(self.classes_) - 1, 0)]


class Scored(Classifier):
    """A classifier that has scores and no probabilities."""

    predict_proba = property()

    def decision_function(self, t):
        return self._chance(t) - 0.5


def check(model, relation, frame=LOANS, **more):
    return mm.check(model, relation, frame, budget=300, **more, attack=0).results[0]


def verdicts(model, *relations):
    return [check(model, relation).verdict for relation in relations]


def test_regressors_are_asked_for_their_prediction():
    """The default output of a regressor is its prediction."""
    model = LinearRegression().fit(LOANS[["income"]], LOANS["income"])
    result = check(model, mm.increasing("income"))
    assert ("held", "prediction") == (result.verdict, result.output)


@pytest.mark.parametrize("classes", [("no", "yes"), (0, 1), (False, True), (-1.0, 1.0)])
def test_direction_on_two_classes(classes):
    """A direction on a classifier of two classes is about the probability of the second."""
    assert ["held", "violated"] == verdicts(Classifier(classes), mm.increasing("income"), mm.decreasing("income"))
    assert f"probability of {classes[1]!r}" == check(Classifier(classes), mm.increasing("income")).output


def test_classes_as_the_model_has_them():
    """The second class is the second of `classes_`, also where those are not sorted."""
    assert ["held"] == verdicts(Classifier(("yes", "no")), mm.increasing("income").on(probability_of="no"))
    assert "probability of 'no'" == check(Classifier(("yes", "no")), mm.increasing("income")).output


def test_direction_on_several_classes():
    """A direction on more than two classes has no default: the error names the classes and what to write."""
    with pytest.raises(mm.RelationError, match=r"3 classes \('a', 'b', 'c'\)") as refused:
        check(Classifier(("a", "b", "c")), mm.increasing("income"))
    assert ".on(probability_of='c')" in str(refused.value)
    assert len(str(refused.value).splitlines()) <= 3


def test_probability_of_a_class():
    """`.on(probability_of=)` picks the class, of however many."""
    model = Classifier(("a", "b", "c"))
    relations = [mm.increasing("income").on(probability_of="c"), mm.decreasing("income").on(probability_of="a")]
    assert ["held", "held"] == verdicts(model, *relations)


def test_probability_of_an_unknown_class():
    """A class the model does not have is an error that names those it has."""
    for unknown in ("maybe", 1, ["no"], np.array(["no", "yes"])):
        with pytest.raises(mm.MetamorphError, match=r"'no', 'yes'"):
            check(Classifier(), mm.increasing("income").on(probability_of=unknown))


def test_probability_of_a_regressor():
    """A regressor has no probabilities, and the error says so."""
    model = LinearRegression().fit(LOANS[["income"]], LOANS["income"])
    with pytest.raises(mm.MetamorphError, match="classes_"):
        check(model, mm.increasing("income").on(probability_of="yes"))


def test_invariance_is_about_the_label():
    """An invariance on a classifier is about its label, which has not to change."""
    assert ["violated", "held"] == verdicts(Classifier(), mm.invariant("income"), mm.invariant("group"))
    assert "label" == check(Classifier(), mm.invariant("group")).output


def test_the_label_is_the_models_own():
    """Labels come from `predict`, whose threshold may be tuned, never from probabilities."""
    frame = LOANS.assign(income=np.where(np.arange(N) % 2 == 0, 5.2, 6.8))  # probabilities 0.51 and 0.59, threshold 0.6
    assert "held" == check(Classifier(), mm.invariant("income"), frame).verdict


def test_a_held_label_states_the_largest_shift():
    """A held label invariance says how far the probabilities behind it moved."""
    frame = LOANS.assign(income=np.where(np.arange(N) % 2 == 0, 5.2, 6.8))
    result = check(Classifier(), mm.invariant("income"), frame)
    assert pytest.approx(0.08) == result.largest_shift
    assert "0.08" in str(mm.check(Classifier(), mm.invariant("income"), frame, budget=300, attack=0))


def test_margin_of_a_label():
    """A label that changes is off by 1, and the counterexample shows the labels."""
    found = check(Classifier(), mm.invariant("income")).counterexample
    assert (1.0, {"no", "yes"}) == (found.margin, {found.source_output, found.follow_up_output})


@pytest.mark.parametrize("tolerance", [0.1, mm.relative(0.1), mm.relative(0, at_least=1)])
def test_tolerance_on_a_label(tolerance):
    """A label has no tolerance: the error points to the probability."""
    with pytest.raises(mm.RelationError, match=r"\.on\(probability_of=") as refused:
        check(Classifier(), mm.invariant("income", tolerance=tolerance))
    assert len(str(refused.value).splitlines()) <= 3


def test_tolerance_on_a_callables_label():
    """A function that turns out to give labels is broken by a tolerance, as evidence."""
    result = check(lambda t: np.where(t["income"] > 5, "yes", "no"), mm.invariant("income", tolerance=0.1))
    assert ("broken", "relation") == (result.verdict, result.evidence.about)


def test_ordered_labels():
    """Labels that are numbers can be asked for their order: the margin is places moved."""
    grades = Classifier((0, 1, 2), sign=-1)
    found = check(grades, mm.increasing("income").on("label"))
    assert ("violated", 2.0) == (found.verdict, found.counterexample.margin)
    assert (2, 0) == (found.counterexample.source_output, found.counterexample.follow_up_output)


def test_unordered_labels_have_no_direction():
    """Labels that are text have no direction: the error says what to use."""
    with pytest.raises(mm.RelationError, match=r"no order.*probability_of"):
        check(Classifier(), mm.increasing("income").on("label"))


def test_decision():
    """`.on("decision")` is about decision_function."""
    model = LinearSVC(dual=False).fit(LOANS[["income"]], LOANS["income"] > 5)
    result = check(model, mm.increasing("income").on("decision"))
    assert ("held", "decision score") == (result.verdict, result.output)


def test_decision_where_there_are_no_probabilities():
    """A direction on a classifier without probabilities falls back on its decision score."""
    assert ("held", "decision score") == (
        check(Scored(), mm.increasing("income")).verdict,
        check(Scored(), mm.increasing("income")).output,
    )


@pytest.mark.parametrize(
    "relation",
    [
        mm.increasing("income").on("decision"),
        mm.increasing("income").on(probability_of="yes"),
        mm.invariant("group").on("decision"),
    ],
)
def test_absent_methods(relation):
    """An output that a model has no method for is an error that says which."""

    class Bare:
        classes_ = np.array(["no", "yes"])

        def predict(self, t):
            return np.full(len(t), "no")

    with pytest.raises(mm.ModelError, match=r"Bare|function"):
        check(Bare(), relation)


def test_a_function_of_model_and_frame():
    """`.on(function)` is given the model and the rows, and its numbers are judged."""
    odds = mm.increasing("income").on(lambda model, t: model.predict_proba(t)[:, 1] / model.predict_proba(t)[:, 0])
    assert ("held", "given output") == (check(Classifier(), odds).verdict, check(Classifier(), odds).output)


def test_an_unhashable_function():
    """Whatever can be called will do as an output, hashable or not."""

    @dataclasses.dataclass
    class Times:
        factor: float

        def __call__(self, model, t):
            return model.predict_proba(t)[:, 1] * self.factor

    assert ["held", "violated"] == verdicts(
        Classifier(), mm.increasing("income").on(Times(2)), mm.increasing("income").on(Times(-2))
    )


def test_a_function_that_gives_labels():
    """`.on(function)` may give labels, for an invariance."""
    bands = mm.invariant("income").on(lambda model, t: np.where(model.predict_proba(t)[:, 1] > 0.5, "high", "low"))
    assert {"high", "low"} == {
        getattr(check(Classifier(), bands).counterexample, side) for side in ("source_output", "follow_up_output")
    }


def test_a_raising_function():
    """`.on(function)` that raises is evidence like a raising model."""
    result = check(Classifier(), mm.increasing("income").on(lambda model, t: model.no_such_method(t)))
    assert ("broken", True) == (result.verdict, "no_such_method" in result.evidence.message)


@pytest.mark.parametrize("output", ["labels", 3, None, ["label"]])
def test_wrong_outputs(output):
    """An output is one of the known words or a function."""
    with pytest.raises(mm.RelationError, match="output="):
        mm.increasing("income").on(output)


def test_one_output_at_a_time():
    """An output and a class cannot both be asked for."""
    with pytest.raises(mm.RelationError, match="probability_of='yes'"):
        mm.increasing("income").on("label", probability_of="yes")


def test_one_class():
    """A classifier that knows one class keeps every invariance, and has no default direction."""
    assert "held" == check(Classifier(("only",)), mm.invariant("group")).verdict
    with pytest.raises(mm.RelationError, match="'only'"):
        check(Classifier(("only",)), mm.increasing("income"))


def test_probabilities_of_another_width():
    """Probabilities that do not fit `classes_` are evidence about the model."""
    result = check(Classifier(width=3), mm.increasing("income"))
    assert ("broken", "model", True) == (result.verdict, result.evidence.about, "shape" in result.evidence.message)


def test_sparse_outputs():
    """A sparse column of predictions is read as an array."""
    from scipy.sparse import csr_matrix  # noqa: PLC0415 - only here

    assert "held" == check(lambda t: csr_matrix(t[["income"]].to_numpy()), mm.increasing("income")).verdict


def test_float32_probabilities():
    """Rounding of float32 is within the floor."""

    class Single(Classifier):
        def predict_proba(self, t):
            return super().predict_proba(t.assign(income=5 + 1e-9 * t["income"])).astype("float32")

    assert ["held", "held"] == verdicts(Single(), mm.increasing("income"), mm.decreasing("income"))


def test_a_real_classifier():
    """scikit-learn's own classifier is read like the rest."""
    model = LogisticRegression(solver="newton-cholesky").fit(
        LOANS[["income", "debt"]], np.where(LOANS["income"] > 5, "yes", "no")
    )
    assert ["held", "held"] == verdicts(model, mm.increasing("income"), mm.invariant("group"))
