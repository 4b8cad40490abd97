"""Faults of order and index: a row's answer depends on where it stands, or on the label it bears."""

# ruff: noqa: ARG001 - a fault of the answers is given the rows as well

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tests.quality.faults.data import PRICE, houses
from tests.quality.faults.served import Fault, Prices, answers_changed, rows_changed

AVERAGE = float(houses()[PRICE].mean())


def filled_from_above(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.ffill()


def place_as_feature(rows: pd.DataFrame) -> pd.DataFrame:
    """The row's number gets into the table and is added to the distance."""
    return rows.assign(dist=rows["dist"] + 100 * np.arange(len(rows)))


def joined_in_time(rows: pd.DataFrame) -> pd.DataFrame:
    """A join with monthly figures, which wants moments in rising order."""
    months = pd.DataFrame({"sold": pd.date_range("1977-01-01", "1983-01-01", freq="MS").astype("datetime64[s]")})
    return pd.merge_asof(rows, months.assign(month=1), on="sold")[list(rows.columns)]


def smoothed(answers: Any, rows: pd.DataFrame) -> Any:
    return pd.Series(answers).rolling(3, min_periods=1, center=True).mean().to_numpy()


def one_off(answers: Any, rows: pd.DataFrame) -> Any:
    return np.roll(answers, 1)


def first_taken_for_header(answers: Any, rows: pd.DataFrame) -> Any:
    return np.append(AVERAGE, answers[1:]) if len(rows) > 1 else answers


def second_half_first(answers: Any, rows: pd.DataFrame) -> Any:
    """Two workers' answers, gathered as they come in."""
    half = len(answers) // 2
    return np.append(answers[half:], answers[:half])


def aligned(answers: Any, rows: pd.DataFrame) -> Any:
    """A correction that is zero everywhere, added by label."""
    return (pd.Series(answers) + pd.Series(0.0, index=rows.index)).to_numpy()


def looked_up(answers: Any, rows: pd.DataFrame) -> Any:
    return pd.Series(answers, index=rows.index).loc[rows.index].to_numpy()


def first_of_a_label(answers: Any, rows: pd.DataFrame) -> Any:
    first = pd.Series(answers, index=rows.index)
    return first[~first.index.duplicated()].reindex(rows.index).to_numpy()


def column_by_label(rows: pd.DataFrame) -> pd.DataFrame:
    """A column is computed as an array, and put back as a series with labels of its own."""
    return rows.assign(area=pd.Series(np.maximum(rows["area"].to_numpy(), 0)))


def row_zero_read(rows: pd.DataFrame) -> pd.DataFrame:
    """The row with the label 0 tells which moments the batch is about."""
    return rows.assign(sold=rows["sold"].where(rows["sold"] > pd.Timestamp(0), rows.loc[0, "sold"]))


def label_as_number(rows: pd.DataFrame) -> pd.DataFrame:
    """The label names the shard of a log."""
    shards = rows.index.astype("int64") % 4
    return rows if len(shards) == len(rows) else rows.iloc[:0]


class SortedForAJoin(Prices):
    """Rows are sorted by neighbourhood; the answers stay in that order."""

    def answers(self, frame: pd.DataFrame) -> Any:
        return super().answers(frame.sort_values("nbh", kind="stable"))


class SortedByLabel(Prices):
    """Rows are sorted by label; the answers stay in that order."""

    def answers(self, frame: pd.DataFrame) -> Any:
        return super().answers(frame.sort_index(kind="stable"))


class RepeatsDropped(Prices):
    """A row that repeats the one before it is dropped as sent twice, and the answers are filled up at the end."""

    def answers(self, frame: pd.DataFrame) -> Any:
        answers = super().answers(frame[frame.ne(frame.shift()).any(axis=1)])
        return np.append(answers, np.full(len(frame) - len(answers), answers[-1]))


FAULTS: tuple[Fault, ...] = (
    rows_changed("order", "houses", "a join that wants rising moments", joined_in_time),
    rows_changed("order", "loans", "holes filled from the row above", filled_from_above),
    rows_changed("order", "houses", "the row's number used as a feature", place_as_feature),
    answers_changed("order", "houses", "answers smoothed over neighbouring rows", smoothed),
    answers_changed("order", "houses", "answers moved by one row", one_off),
    answers_changed("order", "houses", "the first row taken for a header", first_taken_for_header),
    answers_changed("order", "loans", "second half of the answers first", second_half_first),
    Fault("sorted for a join and not put back", "order", "houses", SortedForAJoin),
    Fault("rows that repeat the one before dropped", "order", "houses", RepeatsDropped),
    answers_changed("index", "houses", "answers aligned by label", aligned),
    answers_changed("index", "houses", "answers looked up by label", looked_up),
    answers_changed("index", "loans", "the first answer to a label for all", first_of_a_label),
    rows_changed("index", "houses", "a column put back by label", column_by_label),
    rows_changed("index", "houses", "the row with the label 0 read", row_zero_read),
    rows_changed("index", "houses", "the label used as a number", label_as_number),
    Fault("sorted by label and not put back", "index", "houses", SortedByLabel),
)
