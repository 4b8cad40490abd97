"""A schema as a JSON document, and back: everything but functions and strategies, which are stored by name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from metamorph_strategies import plain
from metamorph_strategies.columns import Column, Strategy
from metamorph_strategies.errors import SchemaError, listed
from metamorph_strategies.functions import Constraint, Derived, TableFunction
from metamorph_strategies.reference import NamedRow

if TYPE_CHECKING:
    from metamorph_strategies.schema import Schema

JSON_VERSION = 1


def write(schema: Schema, named: NamedRow | None, *, labels: bool = True) -> str:
    """The schema as strict JSON, with the index labels of its rows or without."""
    data = {
        "version": JSON_VERSION,
        "names": schema.names,
        "columns": {name: plain.column_to_plain(column) for name, column in schema.columns.items()},
        "constraints": [{"name": part.name, "parents": part.parents} for part in schema.constraints],
        "derived": [
            {"name": part.name, "parents": part.parents, "dtype": plain.value_to_plain(part.dtype), "off": part.off}
            for part in schema.derived.values()
        ],
        "roles": schema.roles,
        "target": schema.target,
        "noun": schema.noun,
        "dropped": schema.dropped,
        "named_reference": None if named is None else _row_to_plain(named.row),
        "reference_label": None if named is None else named.label,
        "observed": None if schema.observed is None else plain.frame_to_plain(schema.observed, schema.columns),
        "labels": _labels_to_plain(schema.labels) if labels and schema.labels is not None else None,
    }
    return json.dumps(data, allow_nan=False)


def read(text: str, functions: Mapping[str, TableFunction]) -> tuple[dict[str, Column], dict[str, Any]]:
    """The columns and the other fields of the schema that :func:`write` wrote.

    Raises SchemaError for another version, and for functions that are not given, naming them all.
    """
    try:
        data = json.loads(text)
        version = data.get("version")
    except (TypeError, ValueError, AttributeError) as error:
        msg = f"Expected a schema as JSON but got text that is none: {error}"
        raise SchemaError(msg) from error
    if version != JSON_VERSION:
        msg = f"Expected a schema of version {JSON_VERSION} but got version={version!r}."
        raise SchemaError(msg)
    needed = [part["name"] for part in data["constraints"] + data["derived"]]
    needed += [name for name, column in data["columns"].items() if column["kind"] == Strategy.__name__]
    absent = [name for name in needed if name not in functions]
    if absent:
        msg = (
            f"The schema needs functions that JSON does not hold: {listed(absent)}.\n"
            "Give them by name: functions={...}"
        )
        raise SchemaError(msg)
    columns = {name: plain.column_from_plain(column, functions.get(name)) for name, column in data["columns"].items()}
    named, labels = data["named_reference"], data.get("labels")
    return columns, {
        "observed": None if data["observed"] is None else plain.frame_from_plain(data["observed"], columns),
        "derived": {part["name"]: _derived(part, functions) for part in data["derived"]},
        "constraints": tuple(
            Constraint(part["name"], functions[part["name"]], tuple(part["parents"])) for part in data["constraints"]
        ),
        "roles": {role: tuple(names) for role, names in data["roles"].items()},
        "names": tuple(data["names"]),
        "dropped": data["dropped"],
        "target": data["target"],
        "noun": tuple(data["noun"]),
        "labels": None if labels is None else pd.Index([plain.value_from_plain(label) for label in labels]),
        "named_reference": None
        if named is None
        else NamedRow(
            {name: plain.value_from_plain(value) for name, value in named.items()},
            data.get("reference_label"),
        ),
    }


def _row_to_plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: plain.value_to_plain(value) for name, value in row.items()}


def _labels_to_plain(labels: pd.Index[Any]) -> list[Any] | None:
    """Index labels; None where they count the rows, or are what JSON cannot hold."""
    if labels.equals(pd.RangeIndex(len(labels))):
        return None
    written = [plain.value_to_plain(label) for label in labels.tolist()]
    return written if all(isinstance(label, str | int | float | list | dict) for label in written) else None


def _derived(part: Mapping[str, Any], functions: Mapping[str, TableFunction]) -> Derived:
    dtype = plain.value_from_plain(part["dtype"])
    return Derived(part["name"], functions[part["name"]], tuple(part["parents"]), dtype, part["off"])
