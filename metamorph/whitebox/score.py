"""A score: the one number of an ensemble that an output of the model rises with."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

import attrs
import numpy as np

from metamorph.whitebox.ensemble import LEAF, Ensemble, Numbers, Unreadable
from metamorph.whitebox.links import Link, link_of

if TYPE_CHECKING:
    from metamorph.expectations import Wants
    from metamorph.outputs import Output

BINARY = 2
_SLOPES = {"identity": 1.0, "sigmoid": 0.25}
_ROUNDINGS = 8
"""Rounding errors of a link, in units of its relative precision: an exponential, a sum, a quotient, a complement."""
_UP = 1 + 2.0**-30
"""What makes a bound that is itself computed in float64 a sound one."""


@attrs.frozen(eq=False)
class Score:
    """A number that an output rises with: ``weights @ (base + leaf values) / divisor``, in exact arithmetic.

    ``weights`` has shape ``(outputs,)``. With the link ``label`` the output is the later of two classes where the
    number, as the model computes it, is above ``threshold``, else the earlier; otherwise ``threshold`` is None.
    ``slope`` is the largest slope of the link (1 for a label, whose steps have none).

    ``error`` bounds how far the model's own number is from the exact one, for any input: a label is certain where the
    exact number is above ``threshold + error``, or at most ``threshold - error``. ``rounding`` bounds how far the
    answer is from the link of the model's own number.
    """

    weights: Numbers
    link: Literal["identity", "sigmoid", "exp", "label"]
    threshold: float | None
    slope: float
    error: float
    rounding: float = 0.0


def scored(model: Any, ensemble: Ensemble, output: Output, wants: Wants) -> Score:
    """The score behind an output of a model whose trees were read into *ensemble*.

    Of a regressor: its prediction. Of a classifier: the probability of a class (by default the second of two), the
    label of two classes, the decision function of two classes, or the expected class; of three classes and more only
    where the probabilities are means over the trees. Raises Unreadable, with the reason, where no one number decides.
    """
    link, classes = link_of(model), getattr(model, "classes_", None)
    if classes is None or not len(classes):  # CatBoost's regressors have none of their classes_
        return _of_number(model, ensemble, output, link)
    labels = np.asarray(classes).tolist()
    if len(labels) < BINARY or ensemble.outputs != (len(labels) if link.kind == "shares" else 1):
        msg = f"{type(model).__name__} has {ensemble.outputs} sums for {len(labels)} classes"
        raise Unreadable(msg)
    if output.kind == "label" or (output.kind == "default" and wants == "any"):
        return _label(model, ensemble, link, labels, rising=wants == "any" or labels == sorted(labels))
    if output.kind == "decision" and link.kind == "sigmoid" and hasattr(model, "decision_function"):
        return _smooth(ensemble, np.ones(1), Link("identity"))
    if output.kind == "expected" and sorted(map(str, output.of_class)) == sorted(map(str, labels)):
        return _weighted(
            ensemble, link, np.array([list(output.of_class).index(label) for label in labels], dtype=float)
        )
    if output.kind == "default" and len(labels) == BINARY:
        return _weighted(ensemble, link, np.array([0.0, 1.0]))
    if output.kind == "probability" and output.of_class in labels:
        chosen = np.arange(len(labels)) == labels.index(output.of_class)
        return _weighted(ensemble, link, chosen.astype(np.float64))
    msg = f"{output.kind} of {type(model).__name__} is no function of one sum"
    raise Unreadable(msg)


def _of_number(model: Any, ensemble: Ensemble, output: Output, link: Link) -> Score:
    if output.kind not in {"default", "scores"}:
        msg = f"{output.kind} of {type(model).__name__} is no function of one sum"
        raise Unreadable(msg)
    if ensemble.outputs != 1:
        msg = f"{type(model).__name__} has {ensemble.outputs} targets"
        raise Unreadable(msg)
    return _smooth(ensemble, np.full(1, link.factor), link)


def _weighted(ensemble: Ensemble, link: Link, places: Numbers) -> Score:
    """The mean of the classes' *places*, weighted with their probabilities."""
    if link.kind == "shares":
        return _smooth(ensemble, places, Link("identity"))
    # of two classes: the first's place, and the difference times the second's probability
    return _smooth(ensemble, np.full(1, math.copysign(link.factor, places[1] - places[0])), link)


def _smooth(ensemble: Ensemble, weights: Numbers, link: Link) -> Score:
    error = _sum_error(ensemble, weights, exactly=False)
    if link.kind == "exp":
        top = math.exp(min(_top(ensemble, weights) + error, 709.0)) * _UP
        return Score(weights, "exp", None, top, error, _ROUNDINGS * link.eps * top)
    if link.kind == "sigmoid":
        return Score(weights, "sigmoid", None, _SLOPES["sigmoid"], error, _ROUNDINGS * link.eps)
    return Score(weights, "identity", None, _SLOPES["identity"], error)


def _label(model: Any, ensemble: Ensemble, link: Link, labels: list[Any], *, rising: bool) -> Score:
    if len(labels) != BINARY:
        msg = f"the label of {type(model).__name__} is the greatest of {len(labels)} sums, no function of one"
        raise Unreadable(msg)
    # among means the first of two equals is chosen
    weights = np.array([-1.0, 1.0]) if link.kind == "shares" else np.ones(1)
    threshold, error = link.threshold, _sum_error(ensemble, weights, exactly=True) + link.slack
    if not rising:  # not above a threshold is at least the negative one, once the signs are turned
        weights, threshold = -weights, float(np.nextafter(-threshold, -np.inf))
    return Score(weights, "label", threshold, _SLOPES["identity"], error)


def _sum_error(ensemble: Ensemble, weights: Numbers, *, exactly: bool) -> float:
    """How far ``weights @ sums`` may be from what it is in exact arithmetic, in whichever order trees are added.

    N. Higham, "Accuracy and Stability of Numerical Algorithms" (2002), section 4.2: adding m numbers errs by at most
    gamma(m - 1) times the sum of their sizes, in any order. *exactly* says that the sums are compared, not weighted.
    """
    sizes = np.array([np.abs(_leaves(tree.value, tree.split)).max(axis=0) for tree in ensemble.trees])
    terms = np.vstack([np.abs(ensemble.base)[None], sizes.reshape(-1, ensemble.outputs)])
    counts = np.count_nonzero(terms, axis=0)
    sums = np.array([math.fsum(column) for column in terms.T]) / ensemble.divisor
    finfo = np.finfo(ensemble.dtype)
    unit = float(finfo.eps) / 2
    # one more where a library may round its product with the learning rate otherwise (fused with the addition)
    roundings = np.where(counts > 1, counts, 0) + (ensemble.divisor != 1)
    errors = _gamma(roundings, unit) * sums + (ensemble.divisor != 1) * float(finfo.smallest_subnormal)
    error = float(np.abs(weights) @ errors)
    used = weights[weights != 0]
    if not exactly and (len(used) > 1 or np.any(np.abs(used) != 1)):
        error += float(_gamma(len(weights) + 1, unit) * (np.abs(weights) @ (sums + errors)))
    return error * _UP


def _gamma(roundings: Any, unit: float) -> Any:
    return roundings * unit / (1 - roundings * unit)


def _top(ensemble: Ensemble, weights: Numbers) -> float:
    """A bound of the score from above."""
    peaks = [float((_leaves(tree.value, tree.split) @ weights).max()) for tree in ensemble.trees]
    return math.fsum([float(ensemble.base @ weights), *peaks]) / ensemble.divisor


def _leaves(value: Numbers, split: Any) -> Numbers:
    leaves: Numbers = value[split == LEAF]
    return leaves
