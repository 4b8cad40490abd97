"""The errors and warnings of the generating half, and how their texts are made."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class MetamorphError(Exception):
    """Anything metamorph refuses: one to three lines that say what, why and what to do."""


class SchemaError(MetamorphError):
    """A schema, a column or a frame that cannot be what it says it is."""


class LeakWarning(UserWarning):
    """A column determines the target, so a model that reads it knows the answer."""


class FormulaWarning(UserWarning):
    """Observed values disagree with the formula that is said to derive them."""


def nearest_name(name: str, names: Iterable[str]) -> str:
    """`, did you mean 'area'?` for the known name nearest to *name*, else the empty string."""
    close = difflib.get_close_matches(name, list(names), n=1)
    return f", did you mean {close[0]!r}?" if close else ""


def listed(names: Iterable[object], *, at_most: int = 6) -> str:
    """*names* as a comma-separated list that stays short."""
    texts = [repr(name) for name in names]
    more = len(texts) - at_most
    return ", ".join(texts[:at_most]) + (f" and {more} more" if more > 0 else "")
