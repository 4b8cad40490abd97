"""Relations of how values are written down: the same numbers, flags, texts and moments in other types."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pandas.api import types

from metamorph.catalogue.entry import Entry
from metamorph.catalogue.serving import same_answers
from metamorph.relation import Relation
from metamorph.transforms import Presentation
from metamorph.transforms.presentations import Handed

if TYPE_CHECKING:
    from metamorph_strategies.schema import Schema

Retype = Callable[[pd.Series], pd.Series]
"""Gives a column its other type, or leaves it as it is."""
MOST = 256
"""Rows that are asked about in other types: a type goes wrong on most of them."""
WHOLE_FLOATS = 2**53
"""Whole numbers up to this are floats as well."""
NULLABLE = {"b": "boolean", "i": "Int64", "u": "UInt64", "f": "Float64"}


def _retyped(schema: Schema, model: Any) -> Iterator[Relation]:
    """A relation for each other type that a column of the schema can have."""
    if not hasattr(model, "predict"):
        return
    cells = pd.DataFrame({name: pd.Series([], dtype=column.dtype) for name, column in schema.columns.items()})
    for name, (concerns, retype) in OTHER_TYPES.items():
        if any(concerns(cells[column]) for column in cells):
            yield same_answers(name, _in_other_types(name, concerns, retype), refusal_ok=True)


def _in_other_types(name: str, concerns: Callable[[pd.Series], bool], retype: Retype) -> Presentation:
    def form(table: Any) -> Any:
        columns = {column: retype(cells) if concerns(cells) else cells for column, cells in table.items()}
        return pd.DataFrame(columns, index=table.index)

    def present(rows: pd.DataFrame, _: np.random.Generator) -> list[Handed]:
        return [Handed(rows, np.arange(len(rows)), form)]

    return Presentation(f"Handing over {name}", present, most=MOST, key=name)


def _is_whole(cells: pd.Series) -> bool:
    return isinstance(cells.dtype, np.dtype) and cells.dtype.kind in "iu"


def _is_flag(cells: pd.Series) -> bool:
    return cells.dtype == np.dtype(bool)


def _is_number(cells: pd.Series) -> bool:
    return isinstance(cells.dtype, np.dtype) and cells.dtype.kind in NULLABLE


def _is_text(cells: pd.Series) -> bool:
    return isinstance(cells.dtype, pd.StringDtype) or cells.dtype == np.dtype(object)


def _is_moment(cells: pd.Series) -> bool:
    return types.is_datetime64_any_dtype(cells.dtype)


def _as_floats(cells: pd.Series) -> pd.Series:
    return cells.astype("float64") if cells.abs().max() < WHOLE_FLOATS else cells


def _in_32_bits(cells: pd.Series) -> pd.Series:
    bounds = np.iinfo(np.int32)
    return cells.astype("int32") if cells.between(bounds.min, bounds.max).all() else cells


def _nullable(cells: pd.Series) -> pd.Series:
    return cells.astype(pd.api.types.pandas_dtype(NULLABLE[cells.dtype.kind]))


def _in_unit(unit: str, moments: pd.Series) -> pd.Series:
    """The same moments in another unit, where it holds them all."""
    try:
        other = moments.dt.as_unit(unit)
    except pd.errors.OutOfBoundsDatetime:
        return moments
    return other if (other.isna() | (other == moments)).all() else moments


OTHER_TYPES: Mapping[str, tuple[Callable[[pd.Series], bool], Retype]] = {
    "whole numbers as floats": (_is_whole, _as_floats),
    "whole numbers in 32 bits": (_is_whole, _in_32_bits),
    "flags as 0 and 1": (_is_flag, lambda flags: flags.astype("int64")),
    "numbers of nullable types": (_is_number, _nullable),
    "text as objects": (_is_text, lambda text: text.astype(object)),
    "text as categories": (_is_text, lambda text: text.astype("category")),
    **{f"moments in {unit}": (_is_moment, partial(_in_unit, unit)) for unit in ("s", "ns")},
}
"""By name, which columns are meant, and what becomes of them. No value changes: pandas itself goes from one to another.

A hole turns whole numbers and flags of a batch into floats, JSON has no categories, a database driver counts in another
unit. None for a missing text is not among them: scikit-learn's encoders tell it from NaN.
"""
ENTRIES: tuple[Entry, ...] = (
    Entry(
        "P33",
        "other types",
        "representation",
        "The same values in other types get the same answers, or a clear error.",
        "float",
        "practice: a hole makes whole numbers floats, JSON has no categories, drivers count in other units",
        "by itself",
        "a model that refuses a type is skipped",
        make=_retyped,
    ),
)
