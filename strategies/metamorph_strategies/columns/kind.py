"""What every column kind shares: missingness, dtype, and drawing by codes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import attrs
import numpy as np
import numpy.typing as npt
import pandas as pd

from metamorph_strategies.errors import SchemaError, listed

Codes = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]
Cells = tuple[Codes, Mask]
"""A column's codes with the mask of missing ones."""

_SAID = ("decimals", "ordered", "nullable")
"""Keyword fields that a column's repr shows where they are not the default."""

MISSING_SHARE = 0.1
"""Share of missing entries among explored values of a nullable column."""


@attrs.frozen(kw_only=True, repr=False)
class Kind:
    """What every column kind shares: missingness, dtype, and drawing by codes."""

    nullable: bool = False
    origin: Any = None
    dtype: Any = None

    ordered: ClassVar[bool] = True
    lowest: ClassVar[float]
    highest: ClassVar[float]

    def encode(self, values: pd.Series[Any]) -> tuple[Codes, Mask]:
        """The codes of *values* and the mask of missing ones, both of shape ``(n,)``."""
        raise NotImplementedError

    def decode(self, codes: Codes, missing: Mask | None = None) -> pd.Series[Any]:
        """The values of *codes* in this column's dtype."""
        raise NotImplementedError

    def admits(self, codes: Codes, missing: Mask) -> Mask:
        """Whether each coded value lies within bounds or levels; the resolution is not asked for."""
        return np.where(missing, self.nullable, (codes >= self.lowest) & (codes <= self.highest))

    def contains(self, values: pd.Series[Any]) -> Mask:
        """Whether each entry of *values* (shape ``(n,)``) is a value of this column."""
        return self.admits(*self.encode(values))

    def sample(self, rng: np.random.Generator, n: int) -> pd.Series[Any]:
        """*n* explored values: uniform over bounds or levels, a tenth of them missing where they may be."""
        missing = rng.random(n) < MISSING_SHARE if self.nullable else None
        return self.decode(self.uniform(rng, np.full(n, self.lowest), self.highest), missing)

    def uniform(self, rng: np.random.Generator, low: Codes, high: float) -> Codes:
        """One code uniform in ``[low, high]`` for each entry of *low*."""
        return rng.integers(low.astype(np.int64), int(high), endpoint=True)

    def round(self, codes: Codes, quantum: float) -> Codes:  # noqa: ARG002 - a Real's codes need the quantum
        """The multiples of *quantum* nearest to *codes*."""
        return np.round(codes).astype("int64")

    def boundary(self) -> pd.Series[Any]:
        """The values at the edges: both bounds, their neighbours, the origin, and missing where it may be."""
        step = self.quanta[-1] if self.quanta else 1
        edges = [self.lowest, self.lowest + step, self.highest - step, self.highest]
        origin, absent = self.encode(self.series([self.origin]))
        codes = np.unique(np.clip(np.append(edges, origin[~absent]), self.lowest, self.highest))
        missing = np.zeros(len(codes) + self.nullable, dtype=bool)
        missing[len(codes) :] = True
        return self.decode(np.append(codes, codes[:1]) if self.nullable else codes, missing)

    @property
    def quanta(self) -> tuple[float, ...]:
        """Steps between plain values, coarsest first; empty where the levels have no order."""
        return (1,)

    def series(self, values: Sequence[object]) -> pd.Series[Any]:
        """Plain Python values as a Series of this column's dtype."""
        return pd.Series([None if is_missing(value) else value for value in values], dtype=self.dtype)

    def plain(self, value: object) -> Any:
        """One entry of a Series as a plain Python value; missing is ``None``."""
        return None if is_missing(value) else value

    def __repr__(self) -> str:
        fields = attrs.fields(type(self))
        values = [_listed(getattr(self, field.name)) for field in fields if not field.kw_only]
        said = [field.name for field in fields if field.name in _SAID and getattr(self, field.name) != field.default]
        return f"{type(self).__name__}({', '.join(values + [f'{name}={getattr(self, name)!r}' for name in said])})"

    def _origin(self, default: object) -> None:
        """Set the origin to *default* where none was given; refuse one that is not of the column."""
        if self.origin is None:
            object.__setattr__(self, "origin", default)
        elif not bool(self.contains(self.series([self.origin]))[0]):
            msg = f"Expected an origin within {self!r} but got origin={self.origin!r}."
            raise SchemaError(msg)


def is_missing(value: object) -> bool:
    """Whether a scalar stands for missing: None, NaN, NaT or NA."""
    return value is None or (pd.api.types.is_scalar(value) and bool(pd.isna(value)))  # type: ignore[call-overload]


def unequal(left: Cells, right: Cells) -> Mask:
    """Whether coded cells differ; missing equals missing."""
    differ: Mask = (left[1] != right[1]) | (~left[1] & ~right[1] & (left[0] != right[0]))
    return differ


def as_dtype(dtype: object) -> Any:
    """A pandas or NumPy dtype from its name or itself."""
    return pd.api.types.pandas_dtype(dtype)


def _listed(value: Any) -> str:
    return f"[{listed(value, at_most=4)}]" if isinstance(value, tuple) else str(value)
