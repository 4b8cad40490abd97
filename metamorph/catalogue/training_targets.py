"""Training relations of regression targets: moved, scaled, negated."""

# ruff: noqa: D103 - what a change does is said by its relation's statement

from __future__ import annotations

from typing import Any

import attrs
import numpy as np

from metamorph.catalogue.tags import wants_positive_targets
from metamorph.catalogue.training_data import TrainingData, Values
from metamorph.catalogue.training_features import LUU
from metamorph.catalogue.training_relation import Draw, FollowUp, Kind, Subject, TrainingRelation

REGRESSOR: tuple[Kind, ...] = ("regressor",)


def takes_either_sign(subject: Subject) -> str | None:
    """Why no target can change its sign."""
    only = "Targets change their sign, and its scikit-learn tags say that it takes positive ones only."
    return only if wants_positive_targets(subject.estimator) else None


def _plain(y: Values) -> Values:
    return np.asarray(y, dtype="float64")


def shift_target(data: TrainingData, _: Values, amount: float, draw: Draw) -> FollowUp:
    by = amount * (float(np.std(_plain(data.targets))) or 1.0)
    return FollowUp(attrs.evolve(data, y=_plain(data.targets) + by), lambda outputs: outputs - by)


def scale_target(data: TrainingData, _: Values, amount: float, draw: Draw) -> FollowUp:
    return FollowUp(attrs.evolve(data, y=_plain(data.targets) * amount), lambda outputs: outputs / amount)


def negate_target(data: TrainingData, _: Values, amount: Any, draw: Draw) -> FollowUp:
    return FollowUp(attrs.evolve(data, y=-_plain(data.targets)), lambda outputs: -outputs)


TARGETS = (
    TrainingRelation(
        "T25 shift the target",
        "Adding a constant to every target must add it to every prediction.",
        LUU,
        shift_target,
        REGRESSOR,
        rungs=(0.1, 1.0, 10.0),
        rung="adding {amount:g} sd of the target",
    ),
    TrainingRelation(
        "T26 scale the target",
        "Multiplying every target by a positive constant must multiply every prediction by it.",
        LUU,
        scale_target,
        REGRESSOR,
        rungs=(2.0, 10.0, 0.01),
        rung="multiplying by {amount:g}",
    ),
    TrainingRelation(
        "T27 negate the target",
        "Changing the sign of every target must change the sign of every prediction.",
        LUU,
        negate_target,
        REGRESSOR,
        requires=(takes_either_sign,),
    ),
)
