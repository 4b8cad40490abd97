"""What an example of a row or a frame costs, beside Hypothesis's own frames and pandera's, of the same 13 columns."""

from __future__ import annotations

import statistics
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import hypothesis
import numpy as np
import pandas as pd
import pandera.pandas as pa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra.pandas import column, data_frames, range_indexes

import metamorph as mm
from metamorph import strategies as mst

ROUNDS = 3
WARM = 50
"""Examples that do not count: the first ones are small, and pay for what is made once."""
OURS, THEIRS = 500, 60
"""Examples that do."""
SIZES = (1, 10, 50)

YEARS = pd.Timestamp("2000-01-01"), pd.Timestamp("2026-01-01")
HOUSES = pa.DataFrameSchema(
    {
        "area": pa.Column(float, pa.Check.in_range(20, 400)),
        "land": pa.Column(float, pa.Check.in_range(100, 150_000)),
        "cbd": pa.Column(float, pa.Check.in_range(0, 60)),
        "tax": pa.Column(float, pa.Check.in_range(0.4, 6.5)),
        "schools": pa.Column(float, pa.Check.in_range(1, 10), nullable=True),
        "rooms": pa.Column(int, pa.Check.in_range(1, 12)),
        "baths": pa.Column(int, pa.Check.in_range(0, 5)),
        "age": pa.Column(int, pa.Check.in_range(0, 120)),
        "price": pa.Column(int, pa.Check.in_range(10_000, 10_000_000)),
        "garden": pa.Column(bool),
        "heating": pa.Column(str, pa.Check.isin(["gas", "oil", "coal"])),
        "street": pa.Column(str, pa.Check.isin([f"Street {number}" for number in range(30)])),
        "sold": pa.Column("datetime64[ns]", pa.Check.in_range(*YEARS)),
    }
)


def lines(line: Callable[..., Any]) -> Iterator[Any]:
    """Milliseconds an example, and how many times as many the others take; *line* makes a line."""
    schema = mst.from_pandera(HOUSES)
    took: dict[tuple[str, int], list[float]] = {}
    for size in SIZES:
        contenders = {"rows": (mst.rows(schema), OURS)} if size == 1 else {}
        contenders |= {
            "frames": (mst.frames(schema, min_size=size, max_size=size), OURS),
            "data_frames": (frames_of(schema, size), THEIRS),
            "pandera": (HOUSES.strategy(size=size), THEIRS),
        }
        rounds = [[milliseconds(*each, seed) for each in contenders.values()] for seed in range(ROUNDS)]
        took |= {(who, size): list(times) for who, times in zip(contenders, zip(*rounds, strict=True), strict=True)}
    yield line("rows(schema), an example", statistics.median(took["rows", 1]), "{:.1f} ms")
    for who in ("data_frames", "pandera"):
        yield line(f"{who} of 1 row / rows", ratio(took[who, 1], took["rows", 1]), least=3)
    for size in SIZES:
        rows = "1 row" if size == 1 else f"{size} rows"
        yield line(f"frames(schema) of {rows}, an example", statistics.median(took["frames", size]), "{:.1f} ms")
        for who in ("data_frames", "pandera"):
            yield line(f"{who} of {rows} / frames", ratio(took[who, size], took["frames", size]), least=3)


def milliseconds(strategy: st.SearchStrategy[Any], examples: int, seed: int) -> float:
    """How long an example takes once the strategy is warm, all that Hypothesis does between two of them included."""
    drawn: list[float] = []

    @hypothesis.seed(seed)
    @settings(
        max_examples=WARM + examples,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def draw(_: object) -> None:
        drawn.append(time.perf_counter())

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pandera warns of its own strategies
        draw()
    return 1e3 * (drawn[-1] - drawn[WARM]) / (len(drawn) - WARM - 1)


def frames_of(schema: mm.Schema, size: int) -> st.SearchStrategy[pd.DataFrame]:
    """Hypothesis's own frames of a schema's columns; text and levels as objects, which it has no other dtype for."""
    columns = [
        column(name, elements=elements(kind), dtype=object if isinstance(kind, mm.Category) else kind.dtype)
        for name, kind in schema.columns.items()
    ]
    return data_frames(columns, index=range_indexes(min_size=size, max_size=size))


def elements(kind: Any) -> st.SearchStrategy[Any]:
    """The values of a column as somebody would write them down for Hypothesis."""
    if isinstance(kind, mm.Real):
        values: st.SearchStrategy[Any] = st.floats(kind.min_value, kind.max_value)
        return st.one_of(values, st.just(np.nan)) if kind.nullable else values
    if isinstance(kind, mm.Integer):
        return st.integers(kind.min_value, kind.max_value)
    if isinstance(kind, mm.Category):
        return st.sampled_from(kind.levels)
    if isinstance(kind, mm.Boolean):
        return st.booleans()
    return st.datetimes(*(moment.to_pydatetime() for moment in YEARS)).map(np.datetime64)


def ratio(theirs: list[float], ours: list[float]) -> float:
    """The median over rounds of one time by the other of the same round."""
    return statistics.median(one / other for one, other in zip(theirs, ours, strict=True))
