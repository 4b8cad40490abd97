"""The tables that models are fitted on: houses with their price, and numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd


def houses(n: int) -> pd.DataFrame:
    """*n* houses in 11 numeric columns, and their price."""
    rng = np.random.default_rng(7)
    table = pd.DataFrame(
        {
            "area": np.clip(rng.normal(2_000, 600, n), 400, 6_000).astype(np.int64),
            "land": np.clip(rng.lognormal(10, 0.8, n), 1_500, 150_000).astype(np.int64),
            "rooms": rng.integers(2, 11, n),
            "baths": rng.integers(1, 5, n),
            "age": rng.integers(0, 120, n),
            "floors": rng.integers(1, 4, n),
            "garage": rng.integers(0, 4, n),
            "cbd": np.round(np.clip(rng.gamma(3, 5, n), 0, 60), 1),
            "tax": np.round(rng.uniform(0.4, 6.5, n), 2),
            "crime": np.round(rng.gamma(2, 1.5, n), 2),
            "schools": np.round(rng.uniform(1, 10, n), 1),
        }
    )
    price = 90 * table["area"] + table["land"] + 8_000 * table["rooms"] - 400 * table["age"] - 1_500 * table["cbd"]
    return table.assign(price=np.round(price + 4_000 * table["schools"] + rng.normal(0, 20_000, n)))


def numbers(n: int) -> pd.DataFrame:
    """*n* rows of 13 numeric columns."""
    drawn = np.random.default_rng(7).normal(size=(n, 13))
    return pd.DataFrame({f"x{place}": column for place, column in enumerate(drawn.T)})
