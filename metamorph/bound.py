"""What ``.check(model)`` lives on: a relation bound to its schema and settings, or one case of it."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Mapping
from typing import Any

import attrs
import pandas as pd

from metamorph import host
from metamorph.case import Cases, Status, parameter
from metamorph.errors import RelationError, SchemaError, expected, listed, nearest_name
from metamorph.relation import Relation
from metamorph.report import Report
from metamorph.report.lines import WIDTH
from metamorph.runner.checking import BUDGET, check
from metamorph.runner.examiner import Examined, Examiner
from metamorph_strategies import plain
from metamorph_strategies.columns import Column, Timestamp, table
from metamorph_strategies.schema import Schema

_STATUS = {
    Status.EFFECTIVE: "effective",
    Status.NO_CHANGE: "no change",
    Status.NOT_APPLICABLE: "not applicable",
    Status.PRECONDITION: "outside the precondition",
}


@attrs.frozen
class Settings:
    """How much a check may ask, as the arguments of ``mm.check``."""

    budget: int = BUDGET
    seconds: float | None = None
    seed: int = 0
    floor: float | None = None


@attrs.frozen(repr=False)
class BoundRelation:
    """A relation with the schema and the settings it is checked with."""

    relation: Relation
    schema: Schema
    settings: Settings = Settings()

    @property
    def id(self) -> str:
        """The relation's id."""
        return self.relation.id

    def __repr__(self) -> str:
        return f"<{self.id}, {len(self.schema.names)} columns>"

    def check(self, model: Any) -> None:
        """Raise AssertionError with the readable report unless *model* keeps the relation.

        A test runner may have a say in how it is run: see :mod:`metamorph.host`.
        """
        __tracebackhide__ = True
        run = host.runner.get()
        report = _run(self, model) if run is None else run(self, model)
        report.raise_for_violations()


@attrs.frozen(repr=False)
class Case:
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

        It is judged as ``mm.check`` judges, rounding floor and confirmation included. Inside a Hypothesis test, a case
        that cannot be judged (no change, not applicable, outside the precondition) is rejected, an event says what
        became of it, and the pressure is a target to climb; elsewhere such a case fails, since nothing was tested.
        """
        __tracebackhide__ = True
        examined = _examiner(self, model, floor).examine(self._cases(), repr(self), search=_in_hypothesis())
        if _in_hypothesis():
            self._tell(examined)
        elif examined.status != Status.EFFECTIVE:
            msg = f"Nothing was tested: {self!r} is {_STATUS[examined.status]}."
            raise AssertionError(msg)
        if examined.report is not None:
            msg = f"\n{examined.report}\n\n{self._pin()}"
            raise AssertionError(msg)

    def _cases(self) -> Cases:
        schema = self.schema
        rows = schema.frame([{name: _value(column, self.values[name]) for name, column in schema.columns.items()}])
        if not self.relation.transform.moves:
            return Cases(rows, pd.DataFrame(index=rows.index))
        moves = {parameter(name): schema.columns[name] for name in self.relation.transform.moves}
        parameters = table.of_rows(moves, [{name: _value(column, self.values[name]) for name, column in moves.items()}])
        return Cases(rows, parameters)

    def _tell(self, examined: Examined) -> None:
        """Say to Hypothesis what became of the case."""
        import hypothesis  # noqa: PLC0415 - already imported, since its test is running

        hypothesis.event(f"{self.relation.id}: {_STATUS[examined.status]}")
        if examined.status != Status.EFFECTIVE:
            hypothesis.reject()
        if examined.margin is not None:
            hypothesis.note(f"{self.relation.id}: margin {examined.margin:,g} (above 0 violates)")
        if examined.pressure is not None and abs(examined.pressure) < float("inf"):
            try:
                hypothesis.target(examined.pressure, label=self.relation.id)
            except hypothesis.errors.InvalidArgument:  # a test that checks the case on several models
                return

    def _pin(self) -> str:
        """The line that makes a test try this case every time."""
        lines, entries = ["  Pin it: @example(mst.case(relation, schema, {"], [*map(_entry, self.values.items())]
        for place, entry in enumerate(entries):
            piece = entry + (", " if place + 1 < len(entries) else "}))")
            if len(lines[-1]) + len(piece.rstrip()) > WIDTH:
                lines.append("    ")
            lines[-1] += piece
        return "\n".join(line.rstrip() for line in lines)

    def __repr__(self) -> str:
        return f"mst.case(relation, schema, {{{', '.join(map(_entry, self.values.items()))}}})"


def case(relation: Relation, schema: Schema, values: Mapping[str, Any]) -> Case:
    """A case by hand, as a failing test prints it: a value for each free column and each parameter ``to[column]``.

    Columns left out are at the schema's reference row. Raises SchemaError for columns or values that the schema does
    not have, RelationError for a relation that cannot be asked of it.
    """
    check_relation(relation, schema)
    moves = tuple(parameter(name) for name in relation.transform.moves)
    unknown = [name for name in values if name not in schema.columns and name not in moves]
    if unknown:
        known = [*schema.columns, *moves]
        msg = f"There is no column or parameter {unknown[0]!r} of a case{nearest_name(str(unknown[0]), known)}."
        raise SchemaError(msg)
    absent = [name for name in moves if name not in values]
    if absent:
        msg = f"Expected a value for each parameter of {relation.id!r}; absent are {listed(absent)}."
        raise SchemaError(msg)
    given = {name: values[name] if name in values else _plain(schema.reference[name]) for name in schema.columns}
    made = Case(relation, schema, given | {name: values[name] for name in moves})
    made._cases()  # noqa: SLF001 - so that a value no column can store is told here
    return made


def drawn(relation: Relation, schema: Schema, row: Mapping[str, Any], moves: Mapping[str, Any]) -> Case:
    """The case of a *row* and of the values that columns move to, both in plain Python values."""
    values = {name: _plain(row[name]) for name in schema.columns}
    return Case(relation, schema, values | {parameter(name): _plain(value) for name, value in moves.items()})


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
    relation.transform.check(schema)


def _run(bound: BoundRelation, model: Any) -> Report:
    return check(model, bound.relation, bound.schema, **attrs.asdict(bound.settings))


def _in_hypothesis() -> bool:
    hypothesis = sys.modules.get("hypothesis")
    return hypothesis is not None and bool(hypothesis.currently_in_test_context())


_latest: list[tuple[Any, Case, float | None, Examiner]] = []
"""Who examined the latest cases, so that a model is probed once for a test and not for each example."""
_KEPT = 4


def _examiner(one: Case, model: Any, floor: float | None) -> Examiner:
    for known, other, allowed, examiner in _latest:
        if known is model and other.relation is one.relation and other.schema is one.schema and allowed == floor:
            return examiner
    examiner = Examiner(one.relation, one.schema, model, floor=floor)
    _latest.insert(0, (model, one, floor, examiner))
    del _latest[_KEPT:]
    return examiner


def _entry(item: tuple[str, Any]) -> str:
    return f"{item[0]!r}: {item[1]!r}"


def _plain(value: Any) -> Any:
    """A value of a row as a Python literal: a moment as its ISO text."""
    return value.isoformat() if isinstance(value, datetime.datetime) else plain.value_to_plain(value)


def _value(column: Column, literal: Any) -> Any:
    """The value that :func:`_plain` wrote."""
    if isinstance(column, Timestamp) and isinstance(literal, str):
        moment, zone = pd.Timestamp(literal), column.min_value.tz
        return moment if zone is None else moment.tz_convert(zone)
    return plain.value_from_plain(literal)
