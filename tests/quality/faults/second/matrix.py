"""The kill matrix of the second corpus, whose faults were written blind."""

from __future__ import annotations

from functools import cache
from typing import Any

import metamorph as mm
from tests.quality.faults.matrix import COMPARISON, Row, UntilFound, by_likely_groups, first_kills, found
from tests.quality.faults.second import (
    batch,
    coherence,
    declared_claims,
    declared_visits,
    inputs,
    mutation,
    order,
    outputs,
    representation,
    stateful,
)
from tests.quality.faults.second.data import COST, OUTCOME, claims, visits
from tests.quality.faults.second.pipelines import (
    claim_costs,
    columnwise_costs,
    columnwise_visits,
    missed_visits,
    yesterdays_costs,
)
from tests.quality.faults.served import DataSet, Fault, served

FAULTS: tuple[Fault, ...] = (
    *(*batch.BATCH, *order.ORDER, *order.INDEX, *stateful.STATEFUL, *mutation.MUTATION),
    *(*representation.REPRESENTATION, *coherence.COHERENCE, *inputs.INPUTS, *outputs.OUTPUTS),
)

SEARCH = {"probabilities fall below zero": 2_000}
"""Predictions spent on the search for faults that few rows in 10,000 show; it adds nothing to the others, but time."""


@cache
def schema_of(data: DataSet) -> mm.Schema:
    """The schema read off a data set, with nothing declared."""
    if data == "claims":
        return mm.Schema.from_frame(claims(), target=COST).with_noun("claim")
    return mm.Schema.from_frame(visits(), target=OUTCOME).with_noun("visit")


def pipeline_of(data: DataSet) -> Any:
    """The honest pipeline of a data set."""
    return claim_costs() if data == "claims" else missed_visits()


def declared_of(data: DataSet) -> list[Any]:
    """What is declared of a data set."""
    return list(declared_claims.RELATIONS if data == "claims" else declared_visits.RELATIONS)


def honest() -> dict[str, tuple[DataSet, Any]]:
    """Models that nothing may accuse, by name, each with its data set."""
    return {
        "claims": ("claims", claim_costs()),
        "visits": ("visits", missed_visits()),
        "claims behind a door": ("claims", served(claim_costs())),
        "visits behind a door": ("visits", served(missed_visits())),
        "claims of last year": ("claims", yesterdays_costs()),
        "claims column by column": ("claims", columnwise_costs()),
        "visits column by column": ("visits", columnwise_visits()),
    }


def undeclared_kills(fault: Fault) -> tuple[str, ...]:
    """The relations of the registry that find a fault, with nothing declared."""
    model, attack = fault.make(pipeline_of(fault.data)), SEARCH.get(fault.name, 0)
    return found(mm.check_model(model, schema_of(fault.data), attack=attack))


def declared_kills(fault: Fault) -> tuple[str, ...]:
    """The declared relations that find a fault, asked of a model made anew."""
    model = fault.make(pipeline_of(fault.data))
    return found(mm.check(model, declared_of(fault.data), schema_of(fault.data), budget=1_000, attack=0))


def first_undeclared_kills(fault: Fault) -> tuple[str, ...]:
    """As :func:`undeclared_kills`, up to the first."""

    def run(group: list[str], watch: UntilFound) -> mm.Report:
        model, schema, attack = fault.make(pipeline_of(fault.data)), schema_of(fault.data), SEARCH.get(fault.name, 0)
        return mm.check_model(model, schema, group=group, attack=attack, examples=1, progress=watch)

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


def accusations(name: str, attack: int | None = None) -> tuple[str, ...]:
    """Which relations find something in an honest model, by itself or of what is declared: none, if all is well."""
    data, model = honest()[name]
    by_itself = found(mm.check_model(model, schema_of(data), attack=attack))
    if "column" in name:  # it does not read the moment, and was not told which way the columns go
        return by_itself
    declared = found(mm.check(model, declared_of(data), schema_of(data), budget=1_000, attack=attack))
    return by_itself + tuple(kill for kill in declared if kill != COMPARISON or "year" not in name)
