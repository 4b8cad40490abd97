"""A column that gives the target away is one warning line; columns that do not are none."""

import warnings

import numpy as np
import pandas as pd
import pytest

import metamorph as mm

RNG = np.random.default_rng(0)
PRICE = RNG.gamma(2.0, 50_000.0, 200)
BOUGHT = RNG.integers(0, 2, 200)

LEAKS = {
    "a monotone transform": ({"leak": np.log(PRICE), "area": RNG.random(200)}, PRICE),
    "a falling transform": ({"leak": -PRICE, "area": RNG.random(200)}, PRICE),
    "nearly the target": ({"leak": PRICE + RNG.normal(0, 1, 200), "area": RNG.random(200)}, PRICE),
    "the target with holes": (
        {"leak": np.where(np.arange(200) % 9 == 0, np.nan, PRICE), "area": RNG.random(200)},
        PRICE,
    ),
    "another name of each class": ({"leak": np.where(BOUGHT == 1, "yes", "no"), "area": RNG.random(200)}, BOUGHT),
    "the class turned round": ({"leak": 1 - BOUGHT, "area": RNG.random(200)}, BOUGHT),
    "classes as text": ({"leak": BOUGHT, "area": RNG.random(200)}, np.where(BOUGHT == 1, "yes", "no")),
    "an ordered category": (
        {
            "leak": pd.Categorical(np.where(BOUGHT == 1, "hi", "lo"), ["lo", "hi"], ordered=True),
            "area": RNG.random(200),
        },
        BOUGHT,
    ),
}


@pytest.mark.parametrize(("columns", "target"), LEAKS.values(), ids=list(LEAKS))
def test_a_leak_is_one_warning(columns, target):
    """A column that determines the target is named in one warning of one line, and only that column."""
    with pytest.warns(mm.LeakWarning) as warned:
        mm.Schema.from_frame(pd.DataFrame({**columns, "target": target}), target="target")
    (message,) = [str(warning.message) for warning in warned]
    assert (True, False, 1) == ("'leak'" in message, "'area'" in message, len(message.splitlines()))


def test_several_leaks_are_one_warning():
    """Several columns that determine the target share one warning."""
    frame = pd.DataFrame({"log": np.log(PRICE), "rank": pd.Series(PRICE).rank(), "price": PRICE})
    with pytest.warns(mm.LeakWarning, match="'log'.*'rank'") as warned:
        mm.Schema.from_frame(frame, target="price")
    assert 1 == len(warned)


def test_the_warning_points_at_the_caller():
    """The warning stands at the user's own line."""
    with pytest.warns(mm.LeakWarning) as warned:
        mm.Schema.from_frame(pd.DataFrame({"log": np.log(PRICE), "price": PRICE}), target="price")
    assert __file__ == warned[0].filename


CLEAN = {
    "an id beside a continuous target": ({"id": np.arange(200)[RNG.permutation(200)]}, PRICE),
    "a text id beside a continuous target": ({"id": [f"house {i}" for i in range(200)]}, PRICE),
    "an id beside classes": ({"id": [f"house {i}" for i in range(200)]}, BOUGHT),
    "a strong predictor": ({"area": PRICE + RNG.normal(0, 20_000, 200)}, PRICE),
    "a constant": ({"country": ["here"] * 200}, PRICE),
    "a constant beside a constant target": ({"country": ["here"] * 200}, np.ones(200)),
    "a finer column": ({"street": np.arange(200) % 40}, np.arange(200) % 40 // 10),
    "a coarser column": ({"town": np.arange(200) % 40 // 10}, (np.arange(200) * 7) % 40),
    "few rows": ({"x": [1.0, 2.0, 3.0]}, [1.0, 2.0, 3.0]),
    "a missing column": ({"x": [np.nan] * 199 + [1.0]}, PRICE),
}


@pytest.mark.parametrize(("columns", "target"), CLEAN.values(), ids=list(CLEAN))
def test_no_false_alarm(columns, target):
    """Ids, strong predictors and constants are no leaks."""
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        mm.Schema.from_frame(pd.DataFrame({**columns, "target": target}), target="target")
    assert [] == [str(warning.message) for warning in warned]


def test_no_target_no_warning():
    """Without a target nothing can give it away."""
    frame = pd.DataFrame({"log": np.log(PRICE), "price": PRICE})
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        mm.Schema.from_frame(frame)
    assert [] == warned
