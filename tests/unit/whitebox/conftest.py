"""Rows for models that are read: ordinary ones, and such as stand on a threshold or right beside it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

Table = npt.NDArray[Any]

ROWS = 400


@pytest.fixture(scope="session")
def rows() -> Table:
    """Four columns: two continuous ones, a whole number, and one with many zeros; shape (400, 4)."""
    rng = np.random.default_rng(0)
    table = rng.normal(size=(ROWS, 4))
    table[:, 2] = rng.integers(0, 6, ROWS)
    table[rng.random(ROWS) < 0.5, 3] = 0
    return table


@pytest.fixture(scope="session")
def gappy(rows: Table) -> Table:
    """The rows with a tenth of their values missing."""
    return np.where(np.random.default_rng(1).random(rows.shape) < 0.1, np.nan, rows)


@pytest.fixture(scope="session")
def number(rows: Table) -> Table:
    """A target with noise, far from zero."""
    return 3 * rows[:, 0] + rows[:, 1] * rows[:, 2] + 50 + np.random.default_rng(2).normal(size=ROWS)


@pytest.fixture(scope="session")
def binary(number: Table) -> Table:
    return (number > 52).astype(int)


@pytest.fixture(scope="session")
def triple(number: Table) -> Table:
    return np.digitize(number, [49, 53])


@pytest.fixture(scope="session")
def at_edges() -> Callable[..., Table]:
    """A function: rows, and after them rows with a value at each threshold and at its neighbours in both precisions."""

    def at_edges(ensemble: Any, rows: Table, *, infinite: bool = False) -> Table:
        cuts = [(split.feature, split.threshold) for split in ensemble.splits if split.categories is None]
        column, cut = np.array([place for place, _ in cuts]), np.array([cut for _, cut in cuts])
        with np.errstate(over="ignore"):
            single = cut.astype(np.float32)
            values = [
                *(cut, np.nextafter(cut, np.inf), np.nextafter(cut, -np.inf), single),
                *(np.nextafter(single, np.float32(np.inf)), np.nextafter(single, np.float32(-np.inf))),
                *(np.full(len(cut), value) for value in (0.0, -0.0, 5e-36, -5e-36, 1e-300)),
                *(np.full(len(cut), sign * np.nextafter(np.float32(1e-35), to)) for sign in (1, -1) for to in (0, 1)),
                *(np.full(len(cut), sign * np.float32(1e-35)) for sign in (1, -1)),
                *(np.full(len(cut), sign * np.inf) for sign in (1, -1) if infinite),
            ]
        beside = rows[np.random.default_rng(3).integers(0, len(rows), len(cut) * len(values))]
        beside[np.arange(len(beside)), np.tile(column, len(values))] = np.concatenate(values)
        everything = np.concatenate([rows, beside])
        with np.errstate(over="ignore"):
            usable = np.ones(len(everything), dtype=bool)
            usable &= infinite | ~np.isinf(everything.astype(np.float32)).any(axis=1)
        usable &= ensemble.takes_missing | ~np.isnan(everything).any(axis=1)
        chosen: Table = everything[usable]
        return chosen

    return at_edges
