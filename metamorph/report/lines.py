"""Text that is safe to print and fits a terminal of 80 columns."""

from __future__ import annotations

import datetime
import io
import unicodedata
from collections.abc import Sequence
from typing import Any

import numpy as np
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

WIDTH = 80
LONGEST = 1e6
"""Numbers below this that are exactly a float32 are shown as one: 3.2, not 3.200000048."""
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Unicode categories that do not show as themselves: controls, direction marks, surrogates, private, separators."""
_MEASURE = Console(width=WIDTH, file=io.StringIO(), color_system=None, legacy_windows=False)
"""Where text is measured; nothing is printed on it."""


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


def shown(value: Any) -> str:
    """A cell of a row: plain digits, since a reader will compare and paste them."""
    if value is None:
        return "missing"
    if isinstance(value, datetime.datetime):
        moment = value.replace(tzinfo=None)
        exact = "auto" if moment.second or moment.microsecond else "minutes"
        return str(moment.date()) if moment == _midnight(moment) else moment.isoformat(" ", exact)
    if isinstance(value, float):
        short = abs(value) < LONGEST and float(np.float32(value)) == value
        return str(np.float32(value)) if short else f"{value:.10g}"
    return safe(value)


def _midnight(moment: datetime.datetime) -> datetime.datetime:
    return datetime.datetime.combine(moment.date(), datetime.time())


def cut(text: str, width: int) -> str:
    """*text* in at most *width* cells, an ellipsis where it was longer."""
    return text if cell_len(text) <= width else set_cell_size(text, width - 1) + "…"


def padded(text: str, width: int, *, right: bool = False) -> str:
    """*text* filled up to *width* cells, at the left end or at the right."""
    gap = " " * (width - cell_len(text))
    return gap + text if right else text + gap


def times(count: int, what: str) -> str:
    """``1 call``, ``2 calls``."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def wrapped(text: str, indent: str = "  ") -> list[str]:
    """*text* in lines of at most 80 cells (wide characters take two); words longer than a line are folded."""
    lines = Text(text).wrap(_MEASURE, WIDTH - cell_len(indent), overflow="fold")
    return [f"{indent}{line.plain.rstrip()}" for line in lines] or [indent]


def series(parts: Sequence[str]) -> str:
    """Parts of a sentence one after the other: a, b and c."""
    *some, last = parts or [""]
    return f"{', '.join(some)} and {last}" if some else last
