"""Doors that answer as the honest pipeline does, and leave the caller's table changed."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.quality.faults.served import rows_changed


def flags_as_numbers(frame: pd.DataFrame) -> pd.DataFrame:
    """The caller's flags become numbers."""
    frame["garage"] = frame["garage"].astype("float64")
    return frame


def holes_filled(frame: pd.DataFrame) -> pd.DataFrame:
    """The caller's holes are filled, and left so; the pipeline reads what was there before."""
    handed = frame.copy()
    frame.loc[frame["distance_km"].isna().to_numpy(), "distance_km"] = 7.2
    return handed


def hour_added(frame: pd.DataFrame) -> pd.DataFrame:
    """The caller's table grows a column."""
    frame["hour"] = frame["starts"].dt.hour
    return frame


def calendar_order(frame: pd.DataFrame) -> pd.DataFrame:
    """The caller's rows are put in the calendar's order, after what is to be answered was copied."""
    handed = frame.copy()
    for name, values in frame.sort_values("reported", kind="stable").items():
        frame[name] = values.to_numpy()
    return handed


def renumbered(frame: pd.DataFrame) -> pd.DataFrame:
    """The caller's rows get new names."""
    frame.index = pd.RangeIndex(1, len(frame) + 1)
    return frame


def unused_levels_forgotten(frame: pd.DataFrame) -> pd.DataFrame:
    """A category forgets the levels that this batch does not have."""
    if isinstance(frame["loyalty"].dtype, pd.CategoricalDtype):
        frame["loyalty"] = frame["loyalty"].cat.remove_unused_categories()
    return frame


def whole_hours(frame: pd.DataFrame) -> pd.DataFrame:
    """The caller's moments lose their minutes, which the model does not read."""
    frame["starts"] = frame["starts"].dt.floor("h")
    return frame


def nones_for_nans(frame: pd.DataFrame) -> pd.DataFrame:
    """The caller's unknown levels are given a name, once there is one."""
    handed = frame.copy()
    if frame["fuel"].isna().any():
        frame["fuel"] = frame["fuel"].astype("object").where(frame["fuel"].notna(), "unknown")
    return handed


def last_row_reused(frame: pd.DataFrame) -> pd.DataFrame:
    """A scratch row: one cell of the last row is overwritten in tables of more than one row."""
    handed = frame.copy()
    if len(frame) > 1:
        frame.iloc[-1, list(frame.columns).index("power_kw")] = np.float64(100.0)
    return handed


MUTATION = [
    rows_changed("mutation", "claims", "flags become numbers in place", flags_as_numbers),
    rows_changed("mutation", "visits", "holes are filled in place", holes_filled),
    rows_changed("mutation", "visits", "a column is added in place", hour_added),
    rows_changed("mutation", "claims", "rows are sorted in place", calendar_order),
    rows_changed("mutation", "claims", "rows are renamed in place", renumbered),
    rows_changed("mutation", "claims", "unused levels are forgotten in place", unused_levels_forgotten),
    rows_changed("mutation", "visits", "moments are floored in place", whole_hours),
    rows_changed("mutation", "claims", "unknown levels are named in place", nones_for_nans),
    rows_changed("mutation", "claims", "one cell of the last row is overwritten", last_row_reused),
]
