"""A pandera schema as a schema of ours: a column each, and joint constraints of what no column can say."""

from __future__ import annotations

import functools
from typing import Any

import pandas as pd

from metamorph_strategies.errors import SchemaError, expected
from metamorph_strategies.functions import TableFunction
from metamorph_strategies.pandera_column import Asked, column_of
from metamorph_strategies.schema import Schema

_OF_FRAMES = ("regex", "unique", "parsers", "index")
"""What a pandera schema or a column of it may have, and no row by itself."""


def from_pandera(schema: Any) -> Schema:
    """The rows that a pandera DataFrameSchema, or a DataFrameModel class, accepts, as a schema of the same dtypes.

    Bounds, levels, patterns, missingness and dtype of a column become one column; checks that are functions and checks
    of whole rows become joint constraints under the checks' names. Raises SchemaError for a column without the bounds
    or levels that its values are drawn from, for checks that leave no value, for what only a whole frame can satisfy
    (unique values, groups, statistical tests, an index of its own), and where pandera is not installed.
    """
    pandera = _imported()
    given, schema = schema, getattr(schema, "to_schema", lambda: schema)()
    if not isinstance(schema, pandera.DataFrameSchema):
        raise SchemaError(expected("a pandera DataFrameSchema or DataFrameModel", schema=given))
    _check_rows_only(schema, pandera.Hypothesis)
    asked = [Asked.of(name, column, schema.dtype or column.dtype) for name, column in schema.columns.items()]
    made = Schema({one.name: column_of(one) for one in asked})
    for one in asked:
        for check in (*one.holes(made.columns[one.name]), *one.functions):
            made = made.where(_of_column(one.name, check), name=_unused(check, made))
    for check in schema.checks:
        made = _with_rows_checked(made, _of_rows(check), _unused(check, made))
    return made


def _imported() -> Any:
    try:
        import pandera.pandas as pandera  # noqa: PLC0415 - an extra, and slow to import
    except ImportError:
        msg = "Reading pandera schemas needs pandera: install metamorph-testing[pandera]"
        raise SchemaError(msg) from None
    pandera.DataFrameSchema().validate(pd.DataFrame())  # with the first frame it learns what to ask checks of
    return pandera


def _check_rows_only(schema: Any, statistical: type) -> None:
    """Refuse what no row can keep, or break, by itself."""

    def is_of_frames(check: Any) -> bool:
        return isinstance(check, statistical) or check.groupby is not None or check.name == "unique_values_eq"

    parts = {f"column {name!r}": column for name, column in schema.columns.items()} | {"the schema": schema}
    for what, part in parts.items():
        given = {f"{field}={getattr(part, field, None)!r}": getattr(part, field, None) for field in _OF_FRAMES}
        found = [argument for argument, value in given.items() if value]
        found += [f"the check {check.name!r}" for check in part.checks if is_of_frames(check)]
        if found:
            msg = (
                f"Expected a pandera schema of rows but {what} has {found[0]}, which is about a frame as a whole.\n"
                "Leave it out of the schema that rows are drawn from, and name each column in full."
            )
            raise SchemaError(msg)


def _unused(check: Any, schema: Schema) -> str:
    """The name of a check, with a number where a constraint has that name already."""
    taken = {constraint.name for constraint in schema.constraints}
    name = check.name if check.name and check.name != "<lambda>" else "check"
    numbered = (f"{name} {number}" for number in range(2, len(taken) + 2))
    return name if name not in taken else next(other for other in numbered if other not in taken)


def _of_column(name: str, check: Any) -> TableFunction:
    """A check of a column, asked of a table by pandera: of present values only, unless it says otherwise."""

    def condition(t: pd.DataFrame) -> Any:
        values = t[name]
        if not isinstance(values, pd.Series):
            return _function(check)(values)
        answers = check(values).check_output
        shorter = isinstance(answers, pd.Series) and len(answers) < len(values)
        return answers.reindex(values.index, fill_value=True) if shorter else answers

    return condition


def _of_rows(check: Any) -> TableFunction:
    """A check of whole rows, asked of a table."""

    def condition(t: pd.DataFrame) -> Any:
        by_pandera = check.element_wise or check.statistics  # row by row, or one of pandera's own
        answers = check(t).check_output if by_pandera and isinstance(t, pd.DataFrame) else _function(check)(t)
        return answers.all(axis=1) if isinstance(answers, pd.DataFrame) else answers

    return condition


def _function(check: Any) -> Any:
    """The function of a check by itself, for symbols (see :mod:`~metamorph_strategies.inequalities`)."""
    return functools.partial(check._check_fn, **check._check_kwargs)  # noqa: SLF001 - pandera itself calls it on data only


def _with_rows_checked(schema: Schema, condition: TableFunction, name: str) -> Schema:
    """The schema with a condition that a missing operand does not satisfy by itself, as it does not by pandera."""
    made = schema.where(condition, name=name)
    read = made.constraints[-1].parents
    if not any(schema.columns[parent].nullable for parent in read):
        return made

    def unexcused(t: pd.DataFrame) -> Any:  # who raises without a column reads it, and a missing value there excuses
        return condition(t) if set(read) <= set(t.columns) else pd.Series(True, index=t.index)  # noqa: FBT003 - all rows

    return schema.where(unexcused, name=name)
