"""What a review found of reducing, and of further counterexamples: conditions that draw lots, and the account."""

import ast
import math
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import metamorph as mm
from metamorph.predictor import Predictor
from metamorph.runner.coded import Coded
from metamorph.runner.progress import Silent
from metamorph.runner.shrink import Reduction
from metamorph.runner.trial import Trial
from metamorph_strategies.columns import Integer

N = 1_000
RNG = np.random.default_rng(0)
HOUSES = pd.DataFrame(
    {
        "area": RNG.permutation(N) + 40.0,
        "latitude": np.round(RNG.uniform(50, 60, N), 2),
        "rooms": RNG.integers(1, 9, N),
        "age": RNG.integers(0, 100, N),
    }
)


def twice_wrong(t):
    """The area upside down for two reasons, of two columns each."""
    first, second = (t["rooms"] > 5) & (t["age"] > 50), (t["latitude"] > 58) & (t["age"] < 20)
    return np.where(first | second, -1.0, 1.0) * t["area"].to_numpy()


@pytest.mark.parametrize("seed", range(6))
def test_a_precondition_that_answers_otherwise_when_asked_again(seed):
    """A condition that draws lots is the user's mistake: what it lets pass is shown, and nothing of ours is raised."""
    lots = np.random.default_rng(seed)
    relation = mm.increasing("area").when(lambda t: lots.random(len(t)) < 0.5)
    result = mm.check(twice_wrong, relation, HOUSES, budget=500, seed=seed).results[0]
    assert "violated" == result.verdict
    for found in result.examples:
        outputs = twice_wrong(pd.DataFrame([found.source, found.follow_up]))
        assert outputs[1] < outputs[0]


def test_no_candidate_has_every_column_that_another_counterexample_needs():
    """That holds as well once it is known how many columns have to be moved."""
    schema = mm.Schema(a=Integer(0, 9), b=Integer(0, 9))
    trial = Trial(mm.increasing("a"), schema, Predictor(lambda t: -1.0 * t["a"] * (t["b"] > 0)))
    fails = {"a": np.array([0, 0]), "b": np.array([3, 0])}
    none = np.zeros(2, dtype=bool)
    candidates = Coded({name: (codes, none) for name, codes in fails.items()}, {"a": (np.array([5, 5]), none)}, 2)
    reduction = Reduction(trial)
    assert [True, False] == reduction.failing(candidates).tolist()
    reduction.most_moved = 1
    assert [True, False] == reduction.failing(candidates).tolist()
    known = Reduction(trial, [frozenset({"a", "b"})])
    known.most_moved = 1
    assert [False, False] == known.failing(candidates).tolist()


class Noting(Silent):
    """Notes how many calls there were when reducing began."""

    def __init__(self):
        self.calls, self.before = 0, None

    def advance(self, relation, stage, done, total):  # noqa: ARG002 - as it is called
        if stage == "shrink":
            self.before = self.calls


def test_saying_which_link_is_to_blame_counts_as_reducing():
    """The calls that blame a link of a composed relation are none of those that came upon the violation."""
    progress = Noting()

    def model(t):
        progress.calls += 1
        return twice_wrong(t)

    relation = mm.increasing("area").then(mm.increasing("rooms"))
    result = mm.check(model, relation, HOUSES, budget=500, attack=0, progress=progress).results[0]
    assert result.blame
    assert progress.before == result.calls - result.shrink_calls - result.explain_calls - result.further_calls


def test_an_ordered_level_that_moves_is_reduced_to_the_ends_of_its_levels():
    """A follow-up that would keep its distance beyond the last level is no candidate, and nothing is raised for it."""
    sizes = pd.CategoricalDtype(["s", "m", "l", "xl"], ordered=True)
    frame = pd.DataFrame({"size": list("slm") * 40 + ["xl"] * 40, "age": range(160)}).astype({"size": sizes})
    schema = mm.Schema.from_frame(frame).with_reference({"size": "xl", "age": 0})

    def model(t):
        return -1.0 * t["size"].cat.codes

    result = mm.check(model, mm.increasing("size"), schema, budget=500, attack=0).results[0]
    assert ("violated", None) == (result.verdict, result.evidence)
    assert (("size",), ("size",)) == (result.counterexample.differs, result.counterexample.changed)


@pytest.mark.parametrize("sizes", [(2, 3), (40, 50), (12, 12, 12), (1_000,) * 9, (5, 0)])
def test_the_ways_to_leave_out_columns_are_the_same_in_every_process(sizes):
    """They do not depend on how text is hashed; all of few ways are tried, and of many some for most of the columns."""
    script = (
        "from metamorph.runner.further import _ways\n"
        f"sets = [frozenset(f'{{place}}_{{number}}' for number in range(size)) for place, size in enumerate({sizes})]\n"
        "print(_ways(sets, ()))\n"
    )
    said = [
        subprocess.run(  # noqa: S603 - our own script
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert said[0] == said[1]
    ways = ast.literal_eval(said[0])
    total = math.prod(sizes)
    assert len(ways) == min(total, 1_500)
    if total:
        left_out = {name for way in ways for name in way}
        assert len(left_out) >= min(sum(sizes), 1_500) / 2
