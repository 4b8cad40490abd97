"""Slices of failure: a planted one is ranked first, and none is told where there is none."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

import metamorph as mm
from metamorph.runner.exact_slices import exact_slices
from metamorph.runner.slicing import DEEPEST, FEWEST, PRICE, SMALLEST, likelihood, search, slices_of

CASES = 6_000
TOWNS = list("abcdef")


def houses(rng):
    return pd.DataFrame(
        {
            "area": rng.integers(20, 400, CASES),
            "rooms": rng.integers(1, 9, CASES),
            "age": np.round(rng.uniform(0, 90, CASES), 1),
            "town": rng.choice(TOWNS, CASES),
            "distance": rng.uniform(0, 30, CASES),
            "garden": rng.random(CASES) < 0.5,
            "income": rng.lognormal(size=CASES),
        }
    )


def inside(rows, conditions):
    kept = np.ones(len(rows), dtype=bool)
    for condition in conditions:
        cells = rows[condition.column]
        kept &= {
            "<=": lambda cells=cells, condition=condition: cells <= condition.value,
            ">": lambda cells=cells, condition=condition: cells > condition.value,
            "is": lambda cells=cells, condition=condition: cells == condition.value,
            "is not": lambda cells=cells, condition=condition: cells != condition.value,
            "is missing": lambda cells=cells: cells.isna(),
        }[condition.sign]()
    return np.asarray(kept)


def planted(rng, rows, count):
    """A slice of one to three conditions."""
    kept = np.ones(len(rows), dtype=bool)
    for name in rng.permutation(["area", "rooms", "age", "town", "distance"])[:count]:
        if name == "town":
            kept &= (rows["town"] == rng.choice(TOWNS)).to_numpy()
        else:
            cut = rows[name].quantile(rng.uniform(0.3, 0.7))
            kept &= (rows[name] <= cut if rng.random() < 0.5 else rows[name] > cut).to_numpy()
    return kept


def test_planted_slices_are_ranked_first():
    first = 0
    for seed in range(24):
        rng = np.random.default_rng(seed)
        rows = houses(rng)
        where = planted(rng, rows, 1 + seed % 3)
        violating = rng.random(CASES) < np.where(where, 0.3, 0.02)
        told = slices_of(rows, violating, np.ones(CASES), mm.Schema.from_frame(rows))[0]
        got = inside(rows, told.conditions)
        first += (got & where).sum() / (got | where).sum() > 0.8
        assert (told.cases, told.violations) == (got.sum(), (got & violating).sum())
        assert told.interval[0] <= told.rate <= told.interval[1]
    assert 23 <= first


def test_violations_that_have_no_slice_get_none():
    found = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        rows = houses(rng)
        found += len(slices_of(rows, rng.random(CASES) < 0.05, np.ones(CASES), mm.Schema.from_frame(rows)))
    assert found <= 2


def test_weights_count_as_so_many_cases():
    rng = np.random.default_rng(0)
    rows = houses(rng)
    violating = rng.random(CASES) < np.where(rows["rooms"] <= 3, 0.4, 0.05)
    kept = np.flatnonzero(violating | (np.arange(CASES) % 4 == 0))
    weights = np.where(violating[kept], 1.0, (~violating).sum() / (~violating[kept]).sum())
    told = slices_of(rows.iloc[kept], violating[kept], weights, mm.Schema.from_frame(rows))[0]
    assert ["rooms"] == [condition.column for condition in told.conditions]
    assert told.rate == pytest.approx(violating[rows["rooms"] <= 3].mean(), rel=0.1)


def test_missing_values_are_a_condition_of_their_own():
    rng = np.random.default_rng(0)
    rows = houses(rng).assign(income=lambda t: t["income"].where(rng.random(CASES) > 0.2))
    violating = rows["income"].isna().to_numpy() & (rng.random(CASES) < 0.5)
    told = slices_of(rows, violating, np.ones(CASES), mm.Schema.from_frame(rows))[0]
    assert [("income", "is missing")] == [(condition.column, condition.sign) for condition in told.conditions]


@pytest.mark.parametrize("seed", range(30))
def test_the_best_slice_of_two_levels_is_that_of_trying_all(seed):
    rng = np.random.default_rng(seed)
    holds = (rng.random((400, 9)) < rng.uniform(0.2, 0.8, size=9)).astype(np.float32)
    violating = rng.random(400) < np.where(holds[:, seed % 9] * holds[:, (seed + 4) % 9] > 0, 0.5, 0.05)
    weights = rng.integers(1, 4, 400).astype("float64")
    found, tried = search(holds, violating, weights, likelihood)
    total, bad = weights.sum(), weights[violating].sum()
    best, count = 0.0, 0
    for depth in range(1, DEEPEST + 1):
        for members in itertools.combinations(range(9), depth):
            rows = holds[:, list(members)].all(axis=1)
            cases, violations = weights[rows].sum(), weights[rows & violating].sum()
            if cases >= max(SMALLEST * total, FEWEST) and cases < total:
                rank = likelihood(np.array([cases]), np.array([violations]), total, bad)[0] - PRICE * depth
                best = max(best, float(rank))
            count += 1
    ranks = [likelihood(one.cases, one.violations, total, bad)[0] - PRICE * one.which.shape[1] for one in found]
    assert max(ranks, default=0.0) == pytest.approx(best)
    assert tried <= count


def test_an_identifier_is_no_slice():
    rng = np.random.default_rng(0)
    rows = houses(rng)
    schema = mm.Schema.from_frame(rows).with_roles(identifier=["area"])
    told = slices_of(rows, (rows["area"] > 200).to_numpy(), np.ones(CASES), schema)
    assert not [condition for one in told for condition in one.conditions if condition.column == "area"]


def test_exact_enumeration_tells_the_planted_slice_as_well():
    pytest.importorskip("sliceline", reason="the slices extra is not installed")
    rng = np.random.default_rng(5)
    rows = houses(rng)
    where = (rows["town"] == "b").to_numpy() & (rows["garden"]).to_numpy()
    violating = rng.random(CASES) < np.where(where, 0.2, 0.002)
    told = exact_slices(rows, violating, np.ones(CASES), mm.Schema.from_frame(rows))[0]
    assert (inside(rows, told.conditions) == where).all()
