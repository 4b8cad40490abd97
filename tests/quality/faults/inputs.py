"""Faults of meaning in what the pipeline is given: a unit, a level, a column, a moment that is not what it was."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from tests.quality.faults.data import HOUSE_NUMBERS, LOAN_NUMBERS, houses, loans
from tests.quality.faults.served import Fault, rows_changed

HOUSES, LOANS = houses(), loans()
NEXT = {"n1": "n2", "n2": "n3", "n3": "n4", "n4": "n5", "n5": "n6", "n6": "n1", "other": "other"}


def square_metres(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(area=rows["area"] * 0.0929)


def dollars(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(appinc=rows["appinc"] * 1_000)


def shares_for_percent(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(obrat=rows["obrat"] / 100)


def distances_swapped(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(cbd=rows["inst"], inst=rows["cbd"])


def ratios_swapped(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(hrat=rows["obrat"], obrat=rows["hrat"])


def recoded(rows: pd.DataFrame) -> pd.DataFrame:
    """Every neighbourhood is the next one's number."""
    return rows.assign(nbh=rows["nbh"].replace(NEXT))


def stale_levels(rows: pd.DataFrame) -> pd.DataFrame:
    """The encoder is from before the fifth and sixth neighbourhood were told apart."""
    return rows.assign(nbh=rows["nbh"].replace({"n6": "n5"}))


def kinds_counted_from_zero(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(prop=rows["prop"] - 1)


def holes_are_zero(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.fillna(0)


def holes_are_a_code(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(dep=rows["dep"].fillna(-999))


def half_precision(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(**rows[LOAN_NUMBERS].astype("float16").astype("float64"))


def age_negated(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(age=-rows["age"])


def flag_turned(rows: pd.DataFrame) -> pd.DataFrame:
    turned = rows.copy()
    turned["self"] = 1 - rows["self"]
    return turned


def rooms_counted_from_one(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(rooms=rows["rooms"] + 1)


def scaled_twice(rows: pd.DataFrame) -> pd.DataFrame:
    numbers, trained = rows[HOUSE_NUMBERS], HOUSES[HOUSE_NUMBERS]
    return rows.assign(**((numbers - trained.mean()) / trained.std(ddof=0)))


def stale_scaler(rows: pd.DataFrame) -> pd.DataFrame:
    """The scaler of the first half of the applications."""
    trained, stale = LOANS[LOAN_NUMBERS], LOANS[LOAN_NUMBERS].head(len(LOANS) // 2)
    return rows.assign(**((rows[LOAN_NUMBERS] - stale.mean()) / stale.std() * trained.std() + trained.mean()))


def other_time_zone(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(sold=rows["sold"] + pd.Timedelta(hours=5))


def day_and_month_swapped(rows: pd.DataFrame) -> pd.DataFrame:
    """Wherever the day may be a month."""
    sold = rows["sold"]
    parts = {"year": sold.dt.year, "month": sold.dt.day, "day": sold.dt.month, "hour": sold.dt.hour}
    swapped = pd.to_datetime(pd.DataFrame(parts).assign(minute=sold.dt.minute), errors="coerce")
    return rows.assign(sold=swapped.fillna(sold).astype("datetime64[s]"))


def unseen_level_raises(rows: pd.DataFrame) -> pd.DataFrame:
    unknown = set(rows["nbh"]) - set(NEXT)
    if unknown:
        raise KeyError(min(unknown))
    return rows


def land_clipped(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(land=rows["land"].clip(upper=50_000))


def land_wraps(rows: pd.DataFrame) -> pd.DataFrame:
    """Land is kept in two bytes."""
    return rows.assign(land=rows["land"] % 65_536)


def thousands_lost(rows: pd.DataFrame) -> pd.DataFrame:
    """What is read from "1,200" is 1."""
    return rows.assign(apr=np.where(rows["apr"] >= 1_000, rows["apr"] // 1_000, rows["apr"]))


def distance_dropped(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(dist=HOUSES["dist"].mean())


def history_dropped(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(chist=1)


def age_by_decade(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(age=rows["age"] // 10 * 10)


def truncated(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(**rows[["hrat", "obrat", "unem"]].apply(np.trunc))


of_houses, of_loans = partial(rows_changed, "semantic", "houses"), partial(rows_changed, "semantic", "loans")
FAULTS: tuple[Fault, ...] = (
    of_houses("area in square metres", square_metres),
    of_loans("income in dollars", dollars),
    of_loans("a ratio as a share", shares_for_percent),
    of_houses("two distances swapped", distances_swapped),
    of_loans("two ratios swapped", ratios_swapped),
    of_houses("neighbourhoods numbered otherwise", recoded),
    of_houses("a stale encoder", stale_levels),
    of_loans("kinds counted from zero", kinds_counted_from_zero),
    of_loans("holes are zero", holes_are_zero),
    of_loans("holes are -999", holes_are_a_code),
    of_loans("numbers in half precision", half_precision),
    of_houses("sign of the age flipped", age_negated),
    of_loans("a flag turned", flag_turned),
    of_houses("rooms off by one", rooms_counted_from_one),
    of_houses("scaled twice", scaled_twice),
    of_loans("a stale scaler", stale_scaler),
    of_houses("moments in another time zone", other_time_zone),
    of_houses("day and month swapped", day_and_month_swapped),
    of_houses("an unseen level raises", unseen_level_raises),
    of_houses("land clipped", land_clipped),
    of_houses("land wraps around", land_wraps),
    of_loans("thousands lost in reading", thousands_lost),
    of_houses("distance dropped", distance_dropped),
    of_loans("credit history dropped", history_dropped),
    of_houses("age by decade", age_by_decade),
    of_loans("decimals cut off", truncated),
)
