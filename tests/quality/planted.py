"""Planted models: each breaks one relation in a known way, so its minimal counterexample is known before any search.

Why the known counterexample is minimal. Every bug is `step crosses an edge` AND `gate 1` AND ... AND `gate k`, each
factor reading one column. The reference row fails every gate, so each gate's column must differ: no smaller `differs`
exists; and the row in which just these differ passes every gate, so this one does. The column that steps differs only
when no step from the reference value crosses. As the factors are independent, the plainest value of each column is the
plainest that passes its own gate, whatever the others are; it lies between the reference and any violating value, so
it is reached from every violating case. Families that deviate (parity, ties, ratios, sums) argue beside their code.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import attrs
import numpy as np
import pandas as pd

import metamorph as mm
from tests.quality.bugs import Output, Step
from tests.quality.worlds import Floats, Function, Mask, RedrawError, Row, World

TRIED_FOR_SHARE = 40_000
FEWEST, MOST = 0.001, 0.40
"""Of 10,000 cases at least 10 violate on average: one run in 20,000 finds none."""
VARIATIONS = 400
"""Variations tried for one planted model before its family is called infeasible."""


@attrs.frozen(kw_only=True)
class Planted:
    """A model with one bug, and the counterexample that a perfect shrinker ends at.

    ``source`` holds the known values of the columns that differ, ``follow_up`` those of the columns that change; a
    value that is not determinate is left out. ``share`` is the violating share of effective cases under the step law.
    """

    name: str
    model: Any
    relation: mm.Relation
    world: World
    step: Step
    output: Output
    changed: tuple[str, ...]
    differs: tuple[str, ...]
    source: Row
    follow_up: Row
    tolerance: float = 0.0
    precondition: Function | None = None
    tags: frozenset[str] = frozenset()
    share: float = np.nan

    @property
    def schema(self) -> mm.Schema:
        return self.world.schema

    @property
    def reference(self) -> Row:
        return self.world.reference

    def admits(self, source: pd.DataFrame, follow_up: pd.DataFrame) -> Mask:
        """Whether each pair is a case of the relation: within schema and precondition, an effective step its way."""
        world = self.world
        allowed = world.keeps(source) & world.keeps(follow_up)
        if self.precondition is not None:
            allowed &= np.asarray(self.precondition(source), dtype=bool)
        moved = np.zeros(len(source), dtype=bool)
        for name, codec in world.codecs.items():
            before, after = codec.encode(source), codec.encode(follow_up)
            low, high = codec.bounds
            gone = np.isnan(after)
            allowed &= np.where(gone, codec.column.nullable, (after >= low) & (after <= high))
            allowed &= np.isnan(before) == gone
            if name in self.step.touched:
                allowed &= ~gone
                allowed &= (after >= before) if self.step.upward else ~gone
                moved |= after != before
        return allowed & moved

    def violates(self, source: pd.DataFrame, follow_up: pd.DataFrame) -> Mask:
        """Whether each pair violates, judged by hand."""
        return self.margins(source, follow_up) > 0

    def margins(self, source: pd.DataFrame, follow_up: pd.DataFrame) -> Floats:
        """By how much more than allowed the output moves the wrong way, for each pair."""
        before, after = (self.output.of(self.model, t[list(self.schema.names)]) for t in (source, follow_up))
        rise = after - before * (2.0 if "doubled" in self.tags else 1.0)
        worst = {"decreasing": rise, "increasing": -rise}.get(self.wrong_way, np.abs(rise))
        allowed = (
            self.tolerance * np.maximum(np.abs(before), np.abs(after)) if "relative" in self.tags else self.tolerance
        )
        return np.asarray(worst - allowed)

    @property
    def wrong_way(self) -> str:
        """What violates: a fall of an "increasing" output, a rise of a "decreasing" one, or "either"."""
        return next((way for way in ("increasing", "decreasing") if way in self.tags), "either")

    def measured(self, rng: np.random.Generator) -> Planted:
        """The same with its share measured on rows drawn by hand; refused when 10,000 cases might miss the bug."""
        source, follow_up = self._drawn(rng)
        effective = self.admits(source, follow_up)
        share = float(self.violates(source, follow_up)[effective].mean()) if effective.mean() > 0.05 else 0.0
        if not FEWEST <= share <= MOST:
            raise RedrawError
        return attrs.evolve(self, share=share)

    def violation(self, rng: np.random.Generator) -> tuple[Row, Row]:
        """A violating case of an observed row, drawn by hand."""
        pair = self._drawn(rng)
        place = int(np.flatnonzero(self.admits(*pair) & self.violates(*pair))[0])
        codecs = self.world.codecs
        source, follow_up = ({n: c.value(float(c.encode(t)[place])) for n, c in codecs.items()} for t in pair)
        return source, follow_up

    def _drawn(self, rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Rows of the world with their follow-ups under the step law."""
        source = self.world.frame.sample(TRIED_FOR_SHARE, replace=True, random_state=rng, ignore_index=True)
        return source, self.world.complete(self.step.draw(self.world, source, rng))


def planted(seed: int, places: Iterable[int] | None = None) -> list[Planted]:
    """The planted models of a seed: one fresh variation of each family's each entry, or of those at some *places*."""
    from tests.quality.catalogue import FAMILIES  # noqa: PLC0415 - the families build the class above

    chosen = range(len(FAMILIES)) if places is None else places
    return [_vary(FAMILIES[place], place, np.random.default_rng([seed, place])) for place in chosen]


def _vary(family: Any, place: int, rng: np.random.Generator) -> Planted:
    for _ in range(VARIATIONS):
        try:
            drawn: Planted = family(rng)
            return attrs.evolve(drawn.measured(rng), name=f"{place}: {drawn.name}")
        except RedrawError:
            continue
    msg = f"No variation of {family} is feasible."
    raise RuntimeError(msg)


def counted(models: Sequence[Planted], tag: str) -> int:
    """How many of the models bear the tag."""
    return sum(tag in model.tags for model in models)
