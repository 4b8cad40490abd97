"""The kind of a column with levels, ordered or not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

import attrs
import numpy as np
import pandas as pd

from metamorph_strategies.columns.kind import WRITABLE, Codes, Kind, Mask, is_missing
from metamorph_strategies.errors import SchemaError, expected


def _listed(levels: Any) -> tuple[Any, ...]:
    """Levels as a tuple of plain values."""
    if isinstance(levels, str | bytes) or not isinstance(levels, Iterable):
        raise SchemaError(expected("a list of levels", levels=levels))
    return tuple(level.item() if isinstance(level, np.number | np.bool_ | np.str_) else level for level in levels)


@attrs.frozen(repr=False)
class Category(Kind):
    """One of the given levels; with ``ordered=True`` they stand in rising order.

    Levels are text, numbers, dates, Timestamps or Intervals. ``missing_value`` is what stands for missing in object
    columns (``None`` or NaN: encoders tell them apart).
    """

    levels: tuple[Any, ...] = attrs.field(converter=_listed)
    ordered: bool = attrs.field(default=False, kw_only=True)  # type: ignore[misc]
    missing_value: Any = attrs.field(default=None, kw_only=True, eq=repr)  # NaN is not equal to itself

    stored_as: ClassVar[str] = "OUiufbMm"

    def __attrs_post_init__(self) -> None:
        self._check_levels()
        self._settle_dtype(self._default_dtype() if self.dtype is None else None)
        if self.dtype == "category" and self.dtype.categories is None:
            self._set("dtype", pd.CategoricalDtype(list(self.levels), ordered=self.ordered))
        if not self._dtype_holds_levels():
            raise SchemaError(expected(f"levels that the dtype {self.dtype} can hold", levels=list(self.levels)))
        self._settle_origin(self.levels[0])

    @property
    def lowest(self) -> float:  # type: ignore[override]
        return 0

    @property
    def highest(self) -> float:  # type: ignore[override]
        return len(self.levels) - 1

    @property
    def quanta(self) -> tuple[float, ...]:
        return (1,) if self.ordered else ()

    def encode(self, values: pd.Series[Any]) -> tuple[Codes, Mask]:
        if isinstance(values.dtype, pd.CategoricalDtype):
            of_category = self._index().get_indexer(pd.Index(values.cat.categories))
            places = values.cat.codes.to_numpy()
            return np.append(of_category, -1)[places].astype("int64", copy=False), places < 0
        codes = self._index().get_indexer(pd.Index(values.to_numpy(dtype=object), dtype=object))
        unknown = codes < 0
        missing = values.isna().to_numpy(dtype=bool) if unknown.any() else unknown
        return codes.astype("int64", copy=False), missing

    def decode(self, codes: Codes, missing: Mask | None = None) -> pd.Series[Any]:
        places = np.asarray(codes).astype("int64", copy=False)
        if missing is not None and missing.any():
            places = np.where(missing, len(self.levels), places)
        pool = self._stored([*self.levels, *([None] if self.nullable else [])])
        return pool.take(places).reset_index(drop=True)

    def boundary(self) -> pd.Series[Any]:
        """Every level, and missing where it may be."""
        return self._with_missing(np.arange(len(self.levels)))

    def series(self, values: Sequence[object]) -> pd.Series[Any]:
        known = set(self.levels)
        odd = [value for value in values if not is_missing(value) and value not in known]
        if odd:
            raise ValueError(expected(f"a level of {self!r}", value=odd[0]))
        return self._stored(values)

    def value(self, code: Any) -> Any:
        return self.levels[int(code)]

    def plain(self, value: object) -> Any:
        return None if is_missing(value) else getattr(value, "item", lambda: value)()

    def _stored(self, values: Sequence[object]) -> pd.Series[Any]:
        """Levels, and missing ones, as a Series of this column's dtype."""
        entries = np.empty(len(values), dtype=object)
        entries[:] = [self.missing_value if is_missing(value) else value for value in values]
        stored: pd.Series[Any] = pd.Series(entries, dtype=self.dtype)
        return stored

    def _index(self) -> pd.Index[Any]:
        levels: pd.Index[Any] = pd.Index(np.array([*self.levels, None], dtype=object)[:-1], dtype=object)
        return levels

    def _check_levels(self) -> None:
        levels = list(self.levels)
        if not levels:
            raise SchemaError(expected("at least one level", levels=levels))
        if pd.isna(self._index()).any():
            raise SchemaError(expected("levels without a missing one (nullable=True allows those)", levels=levels))
        odd = [level for level in levels if not isinstance(level, WRITABLE)]
        if odd:
            wanted = "levels that are text, numbers, dates, Timestamps or Intervals"
            raise SchemaError(expected(f"{wanted} (convert them to text)", level=odd[0]))
        if len(set(levels)) < len(levels):
            raise SchemaError(expected("distinct levels", levels=levels))

    def _default_dtype(self) -> Any:
        try:
            levels = pd.Series(list(self.levels))
        except UnicodeEncodeError:  # text that Arrow cannot store (lone surrogates have no bytes)
            return np.dtype(object)
        return (levels.convert_dtypes() if self.nullable else levels).dtype

    def _dtype_holds_levels(self) -> bool:
        if isinstance(self.dtype, pd.CategoricalDtype):
            return bool((self.dtype.categories.get_indexer(self._index()) >= 0).all())
        try:
            codes, missing = self.encode(self._stored(self.levels))
        except (TypeError, ValueError, OverflowError):
            return False
        return not missing.any() and np.array_equal(codes, np.arange(len(self.levels)))
