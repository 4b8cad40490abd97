"""Rows drawn by the thousand: observed ones, explored values, boundary values; all keep constraints and formulas."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from metamorph_strategies.columns import table
from metamorph_strategies.errors import SchemaError, check_whole
from metamorph_strategies.schema import FEWEST_ACCEPTED, Schema

FEWEST_TRIED = 1_000


def observed(schema: Schema, n: int, rng: np.random.Generator, *, replace: bool = False) -> pd.DataFrame:
    """*n* observed rows in random order, with or without replacement.

    Raises SchemaError when the schema has none, or fewer than *n* and ``replace`` is false.
    """
    check_whole(0, n=n)
    if schema.observed is None:
        msg = "The schema was written by hand: it has no observed rows. Draw explored rows instead."
        raise SchemaError(msg)
    rows = len(schema.observed)
    if n > rows and not replace:
        msg = f"Expected n <= {rows:,} observed rows but got n={n:,}; draw with replace=True."
        raise SchemaError(msg)
    return schema.observed.take(rng.choice(rows, n, replace=replace)).reset_index(drop=True)


def explored(schema: Schema, n: int, rng: np.random.Generator) -> pd.DataFrame:
    """*n* rows with every column uniform over its bounds or levels, whatever was observed together.

    Raises SchemaError when the constraints accept under 1% of such rows.
    """
    return _accepted(schema, n, rng, _explore)


def boundary(schema: Schema, n: int, rng: np.random.Generator) -> pd.DataFrame:
    """*n* rows in which one column or more stands at an edge (bounds, their neighbours, any level), the rest explored.

    Raises SchemaError when the constraints accept under 1% of such rows.
    """
    return _accepted(schema, n, rng, _push_to_edges)


def _explore(schema: Schema, n: int, rng: np.random.Generator) -> pd.DataFrame:
    return table.sampled(schema.columns, rng, n)


def _push_to_edges(schema: Schema, n: int, rng: np.random.Generator) -> pd.DataFrame:
    rows = _explore(schema, n, rng)
    at_edge = rng.random((n, len(schema.columns))) < 1 / len(schema.columns)
    at_edge[np.arange(n), rng.integers(len(schema.columns), size=n)] = True
    for place, (name, column) in enumerate(schema.columns.items()):
        edges = column.boundary()
        drawn = edges.take(rng.integers(len(edges), size=n)).reset_index(drop=True)
        rows[name] = rows[name].where(~at_edge[:, place], drawn).astype(column.dtype)
    return rows


def _accepted(
    schema: Schema, n: int, rng: np.random.Generator, draw: Callable[[Schema, int, np.random.Generator], pd.DataFrame]
) -> pd.DataFrame:
    """*n* drawn rows that keep the constraints; as many are drawn as the acceptance rate asks for."""
    check_whole(0, n=n)
    kept: list[pd.DataFrame] = []
    accepted = tried = 0
    while accepted < n or not kept:
        rate = accepted / tried if tried else 1.0
        if tried >= FEWEST_TRIED and rate < FEWEST_ACCEPTED:
            names = ", ".join(repr(constraint.name) for constraint in schema.constraints)
            msg = f"The constraints {names} accept {rate:.2%} of {tried:,} drawn rows; expected at least 1%."
            raise SchemaError(msg)
        size = (
            n if not schema.constraints else max(FEWEST_TRIED, int((n - accepted) / max(rate, FEWEST_ACCEPTED) * 1.1))
        )
        rows = schema.complete(draw(schema, size, rng))
        rows = rows[schema.accepts(rows)]
        kept.append(rows)
        accepted += len(rows)
        tried += size
    return pd.concat(kept, ignore_index=True).head(n)
