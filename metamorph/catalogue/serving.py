"""Relations of a model as it is served: batches, order, index, representation, coherence. They need no declaration."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
import pandas as pd

from metamorph import expectations, transforms
from metamorph.catalogue.declared import class_count, constraints, incoherence
from metamorph.catalogue.entry import Entry
from metamorph.relation import Relation, decreasing, increasing, invariant
from metamorph.transforms import Presentation
from metamorph.transforms.presentations import Handed

if TYPE_CHECKING:
    from metamorph_strategies.schema import Schema

MURPHY = "Murphy et al., Properties of machine learning applications for use in metamorphic testing (SEKE 2008)"
CHECKS = "scikit-learn, sklearn.utils.estimator_checks"
COHERENT = 1e-6
"""How far probabilities may be from adding up to one."""
BY_PLACE = "LightGBM takes columns by their place, whatever their names are"
CROWD = 4_096
"""Copies of one row that are put beside a batch."""
SAVED = "saved and loaded"
NOT_COHERENT = {
    "SVC": "its probabilities are fitted apart from its labels (Platt scaling)",
    "NuSVC": "its probabilities are fitted apart from its labels (Platt scaling)",
    "TunedThresholdClassifierCV": "its threshold is tuned, so the likelier class need not be the label",
    "FixedThresholdClassifier": "its threshold is given, so the likelier class need not be the label",
    "CalibratedClassifierCV": "calibration may move the likelier class away from the label",
}


def same_answers(name: str, presentation: Presentation, *, refusal_ok: bool = False) -> Relation:
    """The relation that rows presented otherwise get the same scores, or where *refusal_ok* an exception."""
    raises_ok = (Exception,) if refusal_ok else ()
    relation = Relation(name, transform=presentation, expect=expectations.unchanged(), raises_ok=raises_ok)
    return relation.on("scores")


def _asked_alone(schema: Schema, model: Any) -> Iterator[Relation]:
    yield same_answers("asked alone or in a batch", transforms.one_by_one())


def _row_order(schema: Schema, model: Any) -> Iterator[Relation]:
    yield same_answers("rows in another order", transforms.permuted_rows())


def _subset(schema: Schema, model: Any) -> Iterator[Relation]:
    yield same_answers("half of the rows", transforms.subset_of_rows())


def _duplicates(schema: Schema, model: Any) -> Iterator[Relation]:
    said = "Adding copies of its rows to a batch"
    copies = attrs.evolve(transforms.duplicated_rows(), said=said, present=_twice_and_crowded)
    yield same_answers("every row twice", copies)


def _twice_and_crowded(rows: pd.DataFrame, _: np.random.Generator) -> list[Handed]:
    """Every row twice; and all rows beside so many copies of the first that it settles what a batch has in common."""
    places = np.arange(len(rows))
    crowd = np.append(places, np.zeros(CROWD, dtype=places.dtype))
    return [Handed(rows.take(taken).reset_index(drop=True), taken) for taken in (np.tile(places, 2), crowd)]


def _purity(schema: Schema, model: Any) -> Iterator[Relation]:
    yield same_answers("asked twice", attrs.evolve(transforms.again(pure=True), present=_again_and_behind_the_first))


def _again_and_behind_the_first(rows: pd.DataFrame, _: np.random.Generator) -> list[Handed]:
    """The rows again, and again with all but the first turned round: a table that a cache may take for the same."""
    places = np.arange(len(rows))
    return [Handed(rows.take(taken).reset_index(drop=True), taken) for taken in (places, np.roll(places[::-1], 1))]


def _row_index(schema: Schema, model: Any) -> Iterator[Relation]:
    yield same_answers("another row index", attrs.evolve(transforms.row_index(), pure=True))


def _representation(schema: Schema, model: Any) -> Iterator[Relation]:
    numeric = all(pd.api.types.is_numeric_dtype(column.dtype) for column in schema.columns.values())
    if numeric and hasattr(model, "predict"):
        for order in ("C", "Fortran"):
            array = attrs.evolve(transforms.as_array(order[0]), pure=True)
            yield same_answers(f"an array in {order} order", array, refusal_ok=True)


def _column_order(schema: Schema, model: Any) -> Iterator[Relation]:
    if getattr(model, "feature_names_in_", None) is not None and len(schema.names) > 1:
        columns = attrs.evolve(transforms.permuted_columns(), present=_columns_exchanged)
        yield same_answers("columns in another order", columns, refusal_ok=True)


def _columns_exchanged(rows: pd.DataFrame, _: np.random.Generator) -> list[Handed]:
    """Columns of one sort exchange their places: a model that reads them by position has no reason to raise."""

    def exchanged(table: pd.DataFrame) -> pd.DataFrame:
        sorts = ["number" if pd.api.types.is_numeric_dtype(dtype) else str(dtype) for dtype in table.dtypes]
        order = pd.Series(range(len(sorts))).groupby(sorts).transform(lambda among: np.roll(among, 1)).to_numpy()
        return table.iloc[:, order if len(set(sorts)) < len(sorts) else order[::-1]]

    return [Handed(rows, np.arange(len(rows)), exchanged)]


def _added_column(schema: Schema, model: Any) -> Iterator[Relation]:
    if getattr(model, "feature_names_in_", None) is not None:
        yield same_answers("one column more", transforms.added_column(), refusal_ok=True)


def _saved(schema: Schema, model: Any) -> list[Relation]:
    return [same_answers(SAVED, transforms.reloaded(), refusal_ok=True)] if hasattr(model, "predict") else []


def _coherent(schema: Schema, model: Any) -> Iterator[Relation]:
    if hasattr(model, "predict_proba") and class_count(model):
        expect = expectations.between(high=COHERENT)
        yield Relation("coherent probabilities", transform=transforms.again(), expect=expect).on(incoherence)


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


def _declared(schema: Schema, model: Any) -> Iterator[Relation]:
    if class_count(model) not in {0, 2}:  # a direction on more classes has to name one
        return
    for name, sign in constraints(model, schema.names).items():
        if name in schema.columns and schema.columns[name].ordered:
            yield increasing(name) if sign > 0 else decreasing(name)


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
        "P16",
        "batch equals single",
        "batch",
        "A row is answered alone as it is in a batch.",
        "float",
        CHECKS,
        "by itself",
        cost="a call for each of 64 rows",
        make=_asked_alone,
    ),
    Entry(
        "P17",
        "row order",
        "batch",
        "The order of the rows changes no answer.",
        "float",
        MURPHY + ", permutative",
        "by itself",
        make=_row_order,
    ),
    Entry(
        "P18",
        "subset",
        "batch",
        "Leaving rows out changes no other row's answer.",
        "float",
        MURPHY + ", exclusive",
        "by itself",
        make=_subset,
    ),
    Entry(
        "P19",
        "duplicates",
        "batch",
        "Equal rows get equal answers, and adding rows changes no other row's.",
        "float",
        MURPHY + ", inclusive",
        "by itself",
        make=_duplicates,
    ),
    Entry(
        "P20",
        "purity",
        "batch",
        "Asked twice, the answers are the same, and the table handed over is left as it is.",
        "exact",
        CHECKS,
        "by itself",
        make=_purity,
    ),
    Entry(
        "P21",
        "representation",
        "representation",
        "An array of the same numbers, in C or Fortran order, gets the same answers.",
        "float",
        CHECKS,
        "by itself",
        "numeric columns; a model that refuses arrays is skipped",
        make=_representation,
    ),
    Entry(
        "P22",
        "columns by name",
        "representation",
        "Columns in another order give the same answers, or a clear error.",
        "exact",
        CHECKS,
        "by itself; of a function: mm.transforms.permuted_columns()",
        "the model knows its features' names",
        not_for=dict.fromkeys(("LGBMClassifier", "LGBMRegressor", "LGBMRanker"), BY_PLACE),
        make=_column_order,
    ),
    Entry(
        "P23",
        "serialisation",
        "representation",
        "Saved and loaded, the model answers the same.",
        "exact",
        "practice",
        "by itself",
        "the model can be pickled",
        make=_saved,
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
        "P30",
        "row index",
        "batch",
        "A shuffled, duplicated or text index changes no answer.",
        "float",
        "practice: pandas aligns on the index",
        "by itself",
        make=_row_index,
    ),
    Entry(
        "L8",
        "unused column",
        "representation",
        "A column that the model was not fitted on changes no answer, or is a clear error.",
        "exact",
        "practice",
        "by itself",
        "the model knows its features' names",
        make=_added_column,
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
)
