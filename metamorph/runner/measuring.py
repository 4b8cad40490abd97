"""Measures the truth table of the catalogue: every relation, scikit-learn's estimators, its bundled data.

``python -m metamorph.runner.measuring`` writes it beside the catalogue; LightGBM is measured where it is installed.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterable, Mapping
from typing import Any

import attrs
import numpy as np
import pandas as pd

from metamorph.catalogue.clustering import CLUSTERING
from metamorph.catalogue.training import TRAINING
from metamorph.catalogue.training_relation import TrainingRelation
from metamorph.catalogue.truth_table import COLUMNS, PATH
from metamorph.runner.refits import Refits
from metamorph.runner.subject import Asked, supervised, unsupervised

REFITS = 3
DIGITS = 4
"""Decimals of an agreement, significant digits of a move."""
CLASSES, NUMBERS, GROUPS = ("iris", "wine", "breast_cancer"), ("diabetes",), ("iris",)

Row = tuple[str, str, str, float, float, str]


@attrs.frozen
class Measured:
    """An estimator by its module and class, how it is made, and the data sets that it is measured on."""

    module: str
    name: str
    data: tuple[str, ...]
    settings: Mapping[str, Any] = attrs.field(factory=dict)

    def make(self) -> Any:
        """The estimator."""
        return getattr(importlib.import_module(self.module), self.name)(**self.settings)


def _all(module: str, data: tuple[str, ...], *names: str, **settings: Any) -> tuple[Measured, ...]:
    return tuple(Measured(module, name, data, settings) for name in names)


CLASSIFIERS = (
    *_all("sklearn.tree", CLASSES, "DecisionTreeClassifier", "ExtraTreeClassifier"),
    *_all("sklearn.ensemble", CLASSES, "RandomForestClassifier", "ExtraTreesClassifier", n_estimators=50),
    *_all("sklearn.ensemble", CLASSES, "AdaBoostClassifier", "BaggingClassifier"),
    *_all("sklearn.ensemble", CLASSES, "GradientBoostingClassifier", "HistGradientBoostingClassifier"),
    *_all("sklearn.linear_model", CLASSES, "LogisticRegression", "RidgeClassifier"),
    *_all("sklearn.svm", CLASSES, "SVC", "LinearSVC"),
    *_all("sklearn.neighbors", CLASSES, "KNeighborsClassifier", "NearestCentroid"),
    *_all("sklearn.naive_bayes", CLASSES, "GaussianNB"),
    *_all("sklearn.discriminant_analysis", CLASSES, "LinearDiscriminantAnalysis", "QuadraticDiscriminantAnalysis"),
    *_all("sklearn.neural_network", CLASSES, "MLPClassifier"),
    *_all("lightgbm", CLASSES, "LGBMClassifier", verbose=-1, n_jobs=1),
)
REGRESSORS = (
    *_all("sklearn.linear_model", NUMBERS, "LinearRegression", "Ridge", "Lasso", "ElasticNet", "HuberRegressor"),
    *_all("sklearn.svm", NUMBERS, "SVR"),
    *_all("sklearn.neighbors", NUMBERS, "KNeighborsRegressor"),
    *_all("sklearn.tree", NUMBERS, "DecisionTreeRegressor"),
    *_all("sklearn.ensemble", NUMBERS, "RandomForestRegressor", "ExtraTreesRegressor", n_estimators=50),
    *_all("sklearn.ensemble", NUMBERS, "AdaBoostRegressor", "GradientBoostingRegressor"),
    *_all("sklearn.ensemble", NUMBERS, "HistGradientBoostingRegressor"),
    *_all("sklearn.neural_network", NUMBERS, "MLPRegressor"),
    *_all("lightgbm", NUMBERS, "LGBMRegressor", verbose=-1, n_jobs=1),
)
WITHOUT_TARGETS = (
    *_all("sklearn.cluster", GROUPS, "KMeans", n_clusters=3, n_init=10),
    *_all("sklearn.cluster", GROUPS, "MiniBatchKMeans", "AgglomerativeClustering", "Birch", n_clusters=3),
    *_all("sklearn.cluster", GROUPS, "SpectralClustering", n_clusters=3),
    *_all("sklearn.cluster", GROUPS, "DBSCAN", "MeanShift"),
    *_all("sklearn.cluster", GROUPS, "HDBSCAN", copy=True),
    *_all("sklearn.mixture", GROUPS, "GaussianMixture", n_components=3, n_init=10),
    *_all("sklearn.ensemble", GROUPS, "IsolationForest"),
    *_all("sklearn.neighbors", GROUPS, "LocalOutlierFactor", novelty=True),
    *_all("sklearn.decomposition", GROUPS, "PCA", "KernelPCA", "TruncatedSVD", n_components=2),
)


def measure(measured: Measured, data: str, relations: Iterable[str] | None = None) -> list[Row]:
    """The rows of the table for one estimator on one data set; of some relations only, where their ids are given."""
    asked = subject(measured, data)
    refits = Refits(asked.subject, frames=asked.frames, count=REFITS, seed=0, n_jobs=1)
    if refits.baseline() is not None:
        return []  # the data as given are nothing for it
    refits.random = False  # the table says what changes, chance included
    catalogue = TRAINING if asked.subject.data.y is not None else CLUSTERING
    wanted = [catalogue[name] for name in (catalogue if relations is None else relations)]
    possible = [relation for relation in wanted if relation.impossible(asked.subject) is None]
    return [(relation.id, measured.name, data, *_told(relation, asked, refits)) for relation in possible]


def subject(measured: Measured, data: str) -> Asked:
    """An estimator with its data; rows that are asked about are the same in every run."""
    datasets = importlib.import_module("sklearn.datasets")
    X, y = getattr(datasets, f"load_{data}")(return_X_y=True)
    if measured in WITHOUT_TARGETS:
        return unsupervised(measured.make(), X)
    return supervised(measured.make(), X, y, test=None, y_test=None, seed=0)


def _told(relation: TrainingRelation, asked: Asked, refits: Refits) -> tuple[float, float, str]:
    """Agreement, move and error of the worst refit."""
    outcomes = refits.outcomes(relation, range(max(REFITS, relation.least_refits)))
    error = next((outcome.error for outcome in outcomes if outcome.error), None)
    if error is not None:
        return np.nan, np.nan, error.replace("\n", " ")[:80]
    found = [outcome.comparison for outcome in outcomes if outcome.comparison is not None]
    worst = max(comparison.disagreement for comparison in found)
    if asked.subject.kind in {"classifier", "clusterer"} and relation.reads is None:
        return round(1 - worst, DIGITS), np.nan, ""
    moved = max(comparison.moved / comparison.judged for comparison in found)
    return round(1 - moved, DIGITS), float(f"{worst:.{DIGITS}g}"), ""


def table() -> pd.DataFrame:
    """The whole table, estimators in parallel."""
    from joblib import Parallel, delayed  # noqa: PLC0415 - only measuring needs it

    every = [*CLASSIFIERS, *REGRESSORS, *WITHOUT_TARGETS]
    present = [measured for measured in every if importlib.util.find_spec(measured.module.partition(".")[0])]
    parts: Any = Parallel(n_jobs=-1)(delayed(measure)(measured, data) for measured in present for data in measured.data)
    return pd.DataFrame([row for part in parts for row in part], columns=list(COLUMNS))


if __name__ == "__main__":
    table().to_csv(PATH, index=False, lineterminator="\n")
