"""How near rows are to observed ones, against a reference that looks at every pair of cells."""

import math

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest

import metamorph as mm
from metamorph_strategies import nearness

RNG = np.random.default_rng(5)
N = 150
MIXED = pd.DataFrame(
    {
        "area": RNG.integers(50, 400, N),
        "price": np.where(RNG.random(N) < 0.2, np.nan, RNG.lognormal(3, 1, N)),
        "rooms": pd.array(np.where(RNG.random(N) < 0.1, None, RNG.integers(1, 7, N)), dtype="Int64"),
        "sold": pd.to_datetime("2020-01-01") + pd.to_timedelta(RNG.integers(0, 900, N), unit="D"),
        "heating": np.where(RNG.random(N) < 0.1, None, RNG.choice(["gas", "oil", "coal"], N)),
        "state": pd.Categorical.from_codes(RNG.integers(0, 4, N), ["poor", "fair", "good", "new"], ordered=True),
        "garden": RNG.random(N) < 0.1,
        "gain": np.where(RNG.random(N) < 0.9, 0.0, RNG.exponential(500, N)),
        "number": np.arange(N),
    }
)
PLAIN = {"heating", "garden"}


def spread_of(column, values):
    """The quartile range, or the mean distance from the median, or 1; no less than a step."""
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    return max(high - low or np.mean([abs(value - middle) for value in values]) or 1.0, column.least_step)


def reference_rows(schema, frame):
    """Rows as dicts of what is compared: a number, a level, or None where missing."""
    kept = [name for name in schema.columns if name not in schema.role("identifier")]
    rows = [{} for _ in range(len(frame))]
    for name in kept:
        codes, _ = schema.columns[name].encode(frame[name])
        for row, cell, code in zip(rows, frame[name], codes, strict=True):
            row[name] = None if pd.isna(cell) else cell if name in PLAIN else float(code)
    return rows


def reference_scales(schema):
    """The median and the spread of each column of numbers."""
    rows = reference_rows(schema, schema.observed)
    numbers = {name: [row[name] for row in rows if row[name] is not None] for name in rows[0] if name not in PLAIN}
    return {name: (np.median(seen), spread_of(schema.columns[name], seen)) for name, seen in numbers.items()}


def reference_distance(scales, left, right):
    """The distance of two rows, cell by cell."""
    total = 0.0
    for name, here in left.items():
        there = right[name]
        if name in PLAIN:
            total += here != there
        elif (here is None) != (there is None):
            middle, spread = scales[name]
            total += 1 + (((there if here is None else here) - middle) / spread) ** 2
        elif here is not None:
            total += ((here - there) / scales[name][1]) ** 2
    return math.sqrt(total)


def reference_nearest(schema, frame):
    """For each row the distance from the nearest observed one."""
    observed, scales = reference_rows(schema, schema.observed), reference_scales(schema)
    return [min(reference_distance(scales, row, other) for other in observed) for row in reference_rows(schema, frame)]


def reference_apart(schema):
    """For each observed row the distance from the nearest other one, sorted."""
    rows, scales = reference_rows(schema, schema.observed), reference_scales(schema)
    return sorted(
        min(reference_distance(scales, row, other) for place, other in enumerate(rows) if place != own)
        for own, row in enumerate(rows)
    )


@pytest.fixture(scope="module")
def schema():
    return mm.Schema.from_frame(MIXED.head(60)).with_roles(identifier=["number"])


def mixed_up(n, seed=0):
    """Rows whose cells come from observed rows, each from another, and some from beyond."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({name: MIXED[name].take(rng.integers(0, N, n)).reset_index(drop=True) for name in MIXED})
    return frame.assign(area=frame["area"] + rng.choice([0, 0, 7, 900], n))


@pytest.mark.parametrize("count", [1, 3, 40])  # a few rows are compared in another way than many
def test_distances_are_those_of_the_reference(schema, count):
    frame = mixed_up(count, seed=count)
    distances, _ = schema.neighbours().nearest(frame)
    assert np.allclose(reference_nearest(schema, frame), distances, rtol=1e-12)


def test_real_rows_are_compared_with_all_others_but_themselves(schema):
    assert np.allclose(reference_apart(schema), schema.neighbours().apart, rtol=1e-9)


def test_the_nearest_row_is_at_its_place(schema):
    frame, near = mixed_up(20), schema.neighbours()
    distances, places = near.nearest(frame)
    pairs = zip(reference_rows(schema, frame), reference_rows(schema, near.rows.take(places)), strict=True)
    found = [reference_distance(reference_scales(schema), *pair) for pair in pairs]
    assert np.allclose(found, distances, rtol=1e-12)


@hypothesis.given(share=st.floats(0.01, 1.0), seed=st.integers(0, 10**6))
@hypothesis.settings(max_examples=40, deadline=None)
def test_rows_within_a_limit_are_those_whose_share_is_below_it(share, seed):
    schema = SCHEMA
    frame, near = mixed_up(30, seed), schema.neighbours()
    distances, _ = near.nearest(frame)
    limit = near.limit(share)
    assert list(distances <= limit) == list(near.within(frame, limit))
    assert list(distances <= limit) == [near.share(distance) < share - 1e-9 for distance in distances]


SCHEMA = mm.Schema.from_frame(MIXED.head(60)).with_roles(identifier=["number"])


@pytest.mark.parametrize("share", [0.001, 0.01, 0.29, 0.5, 0.99, 0.999, 1.0])
def test_a_limit_is_kept_by_so_many_of_the_real_rows_and_by_no_fewer_below(share):
    apart, limit = SCHEMA.neighbours().apart, SCHEMA.neighbours().limit(share)
    assert np.mean(apart < limit) < share - 1e-9 <= np.mean(apart <= limit)


def test_an_identifier_says_nothing(schema):
    frame = schema.observed.head(1).assign(number=99_999)
    assert [0.0] == list(schema.neighbours().nearest(frame)[0])


def test_a_derived_column_says_nothing():
    frame = pd.DataFrame({"a": [1.0, 2.0, 4.0], "b": [1.0, 3.0, 8.0]})
    schema = mm.Schema.from_frame(frame).derive(twice=lambda t: 1_000 * t["a"] + t["b"])
    assert [0.5] == list(schema.neighbours().nearest(schema.frame([{"a": 1.75, "b": 3.0}]))[0] / (1 / 3))


ODD = {
    "one row": (pd.DataFrame({"a": [1.0], "b": ["x"]}), []),
    "two rows": (pd.DataFrame({"a": [1.0, 3.0], "b": ["x", "x"]}), [2.0, 2.0]),
    "constants": (pd.DataFrame({"a": [2, 2, 2], "b": ["x", "y", "x"]}), [0.0, 0.0, 1.0]),
    "duplicates": (pd.DataFrame({"a": [1.0, 1.0, 5.0, 5.0], "b": ["x", "x", None, None]}), [0.0] * 4),
    "a column all but missing": (pd.DataFrame({"a": [1.0, np.nan, np.nan], "b": ["x", "x", "x"]}), [0.0, 0.0, 1.0]),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_tables(name):
    frame, apart = ODD[name]
    schema = mm.Schema.from_frame(frame)
    near = schema.neighbours()
    assert apart == list(near.apart)
    assert [0.0] * len(frame) == list(near.nearest(schema.observed)[0])


def test_a_missing_value_where_none_is_observed_is_one_off_the_median(schema):
    frame = schema.observed.head(1).assign(area=np.nan)
    median, spread = np.median(MIXED["area"].head(60)), spread_of(schema.columns["area"], MIXED["area"].head(60))
    assert schema.neighbours().nearest(frame)[0][0] >= 1
    middle = schema.observed.head(1).assign(area=int(median))
    nearest = schema.neighbours().nearest(middle)[0][0]
    assert schema.neighbours().nearest(frame)[0][0] <= math.sqrt(
        (nearest + abs(int(median) - median) / spread) ** 2 + 1
    )


def test_a_level_that_the_schema_does_not_know_is_one_off_every_level(schema):
    frame = schema.observed.head(1).assign(heating="sun")
    assert [1.0] == list(schema.neighbours().nearest(frame)[0])


def test_values_of_any_size_have_a_distance():
    frame = pd.DataFrame({"a": [-1e300, 0.0, 1e300, 5.0], "b": [1e-300, 2e-300, 3e-300, 4e-300]})
    near = mm.Schema.from_frame(frame).neighbours()
    assert np.isfinite(near.apart).all()
    assert [0.0] * 4 == list(near.nearest(frame)[0])


def test_unseen_values_are_those_no_observed_row_has(schema):
    known = set(MIXED["area"].head(60))
    free = next(area for area in range(50, 400) if area not in known)
    row = schema.observed.head(1).assign(area=free, heating="sun", number=99_999)
    _, (place,) = schema.neighbours().nearest(row)
    assert ("area", "heating") == schema.neighbours().unseen(row, place)


def test_a_value_of_another_observed_row_is_seen(schema):
    row = schema.observed.head(1).assign(area=schema.observed["area"].iloc[[31]].to_numpy())
    _, (place,) = schema.neighbours().nearest(row)
    assert () == schema.neighbours().unseen(row, place)


def test_without_observed_rows_there_are_no_neighbours():
    assert mm.Schema(a=mm.Integer(1, 9)).neighbours() is None


def test_rows_are_points_once(schema):
    assert schema.neighbours() is schema.neighbours()


def test_of_many_rows_a_sample_is_compared_with(monkeypatch):
    monkeypatch.setattr(nearness, "MOST_ROWS", 20)
    schema = mm.Schema.from_frame(MIXED.drop(columns="number"))
    near = schema.neighbours()
    assert (20, 20, False) == (len(near.rows), len(near.apart), near.every)
    assert [True] * N == [near.has(schema.observed.iloc[[place]]) for place in range(N)]
    assert not near.has(schema.observed.head(1).assign(gain=0.125))
