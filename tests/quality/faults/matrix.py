"""The kill matrix: which faults which relations find. ``python -m tests.quality.faults.matrix`` prints it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import cache, partial
from typing import Any

import attrs

import metamorph as mm
from metamorph import registry
from metamorph.result import Result
from tests.quality.faults import (
    batch,
    coherence,
    declared_houses,
    declared_loans,
    inputs,
    mutation,
    order,
    outputs,
    representation,
    stateful,
)
from tests.quality.faults.data import APPROVED, PRICE, houses, loans
from tests.quality.faults.pipelines import house_prices, loan_approvals
from tests.quality.faults.served import DataSet, Fault

FAULTS: tuple[Fault, ...] = tuple(
    fault
    for module in (batch, order, stateful, mutation, representation, coherence, inputs, outputs)
    for fault in module.FAULTS
)
COMPARISON = "same as the other"
"""The one declared relation that needs the training pipeline."""


@attrs.frozen
class Row:
    """What found a fault: relations of the registry, declared ones, and the comparison with the training pipeline."""

    fault: Fault
    undeclared: tuple[str, ...]
    declared: tuple[str, ...]
    compared: tuple[str, ...]

    @property
    def killed(self) -> tuple[bool, bool, bool]:
        """Whether each column finds it: nothing declared; declared without the comparison; all that is declared."""
        found = bool(self.undeclared), bool(self.declared), bool(self.compared)
        return found[0], any(found[:2]), any(found)

    @property
    def line(self) -> str:
        """The row as a line of the table."""
        marks = "".join(f"{'killed' if killed else 'alive':>9}" for killed in self.killed)
        by = [*self.undeclared, *self.declared, *self.compared]
        more = f" and {len(by) - 2} more" if len(by) > 2 else ""
        return f"{self.fault.kind:<15}{self.fault.name:<45}{marks}  {', '.join(by[:2])}{more}".rstrip()


@cache
def schema_of(data: DataSet) -> mm.Schema:
    """The schema read off a data set, with nothing declared."""
    if data == "houses":
        return mm.Schema.from_frame(houses(), target=PRICE).with_noun("house")
    return mm.Schema.from_frame(loans(), target=APPROVED).with_noun("application")


def pipeline_of(data: DataSet) -> Any:
    """The honest pipeline of a data set."""
    return house_prices() if data == "houses" else loan_approvals()


def declared_of(data: DataSet) -> list[Any]:
    """What is declared of a data set."""
    return (declared_houses if data == "houses" else declared_loans).RELATIONS


def undeclared_kills(fault: Fault) -> tuple[str, ...]:
    """The relations of the registry that find a fault, with nothing declared."""
    return found(mm.check_model(fault.make(pipeline_of(fault.data)), schema_of(fault.data), attack=0))


def declared_kills(fault: Fault) -> tuple[str, ...]:
    """The declared relations that find a fault, asked of a model made anew."""
    model = fault.make(pipeline_of(fault.data))
    return found(mm.check(model, declared_of(fault.data), schema_of(fault.data), budget=1_000, attack=0))


class EnoughError(Exception):
    """A run has said what it was asked for."""


@attrs.frozen
class UntilFound:
    """Watches a run and ends it with the first relation that finds the fault, the comparison aside."""

    by: list[str] = attrs.field(factory=list)

    def advance(self, relation: str, stage: str, done: int, total: int) -> None:
        """Go on."""

    def finish(self, result: Result) -> None:
        """End the run where the result is about the model."""
        self.by.extend([result.relation] if finds(result) else [])
        if self.by and self.by[-1] != COMPARISON:
            raise EnoughError


def first_kills(run: Callable[[UntilFound], mm.Report]) -> tuple[str, ...]:
    """What finds a fault in a run up to its first relation that does, the comparison aside: the rest says no more."""
    watch = UntilFound()
    with suppress(EnoughError):
        run(watch)
    return tuple(watch.by)


def by_likely_groups(fault: Fault, run: Callable[[list[str], UntilFound], mm.Report]) -> tuple[str, ...]:
    """The first relation of the registry that finds a fault, those of the group that is called as its kind first.

    What one relation finds hangs on no other: each half is *run* on a model made anew, and together they are all.
    """
    groups = registry.groups()
    halves = [[name for name in groups if name == fault.kind], [name for name in groups if name != fault.kind]]
    found = (first_kills(partial(run, half)) for half in halves if half)
    return next((kills for kills in found if kills), ())


def first_undeclared_kills(fault: Fault) -> tuple[str, ...]:
    """As :func:`undeclared_kills`, up to the first."""

    def run(group: list[str], watch: UntilFound) -> mm.Report:
        model, schema = fault.make(pipeline_of(fault.data)), schema_of(fault.data)
        return mm.check_model(model, schema, group=group, attack=0, examples=1, progress=watch)

    return by_likely_groups(fault, run)


def first_declared_kills(fault: Fault) -> tuple[str, ...]:
    """As :func:`declared_kills`, up to the first that is not the comparison."""
    model, schema, declared = fault.make(pipeline_of(fault.data)), schema_of(fault.data), declared_of(fault.data)
    return first_kills(
        lambda watch: mm.check(model, declared, schema, budget=1_000, attack=0, examples=1, progress=watch)
    )


def row_of(fault: Fault) -> Row:
    """What finds a fault."""
    undeclared, by = undeclared_kills(fault), declared_kills(fault)
    declared = tuple(name for name in by if name != COMPARISON)
    return Row(fault, undeclared, declared, tuple(name for name in by if name == COMPARISON))


def found(report: mm.Report) -> tuple[str, ...]:
    """The relations whose verdict is about the model."""
    return tuple(result.relation for result in report.results if finds(result))


def finds(result: Result) -> bool:
    """Whether a result is an accusation of the model."""
    about = None if result.evidence is None else result.evidence.about
    return result.verdict == "violated" or (result.verdict == "broken" and about == "model")


def table(rows: list[Row]) -> str:
    """The matrix as text: a line a fault, a line a kind, a line for all."""
    head = f"{'kind':<15}{'fault':<45}{'nothing':>9}{'declared':>9}{'compared':>9}  killed by"
    lines = [head, *(row.line for row in rows), ""]
    for kind in [*dict.fromkeys(row.fault.kind for row in rows), "all"]:
        of_kind = [row for row in rows if kind in {row.fault.kind, "all"}]
        counts = [f"{sum(row.killed[column] for row in of_kind)}/{len(of_kind)}" for column in range(3)]
        lines.append(f"{kind:<60}" + "".join(f"{count:>9}" for count in counts))
    return "\n".join(lines)


if __name__ == "__main__":
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        print(table([row_of(fault) for fault in FAULTS]))  # noqa: T201 - the report
