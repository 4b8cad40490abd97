"""What a model answers, checked: an array of one number or label a row, or the reason why it is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
import numpy.typing as npt
import pandas as pd

if TYPE_CHECKING:
    from metamorph.adapters import Reading

_NUMBERS = {"integer", "floating", "mixed-integer-float", "decimal"}
"""What pandas calls object arrays of numbers."""

Outputs = npt.NDArray[Any]
Rows = Callable[[], pd.DataFrame]
"""Makes the rows that the model was asked about: what it was handed may be spoilt."""


class BadAnswer(Exception):  # noqa: N818 - it says what happened, and never reaches a user
    """The model returned what cannot be judged; ``rows`` are the rows that show it."""

    def __init__(self, message: str, rows: pd.DataFrame) -> None:
        super().__init__(message)
        self.rows = rows


@attrs.frozen(eq=False)
class Answer:
    """A checked answer, and the relative rounding of its own dtype where that is coarser than float64's, else 0."""

    outputs: Outputs
    eps: float


def checked(reading: Reading, raw: Any, count: int, rows: Rows) -> Answer:
    """The answer as an array of shape ``(n,)``, of a matrix ``(n, k)``; or BadAnswer that says what is wrong."""
    raw = raw.toarray() if hasattr(raw, "toarray") else raw
    try:
        outputs = np.asarray(raw)
    except (TypeError, ValueError) as error:
        msg = f"The model returned a {type(raw).__name__} that is no array: {error}"
        raise BadAnswer(msg, rows().head(1)) from error
    if reading.kind == "matrix" and outputs.ndim == 2 and len(outputs) == count:  # noqa: PLR2004 - a matrix
        outputs = outputs[:, 0] if outputs.shape[1] == 1 else outputs
    elif outputs.ndim == 2 and outputs.shape[1] == 1:  # noqa: PLR2004 - a single column is a vector in disguise
        outputs = outputs[:, 0]
    if outputs.shape[:1] != (count,) or (outputs.ndim > 1 and reading.kind != "matrix"):
        hint = " Name one output with .on(function)." if outputs.ndim > 1 else ""
        msg = f"The model returned {_described(raw, outputs)} for {count} rows; expected one value a row.{hint}"
        raise BadAnswer(msg, rows().head(1))
    single = outputs.dtype.kind == "f" and outputs.dtype.itemsize < np.dtype("float64").itemsize
    eps = float(np.finfo(outputs.dtype).eps) if single else 0.0
    if outputs.dtype.kind == "O" and reading.kind == "either":
        outputs = _numbers_if_all(outputs)
    if reading.kind == "label" or (reading.kind == "either" and outputs.dtype.kind in "OUSbT"):
        return Answer(_labels(reading, outputs, count, rows), eps)
    try:
        numbers = outputs.astype("float64") if outputs.dtype.kind not in "cMm" else None
    except (TypeError, ValueError):
        numbers = None
    if numbers is None:
        msg = f"The model returned values of dtype {outputs.dtype}, the first {outputs[0]!r}; expected numbers."
        raise BadAnswer(msg, rows().head(1))
    absent = np.isnan(numbers)
    if absent.any():
        msg = f"The model returned NaN for {int(absent.sum())} of {count} rows."
        first = int(absent.reshape(count, -1).any(axis=1).argmax())
        raise BadAnswer(msg, rows().iloc[[first]])
    return Answer(numbers, eps)


def _labels(reading: Reading, outputs: Outputs, count: int, rows: Rows) -> Outputs:
    absent = pd.isna(outputs)
    if absent.any():
        msg = f"The model returned a missing label for {int(absent.sum())} of {count} rows."
        raise BadAnswer(msg, rows().iloc[[int(absent.argmax())]])
    labels = np.array(outputs.tolist() + [None], dtype=object)[:-1]  # noqa: RUF005 - None keeps it an object array
    if reading.order is None:
        return labels
    places: Outputs = pd.Index(list(reading.order)).get_indexer(pd.Index(outputs)).astype("float64")
    if (places < 0).any():
        first = int((places < 0).argmax())
        msg = f"The model returned a label that is none of its classes: {labels[first]!r}."
        raise BadAnswer(msg, rows().iloc[[first]])
    return places


def _numbers_if_all(outputs: Outputs) -> Outputs:
    """An object array as floats where every entry is a number (a Decimal, say) or missing."""
    if pd.api.types.infer_dtype(outputs, skipna=True) not in _NUMBERS:
        return outputs
    return pd.Series(outputs).where(pd.notna(outputs), np.nan).to_numpy(dtype="float64")


def _described(raw: Any, outputs: Outputs) -> str:
    if raw is None:
        return "None"
    return f"shape {outputs.shape}" if outputs.ndim != 1 else f"{len(outputs)} values"
