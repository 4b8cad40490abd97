"""The kill matrix of the second corpus, whose faults were written blind."""

from __future__ import annotations

from functools import cache
from typing import Any

import metamorph as mm
from tests.quality.faults.matrix import COMPARISON, Row, found
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


def undeclared_kills(fault: Fault, budget: int = 2_000) -> tuple[str, ...]:
    """The relations of the registry that find a fault, with nothing declared."""
    model = fault.make(pipeline_of(fault.data))
    return found(mm.check_model(model, schema_of(fault.data), budget=budget, attack=0))


def declared_kills(fault: Fault, budget: int = 1_000) -> tuple[str, ...]:
    """The declared relations that find a fault, asked of a model made anew."""
    model = fault.make(pipeline_of(fault.data))
    return found(mm.check(model, declared_of(fault.data), schema_of(fault.data), budget=budget, attack=0))


def row_of(fault: Fault) -> Row:
    """What finds a fault."""
    undeclared, by = undeclared_kills(fault), declared_kills(fault)
    declared = tuple(name for name in by if name != COMPARISON)
    return Row(fault, undeclared, declared, tuple(name for name in by if name == COMPARISON))


def accused() -> dict[str, tuple[str, ...]]:
    """Which relations find something in an honest model, by its name: nothing is hoped for."""
    claimed = {name: found(mm.check_model(model, schema_of(data))) for name, (data, model) in honest().items()}
    for name, (data, model) in honest().items():
        if "column" not in name:  # those do not read the moment, and were not told which way the columns go
            judged = found(mm.check(model, declared_of(data), schema_of(data), budget=1_000))
            claimed[name] += tuple(kill for kill in judged if kill != COMPARISON or "year" not in name)
    return {name: kills for name, kills in claimed.items() if kills}
