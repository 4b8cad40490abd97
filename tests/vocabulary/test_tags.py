"""Scikit-learn's tags: each changes what applies by itself, and what has none says nothing."""

import sys
import types

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, TransformerMixin
from sklearn.cluster import DBSCAN, KMeans
from sklearn.compose import TransformedTargetRegressor
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import GammaRegressor, LinearRegression, LogisticRegression, PoissonRegressor
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import metamorph as mm
from metamorph import registry
from metamorph.catalogue import tags

N = 90
PLACE = np.arange(N)
FRAME = pd.DataFrame({"area": PLACE * 37 % 101 * 1.0, "age": PLACE * 13 % 29 * 1.0})
HOLES = FRAME.assign(age=FRAME["age"].where(PLACE % 7 > 0))
PRICE = FRAME["area"] - FRAME["age"] + 40.0
DEAR = np.where(PRICE > 80, "yes", "no")
ANSWERED = ["missing value answered[age]"]


def declared(model, frame=HOLES):
    return [relation.id for relation in registry.applicable(frame, model, group="declared")]


class Tagged(RegressorMixin, BaseEstimator):
    """A model of the mean that says of itself what it is told to."""

    def __init__(self, *, missing=False, random=False):
        self.missing, self.random = missing, random

    def fit(self, X, y):
        self.feature_names_in_, self.mean_ = np.array(X.columns, dtype=object), float(np.mean(y))
        return self

    def predict(self, X):
        if np.isnan(X.to_numpy()).any():
            msg = "holes"
            raise ValueError(msg)
        return np.full(len(X), self.mean_)

    def __sklearn_tags__(self):
        said = super().__sklearn_tags__()
        said.input_tags.allow_nan, said.non_deterministic = self.missing, self.random
        return said


HONEST = {
    "boosting": HistGradientBoostingRegressor(max_iter=3),
    "boosting in a pipeline": make_pipeline(StandardScaler(), HistGradientBoostingRegressor(max_iter=3)),
    "filled first": make_pipeline(SimpleImputer(), LinearRegression()),
    "filled after scaling": make_pipeline(StandardScaler(), "passthrough", SimpleImputer(), LinearRegression()),
}


@pytest.mark.parametrize("name", HONEST)
def test_a_model_that_takes_missing_values_answers_rows_without_one(name):
    """Where the tag says so, each column that may be missing becomes a relation, and an honest model keeps it."""
    model = HONEST[name].fit(HOLES, PRICE)
    assert ANSWERED == declared(model)
    assert [] == declared(model, FRAME)
    found = mm.check_model(model, HOLES, group="declared", budget=100, attack=0).results[0]
    assert ("held", "Leaving out the value of age must get an answer.") == (found.verdict, found.sentence)


def test_a_classifier_that_takes_missing_values_is_asked_too():
    """A classifier, of two classes or more, is asked for all its probabilities."""
    for classes in (DEAR, PLACE % 3):
        model = HistGradientBoostingClassifier(max_iter=2).fit(HOLES, classes)
        assert ["held"] == [
            one.verdict for one in mm.check_model(model, HOLES, group="declared", budget=50, attack=0).results
        ]


@pytest.mark.parametrize(
    "model",
    [
        LinearRegression(),
        make_pipeline(StandardScaler(), LinearRegression()),
        make_pipeline(LinearRegression()),
        Tagged(missing=False),
    ],
    ids=["linear", "scaled", "alone", "tagged"],
)
def test_a_model_that_takes_no_missing_values_is_not_asked(model):
    """Without the tag, in any step before the holes are filled, nothing is asked about missing values."""
    assert [] == declared(model.fit(FRAME, PRICE))


def test_a_model_that_says_so_and_raises_is_found():
    """A model that says it takes missing values and raises is broken, with a row that it cannot answer."""
    model = Tagged(missing=True).fit(FRAME, PRICE)
    found = mm.check_model(model, HOLES, group="declared", budget=50, attack=0).results[0]
    assert ("broken", "model", None) == (found.verdict, found.evidence.about, found.evidence.row["age"])
    assert "holes" in found.evidence.message


def test_a_model_that_says_it_is_random_is_not_asked_what_needs_two_answers():
    """Relations that are exact or up to rounding are left out with the reason; the report passes without them."""
    model = Tagged(random=True).fit(FRAME, PRICE)
    schema = mm.Schema.from_frame(FRAME).with_roles(protected=["age"])
    found = registry.found(schema, model)
    assert ["invariant[age]"] == [relation.id for relation in found.relations]
    assert {"batch equals single", "purity", "serialisation", "columns by name"} <= {
        name for name, _, _ in found.left_out
    }
    assert all("non_deterministic" in why for _, _, why in found.left_out)
    report = mm.check_model(model, schema, group="batch", budget=50, attack=0)
    assert ({"skipped"}, True) == ({one.verdict for one in report.results}, report.passed)
    assert () == registry.found(schema, Tagged().fit(FRAME, PRICE)).left_out
    behind = make_pipeline(StandardScaler().set_output(transform="pandas"), Tagged(random=True)).fit(FRAME, PRICE)
    assert found.left_out[:6] == registry.found(schema, behind).left_out[:6]


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (DBSCAN(), "mm.check_clustering(estimator, X)"),
        (make_pipeline(StandardScaler(), DBSCAN()), "mm.check_clustering(estimator, X)"),
        (PCA(1), "fit_then_transform"),
        (make_pipeline(StandardScaler(), PCA(1)), "fit_then_transform"),
    ],
    ids=["clusterer", "pipeline of a clusterer", "transformer", "pipeline of transformers"],
)
def test_what_predicts_nothing_is_an_error_that_says_what_to_ask(model, said):
    """A clusterer or a transformer without predict is an error that names what it is and where to go."""
    for ask in (mm.check_model, lambda model, schema: registry.applicable(schema, model)):
        with pytest.raises(mm.ModelError, match=type(model).__name__) as refused:
            ask(model.fit(FRAME), FRAME)
        assert said in str(refused.value)
        assert 2 == len(str(refused.value).splitlines())


def test_a_clusterer_that_predicts_is_served_as_any_other_model():
    """A fitted clusterer with predict keeps what is asked of a served model."""
    report = mm.check_model(KMeans(3, random_state=0).fit(FRAME), FRAME, budget=50, attack=0)
    assert ({"held", "skipped"}, True) == ({one.verdict for one in report.results}, report.passed)


def test_labels_of_several_targets_are_no_classes_of_one():
    """Of several labels a row each has a probability of its own: they need not add up to one."""
    model = OneVsRestClassifier(LogisticRegression()).fit(FRAME, np.column_stack([PLACE % 2, PLACE % 3 > 0]))
    report = mm.check_model(model, FRAME, group="coherence", budget=50, attack=0)
    assert ("coherent probabilities", {"held"}) == (report.results[0].relation, {one.verdict for one in report.results})

    class Wrong(OneVsRestClassifier):
        def predict_proba(self, X):
            return 1.5 * super().predict_proba(X)

    wrong = Wrong(LogisticRegression()).fit(FRAME, np.column_stack([PLACE % 2, PLACE % 3 > 0]))
    assert "violated" == mm.check_model(wrong, FRAME, group="coherence", budget=50, attack=0).results[0].verdict


class OfTwo(LogisticRegression):
    """A learner that says that it tells two classes apart, as scikit-learn's own do from 1.7 on."""

    def __sklearn_tags__(self):
        said = super().__sklearn_tags__()
        said.classifier_tags.multi_class = False
        return said


TWO_CLASSES = OfTwo(solver="liblinear")


@pytest.mark.parametrize("model", [TWO_CLASSES, make_pipeline(TWO_CLASSES), GridSearchCV(TWO_CLASSES, {"C": [1.0]})])
def test_no_class_is_added_for_a_learner_of_two(model):
    """A classifier whose tag says that it tells two classes apart is not taught a third."""
    adds = ["T17 copy classes", "T18 split classes"]
    results = mm.check_training(model, FRAME, DEAR, adds, refits=1).results
    assert ["skipped", "skipped"] == [one.verdict for one in results]
    assert all("tells two apart" in one.evidence.message for one in results)
    others = mm.check_training(LogisticRegression(), FRAME, DEAR, adds, refits=1).results
    assert "skipped" not in {one.verdict for one in others}


@pytest.mark.parametrize(
    "model", [PoissonRegressor(), GammaRegressor(), make_pipeline(StandardScaler(), GammaRegressor())]
)
def test_a_learner_of_positive_targets_is_not_accused(model):
    """A learner whose tag asks for positive targets is not given negative ones, and nothing by itself accuses it."""
    known = ["T2 shift features", "T3 scale features", "T4 change units", "T25 shift the target"]
    report = mm.check_training(model, FRAME, PRICE / 100, refits=2)
    verdicts = {one.relation: one.verdict for one in report.results}
    assert {} == {name: verdict for name, verdict in verdicts.items() if verdict not in {"held", "skipped"}}
    negated = next(one for one in report.results if one.relation == "T27 negate the target")
    assert ("skipped", True) == (negated.verdict, "positive" in negated.evidence.message)
    scaled = isinstance(model, GammaRegressor | PoissonRegressor)
    assert not scaled or {"skipped"} == {verdicts[name] for name in known}


def test_a_learner_that_is_random_by_its_tags_is_not_refitted_for_sameness():
    """Two refits with one seed are not compared where the tag says that they need not be alike."""
    for random, verdict in ((True, "skipped"), (False, "held")):
        found = mm.check_training(TaggedOfArrays(random=random), FRAME, PRICE, "T1 refit", refits=1).results[0]
        assert verdict == found.verdict


class TaggedOfArrays(Tagged):
    """The same for arrays and frames."""

    def fit(self, _, y):
        self.mean_ = float(np.mean(y))
        return self


class Odd:
    """Tags of another make."""

    def __init__(self, tell):
        self.tell = tell

    def __sklearn_tags__(self):
        return self.tell()

    def predict(self, rows):
        return np.zeros(len(rows))


def _fails():
    raise RuntimeError


UNTOLD = {
    "a function": lambda rows: np.zeros(len(rows)),
    "raising tags": Odd(_fails),
    "exotic tags": Odd(lambda: types.SimpleNamespace(input_tags=3, non_deterministic="yes", estimator_type=None)),
    "no tags": Odd(lambda: None),
    "nothing": None,
    "a class": LinearRegression,
}


@pytest.mark.parametrize("name", UNTOLD)
def test_what_has_no_tags_says_nothing(name):
    """A model without tags, with tags of another make or tags that raise, is one that says nothing of itself."""
    model = UNTOLD[name]
    said = (tags.takes_missing(model), tags.answers_anew(model), tags.tells_two_classes(model))
    assert (False, False, False, False, "") == (*said, tags.wants_positive_targets(model), tags.kind_of(model))


def test_tags_are_read_without_importing_scikit_learn():
    """The tags are asked of the object: reading them imports nothing."""
    assert "sklearn" not in {name.partition(".")[0] for name in vars(sys.modules["metamorph.catalogue.tags"])}


def test_tags_within_a_wrapper_that_has_none_of_its_own():
    """A search says what its estimator says of its classes; the target's wrapper is a regressor with no other tag."""
    search = GridSearchCV(TWO_CLASSES, {"C": [1.0]}).fit(FRAME, DEAR)
    assert (True, "classifier") == (tags.tells_two_classes(search), tags.kind_of(search))
    assert "regressor" == tags.kind_of(TransformedTargetRegressor(LinearRegression()))


class Duck(TransformerMixin, ClassifierMixin):
    """Mixins without BaseEstimator: reading their tags raises in scikit-learn itself."""


def test_tags_that_lack_their_base():
    """An estimator made of mixins alone has no tags to read, and that is no error."""
    assert not tags.answers_anew(Duck())
