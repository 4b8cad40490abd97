"""Relations of how rows are handed over: as arrays, with columns in another order, with one more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
import pandas as pd

from metamorph import transforms
from metamorph.catalogue.entry import Entry
from metamorph.catalogue.serving import CHECKS, same_answers
from metamorph.relation import Relation
from metamorph.transforms.presentations import Handed

if TYPE_CHECKING:
    from metamorph_strategies.schema import Schema

BY_PLACE = "LightGBM takes columns by their place, whatever their names are"


def _representation(schema: Schema, model: Any) -> Iterator[Relation]:
    if hasattr(model, "predict"):
        for order in ("C", "Fortran"):
            array = attrs.evolve(transforms.as_array(order[0]), pure=True)
            yield same_answers(f"an array in {order} order", array, refusal_ok=True)


def _column_order(schema: Schema, model: Any) -> Iterator[Relation]:
    if getattr(model, "feature_names_in_", None) is not None and len(schema.names) > 1:
        columns = attrs.evolve(transforms.permuted_columns(), present=_columns_exchanged)
        yield same_answers("columns in another order", columns, refusal_ok=True)


def _columns_exchanged(rows: pd.DataFrame, _: np.random.Generator) -> list[Handed]:
    """Columns of one sort in reverse: a model that reads them, or some of them, by position has no reason to raise."""

    def exchanged(table: pd.DataFrame) -> pd.DataFrame:
        sorts = ["number" if pd.api.types.is_numeric_dtype(dtype) else str(dtype) for dtype in table.dtypes]
        order = pd.Series(range(len(sorts))).groupby(sorts).transform(lambda among: among.to_numpy()[::-1])
        return table.iloc[:, order.to_numpy() if len(set(sorts)) < len(sorts) else order.to_numpy()[::-1]]

    return [Handed(rows, np.arange(len(rows)), exchanged)]


def _added_column(schema: Schema, model: Any) -> Iterator[Relation]:
    if getattr(model, "feature_names_in_", None) is not None:
        yield same_answers("one column more", transforms.added_column(), refusal_ok=True)


ENTRIES: tuple[Entry, ...] = (
    Entry(
        "P21",
        "representation",
        "representation",
        "An array of the same values, in C or Fortran order, gets the same answers.",
        "float",
        CHECKS,
        "by itself",
        "a model that refuses arrays is skipped",
        make=_representation,
    ),
    Entry(
        "P22",
        "columns by name",
        "representation",
        "Columns in another order give the same answers, or a clear error.",
        "exact",
        CHECKS,
        "by itself; of a function: mm.transforms.permuted_columns()",
        "the model knows its features' names",
        not_for=dict.fromkeys(("LGBMClassifier", "LGBMRegressor", "LGBMRanker"), BY_PLACE),
        make=_column_order,
    ),
    Entry(
        "L8",
        "unused column",
        "representation",
        "A column that the model was not fitted on changes no answer, or is a clear error.",
        "exact",
        "practice",
        "by itself",
        "the model knows its features' names",
        make=_added_column,
    ),
)
