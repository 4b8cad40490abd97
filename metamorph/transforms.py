"""The input side of a relation: from a table of source rows to the table of their follow-ups."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

import attrs
import numpy as np
import pandas as pd

from metamorph.case import Cases, Mask, parameter
from metamorph.errors import RelationError, listed, nearest_name

if TYPE_CHECKING:
    from metamorph_strategies.columns import Codes, Column
    from metamorph_strategies.schema import Schema

__all__ = ["CallPlan", "Function", "Replace", "Scale", "Step", "Transformation", "function", "replace", "scale", "step"]

CallPlan = Literal["together", "apart", "one by one"]
"""How source and follow-up reach the model: in one call, in two, or every row in a call of its own."""

FEW_VALUES = 1_000
"""Whole numbers up to this many are drawn from as levels where none were observed."""


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

    def draw(self, source: pd.DataFrame, schema: Schema, rng: np.random.Generator) -> tuple[pd.DataFrame, Mask]:
        """Parameters for each source row, and whether the change can be made there."""

    def apply(self, cases: Cases, schema: Schema) -> pd.DataFrame:
        """The follow-up row of each case; the runner recomputes its derived columns."""

    def lawful(self, cases: Cases, schema: Schema) -> Mask:
        """Whether the step law could have drawn each case."""

    def phrase(self, schema: Schema) -> str:
        """The change in words, to begin a sentence: ``Raising area by 10``."""


class _Moves:
    """Transformations whose parameters are the follow-up's values."""

    columns: tuple[str, ...]
    plan: CallPlan = "together"

    @property
    def moves(self) -> tuple[str, ...]:
        return self.columns

    def touches(self, schema: Schema) -> tuple[str, ...]:  # noqa: ARG002 - others ask the schema
        return self.columns

    def apply(self, cases: Cases, schema: Schema) -> pd.DataFrame:  # noqa: ARG002 - others ask the schema
        follow_up = cases.source.copy(deep=False)
        for name in self.columns:
            follow_up[name] = cases.parameters[parameter(name)]
        return follow_up


@attrs.frozen
class Step(_Moves):
    """Move ordered columns up: a random non-empty subset of those that can move, by the step law.

    Without ``by`` and ``to`` the follow-up's value is uniform over the distinct observed values beyond the source's, or up
    to the bound where none were observed. ``by`` adds a step (levels for an ordered category, a Timedelta for a moment);
    ``to`` moves to that value whatever lies below it.
    """

    columns: tuple[str, ...]
    by: Any = None
    to: Any = None

    def check(self, schema: Schema) -> None:
        check_columns(self.columns, schema)
        for name in self.columns:
            column = schema.columns[name]
            if not column.ordered:
                levels = listed(getattr(column, "levels", ()), at_most=3)
                msg = (
                    f"Column {name!r} is a category without order ({levels}), so it has no direction.\n"
                    "Order its levels (Category([...], ordered=True), or pd.Categorical(..., ordered=True)), or use mm.invariant."
                )
                raise RelationError(msg)
        if self.by is not None and self.to is not None:
            msg = f"Expected one of by and to but got by={self.by!r}, to={self.to!r}."
            raise RelationError(msg)
        for name in self.columns:
            self._fixed(name, schema)

    def draw(self, source: pd.DataFrame, schema: Schema, rng: np.random.Generator) -> tuple[pd.DataFrame, Mask]:
        targets, movable = {}, {}
        for name in self.columns:
            codes, missing = schema.columns[name].encode(source[name])
            targets[name] = self._target(name, codes, schema, rng)
            movable[name] = ~missing & (targets[name] > codes) & (targets[name] <= schema.columns[name].highest)
        chosen = _subset(np.column_stack(list(movable.values())), rng)
        parameters = {}
        for place, name in enumerate(self.columns):
            parameters[parameter(name)] = _moved(schema.columns[name], source[name], targets[name], chosen[:, place])
        return pd.DataFrame(parameters), chosen.any(axis=1)

    def lawful(self, cases: Cases, schema: Schema) -> Mask:
        lawful, moved_any = np.ones(len(cases), dtype=bool), np.zeros(len(cases), dtype=bool)
        for name in self.columns:
            column = schema.columns[name]
            source, absent = column.encode(cases.source[name])
            target, target_absent = column.encode(cases.parameters[parameter(name)])
            moved = ~absent & ~target_absent & (target > source)
            fixed = self._fixed(name, schema)
            if fixed is not None:
                expected = source + fixed if self.by is not None else np.full(len(source), fixed)
                moved &= _equal(target, expected)
            lawful &= moved | _same(source, absent, target, target_absent)
            moved_any |= moved
        return lawful & moved_any

    def phrase(self, schema: Schema) -> str:
        if self.by is not None:
            law = f"by {_listed_values(self.by)}"
        elif self.to is not None:
            law = f"to {_listed_values(self.to)}"
        else:
            law = "to another value seen in the data" if schema.observed is not None else "to any larger value"
        return f"Raising {_any_of(self.columns)} {law}"

    def _target(self, name: str, codes: Codes, schema: Schema, rng: np.random.Generator) -> Codes:
        fixed, column = self._fixed(name, schema), schema.columns[name]
        if fixed is not None:
            return _snapped(column, codes + fixed) if self.by is not None else np.full(len(codes), fixed)
        values = schema.values(name)
        first = np.searchsorted(values, codes, side="right")
        beyond = len(values) - first
        targets = codes.copy()
        some = beyond > 0
        targets[some] = values[first[some] + (rng.random(int(some.sum())) * beyond[some]).astype("int64")]
        room = ~some & (codes < column.highest)
        if room.any():
            above = codes[room] if column.quanta[-1] < 1 else codes[room] + 1
            targets[room] = column.uniform(rng, above, column.highest)
        return targets

    def _fixed(self, name: str, schema: Schema) -> Any:
        """``by`` as a step in codes, or ``to`` as a code; None under the default law."""
        column = schema.columns[name]
        if self.by is not None:
            by = self.by[name] if isinstance(self.by, Mapping) else self.by
            moment = hasattr(column, "quantum")
            try:
                step = pd.Timedelta(by).as_unit("ns").value if moment else by + 0
            except (TypeError, ValueError):
                step = -1
            whole = isinstance(step, int | np.integer) or float(step).is_integer()
            if step <= 0 or not (whole or hasattr(column, "decimals")):
                wanted = "a positive Timedelta" if moment else "a positive number" if hasattr(column, "decimals") else "whole steps of at least 1"
                msg = f"Expected {wanted} for {name!r} but got by={by!r}."
                raise RelationError(msg)
            return step
        if self.to is not None:
            to = self.to[name] if isinstance(self.to, Mapping) else self.to
            return _code_of(name, to, schema, "to")
        return None


@attrs.frozen
class Replace(_Moves):
    """Put any other combination of the columns' values in their place.

    Values are observed ones, or any of the column where none were observed; with ``missing`` a missing value is one more.
    """

    columns: tuple[str, ...]
    missing: bool = False

    def check(self, schema: Schema) -> None:
        check_columns(self.columns, schema)

    def draw(self, source: pd.DataFrame, schema: Schema, rng: np.random.Generator) -> tuple[pd.DataFrame, Mask]:
        coded = {name: schema.columns[name].encode(source[name]) for name in self.columns}
        applicable = np.ones(len(source), dtype=bool)
        if not self.missing:
            for _, absent in coded.values():
                applicable &= ~absent
        pools = {name: self._pool(name, schema) for name in self.columns}
        places = self._other_places(coded, pools, rng, len(source))
        parameters = {}
        for name in self.columns:
            column, pool = schema.columns[name], pools[name]
            if pool is None:
                drawn = column.sample(rng, len(source))
            else:
                absent = places[name] == len(pool)
                drawn = column.decode(np.append(pool, pool[:1])[places[name]], absent if self.missing else None)
            parameters[parameter(name)] = drawn
        return pd.DataFrame(parameters), applicable

    def lawful(self, cases: Cases, schema: Schema) -> Mask:
        lawful, moved = np.ones(len(cases), dtype=bool), np.zeros(len(cases), dtype=bool)
        for name in self.columns:
            column = schema.columns[name]
            source, absent = column.encode(cases.source[name])
            target, target_absent = column.encode(cases.parameters[parameter(name)])
            if not self.missing:
                lawful &= ~absent & ~target_absent
            moved |= ~_same(source, absent, target, target_absent)
        return lawful & moved

    def phrase(self, schema: Schema) -> str:  # noqa: ARG002 - others ask the schema
        what = "any other value" if len(self.columns) == 1 else "any other combination of values"
        return f"Changing {' and '.join(self.columns)} to {what}{', missing included,' if self.missing else ''}"

    def _pool(self, name: str, schema: Schema) -> Codes | None:
        """The codes to draw from; None where there are too many to list."""
        values, column = schema.values(name), schema.columns[name]
        if len(values):
            return values
        if column.quanta in {(), (1,)} and column.highest - column.lowest < FEW_VALUES:
            return np.arange(int(column.lowest), int(column.highest) + 1)
        return None

    def _other_places(
        self, coded: Mapping[str, tuple[Codes, Mask]], pools: Mapping[str, Codes | None], rng: np.random.Generator, n: int
    ) -> dict[str, Codes]:
        """Places in the pools, uniform over all combinations but the source's own."""
        listable = {name: pool for name, pool in pools.items() if pool is not None}
        sizes = [len(pool) + self.missing for pool in listable.values()]
        total = int(np.prod([float(size) for size in sizes])) if sizes else 0
        if len(listable) < len(pools) or total > 2**62:
            return {name: rng.integers(size, size=n) for name, size in zip(listable, sizes, strict=True)}
        own, known = np.zeros(n, dtype="int64"), np.ones(n, dtype=bool)
        for (name, pool), size in zip(listable.items(), sizes, strict=True):
            codes, absent = coded[name]
            place = np.clip(np.searchsorted(pool, codes), 0, len(pool) - 1)
            place = np.where(absent, len(pool), place)
            known &= absent | (pool[np.clip(place, 0, len(pool) - 1)] == codes)
            own = own * size + place
        drawn = rng.integers(np.maximum(total - known, 1), size=n)
        drawn = np.where(known & (drawn >= own) & (total > 1), drawn + 1, drawn)
        places = {}
        for (name, _), size in reversed(list(zip(listable.items(), sizes, strict=True))):
            places[name] = drawn % size
            drawn = drawn // size
        return places


@attrs.frozen
class Scale:
    """Multiply numeric columns by a constant."""

    columns: tuple[str, ...]
    by: float
    plan: CallPlan = "together"
    moves: tuple[str, ...] = ()

    def touches(self, schema: Schema) -> tuple[str, ...]:  # noqa: ARG002 - others ask the schema
        return self.columns

    def check(self, schema: Schema) -> None:
        check_columns(self.columns, schema)
        odd = [name for name in self.columns if not pd.api.types.is_numeric_dtype(schema.columns[name].dtype)]
        if odd:
            msg = f"Expected numeric columns to scale but got {listed(odd)}."
            raise RelationError(msg)

    def draw(self, source: pd.DataFrame, schema: Schema, rng: np.random.Generator) -> tuple[pd.DataFrame, Mask]:  # noqa: ARG002 - it has no parameters
        return pd.DataFrame(index=source.index), source[list(self.columns)].notna().to_numpy().all(axis=1)

    def apply(self, cases: Cases, schema: Schema) -> pd.DataFrame:  # noqa: ARG002 - others ask the schema
        return cases.source.assign(**{name: cases.source[name] * self.by for name in self.columns})

    def lawful(self, cases: Cases, schema: Schema) -> Mask:  # noqa: ARG002 - it has no parameters
        return cases.source[list(self.columns)].notna().to_numpy().all(axis=1)

    def phrase(self, schema: Schema) -> str:  # noqa: ARG002 - others ask the schema
        return f"Multiplying {' and '.join(self.columns)} by {self.by:,g}"


@attrs.frozen
class Function:
    """A user's own function from source rows to follow-up rows, with the columns it may change.

    The runner holds it to ``columns``, and to working row by row: it must not depend on a row's position.
    """

    function: Callable[[pd.DataFrame], pd.DataFrame] = attrs.field(repr=False)
    columns: tuple[str, ...] | None = None
    plan: CallPlan = "together"
    moves: tuple[str, ...] = ()

    def touches(self, schema: Schema) -> tuple[str, ...]:
        return tuple(schema.columns) if self.columns is None else self.columns

    def check(self, schema: Schema) -> None:
        check_columns(self.columns or (), schema)

    def draw(self, source: pd.DataFrame, schema: Schema, rng: np.random.Generator) -> tuple[pd.DataFrame, Mask]:  # noqa: ARG002 - it has no parameters
        return pd.DataFrame(index=source.index), np.ones(len(source), dtype=bool)

    def apply(self, cases: Cases, schema: Schema) -> pd.DataFrame:
        follow_up = self.function(cases.source.copy())
        if not isinstance(follow_up, pd.DataFrame) or len(follow_up) != len(cases):
            shape = getattr(follow_up, "shape", None)
            msg = f"The transformation returned {type(follow_up).__name__} of shape {shape} for {len(cases)} rows; expected a DataFrame, one row a source row."
            raise RelationError(msg)
        absent = [name for name in schema.columns if name not in follow_up]
        if absent:
            msg = f"The transformation lost the columns {listed(absent)}."
            raise RelationError(msg)
        return follow_up[list(schema.columns)].set_axis(cases.source.index)

    def lawful(self, cases: Cases, schema: Schema) -> Mask:  # noqa: ARG002 - it has no parameters
        return np.ones(len(cases), dtype=bool)

    def phrase(self, schema: Schema) -> str:  # noqa: ARG002 - others ask the schema
        name = getattr(self.function, "__name__", "<lambda>")
        which = "the given transformation" if name == "<lambda>" else f"{name}()"
        return f"Changing {', '.join(self.columns)} by {which}" if self.columns else f"Applying {which}"


def step(columns: Sequence[str], *, by: Any = None, to: Any = None) -> Step:
    """Move ordered columns up; see :class:`Step`."""
    return Step(tuple(columns), by, to)


def replace(columns: Sequence[str], *, missing: bool = False) -> Replace:
    """Put any other combination of values in the columns' place; see :class:`Replace`."""
    return Replace(tuple(columns), missing)


def scale(columns: Sequence[str], *, by: float) -> Scale:
    """Multiply numeric columns by *by*."""
    return Scale(tuple(columns), by)


def function(
    change: Callable[[pd.DataFrame], pd.DataFrame], *, touches: Sequence[str] | None = None, plan: CallPlan = "together"
) -> Function:
    """A user's own function as a transformation; ``touches`` are the columns it may change (all, when not given)."""
    return Function(change, None if touches is None else tuple(touches), plan)


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


def _subset(movable: Mask, rng: np.random.Generator) -> Mask:
    """A uniform non-empty subset of each row's movable columns; empty where none can move."""
    if movable.shape[1] == 1:
        return movable
    chosen = movable & (rng.random(movable.shape) < 0.5)  # noqa: PLR2004 - a fair coin
    while (empty := movable.any(axis=1) & ~chosen.any(axis=1)).any():
        chosen[empty] = movable[empty] & (rng.random((int(empty.sum()), movable.shape[1])) < 0.5)  # noqa: PLR2004 - a fair coin
    return chosen


def _moved(column: Column, source: pd.Series[Any], targets: Codes, moves: Mask) -> pd.Series[Any]:
    """The source's values with the targets where the column moves."""
    if moves.all():
        return column.decode(targets)
    codes, absent = column.encode(source)
    return column.decode(np.where(moves, targets, codes), absent & ~moves)


def _snapped(column: Column, codes: Codes) -> Codes:
    """Sums of decimals without the dust of binary fractions."""
    decimals = getattr(column, "decimals", None)
    return codes if decimals is None else np.round(codes, max(decimals, 9))


def _code_of(name: str, value: Any, schema: Schema, argument: str) -> Any:
    """A value given for a column as its code; RelationError where the column cannot hold it."""
    column = schema.columns[name]
    try:
        codes, absent = column.encode(column.series([value]))
        inside = not absent[0] and bool(column.admits(codes, absent)[0])
    except (TypeError, ValueError):
        inside = False
    if not inside:
        msg = f"Expected a value of column {name!r} but got {argument}={value!r}; it is {column!r}."
        raise RelationError(msg)
    return codes[0]


def _equal(left: Codes, right: Codes) -> Mask:
    return np.abs(left - right) <= 1e-9 * np.maximum(1.0, np.abs(right))  # type: ignore[no-any-return]


def _same(left: Codes, left_absent: Mask, right: Codes, right_absent: Mask) -> Mask:
    return (left_absent & right_absent) | (~left_absent & ~right_absent & (left == right))  # type: ignore[no-any-return]


def _any_of(columns: tuple[str, ...]) -> str:
    return columns[0] if len(columns) == 1 else f"any of {', '.join(columns)}"


def _listed_values(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_listed_values(entry)}" for name, entry in value.items())
    return f"{value:,}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
