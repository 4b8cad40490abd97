"""A reservoir keeps the first judged cases of either sort, and holds no block for their sake."""

import numpy as np
import pandas as pd
import pytest

import metamorph as mm
from metamorph.predictor import Predictor
from metamorph.runner import reservoir
from metamorph.runner.estimate import estimate
from metamorph.runner.progress import Silent
from metamorph.runner.trial import Trial

N = 3_000
HOUSES = pd.DataFrame({"area": np.random.default_rng(0).uniform(40, 240, N).round(1), "lot": np.arange(N)})


def price(share):
    """A model that prices the area upside down on this share of lots."""
    return lambda t: t["area"].to_numpy() * np.where(t["lot"] < share * N, -1, 1)


def found(share, budget):
    """The estimate of a direction that this share of lots breaks."""
    schema = mm.Schema.from_frame(HOUSES)
    trial = Trial(mm.increasing("area"), schema, Predictor(price(share)))
    return estimate(trial, 0.0, budget=budget, seed=0, progress=Silent())


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_every_case_of_a_small_run_is_kept(share):
    """Below its capacity it is all of them: margins, outputs and rows belong together."""
    estimated = found(share, 1_000)
    sample = estimated.sample
    assert (1_000, estimated.violations) == (len(sample), int((sample.margins > 0).sum()))
    assert sample.source_output.tolist() == price(share)(sample.cases.source).tolist()
    assert sample.follow_up_output.tolist() == price(share)(sample.follow_up).tolist()
    assert np.allclose(sample.margins, sample.source_output - sample.follow_up_output)


def test_it_is_bounded(monkeypatch):
    """Of more cases the first ones of either sort are kept, whatever blocks they come in."""
    monkeypatch.setattr(reservoir, "CAPACITY", 500)
    estimated = found(0.01, 40_000)
    assert (500, min(500, estimated.violations)) == (len(estimated.passing.judged), len(estimated.failing.judged))
    assert (estimated.failing.judged.margins > 0).all()
    assert (estimated.passing.judged.margins <= 0).all()


def test_it_holds_no_block(monkeypatch):
    """When another block comes, what is kept of the one before has rows of its own."""
    monkeypatch.setattr(reservoir, "CAPACITY", 50)
    kept = found(0.5, 300_000).passing.parts
    assert [50] == [len(part._table) for part in kept]  # noqa: SLF001 - what is held is what the test is about


def test_nothing_is_kept_of_nothing():
    """Without a case there is no sample."""
    schema = mm.Schema.from_frame(HOUSES)
    trial = Trial(mm.increasing("area").when(lambda t: t["lot"] < 0), schema, Predictor(price(0)))
    assert estimate(trial, 0.0, budget=10, seed=0, progress=Silent()).sample is None
