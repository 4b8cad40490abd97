"""Relations that follow from what schema and model say: roles, constraints, classes, missing values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from metamorph import expectations, transforms
from metamorph.bundle import Bundle
from metamorph.catalogue.declared import class_count, constraints, incoherence
from metamorph.catalogue.entry import Entry
from metamorph.catalogue.serving import CHECKS
from metamorph.catalogue.tags import takes_missing
from metamorph.expectations.answered import Answered, Finite
from metamorph.relation import Relation, decreasing, increasing, invariant

if TYPE_CHECKING:
    from metamorph_strategies.schema import Schema

BINARY = 2
COHERENT = 1e-6
"""How far probabilities may be from adding up to one."""
NOT_COHERENT = {
    "SVC": "its probabilities are fitted apart from its labels (Platt scaling)",
    "NuSVC": "its probabilities are fitted apart from its labels (Platt scaling)",
    "TunedThresholdClassifierCV": "its threshold is tuned, so the likelier class need not be the label",
    "FixedThresholdClassifier": "its threshold is given, so the likelier class need not be the label",
    "CalibratedClassifierCV": "calibration may move the likelier class away from the label",
}


def _coherent(schema: Schema, model: Any) -> Iterator[Relation]:
    if hasattr(model, "predict_proba") and class_count(model):
        expect = expectations.between(high=COHERENT)
        yield Relation("coherent probabilities", transform=transforms.again(), expect=expect).on(incoherence)
        elsewhere = transforms.replace(tuple(schema.columns), missing=True)
        relation = Relation("coherent everywhere", transform=elsewhere, expect=expect, raises_ok=(Exception,))
        yield relation.on(incoherence)


def _protected(schema: Schema, model: Any) -> Iterator[Relation]:
    names = [name for name in schema.role("protected") if name in schema.columns]
    for name in names:
        yield invariant(name)
    if len(names) > 1:
        yield invariant(*names)


def _identifiers(schema: Schema, model: Any) -> Iterator[Relation]:
    for name in schema.role("identifier"):
        if name in schema.columns:
            yield invariant(name)


def _declared(schema: Schema, model: Any) -> Iterator[Relation | Bundle]:
    several = class_count(model) not in {0, BINARY}
    classes = sorted(np.asarray(model.classes_).tolist()) if several else []
    if not all(isinstance(label, int | float) for label in classes):
        return  # classes without an order have no direction
    for name, sign in constraints(model, schema.names).items():
        if name in schema.columns and schema.columns[name].ordered:
            relation = increasing(name) if sign > 0 else decreasing(name)
            expected = (
                relation.on(expected_class=classes).named(f"{relation.id} by expected class") if several else None
            )
            yield relation if expected is None else expected & relation.on("label").named(f"{relation.id} by label")


def _missing(schema: Schema, model: Any) -> Iterator[Relation]:
    """That there is an answer, and no more: honest boosting leaves the range of the answers over the values (P14)."""
    for name, column in schema.columns.items() if takes_missing(model) else ():
        if column.nullable:
            hole = transforms.make_missing([name])
            yield Relation(f"missing value answered[{name}]", transform=hole, expect=Answered()).on("scores")


def _answered(schema: Schema, model: Any) -> Iterator[Relation]:
    """Values that were not observed together are an input all the same; a model may refuse them, and say so."""
    if hasattr(model, "predict"):
        elsewhere = transforms.replace(tuple(schema.columns), missing=True)
        relation = Relation("answered everywhere", transform=elsewhere, expect=Finite(), raises_ok=(Exception,))
        yield relation.on("scores")


ENTRIES: tuple[Entry, ...] = (
    Entry(
        "P1",
        "invariance",
        "fairness",
        "Whatever other value a column takes, the output stays.",
        "policy",
        "Ribeiro et al., Beyond accuracy (ACL 2020); Galhotra et al. (FSE 2017)",
        "mm.invariant('seller_gender')",
        "columns with the role protected",
        make=_protected,
    ),
    Entry(
        "P24",
        "probability coherence",
        "coherence",
        "Probabilities lie in [0, 1], add up to 1, and the likeliest class is the label.",
        "float",
        CHECKS,
        "by itself",
        "classifiers with predict_proba",
        "1e-6",
        not_for=NOT_COHERENT,
        make=_coherent,
    ),
    Entry(
        "D1",
        "declared constraints",
        "declared",
        "A monotone constraint that the model was fitted with holds of its answers.",
        "exact",
        "scikit-learn's monotonic_cst; XGBoost's, LightGBM's and CatBoost's monotone_constraints",
        "by itself",
        "the model is no pipeline of several steps",
        make=_declared,
    ),
    Entry(
        "D2",
        "identifiers",
        "fairness",
        "An identifier changes no answer.",
        "policy",
        "practice",
        "schema.with_roles(identifier=['id'])",
        "columns with the role identifier",
        make=_identifiers,
    ),
    Entry(
        "D3",
        "missing values",
        "declared",
        "A model that says it takes missing values answers a row without a value.",
        "exact",
        "scikit-learn's tag allow_nan",
        "by itself",
        "columns that may be missing; a pipeline whose steps take missing values, up to one that fills them",
        "any answer",
        make=_missing,
    ),
    Entry(
        "P32",
        "answers everywhere",
        "coherence",
        "Any values of the columns, observed together or not, get an answer that is a finite number, or a clear error.",
        "exact",
        "practice: logarithms of negative costs, overflow, two holes in one row",
        "by itself",
        "values that keep the schema's constraints",
        "any answer",
        make=_answered,
    ),
)
