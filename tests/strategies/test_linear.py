"""Linear constraints: read off the user's function, and kept by what is drawn instead of rejecting it."""

import hypothesis
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings

import metamorph as mm
from metamorph import strategies as mst
from metamorph_strategies import sampling
from metamorph_strategies.inequalities import compiled
from metamorph_strategies.linear import System

few = settings(
    max_examples=20, phases=[Phase.generate], suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow]
)
NUMBERS = {"a": mm.Integer(-9, 9), "b": mm.Integer(-9, 9), "c": mm.Real(-9, 9, decimals=1), "d": mm.Real(-1, 1)}
MOMENTS = {name: mm.Timestamp("2020-01-01", "2020-02-01") for name in "st"}
SCHEMA = mm.Schema(NUMBERS | MOMENTS | {"flag": mm.Boolean(), "kind": mm.Category(["x", "y"])})
DERIVED = SCHEMA.derive(twice=lambda t: t["a"] * 2)

LINEAR = {
    "a constant": lambda t: t["a"] <= 3,
    "a constant on the left": lambda t: 3 >= t["a"],
    "strictly": lambda t: t["a"] < 3,
    "two columns": lambda t: t["a"] <= t["b"],
    "strictly above": lambda t: t["a"] > t["b"],
    "at least": lambda t: t["c"] >= t["d"],
    "as attributes": lambda t: t.a < t.b,
    "a sum": lambda t: t["a"] + t["b"] + t["c"] <= 4,
    "a difference": lambda t: t["a"] - t["b"] < 2,
    "a factor": lambda t: 2 * t["a"] <= t["b"] * 3,
    "a NumPy number": lambda t: np.float64(2) * t["a"] <= np.int64(3) + t["b"],
    "a divisor": lambda t: t["a"] / 4 <= t["d"],
    "minus": lambda t: -t["a"] <= t["c"],
    "subtracted from": lambda t: 5 - t["a"] >= t["b"],
    "tenths": lambda t: t["c"] * 0.1 + t["d"] * 0.2 <= 0.3,
    "between": lambda t: t["a"].between(-2, 3),
    "between columns": lambda t: t["b"].between(t["a"], t["a"] + 4),
    "both": lambda t: (t["a"] <= t["b"]) & (t["b"] < 7) & (t["c"] > 0),
    "equal": lambda t: t["a"] == t["b"],
    "twice the same": lambda t: t["a"] + t["a"] - t["b"] <= 0,
    "nothing left of one": lambda t: t["a"] - t["a"] + t["b"] <= 3,
    "moments": lambda t: t["s"] < t["t"],
}
OTHER = {
    "a logarithm": lambda t: np.log(t["a"] + 10) <= 2,
    "or": lambda t: (t["a"] <= 3) | (t["b"] <= 3),
    "not": lambda t: ~(t["a"] <= 3),
    "unequal": lambda t: t["a"] != t["b"],
    "a product": lambda t: t["a"] * t["b"] <= 3,
    "a quotient": lambda t: 3 / (t["a"] + 20) <= 2,
    "a power": lambda t: t["a"] ** 2 <= 9,
    "a remainder": lambda t: t["a"] % 2 == 0,
    "a method": lambda t: t["a"].abs() <= 3,
    "a mean": lambda t: t["a"] <= t["b"].mean() + 5,
    "a list of columns": lambda t: t[["a", "b"]].sum(axis=1) <= 3,
    "the frame": lambda t: t.eval("a <= b"),
    "its length": lambda t: t["a"] <= len(t),
    "all true": lambda t: np.ones(len(t), dtype=bool),
    "a column of truth": lambda t: t["flag"],
    "a bool among numbers": lambda t: t["flag"] <= t["a"],
    "a level": lambda t: t["kind"] == "x",
    "a derived column": lambda t: t["twice"] <= t["b"],
    "an array": lambda t: t["a"] <= np.zeros(len(t)),
    "a moment by itself": lambda t: t["s"] < pd.Timestamp("2020-01-20"),
    "moments apart": lambda t: t["t"] - t["s"] < pd.Timedelta(days=3),
}


def find(strategy, condition):
    fixed = settings(phases=[Phase.generate, Phase.shrink], max_examples=2_000)
    return hypothesis.find(strategy, condition, settings=fixed)


def inequalities(condition, schema=SCHEMA):
    """What the condition asks of the columns of a schema, None where it is nothing linear."""
    with_it = schema.where(condition, name="it")
    return compiled(with_it.constraints[0], with_it.columns)


@pytest.mark.parametrize("condition", LINEAR.values(), ids=list(LINEAR))
def test_what_is_read_off_a_function_is_what_it_says(condition):
    """On random rows the inequalities are as true as the function itself."""
    rows = sampling.explored(SCHEMA, 3_000, np.random.default_rng(0))
    codes = {name: column.encode(rows[name])[0] for name, column in SCHEMA.columns.items()}
    truth = np.logical_and.reduce([one.holds(codes) for one in inequalities(condition)])
    np.testing.assert_array_equal(condition(rows), truth)
    assert 0 < truth.mean() < 1


@pytest.mark.parametrize("condition", LINEAR.values(), ids=list(LINEAR))
def test_the_sum_says_the_same(condition):
    """Weights and constant, by which rows are bound, are those of the function."""
    rows = sampling.explored(SCHEMA, 3_000, np.random.default_rng(1))
    for one in inequalities(condition):
        total = one.sum.constant + sum(
            weight * SCHEMA.columns[name].encode(rows[name])[0] for name, weight in one.sum.weights.items()
        )
        sure = np.abs(total) > 1e-9
        held = one.holds({name: column.encode(rows[name])[0] for name, column in SCHEMA.columns.items()})
        np.testing.assert_array_equal((total < 0)[sure], held[sure])


@pytest.mark.parametrize("condition", OTHER.values(), ids=list(OTHER))
def test_other_functions_are_left_alone(condition):
    """What is no inequality of numbers, or of moments, is not read as one."""
    assert inequalities(condition, DERIVED) is None


NS, DAY = {"quantum": 1}, {"quantum": 86_400 * 10**9}
FAR = 2**63 - 1
BOUND = {
    "whole numbers": ({"a": mm.Integer(0, 9), "b": mm.Integer(0, 9)}, lambda t: t["a"] <= t["b"]),
    "whole numbers, strictly": ({"a": mm.Integer(0, 9), "b": mm.Integer(0, 9)}, lambda t: t["a"] > t["b"]),
    "three of them": ({name: mm.Integer(0, 9) for name in "abc"}, lambda t: t["a"] + t["b"] + t["c"] <= 9),
    "large ones": ({name: mm.Integer(2**60, 2**60 + 50) for name in "ab"}, lambda t: t["a"] < t["b"]),
    "of any size": ({name: mm.Integer(-FAR - 1, FAR) for name in "ab"}, lambda t: t["a"] <= t["b"]),
    "a large constant": ({"a": mm.Integer(0, 2**61)}, lambda t: t["a"] < 2**60 + 1),
    "as floats": ({name: mm.Integer(0, 99, dtype="float64") for name in "ab"}, lambda t: t["a"] / 3 <= t["b"]),
    "tenths": ({name: mm.Real(0, 1, decimals=1) for name in "ab"}, lambda t: t["a"] + t["b"] <= 0.3),
    "tenths of float32": (
        {name: mm.Real(0, 1, decimals=1, dtype="float32") for name in "ab"},
        lambda t: t["a"] + t["b"] <= 0.3,
    ),
    "reals": ({name: mm.Real(0, 1) for name in "ab"}, lambda t: t["a"] * 0.1 + t["b"] * 0.2 < 0.25),
    "reals of float32": ({name: mm.Real(0, 1, dtype="float32") for name in "ab"}, lambda t: t["a"] < t["b"] * 0.3),
    "reals of Float32": (
        {name: mm.Real(0, 1, dtype="Float32", nullable=True) for name in "ab"},
        lambda t: t["a"] <= t["b"] * 0.3,
    ),
    "huge reals": ({name: mm.Real(-1e300, 1e300) for name in "ab"}, lambda t: t["a"] + 1e299 <= t["b"]),
    "tiny reals": ({name: mm.Real(0, 1e-300) for name in "ab"}, lambda t: t["a"] < t["b"]),
    "a third": ({"a": mm.Real(0, 1), "n": mm.Integer(0, 9)}, lambda t: t["n"] / 3 <= t["a"]),
    "a real and whole numbers": ({"a": mm.Real(1, 400), "n": mm.Integer(1, 9)}, lambda t: t["a"] / 20 >= t["n"]),
    "nanoseconds": ({name: mm.Timestamp("2020-01-01", "2020-01-02", **NS) for name in "ab"}, lambda t: t["a"] < t["b"]),
    "seconds and days": (
        {"a": mm.Timestamp("2020-01-01", "2020-03-01"), "b": mm.Timestamp("2020-01-01", "2020-03-01", **DAY)},
        lambda t: t["a"] <= t["b"],
    ),
    "far from the origin": (
        {"a": mm.Integer(0, 100, origin=90), "b": mm.Integer(0, 100, origin=5)},
        lambda t: t["a"] < t["b"],
    ),
    "missing ones": (
        {"a": mm.Integer(0, 99, nullable=True), "b": mm.Integer(0, 50, nullable=True, dtype="float64")},
        lambda t: t["a"] < t["b"],
    ),
    "one column": ({"a": mm.Real(1, 400)}, lambda t: t["a"].between(3, 7.5)),
}


def watched(condition):
    """The condition, and a list of how many rows it rejected at each call on a table."""
    rejected = []

    def watching(t):
        answers = condition(t)
        if isinstance(t, pd.DataFrame):
            present = t.notna().all(axis=1).to_numpy()
            rejected.append(int((~answers.to_numpy(dtype=bool, na_value=False) & present).sum()))
        return answers

    return watching, rejected


def draw_some(strategy, rejected):
    """Draw from a strategy; what is rejected while it is made, before the first example, does not count."""
    settings(few, max_examples=1)(given(strategy)(lambda _: None))()
    rejected.clear()
    few(given(strategy)(lambda _: None))()


@pytest.mark.parametrize("draw", [mst.rows, lambda schema: mst.frames(schema, min_size=5, max_size=9)])
@pytest.mark.parametrize(("columns", "condition"), BOUND.values(), ids=list(BOUND))
def test_one_inequality_rejects_nothing(columns, condition, draw):
    """Rows are drawn between the bounds that the inequality leaves, as the function itself rounds."""
    watching, rejected = watched(condition)
    draw_some(draw(mm.Schema(columns).where(watching)), rejected)
    assert {0} == set(rejected)


@pytest.mark.parametrize("what", [what for what in BOUND if what not in {"reals", "huge reals", "a third"}])
def test_bounds_leave_out_nothing_that_is_lawful(what):
    """Every lawful row is within the bounds of each of its columns, given the columns before it.

    But for rounding: where reals are summed, a value within some last bits of the bound may be left out.
    """
    columns, condition = BOUND[what]
    schema = mm.Schema(columns).where(condition)
    rows = sampling.explored(schema, 500, np.random.default_rng(0))
    system = System.of(compiled(schema.constraints[0], schema.columns), schema.columns)
    before = {}
    for name, column in schema.columns.items():
        codes, absent = column.encode(rows[name])
        low, high, hopeless = system.bounds(name, before, len(rows))
        (low, _), (high, _) = (column.encode(column.decode(bound)) for bound in (low, high))
        assert (absent | ((low <= codes) & (codes <= high) & ~hopeless)).all()
        before[name] = codes, absent


def test_chains_reject_nothing():
    """What a chain of inequalities leaves of each column is settled before any is drawn."""
    columns = {"a": mm.Integer(0, 100), "b": mm.Integer(0, 90), "c": mm.Integer(0, 50)}
    watching, rejected = watched(lambda t: (t["a"] < t["b"]) & (t["b"] < t["c"]))
    draw_some(mst.rows(mm.Schema(columns).where(watching)), rejected)
    assert {0} == set(rejected)


def test_a_missing_operand_satisfies():
    """Where an operand is missing, the other one may be anything, as in SQL's CHECK."""
    schema = mm.Schema(a=mm.Integer(5, 9, nullable=True), b=mm.Integer(0, 9, origin=9)).where(
        lambda t: t["a"] <= t["b"]
    )
    row = find(mst.rows(schema), lambda row: row["b"] == 0)
    assert {"a": None, "b": 0} == row
    frame = find(mst.frames(schema), lambda t: (t["b"] == 0).any())
    assert [{"a": None, "b": 0}] == [schema.row(frame)]


def test_both_ends_of_an_inequality_are_reached():
    """Equality is drawn where the inequality allows it."""
    schema = mm.Schema(a=mm.Integer(0, 9), b=mm.Integer(0, 9)).where(lambda t: t["a"] <= t["b"])
    for value in (0, 9):
        assert {"a": value, "b": value} == find(mst.rows(schema), lambda row, v=value: row["a"] == v == row["b"])
