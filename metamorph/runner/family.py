"""The family of a run's verdicts by rate: at what confidence each is given, and with what confidence all of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from metamorph.errors import RelationError, expected
from metamorph.runner.interval import CONFIDENCE
from metamorph_strategies.columns import is_finite

if TYPE_CHECKING:
    from metamorph.relation import Relation
    from metamorph.slices import Named

Confidence = float | Literal["family"]


def check_confidence(confidence: Confidence) -> None:
    """Raise RelationError for a confidence that cannot be."""
    if confidence != "family" and not (is_finite(confidence) and 0 < confidence < 1):
        wanted = "a confidence between 0 and 1, neither included, or 'family',"
        raise RelationError(expected(wanted, confidence=confidence))


def split(confidence: Confidence, verdicts: int) -> float:
    """The confidence of each of so many verdicts by rate; a family splits its error of 5% among them (Bonferroni)."""
    check_confidence(confidence)
    return 1 - (1 - CONFIDENCE) / max(1, verdicts) if confidence == "family" else float(confidence)


def by_rate(relations: Iterable[Relation], slices: Iterable[Named] = ()) -> int:
    """How many verdicts are ones of statistics: of relations that allow a rate, and of slices of each that do."""
    every, of_each = list(relations), sum(one.allowed is not None for one in slices)
    return sum(bool(relation.allowed) for relation in every) + of_each * len(every)


def note(verdicts: int, confidence: float) -> str | None:
    """With what confidence so many verdicts by rate stand together; None where there is at most one."""
    if verdicts < 2:  # noqa: PLR2004 - several
        return None
    together = max(0.0, 1 - verdicts * (1 - confidence))
    text = (
        f"{verdicts} verdicts by an allowed rate, each with {100 * confidence:.4g}% confidence: "
        f"all of them together with at least {100 * together:.4g}%."
    )
    return text if together >= CONFIDENCE - 1e-9 else f'{text} With confidence="family": 95%.'  # a sum of floats
