"""What an estimator learns from and is asked about, and how a relation changes both alike."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt
import pandas as pd

Values = npt.NDArray[Any]
Numbers = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]


@attrs.frozen(eq=False)
class TrainingData:
    """Training rows ``X`` (n, d) with targets ``y`` (n,) and weights (n,), and the held-out rows ``test`` (m, d).

    Without supervision ``y`` is None, and ``test`` is empty: the training rows themselves are asked about. ``y_test``
    (m,) is None where nobody knows it.
    """

    X: pd.DataFrame
    test: pd.DataFrame
    y: Values | None = None
    y_test: Values | None = None
    weight: Numbers | None = None

    def __len__(self) -> int:
        return len(self.X)

    @property
    def targets(self) -> Values:
        """The targets, of supervised data only."""
        assert self.y is not None  # noqa: S101 - relations of targets are asked of classifiers and regressors alone
        return self.y

    @property
    def numeric(self) -> list[Hashable]:
        """The columns that hold numbers (truth values are none)."""
        kinds = self.X.dtypes
        is_number, is_bool = pd.api.types.is_numeric_dtype, pd.api.types.is_bool_dtype
        return [name for name in self.X.columns if is_number(kinds[name]) and not is_bool(kinds[name])]

    @property
    def block(self) -> Numbers:
        """The numeric columns of the training rows, shape (n, numeric columns), missing as NaN."""
        return _block(self.X, self.numeric)

    @property
    def spread(self) -> Numbers:
        """The standard deviation of each numeric column over the training rows; 1 for a constant one."""
        return spread(self.block)

    @property
    def unit(self) -> float:
        """The standard deviation of a typical numeric column; 1 where there is none."""
        return float(np.median(self.spread)) if self.numeric else 1.0

    def mapped(self, change: Callable[[Numbers], Numbers]) -> TrainingData:
        """Training and held-out rows with *change* applied to their numeric columns, ``(k, c)`` to ``(k, c)``."""
        names = self.numeric
        X, test = (_written(frame, names, change(_block(frame, names))) for frame in (self.X, self.test))
        return attrs.evolve(self, X=X, test=test)

    def with_column(self, rows: Values, test: Values) -> TrainingData:
        """One more column at the end, its values on training and on held-out rows."""
        name = _new_name(self.X.columns)
        return attrs.evolve(self, X=_beside(self.X, name, rows), test=_beside(self.test, name, test))

    def take(self, places: Places) -> TrainingData:
        """The training rows at *places*, in that order, with their targets and weights."""
        y = None if self.y is None else self.y[places]
        weight = None if self.weight is None else self.weight[places]
        return attrs.evolve(self, X=self.X.iloc[places].reset_index(drop=True), y=y, weight=weight)

    def plus(self, rows: pd.DataFrame, y: Values | None = None) -> TrainingData:
        """More training rows at the end, in the columns and dtypes of ``X``."""
        more = None if self.y is None or y is None else np.concatenate([self.y, y])
        return attrs.evolve(self, X=pd.concat([self.X, rows], ignore_index=True), y=more)


def spread(block: Numbers) -> Numbers:
    """The standard deviation of each column, missing values left out; 1 where there is none."""
    shown = np.isfinite(block)
    count = np.maximum(shown.sum(axis=0), 1)
    kept = np.where(shown, block, 0.0)
    centred = np.where(shown, block - kept.sum(axis=0) / count, 0.0)
    deviation = np.sqrt(np.square(centred).sum(axis=0) / count)
    return np.where(deviation > 0, deviation, 1.0)


def _block(frame: pd.DataFrame, names: list[Hashable]) -> Numbers:
    return frame[names].to_numpy(dtype="float64", na_value=np.nan)


def _written(frame: pd.DataFrame, names: list[Hashable], block: Numbers) -> pd.DataFrame:
    """*frame* with its numeric columns replaced; a float32 column stays one, since some learners read nothing else."""
    kinds = {name: frame[name].dtype if frame[name].dtype == "float32" else np.dtype("float64") for name in names}
    changed = pd.DataFrame(block, columns=pd.Index(names), index=frame.index).astype(kinds)
    others = [name for name in frame.columns if name not in kinds]
    return pd.concat([changed, frame[others]], axis=1)[list(frame.columns)]


def _beside(frame: pd.DataFrame, name: Hashable, values: Values) -> pd.DataFrame:
    return pd.concat([frame, pd.Series(values, index=frame.index, name=name)], axis=1)


def _new_name(columns: pd.Index[Any]) -> Hashable:
    """A name that no column has, of the sort that the columns' names are: scikit-learn refuses a mixture."""
    if all(isinstance(name, str) for name in columns):
        name = "added"
        while name in columns:
            name += "_"
        return name
    return 1 + max((name for name in columns if isinstance(name, int | np.integer)), default=len(columns))
