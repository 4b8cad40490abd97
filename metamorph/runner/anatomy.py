"""The anatomy of a model: what reading it gave, kept for all relations of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from metamorph.adapters.estimators import Estimator
from metamorph.whitebox import grid as grids
from metamorph.whitebox.ensemble import LEAF, Ensemble, Unreadable
from metamorph.whitebox.readers import read
from metamorph.whitebox.routes import Route, route

if TYPE_CHECKING:
    from metamorph.adapters import Adapter
    from metamorph.whitebox.cells import Grid
    from metamorph.whitebox.score import Score
    from metamorph_strategies.columns import Codes
    from metamorph_strategies.schema import Schema


class Anatomy:
    """The route, the trees and the grids of one model on one schema, each made when it is first asked for.

    Each raises Unreadable, with the reason, where the model has none.
    """

    def __init__(self, adapter: Adapter, schema: Schema) -> None:
        self.adapter, self.schema = adapter, schema
        self._route: Route | Unreadable | None = None
        self._ensemble: Ensemble | Unreadable | None = None
        self._grids: dict[bytes, Grid] = {}

    @property
    def route(self) -> Route:
        """How the last estimator's features come from the schema's columns."""
        if self._route is None:
            self._route = self._followed()
        if isinstance(self._route, Unreadable):
            raise self._route
        return self._route

    @property
    def ensemble(self) -> Ensemble:
        """The last estimator's trees."""
        if self._ensemble is None:
            try:
                self._ensemble = read(self.route.estimator)
            except Unreadable as reason:
                self._ensemble = reason
        if isinstance(self._ensemble, Unreadable):
            raise self._ensemble
        return self._ensemble

    def grid(self, score: Score) -> Grid:
        """The function of cells that an output rises with."""
        key = score.weights.tobytes()
        if key not in self._grids:
            self._grids[key] = grids.build(self.ensemble, score.weights, self.route, self.schema)
        return self._grids[key]

    @property
    def leaves(self) -> int:
        """How many leaves its trees have; 0 of a model that has no trees."""
        try:
            return sum(int((tree.split == LEAF).sum()) for tree in self.ensemble.trees)
        except Unreadable:
            return 0

    @property
    def candidates(self) -> dict[str, Codes]:
        """The values at which the trees change their answers, for each column; none of a model that has no trees."""
        try:
            first = np.eye(1, self.ensemble.outputs)[0]
            if not self._grids:
                self._grids[first.tobytes()] = grids.build(self.ensemble, first, self.route, self.schema)
            return grids.candidates(next(iter(self._grids.values())), self.schema)
        except Unreadable:
            return {}

    def _followed(self) -> Route | Unreadable:
        if not isinstance(self.adapter, Estimator):
            return Unreadable("a function cannot be read")
        try:
            return route(self.adapter.model, self.schema)
        except Unreadable as reason:
            return reason
