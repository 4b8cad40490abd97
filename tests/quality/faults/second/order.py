"""Answers that depend on the order of the rows, or on what the rows are called."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tests.quality.faults.served import answers_changed, rows_changed


def carried_forward(frame: pd.DataFrame) -> pd.DataFrame:
    """A hole takes what the row above has."""
    return frame.assign(distance_km=frame["distance_km"].ffill())


def last_fuel(frame: pd.DataFrame) -> pd.DataFrame:
    """An unknown fuel is the last known one."""
    return frame.assign(fuel=frame["fuel"].ffill())


def sorted_by_moment(answers: Any, frame: pd.DataFrame) -> Any:
    """Answers come back in the order of the calendar."""
    return np.asarray(answers)[np.argsort(frame["starts"].to_numpy(), kind="stable")]


def concatenated_groups(answers: Any, frame: pd.DataFrame) -> Any:
    """More than 32 rows are worked off region by region, and come back so."""
    if len(frame) <= 32:
        return answers
    return np.asarray(answers)[np.argsort(frame["region"].astype("str").to_numpy(), kind="stable")]


def smoothed(frame: pd.DataFrame) -> pd.DataFrame:
    """Mileage is the mean of this row and the row before, where both are of one region."""
    mileage, region = frame["mileage_km"].astype("float64"), frame["region"].astype("object")
    same = region == region.shift()
    return frame.assign(mileage_km=mileage.where(~same | mileage.shift().isna(), (mileage + mileage.shift()) / 2))


def overbooked(scores: Any, frame: pd.DataFrame) -> Any:
    """From the twentieth visit of a clinic on, each is likelier to be missed."""
    nth = frame.groupby(frame["clinic"].astype("str").to_numpy()).cumcount().to_numpy()
    return np.where(nth >= 20, 0.9 * scores + 0.1, scores)


def first_of_equals(answers: Any, frame: pd.DataFrame) -> Any:
    """Joined back by index: two rows of one name get the first one's answer."""
    return pd.Series(answers, index=frame.index).groupby(level=0).transform("first").to_numpy()


def aligned(frame: pd.DataFrame) -> pd.DataFrame:
    """Weights of a fresh series, put back beside rows of other names."""
    return frame.assign(weight_kg=pd.Series(frame["weight_kg"].to_numpy(dtype="float64", na_value=np.nan)))


def sorted_by_index(answers: Any, frame: pd.DataFrame) -> Any:
    """Answers come back in the order of the index."""
    return pd.Series(answers, index=frame.index).sort_index(kind="stable").to_numpy()


def control_group(scores: Any, frame: pd.DataFrame) -> Any:
    """The index is taken for the patient's number, and every tenth patient is in the control group."""
    chosen = np.array([hash(name) % 10 == 3 for name in frame.index.tolist()], dtype=bool)
    return np.where(chosen, 0.32, scores)


def scattered(answers: Any, frame: pd.DataFrame) -> Any:
    """An array as long as the largest number, addressed by the numbers: names of rows are thought to be those."""
    where = frame.index.to_numpy(dtype="int64")
    out = np.zeros(where.max() + 1)
    out[where] = answers
    return out[np.sort(where)]


def holes_apart(answers: Any, frame: pd.DataFrame) -> Any:
    """Rows with and without a distance are answered apart, and put together again by name."""
    answered, known = pd.Series(answers, index=frame.index), frame["distance_km"].notna().to_numpy()
    if known.all():
        return answers
    return pd.concat([answered[known], answered[~known]]).sort_index(kind="stable").to_numpy()


ORDER = [
    rows_changed("order", "visits", "a hole takes the row above", carried_forward),
    rows_changed("order", "claims", "an unknown level takes the last known", last_fuel),
    answers_changed("order", "visits", "answers in the calendar's order", sorted_by_moment),
    answers_changed("order", "claims", "answers group by group", concatenated_groups),
    rows_changed("order", "claims", "smoothed with the row before", smoothed),
    answers_changed("order", "visits", "the twentieth of a clinic is overbooked", overbooked),
]
INDEX = [
    answers_changed("index", "claims", "rows of one name share an answer", first_of_equals),
    rows_changed("index", "visits", "a fresh series is aligned", aligned),
    answers_changed("index", "claims", "answers in the index's order", sorted_by_index),
    answers_changed("index", "visits", "the index chooses a control group", control_group),
    answers_changed("index", "claims", "answers addressed by number", scattered),
    answers_changed("index", "visits", "rows with holes are put back by name", holes_apart),
]
