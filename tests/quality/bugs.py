"""Parts that planted bugs are made of: gates, ways to step, models, and what is judged by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import attrs
import numpy as np
import pandas as pd

from tests.quality.worlds import Codec, Floats, Function, Mask, RedrawError, Row, World

Holds = Callable[[pd.DataFrame], Mask]


@attrs.frozen
class Gate:
    """A condition on one column that the reference row fails; ``value`` is the plainest value at which it holds."""

    column: str
    holds: Holds
    value: Any


def gate(world: World, rng: np.random.Generator, name: str, share: float) -> Gate:
    """A gate that about *share* of the rows pass: a set of levels, or a threshold on the plain grid."""
    codec, codes, ref = world.codecs[name], world.codes(name), world.ref(name)
    low, high = codec.bounds
    if codec.unordered:
        others = np.setdiff1d(np.arange(high + 1), [ref])
        chosen = np.sort(rng.choice(others, int(rng.integers(1, 3)), replace=False))
        return Gate(name, lambda t: np.isin(codec.encode(t), chosen), codec.value(chosen[0]))
    present = codes[~np.isnan(codes)]
    if rng.random() < 0.5:
        edge = codec.grid(float(np.quantile(present, share)))
        if not low <= edge < ref:
            raise RedrawError
        return Gate(name, lambda t: codec.encode(t) <= edge, codec.value(edge))
    edge = codec.grid(float(np.quantile(present, 1 - share)))
    if not ref < edge <= high:
        raise RedrawError
    return Gate(name, at_least(codec, edge), codec.value(edge))


def window(world: World, rng: np.random.Generator, name: str, share: float) -> Gate:
    """A gate that only a stretch of values passes; the nearer end of it is the plainest."""
    codec, ref = world.codecs[name], world.ref(name)
    start = rng.uniform(0, 1 - share)
    low, high = (codec.grid(edge) for edge in np.nanquantile(world.codes(name), [start, start + share]))
    if low <= ref <= high or low < codec.bounds[0] or high > codec.bounds[1] or low >= high:
        raise RedrawError
    plainest = high if ref > high else low
    return Gate(name, lambda t: (codec.encode(t) >= low) & (codec.encode(t) <= high), codec.value(plainest))


def narrow(world: World, rng: np.random.Generator, name: str) -> Gate:
    """A window between two multiples of the quantum: only finer values pass, the nearer end of it is the plainest."""
    codec, ref = world.codecs[name], world.ref(name)
    tenth = codec.quantum / 10
    if (codec.column.decimals or np.inf) < 1 - round(np.log10(codec.quantum)):
        raise RedrawError
    start = codec.grid(float(np.nanquantile(world.codes(name), rng.uniform(0.2, 0.8))))
    digits = 1 - round(np.log10(codec.quantum))
    low, high = (round(start + tenths * tenth, max(0, digits)) for tenths in (3, 7))
    if low <= ref <= high:
        raise RedrawError
    plainest = high if ref > high else low
    return Gate(name, lambda t: (codec.encode(t) >= low) & (codec.encode(t) <= high), codec.value(plainest))


def missing(world: World, name: str) -> Gate:
    """A gate that only a missing entry passes."""
    world.ref(name)
    codec = world.codecs[name]
    return Gate(name, lambda t: np.isnan(codec.encode(t)), None)


def at_least(codec: Codec, edge: float) -> Holds:
    """Whether a row stands at the edge of a column or beyond it; a missing entry does not."""
    return lambda t: codec.encode(t) >= edge


def every(*conditions: Holds) -> Holds:
    """All of the conditions at once; of none, every row."""
    return lambda t: np.all([np.ones(len(t), dtype=bool), *(holds(t) for holds in conditions)], axis=0)


class Step(Protocol):
    """How follow-ups come from sources: drawn for a whole table, or rebuilt for one changed source."""

    touched: tuple[str, ...]
    upward: bool | None

    def draw(self, world: World, source: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame: ...

    def redo(self, world: World, source: Row, old_source: Row, old_follow_up: Row) -> Row: ...


@attrs.frozen
class Free:
    """The default law: another value seen in the data, beyond the source's when ``upward``."""

    touched: tuple[str, ...]
    upward: bool = attrs.field(kw_only=True)

    def draw(self, world: World, source: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
        """Follow-ups by independent draws; those that do not change are for the caller to leave out.

        What is left is uniform over subsets of the columns going up, or over other combinations of their values.
        """
        follow_up, n = source, len(source)
        for name in self.touched:
            codec, codes = world.codecs[name], world.codecs[name].encode(source)
            seen = world.codes(name)
            distinct = np.arange(codec.bounds[1] + 1) if codec.unordered else np.unique(seen[~np.isnan(seen)])
            first = np.searchsorted(distinct, codes, side="right") if self.upward else np.zeros(n, dtype=int)
            places = first + np.floor(rng.random(n) * (len(distinct) - first)).astype(int)
            stays = np.isnan(codes) | (places == len(distinct))
            if self.upward and len(self.touched) > 1:
                stays |= rng.random(n) < 0.5
            follow_up = codec.fill(follow_up, np.where(stays, codes, distinct[np.where(stays, 0, places)]))
        return follow_up

    def redo(self, world: World, source: Row, old_source: Row, old_follow_up: Row) -> Row:  # noqa: ARG002 - as in Step
        moved = [name for name in self.touched if old_follow_up[name] != old_source[name]]
        return {**source, **{name: old_follow_up[name] for name in moved}}


@attrs.frozen
class Fixed:
    """A step that is a function of the source: ``by=``, ``to=`` or the user's own."""

    touched: tuple[str, ...]
    apply: Function
    upward: bool | None = attrs.field(default=None, kw_only=True)

    def draw(self, world: World, source: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:  # noqa: ARG002 - as in Step
        return self.apply(source)

    def redo(self, world: World, source: Row, old_source: Row, old_follow_up: Row) -> Row:  # noqa: ARG002 - as in Step
        after = self.apply(world.one(source))
        return {**source, **{name: plain(world.codecs[name], after) for name in self.touched}}


def plain(codec: Codec, one_row: pd.DataFrame) -> Any:
    """The plain Python value of a column in a table of one row."""
    return codec.value(float(codec.encode(one_row)[0]))


@attrs.frozen
class Output:
    """A number per row on which a model is judged, and the model of one of several sorts that answers with it."""

    level: Function
    sort: str

    def model(self) -> Any:
        if self.sort == "callable":
            return self.level
        return Regressor(self.level) if self.sort == "regressor" else Classifier(self.level, self.sort)

    def of(self, model: Any, frame: pd.DataFrame) -> Floats:
        """The judged output, asked of the model itself."""
        if self.sort == "callable":
            return np.asarray(model(frame), dtype=float)
        if self.sort == "probability":
            return np.asarray(model.predict_proba(frame)[:, 1], dtype=float)
        if self.sort == "decision":
            return np.asarray(model.decision_function(frame), dtype=float)
        if self.sort == "regressor":
            return np.asarray(model.predict(frame), dtype=float)
        return np.searchsorted(model.classes_, model.predict(frame)).astype(float)


class Regressor:
    """The least a regressor can be."""

    def __init__(self, level: Function) -> None:
        self.level = level

    def predict(self, frame: pd.DataFrame) -> Floats:
        return np.asarray(self.level(frame), dtype=float)


class Classifier:
    """A classifier whose last class has the given probability; three classes when the places of labels count."""

    def __init__(self, level: Function, sort: str) -> None:
        self.level = level
        self.classes_ = np.array([0, 1, 2]) if sort == "places" else np.array(["no", "yes"])

    def predict_proba(self, frame: pd.DataFrame) -> Floats:
        last = np.asarray(self.level(frame), dtype=float)
        shares = [0.3, 0.7] if len(self.classes_) == 3 else [1.0]
        return np.column_stack([*((1 - last) * share for share in shares), last])

    def predict(self, frame: pd.DataFrame) -> Any:
        return self.classes_[self.predict_proba(frame).argmax(axis=1)]

    def decision_function(self, frame: pd.DataFrame) -> Floats:
        return np.asarray(self.level(frame), dtype=float) - 0.5


def bugged(
    world: World,
    rng: np.random.Generator,
    region: Holds,
    *,
    sort: str,
    sign: int,
    gain: Sequence[str] = (),
    blind: Sequence[str] = (),
) -> Output:
    """A model honest everywhere but in *region*, where its output is shifted by *sign* times more than it can gain.

    It climbs (falls, for a positive *sign*) gently in the columns of *gain*, and reads none of *blind*.
    """
    codecs = [codec for name, codec in world.codecs.items() if name not in {*gain, *blind} and not codec.unordered]
    weights = rng.uniform(-1, 1, len(codecs)) / len(codecs)
    middle, spread, climb, size = {
        "callable": (rng.uniform(-20_000, 60_000), 9_000.0, 300.0, rng.uniform(2_000, 9_000)),
        "regressor": (rng.uniform(-20_000, 60_000), 9_000.0, 300.0, rng.uniform(2_000, 9_000)),
        "probability": (0.5, 0.1, 0.03, 0.25),
        "decision": (0.5, 0.1, 0.03, 0.25),
    }.get(sort, (0.5 - sign * 0.25, 0.1, 0.03, 0.4))

    def level(t: pd.DataFrame) -> Floats:
        honest = sum(weight * unit(codec, t) for weight, codec in zip(weights, codecs, strict=True))
        gained = sum((unit(world.codecs[name], t) for name in gain), np.zeros(len(t))) / max(1, len(gain))
        return middle + spread * honest - sign * climb * gained + sign * size * region(t)

    return Output(level, sort)


def unit(codec: Codec, t: pd.DataFrame) -> Floats:
    """A column's codes scaled to [0, 1], missing entries at 0."""
    low, high = codec.bounds
    return np.nan_to_num((codec.encode(t) - low) / (high - low))
