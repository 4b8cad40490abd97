"""Fitted preprocessing steps: from which one column each of their outputs is computed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import numpy as np

from metamorph.whitebox.ensemble import Unreadable


@attrs.frozen
class Wire:
    """The one column that a number in front of or behind a step is computed from.

    ``unordered`` names the step after which larger values of the column need not have larger numbers, to the last bit;
    empty where they have, or smaller ones throughout.
    """

    column: str
    unordered: str = ""


Wires = tuple[Wire, ...]


def behind(name: str, step: Any, wires: Wires) -> Wires:
    """The wires behind a step that has these in front of it; Unreadable where it may mix columns."""
    if step is None or (isinstance(step, str) and step == "passthrough"):
        return wires
    kind, known = type(step).__name__, type(step).__module__.startswith("sklearn.")
    if not known or kind not in _KINDS:
        msg = f"the step {name!r} ({kind}) is none whose columns can be followed one by one"
        raise Unreadable(msg)
    try:
        return _KINDS[kind](name, step, wires)
    except AttributeError as error:  # parts that have no public name
        msg = f"the step {name!r} ({kind}) is not fitted, or of a version that keeps its parts elsewhere ({error})"
        raise Unreadable(msg) from error


def _in_order(name: str, step: Any, wires: Wires) -> Wires:  # noqa: ARG001 - as every kind of step is asked
    return wires


def _each(name: str, step: Any, wires: Wires) -> Wires:
    """Column by column, but in an order of its own, or rounded in ways that may turn neighbours around."""
    return tuple(attrs.evolve(wire, unordered=f"{name!r} ({type(step).__name__})") for wire in wires)


def _one_hot(name: str, step: Any, wires: Wires) -> Wires:
    widths = step._n_features_outs  # noqa: SLF001 - names of outputs may not tell which input they are of
    return tuple(wire for wire, width in zip(_each(name, step, wires), widths, strict=True) for _ in range(width))


def _imputed(name: str, step: Any, wires: Wires) -> Wires:
    if not _is_nan(step.missing_values):
        msg = f"the step {name!r} (SimpleImputer) fills in where there is missing_values={step.missing_values!r}"
        raise Unreadable(msg)
    statistics = np.asarray(step.statistics_, dtype=object)
    empty = np.array([_is_nan(value) for value in statistics], dtype=bool)
    if step.strategy == "constant" or step.keep_empty_features:
        empty[:] = False
    kept = tuple(wire for wire, gone in zip(wires, empty, strict=True) if not gone)
    if not step.add_indicator:
        return kept
    return (*kept, *(wires[place] for place in step.indicator_.features_))


def _is_nan(value: Any) -> bool:
    return value is None or type(value).__name__ == "NAType" or (isinstance(value, float) and np.isnan(value))


def _function(name: str, step: Any, wires: Wires) -> Wires:
    if step.func is not None:
        msg = f"the step {name!r} (FunctionTransformer) is a function of the user's, which may mix columns"
        raise Unreadable(msg)
    return wires


def _piped(name: str, step: Any, wires: Wires) -> Wires:
    for inner, each in step.steps:
        wires = behind(f"{name}__{inner}", each, wires)
    return wires


def _side_by_side(name: str, step: Any, wires: Wires) -> Wires:
    """A ColumnTransformer: each of its parts behind the columns that it takes, in the order of its outputs."""
    places = step._transformer_to_input_indices  # noqa: SLF001 - columns may be given as names, masks, slices, functions
    after: list[Wire] = []
    for inner, part, _ in step.transformers_:
        if isinstance(part, str) and part == "drop":
            continue
        taken = tuple(wires[place] for place in places[inner])
        if taken:
            after.extend(behind(f"{name}__{inner}", part, taken))
    return tuple(after)


_KINDS: dict[str, Callable[[str, Any, Wires], Wires]] = {
    # a difference, a product and a quotient of floats are rounded to the nearest, so that they keep the order
    "StandardScaler": _in_order,
    "MinMaxScaler": _in_order,
    "MaxAbsScaler": _in_order,
    "RobustScaler": _in_order,
    "SimpleImputer": _imputed,
    "FunctionTransformer": _function,
    # powers, logarithms and means of interpolations may turn around in the last bit
    "QuantileTransformer": _each,
    "PowerTransformer": _each,
    "OrdinalEncoder": _each,
    "OneHotEncoder": _one_hot,
    "Pipeline": _piped,
    "ColumnTransformer": _side_by_side,
}
