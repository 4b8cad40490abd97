"""Planted models for relations of the user's own parts: a function, a swap of columns, a factor."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
import pandas as pd

import metamorph as mm
from tests.quality.bugs import Fixed, Output, at_least, every, unit
from tests.quality.draft import Draft, Edge, gates_for, law_of, pick
from tests.quality.planted import Planted
from tests.quality.worlds import Floats, by_hand, settle, world


def own_step(rng: np.random.Generator, *, own_margin: bool) -> Planted:
    """A function of the user's takes a fixed step, which may cross an edge; so does the user's own margin."""
    at = world(rng)
    edge = Edge.drawn(at, rng, pick(at, rng, "integer", set()))
    law = law_of("by", edge, rng)
    source = edge.before(law.lowest)
    expect: Any = (lambda before, after: before - after) if own_margin else mm.expectations.not_lower()
    step = attrs.evolve(law.step, upward=None)
    return Draft(
        at=at,
        rng=rng,
        relation=mm.Relation("an extension never lowers it", transform=step.apply, touches=[edge.name], expect=expect),
        step=step,
        inside=edge.reached,
        gates=gates_for(at, rng, ("gate",), 0.3, {edge.name}),
        start={edge.name: source},
        follow={edge.name: law.follow(source)},
        sort="regressor",
        gain=(edge.name,),
        tags={"increasing", "function", "threshold"},
    ).named(f"own step of {edge.name}")


def swapped(rng: np.random.Generator) -> Planted:
    """Two applicants change places: it matters when just one of them earns enough, as at the reference row."""
    low, high = sorted(rng.choice(np.arange(10, 190), 2, replace=False).tolist())
    edge = int(rng.integers(low + 1, high + 1))
    schema = mm.Schema(
        first=mm.Integer(0, 200, origin=high),
        second=mm.Integer(0, 200, origin=low),
        term=mm.Integer(12, 360),
        rate=mm.Real(0.5, 12.5, decimals=2),
        home=mm.Boolean(),
        city=mm.Category(["A", "B", "C", "D"]),
    )
    at = settle(schema, pd.DataFrame({name: column.sample(rng, 20_000) for name, column in schema.columns.items()}))
    both = ("first", "second")
    return Draft(
        at=at,
        rng=rng,
        relation=mm.Relation(
            "applicants may change places", transform=swap, touches=both, expect=mm.expectations.unchanged()
        ),
        step=Fixed(both, swap),
        inside=at_least(at.codecs["first"], edge),
        gates=gates_for(at, rng, ("gate", "gate"), 0.15, set(both)),
        follow={"first": low, "second": high},
        sign=1,
        tags={"invariant", "function"},
    ).named("applicants swapped")


def swap(t: pd.DataFrame) -> pd.DataFrame:
    """The two applicants in each other's place."""
    return t.assign(first=t["second"], second=t["first"])


def doubled(rng: np.random.Generator) -> Planted:
    """Twice the wage is twice the output, but for a fee from an edge on: it shows where the double is beyond it."""
    at = by_hand(rng, reference={"wage": float(rng.integers(20, 45))})
    wage, hours = at.codecs["wage"], at.codecs["hours-per-week"]
    passes = gates_for(at, rng, ("gate",), 0.3, {"wage"})
    half = float(rng.integers(24, 51))
    charged = every(at_least(wage, 2 * half), passes[0].holds)

    def level(t: pd.DataFrame) -> Floats:
        return wage.encode(t) * (3 + unit(hours, t)) + 40.0 * charged(t)

    start = max(at.ref("wage"), half)
    expect = mm.expectations.scaled(by=2.0, tolerance=mm.relative(1e-6))
    return Draft(
        at=at,
        rng=rng,
        relation=mm.Relation(
            "twice the wage, twice the output", transform=mm.transforms.scale(["wage"], by=2.0), expect=expect
        ),
        step=Fixed(("wage",), lambda t: wage.fill(t, 2 * wage.encode(t))),
        inside=charged,
        gates=passes,
        start={"wage": start},
        follow={"wage": 2 * start},
        output=Output(level, "callable"),
        tolerance=1e-6,
        tags={"invariant", "function", "relative", "doubled"},
    ).named("wage doubled")
