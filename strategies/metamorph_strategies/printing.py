"""How schemas, columns and relations print: as the code that makes them, or as a list to read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from metamorph_strategies.schema import Schema


class Printed:
    """Prints as its repr, where Hypothesis and IPython would list every field of an attrs class."""

    __slots__ = ()

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: ARG002, FBT001 - the protocol of pretty printers
        printer.text(repr(self))


def as_code(schema: Schema) -> str:
    """How to make the schema: a hand-written one whole, but for functions, which stand by name."""
    columns = ", ".join(f"{name!r}: {column!r}" for name, column in schema.columns.items())
    made = (
        f"Schema({{{columns}}})" if schema.observed is None else f"Schema.from_frame(<{len(schema.observed):,} rows>)"
    )
    derived = f".derive({', '.join(f'{name}=...' for name in schema.derived)})" if schema.derived else ""
    return made + derived + "".join(f".where({constraint.name})" for constraint in schema.constraints)


def as_list(schema: Schema) -> str:
    """The columns, a line each, with what is known of rows and constraints."""
    lines = [f"  {name}: {schema.columns.get(name) or schema.derived[name]!r}" for name in schema.names]
    rows = "written by hand" if schema.observed is None else f"{len(schema.observed):,} observed rows"
    if schema.dropped:
        rows += f", {schema.dropped:,} dropped by constraints"
    constraints = [f"  where {constraint.name}" for constraint in schema.constraints]
    return "\n".join([f"Schema of {len(schema.names)} columns, {rows}", *lines, *constraints])
