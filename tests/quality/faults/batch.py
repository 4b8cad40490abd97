"""Faults of the batch: a row's answer depends on the rows beside it, or on how many there are."""

# ruff: noqa: ARG001 - a fault of the answers is given the rows as well

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from tests.quality.faults.data import HOUSE_NUMBERS, PRICE, houses
from tests.quality.faults.served import Fault, Prices, answers_changed, rows_changed

TRAINED = houses()
LEVELS = sorted(TRAINED["nbh"].unique())
AVERAGE = float(TRAINED[PRICE].mean())
PART = 128


def scaled_anew(rows: pd.DataFrame) -> pd.DataFrame:
    """Numbers standardised by the batch, where the training data should do it."""
    numbers, trained = rows[HOUSE_NUMBERS].astype("float64"), TRAINED[HOUSE_NUMBERS]
    standard = (numbers - numbers.mean()) / numbers.std(ddof=0).replace(0.0, 1.0)
    return rows.assign(**(standard * trained.std(ddof=0) + trained.mean()))


def imputed_anew(rows: pd.DataFrame) -> pd.DataFrame:
    holes = ["dep", "rep", "male"]
    return rows.assign(**rows[holes].fillna(rows[holes].mean()))


def ranked(rows: pd.DataFrame) -> pd.DataFrame:
    """The area read off its rank within the batch."""
    return rows.assign(area=np.quantile(TRAINED["area"], rows["area"].rank(pct=True)))


def coded_anew(rows: pd.DataFrame) -> pd.DataFrame:
    """Levels numbered as the batch has them, in the order of the alphabet."""
    codes = pd.factorize(rows["nbh"], sort=True)[0]
    return rows.assign(nbh=np.array(LEVELS)[codes])


def clipped_anew(rows: pd.DataFrame) -> pd.DataFrame:
    low, high = rows["land"].quantile(0.01), rows["land"].quantile(0.99)
    return rows.assign(land=rows["land"].clip(low, high))


def rare_merged(rows: pd.DataFrame) -> pd.DataFrame:
    """Levels of fewer than three rows of the batch are merged."""
    often = rows["nbh"].map(rows["nbh"].value_counts()) >= 3
    return rows.assign(nbh=rows["nbh"].where(often, "other"))


def unit_guessed(rows: pd.DataFrame) -> pd.DataFrame:
    """A batch of small areas is taken to be in square metres."""
    return rows.assign(area=rows["area"] * (10.764 if rows["area"].median() < 1_000 else 1.0))


def holed_columns_dropped(rows: pd.DataFrame) -> pd.DataFrame:
    """A column with any hole in the batch is left to the imputer as a whole."""
    return rows.assign(**{name: np.nan for name in rows.columns if rows[name].isna().any()})


def area_of_neighbourhood(rows: pd.DataFrame) -> pd.DataFrame:
    """Area relative to the neighbourhood's mean, which is the batch's in the place of the training data's."""
    own = rows.groupby("nbh")["area"].transform("mean")
    return rows.assign(area=rows["area"] / own * rows["nbh"].map(TRAINED.groupby("nbh")["area"].mean()))


def stretched(answers: Any, rows: pd.DataFrame) -> Any:
    """Scores stretched to the training range by the batch's own."""
    low, high = answers.min(), answers.max()
    lowest, highest = TRAINED[PRICE].min(), TRAINED[PRICE].max()
    return answers if low == high else lowest + (answers - low) / (high - low) * (highest - lowest)


def centred(answers: Any, rows: pd.DataFrame) -> Any:
    return answers - answers.mean() + AVERAGE


def quick_when_many(answers: Any, rows: pd.DataFrame) -> Any:
    """More than 600 rows are answered by a quicker, coarser model."""
    return np.round(answers, -4) if len(rows) > 600 else answers


def average_when_few(answers: Any, rows: pd.DataFrame) -> Any:
    return np.full(len(rows), AVERAGE) if len(rows) < 5 else answers


def cut_off(answers: Any, rows: pd.DataFrame) -> Any:
    """The second page of answers, beyond 1,200 rows, never arrives."""
    return np.where(np.arange(len(rows)) < 1_200, answers, AVERAGE)


def squeezed(answers: Any, rows: pd.DataFrame) -> Any:
    return np.squeeze(answers)


def odd_row_lost(answers: Any, rows: pd.DataFrame) -> Any:
    """Two workers get half of the rows each; of an odd number the last row gets its neighbour's answer."""
    last = answers[-2:-1] if len(answers) % 2 and len(answers) > 1 else answers[-1:]
    return np.append(answers[:-1], last)


class DuplicatesDropped(Prices):
    """Equal rows are asked about once, and the answers repeated until there are enough."""

    def answers(self, frame: pd.DataFrame) -> Any:
        return np.resize(super().answers(frame.drop_duplicates()), len(frame))


class WrongEnd(Prices):
    """Parts of 128 rows; the last part is filled up with rows before it, and its answers are read from the front."""

    def answers(self, frame: pd.DataFrame) -> Any:
        if len(frame) <= PART:
            return super().answers(frame)
        whole = len(frame) // PART * PART
        padded = super().answers(frame.iloc[-PART:])
        return np.append(super().answers(frame.iloc[:whole]), padded[: len(frame) - whole])


of_houses, of_loans = partial(rows_changed, "batch", "houses"), partial(rows_changed, "batch", "loans")
answers_of_houses = partial(answers_changed, "batch", "houses")
FAULTS: tuple[Fault, ...] = (
    of_houses("scaler fitted on each batch", scaled_anew),
    of_loans("holes filled with the batch's mean", imputed_anew),
    of_houses("area ranked within the batch", ranked),
    of_houses("levels coded as the batch has them", coded_anew),
    of_houses("land clipped at the batch's percentiles", clipped_anew),
    of_houses("levels rare in the batch merged", rare_merged),
    of_houses("unit guessed from the batch's median", unit_guessed),
    of_loans("columns with a hole in the batch dropped", holed_columns_dropped),
    of_houses("neighbourhood's mean taken from the batch", area_of_neighbourhood),
    answers_of_houses("scores stretched to the batch's range", stretched),
    answers_of_houses("scores centred on the batch", centred),
    answers_of_houses("large batches answered by a coarse model", quick_when_many),
    answers_of_houses("small batches answered with the average", average_when_few),
    answers_of_houses("rows beyond the first 1,200 cut off", cut_off),
    answers_of_houses("the answer to a single row squeezed", squeezed),
    answers_of_houses("the last of an odd number of rows lost", odd_row_lost),
    Fault("equal rows answered once", "batch", "houses", DuplicatesDropped),
    Fault("last part of a batch read from the wrong end", "batch", "houses", WrongEnd),
)
