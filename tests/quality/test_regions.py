"""Regions of planted boxes: what the report says fails is what fails, and what fails is in it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import metamorph as mm
from metamorph.case import Cases, parameter
from metamorph.predictor import Predictor
from metamorph.runner.explaining import explain
from metamorph.runner.trial import Trial

ROWS = 3_000
FRESH = 20_000
TOWNS = np.array(list("abcdef"))
MOST_CALLS = 9
MOST_ROWS = 4_000


def houses(rng):
    return pd.DataFrame(
        {
            "area": rng.integers(20, 400, ROWS),
            "rooms": rng.integers(1, 9, ROWS),
            "age": np.round(rng.uniform(0, 90, ROWS), 1),
            "distance": rng.uniform(0, 30, ROWS),
            "town": rng.choice(TOWNS, ROWS),
            "garden": rng.random(ROWS) < 0.5,
        }
    )


def box(rng, frame, count):
    """A box of up to four columns, each with a middling share of its values; *area* is always one of them."""
    sides = {}
    for name in ["area", *rng.permutation(["rooms", "age", "distance", "town"])[: count - 1]]:
        if name == "town":
            sides[name] = set(rng.choice(TOWNS, 3, replace=False))
        else:
            low, high = frame[name].quantile([rng.uniform(0.05, 0.3), rng.uniform(0.6, 0.95)])
            sides[name] = (float(low), float(high))
    return sides


def inside(frame, sides):
    kept = np.ones(len(frame), dtype=bool)
    for name, side in sides.items():
        kept &= frame[name].isin(side) if isinstance(side, set) else frame[name].between(*side)
    return np.asarray(kept)


def said(frame, stretches):
    """Whether each row is in the stretches, by hand."""
    kept = np.ones(len(frame), dtype=bool)
    for stretch in stretches:
        if stretch.levels:
            kept &= frame[stretch.column].isin(stretch.levels)
        elif not stretch.whole:
            low, high = (
                end if end is not None else sign * np.inf for end, sign in ((stretch.low, -1), (stretch.high, 1))
            )
            kept &= frame[stretch.column].between(low, high)
    return np.asarray(kept)


@pytest.mark.parametrize("seed", range(32))
def test_a_planted_box_is_told_with_precision_and_recall(seed):
    rng = np.random.default_rng(seed)
    frame = houses(rng)
    sides = box(rng, frame, 1 + seed % 4)
    schema, relation = mm.Schema.from_frame(frame), mm.increasing("area")

    def model(rows):
        return 1_000.0 - 500.0 * inside(rows, sides)

    found = mm.check(model, relation, schema, seed=seed, budget=2_000, attack=0).results[0].counterexample
    trial = Trial(relation, schema, Predictor(model))
    follow_up = schema.frame([found.follow_up])
    case = Cases(schema.frame([found.source]), pd.DataFrame({parameter("area"): follow_up["area"]}))
    region = explain(trial, case, seed=seed)
    assert trial.predictor.calls <= MOST_CALLS
    assert trial.predictor.asked <= MOST_ROWS

    source = pd.DataFrame({name: column.sample(rng, FRESH) for name, column in schema.columns.items()})
    target = source.assign(area=schema.columns["area"].sample(rng, FRESH))
    lawful = (target["area"] > source["area"]).to_numpy()
    fails = (model(target) < model(source))[lawful]
    told = (said(source, region.source) & said(target, region.follow_up))[lawful]
    assert 0.95 <= (fails & told).sum() / told.sum()
    assert 0.95 <= (fails & told).sum() / fails.sum()
    assert 0.95 <= region.inside
    assert region.outside is None or region.outside <= 0.05


def test_columns_that_are_free_one_by_one_but_not_together_are_narrowed():
    rng = np.random.default_rng(0)
    frame = houses(rng)
    schema, relation = mm.Schema.from_frame(frame), mm.increasing("area")

    def model(rows):  # fails unless the house is both old and far off, which neither column shows by itself
        spared = (rows["age"] > 45) & (rows["distance"] > 15)
        return 1_000.0 - rows["area"].to_numpy() * ~spared.to_numpy()

    source = schema.frame([{**schema.reference, "area": 100, "age": 10.0, "distance": 5.0}])
    trial = Trial(relation, schema, Predictor(model))
    region = explain(trial, Cases(source, pd.DataFrame({parameter("area"): [101]})), seed=0)
    assert not {"age", "distance"} <= set(region.free)
    assert 0.95 <= region.inside


def test_a_follow_up_that_has_to_lie_beyond_an_edge_is_not_said_to_be_free():
    """Below the source a value makes no case of a direction; beside another source it makes one that passes."""
    frame = houses(np.random.default_rng(5)).assign(area=np.arange(ROWS) % 360 + 40)

    def model(rows):
        return (100.0 * rows["area"] - 50_000.0 * (rows["area"] > 200)).to_numpy()

    result = mm.check(model, mm.increasing("area"), frame, budget=2_000, attack=100).results[0]
    source = {stretch.column: stretch for stretch in result.region.source}["area"]
    (target,) = result.region.follow_up
    assert (None, 200) == (source.low, source.high)
    assert (201, None) == (target.low, target.high)
    assert 1.0 == result.region.inside


def test_one_value_at_the_end_of_a_column_is_that_value():
    """Where only the lowest or the highest value of a column fails it has both ends."""
    frame = houses(np.random.default_rng(6)).assign(floors=np.arange(ROWS) % 2)

    def model(rows):
        return (rows["area"] * np.where((rows["floors"] == 1) & (rows["rooms"] == 8), -1.0, 1.0)).to_numpy()

    result = mm.check(model, mm.increasing("area"), frame, budget=2_000, attack=100).results[0]
    ends = {one.column: (one.low, one.high) for one in result.region.source if not one.whole}
    assert ((1, 1), (8, 8)) == (ends["floors"], ends["rooms"])
