"""From the parts of a bug to a planted model: what its relation, its gates and its step say of the counterexample."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs
import numpy as np
import pandas as pd

import metamorph as mm
from tests.quality.bugs import (
    Fixed,
    Free,
    Gate,
    Holds,
    Output,
    Step,
    at_least,
    bugged,
    every,
    gate,
    missing,
    narrow,
    window,
)
from tests.quality.planted import Planted
from tests.quality.worlds import Function, RedrawError, Row, World

KINDS: Mapping[str, Callable[[Any], bool]] = {
    "integer": lambda codec: isinstance(codec.column, mm.Integer),
    "real": lambda codec: isinstance(codec.column, mm.Real),
    "boolean": lambda codec: isinstance(codec.column, mm.Boolean),
    "moment": lambda codec: isinstance(codec.column, mm.Timestamp),
    "ordered": lambda codec: isinstance(codec.column, mm.Category) and codec.column.ordered,
    "unordered": lambda codec: codec.unordered,
    "nullable": lambda codec: codec.column.nullable,
    "wide": lambda codec: not codec.unordered and codec.bounds[1] - codec.bounds[0] > 30 * codec.quantum,
    "any": lambda codec: not isinstance(codec.column, mm.Boolean),
}


@attrs.frozen(kw_only=True)
class Draft:
    """The parts of a planted model: where a step matters, behind which gates, and what is known of the counterexample.

    ``start`` and ``follow`` are codes of source and follow-up; a start that is the reference's does not differ. Columns
    of ``open`` differ at values that are not determinate.
    """

    at: World
    rng: np.random.Generator
    relation: mm.Relation
    step: Step
    inside: Holds
    follow: Mapping[str, float]
    gates: tuple[Gate, ...] = ()
    start: Mapping[str, float] = attrs.Factory(dict)
    open: tuple[str, ...] = ()
    sort: str = "callable"
    sign: int = -1
    gain: tuple[str, ...] = ()
    output: Output | None = None
    tolerance: float = 0.0
    precondition: Function | None = None
    tags: frozenset[str] = attrs.field(default=frozenset(), converter=frozenset)

    def named(self, name: str) -> Planted:
        """The planted model; its name says what lies behind which gates."""
        behind = f" behind {[g.column for g in self.gates]}" if self.gates else ""
        output = self.output or self._bugged()
        source = self._source()
        return Planted(
            name=f"{name}{behind}, {self.sort}",
            model=output.model(),
            relation=self._asked(),
            world=self.at,
            step=self.step,
            output=output,
            changed=tuple(self.follow),
            differs=tuple(column for column in self.at.codecs if column in source or column in self.open),
            source=source,
            follow_up={column: self.at.codecs[column].value(code) for column, code in self.follow.items()},
            tolerance=self.tolerance,
            precondition=self.precondition,
            tags=self.tags | self._sorts(source),
        )

    def _bugged(self) -> Output:
        region = every(self.inside, *(g.holds for g in self.gates)) if self.precondition is None else self.inside
        touched = self.step.touched
        return bugged(self.at, self.rng, region, sort=self.sort, sign=self.sign, gain=self.gain, blind=touched)

    def _source(self) -> Row:
        start = {name: code for name, code in self.start.items() if code != self.at.ref(name)}
        known = {name: self.at.codecs[name].value(code) for name, code in start.items()}
        return {**{g.column: g.value for g in self.gates}, **known}

    def _asked(self) -> mm.Relation:
        """The relation about the output of its sort; half of the probabilities are asked for by default."""
        relation = self.relation if self.precondition is None else self.relation.when(self.precondition)
        if self.sort == "probability" and ("invariant" in self.tags or self.rng.random() < 0.5):
            return relation.on(probability_of="yes")
        return relation.on({"decision": "decision", "places": "label"}[self.sort]) if self.sort in WORDED else relation

    def _sorts(self, source: Row) -> set[str]:
        columns = {*source, *self.open, *self.step.touched}
        of_levels = any(isinstance(self.at.codecs[column].column, mm.Category) for column in columns)
        said = {
            "classifier": self.sort not in {"callable", "regressor"},
            "regressor": self.sort in {"callable", "regressor"},
            "category": of_levels,
            "missing": None in source.values(),
            "interacting": len(columns) >= 2,
        }
        return {self.sort, *(tag for tag, holds in said.items() if holds)}


WORDED = ("decision", "places")


def pick(at: World, rng: np.random.Generator, kind: str, taken: set[str]) -> str:
    """A column of that kind that is not taken yet."""
    names = [name for name, codec in at.codecs.items() if name not in taken and KINDS[kind](codec)]
    if not names:
        raise RedrawError
    return str(rng.choice(names))


def gates_for(
    at: World, rng: np.random.Generator, kinds: tuple[str, ...], share: float, taken: set[str]
) -> tuple[Gate, ...]:
    """A gate of each kind on a column of its own; together they let about *share* of the rows through.

    A kind is gate, window, narrow or missing, with the kind of the column behind a colon.
    """
    gates: list[Gate] = []
    for kind in kinds:
        sort, _, column = kind.partition(":")
        wanted = {"missing": "nullable", "narrow": "real"}.get(sort, column or "any")
        name = pick(at, rng, wanted, taken | {g.column for g in gates})
        if sort == "missing":
            gates.append(missing(at, name))
        elif sort == "narrow":
            gates.append(narrow(at, rng, name))
        else:
            gates.append((window if sort == "window" else gate)(at, rng, name, share ** (1 / len(kinds))))
    return tuple(gates)


@attrs.frozen
class Edge:
    """An edge in one column that a step can cross: from below ``code`` to it or beyond."""

    at: World
    name: str
    code: float

    @classmethod
    def drawn(cls, at: World, rng: np.random.Generator, name: str) -> Edge:
        """An edge on the plain grid, somewhere in the middle of the column's values."""
        codec = at.codecs[name]
        if isinstance(codec.column, mm.Boolean):
            return cls(at, name, 1.0)
        code = codec.grid(float(np.nanquantile(at.codes(name), rng.uniform(0.3, 0.8))))
        reachable = codec.bounds[0] + codec.quantum <= code <= codec.bounds[1]
        # between the last multiple below the edge and the edge itself, the plainest value would depend on the case
        if not reachable or (at.ref(name) >= code and at.fine(name)):
            raise RedrawError
        return cls(at, name, code)

    @property
    def reached(self) -> Holds:
        """Whether a row stands at the edge or beyond."""
        return at_least(self.at.codecs[self.name], self.code)

    def before(self, lowest: float = -np.inf) -> float:
        """The plainest code of a source that stands in ``[lowest, edge)``."""
        codec, ref = self.at.codecs[self.name], self.at.ref(self.name)
        return max(ref, lowest) if ref < self.code else codec.grid(self.code - codec.quantum)


@attrs.frozen
class Law:
    """How a direction steps: the step, the keywords that ask for it, and which steps cross an edge."""

    step: Step
    keywords: Mapping[str, Any]
    lowest: float
    """The lowest source from which a step crosses."""
    follow: Callable[[float], float]
    """The plainest follow-up of a source."""


def law_of(kind: str, edge: Edge, rng: np.random.Generator) -> Law:
    """The default law ("free"), or a fixed step ("by") or goal ("to") that crosses the edge."""
    codec, (low, high) = edge.at.codecs[edge.name], edge.at.codecs[edge.name].bounds
    touched = (edge.name,)
    if kind == "free":  # the nearest follow-up across the edge is the edge itself
        return Law(Free(touched, upward=True), {}, -np.inf, lambda _: edge.code)
    if kind == "to":
        goal = codec.grid(rng.uniform(edge.code, high))
        step = Fixed(touched, lambda t: codec.fill(t, np.full(len(t), goal)), upward=True)
        return Law(step, {"to": codec.value(goal)}, -np.inf, lambda _: goal)
    units = 1 if high < 10 else int(rng.integers(1, 1 + int((high - low) / codec.quantum / 8)))
    by = units * codec.quantum
    if not (low <= edge.code - by and edge.code + by <= high):
        raise RedrawError
    given = pd.Timedelta(seconds=by) if isinstance(codec.column, mm.Timestamp) else units
    step = Fixed(touched, lambda t: codec.fill(t, codec.encode(t) + by), upward=True)
    return Law(step, {"by": given}, edge.code - by, lambda source: source + by)
