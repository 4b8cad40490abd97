"""How near a counterexample is to real rows, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metamorph.report.lines import cut, safe, series, shown, times, wrapped
from metamorph.report.numbers import percent
from metamorph.report.table import noun, plural

if TYPE_CHECKING:
    from metamorph.report.document import Report
    from metamorph.result import Counterexample, Result

BY = {"attack": "search only", "proof": "proof"}
"""What found a violation that no case of the estimate shows."""
FAR = 0.99
"""A pair farther from the real rows than this share of them are from each other is said to be, at the top."""
OFF = 0.9
"""The same of a real row's follow-up, below the pair."""
FEW = 0.01
"""Shares below this are told with decimals."""
MOST_UNSEEN = 3
"""Values that no real row has, that are told."""
NAME_WIDTH, VALUE_WIDTH = 60, 40


def by_search(result: Result) -> bool:
    """Whether the violation is one that no case of the estimate shows."""
    return result.verdict == "violated" and result.found_by in BY and not result.violations


def far_off(report: Report, result: Result) -> list[str]:
    """What follows the first line, where search alone found the violation, far from every real row."""
    share = _percentile(result.counterexample)
    said = by_search(result) and share is not None and share >= FAR
    text = f"Farther from any real {noun(report)} than {_of_them(share or 0.0)} are from each other."
    return wrapped(text) if said else []


def near_what(report: Report, result: Result, found: Counterexample) -> list[str]:
    """How near source and follow-up are to the real rows, and which of their values no real row has."""
    if found.nearness is None:
        return []
    (source, follow_up), share, row = found.nearness, _percentile(found), noun(report)
    said = []
    if not source.distance:
        said.append(f"The source is a real {row}" if follow_up.distance else f"Both are real {plural(report)}")
        if follow_up.percentile is not None and follow_up.percentile >= OFF:
            said.append(f"the follow-up is farther from any than {_of_them(follow_up.percentile)} are")
    elif share is not None and not far_off(report, result):
        far = f"Farther from any real {row} than {_of_them(share)} are"
        said.append(far if share else f"As near to a real {row} as those are to each other")
    said += _unseen(found)
    return wrapped(f"{'; '.join(said)}.") if said else []


def _percentile(found: Counterexample | None) -> float | None:
    """That of the source or the follow-up, whichever is farther off."""
    nearness = () if found is None or found.nearness is None else found.nearness
    return max((near.percentile for near in nearness if near.percentile is not None), default=None)


def _of_them(share: float) -> str:
    """A share of rows, in whole percents where they say enough."""
    if share == 1:
        return "all of them"
    return f"{f'{share:.0%}' if FEW <= share <= FAR else percent(share)} of them"


def _unseen(found: Counterexample) -> list[str]:
    """The values that no real row has, as the end of a sentence; the reference row's own are not the case's doing."""
    sides = tuple(zip((found.source, found.follow_up), found.nearness or (), strict=True))
    values = dict.fromkeys(
        (name, cut(shown(row[name]), VALUE_WIDTH))
        for name in (*found.changed, *found.differs)
        for row, near in sides
        if name in near.explored
    )
    names = [name for name, _ in values]
    texts = [
        value if place and name == names[place - 1] else f"{safe(name, NAME_WIDTH)} {value}"
        for place, (name, value) in enumerate(values)
    ]
    if len(texts) > MOST_UNSEEN + 1:  # one more is told as shortly as that there is one
        texts = [*texts[:MOST_UNSEEN], times(len(texts) - MOST_UNSEEN, "other value")]
    return [f"{series(texts)} {'was' if len(values) == 1 else 'were'} never observed"] if values else []
