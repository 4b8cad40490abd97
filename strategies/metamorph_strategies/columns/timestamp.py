"""The kind of a column of moments, with or without a time zone."""

from __future__ import annotations

import datetime
from typing import Any, ClassVar

import attrs
import numpy as np
import pandas as pd

from metamorph_strategies.columns.kind import Codes, Kind, Mask, is_finite, is_missing
from metamorph_strategies.errors import SchemaError, expected

SECOND = 10**9
"""Nanoseconds in a second."""


def _moment(value: Any) -> pd.Timestamp:
    """A bound as a pandas Timestamp."""
    try:
        moment = pd.NaT if is_finite(value) else pd.Timestamp(value)  # a number would be nanoseconds since 1970
    except (TypeError, ValueError):
        moment = pd.NaT
    if pd.isna(moment):
        raise SchemaError(expected("a date or a time as a bound", bound=value))
    return moment


@attrs.frozen(repr=False)
class Timestamp(Kind):
    """A moment between two bounds, both included; with a time zone where the bounds have one.

    ``quantum`` is the resolution in nanoseconds (by default whole seconds). Raises SchemaError for reversed bounds,
    where only one of them has a time zone, and for bounds before 1677-09-21 or after 2262-04-11.
    """

    min_value: pd.Timestamp = attrs.field(converter=_moment)
    max_value: pd.Timestamp = attrs.field(converter=_moment)
    quantum: int = attrs.field(default=SECOND, kw_only=True)

    stored_as: ClassVar[str] = "M"
    step_wanted: ClassVar[str] = "a positive Timedelta"

    def __attrs_post_init__(self) -> None:
        zone = self.min_value.tz
        self._settle_dtype("datetime64[ns]" if zone is None else pd.DatetimeTZDtype("ns", zone))
        self._check_bounds()
        if isinstance(self.quantum, bool) or not isinstance(self.quantum, int | np.integer) or self.quantum < 1:
            raise SchemaError(expected("a quantum of whole nanoseconds", quantum=self.quantum))
        if self.lowest > self.highest:
            given = {"min_value": self.min_value, "max_value": self.max_value, "quantum": self.quantum}
            raise SchemaError(expected("a moment of the resolution between the bounds", **given))
        middle = self.round(np.array([self.lowest + (self.highest - self.lowest) // 2]), self.quanta[0])
        inside = np.clip(middle, self.lowest, self.highest)
        self._settle_origin(self.plain(self.decode(inside)[0]))

    @property
    def lowest(self) -> int:  # type: ignore[override]
        return -(-_code(self.min_value) // self.quantum) * self.quantum

    @property
    def highest(self) -> int:  # type: ignore[override]
        return _code(self.max_value) // self.quantum * self.quantum

    @property
    def least_step(self) -> float:
        return self.quantum

    @property
    def quanta(self) -> tuple[float, ...]:
        """Days, hours, minutes, seconds and finer, down to the resolution."""
        steps = (86_400 * SECOND, 3_600 * SECOND, 60 * SECOND, SECOND, 10**6, 10**3, 1)
        return (*(step for step in steps if step > self.quantum), self.quantum)

    def encode(self, values: pd.Series[Any]) -> tuple[Codes, Mask]:
        if (values.dt.tz is None) != (self._zone is None):
            msg = f"its time zone is {values.dt.tz}, the column's {self._zone}"
            raise TypeError(msg)
        moments = values if values.dt.unit == "ns" else values.dt.as_unit("ns")  # NumPy's cast wraps around beyond 2262
        return moments.to_numpy(dtype="datetime64[ns]").view("int64"), values.isna().to_numpy(dtype=bool)

    def decode(self, codes: Codes, missing: Mask | None = None) -> pd.Series[Any]:
        moments = np.asarray(codes).astype("int64").view("datetime64[ns]")
        if missing is not None:
            moments[missing] = np.datetime64("NaT", "ns")
        values = pd.Series(moments, copy=False)
        if self._zone is None:
            return values.astype(self.dtype)
        return values.dt.tz_localize("UTC").dt.tz_convert(self._zone).astype(self.dtype)

    def contains(self, values: pd.Series[Any]) -> Mask:
        codes, missing = self.encode(values)
        on_grid: Mask = codes % self.quantum == 0
        return self.admits(codes, missing) & (missing | on_grid)

    def uniform(self, rng: np.random.Generator, low: Codes, high: float) -> Codes:
        first = -(-low.astype("int64") // self.quantum)
        return rng.integers(first, np.maximum(first, int(high) // self.quantum), endpoint=True) * self.quantum

    def round(self, codes: Codes, quantum: float) -> Codes:
        return (np.asarray(codes).astype("int64") + int(quantum) // 2) // int(quantum) * int(quantum)

    def step(self, by: Any) -> int | None:
        if isinstance(by, bool) or is_finite(by):  # pandas would take it for nanoseconds
            return None
        try:
            step = int(pd.Timedelta(by).as_unit("ns").value)
        except (TypeError, ValueError):
            return None
        return step if step > 0 else None

    def plain(self, value: object) -> datetime.datetime | None:
        if is_missing(value):
            return None
        moment = pd.Timestamp(value)  # type: ignore[arg-type]
        return moment if moment.nanosecond else moment.to_pydatetime()  # Python's own has no nanoseconds

    @property
    def _zone(self) -> Any:
        stored = getattr(self.dtype, "pyarrow_dtype", self.dtype)  # Arrow's own type knows the zone
        return getattr(stored, "tz", None)

    def _check_bounds(self) -> None:
        low, high = self.min_value, self.max_value
        if len({low.tz is None, high.tz is None, self._zone is None}) > 1:
            zones = {"min_value": f"{low.tz}", "max_value": f"{high.tz}", "dtype": f"{self._zone}"}
            raise SchemaError(expected("time zones of both bounds and the dtype, or of none,", **zones))
        if low > high:
            raise SchemaError(expected("min_value <= max_value in Timestamp", min_value=low, max_value=high))
        for name, moment in (("min_value", low), ("max_value", high)):
            try:
                _code(moment)
            except pd.errors.OutOfBoundsDatetime:
                wanted = "moments from 1677-09-21 to 2262-04-11 (make an open end a missing value)"
                raise SchemaError(expected(wanted, **{name: moment})) from None


def _code(moment: pd.Timestamp) -> int:
    """A moment as nanoseconds since 1970."""
    return int((moment.tz_convert("UTC").tz_localize(None) if moment.tz is not None else moment).as_unit("ns").value)
