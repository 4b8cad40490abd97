"""Faults of form: the same rows as another kind of table, or the same model after a journey, are answered otherwise."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tests.quality.faults.data import LOAN_NUMBERS, loans
from tests.quality.faults.served import Approvals, Fault, Prices, rows_changed

TRAINED = loans()


class ByPosition(Prices):
    """Names are thrown away: the first columns are taken for those of the training data."""

    def frame(self, rows: Any) -> pd.DataFrame:
        names = list(self.feature_names_in_)
        return rows.iloc[:, : len(names)].set_axis(names, axis=1)


class SortedNames(Approvals):
    """Columns are sorted by name, and taken for those of the training data in the order of their names."""

    def frame(self, rows: Any) -> pd.DataFrame:
        frame, names = super().frame(rows), sorted(self.feature_names_in_)
        return frame[sorted(frame.columns)].iloc[:, : len(names)].set_axis(names, axis=1)


class FortranMisread(Approvals):
    """An array's memory is read row by row, whichever way it lies."""

    def frame(self, rows: Any) -> pd.DataFrame:
        if isinstance(rows, np.ndarray):
            rows = np.ravel(rows, order="K").reshape(rows.shape)
        return super().frame(rows)


class AlphabeticArray(Approvals):
    """An array's columns are taken to be in the order of the alphabet."""

    def frame(self, rows: Any) -> pd.DataFrame:
        names = sorted(self.feature_names_in_)
        return pd.DataFrame(rows, columns=names) if isinstance(rows, np.ndarray) else rows


class WholeNumbers(Approvals):
    """What an array holds is cut to whole numbers."""

    def frame(self, rows: Any) -> pd.DataFrame:
        return super().frame(np.trunc(rows) if isinstance(rows, np.ndarray) else rows)


class HalfPrecision(Approvals):
    """Arrays are sent in half precision, to save bytes."""

    def frame(self, rows: Any) -> pd.DataFrame:
        return super().frame(rows.astype("float16") if isinstance(rows, np.ndarray) else rows)


class TakenForScaled(Approvals):
    """An array is taken to come from the scaler."""

    def frame(self, rows: Any) -> pd.DataFrame:
        frame = super().frame(rows)
        if isinstance(rows, np.ndarray):
            numbers = frame[LOAN_NUMBERS] * TRAINED[LOAN_NUMBERS].std() + TRAINED[LOAN_NUMBERS].mean()
            frame = frame.assign(**numbers)
        return frame


def filled_with_row_mean(rows: pd.DataFrame) -> pd.DataFrame:
    """Holes are filled with the mean of whatever stands in the row."""
    return rows.assign(rep=rows["rep"].fillna(rows.mean(axis=1)))


class ForgotCorrection(Prices):
    """A correction of the level, learned after training, is not saved with the model."""

    def __init__(self, pipeline: Any) -> None:
        super().__init__(pipeline)
        self.correction = 1.03

    def answers(self, frame: pd.DataFrame) -> Any:
        return super().answers(frame) * self.correction

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__ = {**state, "correction": 1.0}


class LevelsReordered(Prices):
    """The levels are saved as a set, and come back in another order."""

    def __init__(self, pipeline: Any) -> None:
        super().__init__(pipeline)
        self.levels = ["n1", "n2", "n3", "n4", "n5", "n6", "other"]

    def answers(self, frame: pd.DataFrame) -> Any:
        order = ["n1", "n2", "n3", "n4", "n5", "n6", "other"]
        return super().answers(frame.assign(nbh=frame["nbh"].map(dict(zip(order, self.levels, strict=True)))))

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__ = {**state, "levels": state["levels"][::-1]}


FAULTS: tuple[Fault, ...] = (
    Fault("columns taken by position", "representation", "houses", ByPosition),
    Fault("columns sorted by name and cut", "representation", "loans", SortedNames),
    Fault("a Fortran array read row by row", "representation", "loans", FortranMisread),
    Fault("an array's columns in alphabetic order", "representation", "loans", AlphabeticArray),
    Fault("an array cut to whole numbers", "representation", "loans", WholeNumbers),
    Fault("an array sent in half precision", "representation", "loans", HalfPrecision),
    Fault("an array taken for scaled", "representation", "loans", TakenForScaled),
    rows_changed("representation", "loans", "holes filled with the row's mean", filled_with_row_mean),
    Fault("a correction not saved", "representation", "houses", ForgotCorrection),
    Fault("levels saved without their order", "representation", "houses", LevelsReordered),
)
