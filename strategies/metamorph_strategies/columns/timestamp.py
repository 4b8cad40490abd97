"""The kind of a column of moments, with or without a time zone."""

from __future__ import annotations

import datetime
from typing import Any

import attrs
import numpy as np
import pandas as pd

from metamorph_strategies.columns.kind import Codes, Kind, Mask, as_dtype, is_missing
from metamorph_strategies.errors import SchemaError

SECOND = 10**9
"""Nanoseconds in a second."""


@attrs.frozen(repr=False)
class Timestamp(Kind):
    """A moment between two bounds, both included; with a time zone where the bounds have one.

    ``quantum`` is the resolution in nanoseconds (by default whole seconds).
    """

    min_value: pd.Timestamp = attrs.field(converter=pd.Timestamp)
    max_value: pd.Timestamp = attrs.field(converter=pd.Timestamp)
    quantum: int = attrs.field(default=SECOND, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if self.dtype is None:
            zone = self.min_value.tz
            object.__setattr__(self, "dtype", "datetime64[ns]" if zone is None else pd.DatetimeTZDtype("ns", zone))
        object.__setattr__(self, "dtype", as_dtype(self.dtype))
        if pd.isna(self.min_value) or pd.isna(self.max_value) or self.min_value > self.max_value:
            msg = f"Expected min_value <= max_value but got min_value={self.min_value}, max_value={self.max_value}."
            raise SchemaError(msg)
        middle = self.round(np.array([self.lowest + (self.highest - self.lowest) // 2]), self.quanta[0])
        inside = np.clip(middle, self.lowest, self.highest)
        self._origin(self.plain(self.decode(inside)[0]))

    @property
    def lowest(self) -> int:  # type: ignore[override]
        return self._code(self.min_value)

    @property
    def highest(self) -> int:  # type: ignore[override]
        return self._code(self.max_value)

    @property
    def quanta(self) -> tuple[float, ...]:
        """Days, hours, minutes, seconds and finer, down to the resolution."""
        steps = (86_400 * SECOND, 3_600 * SECOND, 60 * SECOND, SECOND, 10**6, 10**3, 1)
        return tuple(step for step in steps if step > self.quantum) + (self.quantum,)

    def encode(self, values: pd.Series[Any]) -> tuple[Codes, Mask]:
        moments = values.dt.tz_convert("UTC").dt.tz_localize(None) if self._zone is not None else values
        return (
            moments.to_numpy(dtype="datetime64[ns]").view("int64").copy(),
            values.isna().to_numpy(dtype=bool),
        )

    def decode(self, codes: Codes, missing: Mask | None = None) -> pd.Series[Any]:
        moments = np.asarray(codes).astype("int64").view("datetime64[ns]").copy()
        if missing is not None:
            moments[missing] = np.datetime64("NaT")
        values = pd.Series(moments)
        if self._zone is None:
            return values.astype(self.dtype)
        return values.dt.tz_localize("UTC").dt.tz_convert(self._zone).astype(self.dtype)

    def contains(self, values: pd.Series[Any]) -> Mask:
        codes, missing = self.encode(values)
        on_grid: Mask = codes % self.quantum == 0
        return self.admits(codes, missing) & (missing | on_grid)

    def uniform(self, rng: np.random.Generator, low: Codes, high: float) -> Codes:
        low = low.astype("int64")
        first = -(-low // self.quantum)
        return rng.integers(first, np.maximum(first, int(high) // self.quantum), endpoint=True) * self.quantum

    def round(self, codes: Codes, quantum: float) -> Codes:
        return (np.asarray(codes).astype("int64") + int(quantum) // 2) // int(quantum) * int(quantum)

    def plain(self, value: object) -> datetime.datetime | None:
        return None if is_missing(value) else pd.Timestamp(value).to_pydatetime(warn=False)  # type: ignore[arg-type]

    @property
    def _zone(self) -> Any:
        return getattr(self.dtype, "tz", None)

    def _code(self, moment: pd.Timestamp) -> int:
        return int(
            (moment.tz_convert("UTC").tz_localize(None) if moment.tz is not None else moment).as_unit("ns").value
        )
