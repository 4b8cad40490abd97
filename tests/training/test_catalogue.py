"""Every relation between trainings is broken by a learner with a planted defect and kept by an honest one."""

# ruff: noqa: ARG002 - estimators take what scikit-learn hands them, whatever they look at

import itertools
import re

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, ClusterMixin, OutlierMixin, RegressorMixin
from sklearn.cluster import DBSCAN, KMeans
from sklearn.datasets import load_diabetes, load_iris
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.mixture import GaussianMixture
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import NearestCentroid
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from metamorph.catalogue.clustering import CLUSTERING
from metamorph.catalogue.training import TRAINING
from metamorph.runner.clustering import check_clustering
from metamorph.runner.training import check_training

IRIS, SPECIES = load_iris(return_X_y=True)
PATIENTS, PROGRESS = load_diabetes(return_X_y=True)
ROWS = 105
"""Rows of iris that are learnt from when 30% are held out."""
FITS = itertools.count()


class Threshold(ClassifierMixin, BaseEstimator):
    """Splits where the first column passes 5.8 cm, whatever the training data say."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.where(np.asarray(X)[:, 0] > 5.8, self.classes_[-1], self.classes_[0])


class Column(ClassifierMixin, BaseEstimator):
    """Reads one column by its place alone."""

    def __init__(self, place=0, sign=1):
        self.place, self.sign = place, sign

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.model_ = NearestCentroid().fit(X[:, [self.place]], y)
        return self

    def predict(self, X):
        return self.model_.predict(self.sign * X[:, [self.place]])


class LastRow(ClassifierMixin, BaseEstimator):
    """Says the class of the row that it saw last."""

    def fit(self, X, y):
        self.classes_, self.last_ = np.unique(y), y[-1]
        return self

    def predict(self, X):
        return np.full(len(X), self.last_)


class Size(ClassifierMixin, BaseEstimator):
    """Says the class after the right one where the training data have not the size it knows."""

    def __init__(self, low=ROWS, high=ROWS):
        self.low, self.high = low, high

    def fit(self, X, y, sample_weight=None):
        size = len(X) if sample_weight is None else np.sum(sample_weight)
        self.known_ = self.low <= size <= self.high
        self.model_ = DecisionTreeClassifier(random_state=0).fit(X, y)
        self.classes_ = self.model_.classes_
        return self

    def predict(self, X):
        said = self.model_.predict(X)
        places = np.searchsorted(self.classes_, said)
        return said if self.known_ else self.classes_[(places + 1) % len(self.classes_)]


class Ordinal(ClassifierMixin, BaseEstimator):
    """Takes the labels for numbers on a line."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.model_ = LinearRegression().fit(X, y)
        return self

    def predict(self, X):
        return np.clip(np.round(self.model_.predict(X)), self.classes_[0], self.classes_[-1]).astype(int)


class OnlyNumbers(ClassifierMixin, BaseEstimator):
    """Knows labels that are numbers; of texts it says the first."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.model_ = NearestCentroid().fit(X, y)
        return self

    def predict(self, X):
        said = self.model_.predict(X)
        return said if said.dtype.kind == "i" else np.full(len(X), self.classes_[0])


class Rarest(ClassifierMixin, BaseEstimator):
    """Says the rarest class."""

    def fit(self, X, y):
        self.classes_, counts = np.unique(y, return_counts=True)
        self.rarest_ = self.classes_[counts.argmin()]
        return self

    def predict(self, X):
        return np.full(len(X), self.rarest_)


class WeightsIgnored(ClassifierMixin, BaseEstimator):
    """Takes weights and looks at none."""

    def fit(self, X, y, sample_weight=None):
        self.model_ = NearestCentroid().fit(X, y)
        self.classes_ = self.model_.classes_
        return self

    def predict(self, X):
        return self.model_.predict(X)


class Fickle(ClassifierMixin, BaseEstimator):
    """Every fit has another favourite, whatever the seed."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.favourite_ = self.classes_[next(FITS) % len(self.classes_)]
        return self

    def predict(self, X):
        return np.full(len(X), self.favourite_)


class AtLeast(RegressorMixin, BaseEstimator):
    """Never predicts below a hundred, which no training data say."""

    def fit(self, X, y):
        self.model_ = LinearRegression().fit(X, y)
        return self

    def predict(self, X):
        return np.maximum(self.model_.predict(X), 100.0)


SUPERVISED = {
    "T1 refit": (Fickle(), GaussianNB()),
    "T2 shift features": (Threshold(), NearestCentroid()),
    "T3 scale features": (Threshold(), NearestCentroid()),
    "T4 change units": (NearestCentroid(), make_pipeline(StandardScaler(), NearestCentroid())),
    "T5 negate features": (Threshold(), NearestCentroid()),
    "T6 bend features": (NearestCentroid(), DecisionTreeClassifier()),
    "T7 permute columns": (Column(), NearestCentroid()),
    "T8 permute rows": (LastRow(), NearestCentroid()),
    "T9 permute labels": (Ordinal(), GaussianNB()),
    "T10 rename labels": (OnlyNumbers(), GaussianNB()),
    "T11 add a constant column": (Column(-1), NearestCentroid()),
    "T12 add a noise column": (Column(-1), GaussianNB()),
    "T13 duplicate a column": (Column(-1), GaussianNB()),
    "T14 add a telltale column": (Column(-1, sign=-1), GaussianNB()),
    "T15 learn predictions": (Size(), DecisionTreeClassifier()),
    "T16 duplicate a class": (Size(), GaussianNB()),
    "T17 copy classes": (Size(), GaussianNB()),
    "T18 split classes": (Rarest(), GaussianNB()),
    "T19 remove a class": (Size(), GaussianNB()),
    "T20 remove rows of others": (Size(), GaussianNB()),
    "T21 duplicate all rows": (Size(), GaussianNB()),
    "T22 weigh all rows twice": (Size(), GaussianNB()),
    "T23 weights are repeats": (WeightsIgnored(), GaussianNB()),
    "T24 weight zero removes": (WeightsIgnored(), GaussianNB()),
    "T25 shift the target": (AtLeast(), LinearRegression()),
    "T26 scale the target": (AtLeast(), LinearRegression()),
    "T27 negate the target": (AtLeast(), LinearRegression()),
    "T28 rotate features": (DecisionTreeRegressor(), Ridge()),
    "T29 add a combination": (Ridge(), LinearRegression()),
    "T30 drop one row": (Size(), GaussianNB()),
    "T31 more data": (Size(0, 80), GaussianNB()),
}


class Cut(ClusterMixin, BaseEstimator):
    """Two clusters, cut at the mean of a column or at a value."""

    def __init__(self, place=0, at=None):
        self.place, self.at = place, at

    def fit(self, X, y=None):
        column = X[:, self.place]
        self.labels_ = (column > (column.mean() if self.at is None else self.at)).astype(int)
        return self


class Middle(ClusterMixin, BaseEstimator):
    """Two clusters, cut half-way between the smallest and the largest value of a column."""

    def fit(self, X, y=None):
        column = X[:, 2]
        self.labels_ = (column > (column.min() + column.max()) / 2).astype(int)
        return self


class Width(ClusterMixin, BaseEstimator):
    """Two clusters, cut in a column that depends on how many there are."""

    def fit(self, X, y=None):
        self.labels_ = Cut(X.shape[1] % 2).fit(X).labels_
        return self


class Halves(ClusterMixin, BaseEstimator):
    """The first half of the rows, whichever they are, and the second."""

    def fit(self, X, y=None):
        self.labels_ = (np.arange(len(X)) >= len(X) / 2).astype(int)
        return self


class FickleClusters(ClusterMixin, BaseEstimator):
    """Every fit cuts at another row."""

    def fit(self, X, y=None):
        self.labels_ = (np.arange(len(X)) > 10 * (1 + next(FITS) % 7)).astype(int)
        return self


class Crowd(OutlierMixin, BaseEstimator):
    """Suspects rows by how many there are."""

    def fit(self, X, y=None):
        self.size_ = len(X)
        return self

    def score_samples(self, X):
        return np.asarray(X)[:, 0] - 10.0 * self.size_


K_MEANS = KMeans(3, n_init=10)
WITHOUT_TARGETS = {
    "U1 permute rows": (Halves(), K_MEANS),
    "U2 shrink a cluster": (Middle(), K_MEANS),
    "U3 mirror": (Cut(at=5.8), K_MEANS),
    "U4 add centres": (Halves(), K_MEANS),
    "U5 add rims": (Halves(), K_MEANS),
    "U6 add a telltale column": (Width(), K_MEANS),
    "U7 add a redundant column": (Cut(-1), GaussianMixture(3, n_init=5)),
    "U8 rotate and shift": (Cut(), K_MEANS),
    "U9 scale all columns": (Cut(at=5.8), K_MEANS),
    "U10 scale one column": (K_MEANS, make_pipeline(StandardScaler(), K_MEANS)),
    "U11 add an outlier": (K_MEANS, DBSCAN()),
    "U12 duplicate all rows": (Halves(), K_MEANS),
    "U13 add a constant column": (Cut(-1), K_MEANS),
    "U14 refit": (FickleClusters(), K_MEANS),
    "U15 copy an inlier": (Crowd(), IsolationForest(n_estimators=50)),
    "U16 permute and rotate": (StandardScaler(), PCA(2)),
}


def result_of(relation, estimator):
    """The only result of a relation."""
    if relation in CLUSTERING:
        report = check_clustering(estimator, IRIS, relation)
    elif isinstance(estimator, RegressorMixin):
        report = check_training(estimator, PATIENTS, PROGRESS, relation)
    else:
        report = check_training(estimator, IRIS, SPECIES, relation)
    assert str(report)
    return report.results[0]


EVERY = {**SUPERVISED, **WITHOUT_TARGETS}


@pytest.mark.parametrize("relation", EVERY)
def test_a_learner_with_a_defect_breaks_the_relation(relation):
    result = result_of(relation, EVERY[relation][0])
    assert "violated" == result.verdict, result.evidence
    assert result.violations >= 1


@pytest.mark.parametrize("relation", EVERY)
def test_an_honest_learner_keeps_the_relation(relation):
    result = result_of(relation, EVERY[relation][1])
    assert ("held", 0) == (result.verdict, result.violations), result.evidence
    assert result.cases >= 1


def test_every_relation_of_the_catalogue_is_tried_on_both_sides():
    assert set(EVERY) == {*TRAINING, *CLUSTERING}


def test_the_catalogue_goes_from_the_first_number_to_the_last():
    numbers = [re.match(r"[TU]\d+", name)[0] for name in (*TRAINING, *CLUSTERING)]
    assert [*(f"T{n}" for n in range(1, 32)), *(f"U{n}" for n in range(1, 17))] == numbers


@pytest.mark.parametrize("relation", [*TRAINING.values(), *CLUSTERING.values()], ids=lambda relation: relation.id)
def test_every_entry_says_what_it_is_and_where_it_comes_from(relation):
    assert relation.statement.endswith(".")
    assert relation.source
    assert bool(relation.rung) == (len(relation.rungs) > 1)
    assert not {*relation.fails_for} & {*relation.inexact_for}
    assert all(reason and not reason.endswith(".") for reason in relation.fails_for.values())
