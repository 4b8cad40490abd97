"""Screens as users see them, each a text file beside this one; METAMORPH_UPDATE_SNAPSHOTS=1 writes them anew."""

import os
import pathlib
import re

import numpy as np
import pandas as pd
import pytest
from rich.cells import cell_len

import metamorph as mm
from metamorph import strategies as mst

HERE = pathlib.Path(__file__).parent
N = 321
PLACE = np.arange(N)
HOUSES = pd.DataFrame(
    {
        "area": 735 + PLACE * 367 % 2_430,
        "land": (1_710 + PLACE * 1_213 % 90_000) // 10 * 10,
        "rooms": 4 + PLACE * 5 % 7,
        "baths": 1.0 + PLACE * 3 % 4 / 2,
        "age": PLACE * 17 % 150,
        "cbd": 1_000 * (1 + PLACE * 11 % 35),
        "heating": np.array(["gas", "oil", "coal", "wood"])[PLACE * 7 % 10 % 4],
        "sold": pd.to_datetime("1978-01-01") + pd.to_timedelta(PLACE * 29 % 1_400, unit="D"),
        "condition": pd.Categorical.from_codes(PLACE * 13 % 4, ["poor", "fair", "good", "new"], ordered=True),
        "garage": np.where(PLACE % 9 == 0, np.nan, PLACE % 3),
    }
)
TYPICAL = {
    "area": 2_056, "land": 43_560, "rooms": 7, "baths": 2.0, "age": 6, "cbd": 14_000, "heating": "gas",
    "sold": pd.Timestamp("1980-01-01"), "condition": "good", "garage": 1.0,
}  # fmt: skip
SCHEMA = mm.Schema.from_frame(HOUSES).with_noun("house").with_reference(TYPICAL)


def price(t):
    """The more area the dearer, but for large houses near the centre."""
    crowded = (t["cbd"] <= 5_000) & (t["area"] > 2_500)
    return (40.0 * t["area"] + 0.5 * t["land"] - 90.0 * t["age"] - 25_000.0 * crowded).to_numpy()


def moody(t):
    """Old houses without a known garage, heated by oil, sell for less the better they are kept."""
    odd = t["garage"].isna() & (t["heating"] == "oil") & (t["age"] > 40)
    return price(t) + t["condition"].cat.codes.to_numpy() * np.where(odd, -2_000.0, 500.0)


def raising(t):
    if ((t["heating"] == "wood") & (t["age"] > 100)).any():
        msg = "Found unknown categories ['wood'] in column 6 during transform"
        raise ValueError(msg)
    return price(t)


def castle(t):
    """Large houses without land sell for nothing."""
    return 40.0 * t["area"] - 90_000.0 * ((t["area"] > 3_100) & (t["land"] <= 1_800))


def mansion(t):
    """Large houses sell for nothing where their tax is low, and it never is."""
    return 40.0 * t["area"] - 90_000.0 * ((t["area"] > 2_900) & (t["tax"] < 3_000))


class Dear:
    """Calls a house dear, or not."""

    classes_ = np.array(["cheap", "dear"])

    def predict_proba(self, t):
        chance = np.clip(price(t) / 200_000 + 0.02 * (t["heating"] == "coal"), 0, 1)
        return np.column_stack([1 - chance, chance])

    def predict(self, t):
        return self.classes_[(self.predict_proba(t)[:, 1] > 0.5).astype(int)]


class FixedThresholdClassifier(Dear):
    """Bears the name of a class that is known not to keep everything, and cannot be saved."""

    def __reduce__(self):
        msg = "cannot be pickled"
        raise TypeError(msg)


def meddling(t):
    answer = price(t)
    t["area"] = 0
    return answer


def check(relations, model=price, schema=SCHEMA, attack=None):
    return mm.check(model, relations, schema, budget=5_000, attack=attack)


def said(relation, values, model=price, schema=SCHEMA):
    """What a case that fails says."""
    with pytest.raises(AssertionError) as error:
        mst.case(relation, schema, values).check(model)
    return str(error.value).removeprefix("\n")


def guessing(t):
    """Houses of 2,600 units are priced as the mood is."""
    return price(t) - 1e5 * (1 + RNG.random(len(t))) * (t["area"] == 2_600).to_numpy()


RNG = np.random.default_rng(0)
UNCHANGED = mm.expectations.unchanged()
BIGGER = mm.increasing("area").named("bigger costs more")
BY_HAND = mm.Schema(area=mm.Integer(700, 3_200, origin=2_000), cbd=mm.Integer(1_000, 35_000, origin=14_000)).with_noun(
    "house"
)
PLAIN = mm.Schema(
    area=mm.Integer(700, 3_200, origin=2_000),
    land=mm.Integer(1, 90_000),
    age=mm.Integer(0, 150),
    cbd=mm.Integer(0, 99_000),
)

TAXED = mm.Schema.from_frame(HOUSES[["area", "rooms"]].assign(tax=3 * HOUSES["area"] + PLACE % 50)).with_noun("house")

SEARCH = {
    re.compile(r"sought\s+in\s+[\d,]+\s+more"): "sought in ... more",
    re.compile(r"Worst case found: .*?\.\n", re.DOTALL): "Worst case found: ...\n",
}
"""What a search spends and ends at hangs on the tree that it is guided by, which other scikit-learns grow otherwise."""

SCREENS = {
    "violated": lambda: check(BIGGER),
    "violated_with_missing_values": lambda: check(mm.increasing("condition"), moody),
    "violated_by_a_step": lambda: check(
        mm.decreasing("sold", by=pd.Timedelta(days=30)), lambda t: (t["sold"].dt.year == 1981) * 1.5
    ),
    "violated_label": lambda: check(mm.invariant("heating").named("heating does not matter"), Dear()),
    "violated_on_generated_rows": lambda: check(
        BIGGER, lambda t: 40.0 * t["area"] - 25_000.0 * ((t["cbd"] <= 5_000) & (t["area"] > 2_500)), BY_HAND
    ),
    "violated_by_search": lambda: check(BIGGER, castle),
    "violated_far_off": lambda: check(mm.increasing("area", by=500), mansion, TAXED),
    "held_where_plausible": lambda: mm.check(
        mansion, mm.increasing("area", by=500), TAXED, budget=5_000, plausible=0.99
    ),
    "held": lambda: check(mm.decreasing("age", tolerance=mm.relative(0.01)).when(lambda t: t["rooms"] > 5)),
    "held_label": lambda: check(mm.invariant("heating").when(lambda t: t["area"] < 1_200), Dear()),
    "held_by_its_rate": lambda: check(BIGGER.allow(0.15)),
    "inconclusive": lambda: check(BIGGER.allow(0.02)),
    "broken_model": lambda: check(BIGGER, raising),
    "broken_relation": lambda: check(BIGGER.when(lambda t: t["rooms"] > 40)),
    "several": lambda: check(
        [
            BIGGER,
            mm.increasing("land"),
            mm.decreasing("age", tolerance=500),
            mm.increasing("area", "land", "rooms")
            .allow(0.05)
            .named("more of anything never costs less, wherever it is"),
            mm.invariant("heating", "garage", missing=True),
            mm.increasing("condition").when(lambda t: t["cbd"] > 99_000).named("nowhere"),
        ],
        meddling,
        attack=0,
    ),
    "case_violated": lambda: said(BIGGER, {"cbd": 4_000, "to[area]": 2_600}),
    "case_violated_label": lambda: said(mm.invariant("heating"), {"land": 32_000, "to[heating]": "coal"}, Dear()),
    "case_broken_model": lambda: said(BIGGER, {"heating": "wood", "age": 130, "to[area]": 2_600}, raising),
    "case_not_deterministic": lambda: said(BIGGER, {"to[area]": 2_600}, guessing, PLAIN),
    "case_of_nothing": lambda: said(BIGGER.when(lambda t: t["rooms"] > 40), {"to[area]": 2_600}),
    "bundle": lambda: check(mm.increasing("area") & mm.increasing("land")),
    "composed": lambda: check(mm.increasing("area").then(mm.increasing("land"))),
    "batch": lambda: check(
        mm.Relation("other houses do not matter", transform=mm.transforms.subset_of_rows(), expect=UNCHANGED),
        lambda t: price(t) - price(t).mean(),
    ),
    "purity": lambda: check(
        mm.Relation("left as it is", transform=mm.transforms.again(pure=True), expect=UNCHANGED), meddling
    ),
    "sweep": lambda: check(
        mm.Relation("dearer along area", transform=mm.transforms.sweep("area"), expect=mm.expectations.rising())
    ),
    "three_points": lambda: check(
        mm.Relation(
            "more area, less and less gain",
            transform=mm.transforms.offsets("area", [200, 400]),
            expect=mm.expectations.concave(),
        )
    ),
    "islands": lambda: check(mm.catalogue.no_islands("area"), lambda t: np.where(price(t) > 120_000, "dear", "cheap")),
    "anchor": lambda: check(
        mm.anchor({"area": 3_000, "cbd": 2_000}, {"area": 900}, low=100_000, name="a palace is dear")
    ),
    "model": lambda: mm.check_model(
        FixedThresholdClassifier(),
        SCHEMA.with_roles(protected=["heating"]),
        group=["fairness", "representation", "coherence"],
        budget=500,
        attack=0,
    ),
    "pairs": lambda: mm.judge(
        price,
        HOUSES.head(60),
        HOUSES.head(60).assign(area=lambda t: t["area"] + 400),
        expect=mm.expectations.not_lower(),
    ),
}


@pytest.mark.parametrize("name", SCREENS)
def test_screen(name):
    """A screen is what its file says."""
    path, shown = HERE / f"{name}.txt", f"{SCREENS[name]()}\n"
    for said, steady in SEARCH.items():
        shown = said.sub(steady, shown)
    if os.environ.get("METAMORPH_UPDATE_SNAPSHOTS") == "1":
        path.write_text(shown, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == shown


def test_every_file_has_its_screen():
    """No file is left over from a screen that is gone."""
    assert sorted(SCREENS) == sorted(path.stem for path in HERE.glob("*.txt"))


@pytest.mark.parametrize("name", SCREENS)
def test_files_fit_the_terminal(name):
    """No line of a screen is wider than 80 cells."""
    assert [] == [
        line for line in (HERE / f"{name}.txt").read_text(encoding="utf-8").splitlines() if cell_len(line) > 80
    ]
