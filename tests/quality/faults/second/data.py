"""Two seeded synthetic data sets of other trades: motor claims with their cost, visits that are kept or missed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

COST, OUTCOME = "cost", "outcome"
CLAIM_NUMBERS = ["driver_age", "power_kw", "vehicle_value", "mileage_km", "deductible", "garage"]
VISIT_NUMBERS = ["age", "waiting_days", "earlier_missed", "distance_km", "weight_kg", "sms"]
REGIONS = ("north", "south", "east", "west", "capital", "coast", "alps", "islands")
FUELS = ("petrol", "diesel", "hybrid", "electric")
LOYALTY = ("bronze", "silver", "gold", "platinum")
CLINICS = ("eyes", "heart", "skin", "bones", "teeth", "sleep")
INSURERS = ("public", "private", "company", "none")
URGENCY = ("routine", "soon", "urgent", "emergency")


def claims() -> pd.DataFrame:
    """1,200 motor claims: values and mileages with holes, a fuel that is at times unknown, costs in euros."""
    rng, n = np.random.default_rng(17), 1_200
    frame = pd.DataFrame(
        {
            "driver_age": rng.integers(18, 86, n),
            "power_kw": np.round(rng.lognormal(4.5, 0.4, n), 1),
            "vehicle_value": _holes(rng, np.round(rng.lognormal(9.6, 0.6, n), -2), 0.1),
            "mileage_km": _holes(rng, np.round(rng.gamma(3, 5_000, n), -2), 0.06),
            "region": _drawn(rng, REGIONS, n, [0.26, 0.22, 0.16, 0.14, 0.1, 0.07, 0.03, 0.02]),
            "fuel": _drawn(rng, FUELS, n, [0.5, 0.3, 0.12, 0.08]).mask(rng.random(n) < 0.03),
            "loyalty": _ordered(rng, LOYALTY, n, [0.35, 0.3, 0.2, 0.15]),
            "deductible": rng.choice([0, 150, 300, 500, 1_000], n),
            "garage": rng.random(n) < 0.4,
            "reported": _moments(rng, n, "2023-01-01", 540),
        }
    )
    hour = frame["reported"].dt.hour
    night, weekend = (hour < 6) | (hour >= 22), frame["reported"].dt.day_of_week >= 5
    winter = frame["reported"].dt.month.isin([12, 1, 2])
    size = 0.004 * frame["power_kw"] + 0.45 * np.log(frame["vehicle_value"].fillna(9_000) / 15_000)
    size += 0.01 * (frame["mileage_km"].fillna(9_000) - 15_000) / 1_000 - 0.12 * frame["loyalty"].cat.codes
    size += 0.45 * night + 0.2 * weekend + 0.25 * winter - 0.15 * frame["garage"]
    size += frame["region"].map(dict(zip(REGIONS, [0, -0.1, 0.1, 0, 0.3, 0.1, 0.5, -0.5], strict=True)))
    size += 0.25 * frame["fuel"].isin(["electric", "hybrid"]) + 0.3 * (frame["driver_age"] < 25)
    cost = 2_200 * np.exp(size) * rng.gamma(8, 1 / 8, n) - 0.9 * frame["deductible"]
    return frame.assign(**{COST: np.maximum(cost, 50).round(2)})


def visits() -> pd.DataFrame:
    """1,400 appointments: distances and weights with holes, an insurer that is at times unknown, kept or missed."""
    rng, n = np.random.default_rng(29), 1_400
    frame = pd.DataFrame(
        {
            "age": rng.integers(1, 95, n),
            "waiting_days": rng.gamma(1.6, 18, n).astype("int64"),
            "earlier_missed": rng.poisson(0.8, n),
            "distance_km": _holes(rng, np.round(rng.lognormal(2.0, 0.8, n), 1), 0.08),
            "weight_kg": _holes(rng, np.round(rng.normal(74, 15, n), 1), 0.12),
            "clinic": _drawn(rng, CLINICS, n, [0.3, 0.22, 0.2, 0.16, 0.1, 0.02]),
            "insurer": _drawn(rng, INSURERS, n, [0.6, 0.2, 0.12, 0.08]).mask(rng.random(n) < 0.04),
            "urgency": _ordered(rng, URGENCY, n, [0.45, 0.3, 0.18, 0.07]),
            "sms": rng.random(n) < 0.55,
            "starts": _moments(rng, n, "2024-02-01", 400),
        }
    )
    early, monday = frame["starts"].dt.hour < 9, frame["starts"].dt.day_of_week == 0
    odds = 0.025 * frame["waiting_days"] + 0.6 * frame["earlier_missed"] - 1.0 * frame["sms"] - 2.1
    odds += 0.03 * frame["distance_km"].fillna(25) - 0.5 * frame["urgency"].cat.codes + 0.9 * early + 0.5 * monday
    odds += 0.02 * (35 - frame["age"]).clip(lower=0) + 0.01 * (frame["weight_kg"].fillna(90) - 74)
    odds += frame["clinic"].map(dict(zip(CLINICS, [0, -0.6, 0.4, 0, 0.6, 1.0], strict=True)))
    odds += frame["insurer"].eq("none") * 0.8 + frame["insurer"].isna() * 0.6
    missed = rng.random(n) < 1 / (1 + np.exp(-odds))
    return frame.assign(**{OUTCOME: np.where(missed, "missed", "kept")})


def _drawn(rng: np.random.Generator, levels: tuple[str, ...], n: int, shares: list[float]) -> Any:
    return pd.Series(rng.choice(levels, n, p=shares), dtype="str")


def _ordered(rng: np.random.Generator, levels: tuple[str, ...], n: int, shares: list[float]) -> Any:
    return pd.Categorical(rng.choice(levels, n, p=shares), categories=levels, ordered=True)


def _holes(rng: np.random.Generator, values: Any, share: float) -> Any:
    return np.where(rng.random(len(values)) < share, np.nan, values)


def _moments(rng: np.random.Generator, n: int, begin: str, days: int) -> Any:
    """Moments to the minute, by day rather than by night."""
    minutes = rng.integers(0, days, n) * 1_440 + np.round(rng.normal(12.5, 5, n) * 60).astype("int64") % 1_440
    return pd.Timestamp(begin) + pd.to_timedelta(minutes, unit="min").astype("timedelta64[s]")
