"""Presentations: the same rows handed to the model in another way. No cell changes, so no answer may.

A relation over batches has a presentation in the place of a change. Its source is a table asked in one call; its
follow-up is that table in another order, in parts, under another row index, as an array, or asked of a model that
should be the same.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import attrs
import numpy as np
import numpy.typing as npt
import pandas as pd

from metamorph.case import Cases
from metamorph.errors import RelationError, expected
from metamorph.transforms.transformation import CallPlan, Parameterless, check_columns

if TYPE_CHECKING:
    from metamorph_strategies.schema import Schema

Owners = npt.NDArray[np.int64]
OTHERS = -1
"""The owner of a row that is none of the source's: it is asked about beside them, and its answer is not judged."""


@attrs.frozen(eq=False)
class Handed:
    """One call: rows for the model, and for each which source row it is.

    ``form`` changes the table that the model would be given (columns in the order that it was fitted on) at the last.
    """

    rows: pd.DataFrame
    owners: Owners
    form: Callable[[Any], Any] | None = None


Present = Callable[[pd.DataFrame, np.random.Generator], list[Handed]]


@attrs.frozen
class Presentation(Parameterless):
    """Hands the rows of a batch to the model in another way: ``present(rows, rng)`` gives the calls.

    ``said`` begins the relation's sentence. ``most`` is how many rows are asked at most, where each is a call of its
    own, and ``rows`` are those that are asked where the relation names them itself. ``other`` makes the model that is
    asked the second time from the first. Presentations of one ``key`` are the same.
    """

    said: str
    present: Present = attrs.field(repr=False, eq=False)
    most: int | None = None
    rows: tuple[Mapping[str, Any], ...] | None = None
    pure: bool = False
    other: Callable[[Any], Any] | None = attrs.field(default=None, repr=False, eq=False)
    key: Any = attrs.field(default=attrs.Factory(lambda self: self.present, takes_self=True), repr=False, kw_only=True)
    plan: CallPlan = "apart"
    moves: tuple[str, ...] = ()
    owned: ClassVar[bool] = False

    def touches(self, schema: Schema) -> tuple[str, ...]:
        return ()

    def check(self, schema: Schema) -> None:
        """Raise RelationError where a stated row names a column that the schema does not have."""
        for row in self.rows or ():
            check_columns(list(row), schema)
            for name, value in row.items():
                column = schema.columns[name]
                try:
                    column.series([value])
                except (TypeError, ValueError, OverflowError):
                    raise RelationError(expected(f"a value of column {name!r}, {column!r},", **{name: value})) from None

    def apply(self, cases: Cases, schema: Schema) -> pd.DataFrame:
        return cases.source

    def phrase(self, schema: Schema) -> str:
        return self.said


TWO = 2
"""Rows of which there is one other order."""
MOST_SINGLES = 64
"""Rows that are asked one by one."""


def again(*, pure: bool = False) -> Presentation:
    """The same rows once more (P20); *pure*: and the table handed over must be left as it is."""
    what = "Asking again about the same rows"
    return Presentation(what, lambda rows, _: [Handed(rows, _places(rows))], pure=pure, key="again")


def all_rows(
    change: Callable[[pd.DataFrame], pd.DataFrame], said: str = "Changing all rows of a batch"
) -> Presentation:
    """A change of every row at once, for what is expected of a batch as a whole: the ranking of its rows."""
    return Presentation(said, lambda rows, _: [Handed(change(rows), _places(rows))], key=change)


def given(rows: Sequence[Mapping[str, Any]]) -> Presentation:
    """Stated rows, columns left out at the reference row: for what is expected of each by itself (P27)."""
    if isinstance(rows, Mapping) or not rows or not all(isinstance(row, Mapping) for row in rows):
        raise RelationError(expected("a list of rows as dicts, at least one,", rows=rows))
    return Presentation(
        "Asking about the stated rows", again().present, rows=tuple(dict(row) for row in rows), key="given"
    )


def one_by_one() -> Presentation:
    """Every row in a call of its own (P16, L1)."""

    def present(rows: pd.DataFrame, _: np.random.Generator) -> list[Handed]:
        return [
            Handed(rows.iloc[[place]].reset_index(drop=True), np.array([place]))
            for place in range(min(len(rows), MOST_SINGLES))
        ]

    return Presentation("Asking about each row alone instead of in a batch", present, most=MOST_SINGLES, key="alone")


def permuted_rows() -> Presentation:
    """The rows in another order, and in that one from its end (P17)."""

    def present(rows: pd.DataFrame, rng: np.random.Generator) -> list[Handed]:
        order = _another_order(len(rows), rng)
        return [_taken(rows, order), *([_taken(rows, order[::-1])] if len(rows) > TWO else [])]

    return Presentation("Putting the rows of a batch in another order", present, key="rows")


def subset_of_rows() -> Presentation:
    """Half of the rows, and then the other half (P18)."""

    def present(rows: pd.DataFrame, rng: np.random.Generator) -> list[Handed]:
        order, half = rng.permutation(len(rows)), (len(rows) + 1) // 2
        return [_taken(rows, np.sort(places)) for places in (order[:half], order[half:]) if len(places)]

    return Presentation("Leaving half of the rows out of a batch", present, key="halves")


def duplicated_rows() -> Presentation:
    """Every row twice, the copies after the originals (P19)."""

    def present(rows: pd.DataFrame, _: np.random.Generator) -> list[Handed]:
        return [_taken(rows, np.tile(_places(rows), 2))]

    return Presentation("Adding a copy of every row to a batch", present, key="copies")


def row_index() -> Presentation:
    """The rows under a shuffled, a duplicated and a text index (P30)."""

    def present(rows: pd.DataFrame, rng: np.random.Generator) -> list[Handed]:
        places = _places(rows)
        texts = [f"row {place}" for place in places]
        indexes = (_another_order(len(rows), rng) + 7, np.zeros(len(rows), dtype=np.int64), texts)
        return [Handed(rows.set_axis(pd.Index(index), axis=0), places) for index in indexes]

    return Presentation("Giving the rows a shuffled, a duplicated or a text index", present, key="index")


def permuted_columns() -> Presentation:
    """The columns in another order; their names say which is which (P22)."""

    def present(rows: pd.DataFrame, rng: np.random.Generator) -> list[Handed]:
        def reordered(table: pd.DataFrame) -> pd.DataFrame:
            return table.iloc[:, _another_order(len(table.columns), rng)]

        return [Handed(rows, _places(rows), reordered)]

    return Presentation("Putting the columns in another order", present, key="columns")


def added_column(name: str = "metamorph_unused") -> Presentation:
    """One more column, which the model was not fitted on (L8)."""

    def present(rows: pd.DataFrame, rng: np.random.Generator) -> list[Handed]:
        return [Handed(rows, _places(rows), lambda table: table.assign(**{name: rng.normal(size=len(rows))}))]

    return Presentation("Adding a column that the model was not fitted on", present, key=name)


def as_array(order: str = "C") -> Presentation:
    """The rows as an array of numbers, C or Fortran order (P21)."""

    def present(rows: pd.DataFrame, _: np.random.Generator) -> list[Handed]:
        return [Handed(rows, _places(rows), lambda table: np.array(table, order="F" if order == "F" else "C"))]

    return Presentation(f"Handing the rows over as an array in {order} order", present, key=order)


def reloaded(dump: Callable[[Any], bytes] = pickle.dumps, load: Callable[[bytes], Any] = pickle.loads) -> Presentation:
    """The same rows, asked of the model after it was saved and loaded (P23); in memory, from its own bytes."""
    said = "Saving and loading the model"
    return Presentation(said, again().present, other=lambda model: load(dump(model)), key=(dump, load))


def other_model(model: Any, name: str = "the other model") -> Presentation:
    """The same rows, asked of another version of the model (L11)."""
    return Presentation(f"Asking {name} instead", again().present, other=lambda _: model, key=id(model))


def _another_order(count: int, rng: np.random.Generator) -> Owners:
    """A random order; the reverse where chance would leave everything in its place."""
    order = rng.permutation(count)
    return order[::-1] if (order == np.arange(count)).all() else order


def _places(rows: pd.DataFrame) -> Owners:
    return np.arange(len(rows), dtype=np.int64)


def _taken(rows: pd.DataFrame, places: Owners) -> Handed:
    return Handed(rows.take(places).reset_index(drop=True), places)
