"""A rate in words: its interval, how far violations go, what was drawn, and what would have had to be allowed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from metamorph.report.lines import safe, times, wrapped
from metamorph.report.numbers import amount, number, percent
from metamorph.report.table import plural

if TYPE_CHECKING:
    from metamorph.report.document import Report
    from metamorph.result import Result, Tolerable

HALF = 0.5
"""Where a smaller share of the drawn cases is effective, the reader is warned."""
SAME = 1e-4
"""Violations that differ by less than this, relative to them, are told as one number."""
POINTS = 5
"""Points of the curve of rates by tolerance that are told."""


def rate(report: Report, result: Result) -> str:
    """The violating share with its interval, and the worst case."""
    assert result.rate is not None  # noqa: S101 - the caller has looked
    assert result.interval is not None  # noqa: S101 - the caller has looked
    nouns, confidence = plural(report), level(result.confidence)
    low, high = result.interval
    if not result.violations:
        on = f" on {result.distinct:,} {report.rows} {nouns}" if report.rows == "real" else ""
        text = f"No violation in {result.cases:,} cases{on}"
        if result.verdict != "proved":
            text += f"; with {confidence} confidence at most {percent(high)} violate it"
        return f"{text}{_worst(result)}."
    what = (
        f"{result.cases:,} {nouns}"
        if result.distinct == result.cases
        else f"{result.cases:,} cases on {result.distinct:,} {nouns}"
    )
    interval = f"{confidence} {_kind(result)} {percent(low)} to {percent(high)}"
    return f"{percent(result.rate)} of {what} violate it ({interval}){_worst(result)}."


def _kind(result: Result) -> str:
    return "anytime CI" if result.interval_kind == "anytime" else "CI"


def level(confidence: float) -> str:
    """A confidence as a percentage: 95%, 99.75%."""
    return f"{100 * confidence:.4g}%"


def _worst(result: Result) -> str:
    worst = result.worst
    if worst is None or worst.amount is None:
        return ""
    what = {"falls": "fall", "rises": "rise", "misses": "miss"}.get(worst.change, "change")
    return f"; worst {what} {amount(worst.amount)}"


def severity(result: Result) -> list[str]:
    """How far violating cases go beyond what is allowed; nothing where it is one number for all."""
    mean, largest = result.mean_violation, result.largest_violation
    if result.interval is None or mean is None or largest is None or math.isclose(mean, largest, rel_tol=SAME):
        return []
    return wrapped(f"Beyond what is allowed: {number(mean)} on average, {number(largest)} at the most.")


def allowance(report: Report, result: Result) -> list[str]:
    """What is allowed, what looking early has saved, and what would settle what is not."""
    lines = wrapped(f"Allowed: {result.allowed * 100:.3g}% of cases.") if result.allowed else []
    if result.stopped == "seconds":
        lines += wrapped("Stopped by the time limit; fewer cases were tried than the budget allows.")
    elif result.stopped == "settled":
        lines += wrapped(f"Settled after {result.cases:,} of {result.budget:,} cases.")
    if result.verdict == "inconclusive" and result.more_cases is not None:
        lines += wrapped(f"About {times(result.more_cases, 'more case')} like these would settle it.")
    elif result.verdict == "inconclusive" and result.more_rows is not None:
        rows = f"{result.more_rows:,} more {plural(report)}"
        lines += wrapped(f"About {rows} like these would settle it; more cases on the same ones may not.")
    return lines


def named(report: Report, result: Result) -> list[str]:
    """The rate in each slice that the user named, and its verdict where it allows one."""
    lines: list[str] = []
    kind = _kind(result)
    for one in result.slices:
        if one.name is None:
            continue
        low, high = one.interval
        if one.rate is None:
            said = "no case"
        elif one.violations:
            interval = f"{level(result.confidence)} {kind} {percent(low)} to {percent(high)}"
            said = f"{percent(one.rate)} of {one.cases:,} cases violate it ({interval})"
        else:
            at_most = f"with {level(result.confidence)} confidence at most {percent(high)}"
            said = f"no violation in {one.cases:,} cases, {at_most}"
        if one.allowed is not None:
            said += f"; allowed {one.allowed * 100:.3g}%: {(one.verdict or '').upper()}"
        if one.more_cases is not None:
            said += f", and about {times(one.more_cases, 'more case')} would settle it"
        elif one.more_rows is not None:
            said += f", and about {one.more_rows:,} more {plural(report)} in the data would settle it"
        lines += wrapped(f"In {safe(one.name)}: {said}.")
    return lines


def drawn(result: Result) -> list[str]:
    """What became of the cases drawn, and a warning where most of them were not effective."""
    counts = (
        (result.not_applicable, "not applicable"),
        (result.precondition, "outside the precondition"),
        (result.no_change, "without a change"),
    )
    lines: list[str] = []
    said = ", ".join(f"{count:,} {what}" for count, what in counts if count)
    if said and result.cases:
        lines += wrapped(f"Drawn: {result.drawn:,} cases, of them {said}.")
    elif result.drawn and result.cases and result.interval is not None:
        lines += wrapped(f"Drawn: {times(result.drawn, 'case')}, all effective.")
    if result.cases and result.cases < HALF * result.drawn:
        share = percent(result.cases / result.drawn)
        lines += wrapped(f"Warning: {share} of the drawn cases are effective; the rate is of those alone.")
    if result.raised and result.verdict != "skipped":  # else the evidence says so
        lines += wrapped(f"The model refused {result.raised:,} cases with an exception that the relation allows.")
    if result.rounding:
        lines += wrapped(f"{result.rounding:,} differences vanished when asked alone: rounding, not counted.")
    return lines


def tolerable(result: Result) -> list[str]:
    """What would have had to be allowed for a violated relation to hold, and the rate at tolerances up to there.

    Nothing where it holds on the whole, and a slice of it violates.
    """
    found = result.tolerable
    if found is None or result.verdict != "violated" or result.interval is None or result.in_slice is not None:
        return []
    ways, tolerance = [], _tolerance(result, found)
    if tolerance is not None:
        ways.append(f"tolerance={_written(found, tolerance)}")
    allowed = _up(found.allowed, 2)
    if allowed < 1:
        ways.append(f".allow({allowed:g})")
    lines = wrapped(f"On this evidence it would have held with {' or with '.join(ways)}.") if ways else []
    shares = {_short(found, tolerance): share for tolerance, share in found.curve}
    if len(shares) > 2:  # noqa: PLR2004 - less than a curve: what was given, and what lets all pass
        said = ", ".join(f"{percent(share)} at {tolerance}" for tolerance, share in _thinned(list(shares.items())))
        lines += wrapped(f"Rate by tolerance: {said}.")
    return lines


def _tolerance(result: Result, found: Tolerable) -> float | None:
    """The tolerance that lets pass what was found, which may go farther than the cases of the estimate."""
    worst, largest = result.worst, result.largest_violation
    if found.tolerance is None or result.allowed or worst is None or largest is None or worst.margin <= largest:
        return found.tolerance
    return None if found.relative else max(found.tolerance, worst.allowed + worst.margin)


def _thinned(curve: list[tuple[str, float]]) -> list[tuple[str, float]]:
    """A few points of the curve, the first and the last among them."""
    last = len(curve) - 1
    places = sorted({round(step * last / (POINTS - 1)) for step in range(POINTS)})
    return [curve[place] for place in places]


def _written(found: Tolerable, tolerance: float) -> str:
    """A tolerance as it is written in code, rounded up."""
    value = _up(tolerance, 4)
    plain = f"{value:.0f}" if value >= 1_000 else f"{value:g}"  # noqa: PLR2004 - no exponents where digits do
    return f"mm.relative({plain})" if found.relative else plain


def _short(found: Tolerable, tolerance: float) -> str:
    return percent(tolerance) if found.relative else number(tolerance, 3)


def _up(value: float, digits: int) -> float:
    """A number rounded up to that many significant digits.

    >>> _up(0.0287711, 2), _up(164.3999, 4), _up(0.03, 2)
    (0.029, 164.4, 0.03)
    """
    if value <= 0 or not math.isfinite(value):
        return value
    decimals = digits - 1 - math.floor(math.log10(value))
    rounded = round(value, decimals)
    return rounded if rounded >= value * (1 - 1e-9) else round(rounded + 10.0**-decimals, decimals)
