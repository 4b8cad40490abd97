"""Lawful pairs of cells are those between which a step or a replacement really leads, value by value."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metamorph.case import Cases, parameter
from metamorph.transforms import Replace, Step
from metamorph.whitebox.cells import Axis
from metamorph.whitebox.ensemble import Mask, Unreadable
from metamorph.whitebox.lattice import lattice
from metamorph.whitebox.lawful import lawful_pairs, step_sources
from metamorph.whitebox.points import cells_of_codes
from metamorph_strategies.columns import Boolean, Category, Codes, Column, Integer, Real, Timestamp
from metamorph_strategies.schema import Schema

COLUMNS: dict[str, tuple[Column, list[Any], list[Any]]] = {
    "whole": (Integer(-4, 20), [1, 3, 7, 24, 25], [-4, 0, 20]),
    "whole in float32": (Integer(0, 15, nullable=True, dtype="float32"), [2, 15], [3]),
    "tenths": (Real(-1, 1.4, decimals=1, nullable=True), [0.1, 0.3, 1, 2.4, 9.0], [-1, 0.3, 0.1 + 0.2]),
    "tenths in float32": (Real(0, 1.9, decimals=1, dtype="float32"), [0.1, 0.7], [0.3, 1.9]),
    "grade": (Category(["a", "b", "c", "d"], ordered=True, nullable=True), [1, 2], ["b", "d"]),
    "flag": (Boolean(), [1], [True, False]),
    "day": (Timestamp("2024-01-01", "2024-01-20", quantum=86_400 * 10**9), ["2D", "7D"], ["2024-01-04"]),
}


def every_code(column: Column) -> Codes:
    """All codes; of a resolution the short decimals."""
    codes = lattice(column)
    if isinstance(column, Real):
        short = np.round(np.arange(round(10 * column.lowest), round(10 * column.highest) + 1) / 10, 1)
        return column.encode(column.decode(short))[0]
    return codes.codes(np.arange(codes.first, codes.last + 1))


def divided(column: Column, begins: list[bool]) -> Axis:
    """An axis of cells that begin at some of the codes; of a resolution half-way between them."""
    codes, every = lattice(column), every_code(column)
    first = np.flatnonzero([False, *begins[: len(every) - 1]])
    starts = codes.places((every[first] + every[first - 1]) / 2 if isinstance(column, Real) else every[first])
    lows = codes.codes(codes.up(np.append(codes.first, starts)))
    highs = codes.codes(codes.down(np.append(starts - 1, codes.last)))
    if column.nullable:
        lows, highs = np.append(lows, lows[:1]), np.append(highs, highs[:1])
    return Axis("x", lows, highs, column.nullable)


def by_cases(change: Step | Replace, column: Column, axis: Axis, more: Codes) -> Mask:
    """The pairs of cells that the relation itself finds lawful, trying each value after each, *more* among them."""
    codes = np.unique(np.concatenate([every_code(column), more]))
    codes = codes[(codes >= column.lowest) & (codes <= column.highest)]
    codes = codes[column.contains(column.decode(codes))]
    every = np.append(codes, codes[:1]) if column.nullable else codes
    missing = np.arange(len(every)) == len(codes)
    cells = cells_of_codes(axis, every, missing)
    source, target = (places.ravel() for places in np.meshgrid(*[np.arange(len(every))] * 2, indexing="ij"))
    frame = pd.DataFrame({"x": column.decode(every[source], missing[source])})
    after = pd.DataFrame({parameter("x"): column.decode(every[target], missing[target])})
    lawful = change.lawful(Cases(frame, after), Schema(x=column))
    pairs = np.eye(len(axis), dtype=bool)
    pairs[cells[source[lawful]], cells[target[lawful]]] = True
    return pairs


def led_to(column: Column, law: dict[str, Any], *, down: bool) -> Codes:
    """What a column takes for short decimals beside them, and where a law leads, as the column's dtype holds it."""
    codes = every_code(column)
    if "to" in law:
        return column.encode(column.series([law["to"]]))[0]
    if "by" not in law or not isinstance(column, Real):
        return codes[:0]
    places, step = lattice(column).places(codes), column.step(law["by"])
    beside = lattice(column).codes(np.add.outer(np.arange(-4, 5), places).ravel())
    return np.append(beside, column.encode(column.decode(column.plus(beside, -step if down else step)))[0])


@pytest.mark.parametrize("name", COLUMNS)
@settings(max_examples=15, deadline=None)
@given(begins=st.lists(st.booleans(), min_size=30, max_size=30), down=st.booleans())
def test_steps_lead_from_cell_to_cell_as_values_do(name: str, begins: list[bool], down: bool) -> None:  # noqa: FBT001 - drawn
    column, steps, goals = COLUMNS[name]
    axis = divided(column, begins)
    for law in [{}, *({"by": by} for by in steps), *({"to": to} for to in goals)]:
        change = Step(("x",), down=down, **law)
        expected = by_cases(change, column, axis, led_to(column, law, down=down))
        assert expected.tolist() == lawful_pairs(axis, column, down=down, **law).tolist(), law


@pytest.mark.parametrize("name", COLUMNS)
@pytest.mark.parametrize("missing", [False, True])
def test_replacements_lead_anywhere_but_to_missing_unless_it_is_a_value(name: str, *, missing: bool) -> None:
    column = COLUMNS[name][0]
    axis = divided(column, [True, False] * 15)
    expected = by_cases(Replace(("x",), missing=missing), column, axis, every_code(column))
    assert expected.tolist() == lawful_pairs(axis, column, kind="replace", missing=missing).tolist()


@settings(max_examples=60, deadline=None)
@given(
    cuts=st.lists(st.floats(-1, 1), min_size=1, max_size=6, unique=True),
    by=st.floats(1e-3, 3),
    down=st.booleans(),
)
def test_a_step_over_real_numbers_has_a_source_wherever_it_is_lawful(cuts: list[float], by: float, down: bool) -> None:  # noqa: FBT001 - drawn
    column = Real(-1, 1)
    starts = np.unique([*cuts, -1.0])
    axis = Axis("x", starts, np.append(np.nextafter(starts[1:], -2), 1.0))
    pairs = lawful_pairs(axis, column, by=by, down=down)
    before, after = np.nonzero(pairs & ~np.eye(len(axis), dtype=bool))
    sources = step_sources(axis, column, before, after, by=by, down=down)
    targets = column.plus(sources, -by if down else by)
    assert ((axis.lows[before] <= sources) & (sources <= axis.highs[before])).all()
    assert ((axis.lows[after] <= targets) & (targets <= axis.highs[after])).all()
    tried = np.concatenate([starts, axis.highs, np.linspace(-1, 1, 500)])
    moved = column.plus(tried, -by if down else by)
    inside = (moved >= -1) & (moved <= 1)
    places = [np.searchsorted(starts, values[inside], side="right") - 1 for values in (tried, moved)]
    assert pairs[places[0], places[1]].all()


def test_steps_finer_than_the_resolution_are_refused() -> None:
    column = COLUMNS["tenths"][0]
    axis = divided(column, [True] * 30)
    with pytest.raises(Unreadable, match=r"by=0\.05 is finer than the resolution of 'x'"):
        lawful_pairs(axis, column, by=0.05)
    with pytest.raises(Unreadable, match=r"to=0\.05 is finer than the resolution of 'x'"):
        lawful_pairs(axis, column, to=0.05)
