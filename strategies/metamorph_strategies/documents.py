"""A schema as a JSON document, and back: everything but functions and strategies, which are stored by name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from metamorph_strategies import plain
from metamorph_strategies.columns import Column, Strategy
from metamorph_strategies.errors import SchemaError, listed
from metamorph_strategies.functions import Constraint, Derived, TableFunction

if TYPE_CHECKING:
    from metamorph_strategies.schema import Schema

JSON_VERSION = 1


def write(schema: Schema, named_reference: Mapping[str, Any] | None) -> str:
    """The schema as strict JSON."""
    named = (
        None
        if named_reference is None
        else {name: plain.value_to_plain(value) for name, value in named_reference.items()}
    )
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
        "named_reference": named,
        "observed": None if schema.observed is None else plain.frame_to_plain(schema.observed, schema.columns),
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
    named = data["named_reference"]
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
        "named_reference": None
        if named is None
        else {name: plain.value_from_plain(value) for name, value in named.items()},
    }


def _derived(part: Mapping[str, Any], functions: Mapping[str, TableFunction]) -> Derived:
    dtype = plain.value_from_plain(part["dtype"])
    return Derived(part["name"], functions[part["name"]], tuple(part["parents"]), dtype, part["off"])
