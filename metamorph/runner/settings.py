"""Settings: how much a check may ask, and what it is to tell; the same wherever relations are checked."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import attrs
import numpy as np

from metamorph.errors import RelationError, expected
from metamorph.runner.family import Confidence, check_confidence
from metamorph.runner.interval import CONFIDENCE
from metamorph.slices import Slicing, slicing
from metamorph_strategies.columns import is_finite

BUDGET = 10_000
EXAMPLES = 3
"""Counterexamples of a relation, at most."""
Reference = Mapping[str, Any] | Hashable
"""The row that everything shrinks towards: by its values, or by the index label of an observed row."""


@attrs.frozen
class Settings:
    """The arguments of ``mm.check`` after the relations and the schema; making them raises for what cannot be.

    Without a ``budget`` nothing is asked but cases that failed before.
    """

    budget: int | None = BUDGET
    attack: int | None = None
    seconds: float | None = None
    seed: int = 0
    floor: float | None = None
    plausible: float | None = None
    confidence: Confidence = CONFIDENCE
    examples: int = EXAMPLES
    reference: Reference | None = attrs.field(default=None, hash=False)  # a dict of values has none
    slices: Slicing = attrs.field(factory=Slicing, converter=slicing)

    def __attrs_post_init__(self) -> None:
        if self.budget is not None and (not _is_whole(self.budget) or self.budget < 1):
            raise RelationError(expected("budget >= 1", budget=self.budget))
        if self.attack is not None and (not _is_whole(self.attack) or self.attack < 0):
            wanted = "attack >= 0 predictions, or None for as many as the budget"
            raise RelationError(expected(wanted, attack=self.attack))
        if not _is_whole(self.seed) or self.seed < 0:
            raise RelationError(expected("seed >= 0", seed=self.seed))
        if self.seconds is not None and not (is_finite(self.seconds) and self.seconds > 0):
            raise RelationError(expected("seconds > 0", seconds=self.seconds))
        if not _is_whole(self.examples) or self.examples < 1:
            raise RelationError(expected("examples >= 1", examples=self.examples))
        check_confidence(self.confidence)

    @property
    def searched(self) -> int:
        """Predictions for worse cases, at most."""
        return (self.budget or 0) if self.attack is None else self.attack


def _is_whole(value: object) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)
