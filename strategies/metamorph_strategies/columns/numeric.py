"""The numeric kinds: Real, Integer and Boolean."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import attrs
import numpy as np
import pandas as pd

from metamorph_strategies.columns.kind import Codes, Kind, Mask, as_dtype, is_missing
from metamorph_strategies.errors import SchemaError


@attrs.frozen(repr=False)
class Real(Kind):
    """A real number between two finite bounds, both included.

    ``decimals`` is the resolution of the data: with 2, values are whole hundredths. ``dtype`` is the pandas dtype of
    generated values. Raises SchemaError for reversed or infinite bounds.
    """

    min_value: float
    max_value: float
    decimals: int | None = attrs.field(default=None, kw_only=True)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "dtype", as_dtype(self.dtype or "float64"))
        _check_bounds(self, self.min_value, self.max_value)
        for name in ("min_value", "max_value"):  # a float32 column holds the float32 nearest to its bound
            object.__setattr__(self, name, float(pd.Series([getattr(self, name)], dtype=self.dtype)[0]))
        middle = self.round(np.array([(self.min_value + self.max_value) / 2]), self.quanta[0])[0]
        self._origin(float(np.clip(middle, self.min_value, self.max_value)))

    @property
    def lowest(self) -> float:  # type: ignore[override]
        return self.min_value

    @property
    def highest(self) -> float:  # type: ignore[override]
        return self.max_value

    @property
    def quanta(self) -> tuple[float, ...]:
        """Three significant digits of the range first, then ten times finer, down to the resolution."""
        width = self.max_value - self.min_value
        first = math.floor(math.log10(width)) - 2 if width > 0 else 0
        last = first - 12
        if self.decimals is not None:
            first, last = max(first, -self.decimals), -self.decimals
        return tuple(10.0**power for power in range(first, last - 1, -1))

    def encode(self, values: pd.Series[Any]) -> tuple[Codes, Mask]:
        codes = values.to_numpy(dtype="float64", na_value=np.nan)
        return codes, np.isnan(codes)

    def decode(self, codes: Codes, missing: Mask | None = None) -> pd.Series[Any]:
        values = np.asarray(codes, dtype="float64")
        if missing is not None and missing.any():
            values = np.where(missing, np.nan, values)
        column: pd.Series[Any] = pd.Series(values, dtype=self.dtype)
        return column

    def contains(self, values: pd.Series[Any]) -> Mask:
        codes, missing = self.encode(values)
        inside = self.admits(codes, missing)
        if self.decimals is None:
            return inside
        return inside & (missing | has_decimals(codes, self.decimals))

    def uniform(self, rng: np.random.Generator, low: Codes, high: float) -> Codes:
        codes = low + rng.random(len(low)) * (high - low)
        return codes if self.decimals is None else np.clip(np.round(codes, self.decimals), low, high)

    def round(self, codes: Codes, quantum: float) -> Codes:
        """The multiples of *quantum* nearest to *codes*, as short decimals."""
        digits = max(0, -round(math.log10(quantum)))
        return np.round(np.round(codes / quantum) * quantum, digits)

    def plain(self, value: object) -> float | None:
        return None if is_missing(value) else float(value)  # type: ignore[arg-type]


@attrs.frozen(repr=False)
class Integer(Kind):
    """A whole number between two bounds, both included, whatever dtype it is stored in."""

    min_value: int
    max_value: int

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "dtype", as_dtype(self.dtype or ("Int64" if self.nullable else "int64")))
        _check_bounds(self, self.min_value, self.max_value)
        if self.min_value != int(self.min_value) or self.max_value != int(self.max_value):
            msg = f"Expected whole bounds but got min_value={self.min_value!r}, max_value={self.max_value!r}."
            raise SchemaError(msg)
        object.__setattr__(self, "min_value", int(self.min_value))
        object.__setattr__(self, "max_value", int(self.max_value))
        self._origin((self.min_value + self.max_value) // 2)

    @property
    def lowest(self) -> float:  # type: ignore[override]
        return self.min_value

    @property
    def highest(self) -> float:  # type: ignore[override]
        return self.max_value

    def encode(self, values: pd.Series[Any]) -> tuple[Codes, Mask]:
        if isinstance(values.dtype, np.dtype) and values.dtype.kind in "iub":
            return values.to_numpy(dtype="int64"), np.zeros(len(values), dtype=bool)
        missing = values.isna().to_numpy(dtype=bool)
        if isinstance(values.dtype, np.dtype) or values.dtype.kind == "f":
            codes = np.where(missing, 0.0, values.to_numpy(dtype="float64", na_value=0.0))
            whole = codes.astype("int64") if (np.abs(codes) < 2.0**63).all() else codes
            return (whole if (whole == codes).all() else codes), missing
        return values.to_numpy(dtype="int64", na_value=0), missing

    def decode(self, codes: Codes, missing: Mask | None = None) -> pd.Series[Any]:
        whole = pd.Series(np.asarray(codes).astype("int64"))
        if missing is None or not missing.any():
            return whole.astype(self.dtype)
        if isinstance(self.dtype, np.dtype):
            return pd.Series(np.where(missing, np.nan, whole.to_numpy()), dtype=self.dtype)
        return whole.astype("Int64").mask(missing).astype(self.dtype)

    def contains(self, values: pd.Series[Any]) -> Mask:
        codes, missing = self.encode(values)
        whole: Mask = codes == np.floor(codes)
        return self.admits(codes, missing) & whole

    def plain(self, value: object) -> int | float | None:
        if is_missing(value):
            return None
        number = float(value)  # type: ignore[arg-type]
        return int(value) if number.is_integer() else number  # type: ignore[call-overload]


@attrs.frozen(repr=False)
class Boolean(Kind):
    """False or True; a direction moves it from False to True."""

    lowest: ClassVar[float] = 0
    highest: ClassVar[float] = 1

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "dtype", as_dtype(self.dtype or ("boolean" if self.nullable else "bool")))
        self._origin(default=False)

    def encode(self, values: pd.Series[Any]) -> tuple[Codes, Mask]:
        missing = values.isna().to_numpy(dtype=bool)
        filled = values.mask(missing, False) if missing.any() else values  # noqa: FBT003 - the value to fill with
        return filled.to_numpy(dtype="bool").astype("int64"), missing

    def decode(self, codes: Codes, missing: Mask | None = None) -> pd.Series[Any]:
        values = pd.Series(np.asarray(codes).astype(bool))
        if missing is None or not missing.any():
            return values.astype(self.dtype)
        if self.dtype == object:
            return values.astype(object).mask(missing, None)
        return values.astype("boolean").mask(missing).astype(self.dtype)

    def plain(self, value: object) -> bool | None:
        return None if is_missing(value) else bool(value)


def has_decimals(codes: Codes, decimals: int) -> Mask:
    """Whether each number has at most *decimals* decimals, up to the rounding of binary fractions."""
    return np.abs(codes - np.round(codes, decimals)) <= 1e-9 * np.maximum(1.0, np.abs(codes))


def _check_bounds(column: object, low: float, high: float) -> None:
    if not (math.isfinite(low) and math.isfinite(high)):
        msg = f"Expected finite bounds but got min_value={low!r}, max_value={high!r}."
        raise SchemaError(msg)
    if low > high:
        kind = type(column).__name__
        msg = f"Expected min_value <= max_value in {kind} but got min_value={low!r}, max_value={high!r}."
        raise SchemaError(msg)
