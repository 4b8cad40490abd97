"""A column that cannot be is refused in one clear line."""

import pandas as pd
import pytest

import metamorph as mm

WRONG = {
    "reversed bounds": (lambda: mm.Real(3, 1), "min_value=3, max_value=1"),
    "reversed whole bounds": (lambda: mm.Integer(3, 1), "min_value=3, max_value=1"),
    "reversed moments": (lambda: mm.Timestamp("2021-01-01", "2020-01-01"), "min_value=2021"),
    "infinite bound": (lambda: mm.Real(0, float("inf")), "max_value=inf"),
    "NaN bound": (lambda: mm.Real(float("nan"), 1), "min_value=nan"),
    "infinite whole bound": (lambda: mm.Integer(0, float("inf")), "max_value=inf"),
    "text as a bound": (lambda: mm.Real("low", 1), "low"),
    "None as a bound": (lambda: mm.Integer(None, 1), "None"),
    "fraction as a whole bound": (lambda: mm.Integer(1.5, 3), "1.5"),
    "whole number beyond int64": (lambda: mm.Integer(0, 2**70), str(2**70)),
    "bounds beyond the dtype": (lambda: mm.Integer(0, 300, dtype="int8"), "int8"),
    "no moment": (lambda: mm.Timestamp("soon", "later"), "soon"),
    "one zone only": (lambda: mm.Timestamp("2020-01-01", pd.Timestamp("2021-01-01", tz="UTC")), "UTC"),
    "no levels": (lambda: mm.Category([]), "at least one level"),
    "a level twice": (lambda: mm.Category(["a", "b", "a"]), "distinct levels"),
    "text for levels": (lambda: mm.Category("abc"), "abc"),
    "a missing level": (lambda: mm.Category(["a", None]), "nullable"),
    "levels that cannot be compared": (lambda: mm.Category([["a"], ["b"]]), "levels"),
    "unknown dtype": (lambda: mm.Real(0, 1, dtype="nonsense"), "nonsense"),
    "origin beyond bounds": (lambda: mm.Real(0, 1, origin=3), "origin=3"),
    "origin of another type": (lambda: mm.Real(0, 1, origin="three"), "three"),
    "origin of no level": (lambda: mm.Category(["a"], origin="b"), "origin='b'"),
    "origin of a boolean": (lambda: mm.Boolean(origin=3), "origin=3"),
    "negative decimals": (lambda: mm.Real(0, 1, decimals=-1), "decimals=-1"),
    "no value of that resolution": (lambda: mm.Real(0.25, 0.75, decimals=0), "decimals=0"),
}


@pytest.mark.parametrize(("make", "said"), WRONG.values(), ids=list(WRONG))
def test_refused(make, said):
    """An impossible argument is a SchemaError of at most three lines that shows what was given."""
    with pytest.raises(mm.SchemaError) as refused:
        make()
    assert said in str(refused.value)
    assert len(str(refused.value).splitlines()) in {1, 2, 3}


def test_bounds_off_the_resolution_are_moved_inwards_or_refused():
    """Bounds between two values of the resolution never make the sampler give values that are not of the column."""
    try:
        column = mm.Real(0.25, 0.75, decimals=1)
    except mm.SchemaError as refused:
        assert "decimals=1" in str(refused)  # noqa: PT017 - either answer is a good one
    else:
        assert column.contains(column.boundary()).all()


def test_one_level_is_enough():
    """A category of a single level is a column like any other."""
    assert ("only",) == mm.Category(["only"]).levels


def test_columns_are_frozen():
    """A column cannot be changed after it was made."""
    column = mm.Real(0, 1)
    with pytest.raises(AttributeError):
        column.min_value = 5


def test_equal_columns_are_equal():
    """Columns are values: equal when their kind and fields are."""
    assert mm.Integer(0, 3, nullable=True) == mm.Integer(0, 3, nullable=True)
    assert mm.Integer(0, 3) != mm.Real(0, 3)
