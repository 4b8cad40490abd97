"""The report as text for a terminal of 80 columns: readable without colour, no raw control characters."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from metamorph.report import where
from metamorph.report.lines import WIDTH, cut, safe, shown, times, wrapped
from metamorph.report.near import BY, by_search, far_off, near_what
from metamorph.report.numbers import amount, number, percent
from metamorph.report.rates import SAME, allowance, drawn, level, named, rate, severity, tolerable
from metamorph.report.table import MOST_ROWS, counterexample_table, noun, plural, typical

if TYPE_CHECKING:
    from metamorph.report.document import Report
    from metamorph.result import Counterexample, Result


GAP = 2
MOST_OTHERS = 3
"""Other rows of a batch, and follow-ups of a row, that are told."""
REFITS = "seeded"
"""What the cases of a relation about training are: few enough to be counted."""
SLICE_WIDTH = 40
"""Cells of a slice's name in the first line, where the relation's needs room too."""
FIRST_NUMBER = 2
"""The first column of the summary that is aligned to the right."""


def render(report: Report) -> str:
    """The whole report: a summary first when there are several relations, then one screen each."""
    parts = [summary([(result.relation, result) for result in report.results])] if len(report.results) > 1 else []
    parts += ["\n".join(_screen(report, result)) for result in report.results]
    parts += ["\n".join(wrapped(f"Note: {safe(note)}", indent="")) for note in report.notes]
    return "\n\n".join(parts)


def summary(results: Sequence[tuple[str, Result]]) -> str:
    """A table of named results, a line each."""
    levels = {level(result.confidence) for _, result in results if result.interval is not None}
    interval = f"{levels.pop() if len(levels) == 1 else '95%' if not levels else 'mixed'} interval"
    titles = ("relation", "verdict", "rate", interval, "cases", "calls")
    rows = [titles, *(_summary_row(name, result) for name, result in results)]
    others = sum(max(cell_len(row[place]) for row in rows) + GAP for place in range(1, len(titles)))
    table = Table(box=None, padding=(0, GAP, 0, 0), show_header=False)
    for place in range(len(titles)):
        table.add_column(justify="left" if place < FIRST_NUMBER else "right", no_wrap=True)
    for relation, *cells in rows:
        table.add_row(*(Text(cell) for cell in (cut(relation, WIDTH - others - GAP), *cells)))
    console = Console(width=WIDTH, file=io.StringIO(), color_system=None, legacy_windows=False)
    console.print(table)
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    return "\n".join(line.rstrip() for line in lines)


def _summary_row(name: str, result: Result) -> tuple[str, ...]:
    low_high = "" if result.interval is None else f"{percent(result.interval[0])} to {percent(result.interval[1])}"
    rate = "" if result.rate is None else percent(result.rate)
    return safe(name), result.verdict.upper(), rate, low_high, f"{result.cases:,}", f"{result.calls:,}"


def _screen(report: Report, result: Result) -> list[str]:
    if result.parts:
        return _bundle(report, result)
    lines = [_headline(_verdict_line(report, result), safe(result.relation)), *far_off(report, result)]
    lines += wrapped(safe(result.sentence))
    lines += _evidence(report, result)
    if result.counterexample is not None:
        lines += [
            "",
            *counterexample_table(report, result.output, result.counterexample),
            "",
            *_closing(report, result),
        ]
    for found in result.further:
        lines += ["", *wrapped("It fails otherwise as well:"), *counterexample_table(report, result.output, found)]
    return lines


def _bundle(report: Report, result: Result) -> list[str]:
    """The screens of a bundle's parts below its verdict."""
    count = sum(part.verdict == result.verdict for part in result.parts)
    said = f"{result.verdict.upper()}: {count} of {len(result.parts)} parts"
    lines = [_headline(said, safe(result.relation))]
    for part in result.parts:
        lines += ["", *_screen(report, part)]
    return lines


def _headline(left: str, right: str) -> str:
    left = cut(left, WIDTH)
    room = WIDTH - cell_len(left) - 2
    if cell_len(right) > room:
        right = cut(right, room) if room > 1 else ""
    return f"{left}{' ' * (WIDTH - cell_len(left) - cell_len(right))}{right}".rstrip()


def _verdict_line(report: Report, result: Result) -> str:
    """What was found, in a line; of a slice whose own allowed rate decides, which one."""
    if result.in_slice is not None:
        return f"{result.verdict.upper()} in {cut(safe(result.in_slice), SLICE_WIDTH)}"
    return _verdict(report, result)


def _verdict(report: Report, result: Result) -> str:  # noqa: PLR0911 - one for each way to come to a verdict
    word = result.verdict.upper()
    if result.verdict == "broken":
        return f"{word}: the {result.evidence.about}" if result.evidence else word
    if result.found_by == "case":
        return f"{word} by this case"
    if result.verdict == "proved":
        return f"{word} for every {noun(report)} of the schema"
    refits = report.rows == REFITS
    rows = plural(report) if refits else f"{report.rows} {plural(report)}"
    if by_search(result):
        return f"{word} by {BY[result.found_by or '']}" + (f": 0 of {result.cases:,} {rows}" if result.cases else "")
    if result.found_by == "replay":
        return f"{word} by a case that failed before" + (f": 0 of {result.cases:,} {rows}" if result.cases else "")
    if result.rate is not None and (result.interval is None or (refits and not result.allowed)):
        share = f"{result.violations:,} of {result.cases:,}" if result.violations else f"all of {result.cases:,}"
        return f"{word} on {share} {'' if refits else 'stated '}{plural(report)}"
    if result.rate is None:
        return f"{word} on what failed before" if result.replayed else word
    if not result.violations:
        return f"{word} on all of {result.cases:,} cases"
    if result.verdict == "violated":
        return f"{word} on {percent(result.rate)} of {rows}"
    return f"{word}: {percent(result.rate)} of {rows} violate, {result.allowed * 100:.3g}% allowed"


def _evidence(report: Report, result: Result) -> list[str]:
    lines: list[str] = []
    if result.evidence is not None:
        lines += wrapped(safe(result.evidence.message))
        if result.evidence.row is not None:
            lines += _row(report, result.evidence.row)
    if result.rate is not None and result.interval is not None:
        lines += wrapped(rate(report, result))
    lines += severity(result) + allowance(report, result) + named(report, result)
    if result.largest_shift is not None and result.verdict in {"held", "proved"}:
        lines += wrapped(
            f"Largest {result.shift_of} shift on {result.shift_cases:,} of them: {number(result.largest_shift)}."
        )
    return lines + drawn(result) + tolerable(result) + _replayed(result)


def _replayed(result: Result) -> list[str]:
    if not result.replayed:
        return []
    failing = result.replayed - result.fixed
    before = times(result.replayed, "case")
    return wrapped(f"{before} that failed before: {failing:,} still failing, {result.fixed:,} fixed.")


def _closing(report: Report, result: Result) -> list[str]:
    lines: list[str] = []
    found = result.counterexample
    if report.reference and found is not None:
        lines += wrapped(where.others(result.region, found, typical(report)))
        lines += [*where.fails_for(result.region, found), *where.slices(result), *where.bound(result)]
    if result.counterexample is not None and result.counterexample.others:
        lines += _others(report, result.counterexample.others)
    if result.counterexample is not None and 1 < len(result.counterexample.several) <= MOST_OTHERS:
        lines += _follow_ups(result.counterexample)
    if result.counterexample is not None:
        lines += near_what(report, result, result.counterexample) + _worst(report, result)
    if result.blame:
        lines += wrapped(safe(result.blame))
    if result.found_by in {"estimate", *BY}:
        lines += _cost(result)
    if result.verdict == "violated" and result.replay:
        lines.append(f"  Replay: {safe(result.replay)}")  # in one line, since it is copied whole
    return lines


def _worst(report: Report, result: Result) -> list[str]:
    """The worst case, where it is not the smallest one."""
    worst, smallest = result.worst, result.counterexample
    if worst is None or smallest is None or worst.amount is None or worst.margin <= smallest.margin * (1 + SAME):
        return []
    step = ", ".join(
        f"{safe(name, 60)} {cut(shown(worst.source[name]), 40)} to {cut(shown(worst.follow_up[name]), 40)}"
        for name in worst.changed[:MOST_OTHERS]
    )
    others = [name for name in worst.differs if name not in worst.changed]
    listed, more = _cells({name: worst.source[name] for name in others[:MOST_OTHERS]}), len(others) - MOST_OTHERS
    listed += f", {times(more, 'other column')}" if more > 0 else ""
    where_ = f", with {listed} off the {typical(report)}" if listed else ""
    return wrapped(f"Worst case found: {step or 'the same change'} {worst.change} by {amount(worst.amount)}{where_}.")


def _others(report: Report, others: tuple[dict[str, Any], ...]) -> list[str]:
    """The other rows of a batch, by where they differ from the reference row."""
    differing = [{name: row[name] for name in row if row[name] != report.reference.get(name)} for row in others]
    rows = "; ".join(_cells(row) or f"the {typical(report)}" for row in differing[:MOST_OTHERS])
    more = f"; and {len(others) - MOST_OTHERS:,} more" if len(others) > MOST_OTHERS else ""
    return wrapped(f"Asked together with {times(len(others), 'other row')}: {rows}{more}.")


def _follow_ups(found: Counterexample) -> list[str]:
    """All of a few follow-ups, by where they differ from the source, with their outputs."""
    said = []
    for row, output in zip(found.several, found.several_outputs, strict=True):
        cells = _cells({name: row[name] for name in row if row[name] != found.source[name]})
        said.append(f"{cells or 'the same row'} gives {number(output) if isinstance(output, float) else shown(output)}")
    return wrapped(f"Of its follow-ups {'; '.join(said)}.")


def _cells(row: dict[str, Any]) -> str:
    cells = [f"{safe(name, 60)}={cut(shown(value), 40)}" for name, value in row.items()]
    more = f" and {len(cells) - MOST_ROWS} more columns" if len(cells) > MOST_ROWS else ""
    return ", ".join(cells[:MOST_ROWS]) + more


def _cost(result: Result) -> list[str]:
    calls = result.calls - result.shrink_calls - result.explain_calls - result.further_calls
    rows, sought = result.rows - result.shrink_rows - result.explain_rows - result.further_rows, ""
    if result.found_by == "estimate" and result.attack_rows:
        calls, rows = calls - result.attack_calls, rows - result.attack_rows
        sought = f"; a worse case sought in {result.attack_rows:,} more"
    reduced = f"; reduced in {times(result.shrink_calls, 'call')}" if result.shrink_calls else ""
    reduced += f", explained in {result.explain_calls:,}" if reduced and result.explain_calls else ""
    reduced += f"; {times(len(result.further), 'further one')} in {result.further_calls:,}" if result.further else ""
    return wrapped(f"Found after {times(rows, 'prediction')} in {times(calls, 'call')}{sought}{reduced}.")


def _row(report: Report, row: dict[str, Any]) -> list[str]:
    reference = report.reference
    names = [name for name in row if name not in reference or row[name] != reference[name]]
    if not names:
        return wrapped(f"The smallest such row is the {typical(report)} itself.")
    rest = f"; every other column at the {typical(report)}" if reference else ""
    return wrapped(f"The smallest such row: {_cells({name: row[name] for name in names})}{rest}.")
