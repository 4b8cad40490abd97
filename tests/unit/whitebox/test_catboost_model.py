"""CatBoost's models answer for their relations as scikit-learn's do."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import metamorph as mm

catboost = pytest.importorskip("catboost", reason="CatBoost is in [test-all]")


def test_a_regressor_without_classes_of_its_own_is_asked_for_its_prediction():
    frame = pd.DataFrame({"area": np.arange(100.0), "rooms": np.arange(100) % 7})
    model = catboost.CatBoostRegressor(iterations=5, verbose=0, allow_writing_files=False).fit(frame, frame["area"])
    (result,) = mm.check(model, mm.increasing("area"), frame, budget=200, attack=0).results
    assert "prediction" == result.output
