"""Honest LightGBM and XGBoost pipelines are not accused; this runs where both are installed."""

from __future__ import annotations

import pytest
from threadpoolctl import threadpool_limits

import metamorph as mm
from tests.quality.faults.data import APPROVED, HOUSE_NUMBERS, LOAN_FLAGS, LOAN_NUMBERS, PRICE, houses, loans
from tests.quality.faults.matrix import schema_of

lightgbm = pytest.importorskip("lightgbm", reason="in the extra test-all alone")
xgboost = pytest.importorskip("xgboost", reason="in the extra test-all alone")
HOUSES, LOANS = houses(), loans()
READ = [*LOAN_NUMBERS, *LOAN_FLAGS]
SIGNS = [-1, 0, 0, 0, 1, 1, 0, 0]
"""Older costs no more; a larger area and more land cost no less."""
FEW = {"n_estimators": 20, "n_jobs": 1}
MODELS = {
    "LightGBM prices": ("houses", lambda: lightgbm.LGBMRegressor(monotone_constraints=SIGNS, verbose=-1, **FEW)),
    "XGBoost prices": ("houses", lambda: xgboost.XGBRegressor(monotone_constraints=tuple(SIGNS), **FEW)),
    "LightGBM approvals": ("loans", lambda: lightgbm.LGBMClassifier(verbose=-1, **FEW)),
    "XGBoost approvals": ("loans", lambda: xgboost.XGBClassifier(**FEW)),
}


@pytest.mark.parametrize("name", MODELS)
def test_an_honest_booster_is_not_accused(name):
    """check_model passes with nothing declared but the constraints that the model itself was fitted with."""
    data, make = MODELS[name]
    frame, columns, target = (HOUSES, HOUSE_NUMBERS, PRICE) if data == "houses" else (LOANS, READ, APPROVED)
    with threadpool_limits(1):
        report = mm.check_model(make().fit(frame[columns], frame[target]), schema_of(data))
    assert {r.relation: r.verdict for r in report.results if r.verdict not in {"held", "proved", "skipped"}} == {}
    assert 0 == report.exit_code
