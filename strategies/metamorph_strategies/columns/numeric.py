"""The numeric kinds: Real, Integer and Boolean."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import attrs
import numpy as np
import pandas as pd

from metamorph_strategies.columns.kind import WHOLE, Codes, Kind, Mask, is_finite, is_missing
from metamorph_strategies.errors import SchemaError, expected

FARTHEST = 1e300
"""Reals farther from zero than this leave no room for sums and differences of two of them."""
FINEST = 300
"""The finest quantum is ten to the minus this."""


@attrs.frozen(repr=False)
class Real(Kind):
    """A real number between two finite bounds, both included.

    ``decimals`` is the resolution of the data: with 2, values are whole hundredths, and a bound between two of them
    moves inwards. ``dtype`` is the pandas dtype of generated values. Raises SchemaError for reversed or infinite
    bounds, and where no value lies between them.
    """

    min_value: float
    max_value: float
    decimals: int | None = attrs.field(default=None, kw_only=True)

    stored_as: ClassVar[str] = "f"
    step_wanted: ClassVar[str] = "a positive number"

    def __attrs_post_init__(self) -> None:
        self._settle_dtype("float64")
        _check_bounds(self, -FARTHEST, FARTHEST)
        given = {"min_value": self.min_value, "max_value": self.max_value}
        for name, value in given.items():
            self._set(name, self._stored(value))
        if self.decimals is not None:
            _check_decimals(self)
            self._set("min_value", self._inwards(self.min_value, math.ceil))
            self._set("max_value", self._inwards(self.max_value, math.floor))
            if self.min_value > self.max_value:
                raise SchemaError(expected("a value between the bounds", **given, decimals=self.decimals))
        middle = self.round(np.array([(self.min_value + self.max_value) / 2]), self.quanta[0])[0]
        self._settle_origin(float(np.clip(middle, self.min_value, self.max_value)))
        self._set("origin", self._stored(self.origin))

    @property
    def lowest(self) -> float:  # type: ignore[override]
        return self.min_value

    @property
    def highest(self) -> float:  # type: ignore[override]
        return self.max_value

    @property
    def least_step(self) -> float:
        return 0.0 if self.decimals is None else 10.0**-self.decimals

    @property
    def quanta(self) -> tuple[float, ...]:
        """Three significant digits of the range first, then ten times finer, down to the resolution."""
        width = self.max_value - self.min_value
        first = math.floor(math.log10(width)) - 2 if width > 0 else 0
        last = first - 12
        if self.decimals is not None:
            first, last = max(first, -self.decimals), -self.decimals
        return tuple(10.0**power for power in range(max(first, -FINEST), max(last, -FINEST) - 1, -1))

    def encode(self, values: pd.Series[Any]) -> tuple[Codes, Mask]:
        if isinstance(values.dtype, np.dtype) and values.dtype.kind == "f":
            codes = values.to_numpy(dtype="float64")  # a view: asked for a na_value, it would copy
        else:
            codes = values.to_numpy(dtype="float64", na_value=np.nan)
        return codes, np.isnan(codes)

    def decode(self, codes: Codes, missing: Mask | None = None) -> pd.Series[Any]:
        values = np.asarray(codes, dtype="float64")
        if missing is not None and missing.any():
            values = np.where(missing, np.nan, values)
        column: pd.Series[Any] = pd.Series(values, dtype=self.dtype, copy=False)
        return column

    def contains(self, values: pd.Series[Any]) -> Mask:
        codes, missing = self.encode(values)
        inside = self.admits(codes, missing)
        if self.decimals is None:
            return inside
        return inside & (missing | has_decimals(codes, self.decimals, self._scale, self.dtype))

    def uniform(self, rng: np.random.Generator, low: Codes, high: float) -> Codes:
        codes = low + rng.random(len(low)) * (high - low)
        return codes if self.decimals is None else np.clip(np.round(codes, self.decimals), low, high)

    def round(self, codes: Codes, quantum: float) -> Codes:
        """The multiples of *quantum* nearest to *codes*, as short decimals."""
        digits = max(0, -round(math.log10(quantum)))
        return np.round(np.round(codes / quantum) * quantum, digits)

    def step(self, by: Any) -> float | None:
        return float(by) if is_finite(by) and by > 0 else None

    def plus(self, codes: Any, step: float) -> Any:
        """One code or many, moved by a step; without the dust of binary fractions where the data have a resolution."""
        return codes + step if self.decimals is None else np.round(codes + step, max(self.decimals, 9))

    def value(self, code: Any) -> float:
        return float(code) if self.dtype == "float64" else float(self.decode(np.array([code])).iloc[0])

    def plain(self, value: object) -> float | None:
        return None if is_missing(value) else float(value)  # type: ignore[arg-type]

    @property
    def _scale(self) -> float:
        return max(abs(self.min_value), abs(self.max_value))

    def _stored(self, value: float) -> float:
        """A bound as the column holds it: a float32 column holds the float32 nearest to it."""
        with np.errstate(over="ignore"):
            stored = float(pd.Series([value], dtype="float64").astype(self.dtype)[0])
        if not math.isfinite(stored):
            raise SchemaError(expected(f"bounds that {self.dtype} can hold", bound=value))
        return stored

    def _inwards(self, bound: float, whole: Any) -> float:
        """A bound at the nearest value of the resolution that lies inside."""
        decimals = self.decimals or 0
        if has_decimals(np.array([bound]), decimals, self._scale, self.dtype)[0]:
            return bound
        return self._stored(whole(bound * 10.0**decimals) / 10.0**decimals)


@attrs.frozen(repr=False)
class Integer(Kind):
    """A whole number between two bounds, both included, whatever dtype it is stored in."""

    min_value: int
    max_value: int

    stored_as: ClassVar[str] = "iuf"

    def __attrs_post_init__(self) -> None:
        self._settle_dtype("Int64" if self.nullable else "int64")
        _check_bounds(self, *WHOLE)
        for name in ("min_value", "max_value"):
            value = getattr(self, name)
            if value != int(value):
                raise SchemaError(expected("whole bounds", **{name: value}))
            self._set(name, int(value))
            if not self.holds(int(value)):
                raise SchemaError(expected(f"bounds that {self.dtype} can hold", **{name: value}))
        self._settle_origin((self.min_value + self.max_value) // 2)

    @property
    def lowest(self) -> float:  # type: ignore[override]
        return self.min_value

    @property
    def highest(self) -> float:  # type: ignore[override]
        return self.max_value

    def encode(self, values: pd.Series[Any]) -> tuple[Codes, Mask]:
        if isinstance(values.dtype, np.dtype) and values.dtype.kind in "iub":
            return values.to_numpy(dtype="int64"), np.zeros(len(values), dtype=bool)
        if not isinstance(values.dtype, np.dtype) and values.dtype.kind in "iu":
            return values.to_numpy(dtype="int64", na_value=0), values.isna().to_numpy(dtype=bool)
        codes = values.to_numpy(dtype="float64", na_value=np.nan)
        missing = np.isnan(codes)
        if missing.any():
            codes = np.where(missing, 0.0, codes)
        if len(codes) and max(codes.max(), -codes.min()) >= -float(WHOLE[0]):
            return codes, missing
        whole = codes.astype("int64")
        return (whole if (whole == codes).all() else codes), missing

    def decode(self, codes: Codes, missing: Mask | None = None) -> pd.Series[Any]:
        whole = np.asarray(codes).astype("int64", copy=False)
        if missing is not None and missing.any():
            if isinstance(self.dtype, np.dtype):
                return pd.Series(np.where(missing, np.nan, whole), dtype=self.dtype)
            return pd.Series(whole, dtype="Int64").mask(missing).astype(self.dtype)
        if isinstance(self.dtype, np.dtype):
            whole = whole.astype(self.dtype, copy=False)
        column: pd.Series[Any] = pd.Series(whole, dtype=self.dtype, copy=False)
        return column

    def contains(self, values: pd.Series[Any]) -> Mask:
        codes, missing = self.encode(values)
        inside = self.admits(codes, missing)
        return inside if codes.dtype.kind == "i" else inside & (codes == np.floor(codes))

    def value(self, code: Any) -> int:
        told_apart = self.dtype.kind in "iu" or abs(int(code)) * precision(self.dtype) <= 1
        return int(code) if told_apart else int(self.decode(np.array([code])).iloc[0])

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
    stored_as: ClassVar[str] = "bO"

    def __attrs_post_init__(self) -> None:
        self._settle_dtype("boolean" if self.nullable else "bool")
        self._settle_origin(default=False)

    def encode(self, values: pd.Series[Any]) -> tuple[Codes, Mask]:
        missing = values.isna().to_numpy(dtype=bool)
        if values.dtype.kind == "b":
            filled = values.mask(missing, False) if missing.any() else values  # noqa: FBT003 - the value to fill with
            return filled.to_numpy(dtype=bool).astype("int64"), missing
        true, false = values.isin([True]).to_numpy(dtype=bool), values.isin([False]).to_numpy(dtype=bool)
        return np.where(true, 1, np.where(false, 0, 2)), missing

    def decode(self, codes: Codes, missing: Mask | None = None) -> pd.Series[Any]:
        values = pd.Series(np.asarray(codes).astype(bool), copy=False)
        if missing is None or not missing.any():
            return values.astype(self.dtype)
        if self.dtype == object:
            return values.astype(object).mask(missing, None)
        return values.astype("boolean").mask(missing).astype(self.dtype)

    def series(self, values: Sequence[object]) -> pd.Series[Any]:
        odd = [value for value in values if not is_missing(value) and value not in (False, True)]
        if odd:
            raise ValueError(expected("True or False", value=odd[0]))
        return super().series(values)

    def value(self, code: Any) -> bool:
        return bool(code)

    def plain(self, value: object) -> bool | None:
        return None if is_missing(value) else bool(value)


def has_decimals(codes: Codes, decimals: int, scale: float, dtype: Any) -> Mask:
    """Whether each number has at most *decimals* decimals, up to the rounding of binary fractions.

    How far rounding may go depends on the *scale* of the column's numbers and on its *dtype*, not on one number alone:
    5.6e-17 is a zero among tenths (0.1 + 0.2 - 0.3), and none among numbers of its own size.
    """
    dust = max(2 * precision(dtype) * scale, min(1e-9 * scale, 1e-3 * 10.0**-decimals))
    with np.errstate(over="ignore", invalid="ignore"):  # values beyond the column's bounds may be of any size
        near: Mask = np.abs(codes - np.round(codes, decimals)) <= dust
    return near


def precision(dtype: Any) -> float:
    """The relative distance between neighbouring numbers of a float dtype."""
    stored = getattr(dtype, "numpy_dtype", dtype)
    return float(np.finfo(stored).eps) if stored in {np.dtype("float32"), np.dtype("float16")} else 2.0**-52


def _check_decimals(column: Real) -> None:
    """Refuse a resolution that is none, or that the dtype cannot tell apart between these bounds."""
    decimals, scale = column.decimals, max(abs(column.min_value), abs(column.max_value))
    if isinstance(decimals, bool) or not isinstance(decimals, int | np.integer) or not 0 <= decimals <= FINEST:
        raise SchemaError(expected(f"decimals from 0 to {FINEST}", decimals=decimals))
    if precision(column.dtype) * scale > 10.0**-decimals:
        wanted = f"decimals that {column.dtype} can tell apart up to {scale:g}"
        raise SchemaError(expected(wanted, decimals=decimals))


def _check_bounds(column: Real | Integer, least: float, largest: float) -> None:
    """Refuse bounds that are no numbers, reversed, or beyond what the kind can calculate with."""
    low, high = column.min_value, column.max_value
    if not (is_finite(low) and is_finite(high)):
        raise SchemaError(expected("finite numbers as bounds", min_value=low, max_value=high))
    if low > high:
        wanted = f"min_value <= max_value in {type(column).__name__}"
        raise SchemaError(expected(wanted, min_value=low, max_value=high))
    if low < least or high > largest:
        wanted = f"bounds from {least} to {largest}"
        raise SchemaError(expected(wanted, min_value=low, max_value=high))
