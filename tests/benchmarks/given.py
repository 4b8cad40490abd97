"""What ``@given(cases(...))`` finds of the planted models, a case at a time, beside what a check finds."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

SELDOM = 0.03
"""The violating share below which a bug is called rare."""


def lines(line: Callable[..., Any]) -> Iterator[Any]:
    """The planted models of seed 0: the share found, and how far what was found is reduced; *line* makes a line."""
    sys.path.insert(0, str(Path(__file__).parents[2]))
    from tests.quality.drawn import EXAMPLES, checked, differing, reduced  # noqa: PLC0415 - found by the line above
    from tests.quality.planted import planted  # noqa: PLC0415 - as above

    cases = [(plant, reduced(plant)) for plant in planted(0)]
    yield line(f"of {len(cases)} planted models, found at {EXAMPLES} examples", _share(cases), "{:.0%}")
    often = [(plant, case) for plant, case in cases if plant.share >= SELDOM]
    seldom = [(plant, case) for plant, case in cases if plant.share < SELDOM]
    yield line(f"... of the {len(often)} violated by {SELDOM:.0%} of cases or more", _share(often), "{:.0%}")
    yield line(f"... of the {len(seldom)} violated by fewer", _share(seldom), "{:.0%}")
    more = [len(differing(case)) - len(checked(plant)) for plant, case in cases if case is not None]
    yield line("reduced to more columns than a check", sum(gap > 0 for gap in more), "{:.0f}", most=0)
    yield line("reduced to fewer", sum(gap < 0 for gap in more), "{:.0f}")


def _share(cases: list[Any]) -> float:
    """The share of planted models with a failing case."""
    return sum(case is not None for _, case in cases) / len(cases)
