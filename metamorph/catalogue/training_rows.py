"""Training relations that change rows or their weights: repeated, permuted, duplicated, dropped."""

# ruff: noqa: D103 - what a change does is said by its relation's statement

from __future__ import annotations

from typing import Any

import attrs
import numpy as np

from metamorph.catalogue.tags import answers_anew
from metamorph.catalogue.training_data import Places, TrainingData, Values
from metamorph.catalogue.training_features import MURPHY, SUPERVISED, XIE
from metamorph.catalogue.training_readings import MoreLoss, Tolerance
from metamorph.catalogue.training_relation import Draw, FollowUp, Subject, TrainingRelation, every

SKLEARN = "scikit-learn's check_sample_weight_equivalence"


def takes_weights(subject: Subject) -> str | None:
    """Why a subject cannot be given sample weights."""
    from sklearn.utils.validation import has_fit_parameter  # noqa: PLC0415 - only refitting needs scikit-learn

    takes = has_fit_parameter(subject.estimator, "sample_weight")
    return None if takes else f"{type(subject.estimator).__name__}.fit takes no sample_weight."


def is_deterministic(subject: Subject) -> str | None:
    """Why two refits with one seed need not be alike."""
    random = "Its scikit-learn tags say that it is not deterministic, whatever the seed."
    return random if answers_anew(subject.estimator) else None


def refit(data: TrainingData, _: Values, amount: Any, draw: Draw) -> FollowUp:
    return FollowUp(data)


def permute_rows(data: TrainingData, _: Values, amount: Any, draw: Draw) -> FollowUp:
    return FollowUp(data.take(draw.rng.permutation(len(data))))


def learn_predictions(data: TrainingData, outputs: Values, amount: float, draw: Draw) -> FollowUp:
    places = draw.rng.permutation(len(data.test))[: max(1, round(amount * len(data.test)))]
    return FollowUp(data.plus(data.test.iloc[places], outputs[places]))


def duplicate_rows(data: TrainingData, _: Values, amount: Any, draw: Draw) -> FollowUp:
    return FollowUp(data.take(np.concatenate([every(len(data)), every(len(data))])))


def weigh_twice(data: TrainingData, _: Values, amount: Any, draw: Draw) -> FollowUp:
    return FollowUp(attrs.evolve(data, weight=np.full(len(data), 2.0)))


def weigh_for_repeats(data: TrainingData, _: Values, amount: int, draw: Draw) -> FollowUp:
    counts = draw.rng.integers(1, amount + 1, len(data))
    repeated = data.take(np.repeat(every(len(data)), counts))
    return FollowUp(attrs.evolve(data, weight=counts.astype("float64")), source=repeated)


def weigh_nothing(data: TrainingData, _: Values, amount: float, draw: Draw) -> FollowUp:
    """A share of the rows, but no class as a whole."""
    kept = draw.rng.random(len(data)) >= amount
    kept[one_of_each(data.targets)] = True
    return FollowUp(attrs.evolve(data, weight=kept.astype("float64")), source=data.take(np.flatnonzero(kept)))


def drop_a_row(data: TrainingData, _: Values, amount: Any, draw: Draw) -> FollowUp:
    return FollowUp(data.take(np.delete(every(len(data)), draw.rng.integers(len(data)))))


def halve(data: TrainingData, _: Values, amount: float, draw: Draw) -> FollowUp:
    """A share of the rows; of every class at least one."""
    kept = draw.rng.random(len(data)) < amount
    kept[one_of_each(data.targets)] = True
    return FollowUp(data.take(np.flatnonzero(kept)))


def knows_targets(subject: Subject) -> str | None:
    """Why no loss can be computed."""
    known = subject.data.y_test is not None
    return None if known else "The targets of the held-out rows are not known: give y_test."


def loss(subject: Subject) -> MoreLoss:
    """The loss on the held-out rows."""
    assert subject.data.y_test is not None  # noqa: S101 - the relation requires it
    return MoreLoss(subject.data.y_test, labels=subject.kind == "classifier")


def one_of_each(y: Values) -> Places:
    """The place of one row of each class; of targets that are mostly distinct, two rows, to have something to fit."""
    first: Places = np.unique(y, return_index=True)[1]
    return first if len(first) <= len(y) / 2 else every(min(2, len(y)))


ROWS = (
    TrainingRelation(
        "T1 refit",
        "Fitting again on the same data with the same seed must give the same predictions.",
        "ours; reproducibility",
        refit,
        SUPERVISED,
        noise=False,
        requires=(is_deterministic,),
    ),
    TrainingRelation(
        "T8 permute rows",
        "Putting the training rows in another order must not change predictions.",
        f"{MURPHY}, permutative",
        permute_rows,
        SUPERVISED,
    ),
    TrainingRelation(
        "T15 learn predictions",
        "Adding held-out rows with what is predicted for them to the training data must hardly change predictions.",
        f"{XIE}, MR-3.1",
        learn_predictions,
        SUPERVISED,
        "approx",
        Tolerance(0.15, 1.5),
        rungs=(0.0, 0.2, 1.0),
        rung="adding {amount:.0%} of the held-out rows, at least one",
    ),
    TrainingRelation(
        "T21 duplicate all rows",
        "Repeating every training row once must not change predictions.",
        f"{MURPHY}, inclusive",
        duplicate_rows,
        SUPERVISED,
    ),
    TrainingRelation(
        "T22 weigh all rows twice",
        "Giving every training row the weight 2 must not change predictions.",
        SKLEARN,
        weigh_twice,
        SUPERVISED,
        requires=(takes_weights,),
    ),
    TrainingRelation(
        "T23 weights are repeats",
        "A row of weight n must count as n equal rows.",
        SKLEARN,
        weigh_for_repeats,
        SUPERVISED,
        rungs=(2, 4),
        rung="weights 1 to {amount}",
        requires=(takes_weights,),
        cost=2,
    ),
    TrainingRelation(
        "T24 weight zero removes",
        "A row of weight 0 must count as no row.",
        SKLEARN,
        weigh_nothing,
        SUPERVISED,
        rungs=(0.05, 0.3),
        rung="weight 0 for {amount:.0%} of the rows",
        requires=(takes_weights,),
        cost=2,
    ),
    TrainingRelation(
        "T30 drop one row",
        "Leaving one training row out must hardly change predictions.",
        "Yang et al., 2021 (stability of the learner)",
        drop_a_row,
        SUPERVISED,
        "approx",
        Tolerance(0.15, 1.5),
    ),
    TrainingRelation(
        "T31 more data",
        "Learning from all training rows must not usually be worse than learning from half of them.",
        "learning-curve practice",
        halve,
        SUPERVISED,
        "approx",
        Tolerance(0.02, 0.05),
        rungs=(0.5,),
        requires=(knows_targets,),
        reads=loss,
        noise=False,
        allowed=0.5,
        least_refits=8,
    ),
)
