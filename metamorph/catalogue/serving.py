"""Relations of a model as it is served: batches, order, index, purity, saved and loaded. They need no declaration."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
import pandas as pd

from metamorph import expectations, transforms
from metamorph.catalogue.entry import Entry
from metamorph.relation import Relation
from metamorph.transforms import Presentation
from metamorph.transforms.presentations import OTHERS, Handed

if TYPE_CHECKING:
    from metamorph_strategies.schema import Schema

MURPHY = "Murphy et al., Properties of machine learning applications for use in metamorphic testing (SEKE 2008)"
CHECKS = "scikit-learn, sklearn.utils.estimator_checks"
CROWD = 4_096
"""Copies of one row that are put beside a batch."""
MOST_COPIED = 256
"""Rows that a copy of the model is asked about, after as many others for each column."""
SAVED = "saved and loaded"


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
    """The rows again, with all but the first turned round, and the first alone.

    A cache may take the second table for the same; a table of one row lacks levels, which a model may forget in it.
    """
    places = np.arange(len(rows))
    tables = (places, np.roll(places[::-1], 1), places[:1])
    return [Handed(rows.take(taken).reset_index(drop=True), taken) for taken in tables]


def _row_index(schema: Schema, model: Any) -> Iterator[Relation]:
    yield same_answers("another row index", attrs.evolve(transforms.row_index(), pure=True))


def _saved(schema: Schema, model: Any) -> list[Relation]:
    return [same_answers(SAVED, transforms.reloaded(), refusal_ok=True)] if hasattr(model, "predict") else []


def _history(schema: Schema, model: Any) -> Iterator[Relation]:
    if not hasattr(model, "predict"):
        return
    try:
        copy = _copy_of(model)
    except Exception:  # noqa: BLE001 - a model may refuse to be copied, as it likes: nothing is asked of a copy then
        return
    others = Presentation(
        "Asking a copy of the model, and about rows much like these before,",
        partial(_after_others, schema),
        most=MOST_COPIED,
        other=lambda _: pickle.loads(copy),  # noqa: S301 - bytes of our own
        key="others",
    )
    yield same_answers("asked after other rows", others, refusal_ok=True)


def _copy_of(model: Any) -> bytes:
    """The model as it is before it is asked anything, with what its functions hold on to, which pickle refuses."""
    import joblib  # noqa: PLC0415 - the registry itself has no need of it

    return pickle.dumps(joblib.wrap_non_picklable_objects(model, keep_wrapper=False))


def _after_others(schema: Schema, rows: pd.DataFrame, _: np.random.Generator) -> list[Handed]:
    """Rows that have one column of another row, for which a cache may take these; then these, from the last one on."""
    places, back = np.arange(len(rows)), np.roll(np.arange(len(rows)), 1)
    turned = {name: rows[name].take(back).array for name in schema.columns}
    others = [schema.complete(pd.DataFrame({**rows, name: cells})) for name, cells in turned.items()]
    other = pd.concat(others, ignore_index=True)
    lawful = other[schema.accepts(other)].reset_index(drop=True)
    before = [Handed(lawful, np.full(len(lawful), OTHERS))] if len(lawful) else []
    return [*before, Handed(rows.take(places[::-1]).reset_index(drop=True), places[::-1])]


ENTRIES: tuple[Entry, ...] = (
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
        "P31",
        "no memory",
        "batch",
        "What was asked before changes no answer: a copy that was asked about other rows answers the same.",
        "float",
        "practice: caches, running means, codes in the order of appearance",
        "by itself",
        "the model can be copied",
        make=_history,
    ),
)
