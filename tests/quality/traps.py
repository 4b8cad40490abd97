"""Planted models on which greedily resetting one column at a time gets stuck, or whose columns are tied together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

import metamorph as mm
from tests.quality.bugs import Free, Gate, gate, unit
from tests.quality.draft import Draft, Edge, gates_for, pick
from tests.quality.planted import Planted
from tests.quality.worlds import Codec, Function, Mask, RedrawError, World, settle, world


def tied(rng: np.random.Generator, *, sort: str = "callable") -> Planted:
    """A constraint lets two columns be odd only together, and the bug needs one of them: both differ.

    Neither can be reset alone; each is at the plainest value that is odd. They need not move together to get there.
    """
    at = world(rng)
    name = pick(at, rng, "integer", set())
    pair = gates_for(at, rng, ("gate", "gate"), 0.16, {name})
    if any(at.codecs[g.column].column.nullable for g in pair):  # a missing operand satisfies any constraint
        raise RedrawError

    def alike(t: pd.DataFrame) -> Mask:
        return pair[0].holds(t) == pair[1].holds(t)

    at = _only(at, alike(at.frame), alike)
    edge = Edge.drawn(at, rng, name)
    return Draft(
        at=at,
        rng=rng,
        relation=mm.increasing(name),
        step=Free((name,), upward=True),
        inside=lambda t: edge.reached(t) & pair[0].holds(t),
        gates=pair,
        start={name: edge.before()},
        follow={name: edge.code},
        sort=sort,
        gain=(name,),
        tags={"increasing", "constraint"},
    ).named(f"tied, increasing {name}")


def trapped(rng: np.random.Generator, *, ways: int = 2, tie: bool = False, sort: str = "callable") -> Planted:
    """Two or more columns are all odd or all plain; no observed row has them all plain where the bug is.

    With ``tie`` a constraint says so and the bug ignores them; without, the bug asks for it. Either way every violating
    observed row has all of them odd; resetting fewer than all is inadmissible or passes; resetting all still fails. As
    the reference fails every odd-gate, all are plain there, so the known counterexample needs none of these columns.
    """
    at = world(rng)
    name = pick(at, rng, "integer", set())
    passes = gates_for(at, rng, ("gate",), 0.3, {name})
    odd: list[Gate] = []
    for _ in range(ways):
        column = pick(at, rng, "any", {name, passes[0].column, *(g.column for g in odd)})
        if tie and at.codecs[column].column.nullable:  # a missing operand satisfies any constraint
            raise RedrawError
        odd.append(gate(at, rng, column, 0.4))

    def alike(t: pd.DataFrame) -> Mask:
        held = np.column_stack([g.holds(t) for g in odd])
        return held.all(axis=1) | ~held.any(axis=1)

    hidden = passes[0].holds(at.frame) & ~odd[0].holds(at.frame) & alike(at.frame)
    at = _only(at, ~hidden & alike(at.frame), alike) if tie else _only(at, ~hidden)
    edge = Edge.drawn(at, rng, name)
    return Draft(
        at=at,
        rng=rng,
        relation=mm.increasing(name),
        step=Free((name,), upward=True),
        inside=edge.reached if tie else lambda t: edge.reached(t) & alike(t),
        gates=passes,
        start={name: edge.before()},
        follow={name: edge.code},
        sort=sort,
        gain=(name,),
        tags={"increasing", "stuck", "constraint"} if tie else {"increasing", "stuck"},
    ).named(f"{'tie' if tie else 'parity'} of {[g.column for g in odd]}, increasing {name}")


def _only(at: World, kept: Mask, *constraints: Function) -> World:
    """The world with fewer observed rows and more constraints; the grids and levels that gates know must not move."""
    frame = at.frame[kept].reset_index(drop=True)
    if len(frame) < 500:
        raise RedrawError
    same = settle(mm.Schema.from_frame(frame), frame, constraints=constraints, reference=at.reference)
    if any(_grid(codec) != _grid(same.codecs[name]) for name, codec in at.codecs.items()):
        raise RedrawError
    return same


def _grid(codec: Codec) -> Any:
    return codec.quantum, getattr(codec.column, "levels", None)


def held_up(rng: np.random.Generator, *, stepping: bool) -> Planted:
    """Baths must reach more than the reference's rooms, so the constraint makes rooms differ as well.

    Any violating row has ``rooms >= baths >= edge`` (in its follow-up, when it is baths that steps); the least of each
    is the edge, and they reach it together.
    """
    rooms, baths = int(rng.integers(3, 5)), int(rng.integers(1, 3))
    at = world(rng, kind="houses", constraints=(enough_rooms,), reference={"rooms": rooms, "baths": baths})
    beyond = Edge(at, "baths", rooms + 1.0)
    edge = beyond if stepping else Edge.drawn(at, rng, pick(at, rng, "wide", {"rooms", "baths"}))
    return Draft(
        at=at,
        rng=rng,
        relation=mm.decreasing(edge.name),
        step=Free((edge.name,), upward=True),
        inside=lambda t: edge.reached(t) & (stepping | beyond.reached(t)),
        gates=gates_for(at, rng, ("gate",), 0.5, {"rooms", "baths", edge.name}),
        start={"baths": beyond.code, edge.name: edge.before(), "rooms": beyond.code},
        follow={edge.name: edge.code},
        sort="regressor",
        sign=1,
        gain=(edge.name,),
        tags={"decreasing", "constraint", "threshold"},
    ).named(f"more baths than rooms, decreasing {edge.name}")


def enough_rooms(t: pd.DataFrame) -> Any:
    """No house has more baths than rooms."""
    return t["baths"] <= t["rooms"]


def by_logarithm(rng: np.random.Generator, *, sort: str = "callable") -> Planted:
    """The bug reads a derived logarithm; its parent differs, at the first whole number with a logarithm that high."""
    parents = [("houses", "area"), ("houses", "land"), ("loans", "amount"), ("loans", "term")]
    kind, parent = parents[int(rng.integers(len(parents)))]
    at = world(rng, kind=kind, derived={f"log_{parent}": lambda t: np.log(t[parent])})
    edge = Edge.drawn(at, rng, pick(at, rng, "wide", {parent}))
    least = float(np.quantile(at.codes(parent), 0.8)) // 1
    if not at.ref(parent) < least:
        raise RedrawError
    return Draft(
        at=at,
        rng=rng,
        relation=mm.increasing(edge.name),
        step=Free((edge.name,), upward=True),
        inside=lambda t: edge.reached(t) & (t[f"log_{parent}"].to_numpy() >= np.log(least - 0.5)),
        start={edge.name: edge.before(), parent: least},
        follow={edge.name: edge.code},
        sort=sort,
        gain=(edge.name,),
        tags={"increasing", "derived"},
    ).named(f"log of {parent}, increasing {edge.name}")


def by_ratio(rng: np.random.Generator) -> Planted:
    """The bug reads a derived ratio of the column that steps to another; at the reference a step can cross the edge.

    So the other column need not differ, and the least follow-up is the first whole number beyond the edge there.
    """
    kind, above, under = [("houses", "area", "land"), ("loans", "amount", "term")][int(rng.integers(2))]
    at = world(rng, kind=kind, derived={"ratio": lambda t: t[above] / t[under]})
    follow = at.ref(above) + int(rng.integers(1, max(2, int(at.codecs[above].bounds[1] / 4))))
    if not follow < at.codecs[above].bounds[1]:
        raise RedrawError
    edge = (follow - 0.5) / at.ref(under)
    return Draft(
        at=at,
        rng=rng,
        relation=mm.increasing(above),
        step=Free((above,), upward=True),
        inside=lambda t: t["ratio"].to_numpy(dtype=float) >= edge,
        gates=gates_for(at, rng, ("gate",), 0.3, {above, under}),
        follow={above: follow},
        sort="regressor",
        gain=(above,),
        tags={"increasing", "derived", "threshold"},
    ).named(f"ratio of {above} to {under}")


def summed(rng: np.random.Generator, *, sort: str = "callable") -> Planted:
    """Two columns together are beyond what either reaches beside the other's reference value: both differ."""
    at = world(rng)
    one = pick(at, rng, "wide", set())
    other = pick(at, rng, "wide", {one})
    edge = Edge.drawn(at, rng, pick(at, rng, "integer", {one, other}))
    both = [at.codecs[one], at.codecs[other]]
    plain = at.one(at.reference)
    # scaled to [0, 1]: with one of them at its most and the other at the reference, the sum stays below this
    least = 1.02 + max(float(unit(codec, plain)[0]) for codec in both)
    return Draft(
        at=at,
        rng=rng,
        relation=mm.increasing(edge.name),
        step=Free((edge.name,), upward=True),
        inside=lambda t: edge.reached(t) & (unit(both[0], t) + unit(both[1], t) >= least),
        start={edge.name: edge.before()},
        open=(one, other),
        follow={edge.name: edge.code},
        sort=sort,
        gain=(edge.name,),
        tags={"increasing", "threshold"},
    ).named(f"sum of {one} and {other}, increasing {edge.name}")
