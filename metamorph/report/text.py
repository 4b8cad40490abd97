"""The report as text for a terminal of 80 columns: readable without colour, no raw control characters."""

from __future__ import annotations

import io
import textwrap
import unicodedata
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.table import Table
from rich.text import Text

from metamorph.report.numbers import amount, number, pair, percent

if TYPE_CHECKING:
    from metamorph.report.document import Report
    from metamorph.result import Counterexample, Result

WIDTH = 80
NAME_WIDTH = 22
VALUE_WIDTH = 16
MOST_ROWS = 12
"""Lines of a counterexample's table; the columns beyond are counted."""
LONGEST = 1e6
"""Numbers below this that are exactly a float32 are shown as one: 3.2, not 3.200000048."""
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Unicode categories that do not show as themselves: controls, direction marks, surrogates, private, separators."""


def render(report: Report) -> str:
    """The whole report: a summary first when there are several relations, then one screen each."""
    parts = [_summary(report)] if len(report.results) > 1 else []
    parts += ["\n".join(_screen(report, result)) for result in report.results]
    parts += ["\n".join(_wrapped(f"Note: {note}", indent="")) for note in report.notes]
    return "\n\n".join(parts)


def safe(value: object, limit: int = 1_000) -> str:
    """*value* as text in which nothing acts: what would not show as itself is escaped, what is too long is cut."""
    text = str(value)
    cut = text[:limit] + "…" if len(text) > limit else text
    return "".join(
        char.encode("unicode_escape", "surrogatepass").decode("ascii")
        if unicodedata.category(char) in _HIDDEN
        else char
        for char in cut
    )


def _summary(report: Report) -> str:
    table = Table(box=None, padding=(0, 2, 0, 0), expand=False)
    table.add_column("relation", overflow="ellipsis", no_wrap=True, max_width=34)
    table.add_column("verdict", no_wrap=True)
    for title in ("rate", "95% interval", "cases", "calls"):
        table.add_column(title, justify="right", no_wrap=True)
    for result in report.results:
        low_high = "" if result.interval is None else f"{percent(result.interval[0])} to {percent(result.interval[1])}"
        table.add_row(
            Text(safe(result.relation)),
            result.verdict.upper(),
            "" if result.rate is None else percent(result.rate),
            low_high,
            f"{result.cases:,}",
            f"{result.calls:,}",
        )
    console = Console(width=WIDTH, file=io.StringIO(), color_system=None, legacy_windows=False)
    console.print(table)
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    return "\n".join(line.rstrip() for line in lines)


def _screen(report: Report, result: Result) -> list[str]:
    lines = [_headline(_verdict_line(report, result), safe(result.relation)), *_wrapped(safe(result.sentence))]
    lines += _evidence(report, result)
    if result.counterexample is not None:
        lines += ["", *_table(report, result, result.counterexample), "", *_closing(report, result)]
    return lines


def _headline(left: str, right: str) -> str:
    room = WIDTH - cell_len(left) - 2
    if cell_len(right) > room:
        right = set_cell_size(right, max(room - 1, 0)) + "…" if room > 1 else ""
    return f"{left}{' ' * (WIDTH - cell_len(left) - cell_len(right))}{right}".rstrip()


def _verdict_line(report: Report, result: Result) -> str:
    word = result.verdict.upper()
    if result.verdict == "broken":
        return f"{word}: the {result.evidence.about}" if result.evidence else word
    if result.rate is None:
        return word
    rows = f"{report.rows} {report.noun[1]}"
    if result.violations:
        return f"{word}{' on' if result.verdict == 'violated' else ':'} {percent(result.rate)} of {rows}"
    return f"{word} on all of {result.cases:,} cases"


def _evidence(report: Report, result: Result) -> list[str]:
    lines: list[str] = []
    if result.evidence is not None:
        lines += _wrapped(safe(result.evidence.message))
        if result.evidence.row is not None:
            lines += _row(report, result.evidence.row)
    if result.rate is not None and result.interval is not None:
        lines += _wrapped(_rate(report, result))
    if result.allowed:
        lines += _wrapped(f"Allowed: {percent(result.allowed)} of cases.")
    if result.largest_shift is not None and result.verdict == "held":
        lines += _wrapped(
            f"Largest probability shift on {result.shift_cases:,} of them: {number(result.largest_shift)}."
        )
    lines += _counters(report, result)
    if result.stopped:
        lines += _wrapped("Stopped by the time limit; fewer cases were tried than the budget allows.")
    return lines


def _rate(report: Report, result: Result) -> str:
    assert result.rate is not None  # noqa: S101 - the caller has looked
    assert result.interval is not None  # noqa: S101 - the caller has looked
    nouns = report.noun[1]
    low, high = result.interval
    if not result.violations:
        on = f" on {result.distinct:,} {report.rows} {nouns}" if report.rows == "real" else ""
        return f"No violation in {result.cases:,} cases{on}; with 95% confidence at most {percent(high)} violate it."
    what = (
        f"{result.cases:,} {nouns}"
        if result.distinct == result.cases
        else f"{result.cases:,} cases on {result.distinct:,} {nouns}"
    )
    text = f"{percent(result.rate)} of {what} violate it (95% CI {percent(low)} to {percent(high)})"
    worst = result.worst
    if worst is not None and worst.amount is not None:
        noun = {"falls": "fall", "rises": "rise", "misses": "miss"}.get(worst.change, "change")
        text += f"; worst {noun} {amount(worst.amount)}"
    return text + "."


def _counters(report: Report, result: Result) -> list[str]:
    counts = (
        (result.not_applicable, "not applicable"),
        (result.precondition, "outside the precondition"),
        (result.no_change, "without a change"),
    )
    lines: list[str] = []
    said = ", ".join(f"{count:,} {what}" for count, what in counts if count)
    if said and result.cases:
        lines += _wrapped(f"Drawn: {result.drawn:,} cases, of them {said}.")
    if result.raised:
        lines += _wrapped(f"The model refused {result.raised:,} cases with an exception that the relation allows.")
    if result.rounding:
        lines += _wrapped(f"{result.rounding:,} differences vanished when asked alone: rounding, not counted.")
    return lines


def _table(report: Report, result: Result, found: Counterexample) -> list[str]:
    names = list(dict.fromkeys([*found.changed, *found.differs]))
    source, follow_up = pair(found.source_output, found.follow_up_output)
    allowed = f" (allowed {amount(found.allowed)})" if found.amount is not None else ""
    by = "" if found.amount is None or found.change == "stays" else f" by {amount(found.amount)}"
    rows = [(safe(name), *_values(found, name), _mark(report, found, name)) for name in names[:MOST_ROWS]]
    rows.append((safe(result.output), safe(source), safe(follow_up), f"{found.change}{by}{allowed}"))
    rows = [
        (
            *(_cut(cell, width) for cell, width in zip(row[:3], (NAME_WIDTH, VALUE_WIDTH, VALUE_WIDTH), strict=True)),
            row[3],
        )
        for row in rows
    ]
    widths = [max(cell_len(row[place]) for row in [("", "source", "follow-up", ""), *rows]) for place in range(3)]
    lines = [f"  {' ' * widths[0]}  {'source':>{widths[1]}}   {'follow-up':>{widths[2]}}"]
    for name, left, right, mark in rows:
        line = f"  {_padded(name, widths[0])}  {_padded(left, widths[1], right=True)}   {_padded(right, widths[2], right=True)}   "
        lines += _beside(line, mark)
    if len(names) > MOST_ROWS:
        lines.insert(-1, f"  ... and {len(names) - MOST_ROWS:,} more columns that differ")
    return lines


def _values(found: Counterexample, name: str) -> tuple[str, str]:
    return _shown(found.source[name]), _shown(found.follow_up[name])


def _mark(report: Report, found: Counterexample, name: str) -> str:
    if name not in report.reference:
        return "<- changed" if name in found.changed else ""
    typical = _cut(_shown(report.reference[name]), VALUE_WIDTH)
    if name in found.changed:
        return f"<- changed by the relation{f' ({_typical(report)}: {typical})' if name in found.differs else ''}"
    return f"<- differs from the {_typical(report)} ({typical})"


def _typical(report: Report) -> str:
    return f"typical {report.noun[0]}" if report.rows == "real" else "plain row"


def _closing(report: Report, result: Result) -> list[str]:
    found = result.counterexample
    lines: list[str] = []
    if found is not None and report.reference:
        lines += _wrapped(f"Every other column is at the {_typical(report)}.")
    first_calls, first_rows = result.calls - result.shrink_calls, result.rows - result.shrink_rows
    reduced = f"; reduced in {_times(result.shrink_calls, 'call')}" if result.shrink_calls else ""
    return lines + _wrapped(
        f"Found after {_times(first_rows, 'prediction')} in {_times(first_calls, 'call')}{reduced}."
    )


def _row(report: Report, row: dict[str, Any]) -> list[str]:
    names = [name for name in row if name in report.reference and row[name] != report.reference[name]]
    if not names:
        return _wrapped(f"The smallest such row is the {_typical(report)} itself.")
    cells = ", ".join(f"{safe(name, 60)}={_cut(_shown(row[name]), 40)}" for name in names[:MOST_ROWS])
    more = f" and {len(names) - MOST_ROWS} more columns" if len(names) > MOST_ROWS else ""
    return _wrapped(f"The smallest such row: {cells}{more}; every other column at the {_typical(report)}.")


def _shown(value: Any) -> str:
    """A cell of a row: plain digits, since a reader will compare and paste them."""
    if value is None:
        return "missing"
    if isinstance(value, float):
        single = np.float32(value)
        return str(single) if float(single) == value and abs(value) < LONGEST else f"{value:.10g}"
    return safe(value)


def _beside(line: str, mark: str) -> list[str]:
    """A table line with its mark, which goes below where it does not fit."""
    if not mark:
        return [line.rstrip()]
    if cell_len(line) + cell_len(mark) <= WIDTH:
        return [line + mark]
    return [line.rstrip(), *_wrapped(mark, indent="      ")]


def _cut(text: str, width: int) -> str:
    return text if cell_len(text) <= width else set_cell_size(text, width - 1) + "…"


def _padded(text: str, width: int, *, right: bool = False) -> str:
    gap = " " * (width - cell_len(text))
    return gap + text if right else text + gap


def _times(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _wrapped(text: str, indent: str = "  ") -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False) or [
        indent
    ]
