"""Derived columns: recomputed on every row, compared with the data once."""

import warnings

import numpy as np
import pandas as pd
import pytest

import metamorph as mm
from metamorph_strategies import sampling

HOUSES = pd.DataFrame({"area": [50.0, 80.5, 120.25], "rooms": [2, 3, 5]})


def log_area(t):
    return np.log(t["area"])


def test_observed_rows_are_recomputed():
    """Real data disagree with their own formula by rounding, so the formula's values replace them."""
    frame = HOUSES.assign(larea=np.log(HOUSES["area"]).round(3))
    schema = mm.Schema.from_frame(frame).derive(larea=log_area)
    np.testing.assert_array_equal(np.log(HOUSES["area"]), schema.observed["larea"])


def test_off_is_the_largest_difference():
    """How far the data were from the formula is kept, in the column's units."""
    frame = HOUSES.assign(larea=np.log(HOUSES["area"]) + np.array([0.0, 0.002, -0.001]))
    schema = mm.Schema.from_frame(frame).derive(larea=log_area)
    assert 0.002 == pytest.approx(schema.derived["larea"].off)


def test_off_is_zero_for_exact_data():
    """Data that follow their formula are off by nothing, and no warning is given."""
    schema = mm.Schema.from_frame(HOUSES.assign(larea=np.log(HOUSES["area"]))).derive(larea=log_area)
    assert 0.0 == schema.derived["larea"].off


def test_off_is_unknown_for_a_new_column():
    """A column that the data lack has nothing to be off from."""
    assert mm.Schema.from_frame(HOUSES).derive(larea=log_area).derived["larea"].off is None


def test_data_far_from_the_formula():
    """Data beyond 1% of their spread from the formula are one warning that says by how much."""
    frame = HOUSES.assign(larea=[1.0, 2.0, 3.0])
    with pytest.warns(mm.FormulaWarning, match=r"'larea'.*2\.9") as warned:
        mm.Schema.from_frame(frame).derive(larea=log_area)
    assert 1 == len(warned)


def test_the_warning_points_at_the_caller():
    """The warning stands at the user's own line."""
    schema = mm.Schema.from_frame(HOUSES.assign(larea=[1.0, 2.0, 3.0]))
    with pytest.warns(mm.FormulaWarning) as warned:
        schema.derive(larea=log_area)
    assert __file__ == warned[0].filename


def test_rounded_data_are_no_warning():
    """Rounding in the data is within 1% and says nothing."""
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        mm.Schema.from_frame(HOUSES.assign(larea=np.log(HOUSES["area"]).round(3))).derive(larea=log_area)
    assert [] == warned


def test_parents():
    """The columns that a formula reads are its parents."""
    schema = mm.Schema.from_frame(HOUSES).derive(larea=log_area, density=lambda t: t.rooms / t.area)
    assert [("area",), ("area", "rooms")] == [schema.derived[name].parents for name in ("larea", "density")]


def test_a_derived_column_of_a_derived_column():
    """A formula may read a column derived before it."""
    schema = mm.Schema.from_frame(HOUSES).derive(double=lambda t: 2 * t["area"], four=lambda t: 2 * t["double"])
    assert [200.0, 322.0, 481.0] == schema.observed["four"].tolist()


def test_a_derived_column_keeps_its_place_and_dtype():
    """A column of the data that becomes derived keeps its place among the columns, and its dtype."""
    frame = pd.DataFrame({"total": np.array([3, 5], dtype="int32"), "a": [1, 2], "b": [2, 3]})
    schema = mm.Schema.from_frame(frame).derive(total=lambda t: t["a"] + t["b"])
    pd.testing.assert_frame_equal(frame, schema.observed)


def test_derived_text():
    """A formula may give text."""
    schema = mm.Schema.from_frame(HOUSES).derive(size=lambda t: np.where(t["area"] > 100, "big", "small"))
    assert ["small", "small", "big"] == schema.observed["size"].tolist()


def test_generated_rows_follow_the_formula():
    """Explored and boundary rows follow the formula too."""
    schema = mm.Schema(area=mm.Real(20, 400), rooms=mm.Integer(1, 9)).derive(larea=log_area)
    for draw in (sampling.explored, sampling.boundary):
        rows = draw(schema, 100, np.random.default_rng(0))
        np.testing.assert_array_equal(np.log(rows["area"]), rows["larea"])


def test_reference_row_follows_the_formula():
    """The reference row holds derived values as well."""
    schema = mm.Schema.from_frame(HOUSES).derive(larea=log_area)
    assert np.log(schema.reference["area"]) == schema.reference["larea"]


def test_a_missing_parent_makes_a_missing_value():
    """Where a parent is missing the derived value is missing, whatever dtype it has elsewhere."""
    frame = pd.DataFrame({"a": pd.array([1, None, 3], "Int64"), "b": [1, 2, 3]})
    schema = mm.Schema.from_frame(frame).derive(total=lambda t: t["a"] + t["b"])
    assert [False, True, False] == schema.observed["total"].isna().tolist()


WRONG = {
    "raises": (lambda t: t["aera"] * 2, "'aera'"),
    "and for &": (lambda t: t["area"] > 1 and t["rooms"] > 1, "Use & and |"),
    "a scalar": (lambda _: 3, "shape ()"),
    "too long": (lambda t: np.ones(len(t) + 1), "shape"),
    "a frame": (lambda t: t[["area"]], "shape"),
    "no function": (3, "callable"),
}


@pytest.mark.parametrize(("formula", "said"), WRONG.values(), ids=list(WRONG))
def test_wrong_formulas(formula, said):
    """A formula that does not work is a SchemaError of at most three lines that names the column and says why."""
    with pytest.raises(mm.SchemaError, match="'broken'") as refused:
        mm.Schema.from_frame(HOUSES).derive(broken=formula)
    assert said in str(refused.value)
    assert len(str(refused.value).splitlines()) <= 3


def test_the_only_column_cannot_be_derived():
    """A column cannot be derived from nothing."""
    with pytest.raises(mm.SchemaError, match="'area'"):
        mm.Schema(area=mm.Real(0, 1)).derive(area=lambda t: t.index * 1.0)
