"""Numbers as people read them: enough digits to see the difference, no more."""

from __future__ import annotations

import math
from typing import Any


def percent(share: float) -> str:
    """A share as a percentage: 1.3%, 0.04%, 0%.

    >>> percent(0.0131), percent(0.00042), percent(0.999), percent(0), percent(3e-8)
    ('1.3%', '0.042%', '99.9%', '0%', '<0.001%')
    """
    if share in {0, 1}:
        return f"{share:.0%}"
    if share < 0.00001:  # noqa: PLR2004 - powers of ten are not read as shares
        return "<0.001%"
    if share < 0.001:  # noqa: PLR2004 - below a tenth of a percent one decimal says nothing
        return f"{share * 100:.2g}%"
    if share > 0.9995:  # noqa: PLR2004 - must not read as all of them
        return f"{math.floor(share * 10_000) / 100:.2f}%"
    return f"{share:.1%}"


def number(value: float, digits: int = 4) -> str:
    """A number with that many significant digits, and every digit before the point.

    >>> number(91400.3), number(0.123456), number(3.0), number(float("inf"))
    ('91,400', '0.1235', '3', 'inf')
    """
    if not math.isfinite(value):
        return str(value)
    if value == 0:
        return "0"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    if decimals > 9 or abs(value) >= 1e15:  # noqa: PLR2004 - long rows of zeros are unreadable
        return f"{value:.{digits}g}"
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def amount(value: float) -> str:
    """A difference, with four significant digits."""
    return number(value)


def pair(left: Any, right: Any) -> tuple[str, str]:
    """Two outputs with as many decimals as it takes to tell them apart.

    >>> pair(91400.0, 88250.0), pair(0.87123, 0.87119), pair("yes", "no")
    (('91,400', '88,250'), ('0.87123', '0.87119'), ('yes', 'no'))
    """
    numbers = [value for value in (left, right) if isinstance(value, int | float) and not isinstance(value, bool)]
    if len(numbers) < 2 or not all(math.isfinite(value) for value in numbers):  # noqa: PLR2004 - a pair
        return str(left), str(right)
    largest, gap = max(abs(left), abs(right)), abs(left - right)
    digits = (
        4
        if not gap or not largest or not math.isfinite(gap)
        else max(4, min(15, 2 + math.floor(math.log10(largest)) - math.floor(math.log10(gap))))
    )
    return number(left, digits), number(right, digits)
