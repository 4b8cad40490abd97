"""check_training and check_clustering: what they say, what they leave alone, and what they refuse."""

import json

import attrs
import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.cluster import KMeans
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import Lasso, LinearRegression, LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVR
from sklearn.tree import DecisionTreeClassifier

from metamorph.catalogue.training import TRAINING
from metamorph.errors import ModelError, RelationError
from metamorph.runner.clustering import check_clustering
from metamorph.runner.training import check_training

IRIS, SPECIES = load_iris(return_X_y=True)
PATIENTS, PROGRESS = load_diabetes(return_X_y=True, as_frame=True)


def verdicts(report):
    return {result.relation: result.verdict for result in report.results}


def without_times(report):
    return attrs.evolve(report, results=tuple(attrs.evolve(result, seconds=0.0) for result in report.results))


def test_an_honest_learner_passes_and_exits_with_0():
    report = check_training(LinearRegression(), PATIENTS, PROGRESS)
    assert {"held"} == set(verdicts(report).values())
    assert (True, 0) == (report.passed, report.exit_code)


def test_relations_about_another_kind_of_estimator_are_not_asked_unless_named():
    assert "T9 permute labels" not in verdicts(check_training(LinearRegression(), PATIENTS, PROGRESS))
    named = check_training(LinearRegression(), PATIENTS, PROGRESS, "T9 permute labels").results[0]
    assert ("skipped", "It is about classifiers; this is a regressor.") == (named.verdict, named.evidence.message)


def test_what_is_known_not_to_hold_is_skipped_with_its_reason_and_asked_when_named():
    known = {r.relation: r for r in check_training(Lasso(), PATIENTS, PROGRESS).results}["T26 scale the target"]
    assert "skipped" == known.verdict
    assert known.evidence.message.startswith("Known not to hold for Lasso: ")
    assert "violated" == check_training(Lasso(), PATIENTS, PROGRESS, "T26 scale the target").results[0].verdict


def test_a_scaler_in_front_takes_what_is_known_of_units_away():
    scaled = make_pipeline(StandardScaler(), KNeighborsClassifier())
    assert "skipped" == verdicts(check_training(KNeighborsClassifier(), IRIS, SPECIES))["T4 change units"]
    assert "held" == verdicts(check_training(scaled, IRIS, SPECIES))["T4 change units"]


def test_a_violation_names_the_row_and_the_smallest_change_that_still_breaks():
    result = check_training(Lasso(), PATIENTS, PROGRESS, "T3 scale features").results[0]
    assert ("violated", 5, 5, 1.0) == (result.verdict, result.cases, result.violations, result.rate)
    assert "sd of the predictions on 133 held-out rows (at most 0.001 sd is allowed). Row " in result.evidence.message
    assert result.evidence.message.endswith("Still breaks by multiplying by 2, the smallest change tried.")


def test_the_named_row_is_a_row_of_the_data_given():
    result = check_training(KNeighborsClassifier(1), IRIS, SPECIES, "T4 change units").results[0]
    place = int(result.evidence.message.partition("Row ")[2].split()[0])
    assert f"moved most: {SPECIES[place]} to" in result.evidence.message


def test_one_refit_has_no_interval():
    result = check_training(Lasso(), PATIENTS, PROGRESS, "T3 scale features", refits=1).results[0]
    assert (1, "violated", None) == (result.cases, result.verdict, result.interval)


def test_intervals_are_over_refits():
    result = check_training(Lasso(), PATIENTS, PROGRESS, "T8 permute rows", refits=4).results[0]
    assert (0, 0.602) == (result.interval[0], round(result.interval[1], 3))


@pytest.mark.parametrize("seed", range(4))
def test_training_noise_is_no_violation(seed):
    forest = RandomForestClassifier(5)
    relations = ["T7 permute columns", "T8 permute rows", "T9 permute labels", "T11 add a constant column"]
    assert {"held"} == set(verdicts(check_training(forest, IRIS, SPECIES, relations, seed=seed)).values())
    forest = RandomForestRegressor(5)
    relations = ["T7 permute columns", "T8 permute rows", "T25 shift the target"]
    assert {"held"} == set(verdicts(check_training(forest, PATIENTS, PROGRESS, relations, seed=seed)).values())


@pytest.mark.parametrize("seed", range(6))
def test_a_rare_bad_start_of_k_means_is_no_violation(seed):
    assert "held" == check_clustering(KMeans(3), IRIS, "U1 permute rows", seed=seed).results[0].verdict


def test_a_defect_of_a_random_learner_is_a_violation_all_the_same():
    result = check_clustering(KMeans(3), IRIS, "U11 add an outlier").results[0]
    assert ("violated", 15) == (result.verdict, result.cases)
    assert "another seed alone: adjusted Rand index" in result.evidence.message


def test_the_report_says_how_large_training_noise_is():
    noisy = check_training(RandomForestClassifier(5), IRIS, SPECIES, "T1 refit")
    assert noisy.notes[0].startswith("Training noise: between refits of the same data with other seeds, at worst agree")
    assert () == check_training(GaussianNB(), IRIS, SPECIES, "T1 refit").notes


def test_jobs_do_not_change_the_report():
    relations = ["T8 permute rows", "T18 split classes", "T24 weight zero removes"]
    forest = RandomForestClassifier(5)
    one, two = (check_training(forest, IRIS, SPECIES, relations, refits=3, n_jobs=jobs) for jobs in (1, 2))
    assert without_times(one) == without_times(two)


def test_the_user_s_joblib_backend_does_the_work():
    alone = check_training(Lasso(), PATIENTS, PROGRESS, refits=2)
    with joblib.parallel_config(backend="threading", n_jobs=2):
        assert without_times(alone) == without_times(check_training(Lasso(), PATIENTS, PROGRESS, refits=2))


def test_a_seed_fixes_the_report_and_another_one_draws_others():
    first, again, other = (check_training(Lasso(), PATIENTS, PROGRESS, "T4 change units", seed=n) for n in (0, 0, 1))
    assert without_times(first) == without_times(again)
    assert first.results[0].evidence != other.results[0].evidence


class Spoiling(ClassifierMixin, BaseEstimator):
    """Writes into everything that it is handed."""

    def fit(self, X, y, sample_weight=None):
        self.classes_ = np.unique(y)
        X[:] = 0
        y[:] = y[0]
        if sample_weight is not None:
            sample_weight[:] = 0
        return self

    def predict(self, X):
        X[:] = 1
        return np.full(len(X), self.classes_[0])


def test_neither_the_estimator_nor_the_data_are_touched():
    rows, targets, model = IRIS.copy(), SPECIES.copy(), Spoiling()
    check_training(model, rows, targets, refits=2)
    assert (rows == IRIS).all()
    assert (targets == SPECIES).all()
    assert {} == vars(model)


def test_a_model_that_cannot_be_fitted_at_all_is_broken():
    report = check_training(KNeighborsClassifier(weights="no such"), IRIS, SPECIES, "T8 permute rows")
    assert ("broken", 3) == (report.results[0].verdict, report.exit_code)
    assert report.results[0].evidence.message.startswith("Fitting the data as given raised InvalidParameterError: ")


class NoConstants(LogisticRegression):
    def fit(self, X, y):
        if (np.ptp(np.asarray(X), axis=0) == 0).any():
            msg = "a constant column"
            raise ValueError(msg)
        return super().fit(X, y)


def test_changed_data_that_cannot_be_fitted_are_a_violation():
    report = check_training(NoConstants(max_iter=1_000), IRIS, SPECIES, "T11 add a constant column")
    assert "violated" == report.results[0].verdict
    assert report.results[0].evidence.message.startswith("Fitting the changed data raised ValueError: ")


def test_weights_are_asked_only_of_what_takes_them():
    result = check_training(KNeighborsClassifier(), IRIS, SPECIES, "T22 weigh all rows twice").results[0]
    assert "KNeighborsClassifier.fit takes no sample_weight." == result.evidence.message


def test_frames_stay_frames_and_columns_of_text_are_carried_along():
    frame = pd.DataFrame(IRIS, columns=["a", "b", "c", "d"]).assign(place=np.where(IRIS[:, 0] > 6, "north", "south"))
    encoder = make_column_transformer((OneHotEncoder(), ["place"]), (StandardScaler(), ["a", "b", "c", "d"]))
    names = np.array(["setosa", "versicolor", "virginica"])[SPECIES]
    report = check_training(make_pipeline(encoder, GaussianNB()), frame, names, refits=2)
    broken = {name: verdict for name, verdict in verdicts(report).items() if verdict not in {"held", "skipped"}}
    assert {} == broken


def test_without_numeric_columns_their_relations_are_skipped():
    frame = pd.DataFrame({"place": ["north", "south"] * 20})
    model = make_pipeline(OneHotEncoder(), DecisionTreeClassifier())
    result = check_training(model, frame, [0, 1] * 20, "T2 shift features").results[0]
    assert ("skipped", "No column of X is numeric.") == (result.verdict, result.evidence.message)


def test_held_out_rows_may_be_given():
    report = check_training(SVR(), PATIENTS[:300], PROGRESS[:300], "T8 permute rows", test=PATIENTS[300:])
    assert "on 142 held-out rows" in report.results[0].evidence.message
    asked = check_training(SVR(), PATIENTS[:300], PROGRESS[:300], "T31 more data", test=PATIENTS[300:])
    assert "give y_test" in asked.results[0].evidence.message


def test_the_report_is_json_and_text():
    report = check_training(Lasso(), PATIENTS, PROGRESS, ["T3 scale features", "T8 permute rows"])
    assert report == type(report).from_json(report.to_json())
    assert 2 == len(json.loads(report.to_json())["results"])
    assert max(len(line) for line in str(report).splitlines()) <= 80


def test_a_relation_of_ones_own_is_as_good_as_the_catalogue_s():
    own = attrs.evolve(TRAINING["T8 permute rows"], id="mine", statement="Mine.")
    assert ["mine"] == [result.relation for result in check_training(GaussianNB(), IRIS, SPECIES, own).results]


class Watching:
    def __init__(self):
        self.seen = []

    def advance(self, relation, stage, done, total):  # noqa: ARG002 - the protocol of whoever watches
        self.seen.append((relation, done, total))

    def finish(self, result):
        self.seen.append(result.relation)


def test_whoever_watches_is_told_of_each_relation():
    watching = Watching()
    check_training(GaussianNB(), IRIS, SPECIES, ["T1 refit", "T8 permute rows"], progress=watching)
    assert ["T1 refit", "T8 permute rows"] == [seen for seen in watching.seen if isinstance(seen, str)]


class Rambling(ClassifierMixin, BaseEstimator):
    """Answers with labels of its own where the classes have names."""

    def fit(self, X, y):  # noqa: ARG002 - scikit-learn hands it over
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), "zebra" if self.classes_.dtype.kind == "O" else self.classes_[0])


def test_answers_that_cannot_be_read_are_a_violation():
    result = check_training(Rambling(), IRIS, SPECIES, "T10 rename labels").results[0]
    assert "violated" == result.verdict
    assert "cannot be read" in result.evidence.message


@pytest.mark.parametrize(
    ("arguments", "options", "error", "text"),
    [
        ((GaussianNB, IRIS, SPECIES), {}, ModelError, "but got the class GaussianNB"),
        ((KMeans(3), IRIS, SPECIES), {}, ModelError, "check_clustering"),
        ((object(), IRIS, SPECIES), {}, ModelError, "but got object"),
        ((GaussianNB(), IRIS, SPECIES[:9]), {}, RelationError, r"y of shape \(150,\)"),
        ((GaussianNB(), IRIS, [None, *SPECIES[1:]]), {}, RelationError, "y without missing values but got missing=1"),
        ((GaussianNB(), IRIS, np.array(["a", *SPECIES[1:]], dtype=object)), {}, RelationError, "y of one type"),
        ((GaussianNB(), IRIS[0], SPECIES), {}, RelationError, "X as a DataFrame or an array of numbers"),
        ((GaussianNB(), IRIS.astype(str), SPECIES), {}, RelationError, "X as a DataFrame or an array of numbers"),
        ((GaussianNB(), IRIS, SPECIES, "T8 permute row"), {}, RelationError, "did you mean 'T8 permute rows'"),
        ((GaussianNB(), IRIS, SPECIES, []), {}, RelationError, "at least one training relation"),
        ((GaussianNB(), IRIS, SPECIES, 8), {}, RelationError, "training relations or their ids"),
        ((GaussianNB(), IRIS, SPECIES, ["T1 refit"] * 2), {}, RelationError, "distinct ids"),
        ((GaussianNB(), IRIS, SPECIES), {"refits": 0}, RelationError, "refits >= 1"),
        ((GaussianNB(), IRIS, SPECIES), {"seed": -1}, RelationError, "seed >= 0"),
        ((GaussianNB(), IRIS, SPECIES), {"y_test": SPECIES}, RelationError, "y_test only beside test"),
        ((GaussianNB(), IRIS, SPECIES), {"test": IRIS[:, :2]}, RelationError, "test with the columns of X"),
    ],
)
def test_what_cannot_be_asked_is_refused(arguments, options, error, text):
    with pytest.raises(error, match=text):
        check_training(*arguments, **options)


def test_what_cannot_be_clustered_is_refused():
    with pytest.raises(ModelError, match="Expected a clusterer"):
        check_clustering(LinearRegression(), IRIS)
