"""The honest pipelines of claims and visits: boosting that was told which way some of the columns go."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

from tests.quality.faults.second import data as sets

RISE = ["power_kw", "vehicle_value", "mileage_km", "waiting_days", "earlier_missed", "distance_km"]
FALL = ["deductible", "loyalty", "sms", "urgency"]
SIGNS = dict.fromkeys(RISE, 1) | dict.fromkeys(FALL, -1)
"""What the models are told; of the other columns they may think as they like."""


class Encoded(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Numbers as they are, holes kept; the rank of an ordered level; a column for each level; parts of a moment."""

    def __init__(self, numbers: list[str], ranks: dict[str, Any], levels: dict[str, Any], moment: str) -> None:
        self.numbers, self.ranks, self.levels, self.moment = numbers, ranks, levels, moment

    def fit(self, X: pd.DataFrame, y: Any = None) -> Encoded:  # noqa: ARG002 - scikit-learn gives it
        """Keep the columns' names: all else was stated."""
        self.feature_names_in_, self.n_features_in_ = X.columns.to_numpy(dtype=object), X.shape[1]
        return self

    def names(self) -> list[str]:
        """Whose column each encoded one is."""
        coded = [name for name, levels in self.levels.items() for _ in levels]
        return [*self.numbers, *self.ranks, *coded, *[self.moment] * 3]

    def transform(self, X: pd.DataFrame) -> Any:
        """The rows as numbers, shape ``(n, k)``."""
        parts = [X[name].to_numpy(dtype="float64", na_value=np.nan) for name in self.numbers]
        parts += [_positions(X[name], levels) for name, levels in self.ranks.items()]
        for name, levels in self.levels.items():
            where = _positions(X[name], levels)
            parts += [(where == position).astype("float64") for position in range(len(levels))]
        moments = pd.DatetimeIndex(X[self.moment].to_numpy())
        parts += [np.asarray(part) for part in (moments.hour, moments.day_of_week, moments.month)]
        return np.column_stack([np.asarray(part, dtype="float64") for part in parts])


def _positions(column: pd.Series, levels: tuple[str, ...]) -> Any:
    """Where each value stands among *levels*, shape ``(n,)``; missing for what is not one of them."""
    where = pd.Index(levels, dtype=object).get_indexer(pd.Index(column.to_numpy(dtype=object), dtype=object))
    return np.where(where < 0, np.nan, where)


def claims_encoded() -> Encoded:
    """How claims are read."""
    return Encoded(
        sets.CLAIM_NUMBERS, {"loyalty": sets.LOYALTY}, {"region": sets.REGIONS, "fuel": sets.FUELS}, "reported"
    )


def visits_encoded() -> Encoded:
    """How visits are read."""
    levels = {"clinic": sets.CLINICS, "insurer": sets.INSURERS}
    return Encoded(sets.VISIT_NUMBERS, {"urgency": sets.URGENCY}, levels, "starts")


@cache
def claim_costs() -> Pipeline:
    """What a claim costs, in euros."""
    return _fitted(claims_encoded(), HistGradientBoostingRegressor, sets.claims(), sets.COST)


@cache
def missed_visits() -> Pipeline:
    """Whether a visit is kept or missed."""
    return _fitted(visits_encoded(), HistGradientBoostingClassifier, sets.visits(), sets.OUTCOME)


@cache
def yesterdays_costs() -> Pipeline:
    """The same, fitted on the claims of 2023 alone."""
    data = sets.claims()
    return _fitted(
        claims_encoded(), HistGradientBoostingRegressor, data[data["reported"] < pd.Timestamp("2024-01-01")], sets.COST
    )


@cache
def columnwise_costs() -> Pipeline:
    """Costs as scikit-learn's own transformers would read claims, without the moment."""
    return _columnwise(HistGradientBoostingRegressor(max_iter=40, random_state=0), sets.claims(), sets.COST)


@cache
def columnwise_visits() -> Pipeline:
    """Visits as scikit-learn's own transformers would read them, without the moment."""
    return _columnwise(HistGradientBoostingClassifier(max_iter=40, random_state=0), sets.visits(), sets.OUTCOME)


def _fitted(encoded: Encoded, kind: Any, data: pd.DataFrame, target: str) -> Pipeline:
    signs = [SIGNS.get(name, 0) for name in encoded.names()]
    model = kind(monotonic_cst=signs, max_iter=60, learning_rate=0.08, max_leaf_nodes=15, random_state=0)
    return make_pipeline(encoded, model).fit(data.drop(columns=target), data[target])


def _columnwise(model: Any, data: pd.DataFrame, target: str) -> Pipeline:
    ranked = [name for name in ("loyalty", "urgency") if name in data]
    coded = [name for name in ("region", "fuel", "clinic", "insurer") if name in data]
    numbers = [name for name in [*sets.CLAIM_NUMBERS, *sets.VISIT_NUMBERS] if name in data]
    columns = make_column_transformer(
        (OrdinalEncoder(categories=[list(data[name].cat.categories) for name in ranked]), ranked),
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), coded),
        ("passthrough", numbers),
    )
    return make_pipeline(columns, model).fit(data.drop(columns=target), data[target])
