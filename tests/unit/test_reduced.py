"""What a counterexample is reduced to: the plainest pair of rows on which the bug still shows."""

import datetime

import numpy as np
import pandas as pd
import pytest

import metamorph as mm

N = 400
RNG = np.random.default_rng(0)
HOUSES = pd.DataFrame(
    {
        "area": RNG.integers(700, 4_000, N),
        "cbd": RNG.integers(1, 35, N) * 1_000,
        "lot": RNG.uniform(0, 10, N).round(2),
        "heating": RNG.choice(["coal", "gas", "oil", "wood"], N),
        "grade": pd.Categorical(
            RNG.choice(["poor", "fair", "good", "new"], N), ["poor", "fair", "good", "new"], ordered=True
        ),
        "garden": RNG.random(N) < 0.5,
        "garage": np.where(RNG.random(N) < 0.2, np.nan, RNG.integers(0, 4, N)),
        "sold": pd.to_datetime("1978-01-01") + pd.to_timedelta(RNG.integers(0, 1_400, N), unit="D"),
    }
)
REFERENCE = {
    "area": 2_056, "cbd": 14_000, "lot": 5.0, "heating": "gas", "grade": "fair", "garden": False, "garage": 1.0,
    "sold": datetime.datetime(1980, 1, 1),  # noqa: DTZ001 - naive, as the data are
}  # fmt: skip
SCHEMA = mm.Schema.from_frame(HOUSES).with_reference(REFERENCE)


def minimal(relation, model, schema=SCHEMA):
    """The differing cells of the reduced source, and of its follow-up beside it."""
    found = mm.check(model, relation, schema, budget=5_000, attack=0).results[0].counterexample
    changed = {name: found.follow_up[name] for name in found.changed}
    return {name: found.source[name] for name in found.differs}, changed


def crossing(t, low=2_500):
    return 10.0 * t["area"] - 100_000.0 * (t["area"] > low)


CASES = {
    "a threshold that needs another column": (
        mm.increasing("area"),
        lambda t: np.where(t["cbd"] <= 5_000, crossing(t), t["area"]),
        ({"cbd": 5_000}, {"area": 2_501}),
    ),
    "everywhere": (mm.increasing("area"), lambda t: -t["area"], ({}, {"area": 2_057})),
    "a decreasing direction": (mm.decreasing("area"), lambda t: t["area"], ({}, {"area": 2_057})),
    "a threshold below the reference": (
        mm.increasing("area"),
        lambda t: crossing(t, 1_000),
        ({"area": 1_000}, {"area": 1_001}),
    ),
    "a fixed step": (mm.increasing("area", by=100), lambda t: -t["area"], ({}, {"area": 2_156})),
    "an invariance of numbers": (mm.invariant("area"), lambda t: t["area"] > 3_000, ({}, {"area": 3_001})),
    "hundredths": (mm.increasing("lot"), lambda t: -1.0 * (t["lot"] > 7.5), ({}, {"lot": 7.51})),
    "a column that need not be so far": (
        mm.increasing("area"),
        lambda t: np.where(t["lot"] >= 6.25, -t["area"], t["area"]),
        ({"lot": 6.25}, {"area": 2_057}),
    ),
    "a level": (
        mm.increasing("area"),
        lambda t: np.where(t["heating"].isin(["oil", "wood"]), -t["area"], t["area"]),
        ({"heating": "oil"}, {"area": 2_057}),
    ),
    "an invariance of levels": (
        mm.invariant("heating"),
        lambda t: t["heating"].isin(["oil", "wood"]),
        ({}, {"heating": "oil"}),
    ),
    "a later grade": (mm.increasing("grade"), lambda t: -1.0 * (t["grade"] == "new"), ({}, {"grade": "new"})),
    "an earlier grade": (
        mm.increasing("area"),
        lambda t: np.where(t["grade"] >= "good", -t["area"], t["area"]),
        ({"grade": "good"}, {"area": 2_057}),
    ),
    "a boolean": (mm.increasing("garden"), lambda t: 1.0 * ~t["garden"], ({}, {"garden": True})),
    "a boolean that matters": (
        mm.increasing("area"),
        lambda t: np.where(t["garden"], -t["area"], t["area"]),
        ({"garden": True}, {"area": 2_057}),
    ),
    "a missing value": (
        mm.increasing("area"),
        lambda t: np.where(t["garage"].isna(), -t["area"], t["area"]),
        ({"garage": None}, {"area": 2_057}),
    ),
    "made missing": (mm.invariant("garage", missing=True), lambda t: t["garage"].isna(), ({}, {"garage": None})),
    "a moment": (
        mm.increasing("sold"),
        lambda t: -1.0 * (t["sold"] >= "1981-03-01"),
        ({}, {"sold": datetime.datetime(1981, 3, 1)}),  # noqa: DTZ001 - naive, as the data are
    ),
    "one of several columns": (
        mm.increasing("area", "cbd", "lot", "garden"),
        lambda t: 1.0 * t["area"] - 2_000.0 * t["cbd"],
        ({}, {"cbd": 14_001}),
    ),
    "two columns together": (
        mm.increasing("area", "lot"),
        lambda t: -1.0 * ((t["area"] > 3_000) & (t["lot"] > 8)),
        ({"area": 3_001}, {"lot": 8.01}),  # fewest columns changed comes before fewest that differ
    ),
}


@pytest.mark.parametrize(("relation", "model", "expected"), CASES.values(), ids=list(CASES))
def test_minimal(relation, model, expected):
    """The source differs from the reference, and the follow-up from the source, in nothing but what the bug needs."""
    assert expected == minimal(relation, model)


HOLED = pd.DataFrame({"x": pd.Series([*"cba", None] * 20, dtype=object), "n": [0.0, np.nan] * 40})
HOLED.loc[:70, "x"] = HOLED["x"].replace("a", "c")
FROM_MISSING = {
    "to a missing level": ("x", "b", {"x": None}, lambda t: t["x"].isna()),
    "from missing to the earliest level": ("x", None, {"x": "a"}, lambda t: t["x"].isna()),
    "from missing to the level that matters": ("x", None, {"x": "c"}, lambda t: t["x"] == "c"),
    "from missing to a number": ("n", None, {"n": 0}, lambda t: t["n"].isna()),
    "to a missing number": ("n", 0, {"n": None}, lambda t: t["n"].isna()),
}


@pytest.mark.parametrize(("name", "reference", "changed", "model"), FROM_MISSING.values(), ids=list(FROM_MISSING))
def test_missing_values(name, reference, changed, model):
    """A step from or to a missing value starts at the reference, and ends at the plainest value that fails."""
    schema = mm.Schema.from_frame(HOLED).with_reference({name: reference})
    assert ({}, changed) == minimal(mm.invariant(name, missing=True), lambda t: model(t) * 1.0, schema)


def test_constraints_are_kept():
    """Rows that break a constraint are no counterexamples, however plain."""
    schema = SCHEMA.where(lambda t: t["area"] >= 100 * t["lot"] + 1_500)
    source, changed = minimal(mm.increasing("lot"), lambda t: -1.0 * (t["lot"] > 6), schema)
    assert {"lot": 6.01} == changed
    assert {"area": 2_101} == source


def test_the_precondition_is_kept():
    """Rows outside the precondition are no counterexamples either."""
    relation = mm.increasing("area").when(lambda t: t["cbd"] < 9_000)
    assert ({"cbd": 8_999}, {"area": 2_057}) == minimal(relation, lambda t: -t["area"])


def test_derived_columns_never_differ():
    """Derived columns follow their parents: they are no differences of their own."""
    schema = SCHEMA.derive(log=lambda t: np.log(t["lot"] + 1))
    assert ({"lot": 8.0}, {"area": 2_057}) == minimal(
        mm.increasing("area"), lambda t: np.where(t["log"] >= np.log(9), -t["area"], t["area"]), schema
    )


def test_the_counterexample_is_confirmed():
    """The pair that is shown breaks the relation when its rows are asked one by one."""
    model = CASES["a threshold that needs another column"][1]
    found = mm.check(model, mm.increasing("area"), SCHEMA, budget=5_000, attack=0).results[0].counterexample
    outputs = [float(model(SCHEMA.frame([row]))[0]) for row in (found.source, found.follow_up)]
    assert [found.source_output, found.follow_up_output] == outputs
    assert outputs[0] > outputs[1]


def test_the_worst_is_not_reduced():
    """The worst pair is a real row and its follow-up, as they were drawn."""
    worst = mm.check(lambda t: -t["area"], mm.increasing("area"), SCHEMA, budget=5_000, attack=0).results[0].worst
    assert worst.source in [SCHEMA.row(SCHEMA.observed, place) for place in range(N)]
    assert 3_000 < worst.margin


def test_the_follow_ups_of_a_pair():
    """A pair has one follow-up, the deciding one."""
    found = (
        mm.check(lambda t: -t["area"], mm.increasing("area"), SCHEMA, budget=100, attack=0).results[0].counterexample
    )
    assert (found.follow_up,) == found.follow_ups
