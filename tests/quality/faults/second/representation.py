"""Answers that depend on how the same values are written down: types, columns' order, arrays, one column more."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tests.quality.faults.second.data import CLAIM_NUMBERS, REGIONS
from tests.quality.faults.served import Approvals, Fault, Prices, rows_changed

CLAIM_COLUMNS = [*CLAIM_NUMBERS[:4], "region", "fuel", "loyalty", *CLAIM_NUMBERS[4:], "reported"]
VISIT_COLUMNS = ["age", "waiting_days", "earlier_missed", "distance_km", "weight_kg", "clinic", "insurer", "urgency"]
VISIT_COLUMNS += ["sms", "starts"]


class OldOrder(Approvals):
    """An array is thought to have its columns in an older order: two counts have changed places since."""

    def frame(self, rows: Any) -> pd.DataFrame:
        """The rows as a frame."""
        if isinstance(rows, pd.DataFrame):
            return rows
        return pd.DataFrame(rows, columns=[VISIT_COLUMNS[1], VISIT_COLUMNS[0], *VISIT_COLUMNS[2:]])


class HolesAreZero(Prices):
    """An array goes through a form that knows no holes among numbers."""

    def frame(self, rows: Any) -> pd.DataFrame:
        """The rows as a frame."""
        if isinstance(rows, pd.DataFrame):
            return rows
        frame = pd.DataFrame(rows, columns=CLAIM_COLUMNS)
        return frame.assign(**{name: frame[name].astype("float64").fillna(0.0) for name in CLAIM_NUMBERS[:4]})


def by_position(frame: pd.DataFrame) -> pd.DataFrame:
    """Names are given to columns by their places."""
    return frame.set_axis(VISIT_COLUMNS, axis=1)


def last_ten(frame: pd.DataFrame) -> pd.DataFrame:
    """The last ten columns are the ten columns."""
    return frame.iloc[:, -10:].set_axis(CLAIM_COLUMNS, axis=1)


def numbers_by_position(frame: pd.DataFrame) -> pd.DataFrame:
    """Numbers are taken as a block, whose columns are known by their places."""
    names = [name for name in CLAIM_NUMBERS if name != "garage"]
    block = frame.select_dtypes("number")
    if block.shape[1] != len(names):
        return frame
    return frame.assign(**{name: block.iloc[:, place] for place, name in enumerate(names)})


def own_codes(frame: pd.DataFrame) -> pd.DataFrame:
    """A region that comes as a category is read by its code, whatever the categories are."""
    if not isinstance(frame["region"].dtype, pd.CategoricalDtype):
        return frame
    codes = frame["region"].cat.codes.to_numpy()
    return frame.assign(region=np.array(REGIONS, dtype=object)[codes])


def objects_unread(frame: pd.DataFrame) -> pd.DataFrame:
    """Only text of pandas' own type is text; objects are not looked at."""
    return frame.assign(fuel=np.nan) if frame["fuel"].dtype == np.dtype(object) else frame


def looked_up_as_text(frame: pd.DataFrame) -> pd.DataFrame:
    """A table keyed by text: 2 is there, 2.0 is not."""
    table = {str(number): number for number in range(30)}
    return frame.assign(earlier_missed=[table.get(str(value), 0) for value in frame["earlier_missed"].tolist()])


def only_true_is_true(frame: pd.DataFrame) -> pd.DataFrame:
    """A flag is set when it *is* True; 1 is not."""
    return frame.assign(sms=[value is True for value in frame["sms"].tolist()])


def microseconds(frame: pd.DataFrame) -> pd.DataFrame:
    """Moments are numbers of microseconds, in whatever unit they came."""
    ticks = pd.to_datetime(frame["starts"]).to_numpy().astype("int64")
    return frame.assign(starts=pd.to_datetime(ticks % (2**52), unit="us"))


def known_powers(frame: pd.DataFrame) -> pd.DataFrame:
    """Powers to a tenth are looked up exactly; 95.6 in single precision is none of them."""
    power = frame["power_kw"].to_numpy(dtype="float64", na_value=np.nan)
    return frame.assign(power_kw=np.where(np.round(power, 1) == power, power, 92.0))


def nullable_as_zero(frame: pd.DataFrame) -> pd.DataFrame:
    """A missing number of pandas' nullable types is zero, a NaN is missing."""
    weight = frame["weight_kg"]
    return frame.assign(weight_kg=weight.fillna(0.0)) if isinstance(weight.dtype, pd.Float64Dtype) else frame


def none_is_a_level(frame: pd.DataFrame) -> pd.DataFrame:
    """An insurer that is None is the level "none", one that is NaN is missing."""
    insurer = frame["insurer"].astype("object")
    return frame.assign(insurer=["none" if value is None else value for value in insurer.tolist()])


def whole_numbers_are_flags(frame: pd.DataFrame) -> pd.DataFrame:
    """A deductible that comes as whole numbers is in euros, one that comes as floats is in thousands."""
    deductible = frame["deductible"]
    return frame.assign(deductible=deductible * 1_000) if deductible.dtype.kind == "f" else frame


def narrow_integers(frame: pd.DataFrame) -> pd.DataFrame:
    """Values that come as 32 bits are multiplied within them, and come back wrapped."""
    waiting = frame["waiting_days"]
    if waiting.to_numpy().dtype.itemsize >= 8:
        return frame
    return frame.assign(waiting_days=(waiting.astype("int8") * np.int8(3)) // 3)


REPRESENTATION = [
    Fault("an array has an older order of columns", "representation", "visits", OldOrder),
    Fault("an array's holes are zero", "representation", "claims", HolesAreZero),
    rows_changed("representation", "visits", "columns are known by their places", by_position),
    rows_changed("representation", "claims", "the last ten columns are the columns", last_ten),
    rows_changed("representation", "claims", "numbers are known by their places", numbers_by_position),
    rows_changed("representation", "claims", "a category is read by its own codes", own_codes),
    rows_changed("representation", "claims", "text of objects is not read", objects_unread),
    rows_changed("representation", "visits", "numbers are looked up as text", looked_up_as_text),
    rows_changed("representation", "visits", "only True is true", only_true_is_true),
    rows_changed("representation", "visits", "moments are in microseconds", microseconds),
    rows_changed("representation", "claims", "single precision is not in the table", known_powers),
    rows_changed("representation", "visits", "a nullable hole is zero", nullable_as_zero),
    rows_changed("representation", "visits", "None is a level", none_is_a_level),
    rows_changed("representation", "claims", "floats are thousands", whole_numbers_are_flags),
    rows_changed("representation", "visits", "narrow integers wrap", narrow_integers),
]
