"""How the outputs of two refits are compared: one class for each kind of output.

A *disagreement* is 0 where both say the same and grows from there: a share of labels, standard deviations of the
predictions, or one minus the adjusted Rand index.
"""

# ruff: noqa: D102 - the protocol Reading says what each method does

from __future__ import annotations

from typing import Any, Protocol

import attrs
import numpy as np
import numpy.typing as npt

from metamorph.catalogue.training_data import Numbers, Values
from metamorph.trainer import Method

Mask = npt.NDArray[np.bool_]

DUST = 1e-6
"""Numbers that move by less, in standard deviations, stay the same."""


@attrs.frozen
class Tolerance:
    """What may disagree: a ``share`` (of labels; of 1 for partitions), standard deviations ``sd`` of predictions.

    Numbers may move by a thousandth of one, for the sake of optimisers that stop within a tolerance of their own.
    """

    share: float = 0.0
    sd: float = 1e-3


@attrs.frozen
class Comparison:
    """By how much two refits disagree on ``judged`` rows, how many of these moved, and the row that moved most."""

    disagreement: float
    judged: int
    moved: int = 0
    place: int | None = None
    before: Any = None
    after: Any = None


class Reading(Protocol):
    """What the runner asks of any kind of output."""

    @property
    def method(self) -> Method:
        """The method of the estimator that is read."""

    def compare(self, before: Values, after: Values, judged: Mask) -> Comparison:
        """The disagreement of two refits on the *judged* rows, which are at least one."""

    def allowed(self, tolerance: Tolerance) -> float:
        """The disagreement that a tolerance lets pass."""

    def phrase(self, disagreement: float) -> str:
        """A disagreement in words: ``agreement 0.93``."""

    def limit(self, disagreement: float) -> str:
        """The largest disagreement that is let pass, in words: ``at least 0.93 is asked for``."""


@attrs.frozen
class Labels:
    """Class labels of held-out rows: the share of rows whose label is another."""

    method: Method = "predict"

    def compare(self, before: Values, after: Values, judged: Mask) -> Comparison:
        moved = (before != after) & judged
        return _comparison(float(moved.sum() / judged.sum()), moved, before, after, judged)

    def allowed(self, tolerance: Tolerance) -> float:
        return tolerance.share

    def phrase(self, disagreement: float) -> str:
        return f"agreement {_share(disagreement)}"

    def limit(self, disagreement: float) -> str:
        return f"at least {_share(disagreement)} is asked for"


@attrs.frozen
class Predictions:
    """Numbers for rows: the largest move, in standard deviations of the numbers before.

    ``method`` is ``predict`` for regressors, ``score_samples`` for outlier detectors.
    """

    method: Method = "predict"
    falls_only: bool = False

    def compare(self, before: Values, after: Values, judged: Mask) -> Comparison:
        before, after = np.asarray(before, dtype="float64"), np.asarray(after, dtype="float64")
        with np.errstate(invalid="ignore", over="ignore"):
            gap = before - after if self.falls_only else np.abs(before - after)
            gap = np.where(np.isfinite(gap), np.maximum(gap, 0.0), np.where(before == after, 0.0, np.inf))
            gap /= _deviation(before)
        moved = np.where(judged, gap, 0.0)
        return _comparison(float(moved.max()), moved, before, after, judged)

    def allowed(self, tolerance: Tolerance) -> float:
        return tolerance.sd

    def phrase(self, disagreement: float) -> str:
        return f"moved by up to {disagreement:.2g} sd of the {self._noun}"

    def limit(self, disagreement: float) -> str:
        return f"at most {disagreement:.2g} sd is allowed"

    @property
    def _noun(self) -> str:
        return "predictions" if self.method == "predict" else "scores"


@attrs.frozen
class Partition:
    """Cluster numbers of the training rows: one minus the adjusted Rand index, whatever the clusters are called.

    The row that moved most is the one whose cluster changed most of its members. Hubert and Arabie, "Comparing
    partitions" (1985).
    """

    method: Method = "fit_predict"

    def compare(self, before: Values, after: Values, judged: Mask) -> Comparison:
        from sklearn.metrics import adjusted_rand_score  # noqa: PLC0415 - only refitting needs scikit-learn

        places = np.flatnonzero(judged)
        disagreement = max(0.0, 1.0 - float(adjusted_rand_score(before[places], after[places])))
        left, right = (np.unique(labels[places], return_inverse=True)[1] for labels in (before, after))
        shared = np.zeros((left.max() + 1, right.max() + 1))
        np.add.at(shared, (left, right), 1)
        both = shared[left, right]
        either = shared.sum(axis=1)[left] + shared.sum(axis=0)[right] - both
        moved = np.zeros(len(before))
        moved[places] = 1 - both / either
        return _comparison(disagreement, moved, before, after, judged)

    def allowed(self, tolerance: Tolerance) -> float:
        return tolerance.share

    def phrase(self, disagreement: float) -> str:
        return f"adjusted Rand index {_share(disagreement)}"

    def limit(self, disagreement: float) -> str:
        return f"at least {_share(disagreement)} is asked for"


@attrs.frozen
class Components:
    """Columns that a decomposition makes of the training rows, (n, k), compared without their signs."""

    method: Method = "fit_transform"

    def compare(self, before: Values, after: Values, judged: Mask) -> Comparison:
        before, after = (
            np.abs(np.asarray(matrix, dtype="float64").reshape(len(judged), -1)) for matrix in (before, after)
        )
        if before.shape != after.shape:
            return Comparison(np.inf, int(judged.sum()), int(judged.sum()))
        moved = np.where(judged, np.abs(before - after).max(axis=1) / _deviation(before), 0.0)
        row = int(moved.argmax())
        column = int(np.abs(before - after)[row].argmax())
        return _comparison(float(moved.max()), moved, before[:, column], after[:, column], judged)

    def allowed(self, tolerance: Tolerance) -> float:
        return tolerance.sd

    def phrase(self, disagreement: float) -> str:
        return f"moved by up to {disagreement:.2g} sd of the components"

    def limit(self, disagreement: float) -> str:
        return f"at most {disagreement:.2g} sd is allowed"


@attrs.frozen(eq=False)
class MoreLoss:
    """By how much the loss of the first training exceeds the second's on held-out rows whose targets *y* are known.

    For labels the share of wrong ones, for numbers the mean absolute error in standard deviations of *y*. Below zero
    where the first is better.
    """

    y: Values
    labels: bool
    method: Method = "predict"

    def compare(self, before: Values, after: Values, judged: Mask) -> Comparison:
        gap = self._losses(before) - self._losses(after)
        return _comparison(float(gap[judged].mean()), np.where(judged, gap, -np.inf), before, after, judged)

    def _losses(self, outputs: Values) -> Numbers:
        if self.labels:
            return np.asarray(outputs != self.y, dtype="float64")
        y = np.asarray(self.y, dtype="float64")
        return np.asarray(np.abs(np.asarray(outputs, dtype="float64") - y) / _deviation(y))

    def allowed(self, tolerance: Tolerance) -> float:
        return tolerance.share if self.labels else tolerance.sd

    def phrase(self, disagreement: float) -> str:
        return f"loss {'higher' if disagreement > 0 else 'lower'} by {abs(disagreement):.2g}"

    def limit(self, disagreement: float) -> str:
        return f"higher by at most {disagreement:.2g} is allowed"


def _comparison(disagreement: float, moved: Numbers, before: Values, after: Values, judged: Mask) -> Comparison:
    count, beyond = int(judged.sum()), int((moved[judged] > DUST).sum())
    if not disagreement > 0:
        return Comparison(disagreement, count, beyond)
    row = int(moved.argmax())
    both = [outputs[row : row + 1].tolist()[0] for outputs in (before, after)]
    return Comparison(disagreement, count, beyond, row, *both)


def _deviation(outputs: Numbers) -> float:
    deviation = float(np.std(outputs[np.isfinite(outputs)])) if np.isfinite(outputs).any() else 0.0
    return deviation if deviation > 0 else 1.0


def _share(disagreement: float) -> str:
    """One minus a disagreement, never rounded up to full agreement.

    >>> _share(0.0), _share(0.0667), _share(0.0001)
    ('1.00', '0.93', '0.9999')
    """
    agreement = 1 - disagreement
    return f"{agreement:.4g}" if 0.995 <= agreement < 1 else f"{agreement:.2f}"  # noqa: PLR2004 - rounds to 1.00
