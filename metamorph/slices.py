"""Slices: rows that share a few values, how often a relation fails among them, and a slice that a user names."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal

import attrs
import numpy as np
import numpy.typing as npt
import pandas as pd

from metamorph.errors import RelationError, SchemaError, expected, listed
from metamorph_strategies.columns import is_finite
from metamorph_strategies.functions import truth

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
    candidates tried at which it would just be reported. One that the user named has a ``name``; where a rate is
    ``allowed`` there, it has a ``verdict``, and where that is inconclusive, so many ``more_cases`` of the relation, if
    they are like those so far, would settle it; or ``more_rows`` of the data, where these have been asked.
    ``interval`` is that of ``rate``, ``overall`` the rate of all cases, and ``support`` the slice's share of them. Of a
    slice without a case there is no ``rate``.
    """

    cases: int
    violations: int
    support: float
    rate: float | None
    overall: float
    interval: tuple[float, float]
    conditions: tuple[Condition, ...] = ()
    q: float | None = None
    tried: int = 0
    name: str | None = None
    allowed: float | None = None
    verdict: Literal["held", "violated", "inconclusive"] | None = None
    more_cases: int | None = None
    more_rows: int | None = None


@attrs.frozen
class Named:
    """A slice that a user names: rows for which ``condition(frame)`` is true, one truth value a row."""

    name: str
    condition: Callable[[pd.DataFrame], Any] = attrs.field(repr=False)
    allowed: float | None = None

    def holds(self, rows: pd.DataFrame) -> npt.NDArray[np.bool_]:
        """Which rows lie in it, shape ``(n,)``; SchemaError where the condition raises, or gives anything else."""
        return truth(self.condition, rows, f"The slice {self.name!r}")

    def check(self, rows: pd.DataFrame) -> None:
        """Raise SchemaError for a condition that cannot be asked of *rows*, or asks more of a row than its values."""
        holds = self.holds(rows)
        for place in np.unique(holds, return_index=True)[1].tolist():  # one inside, one outside: alone it is its mean
            if self.holds(rows.iloc[[place]].reset_index(drop=True))[0] != holds[place]:
                msg = (
                    f"The slice {self.name!r} answers otherwise about a row when it is asked about it alone.\n"
                    "Compare a row with numbers, not with a mean or a rank in the table that it comes in."
                )
                raise SchemaError(msg)


def slice(  # noqa: A001 - as it is written: mm.slice("north", ...)
    name: str, condition: Callable[[pd.DataFrame], Any], *, allow: float | None = None
) -> Named:
    """Rows that get a rate of their own: ``mm.slice("north", lambda t: t["latitude"] > 55)``.

    Whether a row is one of them is a matter of its own values, whatever table it comes in.
    With ``allow`` they get a verdict of their own too: violations on more than this share of them violate the relation,
    also where it holds on the whole.
    Raises RelationError for what is no name, no function or no rate.
    """
    if not isinstance(name, str) or not name:
        raise RelationError(expected("a name for the slice", name=name))
    if not callable(condition):
        raise RelationError(expected("a function of a frame", condition=condition))
    if allow is not None and (not is_finite(allow) or not 0 < allow < 1):
        wanted = expected("a rate above 0 and below 1", allow=allow)
        msg = f"{wanted}\nWhere nothing may violate, check a relation of its own: .when(condition)."
        raise RelationError(msg)
    return Named(name, condition, None if allow is None else float(allow))


Slices = Literal["exact"] | Named | Iterable[Named | Literal["exact"]]
"""Slices as they are asked for: ``"exact"``, one that is named, or several."""


@attrs.frozen
class Slicing:
    """The slices that a check tells: those that the user ``named``, and those it finds, ``exact`` ones by sliceline."""

    named: tuple[Named, ...] = ()
    exact: bool = False


def slicing(given: Slices | Slicing) -> Slicing:
    """What is asked for with ``slices=``. Raises RelationError for anything else, and for a name given twice."""
    if isinstance(given, Slicing):
        return given
    every: list[object] = [given]
    if isinstance(given, Iterable) and not isinstance(given, str):
        every = list(given)
    for one in every:
        if not isinstance(one, Named) and not (isinstance(one, str) and one == "exact"):  # a mask has no one truth
            wanted = '"exact", or slices such as mm.slice("north", lambda t: ...),'
            raise RelationError(expected(wanted, slices=one))
    named = tuple(one for one in every if isinstance(one, Named))
    names = [one.name for one in named]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        msg = f"Slices with equal names: {listed(twice)}."
        raise RelationError(msg)
    return Slicing(named, exact=len(named) < len(every))
