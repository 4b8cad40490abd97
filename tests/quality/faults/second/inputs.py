"""Rows that mean something else than what the model was trained on: units, signs, levels, moments, holes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tests.quality.faults.second.data import LOYALTY, URGENCY
from tests.quality.faults.served import DataSet, Fault, rows_changed


def _numbers(frame: pd.DataFrame, name: str) -> Any:
    return frame[name].to_numpy(dtype="float64", na_value=np.nan)


def _levels(frame: pd.DataFrame, name: str, renamed: dict[str, str]) -> pd.Series:
    levels = frame[name].astype("object")
    return levels.map(renamed).where(levels.isin(list(renamed)), levels)


def miles(frame: pd.DataFrame) -> pd.DataFrame:
    """Kilometres are sent as miles."""
    return frame.assign(mileage_km=_numbers(frame, "mileage_km") * 0.621)


def cents(frame: pd.DataFrame) -> pd.DataFrame:
    """A value above 50,000 is thought to be in cents."""
    value = _numbers(frame, "vehicle_value")
    return frame.assign(vehicle_value=np.where(value > 50_000, value / 100, value))


def horsepower(frame: pd.DataFrame) -> pd.DataFrame:
    """Kilowatts are turned into horsepower, once more than they should."""
    return frame.assign(power_kw=_numbers(frame, "power_kw") * 1.36)


def half_precision(frame: pd.DataFrame) -> pd.DataFrame:
    """Values go through sixteen bits: the dearest are infinite, the others rounded."""
    with np.errstate(over="ignore"):
        return frame.assign(vehicle_value=_numbers(frame, "vehicle_value").astype("float16").astype("float64"))


def summer_time(frame: pd.DataFrame) -> pd.DataFrame:
    """In summer, moments are two hours off."""
    summer = frame["reported"].dt.month.between(4, 10)
    return frame.assign(reported=frame["reported"].where(~summer, frame["reported"] + pd.Timedelta(hours=2)))


def day_first(frame: pd.DataFrame) -> pd.DataFrame:
    """Day and month change places where both readings are dates."""
    starts = frame["starts"]
    parts = {"year": starts.dt.year, "month": starts.dt.day.clip(upper=12), "day": starts.dt.month}
    swapped = pd.to_datetime(pd.DataFrame(parts)) + (starts - starts.dt.normalize())
    return frame.assign(starts=starts.where(starts.dt.day > 12, swapped))


def tomorrow(frame: pd.DataFrame) -> pd.DataFrame:
    """Weeks begin on Sunday here: every day is the next."""
    return frame.assign(starts=frame["starts"] + pd.Timedelta(days=1))


def midnight(frame: pd.DataFrame) -> pd.DataFrame:
    """The time of day was lost: moments are dates."""
    return frame.assign(reported=frame["reported"].dt.normalize())


def swapped_levels(frame: pd.DataFrame) -> pd.DataFrame:
    """The encoder is of last year, when two regions had each other's number."""
    return frame.assign(region=_levels(frame, "region", {"coast": "capital", "capital": "coast"}))


def rare_level(frame: pd.DataFrame) -> pd.DataFrame:
    """The rarest clinic is newer than the encoder, and taken for the first."""
    return frame.assign(clinic=_levels(frame, "clinic", {"sleep": "eyes"}))


def none_is_missing(frame: pd.DataFrame) -> pd.DataFrame:
    """A reader of files takes the word for a missing value."""
    insurer = frame["insurer"].astype("object")
    return frame.assign(insurer=insurer.where(insurer != "none", np.nan))


def default_fuel(frame: pd.DataFrame) -> pd.DataFrame:
    """An unknown fuel is petrol."""
    return frame.assign(fuel=frame["fuel"].astype("object").fillna("petrol"))


def reversed_urgency(frame: pd.DataFrame) -> pd.DataFrame:
    """The ranks are counted from the other end."""
    return frame.assign(urgency=_levels(frame, "urgency", dict(zip(URGENCY, URGENCY[::-1], strict=True))))


def alphabetical_urgency(frame: pd.DataFrame) -> pd.DataFrame:
    """The ranks are those of the alphabet."""
    ranks = {level: URGENCY[sorted(URGENCY).index(level)] for level in URGENCY}
    return frame.assign(urgency=_levels(frame, "urgency", ranks))


def merged_loyalty(frame: pd.DataFrame) -> pd.DataFrame:
    """The highest level came after training, and counts as the one below."""
    return frame.assign(loyalty=_levels(frame, "loyalty", {LOYALTY[3]: LOYALTY[2]}))


def capped_wait(frame: pd.DataFrame) -> pd.DataFrame:
    """A form lets nobody wait for more than thirty days."""
    return frame.assign(waiting_days=frame["waiting_days"].clip(upper=30))


def pensioners(frame: pd.DataFrame) -> pd.DataFrame:
    """Ages are capped at 65."""
    return frame.assign(driver_age=frame["driver_age"].clip(upper=65))


def next_birthday(frame: pd.DataFrame) -> pd.DataFrame:
    """Age is that of the next birthday."""
    return frame.assign(driver_age=frame["driver_age"] + 1)


def distance_zero(frame: pd.DataFrame) -> pd.DataFrame:
    """A missing distance is none."""
    return frame.assign(distance_km=np.nan_to_num(_numbers(frame, "distance_km"), nan=0.0))


def value_mean(frame: pd.DataFrame) -> pd.DataFrame:
    """A missing value is the mean, though the model knows holes."""
    return frame.assign(vehicle_value=np.nan_to_num(_numbers(frame, "vehicle_value"), nan=17_409.0))


def sentinel(frame: pd.DataFrame) -> pd.DataFrame:
    """A missing weight is 999, as it was in the old system."""
    return frame.assign(weight_kg=np.nan_to_num(_numbers(frame, "weight_kg"), nan=999.0))


def refunded(frame: pd.DataFrame) -> pd.DataFrame:
    """What the customer does not bear is taken for what he bears."""
    return frame.assign(deductible=1_000 - frame["deductible"])


def exchanged(frame: pd.DataFrame) -> pd.DataFrame:
    """Weight and distance stand in each other's box."""
    return frame.assign(weight_kg=_numbers(frame, "distance_km"), distance_km=_numbers(frame, "weight_kg"))


def exchanged_counts(frame: pd.DataFrame) -> pd.DataFrame:
    """Age and days of waiting stand in each other's box."""
    return frame.assign(age=frame["waiting_days"], waiting_days=frame["age"])


def no_reminder(frame: pd.DataFrame) -> pd.DataFrame:
    """The flag says who does not want one."""
    return frame.assign(sms=~frame["sms"].astype(bool))


def old_without_sms(frame: pd.DataFrame) -> pd.DataFrame:
    """Patients above 85 are not asked about messages, and count as without."""
    return frame.assign(sms=frame["sms"].astype(bool) & (frame["age"] <= 85))


def street_parked(frame: pd.DataFrame) -> pd.DataFrame:
    """A column that is not sent any more takes its default."""
    return frame.assign(garage=False)


def many_are_errors(frame: pd.DataFrame) -> pd.DataFrame:
    """Four missed visits or more are taken for an error of the count."""
    missed = frame["earlier_missed"]
    return frame.assign(earlier_missed=missed.where(missed < 4, 0))


def scaled_twice(frame: pd.DataFrame) -> pd.DataFrame:
    """Weights are scaled by the door, and were not scaled in training."""
    return frame.assign(weight_kg=(_numbers(frame, "weight_kg") - 74.2) / 15.0)


def _planted(data: DataSet, faults: dict[str, Any]) -> list[Fault]:
    return [rows_changed("semantic", data, name, before) for name, before in faults.items()]


INPUTS = [
    *_planted(
        "claims", {"mileage in miles": miles, "large values in cents": cents, "kilowatts in horsepower": horsepower}
    ),
    *_planted("claims", {"values in half precision": half_precision, "summer time": summer_time, "no hours": midnight}),
    *_planted(
        "visits", {"day and month": day_first, "weeks begin on Sunday": tomorrow, "a rare level is new": rare_level}
    ),
    *_planted("claims", {"two levels are swapped": swapped_levels, "an unknown level has a default": default_fuel}),
    *_planted("visits", {"a word means missing": none_is_missing, "ranks are reversed": reversed_urgency}),
    *_planted("visits", {"ranks are alphabetical": alphabetical_urgency, "waits are capped": capped_wait}),
    *_planted("claims", {"two ranks are one": merged_loyalty, "ages are capped": pensioners, "age + 1": next_birthday}),
    *_planted("visits", {"a missing distance is 0": distance_zero, "a missing weight is 999": sentinel}),
    *_planted("claims", {"a missing value is the mean": value_mean, "the deductible's complement": refunded}),
    *_planted("visits", {"weight for distance": exchanged, "age for waiting": exchanged_counts}),
    *_planted("visits", {"a flag is inverted": no_reminder, "a flag is lost of the old": old_without_sms}),
    *_planted("claims", {"a flag is not sent": street_parked}),
    *_planted("visits", {"large counts are errors": many_are_errors, "scaled in vain": scaled_twice}),
]
