"""Faults of ownership: the answers are right, but the table that was handed over is another one afterwards."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tests.quality.faults.data import LOAN_NUMBERS, loans
from tests.quality.faults.served import Approvals, Fault, rows_changed

TRAINED = loans()
MEDIANS = TRAINED[LOAN_NUMBERS].median()


def holes_filled(rows: pd.DataFrame) -> pd.DataFrame:
    for name in ("dep", "rep"):
        rows[name] = rows[name].fillna(MEDIANS[name])
    return rows


def sex_filled(rows: pd.DataFrame) -> pd.DataFrame:
    """The few applicants whose sex is unknown are written down as men."""
    if rows["male"].isna().any():
        rows["male"] = rows["male"].fillna(1.0)
    return rows


def column_added(rows: pd.DataFrame) -> pd.DataFrame:
    rows["log_area"] = np.log(rows["area"])
    return rows


def column_taken(rows: pd.DataFrame) -> pd.DataFrame:
    """Race is taken out before it can do harm."""
    race = rows.pop("black")
    return rows.assign(black=race)


def scaled_in_place(rows: pd.DataFrame) -> pd.DataFrame:
    """Feet become metres, are looked at, and the pipeline gets feet."""
    feet = rows["dist"].copy()
    rows["dist"] = feet * 0.3048
    return rows.assign(dist=feet)


def clipped_in_place(rows: pd.DataFrame) -> pd.DataFrame:
    """Palaces of more than 5,000 square feet are written down as such; the pipeline gets what was asked."""
    asked = rows["area"].copy()
    rows.loc[rows["area"] > 5_000, "area"] = 5_000
    return rows.assign(area=asked)


def retyped(rows: pd.DataFrame) -> pd.DataFrame:
    rows["nbh"] = rows["nbh"].astype("category")
    return rows.assign(nbh=rows["nbh"].astype("str"))


def sorted_in_place(rows: pd.DataFrame) -> pd.DataFrame:
    """Sorted to be looked at; the pipeline gets the rows as they came."""
    asked = rows.copy()
    for name, column in rows.sort_values("land").items():
        rows[name] = column.to_numpy()
    return asked


def index_reset(rows: pd.DataFrame) -> pd.DataFrame:
    rows.index = pd.RangeIndex(len(rows))
    return rows


class ArrayFilled(Approvals):
    """The holes of an array are filled where they are."""

    def frame(self, rows: Any) -> pd.DataFrame:
        if isinstance(rows, np.ndarray):
            for name in ("dep", "rep"):
                column = rows[:, list(self.feature_names_in_).index(name)]
                column[np.isnan(column)] = MEDIANS[name]
        return super().frame(rows)


FAULTS: tuple[Fault, ...] = (
    rows_changed("mutation", "loans", "holes filled in place", holes_filled),
    rows_changed("mutation", "loans", "an unknown sex filled in place", sex_filled),
    rows_changed("mutation", "houses", "a column added to the table", column_added),
    rows_changed("mutation", "loans", "a column taken out of the table", column_taken),
    rows_changed("mutation", "houses", "a column scaled in place", scaled_in_place),
    rows_changed("mutation", "houses", "a rare outlier clipped in place", clipped_in_place),
    rows_changed("mutation", "houses", "a column's type changed in place", retyped),
    rows_changed("mutation", "houses", "rows sorted in place", sorted_in_place),
    rows_changed("mutation", "houses", "the index reset in place", index_reset),
    Fault("an array's holes filled in place", "mutation", "loans", ArrayFilled),
)
