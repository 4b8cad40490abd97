"""Moving ordered columns up: the change of a directional expectation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
import pandas as pd

from metamorph.case import Cases, Mask, parameter
from metamorph.errors import RelationError, listed
from metamorph.transforms.moves import Moves
from metamorph.transforms.transformation import check_columns
from metamorph_strategies.columns import Codes, Column, unequal

if TYPE_CHECKING:
    from metamorph_strategies.schema import Schema


@attrs.frozen
class Step(Moves):
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

    def draw(
        self, source: pd.DataFrame, schema: Schema, rng: np.random.Generator, places: Codes | None = None
    ) -> tuple[pd.DataFrame, Mask]:
        targets, movable = {}, {}
        for name in self.columns:
            codes, missing = schema.columns[name].encode(source[name])
            targets[name] = self._target(name, codes, schema, rng, places)
            movable[name] = ~missing & (targets[name] > codes) & (targets[name] <= schema.columns[name].highest)
        chosen = _subset(np.column_stack(list(movable.values())), rng)
        parameters = {}
        for place, name in enumerate(self.columns):
            parameters[parameter(name)] = _moved(schema.columns[name], source[name], targets[name], chosen[:, place])
        some: Mask = chosen.any(axis=1)
        return pd.DataFrame(parameters), some

    def lawful(self, cases: Cases, schema: Schema) -> Mask:
        lawful, moved_any = np.ones(len(cases), dtype=bool), np.zeros(len(cases), dtype=bool)
        for name in self.columns:
            column = schema.columns[name]
            before = source, absent = column.encode(cases.source[name])
            after = target, target_absent = column.encode(cases.parameters[parameter(name)])
            moved = ~absent & ~target_absent & (target > source)
            fixed = self._fixed(name, schema)
            if fixed is not None:
                expected = source + fixed if self.by is not None else np.full(len(source), fixed)
                moved &= _equal(target, expected)
            lawful &= moved | ~unequal(before, after)
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

    def _target(self, name: str, codes: Codes, schema: Schema, rng: np.random.Generator, places: Codes | None) -> Codes:
        fixed, column = self._fixed(name, schema), schema.columns[name]
        if fixed is not None:
            return _snapped(column, codes + fixed) if self.by is not None else np.full(len(codes), fixed)
        values = schema.values(name)
        first = np.searchsorted(values, codes, side="right") if places is None else schema.ranks(name)[places]
        beyond = len(values) - first
        drawn = first + (rng.random(len(codes)) * beyond).astype("int64")
        some = beyond > 0
        targets = values[np.minimum(drawn, len(values) - 1)] if len(values) else codes.copy()
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
                wanted = (
                    "a positive Timedelta"
                    if moment
                    else "a positive number"
                    if hasattr(column, "decimals")
                    else "whole steps of at least 1"
                )
                msg = f"Expected {wanted} for {name!r} but got by={by!r}."
                raise RelationError(msg)
            return step
        if self.to is not None:
            to = self.to[name] if isinstance(self.to, Mapping) else self.to
            return _code_of(name, to, schema, "to")
        return None


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


def _any_of(columns: tuple[str, ...]) -> str:
    return columns[0] if len(columns) == 1 else f"any of {', '.join(columns)}"


def _listed_values(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_listed_values(entry)}" for name, entry in value.items())
    return f"{value:,}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
