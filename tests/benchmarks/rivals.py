"""Rivals: what people do without metamorph, written as they would write it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import attrs
import hypothesis
import numpy as np
import pandas as pd
from hypothesis import HealthCheck, Phase, assume, given
from hypothesis import strategies as st
from scipy.stats import beta

import metamorph as mm


@attrs.frozen
class ByHand:
    """What the obvious lines of pandas say of ready pairs."""

    violations: int
    rate: float
    worst_fall: float
    interval: tuple[float, float]


def by_hand(model: Any, source: pd.DataFrame, column: str, raised: pd.Series[Any]) -> ByHand:
    """Raise one column of ready rows, predict both tables, and judge every fall beyond rounding."""
    follow_up = source.copy()
    follow_up[column] = raised
    before, after = model.predict(source), model.predict(follow_up)
    fall = before - after
    largest = np.maximum(np.abs(before), np.abs(after))
    floor = 1e-9 * np.maximum(largest, np.median(np.abs(before)))
    cases, violations = len(fall), int((fall > floor).sum())
    low = beta.ppf(0.025, violations, cases - violations + 1) if violations else 0.0
    high = beta.ppf(0.975, violations + 1, cases - violations) if violations < cases else 1.0
    return ByHand(violations, violations / cases, float(fall.max()), (float(low), float(high)))


@attrs.frozen
class Searched:
    """What plain Hypothesis came to: its smallest failing row (None when it found none), and the pairs it asked for."""

    row: Mapping[str, Any] | None
    pairs: int


def search(model: Any, schema: mm.Schema, column: str, seed: int, phases: Collection[Phase] = tuple(Phase)) -> Searched:
    """Plain Hypothesis, one row an example: raising an integer *column* must not lower the prediction."""
    names, asked, failed = list(schema.columns), [], []
    place, rows = names.index(column), st.tuples(*(_values(each) for each in schema.columns.values()))

    @hypothesis.seed(seed)
    @hypothesis.settings(
        database=None, deadline=None, phases=phases
    )  # a deadline would fail the test on a busy machine
    @given(rows, _values(schema.columns[column]))
    def test_raising_does_not_lower_the_prediction(row: tuple[Any, ...], raised: int) -> None:
        assume(raised > row[place])
        follow_up = (*row[:place], raised, *row[place + 1 :])
        asked.append(row)
        before = model.predict(pd.DataFrame([row], columns=names))[0]
        after = model.predict(pd.DataFrame([follow_up], columns=names))[0]
        if after < before:
            failed.append(row)
        assert after >= before

    try:
        test_raising_does_not_lower_the_prediction()
    except AssertionError:  # the smallest example is replayed last
        return Searched(dict(zip(names, failed[-1], strict=True)), len(asked))
    return Searched(None, len(asked))


@attrs.frozen
class Smallest:
    """The smallest pair that plain Hypothesis ends at (None: it found none), and the pairs asked since its first."""

    pair: tuple[dict[str, Any], dict[str, Any]] | None
    pairs: int


def smallest(plant: Any, seed: int) -> Smallest:
    """Plain Hypothesis, one pair an example, on a relation judged by hand (tests/quality/planted.py).

    A column that is to rise gets the lower of two values in the source, the higher in the follow-up. The explain phase
    is left out: it changes nothing about the smallest pair.
    """
    world, step, failed, since = plant.world, plant.step, [], 0
    values = {name: _values(codec.column) for name, codec in world.codecs.items()}
    drawn = step.touched if hasattr(step, "upward") and not hasattr(step, "apply") else ()

    @hypothesis.seed(seed)
    @hypothesis.settings(
        database=None,
        deadline=None,
        report_multiple_bugs=False,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.tuples(*values.values()), st.tuples(*(values[name] for name in drawn)))
    def test_the_relation_holds(row: tuple[Any, ...], others: tuple[Any, ...]) -> None:
        nonlocal since
        source = dict(zip(values, row, strict=True))
        follow_up = {**source, **dict(zip(drawn, others, strict=True))} if drawn else step.redo(world, source, {}, {})
        for name in drawn if step.upward else ():
            pair = sorted((source[name], follow_up[name]), key=world.codecs[name].code)
            source[name], follow_up[name] = pair
        before, after = world.one(source), world.one(follow_up)
        assume(plant.admits(before, after)[0])
        since += bool(failed)
        violates = plant.violates(before, after)[0]
        if violates:
            failed.append((source, follow_up))
        assert not violates

    try:
        test_the_relation_holds()
    except AssertionError:  # the smallest example is replayed last
        return Smallest(failed[-1], since)
    return Smallest(None, since)


def _values(column: Any) -> st.SearchStrategy[Any]:
    if isinstance(column, mm.Category):
        values: st.SearchStrategy[Any] = st.sampled_from(column.levels)
    elif isinstance(column, mm.Boolean):
        values = st.booleans()
    elif isinstance(column, mm.Integer):
        values = st.integers(column.min_value, column.max_value)
    elif isinstance(column, mm.Timestamp):
        values = st.datetimes(column.min_value, column.max_value)
    else:
        values = st.floats(column.min_value, column.max_value)
    return st.none() | values if column.nullable else values
