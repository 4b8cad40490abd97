"""The only caller of the model: counts, hands out copies, has what comes back checked, probes for rounding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
import numpy.typing as npt
import pandas as pd

from metamorph.adapters import Adapter, Reading, adapt
from metamorph.answers import Outputs, Rows, checked
from metamorph.case import rows_at
from metamorph.errors import RelationError, expected
from metamorph.expectations import Rounding, Wants
from metamorph.host import stops
from metamorph.outputs import Output
from metamorph.stacking import stacked
from metamorph_strategies.columns import is_finite

if TYPE_CHECKING:
    from metamorph.transforms import CallPlan
    from metamorph.transforms.presentations import Handed, Owners

PROBED = 64
"""Rows of the probe."""
SMALLEST = 1e-9
"""The rounding coefficient of a model that never disagrees with itself."""
LARGEST = 1e-4
"""Relative disagreement beyond this is no rounding: the model is random, or its answers depend on the batch."""
RANDOM = "The model is not deterministic: "
"""How a finding begins that spoils every comparison."""
SAFETY = 16
"""How many times the largest disagreement of the probe is allowed for as rounding."""


class ModelRaised(Exception):  # noqa: N818 - it says what happened, and never reaches a user
    """The model raised on a frame; ``rows`` are the rows it was asked."""

    def __init__(self, error: BaseException, rows: pd.DataFrame) -> None:
        super().__init__(type(error).__name__)
        self.error, self.rows = error, rows


@attrs.define
class Count:
    """What a run has asked of its models."""

    calls: int = 0
    rows: int = 0


@attrs.frozen
class Probe:
    """What 64 fixed rows said: the rounding floor, and what was found out about the model besides."""

    rounding: Rounding
    finding: str | None = None


class Predictor:
    """Calls one model; ``calls`` and ``asked`` count calls and rows, ``mutated``: the model changed its input."""

    def __init__(self, model: Any, *, floor: float | None = None) -> None:
        if floor is not None and (not is_finite(floor) or floor < 0):
            raise RelationError(expected("floor >= 0", floor=floor))
        self.adapter: Adapter = adapt(model)
        self.floor = floor
        self.count = Count()
        self.mutated = False
        self._eps = 0.0
        self._probes: dict[tuple[Output, Wants], Probe] = {}

    @property
    def calls(self) -> int:
        """Calls of the model so far."""
        return self.count.calls

    @property
    def asked(self) -> int:
        """Rows that the model was asked about so far."""
        return self.count.rows

    def read(self, output: Output, wants: Wants) -> Reading:
        """The reading of an output; raises ModelError or RelationError where the model has none."""
        return self.adapter.read(output, wants)

    def ask(self, reading: Reading, rows: pd.DataFrame) -> Outputs:
        """The outputs for *rows*, shape ``(n,)``: float64 numbers, or labels as objects.

        Raises ModelRaised or BadAnswer. The model is given a copy.
        """
        return self._asked(reading, rows.copy(), lambda: rows)

    def pairs(
        self,
        reading: Reading,
        source: pd.DataFrame,
        follow_up: pd.DataFrame,
        places: npt.NDArray[np.int64],
        *,
        plan: CallPlan,
        changing: Sequence[str],
    ) -> tuple[Outputs, Outputs]:
        """The outputs of the sources and follow-ups at *places*, asked for as the call plan says.

        The tables differ in the columns *changing* alone.
        """
        if plan == "together":
            stack = partial(stacked, source, follow_up, changing, places)
            outputs = self._asked(reading, stack(), stack)
            return outputs[: len(places)], outputs[len(places) :]
        ask = self.ask if plan == "apart" else self._one_by_one
        return ask(reading, rows_at(source, places)), ask(reading, rows_at(follow_up, places))

    def presented(self, reading: Reading, handed: Sequence[Handed]) -> tuple[Outputs, Owners]:
        """The outputs for rows handed over in some way, call after call, and which of the source's rows each is of."""
        outputs = []
        for call in handed:
            given = self.adapter.handed(call.rows.copy(), whole=reading.whole or call.form is not None)
            given = given if call.form is None else call.form(given)
            count = len(call.owners)
            again = partial(rows_at, call.rows, np.arange(count))
            outputs.append(self._answered(reading, given, again, count))
        return np.concatenate(outputs), np.concatenate([call.owners for call in handed])

    def beside(self, model: Any) -> Predictor:
        """A predictor of another model, which counts with this one."""
        other = Predictor(model, floor=self.floor)
        other.count = self.count
        return other

    def scores(self, reading: Reading, source: pd.DataFrame, follow_up: pd.DataFrame) -> Outputs | None:
        """The largest change of the numbers behind a label, for each pair; None where the model has none."""
        matrix = self.scored(reading, pd.concat([source, follow_up], ignore_index=True))
        return None if matrix is None else np.abs(matrix[len(source) :] - matrix[: len(source)]).max(axis=1)

    def scored(self, reading: Reading, rows: pd.DataFrame) -> Outputs | None:
        """The numbers behind labels, shape ``(n, k)``; None where the model has none, or fails to say them."""
        if reading.score is None:
            return None
        try:
            scored = self._call(reading.score, self.adapter.handed(rows.copy()), lambda: rows, len(rows))
        except ModelRaised:  # the label is what is judged; the numbers behind it are a help, not a duty
            return None
        matrix = np.asarray(scored)
        if matrix.dtype.kind not in "fiu" or not len(matrix) or len(matrix) != len(rows):
            return None
        return matrix.reshape(len(rows), -1).astype("float64")

    def only_close_calls(self, reading: Reading, rows: pd.DataFrame, places: npt.NDArray[np.int64]) -> bool:
        """Whether the numbers behind labels are the same for the rows at *places* as among all *rows*, up to rounding.

        Then a label that flips does so because classes stand level. False where there are no such numbers.
        """
        whole = self.scored(reading, rows)
        part = self.scored(reading, rows.take(places).reset_index(drop=True))
        if whole is None or part is None:
            return False
        return bool(_gaps(whole[places].ravel(), part.ravel(), whole.ravel()).max() <= LARGEST)

    def probe(self, output: Output, wants: Wants, rows: pd.DataFrame) -> Probe:
        """What the model says of 64 *rows* whole, of a shuffled part and of one alone; asked once for each output."""
        key = (output, wants)
        if key not in self._probes:
            self._probes[key] = self._probe(self.read(output, wants), rows.head(PROBED).reset_index(drop=True))
        return self._probes[key]

    def _probe(self, reading: Reading, rows: pd.DataFrame) -> Probe:
        handed = self.adapter.handed(rows.copy(), whole=reading.whole)
        before = handed.copy()
        whole = self._answered(reading, handed, lambda: rows, len(rows))
        self.mutated = self.mutated or not _same(before, handed)
        order = np.random.default_rng(0).permutation(len(rows))[: max(1, len(rows) // 2)]
        part = self.ask(reading, rows.take(order).reset_index(drop=True))
        alone = self.ask(reading, rows.take(order[:1]).reset_index(drop=True))
        gaps = np.append(_gaps(whole[order], part, whole), _gaps(whole[order[:1]], alone, whole))
        disagreement = float(gaps.max())
        if disagreement > LARGEST and not self.only_close_calls(reading, rows, order):
            return Probe(self._rounding(reading, whole, LARGEST), self._finding(reading, rows, whole))
        return Probe(self._rounding(reading, whole, min(disagreement, LARGEST)))

    def _rounding(self, reading: Reading, whole: Outputs, disagreement: float) -> Rounding:
        if self.floor == 0 or whole.dtype.kind != "f" or reading.order is not None:
            return Rounding()
        measured = min(max(SMALLEST, SAFETY * disagreement, SAFETY * self._eps), LARGEST)
        coefficient = max(measured, self.floor or 0.0)
        finite = np.abs(whole[np.isfinite(whole)])
        return Rounding(coefficient, _median(finite))

    def _finding(self, reading: Reading, rows: pd.DataFrame, whole: Outputs) -> str:
        """Says whether the model is random or depends on the batch, by asking the same rows once more."""
        again = self.ask(reading, rows)
        changed = int((_gaps(whole, again, whole) > LARGEST).sum())
        if changed:
            return f"{RANDOM}asked twice about the same rows, it changed its answer on {changed} of {len(rows)}."
        return (
            f"The model answers differently alone and in a batch of {len(rows)}; "
            "does its preprocessing look at other rows?"
        )

    def _one_by_one(self, reading: Reading, rows: pd.DataFrame) -> Outputs:
        return np.concatenate(
            [self.ask(reading, rows.iloc[[place]].reset_index(drop=True)) for place in range(len(rows))]
        )

    def _asked(self, reading: Reading, given: pd.DataFrame, rows: Rows) -> Outputs:
        """The checked outputs for *given*, which the model may spoil; *rows* makes the same rows again for a report."""
        return self._answered(reading, self.adapter.handed(given, whole=reading.whole), rows, len(given))

    def _answered(self, reading: Reading, handed: Any, rows: Rows, count: int) -> Outputs:
        answer = checked(reading, self._call(reading.call, handed, rows, count), count, rows)
        self._eps = answer.eps
        return answer.outputs

    def _call(self, call: Callable[[Any], Any], handed: Any, rows: Rows, count: int) -> Any:
        self.count.calls += 1
        self.count.rows += count
        try:
            return call(handed)
        except stops.get():
            raise
        except BaseException as error:
            raise ModelRaised(error, rows()) from error


def _gaps(left: Outputs, right: Outputs, every: Outputs) -> npt.NDArray[np.float64]:
    """Relative disagreement of each pair: of numbers, by the larger of both and the median; of labels, 0 or 1."""
    if left.dtype.kind != "f":
        return np.asarray(left != right, dtype="float64")
    finite = np.abs(every[np.isfinite(every)])
    scale = np.maximum(np.maximum(np.abs(left), np.abs(right)), _median(finite))
    with np.errstate(invalid="ignore", divide="ignore"):
        gaps: npt.NDArray[np.float64] = np.where(left == right, 0.0, np.abs(left - right) / scale)
    unknown: npt.NDArray[np.bool_] = np.isnan(gaps)
    gaps[unknown] = 1.0
    return gaps


def _median(sizes: Outputs) -> float:
    """The lower median, which needs no mean of two values that may overflow; 0 of nothing."""
    return float(np.quantile(sizes, 0.5, method="lower")) if len(sizes) else 0.0


def _same(before: Any, after: Any) -> bool:
    before, after = pd.DataFrame(before), pd.DataFrame(after)
    return bool(before.columns.equals(after.columns) and before.index.equals(after.index) and before.equals(after))
