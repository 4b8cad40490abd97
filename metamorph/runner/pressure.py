"""Pressure: what search climbs. The margin, or where labels make that flat, the numbers behind the labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import attrs
import numpy as np
import numpy.typing as npt
import pandas as pd

from metamorph.expectations import Unchanged

if TYPE_CHECKING:
    from metamorph.answers import Outputs
    from metamorph.runner.judged import Judged
    from metamorph.runner.trial import Trial

Numbers = npt.NDArray[np.float64]

MOST_CLASSES = 12
"""Classes of a label whose pairs are told apart one by one."""
BEHIND = 1e9
"""How far a pair whose scores move the right way lies behind every pair whose scores move the wrong way."""
LEVEL = 1e-3
"""What a class that stands level is short of standing ahead: a pair with one tie is nearer than a pair with two."""
CALIBRATED = 256
"""Rows whose labels and scores are compared, to learn which score is of which label."""
AGREE = 0.98
"""The share of rows whose label is that of the largest score, at the least; models break ties their own way."""
FIRST_OF_EQUALS = 1e-9
"""By how much each class lies behind the one before it: of equals a model answers the first."""
BINARY = 2


class Pressure(Protocol):
    """How hard a pair of rows presses against a relation; above zero it violates, as far as is known before judging."""

    def ask(self, rows: pd.DataFrame) -> Outputs | None:
        """What the model says of *rows*, an entry or a matrix row each; ModelRaised or BadAnswer where it fails.

        None where it answers, and has not got the numbers that were asked for.
        """

    def of(self, source: Outputs, follow_up: Outputs) -> Numbers:
        """The pressure of each pair of such entries, shape ``(n,)``."""

    def promise(self, source: Outputs, follow_up: Outputs) -> Numbers:
        """How far the pair may come elsewhere: by how much its numbers move the wrong way, wherever they stand."""


@attrs.frozen
class MarginPressure:
    """The margin itself."""

    trial: Trial

    def ask(self, rows: pd.DataFrame) -> Outputs | None:
        return self.trial.predictor.ask(self.trial.reading, rows)

    def of(self, source: Outputs, follow_up: Outputs) -> Numbers:
        if not len(source):
            return np.zeros(0)
        margins = self.trial.margins(source, follow_up)
        return np.where(np.isnan(margins), -np.inf, margins)

    def promise(self, source: Outputs, follow_up: Outputs) -> Numbers:
        return self.of(source, follow_up)


@attrs.frozen(eq=False)
class LabelPressure:
    """How near both labels of a pair are to two that violate, by the scores behind them.

    ``broken[a, b]`` says whether a source of class *a* with a follow-up of class *b* violates. For two such classes a
    pair's pressure is the smaller of two gaps: of *a* above all other classes at the source, of *b* at the follow-up.
    Pairs whose scores do not move from *a* to *b* lie behind all that do: a monotone model is nowhere nearer to zero
    than at its threshold, where nothing is to be found.
    """

    trial: Trial
    broken: npt.NDArray[np.bool_]
    scale: Scale

    def ask(self, rows: pd.DataFrame) -> Outputs | None:
        scores = self.trial.predictor.scored(self.trial.reading, rows)
        if scores is None:
            self.trial.predictor.ask(self.trial.reading, rows)
            return None
        return _with_gaps(self.scale.scores(scores))

    def of(self, source: Outputs, follow_up: Outputs) -> Numbers:
        best = np.full(len(source), -np.inf)
        for first, second, moved in self._moves(source, follow_up):
            before, after = source[:, len(self.broken) + first], follow_up[:, len(self.broken) + second]
            short = np.minimum(before - LEVEL, 0.0) + np.minimum(after - LEVEL, 0.0)
            gap = np.where((before > 0) & (after > 0), np.minimum(before, after), short)
            np.maximum(best, np.where(moved > 0, gap, moved - BEHIND), out=best)
        return best

    def promise(self, source: Outputs, follow_up: Outputs) -> Numbers:
        best = np.full(len(source), -np.inf)
        for _, _, moved in self._moves(source, follow_up):
            np.maximum(best, moved, out=best)
        return best

    def _moves(self, source: Outputs, follow_up: Outputs) -> list[tuple[int, int, Numbers]]:
        """For each two classes that violate, how far the scores move from the first to the second."""
        change = follow_up[:, : len(self.broken)] - source[:, : len(self.broken)]
        pairs = np.argwhere(self.broken).tolist()
        return [(first, second, change[:, second] - change[:, first]) for first, second in pairs]


@attrs.frozen
class Scale:
    """How scores are compared: probabilities by their logarithms, which tell those near 0 and 1 apart.

    ``least`` is the probability that 0 counts as, and ``threshold`` how far the second of two scores must lie above the
    first for its label.
    """

    logarithmic: bool = False
    least: float = 0.0
    threshold: float = 0.0

    @classmethod
    def of(cls, matrix: Outputs) -> Scale:
        """The scale for scores such as these."""
        positive = matrix[matrix > 0]
        if matrix.shape[1] < BINARY or matrix.min() < 0 or matrix.max() > 1 or not len(positive):
            return cls()
        return cls(logarithmic=True, least=float(positive.min()) / 2)

    def scores(self, matrix: Outputs) -> Outputs:
        """The scores of each class, shape ``(n, classes)``, for what the model says."""
        scores = np.nan_to_num(matrix)
        if scores.shape[1] < BINARY:
            scores = np.hstack([-scores / 2, scores / 2])
        if self.logarithmic:
            scores = np.log(np.maximum(scores, max(self.least, np.finfo(float).tiny)))
        if self.threshold:
            scores = scores - [0.0, self.threshold]
        ordered: Outputs = scores - FIRST_OF_EQUALS * np.arange(scores.shape[1])
        return ordered


def pressure_of(trial: Trial, known: Judged) -> Pressure:
    """The pressure that suits a trial, from judged cases, whose outputs are known and whose scores are asked for.

    It is the margin where outputs are numbers, where there are no scores, and where no threshold on them tells labels.
    """
    margin = MarginPressure(trial)
    if trial.reading.score is None or not len(known):
        return margin
    some = known.take(np.arange(min(len(known), CALIBRATED // 2)))
    rows = pd.concat([some.cases.source, some.follow_up], ignore_index=True)
    labels = np.concatenate([some.source_output, some.follow_up_output])
    matrix = trial.predictor.scored(trial.reading, rows)
    if matrix is None or not np.isfinite(matrix).all():
        return margin
    scale = Scale.of(matrix)
    found = _read(trial, labels, scale.scores(matrix))
    if found is None:
        return margin
    of_class, threshold = found
    classes = len(of_class)
    if (_unknown(of_class)).any() and not isinstance(trial.relation.expect, Unchanged):
        return margin
    broken = trial.margins(np.repeat(of_class, classes), np.tile(of_class, classes)) > 0
    broken = broken.reshape(classes, classes) & ~np.eye(classes, dtype=bool)
    return LabelPressure(trial, broken, attrs.evolve(scale, threshold=threshold)) if broken.any() else margin


def _read(trial: Trial, labels: Outputs, scores: Outputs) -> tuple[Outputs, float] | None:
    """The label of each class of the scores, and the threshold between two; None where scores do not tell labels."""
    classes = scores.shape[1]
    if classes > MOST_CLASSES:
        return None
    if trial.reading.order is None:
        of_class = np.array([_Unknown(place) for place in range(classes)], dtype=object)
        largest = scores.argmax(axis=1)
        for place in np.unique(largest):
            seen, counts = np.unique(labels[largest == place].astype(str), return_counts=True)
            named = labels[(largest == place) & (labels.astype(str) == seen[counts.argmax()])]
            of_class[place] = named[0]
    else:
        of_class = np.arange(len(trial.reading.order), dtype="float64")
        if len(of_class) != classes:
            return None
    if (of_class[scores.argmax(axis=1)] == labels).mean() >= AGREE:
        return of_class, 0.0
    return _with_threshold(labels, scores) if classes == BINARY else None


def _with_threshold(labels: Outputs, scores: Outputs) -> tuple[Outputs, float] | None:
    """The two labels and the threshold between their scores, where there is one (people tune it)."""
    ahead = scores[:, 1] - scores[:, 0]
    order = np.argsort(ahead, kind="stable")
    low, high = labels[order[0]], labels[order[-1]]
    if low == high:
        return None
    below, above = ahead[labels == low], ahead[labels == high]
    if below.max() >= above.min() or len(below) + len(above) < len(labels):
        return None
    of_class = np.empty(BINARY, dtype=labels.dtype)
    of_class[:] = [low, high]
    return of_class, float(below.max() + above.min()) / 2


@attrs.frozen
class _Unknown:
    """The label of a class that was not met among the known cases: another one than all that were."""

    place: int


def _unknown(labels: Outputs) -> npt.NDArray[np.bool_]:
    return np.array([isinstance(label, _Unknown) for label in labels])


def _with_gaps(scores: Outputs) -> Outputs:
    """Scores, and beside them by how much each is above all others of its row; shape ``(n, 2 * classes)``."""
    ranked = np.sort(scores, axis=1)
    first, second = ranked[:, -1:], ranked[:, -2:-1]
    others = np.where((scores == first) & (first > second), second, first)
    return np.hstack([scores, scores - others])
