"""The errors and warnings of the generating half, and how their texts are made."""

from __future__ import annotations

import datetime
import difflib
import operator
from collections.abc import Iterable

LONGEST_SHOWN = 120
"""Characters of a value that an error shows."""


class MetamorphError(Exception):
    """Anything metamorph refuses: one to three lines that say what, why and what to do."""


class SchemaError(MetamorphError):
    """A schema, a column or a frame that cannot be what it says it is."""


class LeakWarning(UserWarning):
    """A column determines the target, so a model that reads it knows the answer."""


class FormulaWarning(UserWarning):
    """Observed values disagree with the formula that is said to derive them."""


def expected(wanted: str, **given: object) -> str:
    """The one voice in which an argument is refused: ``Expected seed >= 0 but got seed=-1.``."""
    got = ", ".join(f"{name}={shown(value)}" for name, value in given.items())
    return f"Expected {wanted} but got {got}."


def check_whole(least: int, **given: object) -> None:
    """Raise SchemaError for an argument that is no whole number of at least *least*."""
    for name, value in given.items():
        whole = hasattr(value, "__index__") and not isinstance(value, bool)
        if not whole or operator.index(value) < least:  # type: ignore[arg-type]
            raise SchemaError(expected(f"{name} >= {least}", **{name: value}))


def nearest_name(name: str, names: Iterable[str]) -> str:
    """` (did you mean 'area'?)` for the known name nearest to *name*, else the empty string."""
    close = difflib.get_close_matches(name, list(names), n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def listed(names: Iterable[object], *, at_most: int = 6) -> str:
    """*names* as a comma-separated list that stays short."""
    texts = [shown(name) for name in names]
    more = len(texts) - at_most
    return ", ".join(texts[:at_most]) + (f" and {more} more" if more > 0 else "")


def shown(value: object) -> str:
    """A value as it is written in code (a moment as it is read), on one line and not too long for it."""
    return brief(str(value) if isinstance(value, datetime.date) else repr(value))


def brief(text: str) -> str:
    """A text on one line, cut where it is too long to be read."""
    line = text.replace("\n", " ")
    return line if len(line) <= LONGEST_SHOWN else f"{line[:LONGEST_SHOWN]}..."


def check_known(names: Iterable[str], known: Iterable[str]) -> None:
    """Raise SchemaError for the first of the columns named that is not known."""
    known = list(known)
    for name in names:
        if name not in known:
            msg = f"There is no column {name!r}{nearest_name(str(name), known)}."
            raise SchemaError(msg)
