"""Plausibility: how near the rows of a case are to the observed ones, and an envelope that search keeps to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from metamorph.errors import RelationError, SchemaError, expected
from metamorph.result import Nearness
from metamorph_strategies.columns import is_finite

if TYPE_CHECKING:
    import pandas as pd

    from metamorph.case import Mask
    from metamorph_strategies.nearness import Neighbours
    from metamorph_strategies.schema import Schema


@attrs.frozen(eq=False)
class Envelope:
    """The rows no farther from the nearest observed one than a share of observed rows are from each other."""

    neighbours: Neighbours
    limit: float

    def holds(self, rows: pd.DataFrame) -> Mask:
        """Whether each row lies inside, shape ``(n,)``."""
        return self.neighbours.within(rows, self.limit)


def envelope(schema: Schema, plausible: float | None) -> Envelope | None:
    """The envelope of a share of the observed rows; None where none is wanted.

    Raises RelationError for a share that is none, SchemaError where there are no two observed rows to compare.
    """
    check_plausible(plausible)
    if plausible is None:
        return None
    neighbours = schema.neighbours()
    if neighbours is None or not len(neighbours.apart):
        count = 0 if schema.observed is None else len(schema.observed)
        msg = (
            f"Expected a schema of two or more observed rows for plausible={plausible}, but it has {count}.\n"
            "What is plausible is read off them: make the schema with Schema.from_frame, or leave plausible out."
        )
        raise SchemaError(msg)
    return Envelope(neighbours, neighbours.limit(plausible))


def check_plausible(plausible: float | None) -> None:
    """Raise RelationError for what is no share of rows."""
    if plausible is not None and not (is_finite(plausible) and 0 < plausible <= 1):
        raise RelationError(expected("0 < plausible <= 1", plausible=plausible))


def nearness(schema: Schema, source: pd.DataFrame, follow_up: pd.DataFrame) -> tuple[Nearness, Nearness] | None:
    """How near the one *source* and its *follow_up* are to the observed rows; None where there are none."""
    neighbours = schema.neighbours()
    return None if neighbours is None else (_nearness(neighbours, source), _nearness(neighbours, follow_up))


def _nearness(neighbours: Neighbours, row: pd.DataFrame) -> Nearness:
    (distance,), (place,) = neighbours.nearest(row)
    real = not distance or (not neighbours.every and neighbours.has(row))
    distance = 0.0 if real else float(distance)
    percentile = neighbours.share(distance) if len(neighbours.apart) else None
    return Nearness(distance, percentile, () if real else neighbours.unseen(row, int(place)))
