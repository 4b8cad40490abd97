"""Slices: rows that share a few values, how often a relation fails among them, and a slice that a user names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import attrs
import pandas as pd

from metamorph.errors import RelationError, expected
from metamorph_strategies.columns import is_finite

Sign = Literal["<=", ">", "is", "is not", "is missing"]


@attrs.frozen
class Condition:
    """One condition of a slice, on one column; a missing value has no ``value``."""

    column: str
    sign: Sign
    value: Any = None


@attrs.frozen
class Slice:
    """How often a relation fails among the cases whose source lies in a slice.

    A slice that was found has ``conditions``, of which all hold, and a ``q`` value: the false discovery rate among the
    candidates tried at which it would just be reported. One that the user named has a ``name``, and may have a rate
    that is ``allowed`` there. ``interval`` is that of ``rate``; ``support`` is the slice's share of all cases.
    """

    cases: int
    violations: int
    support: float
    rate: float
    overall: float
    interval: tuple[float, float]
    conditions: tuple[Condition, ...] = ()
    q: float | None = None
    tried: int = 0
    name: str | None = None
    allowed: float | None = None


@attrs.frozen
class Named:
    """A slice that a user names: rows for which ``condition(frame)`` is true, one truth value a row."""

    name: str
    condition: Callable[[pd.DataFrame], Any] = attrs.field(repr=False)
    allowed: float | None = None


def slice_of(name: str, condition: Callable[[pd.DataFrame], Any], *, allow: float | None = None) -> Named:
    """Rows that get a rate of their own: ``mm.slice("north", lambda t: t["latitude"] > 55)``.

    With ``allow`` they get a verdict of their own too: violations on more than this share of them violate the relation.
    Raises RelationError for what is no name, no function or no rate.
    """
    if not isinstance(name, str) or not name:
        raise RelationError(expected("a name for the slice", name=name))
    if not callable(condition):
        raise RelationError(expected("a function of a frame", condition=condition))
    if allow is not None and (not is_finite(allow) or not 0 <= allow < 1):
        raise RelationError(expected("a rate of at least 0 and below 1", allow=allow))
    return Named(name, condition, None if allow is None else float(allow))
