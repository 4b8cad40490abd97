"""Training relations that change columns: moved, scaled, turned, permuted, added."""

# ruff: noqa: D103 - what a change does is said by its relation's statement

from __future__ import annotations

from typing import Any

import attrs
import numpy as np

from metamorph.catalogue.training_data import TrainingData, Values, spread
from metamorph.catalogue.training_known import BOOSTED, FORESTS, ONE_TREE, RIDGES, both
from metamorph.catalogue.training_readings import Tolerance
from metamorph.catalogue.training_relation import Draw, FollowUp, Kind, Subject, TrainingRelation

XIE = "Xie et al., JSS 84(4), 2011"
MURPHY = "Murphy et al., SEKE 2008"
LUU = "Luu et al., Testing multiple linear regression systems with metamorphic testing, JSS 182, 2021"
METTLE = "METTLE, Xie et al., IEEE Trans. Reliability 69(4), 2020"
SUPERVISED: tuple[Kind, ...] = ("classifier", "regressor")
ORDER_READERS = frozenset({*ONE_TREE, *FORESTS, *BOOSTED, *both("XGB", "CatBoost")})


def has_numbers(subject: Subject) -> str | None:
    """Why the numeric columns cannot be changed."""
    return None if subject.data.numeric else "No column of X is numeric."


def has_no_gaps(subject: Subject) -> str | None:
    """Why numeric columns cannot be combined."""
    return None if np.isfinite(subject.data.block).all() else "Columns are combined, and X has missing values."


def shift(data: TrainingData, _: Values, amount: float, draw: Draw) -> FollowUp:
    by = amount * data.spread
    return FollowUp(data.mapped(lambda block: block + by))


def scale(data: TrainingData, _: Values, amount: float, draw: Draw) -> FollowUp:
    return FollowUp(data.mapped(lambda block: block * amount))


def affine(data: TrainingData, _: Values, amount: float, draw: Draw) -> FollowUp:
    factors = np.exp(draw.rng.uniform(-np.log(amount), np.log(amount), len(data.numeric)))
    by = draw.rng.uniform(-1, 1, len(data.numeric)) * data.spread
    return FollowUp(data.mapped(lambda block: (block + by) * factors))


def negate(data: TrainingData, _: Values, amount: Any, draw: Draw) -> FollowUp:
    return FollowUp(data.mapped(lambda block: -block))


def bend(data: TrainingData, _: Values, amount: float, draw: Draw) -> FollowUp:
    centre, width = np.nanmedian(data.block, axis=0), data.spread

    def bent(block: Values) -> Values:
        z = (block - centre) / width
        return np.arcsinh(amount * z) / amount

    return FollowUp(data.mapped(bent))


def permute_columns(data: TrainingData, _: Values, amount: Any, draw: Draw) -> FollowUp:
    names = list(data.X.columns)
    order = draw.rng.permutation(len(names))
    if (order == np.arange(len(names))).all():
        order = order[::-1]
    X, test = (frame[[names[place] for place in order]] for frame in (data.X, data.test))
    return FollowUp(attrs.evolve(data, X=X, test=test))


def add_constant(data: TrainingData, _: Values, amount: float, draw: Draw) -> FollowUp:
    value = amount * data.unit
    return FollowUp(data.with_column(np.full(len(data), value), np.full(len(data.test), value)))


def add_noise(data: TrainingData, _: Values, amount: Any, draw: Draw) -> FollowUp:
    rows, test = (data.unit * draw.rng.normal(size=len(frame)) for frame in (data.X, data.test))
    return FollowUp(data.with_column(rows, test))


def duplicate_column(data: TrainingData, _: Values, amount: Any, draw: Draw) -> FollowUp:
    name = draw.one_of(np.array([*data.X.columns, None], dtype=object)[:-1])
    return FollowUp(data.with_column(data.X[name].array, data.test[name].array))


def rotate(data: TrainingData, _: Values, amount: Any, draw: Draw) -> FollowUp:
    turn = rotation(len(data.numeric), draw)
    return FollowUp(data.mapped(lambda block: block @ turn))


def add_combination(data: TrainingData, _: Values, amount: Any, draw: Draw) -> FollowUp:
    weights = draw.rng.uniform(0.5, 1.5, len(data.numeric)) / spread(data.block)
    names = data.numeric
    rows, test = (frame[names].to_numpy(dtype="float64") @ weights for frame in (data.X, data.test))
    return FollowUp(data.with_column(rows, test))


def rotation(size: int, draw: Draw) -> Values:
    """A random orthogonal matrix, uniform over all of them."""
    q, r = np.linalg.qr(draw.rng.normal(size=(size, size)))
    return q * np.sign(np.diag(r))


FEATURES = (
    TrainingRelation(
        "T2 shift features",
        "Adding a constant to every numeric column, in training and in use, must not change predictions.",
        f"{XIE}, MR-0; {MURPHY}, additive",
        shift,
        SUPERVISED,
        rungs=(0.1, 1.0, 3.0),
        rung="adding {amount:g} sd to every column",
        requires=(has_numbers,),
        scaled_away=True,
    ),
    TrainingRelation(
        "T3 scale features",
        "Multiplying every numeric column by one constant, in training and in use, must not change predictions.",
        f"{XIE}, MR-0; {MURPHY}, multiplicative",
        scale,
        SUPERVISED,
        rungs=(2.0, 10.0, 1000.0),
        rung="multiplying by {amount:g}",
        requires=(has_numbers,),
        scaled_away=True,
    ),
    TrainingRelation(
        "T4 change units",
        "Giving every numeric column another unit (a positive factor and an offset of its own), in training and in "
        "use, must not change predictions.",
        f"{XIE}, MR-0",
        affine,
        SUPERVISED,
        rungs=(1.1, 2.0, 10.0),
        rung="factors up to {amount:g}",
        requires=(has_numbers,),
        scaled_away=True,
    ),
    TrainingRelation(
        "T5 negate features",
        "Changing the sign of every numeric column, in training and in use, must not change predictions.",
        f"{MURPHY}, invertive",
        negate,
        SUPERVISED,
        "ties",
        Tolerance(0.05),
        requires=(has_numbers,),
    ),
    TrainingRelation(
        "T6 bend features",
        "Bending every numeric column by a strictly rising function, in training and in use, must not change labels.",
        "ours: a tree reads the order of values alone",
        bend,
        ("classifier",),
        "ties",
        Tolerance(0.05),
        rungs=(0.1, 0.5, 1.0),
        rung="arcsinh of {amount:g} sd",
        requires=(has_numbers,),
        holds_for=ORDER_READERS,
        because="read the order of values alone",
    ),
    TrainingRelation(
        "T7 permute columns",
        "Putting the columns in another order, in training and in use, must not change predictions.",
        f"{XIE}, MR-1.2; {MURPHY}, permutative",
        permute_columns,
        SUPERVISED,
        requires=(lambda subject: None if subject.data.X.shape[1] > 1 else "X has a single column.",),
    ),
    TrainingRelation(
        "T11 add a constant column",
        "A column that is the same for every row must not change predictions.",
        f"{XIE}, MR-2.1",
        add_constant,
        SUPERVISED,
        rungs=(0.0, 1.0),
        rung="a column of {amount:g} typical sd",
    ),
    TrainingRelation(
        "T12 add a noise column",
        "A column of pure noise must hardly change predictions.",
        f"{XIE}, MR-2.1, relaxed",
        add_noise,
        SUPERVISED,
        "approx",
        Tolerance(0.2, 1.5),
    ),
    TrainingRelation(
        "T13 duplicate a column",
        "A copy of a column must hardly change predictions.",
        f"{METTLE}, MR4.2",
        duplicate_column,
        SUPERVISED,
        "approx",
        Tolerance(0.15, 1.5),
    ),
    TrainingRelation(
        "T28 rotate features",
        "Turning the numeric columns by an orthogonal matrix, in training and in use, must not change predictions.",
        LUU,
        rotate,
        SUPERVISED,
        "float",
        requires=(has_numbers, has_no_gaps),
        holds_for=frozenset({"LinearRegression", *RIDGES, *both("KNeighbors"), "NearestCentroid"}),
        because="read distances or a free linear form of the columns alone",
    ),
    TrainingRelation(
        "T29 add a combination",
        "A column that is a linear combination of the others must not change predictions.",
        LUU,
        add_combination,
        SUPERVISED,
        "float",
        requires=(has_numbers, has_no_gaps),
        holds_for=frozenset({"LinearRegression"}),
        because="fit linear forms without a penalty",
    ),
)
