"""Training relations of class labels: renamed, permuted, added, taken away."""

# ruff: noqa: D103 - what a change does is said by its relation's statement

from __future__ import annotations

from typing import Any

import attrs
import numpy as np

from metamorph.catalogue.tags import tells_two_classes
from metamorph.catalogue.training_data import TrainingData, Values
from metamorph.catalogue.training_features import XIE
from metamorph.catalogue.training_readings import Tolerance
from metamorph.catalogue.training_relation import Draw, FollowUp, Kind, Subject, TrainingRelation, every

CLASSIFIER: tuple[Kind, ...] = ("classifier",)
SOME = Tolerance(0.25)
"""Wide, since few rows are predicted as one class and those at its border may go either way."""
THREE = 3


def has_three_classes(subject: Subject) -> str | None:
    """Why no class can be taken away and still leave something to tell apart."""
    count = len(np.unique(subject.data.targets))
    return None if count >= THREE else f"A class is taken away, and y has only {count}."


def may_have_more_classes(subject: Subject) -> str | None:
    """Why no class can be added."""
    only = "Classes are added, and its scikit-learn tags say that it tells two apart and no more."
    return only if tells_two_classes(subject.estimator) else None


def permute_labels(data: TrainingData, _: Values, amount: Any, draw: Draw) -> FollowUp:
    classes, codes = np.unique(data.targets, return_inverse=True)
    turned = np.roll(classes, 1 + draw.number % (len(classes) - 1)) if len(classes) > 1 else classes
    return FollowUp(attrs.evolve(data, y=turned[codes]), lambda labels: _renamed(labels, turned, classes))


def rename_labels(data: TrainingData, _: Values, amount: Any, draw: Draw) -> FollowUp:
    classes, codes = np.unique(data.targets, return_inverse=True)
    names = np.array([f"class {place:06d}" for place in range(len(classes))], dtype=object)
    return FollowUp(attrs.evolve(data, y=names[codes]), lambda labels: _renamed(labels, names, classes))


def add_telltale(data: TrainingData, outputs: Values, amount: float, draw: Draw) -> FollowUp:
    label = draw.one_of(np.unique(data.targets))
    value = amount * data.unit
    told = np.where(data.targets == label, value, 0.0)
    return FollowUp(data.with_column(told, np.full(len(data.test), value)), judged=outputs == label)


def duplicate_class(data: TrainingData, outputs: Values, amount: Any, draw: Draw) -> FollowUp:
    label = draw.one_of(np.unique(data.targets))
    places = np.concatenate([every(len(data)), np.flatnonzero(data.targets == label)])
    return FollowUp(data.take(places), judged=outputs == label)


def copy_as_new_classes(data: TrainingData, outputs: Values, amount: Any, draw: Draw) -> FollowUp:
    classes, codes = np.unique(data.targets, return_inverse=True)
    label = draw.number % len(classes)
    others = np.flatnonzero(codes != label)
    taken = data.take(np.concatenate([every(len(data)), others]))
    return _recoded(taken, np.concatenate([codes, codes[others] + len(classes)]), classes, outputs == classes[label])


def relabel_as_new_classes(data: TrainingData, outputs: Values, amount: float, draw: Draw) -> FollowUp:
    classes, codes = np.unique(data.targets, return_inverse=True)
    label = draw.number % len(classes)
    chosen = (codes != label) & (draw.rng.random(len(data)) < amount)
    return _recoded(data, np.where(chosen, codes + len(classes), codes), classes, outputs == classes[label])


def remove_class(data: TrainingData, outputs: Values, amount: Any, draw: Draw) -> FollowUp:
    classes = np.unique(data.targets)
    gone = draw.one_of(classes)
    return FollowUp(data.take(np.flatnonzero(data.targets != gone)), judged=outputs != gone)


def remove_others(data: TrainingData, outputs: Values, amount: float, draw: Draw) -> FollowUp:
    label = draw.one_of(np.unique(data.targets))
    kept = (data.targets == label) | (draw.rng.random(len(data)) >= amount)
    kept[np.unique(data.targets, return_index=True)[1]] = True
    return FollowUp(data.take(np.flatnonzero(kept)), judged=outputs == label)


def _recoded(data: TrainingData, codes: Values, classes: Values, judged: Values) -> FollowUp:
    """*data* with classes by number, so that new ones come after the old ones whatever those are called."""
    used, places = np.unique(codes, return_inverse=True)
    old = used < len(classes)
    names = np.empty(len(used), dtype=object)
    names[old], names[~old] = classes[used[old]], "another class"
    return FollowUp(attrs.evolve(data, y=places), lambda labels: names[np.asarray(labels, dtype=np.intp)], judged)


def _renamed(labels: Values, names: Values, classes: Values) -> Values:
    """Labels that are among *names* as the class in the same place."""
    order = np.argsort(names)
    return classes[order[np.searchsorted(names[order], np.asarray(labels, dtype=names.dtype))]]


LABELS = (
    TrainingRelation(
        "T9 permute labels",
        "Exchanging the labels of the classes must exchange them in predictions and change nothing else.",
        f"{XIE}, MR-1.1",
        permute_labels,
        CLASSIFIER,
    ),
    TrainingRelation(
        "T10 rename labels",
        "Renaming the classes, their order kept, must rename them in predictions and change nothing else.",
        "ours",
        rename_labels,
        CLASSIFIER,
    ),
    TrainingRelation(
        "T14 add a telltale column",
        "With a column that tells one class from the rest, and tells it of every held-out row, rows predicted as that "
        "class must stay so.",
        f"{XIE}, MR-2.2",
        add_telltale,
        CLASSIFIER,
        rungs=(1.0, 10.0),
        rung="a column that is {amount:g} typical sd for the class",
    ),
    TrainingRelation(
        "T16 duplicate a class",
        "Repeating the training rows of one class: rows predicted as that class must stay so.",
        f"{XIE}, MR-3.2",
        duplicate_class,
        CLASSIFIER,
        "approx",
        SOME,
    ),
    TrainingRelation(
        "T17 copy classes",
        "Adding copies of the other classes' rows as new classes: rows predicted as one class must stay so.",
        f"{XIE}, MR-4.1",
        copy_as_new_classes,
        CLASSIFIER,
        "approx",
        SOME,
        requires=(may_have_more_classes,),
    ),
    TrainingRelation(
        "T18 split classes",
        "Calling some rows of the other classes new classes: rows predicted as one class must stay so.",
        f"{XIE}, MR-4.2",
        relabel_as_new_classes,
        CLASSIFIER,
        "approx",
        SOME,
        rungs=(0.1, 0.5),
        rung="{amount:.0%} of the other rows",
        requires=(may_have_more_classes,),
    ),
    TrainingRelation(
        "T19 remove a class",
        "Without the rows of one class, rows predicted as another class must stay so.",
        f"{XIE}, MR-5.1",
        remove_class,
        CLASSIFIER,
        "approx",
        SOME,
        requires=(has_three_classes,),
    ),
    TrainingRelation(
        "T20 remove rows of others",
        "With fewer rows of the other classes, rows predicted as one class must stay so.",
        f"{XIE}, MR-5.2",
        remove_others,
        CLASSIFIER,
        "approx",
        SOME,
        rungs=(0.1, 0.5),
        rung="{amount:.0%} of the other rows",
    ),
)
