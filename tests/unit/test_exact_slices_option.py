"""slices="exact": sliceline finds where violations concentrate; without it, one line says what to install."""

import sys

import numpy as np
import pandas as pd
import pytest

import metamorph as mm

RNG = np.random.default_rng(0)
HOUSES = pd.DataFrame(
    {
        "area": RNG.permutation(3_000) + 40.0,
        "rooms": RNG.integers(1, 9, 3_000),
        "heating": RNG.choice(["gas", "oil", "coal"], 3_000),
    }
)


def model(t):
    """Upside down for coal in seven rooms."""
    return np.where((t["heating"] == "coal") & (t["rooms"] == 7), -1.0, 1.0) * t["area"].to_numpy()


def test_it_needs_its_extra(monkeypatch):
    """Where sliceline is not installed the check says so before the model is asked."""
    monkeypatch.setitem(sys.modules, "sliceline", None)
    monkeypatch.setitem(sys.modules, "sliceline.slicefinder", None)
    with pytest.raises(mm.RelationError, match=r"install metamorph-testing\[slices\]"):
        mm.check(lambda _: pytest.fail("the model was asked"), mm.increasing("area"), HOUSES, slices="exact")


def test_the_planted_slice_is_found():
    """Sliceline's best slice is the planted one, and named slices stand before it."""
    pytest.importorskip("sliceline", reason="an extra, which test-all has")
    every = [mm.slice("many", lambda t: t["rooms"] > 4), "exact"]
    result = mm.check(model, mm.increasing("area"), HOUSES, budget=3_000, attack=10, slices=every).results[0]
    named, first, *_ = result.slices
    said = {(one.column, one.sign, one.value) for one in first.conditions}
    assert "many" == named.name
    assert ("heating", "is", "coal") in said
    assert {"heating", "rooms"} == {column for column, *_ in said}
    assert first.rate > 0.9
