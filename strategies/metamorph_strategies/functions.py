"""Functions of a table that a schema carries: joint constraints and derived columns."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt
import pandas as pd

from metamorph_strategies.errors import FormulaWarning, SchemaError

TableFunction = Callable[[pd.DataFrame], Any]


@attrs.frozen
class Constraint:
    """A joint condition on rows: ``function(frame)`` is one truth value a row.

    ``parents`` are the columns it reads: a row in which one of them is missing satisfies it, as in SQL's CHECK.
    """

    name: str
    function: TableFunction = attrs.field(repr=False)
    parents: tuple[str, ...]

    def accepts(self, frame: pd.DataFrame) -> npt.NDArray[np.bool_]:
        """Whether each row satisfies the condition."""
        answers = truth(self.function, frame, f"The constraint {self.name!r}")
        parents = [name for name in self.parents if frame[name].hasnans]
        return answers | frame[parents].isna().to_numpy().any(axis=1) if parents else answers


@attrs.frozen
class Derived:
    """A column computed from others, recomputed on source and follow-up alike.

    ``off`` is the largest difference between the data and the formula, in the column's units (None: not in the data).
    """

    name: str
    function: TableFunction = attrs.field(repr=False)
    parents: tuple[str, ...]
    dtype: Any = None
    off: float | None = None

    def compute(self, frame: pd.DataFrame) -> pd.Series[Any]:
        """The column for the rows of *frame*, in its own dtype."""
        values = call(self.function, frame, f"The formula of {self.name!r}")
        if np.shape(values) != (len(frame),):
            shape = np.shape(values)
            msg = f"The formula of {self.name!r} gave shape {shape} for {len(frame)} rows; expected one value a row."
            raise SchemaError(msg)
        column = pd.Series(np.asarray(values) if not isinstance(values, pd.Series) else values.array, index=frame.index)
        if self.dtype is None or column.dtype == self.dtype:
            return column
        try:
            return column.astype(self.dtype)
        except (TypeError, ValueError):  # a missing parent makes a missing value, which an int64 cannot hold
            return column


def truth(function: TableFunction, frame: pd.DataFrame, what: str) -> npt.NDArray[np.bool_]:
    """One bool a row from a user's condition; unknown (NA) is False."""
    answers = call(function, frame, what)
    if np.shape(answers) != (len(frame),):
        msg = f"{what} gave shape {np.shape(answers)} for {len(frame)} rows; expected one truth value a row."
        raise SchemaError(msg)
    column = pd.Series(answers)
    if pd.api.types.is_bool_dtype(column.dtype):
        return column.to_numpy(dtype=bool, na_value=False)
    if not column.dropna().isin([True, False]).all():
        msg = f"{what} gave values of dtype {column.dtype}; expected one truth value a row."
        raise SchemaError(msg)
    return column.to_numpy(dtype=object, na_value=False).astype(bool)


def call(function: TableFunction, frame: pd.DataFrame, what: str) -> Any:
    """The user's function on a copy of *frame*; what it raises becomes a SchemaError that says whose it is."""
    try:
        return function(frame.copy())
    except (Exception, SystemExit) as error:
        hint = " Use & and | instead of `and` and `or`." if "ambiguous" in str(error) else ""
        msg = f"{what} raised {type(error).__name__}: {error}{hint}"
        raise SchemaError(msg) from error


def parents_of(function: TableFunction, frame: pd.DataFrame) -> tuple[str, ...]:
    """The columns a function needs: those without which it raises, found by leaving out one at a time.

    Reads what ``t["a"]``, ``t.a``, ``t.eval(...)`` and helper functions touch; watching attribute access would not.
    """

    def needed(name: str) -> bool:
        try:
            function(frame.drop(columns=name))
        except Exception:  # noqa: BLE001 - any failure means that the column was wanted
            return True
        return False

    return tuple(str(name) for name in frame.columns if needed(name))


def check_formula(name: str, observed: pd.Series[Any], computed: pd.Series[Any]) -> float | None:
    """The largest difference between data and formula; warns when it is beyond 1% of the data's spread."""
    if not pd.api.types.is_numeric_dtype(observed.dtype) or not pd.api.types.is_numeric_dtype(computed.dtype):
        return None
    data = observed.to_numpy(dtype="float64", na_value=np.nan)
    gaps = np.abs(data - computed.to_numpy(dtype="float64", na_value=np.nan))
    if not np.isfinite(gaps).any():
        return None
    off, spread = float(np.nanmax(gaps)), float(np.nanmax(data) - np.nanmin(data))
    if off > 0.01 * spread:
        warnings.warn(f"Column {name!r} differs from its formula by up to {off:.4g}.", FormulaWarning, stacklevel=4)
    return off
