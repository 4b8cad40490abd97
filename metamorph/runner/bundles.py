"""The result of a bundle, from the results of its parts."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from metamorph.result import Result, Verdict

SEVEREST_FIRST: tuple[Verdict, ...] = ("broken", "violated", "inconclusive", "held", "proved", "skipped")


def combined(name: str, parts: Sequence[Result]) -> Result:
    """The bundle's result: the verdict and the numbers of the severest part, and what all of them cost."""
    severest = min(parts, key=lambda part: SEVEREST_FIRST.index(part.verdict))
    return attrs.evolve(
        severest,
        relation=name,
        sentence=" ".join(part.sentence for part in parts),
        parts=tuple(parts),
        calls=sum(part.calls for part in parts),
        rows=sum(part.rows for part in parts),
        seconds=sum(part.seconds for part in parts),
    )
