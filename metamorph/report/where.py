"""Where a relation fails, in words: the region of its counterexample, the slices of its violations, the bound."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from metamorph.report.lines import cut, safe, series, shown, wrapped
from metamorph.report.numbers import amount, percent

if TYPE_CHECKING:
    from metamorph.region import Region, Stretch
    from metamorph.result import Counterexample, Result
    from metamorph.slices import Condition

MOST = 4
"""Columns that are listed by name."""
NAME_WIDTH, VALUE_WIDTH = 60, 30


def others(region: Region | None, found: Counterexample, plain: str) -> str:
    """What is to be said of the columns that stand at the reference row, named *plain*, and of those that are free."""
    at = f"Every other column is at the {plain}"
    if region is None:
        return f"{at}."
    free = {stretch.column: stretch.tried for stretch in region.source if stretch.whole}
    free = {name: tried for name, tried in free.items() if name not in found.changed}
    if not free:
        return f"{at}."
    few, many = min(free.values()), max(free.values())
    tried = f"({few if few == many else f'{few} to {many}'} tried)"
    beside = [stretch.column for stretch in region.source if stretch.column not in {*found.changed, *found.differs}]
    if set(beside) <= set(free):
        return f"{at} and may take any value {tried}."
    listed = [safe(name, NAME_WIDTH) for name in free]
    named = series(listed[:MOST] if len(listed) <= MOST + 1 else [*listed[:MOST], f"{len(listed) - MOST} more columns"])
    return f"{at}; {named} may take any value {tried}."


def fails_for(region: Region | None, found: Counterexample) -> list[str]:
    """Over which values the counterexample goes on failing, and how true that is."""
    if region is None:
        return []
    targets = {stretch.column: stretch for stretch in region.follow_up}
    said = []
    for stretch in region.source:
        name = safe(stretch.column, NAME_WIDTH)
        target = targets.get(stretch.column)
        if stretch.column in found.changed and target is not None:
            said.append(f"{name} going from {_values(stretch, '..')} to {_values(target, '..')}")
        elif not stretch.whole:
            said.append(f"{name} {_values(stretch)}")
    text = f"Fails for {series(said)}" if said else "Fails for all of these"
    if region.inside is None:
        return wrapped(f"{text}.") if said else []
    text += f": on {percent(region.inside)} of {region.inside_tried:,} fresh cases there"
    if region.outside is not None:
        text += f", {percent(region.outside)} of {region.outside_tried:,} outside"
    return wrapped(f"{text}.")


def slices(result: Result) -> list[str]:
    """Where violations of the estimate concentrate, the clearest slice first."""
    told = [
        f"where {' and '.join(map(_condition, one.conditions))}: {percent(one.rate)} of {one.cases:,} cases"
        for one in result.slices
        if one.name is None and one.rate is not None
    ]
    return wrapped(f"Concentrated {'; '.join(told)}; of all {percent(result.slices[-1].overall)}.") if told else []


def bound(result: Result) -> list[str]:
    """Between which amounts the worst case lies, where the model could be read and it is not known exactly."""
    worst = None if result.worst is None else result.worst.amount
    if result.bound is not None and result.verdict == "held":
        return wrapped(f"By reading the model, no input goes the wrong way by more than {amount(result.bound)}.")
    if result.bound is None or worst is None or result.verdict != "violated":
        return []
    if result.bound <= worst * (1 + 1e-6):
        return wrapped(f"By reading the model, no input has a worse case than {amount(worst)}.")
    return wrapped(f"By reading the model, the worst case lies between {amount(worst)} and {amount(result.bound)}.")


def _condition(condition: Condition) -> str:
    name = safe(condition.column, NAME_WIDTH)
    return f"{name} {condition.sign}" + ("" if condition.sign == "is missing" else f" {_value(condition.value)}")


def _values(stretch: Stretch, to: str = " to ") -> str:
    if stretch.whole:
        return "any value"
    if stretch.levels:
        named = [_value(level) for level in stretch.levels]
        return " or ".join(named[:MOST]) + (f" or {len(named) - MOST} more" if len(named) > MOST else "")
    if stretch.low is None:
        return f"at most {_value(stretch.high)}"
    if stretch.high is None:
        return f"at least {_value(stretch.low)}"
    low, high = _value(stretch.low), _value(stretch.high)
    return low if low == high else f"{low}{to}{high}"


def _value(value: Any) -> str:
    """A value at the end of a stretch; a moment to the second."""
    if isinstance(value, datetime.datetime):  # a Timestamp as well, whose nanoseconds need a word of their own
        value = value.floor("s") if hasattr(value, "floor") else value.replace(microsecond=0)
    return cut(shown(value), VALUE_WIDTH)
