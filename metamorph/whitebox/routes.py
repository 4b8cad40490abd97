"""The route from a schema's columns to the features that a fitted model's last estimator is given."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
import pandas as pd

from metamorph.adapters.estimators import Estimator
from metamorph.catalogue.declared import DEEPEST
from metamorph.whitebox.ensemble import Mask, Numbers, Unreadable
from metamorph.whitebox.intake import intake
from metamorph.whitebox.lattice import is_listed
from metamorph.whitebox.steps import Wire, Wires, behind
from metamorph_strategies.columns import Cells, Codes
from metamorph_strategies.errors import brief

if TYPE_CHECKING:
    from metamorph_strategies.schema import Schema

PROBED = 64
"""Rows on which features are compared with those of their one column alone."""


@attrs.frozen(eq=False)
class Feature:
    """A number that the last estimator is given: from which column it is computed, and how.

    ``column`` may be a derived one. ``values(codes, missing)`` has shape ``(n,)``, in float64. Over the codes of a
    column with many of them it never falls or never rises.
    """

    column: str
    values: Callable[[Codes, Mask], Numbers]


@attrs.frozen(eq=False)
class Route:
    """The last ``estimator`` and its ``features``, each computed from one column of the schema."""

    estimator: Any
    features: tuple[Feature, ...]
    matrix: Callable[[Mapping[str, Cells], int], Numbers]
    """All features for cells of some columns (shape ``(n,)`` each), the others as in the reference row."""


def route(model: Any, schema: Schema) -> Route:
    """Follow a model's preprocessing, asked through the model's own fitted steps.

    Pipelines, column transformers, searches; steps that work column by column (scalers, encoders, a simple imputer).
    Raises Unreadable, naming the step, for any other; for features that would have to be monotone and may not be; and
    where features of random rows are not those of their columns taken one by one.
    """
    steps, estimator = _path(model)
    wires = tuple(Wire(name) for name in _handed_names(model, schema))
    for name, step in steps:
        wires = behind(name, step, wires)
    take_in, wires = intake(estimator, wires)
    matrix = _Matrix(Estimator(model), [step for _, step in steps if hasattr(step, "transform")], take_in, schema)
    for wire in wires:
        if wire.unordered and wire.column in schema.columns and not is_listed(schema.columns[wire.column]):
            msg = f"the step {wire.unordered} need not keep the order of {wire.column!r}, to the last bit"
            raise Unreadable(msg)
    _check_apart(matrix, wires, schema)
    features = tuple(
        Feature(wire.column, partial(_alone, matrix, wire.column, place)) for place, wire in enumerate(wires)
    )
    return Route(estimator, features, matrix)


def _alone(matrix: _Matrix, column: str, place: int, codes: Codes, missing: Mask) -> Numbers:
    return matrix({column: (codes, missing)}, len(codes))[:, place]


@attrs.frozen(eq=False)
class _Matrix:
    """Features for cells, by asking the model's own steps."""

    adapter: Estimator
    steps: list[Any]
    take_in: Callable[[Any], Numbers]
    schema: Schema
    reference: pd.DataFrame = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "reference", self.schema.frame([self.schema.reference]))

    def __call__(self, cells: Mapping[str, Cells], size: int) -> Numbers:
        plain = self.reference.take(np.zeros(size, dtype=np.int64)).reset_index(drop=True)
        columns = {
            name: self.schema.columns[name].decode(*cells[name]) if name in cells else plain[name]
            for name in self.schema.names
        }
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what steps say of unknown values, they say when the model is asked
            try:
                rows = self.adapter.handed(pd.DataFrame(columns))
                for step in self.steps:
                    rows = step.transform(rows)
                return self.take_in(rows)
            except Unreadable:
                raise
            except Exception as error:  # any step may refuse values of the schema, in its own way
                msg = f"its preprocessing raises on values of the schema ({type(error).__name__}: {brief(str(error))})"
                raise Unreadable(msg) from error


def _path(model: Any) -> tuple[list[tuple[str, Any]], Any]:
    """The steps before the last estimator, and that estimator, of a pipeline or what a search found best."""
    steps: list[tuple[str, Any]] = []
    for _ in range(DEEPEST):
        kind, known = type(model).__name__, type(model).__module__.startswith("sklearn.")
        if kind == "Pipeline" and known:
            steps += model.steps[:-1]
            model = model.steps[-1][1]
        elif known and hasattr(model, "best_estimator_"):
            model = model.best_estimator_
        elif hasattr(model, "best_estimator_") or isinstance(getattr(model, "steps", None), list):
            msg = f"{kind} is no pipeline or search of scikit-learn's own"
            raise Unreadable(msg)
        else:
            break
    return steps, model


def _handed_names(model: Any, schema: Schema) -> list[str]:
    """The columns that a model is handed, in order."""
    names = getattr(model, "feature_names_in_", None)
    if names is None:
        count = getattr(model, "n_features_in_", len(schema.names))
        if count != len(schema.names):
            msg = f"the model was fitted on {count} columns and the schema has {len(schema.names)}"
            raise Unreadable(msg)
        return list(schema.names)
    absent = [str(name) for name in names if str(name) not in schema.names]
    if absent:
        msg = f"the model was fitted on {absent[0]!r}, which the schema lacks"
        raise Unreadable(msg)
    return [str(name) for name in names]


def _check_apart(matrix: _Matrix, wires: Wires, schema: Schema) -> None:
    """Raise Unreadable where features are not those of their one column each, to the last bit, on random rows."""
    rng = np.random.default_rng(0)
    read = dict.fromkeys(wire.column for wire in wires if wire.column in schema.columns)
    cells = {name: schema.columns[name].encode(schema.columns[name].sample(rng, PROBED)) for name in read}
    together = matrix(cells, PROBED)
    if together.shape[1] != len(wires):
        msg = f"its preprocessing makes {together.shape[1]} features where {len(wires)} were followed"
        raise Unreadable(msg)
    reference = matrix({}, 1)
    for name in dict.fromkeys(wire.column for wire in wires):
        of_column = np.array([wire.column == name for wire in wires])
        alone = matrix({name: cells[name]}, PROBED) if name in cells else np.repeat(reference, PROBED, axis=0)
        if not np.array_equal(together[:, of_column], alone[:, of_column], equal_nan=True):
            msg = f"features of {name!r} depend on other columns as well"
            raise Unreadable(msg)
