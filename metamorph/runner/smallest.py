"""The smallest row on which a model fails: one row first, then as few cells off the reference row as it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from metamorph.answers import BadAnswer
from metamorph.predictor import ModelRaised

if TYPE_CHECKING:
    from metamorph.adapters import Reading
    from metamorph.predictor import Predictor
    from metamorph_strategies.schema import Schema

MOST_CELLS = 60
"""Cells tried one by one; rows of more columns keep the rest."""


def smallest_row(
    predictor: Predictor, reading: Reading, schema: Schema, failure: ModelRaised | BadAnswer
) -> dict[str, Any] | None:
    """The smallest row that fails like *failure*, or None when none of its rows fails alone."""
    kind = type(getattr(failure, "error", failure))

    def fails(rows: pd.DataFrame) -> bool:
        try:
            predictor.ask(reading, rows)
        except (ModelRaised, BadAnswer) as again:
            return type(getattr(again, "error", again)) is kind
        return False

    reference = schema.frame([schema.reference])
    if fails(reference):
        return schema.row(reference)
    rows = failure.rows
    while len(rows) > 1:
        half = len(rows) // 2
        first, second = rows.iloc[:half], rows.iloc[half:]
        rows = first if fails(first.reset_index(drop=True)) else second
    if not fails(rows.reset_index(drop=True)):
        return None
    row = schema.row(rows)
    for name in list(schema.columns)[:MOST_CELLS]:
        if row[name] == schema.reference[name]:
            continue
        plainer = _plainer(schema, rows, name)
        if schema.accepts(plainer).all() and fails(plainer):
            row, rows = schema.row(plainer), plainer
    return row


def _plainer(schema: Schema, row: pd.DataFrame, name: str) -> pd.DataFrame:
    """The row with one column at the reference row; the others may hold what the schema cannot, such as a new level."""
    reference = schema.frame([schema.reference])[name].array
    return schema.complete(row[list(schema.columns)].reset_index(drop=True).assign(**{name: reference}))
