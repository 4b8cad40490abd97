"""Honest learners with their default settings are accused by no relation that is asked of them without being named."""

import pytest
from sklearn.cluster import AgglomerativeClustering, KMeans
from sklearn.datasets import load_diabetes, load_iris
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import ExtraTreesClassifier, RandomForestRegressor
from sklearn.linear_model import ElasticNet, Lasso, LinearRegression, Ridge, RidgeClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor, NearestCentroid
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from metamorph.runner.clustering import check_clustering
from metamorph.runner.training import check_training

IRIS, SPECIES = load_iris(return_X_y=True)
PATIENTS, PROGRESS = load_diabetes(return_X_y=True)
CLASSIFIERS = [
    DecisionTreeClassifier(),
    ExtraTreesClassifier(5),
    GaussianNB(),
    KNeighborsClassifier(),
    LinearDiscriminantAnalysis(),
    NearestCentroid(),
    RidgeClassifier(),
    SVC(),
]
REGRESSORS = [
    DecisionTreeRegressor(),
    ElasticNet(),
    KNeighborsRegressor(),
    Lasso(),
    LinearRegression(),
    RandomForestRegressor(5),
    Ridge(),
    SVR(),
]


def accused(report):
    """Whoever is accused of what, with the evidence."""
    return {r.relation: r.evidence.message for r in report.results if r.verdict not in {"held", "skipped"}}


@pytest.mark.parametrize("model", CLASSIFIERS, ids=lambda model: type(model).__name__)
def test_an_honest_classifier_is_not_accused(model):
    assert {} == accused(check_training(model, IRIS, SPECIES, refits=2))


@pytest.mark.parametrize("model", REGRESSORS, ids=lambda model: type(model).__name__)
def test_an_honest_regressor_is_not_accused(model):
    assert {} == accused(check_training(model, PATIENTS, PROGRESS, refits=2))


@pytest.mark.parametrize("model", [KMeans(3), AgglomerativeClustering(3)], ids=lambda model: type(model).__name__)
def test_an_honest_clusterer_is_not_accused(model):
    assert {} == accused(check_clustering(model, IRIS, refits=2))
