"""Of which learners a training relation is known not to hold, or not to the bit, and why.

What is measured stands in the truth table; what is said here agrees with it, and a test holds it to that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

SPLITS = "it breaks ties between splits by chance, by the order of columns or by the last bits of a value"
BINS = "it cuts columns into bins at rounded middles between values"
BELOW = "of equally good splits of a column it takes the first from below"
FIRST = "ties between columns go to the first"
DRAWS = "which rows or columns it draws depends on their number and order"
SOLVER = "its optimiser stops within a tolerance, earlier or later in other units"
PENALTY = "its penalty is in the units of columns and target"
INTERCEPT = "it penalises the intercept, and a constant column is another one"
DISTANCE = "its distances add up over the columns, in their units"
WIDTH = "gamma='scale' reads the variance of X as a whole"
SUM = "its penalty is weighed against the sum over rows"
LEAVES = "the least size of a leaf and the bins count rows, not weights"
STEPS = "its weights start at random and it stops after so many steps in the units of the data"
FLOOR = "its variance floor is a share of the largest variance of a column, weights aside"
NEIGHBOURS = "copies are neighbours of each other, and ties go to the smaller label"
COUNTS = "it compares the frequencies of classes"
CROWDED = "its shallow trees tell few classes apart, and break ties by the order of classes"
PAIRS = "classes with equal rows split the votes of pairs"
MASKED = "a class between two others is masked in least squares"
SMALL = "it cannot be fitted where a class has fewer rows than columns"
SINGULAR = "it cannot be fitted on columns that determine each other"
NARROW = "its margin is in target units"
LINK = "it is linear in the logarithm of the target"
IMPURITY = "impurity below an absolute threshold counts as none"


def both(*names: str) -> tuple[str, ...]:
    """The classifier and the regressor of each name."""
    return tuple(f"{name}{kind}" for name in names for kind in ("Classifier", "Regressor"))


ONE_TREE = both("DecisionTree", "ExtraTree")
FORESTS = both("RandomForest", "ExtraTrees", "Bagging", "AdaBoost")
BOOSTED = both("GradientBoosting", "HistGradientBoosting", "LGBM")
TREES = (*ONE_TREE, *FORESTS, *BOOSTED)
UNBINNED = (*ONE_TREE, *FORESTS, *both("GradientBoosting"))
LEAF_COUNTERS = both("HistGradientBoosting", "LGBM")
MLP = both("MLP")
SVM = ("SVC", "SVR")
RIDGES = ("Ridge", "RidgeClassifier")
POSITIVE = ("PoissonRegressor", "GammaRegressor", "TweedieRegressor")
"""Learners of the logarithm of the expected target, with a penalty."""


def because(*reasons: tuple[str, Iterable[str]]) -> Mapping[str, str]:
    """Each class with its reason."""
    return {name: reason for reason, names in reasons for name in names}


FAILS: Mapping[str, Mapping[str, str]] = {
    "T2 shift features": because(
        (INTERCEPT, ["LinearSVC"]),
        (SOLVER, ["LogisticRegression", "HuberRegressor", *POSITIVE]),
        (STEPS, MLP),
        (WIDTH, SVM),
        (BINS, ["HistGradientBoostingRegressor", "LGBMRegressor"]),
    ),
    "T3 scale features": because(
        (INTERCEPT, ["LinearSVC"]),
        (PENALTY, [*RIDGES, *POSITIVE, "Lasso", "ElasticNet", "LogisticRegression", "HuberRegressor"]),
        (STEPS, MLP),
        (BINS, ["HistGradientBoostingRegressor"]),
    ),
    "T4 change units": because(
        (INTERCEPT, ["LinearSVC"]),
        (PENALTY, [*RIDGES, *POSITIVE, "Lasso", "ElasticNet", "LogisticRegression", "HuberRegressor"]),
        (STEPS, MLP),
        (DISTANCE, [*both("KNeighbors"), "NearestCentroid", *SVM]),
        (FLOOR, ["GaussianNB"]),
        (SINGULAR, ["QuadraticDiscriminantAnalysis"]),
        (BINS, ["HistGradientBoostingRegressor", *both("LGBM")]),
    ),
    "T5 negate features": because(
        (STEPS, MLP),
        (BINS, ["HistGradientBoostingRegressor", "LGBMRegressor"]),
        (BELOW, ["GradientBoostingRegressor"]),
    ),
    "T7 permute columns": because(
        (FIRST, ["HistGradientBoostingClassifier", "LGBMClassifier"]), (SOLVER, ["LinearSVC"])
    ),
    "T8 permute rows": because((SOLVER, ["HuberRegressor", "LinearSVC"])),
    "T9 permute labels": because(
        (NEIGHBOURS, ["KNeighborsClassifier"]), (CROWDED, ["AdaBoostClassifier"]), (SOLVER, ["LinearSVC"])
    ),
    "T10 rename labels": because(("it takes the labels 0, 1, 2, ... alone", ["XGBClassifier"])),
    "T11 add a constant column": because(
        (INTERCEPT, ["LinearSVC", "LogisticRegression"]),
        (STEPS, MLP),
        (SOLVER, ["HuberRegressor"]),
        (WIDTH, ["SVR"]),
        (SINGULAR, ["QuadraticDiscriminantAnalysis"]),
    ),
    "T12 add a noise column": because((DISTANCE, ["KNeighborsRegressor"])),
    "T13 duplicate a column": because(
        (SINGULAR, ["QuadraticDiscriminantAnalysis"]), (DISTANCE, ["KNeighborsRegressor"])
    ),
    "T14 add a telltale column": because((STEPS, MLP), (SINGULAR, ["QuadraticDiscriminantAnalysis"])),
    "T15 learn predictions": because((STEPS, ["MLPRegressor"])),
    "T17 copy classes": because((NEIGHBOURS, ["KNeighborsClassifier"]), (PAIRS, ["SVC"])),
    "T18 split classes": because((CROWDED, ["AdaBoostClassifier"]), (SMALL, ["QuadraticDiscriminantAnalysis"])),
    "T19 remove a class": because((MASKED, ["RidgeClassifier"])),
    "T21 duplicate all rows": because(
        (NEIGHBOURS, both("KNeighbors")),
        (SUM, [*RIDGES, *SVM, "LinearSVC", "LogisticRegression", "HuberRegressor"]),
        (LEAVES, LEAF_COUNTERS),
        (STEPS, MLP),
    ),
    "T22 weigh all rows twice": because(
        (SUM, [*RIDGES, *SVM, "LinearSVC", "LogisticRegression", "HuberRegressor"]),
    ),
    "T23 weights are repeats": because(
        (DRAWS, [*both("RandomForest", "Bagging"), "AdaBoostRegressor"]),
        (LEAVES, LEAF_COUNTERS),
        (WIDTH, SVM),
        (SOLVER, ["LinearSVC", "LogisticRegression", "HuberRegressor"]),
        (STEPS, MLP),
    ),
    "T24 weight zero removes": because(
        (DRAWS, [*both("RandomForest", "Bagging"), "AdaBoostRegressor"]),
        (LEAVES, LEAF_COUNTERS),
        (WIDTH, SVM),
        (SOLVER, ["LogisticRegression", "HuberRegressor"]),
        (STEPS, MLP),
        (FLOOR, ["GaussianNB"]),
    ),
    "T25 shift the target": because((STEPS, ["MLPRegressor"]), (SOLVER, ["HuberRegressor"]), (LINK, POSITIVE)),
    "T26 scale the target": because(
        (PENALTY, ["Lasso", "ElasticNet", "HuberRegressor", "PoissonRegressor", "TweedieRegressor"]),
        (NARROW, ["SVR"]),
        (STEPS, ["MLPRegressor"]),
        (IMPURITY, ["DecisionTreeRegressor", "RandomForestRegressor", "ExtraTreesRegressor", "AdaBoostRegressor"]),
    ),
    "T27 negate the target": because((STEPS, ["MLPRegressor"])),
}

INEXACT: Mapping[str, Mapping[str, str]] = {
    "T2 shift features": because((SPLITS, UNBINNED)),
    "T3 scale features": because((SPLITS, UNBINNED)),
    "T4 change units": because((SPLITS, UNBINNED)),
    "T7 permute columns": because(
        (SPLITS, UNBINNED), (STEPS, MLP), (SOLVER, ["Lasso", "HuberRegressor", "ElasticNet"])
    ),
    "T8 permute rows": because((DRAWS, TREES), (STEPS, MLP), (SOLVER, SVM)),
    "T9 permute labels": because(
        (SPLITS, [name for name in TREES if name.endswith("Classifier") and name != "AdaBoostClassifier"]),
        (STEPS, ["MLPClassifier"]),
    ),
    "T11 add a constant column": because((SPLITS, TREES)),
    "T14 add a telltale column": because((SPLITS, ["ExtraTreeClassifier"])),
    "T21 duplicate all rows": because((DRAWS, [*FORESTS, *both("GradientBoosting")])),
    "T22 weigh all rows twice": because((DRAWS, FORESTS), (STEPS, MLP)),
    "T23 weights are repeats": because((SPLITS, both("GradientBoosting", "DecisionTree", "ExtraTree", "ExtraTrees"))),
    "T24 weight zero removes": because((SPLITS, both("GradientBoosting", "DecisionTree", "ExtraTree", "ExtraTrees"))),
    "T25 shift the target": because((SPLITS, [name for name in TREES if name.endswith("Regressor")])),
    "T26 scale the target": because((SPLITS, ["GradientBoostingRegressor"])),
    "T27 negate the target": because((SOLVER, ["SVR"])),
}
