"""The counterexample as a table: what the relation changed, what differs from the plain row, and the outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len

from metamorph.report.lines import WIDTH, cut, padded, safe, shown, wrapped
from metamorph.report.numbers import amount, pair

if TYPE_CHECKING:
    from metamorph.report.document import Report
    from metamorph.result import Counterexample

NAME_WIDTH = 22
VALUE_WIDTH = 19
NOUN_LENGTH = 30
REFERENCE_WIDTH = 60
"""Cells of what a reference row is called: a label of 36 characters can be read whole."""
MOST_ROWS = 12
"""Lines of a counterexample's table; the columns beyond are counted."""


def counterexample_table(report: Report, output: str, found: Counterexample) -> list[str]:
    """The lines of the table; *output* is the name of what was judged."""
    names = list(dict.fromkeys([*found.changed, *found.differs]))
    rows = [
        (name, shown(found.source[name]), shown(found.follow_up[name]), _marks(report, found, name)) for name in names
    ]
    hidden = len(rows[MOST_ROWS:])
    rows = [*rows[:MOST_ROWS], (output, *pair(found.source_output, found.follow_up_output), (_change(found),))]
    cells = [
        (cut(safe(name), NAME_WIDTH), cut(safe(source), VALUE_WIDTH), cut(safe(follow_up), VALUE_WIDTH), marks)
        for name, source, follow_up, marks in rows
    ]
    first = max(cell_len(name) for name, *_ in cells)
    second = max(len("source"), *(cell_len(source) for _, source, *_ in cells))
    third = max(len("follow-up"), *(cell_len(follow_up) for _, _, follow_up, _ in cells))
    lines = [f"  {' ' * first}  {'source':>{second}}   {'follow-up':>{third}}"]
    for name, source, follow_up, marks in cells:
        left = (
            f"  {padded(name, first)}  {padded(source, second, right=True)}   {padded(follow_up, third, right=True)}   "
        )
        lines += _beside(left, *marks)
    if hidden:
        lines.insert(-1, f"  ... and {hidden:,} more columns that differ")
    return lines


def typical(report: Report) -> str:
    """What the reference row is called."""
    if report.reference_name is not None:
        return cut(safe(report.reference_name), REFERENCE_WIDTH)
    return f"typical {noun(report)}" if report.rows == "real" else "plain row"


def _briefly(report: Report) -> str:
    """The same beside a value, where a long label would leave no room."""
    name = typical(report)
    return name if cell_len(name) <= NOUN_LENGTH else f"reference {noun(report)}"


def noun(report: Report) -> str:
    """What a row is called."""
    return safe(report.noun[0], NOUN_LENGTH)


def plural(report: Report) -> str:
    """What rows are called."""
    return safe(report.noun[1], NOUN_LENGTH)


def _marks(report: Report, found: Counterexample, name: str) -> tuple[str, ...]:
    """What to say of a column, at length and in short."""
    if name not in report.reference:
        return ("<- changed",)
    value = cut(shown(report.reference[name]), VALUE_WIDTH)
    if name not in found.changed:
        return f"<- differs from the {typical(report)} ({value})", f"<- {_briefly(report)}: {value}"
    if name not in found.differs:
        return "<- changed by the relation", "<- changed"
    return f"<- changed by the relation ({typical(report)}: {value})", f"<- changed ({_briefly(report)}: {value})"


def _change(found: Counterexample) -> str:
    if found.amount is None:
        return found.change
    by = "" if found.change == "stays" else f" by {amount(found.amount)}"
    return f"{found.change}{by} (allowed {amount(found.allowed)})"


def _beside(line: str, *marks: str) -> list[str]:
    """A table line with the first of its marks that fits; the last goes below where none does."""
    for mark in marks:
        if cell_len(line) + cell_len(mark) <= WIDTH:
            return [(line + mark).rstrip()]
    return [line.rstrip(), *wrapped(marks[-1], indent="      ")]
