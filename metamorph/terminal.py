"""What the command line shows: progress on a terminal, and the report with its verdicts coloured."""

from __future__ import annotations

import io
import sys
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from metamorph.report import Report
from metamorph.report.lines import WIDTH, safe
from metamorph.runner.reported import reported

if TYPE_CHECKING:
    from collections.abc import Sequence

    from metamorph.catalogue.entry import Entry
    from metamorph.result import Result
    from metamorph_strategies.schema import Schema

_COLOURS = {
    "HELD": "bold green",
    "PROVED": "bold green",
    "FIXED": "bold green",
    "VIOLATED": "bold red",
    "STILL FAILS": "bold red",
    "BROKEN": "bold magenta",
    "INCONCLUSIVE": "bold yellow",
    "SKIPPED": "bold",
    "GONE": "bold",
}


GAP = 2
"""Cells between the columns of a table."""


class Watcher:
    """Shows on a terminal which relation is at which stage; keeps the results for when the run is interrupted."""

    def __init__(self) -> None:
        console = Console(file=sys.stderr, highlight=False)
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=20),
            TextColumn("{task.fields[said]}", markup=False),
            TimeElapsedColumn(),
        )
        self._progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._tasks: dict[str, TaskID] = {}
        self._results: list[Result] = []

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def advance(self, relation: str, stage: str, done: int, total: int) -> None:
        """Move the relation's bar."""
        if relation not in self._tasks:
            self._tasks[relation] = self._progress.add_task(safe(relation, 30), total=total, said=stage)
        said = f"{stage} {done:,} of {total:,}" if total else stage
        self._progress.update(self._tasks[relation], completed=done or None, said=said)

    def finish(self, result: Result) -> None:
        """Keep the result and take its bar away."""
        self._results.append(result)
        if result.relation in self._tasks:
            self._progress.update(self._tasks[result.relation], visible=False)

    def partial(self, schema: Schema, seed: int) -> Report:
        """The report of the relations that were settled before the run was interrupted."""
        notes = ("Interrupted: the relations not listed were not settled.",)
        return reported(self._results, schema, seed=seed, notes=notes, interrupted=True)


def show(report: Report | str) -> None:
    """Print a report, or a part of one, to standard output, verdicts coloured where it is a terminal."""
    text = Text(str(report))
    for word, colour in _COLOURS.items():
        text.highlight_regex(rf"(?m)(^|\s){word}\b", colour)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal that lacks a character still gets the report
    console = Console(highlight=False, markup=False, soft_wrap=True)
    console.print(text)


def show_entries(entries: Sequence[Entry]) -> None:
    """Print the registry's entries group by group: id, what each says, and what to write for it."""
    console = Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else WIDTH)
    for group in dict.fromkeys(entry.group for entry in entries):
        table = Table(box=None, padding=(0, GAP, 0, 0), show_header=False)
        table.add_column(no_wrap=True)
        table.add_column()
        for entry in entries:
            if entry.group == group:
                said = f"{safe(entry.statement)} ({entry.strength})"
                table.add_row(Text(safe(entry.id)), Text(f"{said}\n{safe(entry.write)}"))
        console.print(Text(safe(group), style="bold"))
        console.print(table)
        console.print()
