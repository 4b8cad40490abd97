"""What ``.check(model)`` lives on: a relation bound to its schema and settings, or one case of it."""

from __future__ import annotations

import contextlib
import math
import types
from collections.abc import Mapping
from typing import Any, NoReturn

import attrs
from rich.cells import cell_len

from metamorph import host
from metamorph.case import Cases, Status, parameter
from metamorph.errors import RelationError, SchemaError, expected, listed, nearest_name
from metamorph.literals import cases_of, from_literal, literals_of, to_literal
from metamorph.relation import Relation
from metamorph.report import Report
from metamorph.report.lines import WIDTH, safe
from metamorph.runner.checking import Checkable, run
from metamorph.runner.examiner import Examined, Examiner
from metamorph.runner.settings import Settings
from metamorph.transforms import Fan, Presentation
from metamorph_strategies.columns import Column
from metamorph_strategies.printing import Printed
from metamorph_strategies.schema import Schema

LONGEST_NAME = 50
"""Characters of a relation's name in a line of pytest's."""
LONGEST_PIN = 4_000
"""Characters that a failing case takes at most to say how to pin it."""

_STATUS = {
    Status.EFFECTIVE: "effective",
    Status.NO_CHANGE: "no change",
    Status.NOT_APPLICABLE: "not applicable",
    Status.PRECONDITION: "outside the precondition",
}
_NOTHING = {
    Status.NO_CHANGE: "it changes nothing",
    Status.NOT_APPLICABLE: "the change cannot be made",
    Status.PRECONDITION: "it is outside the precondition",
}


@attrs.frozen(repr=False)
class BoundRelation:
    """A relation, or a bundle, with the schema and the settings it is checked with."""

    relation: Checkable
    schema: Schema
    settings: Settings = attrs.field(factory=Settings)

    @property
    def id(self) -> str:
        """The relation's id."""
        return self.relation.id

    def __repr__(self) -> str:
        return f"<{safe(self.id, LONGEST_NAME)}, {len(self.schema.names)} columns>"

    def check(self, model: Any) -> None:
        """Raise AssertionError with the readable report unless *model* keeps the relation.

        A test runner may have a say in how it is run: see :mod:`metamorph.host`.
        """
        __tracebackhide__ = True
        hosted = host.runner.get()
        report = _run(self, model) if hosted is None else hosted(self, model)
        report.raise_for_violations()


@attrs.frozen(repr=False)
class Case(Printed):
    """One case of a relation, as plain data: ``values`` are the source's columns and the parameters ``to[column]``.

    Two cases are equal where relation, schema and values are; ``repr`` is the call that makes an equal one.
    """

    relation: Relation
    schema: Schema
    values: Mapping[str, Any]

    @property
    def source(self) -> dict[str, Any]:
        """The source row, derived columns included, in plain Python values."""
        return self.schema.row(self._cases().source)

    def check(self, model: Any, *, floor: float | None = None) -> None:
        """Raise AssertionError with the readable report where *model* breaks the relation on this case.

        It is judged as ``mm.check`` judges, rounding floor and confirmation included. A case that cannot be judged (no
        change, not applicable, outside the precondition) fails, since nothing was tested; one that a Hypothesis test
        has drawn is rejected. In such a test an event says what became of the case, and the pressure is a target.
        """
        __tracebackhide__ = True
        replayed = host.replayed()
        in_test = replayed is not None
        examiner = _examiner(self, model, floor, replayed=replayed)
        examined = examiner.examine(self._cases(), repr(self), search=in_test, replayed=bool(replayed))
        if in_test:
            _event(self.relation, examined.status)
        if examined.status != Status.EFFECTIVE:
            if replayed is False:
                _reject()
            msg = f"\nNothing was tested by this case: {_NOTHING[examined.status]}.\n\n{self._written()}"
            raise AssertionError(msg)
        if in_test:
            _climb(self.relation, examined)
        if examined.report is not None:
            msg = f"\n{examined.report}\n\n{self._written('Pin it: @example(', ')')}"
            raise AssertionError(msg)

    def _cases(self) -> Cases:
        return cases_of([self.values], self.schema, self.relation.transform.moves)

    def _written(self, before: str = "", after: str = "") -> str:
        """The call that makes the case, in lines to copy; short of columns at the reference row where it is long."""
        columns, values = self.schema.columns, self.values
        if len(repr(self)) > LONGEST_PIN:
            plainest = {name: to_literal(column, self.schema.reference[name]) for name, column in columns.items()}
            values = {name: value for name, value in values.items() if name not in columns or value != plainest[name]}
        entries = _entries(values)
        if sum(map(len, entries)) > LONGEST_PIN:
            return "  It is too long to write down here; it can be made of its values, case.values."
        lines = [f"  {before}mst.case(relation, schema, {{"]
        for place, entry in enumerate(entries):
            piece = entry + (", " if place + 1 < len(entries) else "})" + after)
            if cell_len(lines[-1]) + cell_len(piece.rstrip()) > WIDTH:
                lines.append("    ")
            lines[-1] += piece
        return "\n".join(line.rstrip() for line in lines)

    def __repr__(self) -> str:
        return f"mst.case(relation, schema, {{{', '.join(_entries(self.values))}}})"


def case(relation: Relation, schema: Schema, values: Mapping[str, Any]) -> Case:
    """A case by hand, as a failing test prints it: a value for each free column and each parameter ``to[column]``.

    Columns left out are at the schema's reference row. Raises SchemaError for columns or values that the schema does
    not have, RelationError for a relation that cannot be asked of it.
    """
    check_relation(relation, schema)
    if not isinstance(values, Mapping):
        raise SchemaError(expected("a dict of columns and values", values=values))
    moves = relation.transform.moves
    columns = {**schema.columns, **{parameter(name): schema.columns[name] for name in moves}}
    unknown = [name for name in values if name not in columns]
    if unknown:
        msg = f"There is no column or parameter {unknown[0]!r} of a case{nearest_name(str(unknown[0]), columns)}."
        raise SchemaError(msg)
    absent = [parameter(name) for name in moves if parameter(name) not in values]
    if absent:
        msg = f"Expected a value for each parameter of {relation.id!r}; absent are {listed(absent)}."
        raise SchemaError(msg)
    given = {name: to_literal(column, schema.reference[name]) for name, column in schema.columns.items()} | dict(values)
    for name, column in columns.items():
        if not _is_value(column, given[name]):
            raise SchemaError(expected(f"a value of column {name!r}, {column!r},", value=given[name]))
    made = cases_of([given], schema, moves)
    return Case(relation, schema, literals_of(made, schema, moves)[0])


def _is_value(column: Column, literal: Any) -> bool:
    """Whether a literal is within a column's bounds or levels; the resolution is not asked for."""
    try:
        cells = column.encode(column.series([from_literal(column, literal)]))
    except (TypeError, ValueError, LookupError, OverflowError, AttributeError, StopIteration):
        return False
    return bool(column.admits(*cells)[0])


def drawn(relation: Relation, schema: Schema, row: Mapping[str, Any], moves: Mapping[str, Any]) -> Case:
    """The case of a *row* and of the values that columns move to, both in plain Python values."""
    values = {name: to_literal(column, row[name]) for name, column in schema.columns.items()}
    values |= {parameter(name): to_literal(schema.columns[name], value) for name, value in moves.items()}
    return Case(relation, schema, values)


def check_relation(relation: Relation, schema: Schema) -> None:
    """Raise RelationError or SchemaError where cases of the relation cannot be made or judged one by one."""
    if not isinstance(relation, Relation):
        raise RelationError(expected("a relation such as mm.increasing('area')", relation=relation))
    if not isinstance(schema, Schema):
        raise SchemaError(expected("a Schema", schema=type(schema).__name__))
    if relation.allowed:
        msg = (
            f"Relation {relation.id!r} allows a rate of {relation.allowed:.3g}, so one case settles nothing.\n"
            "Use mm.check, or leave .allow out."
        )
        raise RelationError(msg)
    if isinstance(relation.transform, Fan | Presentation):
        what = "several follow-ups" if isinstance(relation.transform, Fan) else "whole batches"
        msg = f"Relation {relation.id!r} is about {what}, so it has no single cases.\nUse mm.check."
        raise RelationError(msg)
    relation.transform.check(schema)
    clash = [name for name in relation.transform.moves if parameter(name) in schema.columns]
    if clash:
        msg = f"Column {parameter(clash[0])!r} has the name of a parameter of {relation.id!r}; rename it."
        raise RelationError(msg)


def _run(bound: BoundRelation, model: Any) -> Report:
    return run(model, bound.relation, bound.schema, bound.settings)


def _event(relation: Relation, status: Status) -> None:
    import hypothesis  # noqa: PLC0415 - its test is running

    hypothesis.event(f"{safe(relation.id)}: {_STATUS[status]}")


def _reject() -> NoReturn:
    import hypothesis  # noqa: PLC0415 - its test is running

    hypothesis.reject()


def _climb(relation: Relation, examined: Examined) -> None:
    """Note the margin, and have Hypothesis look for more of the pressure."""
    import hypothesis  # noqa: PLC0415 - its test is running

    name = safe(relation.id)
    if examined.margin is not None:
        hypothesis.note(f"{name}: margin {examined.margin:,g} (above 0 violates)")
    if examined.pressure is not None and math.isfinite(examined.pressure):
        # a test may check a case on several models, and Hypothesis takes one target of a name
        with contextlib.suppress(hypothesis.errors.InvalidArgument):
            hypothesis.target(examined.pressure, label=name)


_latest: list[tuple[Any, Case, float | None, Examiner]] = []
"""Who examined the latest cases of Hypothesis's tests: a model is probed once for a test and not for each example."""
_KEPT = 4


def _examiner(one: Case, model: Any, floor: float | None, *, replayed: bool | None) -> Examiner:
    """The examiner of the running test, or a new one.

    Hypothesis ends a test with the cases that failed: whatever is not such a case after one belongs to another test.
    """
    if replayed is None:
        return Examiner(one.relation, one.schema, model, floor=floor)
    for place, (known, other, allowed, examiner) in enumerate(_latest):
        if _is(known, model) and other.relation is one.relation and other.schema is one.schema and allowed == floor:
            if replayed or not examiner.replayed:
                return examiner
            del _latest[place]
            break
    examiner = Examiner(one.relation, one.schema, model, floor=floor)
    _latest.insert(0, (model, one, floor, examiner))
    del _latest[_KEPT:]
    return examiner


def _is(known: Any, model: Any) -> bool:
    """Whether two models are one; of a method, every look at it makes another object."""
    return known is model or (isinstance(model, types.MethodType) and bool(known == model))


def _entries(values: Mapping[str, Any]) -> list[str]:
    return [f"{name!r}: {value!r}" for name, value in values.items()]
