"""Worlds to plant bugs in: frames of houses and loans drawn by a seed, their schemas, and each column's codes.

A code is a number on which order and plainness are arithmetic. It is written here a second time, on purpose: what
these tests expect must not be computed by the code they test.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt
import pandas as pd

import metamorph as mm

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Row = dict[str, Any]
Function = Callable[[pd.DataFrame], Any]

CONDITIONS = ["poor", "fair", "good", "fine", "superb"]
DISTRICTS = ["north", "east", "south", "west", "mill", "lake"]
RACES = ["asian", "black", "hispanic", "other", "white"]
JOBS = ["none", "casual", "fixed", "permanent"]
DAY = 86_400.0


class RedrawError(Exception):
    """The drawn variation has no room for the bug; draw another."""


def houses(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """*n* houses in 11 columns: integers, decimals, text, ordered category, bool, days, and missing distances."""
    rooms = np.clip(2 + rng.binomial(8, 0.5, n), 2, 10)
    return pd.DataFrame(
        {
            "area": np.clip(rng.normal(350 * rooms, 500), 400, 6000).astype(np.int64),
            "land": np.clip(rng.lognormal(10, 0.8, n), 1500, 150_000).astype(np.int64),
            "rooms": rooms,
            "baths": np.minimum(rooms, 1 + rng.binomial(rooms, 0.35)),
            "age": rng.integers(0, 120, n),
            "cbd": np.where(rng.random(n) < 0.06, np.nan, np.round(rng.gamma(3, 5, n), 1)),
            "tax": np.round(rng.uniform(0.4, 6.5, n), 2),
            "district": rng.choice(DISTRICTS, n, p=[0.3, 0.24, 0.2, 0.14, 0.08, 0.04]),
            "condition": pd.Categorical.from_codes(rng.binomial(4, 0.5, n), CONDITIONS, ordered=True),
            "pool": rng.random(n) < 0.25,
            "sold": pd.Timestamp("2015-01-01") + pd.to_timedelta(rng.integers(0, 3000, n), unit="D"),
        }
    )


def loans(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """*n* loan applications in 11 columns, three of them with missing entries, one a moment in seconds."""
    score = pd.Series(np.clip(rng.normal(660, 70, n), 300, 850).astype(np.int64), dtype="Int64")
    employed = pd.Series(rng.random(n) < 0.3, dtype="boolean")
    race = pd.Categorical(rng.choice(RACES, n, p=[0.12, 0.2, 0.18, 0.05, 0.45]))
    return pd.DataFrame(
        {
            "income": np.round(rng.lognormal(4, 0.5, n), 2),
            "amount": np.clip(rng.lognormal(5, 0.5, n), 10, 900).astype(np.int64),
            "term": rng.integers(6, 361, n),
            "score": score.mask(rng.random(n) < 0.05),
            "dti": np.where(rng.random(n) < 0.08, np.nan, np.round(rng.uniform(5, 65, n), 1)),
            "dependents": rng.binomial(8, 0.3, n).astype(float),
            "race": race,
            "job": pd.Categorical.from_codes(rng.binomial(3, 0.6, n), JOBS, ordered=True),
            "married": rng.random(n) < 0.55,
            "employed": employed.mask(rng.random(n) < 0.04),
            "applied": pd.Timestamp("2021-03-01") + pd.to_timedelta(rng.integers(0, 700 * 86_400, n), unit="s"),
        }
    )


@attrs.frozen
class Codec:
    """One column's values as codes: numbers as they are, levels by place, moments in seconds; missing is NaN."""

    name: str
    column: Any

    @property
    def unordered(self) -> bool:
        return isinstance(self.column, mm.Category) and not self.column.ordered

    @property
    def quantum(self) -> float:
        """The step between plain values, as the specification of plainness words it."""
        if isinstance(self.column, mm.Timestamp):
            return DAY
        if not isinstance(self.column, mm.Real):
            return 1.0
        decimals = -math.inf if self.column.decimals is None else -self.column.decimals
        width = math.log10(self.column.max_value - self.column.min_value)
        return float(10.0 ** max(decimals, math.floor(width) - 2))

    @property
    def bounds(self) -> tuple[float, float]:
        if isinstance(self.column, mm.Boolean):
            return 0.0, 1.0
        if isinstance(self.column, mm.Category):
            return 0.0, len(self.column.levels) - 1.0
        return self.code(self.column.min_value), self.code(self.column.max_value)

    def code(self, value: object) -> float:
        if value is None or value is pd.NA or value is pd.NaT:
            return math.nan
        if isinstance(self.column, mm.Timestamp):
            return float(pd.Timestamp(value).timestamp())
        if isinstance(self.column, mm.Category):
            return float(list(self.column.levels).index(value))
        return float(value)

    def encode(self, frame: pd.DataFrame) -> Floats:
        values = frame[self.name]
        if isinstance(self.column, mm.Timestamp):
            return (values.to_numpy() - np.datetime64(0, "s")) / np.timedelta64(1, "s")
        if isinstance(self.column, mm.Category):
            places = {level: place for place, level in enumerate(self.column.levels)}
            return np.array([places.get(value, math.nan) for value in values.to_numpy(dtype=object)], dtype=float)
        return values.to_numpy(dtype=float, na_value=np.nan)

    def value(self, code: float) -> Any:
        """The plain Python value of a code."""
        if math.isnan(code):
            return None
        if isinstance(self.column, mm.Timestamp):
            return pd.Timestamp(code, unit="s").to_pydatetime()
        if isinstance(self.column, mm.Category):
            return self.column.levels[round(code)]
        if isinstance(self.column, mm.Boolean):
            return bool(code)
        return round(code) if isinstance(self.column, mm.Integer) else float(code)

    def fill(self, frame: pd.DataFrame, codes: Floats) -> pd.DataFrame:
        """*frame* with this column at *codes*, in the dtype it had; a code that stands for nothing becomes missing."""
        if isinstance(self.column, mm.Timestamp):
            values = pd.Series(pd.Timestamp(0) + pd.to_timedelta(codes, unit="s"), index=frame.index)
        elif isinstance(self.column, mm.Category):
            inside = (codes >= 0) & (codes < len(self.column.levels))
            places = np.where(inside, codes, 0).astype(int)
            values = pd.Series(np.array(self.column.levels, dtype=object)[places], index=frame.index).where(inside)
        else:
            values = pd.Series(codes, index=frame.index)
        integral = isinstance(self.column, mm.Integer) and not np.isnan(codes).any()
        values = values.astype("int64") if integral else values
        return frame.assign(**{self.name: values.astype(frame[self.name].dtype)})

    def grid(self, code: float) -> float:
        """The multiple of the quantum nearest to *code*, as a short decimal."""
        digits = max(0, -round(math.log10(self.quantum)))
        return round(round(code / self.quantum) * self.quantum, digits)


@attrs.frozen
class World:
    """A schema with the rows its laws draw from, and a codec for each free column."""

    schema: mm.Schema
    frame: pd.DataFrame
    codecs: Mapping[str, Codec]
    reference: Row
    derived: Mapping[str, Function] = {}
    constraints: tuple[Function, ...] = ()

    def ref(self, name: str) -> float:
        code = self.codecs[name].code(self.reference[name])
        if math.isnan(code):
            raise RedrawError
        return code

    def codes(self, name: str) -> Floats:
        return self.codecs[name].encode(self.frame)

    def fine(self, name: str) -> bool:
        """Whether values lie between the multiples of the column's quantum."""
        codes, quantum = self.codes(name), self.codecs[name].quantum
        ratios = codes[~np.isnan(codes)] / quantum
        return not np.allclose(ratios, np.round(ratios), rtol=0, atol=1e-6)

    def complete(self, frame: pd.DataFrame) -> pd.DataFrame:
        """*frame* with the derived columns computed by hand."""
        return frame.assign(**self.derived) if self.derived else frame

    def keeps(self, frame: pd.DataFrame) -> Mask:
        """Whether each row keeps every joint constraint."""
        kept = np.ones(len(frame), dtype=bool)
        for constraint in self.constraints:
            kept &= np.asarray(constraint(frame), dtype=bool)
        return kept

    def one(self, row: Mapping[str, Any]) -> pd.DataFrame:
        """One row of plain values as a frame of the schema's dtypes, in its order, derived columns computed by hand."""
        free = pd.DataFrame(
            {name: pd.array([row[name]], dtype=codec.column.dtype) for name, codec in self.codecs.items()}
        )
        return self.complete(free)[list(self.schema.names)]


def settle(
    schema: mm.Schema,
    frame: pd.DataFrame,
    *,
    derived: Mapping[str, Function] | None = None,
    constraints: tuple[Function, ...] = (),
    reference: Mapping[str, Any] | None = None,
) -> World:
    """The world of a schema with these parts added."""
    for constraint in constraints:
        schema = schema.where(constraint)
    schema = schema.derive(**derived) if derived else schema
    schema = schema.with_reference(dict(reference)) if reference else schema
    codecs = {name: Codec(name, column) for name, column in schema.columns.items()}
    rows = frame.assign(**derived) if derived else frame
    free = {name: schema.reference[name] for name in codecs}
    world = World(schema, rows, codecs, free, dict(derived or {}), constraints)
    return attrs.evolve(world, frame=rows[world.keeps(rows)].reset_index(drop=True))


def plain_row(rng: np.random.Generator, frame: pd.DataFrame) -> Row:
    """A reference row a user might name: each value one of the commoner of its column, drawn apart."""
    row: Row = {}
    for name, values in frame.items():
        present = values.dropna()
        numeric = pd.api.types.is_numeric_dtype(present.dtype) or pd.api.types.is_datetime64_any_dtype(present.dtype)
        if not numeric or pd.api.types.is_bool_dtype(present.dtype):
            value = present.mode().iloc[0]
        else:
            value = present.sort_values().iloc[int(len(present) * rng.uniform(0.3, 0.7))]
        row[str(name)] = value.item() if hasattr(value, "item") else value
        if isinstance(value, pd.Timestamp):
            row[str(name)] = value.to_pydatetime()
    return row


def world(rng: np.random.Generator, *, kind: str | None = None, **parts: Any) -> World:
    """A fresh world: houses or loans, with the reference row that metamorph finds or one that the user names."""
    kind = kind or str(rng.choice(["houses", "loans"]))
    frame = {"houses": houses, "loans": loans}[kind](rng, int(rng.integers(2000, 5001)))
    if "reference" in parts or rng.random() < 0.5:
        row = {**plain_row(rng, frame), **parts.get("reference", {})}
        if not all(np.all(constraint(pd.DataFrame([row]))) for constraint in parts.get("constraints", ())):
            raise RedrawError
        parts = {**parts, "reference": row}
    return settle(mm.Schema.from_frame(frame), frame, **parts)


def by_hand(rng: np.random.Generator, **parts: Any) -> World:
    """A schema written by hand, without observed rows; the frame holds rows drawn evenly from it."""
    schema = mm.Schema(
        {"hours-per-week": mm.Integer(1, 99), "capital gain": mm.Integer(0, 20_000)},
        wage=mm.Real(5, 105, decimals=1),
        height=mm.Real(1.4, 2.1),
        grade=mm.Category(["E", "D", "C", "B", "A"], ordered=True),
        sector=mm.Category(["public", "retail", "farm", "metal"]),
        union=mm.Boolean(),
        age=mm.Integer(17, 90, nullable=True),
        hired=mm.Timestamp(pd.Timestamp("2001-01-01"), pd.Timestamp("2024-12-31")),
    )
    frame = pd.DataFrame({name: column.sample(rng, 20_000) for name, column in schema.columns.items()})
    return settle(schema, frame, **parts)
