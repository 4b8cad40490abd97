"""The report of results on a schema."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from metamorph.report import Report

if TYPE_CHECKING:
    from metamorph.result import Result
    from metamorph_strategies.schema import Schema


def reported(
    results: Iterable[Result],
    schema: Schema,
    *,
    seed: int = 0,
    notes: tuple[str, ...] = (),
    interrupted: bool = False,
) -> Report:
    """The report, with the schema's noun, and its reference row and what that is called."""
    rows = "generated" if schema.observed is None else "real"
    return Report(
        tuple(results), schema.noun, dict(schema.reference), rows, seed, notes, interrupted, schema.reference_name
    )
