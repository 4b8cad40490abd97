"""Planted models whose bug is a step across an edge, a slope or a column that must not matter, behind gates."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

import metamorph as mm
from tests.quality.bugs import Free, Output, every
from tests.quality.draft import Draft, Edge, gates_for, law_of, pick
from tests.quality.planted import Planted
from tests.quality.worlds import Floats, RedrawError, World, world

Make = Callable[[np.random.Generator], World]


def crossing(  # every keyword is one thing that a line of the catalogue varies
    rng: np.random.Generator,
    *,
    column: str = "integer",
    gates: tuple[str, ...] = (),
    share: float = 0.2,
    sort: str = "callable",
    law: str = "free",
    make: Make = world,
    as_precondition: bool = False,
    from_reference: bool = False,
) -> Planted:
    """A direction is broken by steps that cross an edge, where the gates hold; maybe also by one from the reference."""
    at = make(rng)
    name = pick(at, rng, column, set())
    passes = gates_for(at, rng, gates, share, {name})
    edge = Edge.drawn(at, rng, name)
    steps = law_of(law, edge, rng)
    source = edge.before(steps.lowest)
    if from_reference and source != at.ref(name):
        raise RedrawError
    direction = str(rng.choice(["increasing", "decreasing"]))
    return Draft(
        at=at,
        rng=rng,
        relation=getattr(mm, direction)(name, **steps.keywords),
        step=steps.step,
        inside=edge.reached,
        gates=passes,
        start={name: source},
        follow={name: steps.follow(source)},
        sort=sort,
        sign=-1 if direction == "increasing" else 1,
        gain=(name,),
        precondition=every(*(g.holds for g in passes)) if as_precondition else None,
        tags={direction, "threshold", law},
    ).named(f"{direction} {name} {law}")


def slope(rng: np.random.Generator, *, gates: tuple[str, ...] = (), make: Make = world) -> Planted:
    """A gentle slope the wrong way, which only a long step takes beyond the tolerance: the shortest is known."""
    at = make(rng)
    name = pick(at, rng, "integer", set())
    codec, passes = at.codecs[name], gates_for(at, rng, gates, 0.4, {name})
    allowed = int((codec.bounds[1] - codec.bounds[0]) * rng.uniform(0.15, 0.4))  # units; one more is a fall too far
    if at.ref(name) + allowed + 1 > codec.bounds[1]:
        raise RedrawError
    held = every(*(g.holds for g in passes))
    return Draft(
        at=at,
        rng=rng,
        relation=mm.increasing(name, tolerance=8.0 * (allowed + 0.5)),
        step=Free((name,), upward=True),
        inside=held,
        gates=passes,
        follow={name: at.ref(name) + allowed + 1},
        output=Output(lambda t: 10_000.0 - 8.0 * np.nan_to_num(codec.encode(t)) * held(t), "callable"),
        tolerance=8.0 * (allowed + 0.5),
        tags={"increasing", "threshold"},
    ).named(f"slope of {name}")


def invariance(
    rng: np.random.Generator,
    *,
    column: str,
    gates: tuple[str, ...] = (),
    share: float = 0.2,
    sort: str = "callable",
    make: Make = world,
) -> Planted:
    """The output depends on a column that must not matter, where the gates hold."""
    at = make(rng)
    name = pick(at, rng, column, set())
    passes = gates_for(at, rng, gates, share, {name})
    codec, ref = at.codecs[name], at.ref(name)
    if codec.unordered:
        levels = np.arange(codec.bounds[1] + 1)
        marked = np.sort(rng.choice(levels, int(rng.integers(1, len(levels))), replace=False))
        across = np.setdiff1d(levels, marked) if ref in marked else marked
        inside, follow = (lambda t: np.isin(codec.encode(t), marked)), float(across[0])
    else:
        edge = Edge.drawn(at, rng, name)
        inside, follow = edge.reached, edge.code if ref < edge.code else codec.grid(edge.code - codec.quantum)
    return Draft(
        at=at,
        rng=rng,
        relation=mm.invariant(name),
        step=Free((name,), upward=False),
        inside=inside,
        gates=passes,
        follow={name: follow},
        sort=sort,
        sign=int(rng.choice([-1, 1])),
        tags={"invariant"},
    ).named(f"invariant {name}")


def relative(rng: np.random.Generator) -> Planted:
    """A fixed shift is beyond a relative tolerance only where the output is small, which one column decides."""
    at = world(rng)
    name, scale = pick(at, rng, "unordered", set()), pick(at, rng, "wide", set())
    codec, by, share = at.codecs[name], at.codecs[scale], float(rng.uniform(0.02, 0.2))
    low = by.bounds[0]
    edge = by.grid(float(np.nanquantile(at.codes(scale), rng.uniform(0.05, 0.4))))
    marked = int(rng.integers(codec.bounds[1] + 1))
    if not low < edge < at.ref(scale) or at.fine(scale):
        raise RedrawError
    # outputs are 10 + the distance from the bound in quanta; from half a quantum above the edge the shift is allowed
    shift = share / (1 - share) * (10 + (edge - low) / by.quantum + 0.5)

    def level(t: pd.DataFrame) -> Floats:
        return 10 + np.nan_to_num((by.encode(t) - low) / by.quantum, nan=1e9) + shift * (codec.encode(t) == marked)

    return Draft(
        at=at,
        rng=rng,
        relation=mm.invariant(name, tolerance=mm.relative(share)),
        step=Free((name,), upward=False),
        inside=every(),
        start={scale: edge},
        follow={name: float(marked == 0) if at.ref(name) == marked else float(marked)},
        sort="regressor",
        output=Output(level, "regressor"),
        tolerance=share,
        tags={"invariant", "relative"},
    ).named(f"relative {name} by {scale}")


def one_of_two(rng: np.random.Generator, *, direction: bool) -> Planted:
    """A relation may move two columns and only one of them matters: the other one stays."""
    at = world(rng)
    name = pick(at, rng, "wide" if direction else "unordered", set())
    idle = pick(at, rng, "integer" if direction else "boolean", {name})
    touched = tuple(rng.permutation([name, idle]).tolist())
    codec = at.codecs[name]
    if direction:
        edge = Edge.drawn(at, rng, name)
        inside, start, follow = edge.reached, edge.before(), edge.code
    else:
        start, levels = at.ref(name), np.arange(codec.bounds[1] + 1)
        follow = float(rng.choice(levels[levels != start]))
        inside = lambda t: codec.encode(t) == follow  # noqa: E731 - the other branch's is made elsewhere
    return Draft(
        at=at,
        rng=rng,
        relation=(mm.increasing if direction else mm.invariant)(*touched),
        step=Free(touched, upward=direction),
        inside=inside,
        gates=gates_for(at, rng, ("gate",), 0.3, {name, idle}),
        start={name: start},
        follow={name: follow},
        gain=touched if direction else (),
        tags={"increasing" if direction else "invariant", "several"},
    ).named(f"{name} of {touched}")
