"""What every column kind shares: missingness, dtype, and drawing by codes."""

from __future__ import annotations

import datetime
import math
from collections.abc import Sequence
from typing import Any, ClassVar

import attrs
import numpy as np
import numpy.typing as npt
import pandas as pd

from metamorph_strategies.errors import SchemaError, expected, listed
from metamorph_strategies.printing import Printed

Codes = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]
Cells = tuple[Codes, Mask]
"""A column's codes with the mask of missing ones."""

_SAID = ("decimals", "ordered", "nullable")
"""Keyword fields that a column's repr shows where they are not the default."""

WRITABLE = (str, int, float, datetime.date, pd.Interval)
"""Types of values that a schema and a report can write down, and read again."""
MISSING_SHARE = 0.1
"""Share of missing entries among explored values of a nullable column."""
WHOLE = -(2**63), 2**63 - 1
"""The least and the largest whole number that a code can be."""
_LARGEST_WHOLE_FLOAT = 2.0**63 - 1024


@attrs.frozen(kw_only=True, repr=False)
class Kind(Printed):
    """What every column kind shares: missingness, dtype, and drawing by codes."""

    nullable: bool = False
    origin: Any = None
    dtype: Any = None

    ordered: ClassVar[bool] = True
    stored_as: ClassVar[str]
    """NumPy's letters for the dtypes that can hold the values."""
    step_wanted: ClassVar[str] = "whole steps of at least 1"
    """What :meth:`step` takes, in words."""
    lowest: ClassVar[float]
    highest: ClassVar[float]

    def encode(self, values: pd.Series[Any]) -> tuple[Codes, Mask]:
        """The codes of *values* and the mask of missing ones, both of shape ``(n,)``; not to be written to."""
        raise NotImplementedError

    def decode(self, codes: Codes, missing: Mask | None = None) -> pd.Series[Any]:
        """The values of *codes* in this column's dtype."""
        raise NotImplementedError

    def admits(self, codes: Codes, missing: Mask) -> Mask:
        """Whether each coded value lies within bounds or levels; the resolution is not asked for."""
        inside: Mask = (codes >= self.lowest) & (codes <= self.highest)
        return inside | missing if self.nullable else inside & ~missing

    def contains(self, values: pd.Series[Any]) -> Mask:
        """Whether each entry of *values* (shape ``(n,)``) is a value of this column."""
        return self.admits(*self.encode(values))

    def holds(self, value: object) -> bool:
        """Whether a plain Python value is one of this column's."""
        try:
            return bool(self.contains(self.series([value]))[0])
        except (TypeError, ValueError, OverflowError):
            return False

    def sample(self, rng: np.random.Generator, n: int) -> pd.Series[Any]:
        """*n* explored values: uniform over bounds or levels, a tenth of them missing where they may be."""
        missing = rng.random(n) < MISSING_SHARE if self.nullable else None
        return self.decode(self.uniform(rng, np.full(n, self.lowest), self.highest), missing)

    def uniform(self, rng: np.random.Generator, low: Codes, high: float) -> Codes:
        """One code uniform in ``[low, high]`` for each entry of *low*."""
        return rng.integers(low.astype(np.int64), int(high), endpoint=True)

    def round(self, codes: Codes, quantum: float) -> Codes:  # noqa: ARG002 - a Real's codes need the quantum
        """The multiples of *quantum* nearest to *codes*."""
        if codes.dtype.kind == "i":
            return codes
        return np.clip(np.round(codes), WHOLE[0], _LARGEST_WHOLE_FLOAT).astype("int64")

    def step(self, by: Any) -> Any:
        """A step up as the user gives it, in codes; None for what is no step of this kind."""
        return int(by) if is_finite(by) and 1 <= by <= WHOLE[1] and by == int(by) else None

    def plus(self, codes: Any, step: float) -> Any:
        """One code or many, moved by a step."""
        return codes + step

    def boundary(self) -> pd.Series[Any]:
        """The values at the edges: both bounds, their neighbours, the origin, and missing where it may be."""
        step = self.quanta[-1]
        neighbours = min(self.plus(self.lowest, step), self.highest), max(self.plus(self.highest, -step), self.lowest)
        origin, absent = self.encode(self.series([self.origin]))
        codes = np.unique(np.append([self.lowest, *neighbours, self.highest], origin[~absent]))
        return self._with_missing(codes)

    @property
    def least_step(self) -> float:
        """The smallest difference between two values, 0 where there is none."""
        return 1

    @property
    def tick(self) -> float:
        """The step of the grid that values are searched on: the smallest difference, else a plain one."""
        return self.least_step or self.quanta[0]

    @property
    def quanta(self) -> tuple[float, ...]:
        """Steps between plain values, coarsest first; empty where the levels have no order."""
        return (1,)

    def series(self, values: Sequence[object]) -> pd.Series[Any]:
        """Plain Python values as a Series of this column's dtype; TypeError or ValueError for what it cannot hold."""
        return pd.Series([None if is_missing(value) else value for value in values], dtype=self.dtype)

    def value(self, code: Any) -> Any:
        """One code as a plain Python value."""
        return self.plain(self.decode(np.array([code])).iloc[0])

    def plain(self, value: object) -> Any:
        """One entry of a Series as a plain Python value; missing is ``None``."""
        return None if is_missing(value) else value

    def __repr__(self) -> str:
        fields = attrs.fields(type(self))
        values = [_listed(getattr(self, field.name)) for field in fields if not field.kw_only]
        said = [field.name for field in fields if field.name in _SAID and getattr(self, field.name) != field.default]
        return f"{type(self).__name__}({', '.join(values + [f'{name}={getattr(self, name)!r}' for name in said])})"

    def _with_missing(self, codes: Codes) -> pd.Series[Any]:
        """The values of *codes*, and a missing one where it may be."""
        missing = np.arange(len(codes) + self.nullable) == len(codes)
        return self.decode(np.append(codes, codes[:1]) if self.nullable else codes, missing)

    def _settle_dtype(self, default: Any) -> None:
        """Set the dtype, *default* where none was given; refuse one that cannot hold the values."""
        given = default if self.dtype is None else self.dtype
        try:
            dtype = pd.api.types.pandas_dtype(given)
        except (TypeError, ValueError, ImportError):
            raise SchemaError(expected("a dtype that pandas knows", dtype=given)) from None
        whole = isinstance(dtype, np.dtype) and dtype.kind in "iub"
        if dtype.kind not in self.stored_as or (self.nullable and whole):
            missing = " and missing ones" if self.nullable else ""
            raise SchemaError(expected(f"a dtype that holds {type(self).__name__} values{missing}", dtype=str(dtype)))
        self._set("dtype", dtype)

    def _settle_origin(self, default: object) -> None:
        """Set the origin to *default* where none was given; refuse one that is not of the column."""
        if self.origin is None:
            self._set("origin", default)
        elif not self.holds(self.origin):
            raise SchemaError(expected(f"an origin within {self!r}", origin=self.origin))

    def _set(self, field: str, value: object) -> None:
        """Set a field while the frozen column is being made."""
        object.__setattr__(self, field, value)


def is_missing(value: object) -> bool:
    """Whether a scalar stands for missing: None, NaN, NaT or NA."""
    return value is None or (pd.api.types.is_scalar(value) and bool(pd.isna(value)))  # type: ignore[call-overload]


def is_finite(value: object) -> bool:
    """Whether a value is a number, neither infinite nor NaN; True and False are none."""
    if isinstance(value, float | np.floating):
        return math.isfinite(value)
    return isinstance(value, int | np.integer) and not isinstance(value, bool | np.timedelta64)


def unequal(left: Cells, right: Cells) -> Mask:
    """Whether coded cells differ; missing equals missing."""
    differ: Mask = left[0] != right[0]
    if left[1].any() or right[1].any():
        differ = (differ & ~left[1] & ~right[1]) | (left[1] != right[1])
    return differ


def _listed(value: Any) -> str:
    return f"[{listed(value, at_most=4)}]" if isinstance(value, tuple) else str(value)
