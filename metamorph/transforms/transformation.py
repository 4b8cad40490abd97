"""What the runner asks of any transformation, and what all of them check."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

import numpy as np
import pandas as pd

from metamorph.case import Cases, Mask, Places
from metamorph.errors import RelationError, expected, nearest_name

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from metamorph_strategies.schema import Schema

CallPlan = Literal["together", "apart", "one by one"]
"""How source and follow-up reach the model: in one call, in two, or every row in a call of its own."""


@runtime_checkable
class Transformation(Protocol):
    """What the runner asks of any transformation; frames hold complete rows, one a case."""

    @property
    def plan(self) -> CallPlan:
        """How source and follow-up reach the model."""

    @property
    def moves(self) -> tuple[str, ...]:
        """The columns that have a parameter ``to[column]``."""

    def touches(self, schema: Schema) -> tuple[str, ...]:
        """The columns the follow-up may differ in."""

    def check(self, schema: Schema) -> None:
        """Raise RelationError where the transformation cannot be made on rows of *schema*."""

    def draw(
        self, source: pd.DataFrame, schema: Schema, rng: np.random.Generator, places: Places | None = None
    ) -> tuple[pd.DataFrame, Mask]:
        """Parameters for each source row, and whether the change can be made there.

        ``places`` says which of the schema's shuffled rows the sources are, where they are such: what is known of
        those need not be found again.
        """

    def apply(self, cases: Cases, schema: Schema) -> pd.DataFrame:
        """The follow-up row of each case; the runner recomputes its derived columns."""

    def lawful(self, cases: Cases, schema: Schema) -> Mask:
        """Whether the step law could have drawn each case."""

    def phrase(self, schema: Schema) -> str:
        """The change in words, to begin a sentence: ``Raising area by 10``."""


class Parameterless:
    """A transformation without parameters, which makes a case of any source row."""

    def draw(
        self, source: pd.DataFrame, schema: Schema, rng: np.random.Generator, places: Places | None = None
    ) -> tuple[pd.DataFrame, Mask]:
        return pd.DataFrame(index=source.index), np.ones(len(source), dtype=bool)

    def lawful(self, cases: Cases, schema: Schema) -> Mask:
        return np.ones(len(cases), dtype=bool)


@runtime_checkable
class Drawn(Protocol):
    """A transformation whose parameters Hypothesis can draw."""

    def strategy(self, row: Mapping[str, Any], schema: Schema) -> SearchStrategy[Mapping[str, Any]]:
        """What each column moves to from *row*, in plain Python values."""


def column_names(columns: object, argument: str = "columns") -> tuple[str, ...]:
    """*columns* as a tuple; RelationError for what is no list of names, such as a single text."""
    if isinstance(columns, str) or not isinstance(columns, Iterable):
        raise RelationError(expected("a list of column names", **{argument: columns}))
    names = tuple(columns)
    if not names or not all(isinstance(name, str) for name in names):
        raise RelationError(expected("at least one column name, all of them text,", **{argument: columns}))
    if len(set(names)) < len(names):
        raise RelationError(expected("distinct column names", **{argument: columns}))
    return names


def of_column(argument: str, given: Any, name: str) -> Any:
    """What is *given* for a column: its entry of a mapping, or the one value for all; RelationError for no entry."""
    if not isinstance(given, Mapping):
        return given
    if name not in given:
        raise RelationError(expected(f"{argument}= for column {name!r} as well", **{argument: given}))
    return given[name]


def check_columns(columns: Sequence[str], schema: Schema) -> None:
    """Raise RelationError for a column that the schema lacks or derives."""
    for name in columns:
        if name in schema.derived:
            parents = ", ".join(repr(parent) for parent in schema.derived[name].parents)
            msg = f"Column {name!r} is derived from {parents}: it follows them. Ask the relation of {parents} instead."
            raise RelationError(msg)
        if name not in schema.columns:
            msg = f"There is no column {name!r}{nearest_name(str(name), schema.columns)}."
            raise RelationError(msg)
