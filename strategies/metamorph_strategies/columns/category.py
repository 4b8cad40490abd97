"""The kind of a column with levels, ordered or not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np
import pandas as pd

from metamorph_strategies.columns.kind import Codes, Kind, Mask, as_dtype, is_missing
from metamorph_strategies.errors import SchemaError, listed


@attrs.frozen(repr=False)
class Category(Kind):
    """One of the given levels; with ``ordered=True`` they stand in rising order.

    ``missing_value`` is what stands for missing in object columns (``None`` or NaN: encoders tell them apart).
    """

    levels: tuple[Any, ...] = attrs.field(converter=tuple)
    ordered: bool = attrs.field(default=False, kw_only=True)  # type: ignore[misc]
    missing_value: Any = attrs.field(default=None, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if not self.levels:
            msg = "Expected at least one level but got levels=()."
            raise SchemaError(msg)
        if len(set(self.levels)) < len(self.levels):
            msg = f"Expected distinct levels but got levels={listed(self.levels)}."
            raise SchemaError(msg)
        if self.dtype is None:
            levels = pd.Series(list(self.levels))
            object.__setattr__(self, "dtype", (levels.convert_dtypes() if self.nullable else levels).dtype)
        object.__setattr__(self, "dtype", as_dtype(self.dtype))
        self._origin(self.levels[0])

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
        missing = values.isna().to_numpy(dtype=bool)
        if isinstance(values.dtype, pd.CategoricalDtype):
            of_category = self._index().get_indexer(pd.Index(values.cat.categories))
            codes = np.append(of_category, -1)[values.cat.codes.to_numpy()]
        else:
            codes = self._index().get_indexer(pd.Index(values.to_numpy(dtype=object), dtype=object))
        return codes.astype("int64"), missing

    def decode(self, codes: Codes, missing: Mask | None = None) -> pd.Series[Any]:
        places = np.asarray(codes).astype("int64")
        if missing is not None and missing.any():
            places = np.where(missing, len(self.levels), places)
        pool = self.series([*self.levels, *([None] if self.nullable else [])])
        drawn: pd.Series[Any] = pool.take(places).reset_index(drop=True)
        return drawn

    def series(self, values: Sequence[object]) -> pd.Series[Any]:
        entries = np.empty(len(values), dtype=object)
        entries[:] = [self.missing_value if is_missing(value) else value for value in values]
        return pd.Series(entries, dtype=self.dtype)

    def plain(self, value: object) -> Any:
        return None if is_missing(value) else getattr(value, "item", lambda: value)()

    def _index(self) -> pd.Index[Any]:
        levels: pd.Index[Any] = pd.Index(np.array([*self.levels, None], dtype=object)[:-1], dtype=object)
        return levels
