"""A schema says what rows may look like: columns in order, joint constraints, derived columns, roles, observed rows."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, TypeVar, get_args

import attrs
import numpy as np
import pandas as pd

from metamorph_strategies import documents, inference, nearness, plain, printing, reference
from metamorph_strategies import observed as observed_rows
from metamorph_strategies.columns import Codes, Column, Mask, table
from metamorph_strategies.errors import SchemaError, check_known, check_whole, expected
from metamorph_strategies.functions import Constraint, Derived, TableFunction, call, check_formula, parents_of
from metamorph_strategies.reference import NamedRow

T = TypeVar("T")

FEWEST_ACCEPTED = 0.01
"""A joint constraint must accept at least this share of rows."""
TRIED_FOR_ACCEPTANCE = 10_000


@attrs.frozen(init=False, eq=False, repr=False)
class Schema(printing.Printed):
    """What rows may look like.

    ``Schema({"hours-per-week": Integer(1, 99)}, area=Real(20, 400))`` is written by hand; :meth:`from_frame` reads one
    off data. Every method returns a new schema. ``observed`` holds the real rows (None when written by hand) in dtypes
    and order of the data, derived columns recomputed, without those ``dropped`` for a constraint, by ``labels``.
    """

    columns: Mapping[str, Column]
    derived: Mapping[str, Derived]
    constraints: tuple[Constraint, ...]
    roles: Mapping[str, tuple[str, ...]]
    names: tuple[str, ...]
    observed: pd.DataFrame | None
    labels: pd.Index[Any] | None
    dropped: int
    target: str | None
    noun: tuple[str, str]
    reference: Mapping[str, Any]
    _named_reference: NamedRow | None
    _cache: dict[str, Any] = attrs.field(factory=dict, init=False)

    def __init__(self, columns: Mapping[str, Column] | None = None, /, **named: Column) -> None:
        every = {**(columns or {}), **named}
        if not every:
            msg = "Expected at least one column but got an empty schema."
            raise SchemaError(msg)
        for name, column in every.items():
            if not isinstance(name, str) or not isinstance(column, Column):
                kinds = ", ".join(kind.__name__ for kind in get_args(Column))
                msg = f"Expected a column of one of the kinds {kinds} but got {name!r}: {column!r}."
                raise SchemaError(msg)
        origins = {name: column.origin for name, column in every.items()}
        self.__attrs_init__(every, {}, (), {}, tuple(every), None, None, 0, None, ("row", "rows"), origins, None)

    @classmethod
    def from_frame(
        cls, frame: pd.DataFrame, *, target: str | None = None, max_rows: int = 100_000, seed: int = 0
    ) -> Schema:
        """Read kinds, bounds, levels, missingness, resolution and dtypes off *frame*, and keep its rows as observed.

        ``target`` is the column the model predicts: it is left out, and a column that determines it is warned of.
        Frames of more than ``max_rows`` rows are sampled without replacement with ``seed``; bounds are of all rows.
        Raises SchemaError for an empty frame, duplicate names, a column without values or of an unsupported dtype.
        """
        labels, frame = inference.check_table(frame).index, inference.check_frame(frame)
        check_whole(1, max_rows=max_rows)
        check_whole(0, seed=seed)
        if target is not None:
            check_known([target], frame.columns)
            inference.warn_of_giveaways(frame, target)
            frame = inference.check_frame(frame.drop(columns=target))
        schema = cls({name: inference.read_column(frame[name]) for name in frame.columns})
        if len(frame) > max_rows:
            kept = np.sort(np.random.default_rng(seed).choice(len(frame), max_rows, replace=False))
            labels, frame = labels.take(kept), frame.take(kept).reset_index(drop=True)
        return schema._but(observed=frame.copy(), labels=labels, target=target)._settled()

    @classmethod
    def from_json(cls, text: str, functions: Mapping[str, TableFunction] | None = None) -> Schema:
        """The schema that :meth:`to_json` wrote, its functions reattached by name.

        Raises SchemaError that names every function that *functions* lacks.
        """
        columns, fields = documents.read(text, functions or {})
        return cls(columns)._but(**fields)._settled()

    def to_json(self) -> str:
        """Everything but functions, which are stored by name, as strict JSON."""
        return documents.write(self, self._named_reference)

    def where(self, condition: TableFunction, *, name: str | None = None) -> Schema:
        """Add a joint constraint: ``condition(frame)`` is one truth value a row, over the whole table at once.

        Observed rows that break it are dropped and counted; a row in which a column it reads is missing satisfies it.
        Raises SchemaError when it accepts under 1% of the rows.
        """
        given = getattr(condition, "__name__", "<lambda>")
        name = name or (given if given != "<lambda>" else f"constraint {len(self.constraints) + 1}")
        if name in {constraint.name for constraint in self.constraints}:
            msg = f"The schema has a constraint of that name already: name={name!r}; give another with name=."
            raise SchemaError(msg)
        rows = self._rows_to_try()
        call(condition, rows.head(2), f"The constraint {name!r}")
        constraint = Constraint(name, condition, parents_of(condition, rows.head(2)))
        rate = float(constraint.accepts(rows).mean())
        if rate < FEWEST_ACCEPTED:
            kind = "observed" if self.observed is not None else "sampled"
            msg = f"The constraint {name!r} accepts {rate:.2%} of {len(rows):,} {kind} rows; expected at least 1%."
            raise SchemaError(msg)
        return self._but(constraints=(*self.constraints, constraint))._settled()

    def derive(self, **functions: TableFunction) -> Schema:
        """Declare columns computed from others: ``derive(larea=lambda t: np.log(t["area"]))``.

        They are recomputed on every row, observed ones included; how far the data were from the formula is kept in
        ``derived[name].off`` and warned of beyond 1%. Raises SchemaError for a function that raises or has a wrong
        shape.
        """
        schema = self
        for name, function in functions.items():
            schema = schema._derive_one(name, function)
        return schema

    def with_roles(self, **roles: Iterable[str]) -> Schema:
        """Name columns by role: ``with_roles(protected=["gender"], identifier=["id"])``."""
        named = {role: _names(role, given) for role, given in roles.items()}
        for names in named.values():
            check_known(names, self.names)
        return self._but(roles={**self.roles, **named})

    def role(self, name: str) -> list[str]:
        """The columns with this role, in the order they were given; empty when none has it."""
        return list(self.roles.get(name, ()))

    def with_noun(self, singular: str, plural: str | None = None) -> Schema:
        """What a row is called in reports: ``with_noun("house")`` makes "1.3% of real houses"."""
        return self._but(noun=(singular, plural or f"{singular}s"))

    def with_reference(self, row: Mapping[str, Any] | Hashable) -> Schema:
        """Name the plain row that counterexamples shrink towards: its values, or the index label of an observed row.

        A row is a dict, a Series or a frame of one row; columns not given stay as in the reference row so far. Raises
        SchemaError for a row that the schema does not allow, and for a label that no observed row has, or several.
        """
        named = reference.named(self, row)
        self.validate(self.frame([named.row]))
        return self._but(named_reference=named)._settled()

    @property
    def reference_name(self) -> str | None:
        """What the reference row is called in reports, where it was named."""
        return None if self._named_reference is None else self._named_reference.called(self.noun[0])

    def validate(self, frame: pd.DataFrame) -> None:
        """Raise SchemaError that says which columns of *frame* are absent or hold values the schema does not allow."""
        table.check(self.columns, inference.check_table(frame))
        rows = self.complete(frame[list(self.columns)].reset_index(drop=True))
        for constraint in self.constraints:
            kept = constraint.accepts(rows)
            if not kept.all():
                msg = f"{int((~kept).sum()):,} of {len(frame):,} rows break the constraint {constraint.name!r}."
                raise SchemaError(msg)

    def complete(self, free: pd.DataFrame) -> pd.DataFrame:
        """Rows of the free columns with the derived ones computed, in the schema's order."""
        if not self.derived:
            return free if tuple(free.columns) == self.names else free[list(self.names)]
        rows = free[list(self.columns)].copy(deep=False)
        for name, derived in self.derived.items():
            rows[name] = derived.compute(rows)
        return rows[list(self.names)]

    def accepts(self, frame: pd.DataFrame) -> Mask:
        """Whether each row satisfies every joint constraint."""
        kept = np.ones(len(frame), dtype=bool)
        for constraint in self.constraints:
            kept &= constraint.accepts(frame)
        return kept

    def followers(self, names: Sequence[str]) -> tuple[str, ...]:
        """*names*, and the derived columns that follow any of them."""
        following = list(names)
        for name, derived in self.derived.items():  # in the order of derivation, so that chains are followed
            if set(derived.parents) & set(following):
                following.append(name)
        return tuple(following)

    def frame(self, rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
        """Rows given as dicts of plain Python values, as a frame in the schema's dtypes, derived columns computed."""
        return self.complete(table.of_rows(self.columns, rows))

    def row(self, frame: pd.DataFrame, place: int = 0) -> dict[str, Any]:
        """One row of *frame* as a dict of plain Python values."""
        return {name: self.plain(name, frame[name].iloc[place]) for name in self.names}

    def plain(self, name: str, value: object) -> Any:
        """One value of a column as a plain Python value."""
        column = self.columns.get(name)
        return column.plain(value) if column is not None else plain.item(value)

    def values(self, name: str) -> Codes:
        """The distinct observed codes of a column, sorted; empty when written by hand."""
        return self._ranked(name)[0]

    def ranks(self, name: str) -> Codes:
        """For each shuffled row, how many of the column's distinct observed values are not beyond its own."""
        return self._ranked(name)[1]

    def shuffled(self) -> pd.DataFrame:
        """The observed rows in one fixed random order, any run of it a sample; the first few once more at the end."""
        return self._cached("shuffled", lambda: observed_rows.shuffled(self.observed))

    def row_ids(self) -> Codes:
        """A number for each shuffled row, the same for equal rows."""
        return self._cached("row ids", lambda: observed_rows.shuffled_ids(self.shuffled(), self.observed, self.columns))

    def neighbours(self) -> nearness.Neighbours | None:
        """The observed rows as points, which says how near other rows are to them; None without observed rows."""
        return self._cached("neighbours", lambda: nearness.neighbours(self))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Schema):
            return False
        mine, theirs = (documents.write(one, one._named_reference, labels=False) for one in (self, other))
        return mine == theirs

    def __hash__(self) -> int:
        return hash((self.names, self.target, tuple(self.columns.values())))

    def __repr__(self) -> str:
        return printing.as_code(self)

    def __str__(self) -> str:
        return printing.as_list(self)

    def _but(self, **changes: Any) -> Schema:
        """A copy with other fields."""
        same = {str(field.alias): getattr(self, field.name) for field in attrs.fields(Schema) if field.init}
        schema = object.__new__(Schema)
        schema.__attrs_init__(**{**same, **changes})
        return schema

    def _settled(self) -> Schema:
        """A copy whose observed rows keep constraints and formulas, with the reference row that follows from them."""
        observed, labels, dropped = self.observed, self.labels, self.dropped
        if observed is not None:
            observed = self.complete(observed)
            labels = observed.index if labels is None else labels
            kept = self.accepts(observed)
            dropped += int((~kept).sum())
            if not kept.all():
                observed, labels = observed[kept].reset_index(drop=True), labels[kept]
        row = reference.reference_row(self, observed, self._named_reference)
        columns = {name: attrs.evolve(column, origin=row[name]) for name, column in self.columns.items()}
        return self._but(observed=observed, labels=labels, dropped=dropped, columns=columns, reference=row)

    def _derive_one(self, name: str, function: TableFunction) -> Schema:
        before = self.observed
        others = {other: column for other, column in self.columns.items() if other != name}
        if not others:
            msg = f"Expected a column to derive {name!r} from, but the schema has no other."
            raise SchemaError(msg)
        rows = self._rows_to_try().drop(columns=name, errors="ignore")
        call(function, rows.head(2), f"The formula of {name!r}")
        dtype = before[name].dtype if before is not None and name in before else None
        derived = Derived(name, function, parents_of(function, rows.head(2)), dtype)
        computed = derived.compute(rows)
        if before is not None and name in before:
            derived = attrs.evolve(derived, off=check_formula(name, before[name], computed))
        names = self.names if name in self.names else (*self.names, name)
        schema = self._but(columns=others, derived={**self.derived, name: derived}, names=names)
        return schema._settled()

    def _rows_to_try(self) -> pd.DataFrame:
        """Rows on which a new function is tried: the observed ones, else sampled ones."""
        if self.observed is not None:
            return self.observed
        return self.complete(table.sampled(self.columns, np.random.default_rng(0), TRIED_FOR_ACCEPTANCE))

    def _ranked(self, name: str) -> tuple[Codes, Codes]:
        return self._cached(f"ranked {name}", lambda: observed_rows.ranked(self.shuffled(), name, self.columns[name]))

    def _cached(self, key: str, make: Callable[[], T]) -> T:
        if key not in self._cache:
            self._cache[key] = make()
        value: T = self._cache[key]
        return value


def _names(role: str, given: Iterable[str]) -> tuple[str, ...]:
    if not isinstance(given, Iterable):
        raise SchemaError(expected("a list of columns", **{role: given}))
    return (given,) if isinstance(given, str) else tuple(given)
