"""A relation between two trainings: how training data change, and what may then change in what is learnt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

import attrs
import numpy as np
import numpy.typing as npt

from metamorph.catalogue.training_data import TrainingData, Values
from metamorph.catalogue.training_readings import Mask, Reading, Tolerance

Strength = Literal["exact", "float", "ties", "approx", "policy"]
"""Holds to the bit; up to rounding; unless a tie or an optimiser moves; within a tolerance; only where one says so."""
Kind = Literal["classifier", "regressor", "clusterer", "outlier detector", "decomposition"]


@attrs.frozen
class Draw:
    """What chance a refit has: its own generator, and its ``number`` to go through classes or columns by turns."""

    number: int
    rng: np.random.Generator = attrs.field(eq=False)

    def one_of(self, values: Values) -> Any:
        """The value whose turn it is."""
        return values[self.number % len(values)]


@attrs.frozen(eq=False)
class Subject:
    """Who is asked: an estimator, its kind, and the data it learns from."""

    estimator: Any
    kind: Kind
    data: TrainingData
    reading: Reading

    @property
    def names(self) -> tuple[str, ...]:
        """The class of the estimator, of a pipeline's steps from the last, of what a search or an ensemble wraps."""
        return tuple(dict.fromkeys(_names(self.estimator)))


@attrs.frozen(eq=False)
class FollowUp:
    """The data of the second training, and how to read its outputs.

    ``back`` turns outputs into what they must equal of the source's; ``judged`` (m,) are the rows that are compared
    (None: all of them); ``source`` is what the first training learns from, where that is not the data as given.
    """

    data: TrainingData
    back: Callable[[Values], Values] = attrs.field(default=lambda outputs: outputs)
    judged: Mask | None = None
    source: TrainingData | None = None


Change = Callable[[TrainingData, Values, Any, Draw], FollowUp]
"""``change(data, outputs, amount, draw)``: *outputs* are the first training's, *amount* is a rung of the ladder."""
Requirement = Callable[[Subject], str | None]
"""Why a relation cannot be asked of a subject; None where it can."""


@attrs.frozen(eq=False)
class TrainingRelation:
    """A change of the training data and what a refit must then still say.

    ``rungs`` is a ladder of amounts, the smallest change first; the last is judged, the others tell how small a change
    still breaks it, in the words of ``rung`` (``{amount}`` stands for the amount). ``kinds`` and ``requires`` are the
    precondition. ``fails_for`` says of which classes it is known not to hold, and why; ``holds_for``, where it is not
    empty, names the only ones of which it is known to hold, ``because`` of what. ``inexact_for`` says of which it holds
    within tolerance and training noise, but not to the bit, and why. ``scaled_away``: a scaler in front
    makes it hold. ``noise``: training noise is allowed for. ``allowed`` is the share of refits that may break it.
    ``reads`` replaces how outputs are compared. ``cost`` is the number of fits a refit takes beside the baseline.
    """

    id: str
    statement: str
    source: str
    change: Change
    kinds: tuple[Kind, ...]
    strength: Strength = "exact"
    tolerance: Tolerance = attrs.field(factory=Tolerance)
    rungs: tuple[Any, ...] = (None,)
    rung: str = ""
    requires: tuple[Requirement, ...] = ()
    fails_for: Mapping[str, str] = attrs.field(factory=dict)
    inexact_for: Mapping[str, str] = attrs.field(factory=dict)
    holds_for: frozenset[str] = frozenset()
    because: str = ""
    scaled_away: bool = False
    noise: bool = True
    allowed: float = 0.0
    least_refits: int = 1
    reads: Callable[[Subject], Reading] | None = None
    cost: int = 1

    def reading(self, subject: Subject) -> Reading:
        """How outputs are compared."""
        return subject.reading if self.reads is None else self.reads(subject)

    def impossible(self, subject: Subject) -> str | None:
        """Why it cannot be asked of the subject at all; None where it can."""
        if subject.kind not in self.kinds:
            return f"It is about {' and '.join(f'{kind}s' for kind in self.kinds)}; this is a {subject.kind}."
        return next((reason for ask in self.requires if (reason := ask(subject)) is not None), None)

    def known_not_to_hold(self, subject: Subject) -> str | None:
        """Why it is known not to hold for the subject's class; None where it is not known."""
        names = subject.names
        if self.scaled_away and any("Scaler" in name or name in _SCALERS for name in names):
            return None
        for name in names:
            if name in self.fails_for:
                return f"Known not to hold for {name}: {self.fails_for[name]}."
        others = [name for name in names if name not in self.holds_for]
        if self.holds_for and others:
            return f"Known to hold only for learners that {self.because}, and {others[0]} is not known as one."
        return None


_SCALERS = {"QuantileTransformer", "PowerTransformer"}


def _names(estimator: Any) -> list[str]:
    """Class names from the outside in; a pipeline speaks through its last step first."""
    steps = getattr(estimator, "steps", None)
    if isinstance(steps, list):
        return [name for _, step in reversed(steps) for name in _names(step)]
    parameters = estimator.get_params(deep=False) if hasattr(estimator, "get_params") else {}
    wrapped = parameters.get("estimator")  # a forest has an attribute of that name, which is not what it wraps
    return [type(estimator).__name__, *([] if wrapped is None else _names(wrapped))]


def every(count: int) -> npt.NDArray[np.intp]:
    """The places 0 to *count* - 1."""
    return np.arange(count, dtype=np.intp)
