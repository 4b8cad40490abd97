"""The curve of a counterexample: outputs along the column that was changed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import metamorph as mm
from metamorph.case import Cases, parameter
from metamorph.predictor import Predictor
from metamorph.runner.tracing import curve_of
from metamorph.runner.trial import Trial

HOUSES = pd.DataFrame(
    {
        "area": np.arange(20, 120),
        "rooms": np.arange(100) % 7 + 1,
        "town": np.array(["a", "b", "c"])[np.arange(100) % 3],
    }
)


def dented(rows):
    """Dearer with every square metre, but for a dent from 60 to 70 in houses of at least 3 rooms."""
    dent = rows["area"].between(60, 70) & (rows["rooms"] >= 3)
    return rows["area"].to_numpy() * 10.0 - 400.0 * dent.to_numpy()


def traced(model, relation, source, **targets):
    schema = mm.Schema.from_frame(HOUSES)
    trial = Trial(relation, schema, Predictor(model))
    row = schema.frame([{**schema.reference, **source}])
    curve = curve_of(trial, Cases(row, pd.DataFrame({parameter(name): [value] for name, value in targets.items()})))
    return curve, trial


def test_the_curve_is_the_models_own_answers_in_one_call():
    curve, trial = traced(dented, mm.increasing("area"), {"area": 55, "rooms": 3}, area=60)
    areas = np.array(curve.at)
    assert 1 == trial.predictor.calls
    assert (areas * 10.0 - 400.0 * ((areas >= 60) & (areas <= 70))).tolist() == list(curve.outputs)
    assert 55 in curve.at
    assert 60 in curve.at


def test_exactly_the_follow_ups_that_violate_are_marked():
    curve, _ = traced(dented, mm.increasing("area"), {"area": 55, "rooms": 3}, area=60)
    marked = [value for value, violates in zip(curve.at, curve.violating, strict=True) if violates]
    assert [value for value in curve.at if 60 <= value <= 70] == marked


def test_the_reference_row_has_a_curve_of_its_own():
    curve, trial = traced(dented, mm.increasing("area"), {"area": 55, "rooms": 3}, area=60)
    rows = pd.DataFrame([{**trial.schema.reference, "area": value} for value in curve.at])
    assert dented(rows).tolist() == list(curve.reference_outputs)


def test_a_category_without_order_shows_every_level():
    curve, _ = traced(lambda rows: (rows["town"] == "b").astype(float), mm.invariant("town"), {"town": "a"}, town="b")
    assert ("a", "b", "c") == curve.at
    assert (False, True, False) == curve.violating


@pytest.mark.parametrize("answer", [ValueError, np.nan])
def test_a_model_that_fails_along_the_way_has_no_curve(answer):
    def model(rows):
        if (rows["area"] > 100).any():
            if answer is ValueError:
                raise ValueError
            return rows["area"] * np.nan
        return -rows["area"].to_numpy() * 1.0

    assert traced(model, mm.increasing("area"), {"area": 55}, area=60)[0] is None
