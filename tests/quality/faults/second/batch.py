"""Answers that depend on which other rows were asked about at the same time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tests.quality.faults.second.data import CLINICS
from tests.quality.faults.served import answers_changed, rows_changed

BLOCK, LIMIT = 256, 1_000


def batch_median(frame: pd.DataFrame) -> pd.DataFrame:
    """Holes filled with the median of whoever asks at the same time."""
    return frame.assign(vehicle_value=frame["vehicle_value"].fillna(frame["vehicle_value"].median()))


def winsorised(frame: pd.DataFrame) -> pd.DataFrame:
    """Mileage clipped at the batch's own percentiles."""
    mileage = frame["mileage_km"].astype("float64")
    return frame.assign(mileage_km=mileage.clip(float(mileage.quantile(0.01)), float(mileage.quantile(0.99))))


def centred_in_blocks(frame: pd.DataFrame) -> pd.DataFrame:
    """Only what is too large for one block takes the path that centres weights, block by block."""
    if len(frame) <= BLOCK:
        return frame
    weights = frame["weight_kg"].astype("float64")
    means = weights.groupby(np.arange(len(frame)) // BLOCK).transform("mean")
    return frame.assign(weight_kg=weights - means + 74.2)


def rare_lumped(frame: pd.DataFrame) -> pd.DataFrame:
    """In a batch worth counting, what is asked about fewer than five times is lumped with the north."""
    regions = frame["region"].astype("object")
    counts = regions.map(regions.value_counts())
    return frame.assign(region=regions.mask((counts < 5) & (len(frame) >= 100), "north"))


def coded_by_batch(frame: pd.DataFrame) -> pd.DataFrame:
    """Codes are positions among the levels of this batch."""
    codes = pd.Categorical(frame["clinic"].astype("object")).codes
    return frame.assign(clinic=np.array(sorted(CLINICS), dtype=object)[codes])


def rank_calibrated(scores: Any, frame: pd.DataFrame) -> Any:
    """From fifty rows on, a tenth of the score is the rank in the batch."""
    if len(frame) < 50:
        return scores
    return 0.9 * scores + 0.1 * pd.Series(scores).rank(pct=True).to_numpy()


def deduplicated(answers: Any, frame: pd.DataFrame) -> Any:
    """Asked once for each distinct key; the key forgets half of the columns."""
    key = [frame[name].astype("str").to_numpy() for name in ("driver_age", "region", "fuel", "loyalty", "garage")]
    first = pd.Series(answers).groupby(key).transform("first")
    return first.to_numpy()


def old_moments(frame: pd.DataFrame) -> pd.DataFrame:
    """A moment half a year before the newest of the batch is taken for a slip of the pen."""
    newest = frame["starts"].max()
    return frame.assign(starts=frame["starts"].where(frame["starts"] > newest - pd.Timedelta(days=180), newest))


def cut_at_limit(answers: Any, frame: pd.DataFrame) -> Any:  # noqa: ARG001 - what an After is given
    """What comes after the first thousand rows is answered with the mean, for want of time."""
    answers = np.array(answers)
    answers[LIMIT:] = answers[:LIMIT].mean()
    return answers


def integer_path(frame: pd.DataFrame) -> pd.DataFrame:
    """A batch without holes is read as whole thousands."""
    if frame["mileage_km"].isna().any():
        return frame
    return frame.assign(mileage_km=frame["mileage_km"].astype("float64") // 1_000 * 1_000)


def outliers_replaced(answers: Any, frame: pd.DataFrame) -> Any:
    """An answer four deviations off among twenty or more is not believed."""
    if len(frame) < 20:
        return answers
    far = np.abs(answers - answers.mean()) > 4 * answers.std()
    return np.where(far, np.median(answers), answers)


def lone_row(frame: pd.DataFrame) -> pd.DataFrame:
    """A request of one row goes through a form that has no box for the garage."""
    return frame.assign(garage=False) if len(frame) == 1 else frame


BATCH = [
    rows_changed("batch", "claims", "holes take the batch's median", batch_median),
    rows_changed("batch", "claims", "clipped at the batch's percentiles", winsorised),
    rows_changed("batch", "visits", "large batches are centred in blocks", centred_in_blocks),
    rows_changed("batch", "claims", "levels rare in the batch are lumped", rare_lumped),
    rows_changed("batch", "visits", "codes are of the batch's levels", coded_by_batch),
    answers_changed("batch", "visits", "ranks among fifty are blended in", rank_calibrated),
    answers_changed("batch", "claims", "duplicates by half a key share an answer", deduplicated),
    rows_changed("batch", "visits", "moments far from the newest are replaced", old_moments),
    answers_changed("batch", "claims", "rows beyond a thousand get the mean", cut_at_limit),
    rows_changed("batch", "claims", "a batch without holes is read as integers", integer_path),
    answers_changed("batch", "claims", "answers far from the batch's are replaced", outliers_replaced),
    rows_changed("batch", "claims", "a single row loses a column", lone_row),
]
