"""Columns given as Hypothesis strategies: drawn, sampled, checked, stored by name, and refused where they cannot be."""

import datetime

import hypothesis
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import metamorph as mm
from metamorph import strategies as mst
from metamorph_strategies import sampling

few = settings(max_examples=30, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
LETTERS = st.from_regex("[A-Z]{3}", fullmatch=True)
MAYBE = st.one_of(st.none(), st.integers(0, 99))
SCHEMA = mm.Schema(code=mm.Strategy(LETTERS), n=mm.Integer(0, 9), k=mm.Strategy(MAYBE), day=mm.Strategy(st.dates()))


class Model:
    """A model that reads the number, and what else it is told to."""

    def __init__(self, surcharge=lambda _: 0.0):
        self.surcharge = surcharge

    def predict(self, rows):
        return rows["n"].to_numpy(dtype="float64") + self.surcharge(rows)


def for_q(rows):
    return 5.0 * rows["code"].str.startswith("Q").to_numpy(dtype=bool)


def drawn(strategy):
    """What a strategy draws."""
    every = []

    @few
    @given(strategy)
    def draw(value):
        every.append(value)

    draw()
    return every


@pytest.mark.parametrize(
    ("strategy", "dtype", "nullable", "origin"),
    [
        (LETTERS, pd.Series(["AAA"]).dtype, False, "AAA"),
        (MAYBE, "Int64", True, 0),
        (st.integers(0, 99), "int64", False, 0),
        (st.booleans(), "bool", False, False),
        (st.floats(0, 1), "float64", False, 0.0),
        (st.floats(), "Float64", True, 0.0),
        (st.dates(), "object", False, datetime.date(2000, 1, 1)),
        (st.tuples(st.integers(0, 3), st.booleans()), "object", False, (0, False)),
        (st.integers(0, 9).map(np.int64), "int64", False, 0),
    ],
)
def test_what_a_column_is_read_off(strategy, dtype, nullable, origin):
    """Dtype, missingness and origin of a column are those of some examples of its strategy."""
    column = mm.Strategy(strategy)
    assert (dtype, nullable, origin) == (column.dtype, column.nullable, column.origin)


@pytest.mark.parametrize(
    "strategy",
    [LETTERS, MAYBE, st.floats(), st.datetimes(), st.integers(), st.booleans(), st.text(max_size=3)],
)
def test_values_never_met_before_have_codes(strategy):
    """A value that was not among the examples is of the column, and comes back from its code."""
    column = mm.Strategy(strategy)
    values = column.series(drawn(mst.columns(column)))
    assert column.contains(values).all()
    pd.testing.assert_series_equal(values, column.decode(*column.encode(values)))


def test_missing_values_come_only_where_examples_had_some():
    """A column that was not read as nullable draws no missing value."""
    column = mm.Strategy(st.sampled_from([*range(5_000), None]))
    values = drawn(mst.columns(column))
    assert column.nullable or None not in values


def test_rows_and_frames():
    """Rows and frames draw from the strategies themselves."""
    for row in drawn(mst.rows(SCHEMA)):
        assert (3, str) == (len(row["code"]), type(row["code"]))
    frames = drawn(mst.frames(SCHEMA, min_size=1, max_size=5))
    for frame in frames:
        SCHEMA.validate(frame)
        assert [column.dtype for column in SCHEMA.columns.values()] == list(frame.dtypes)
    pool = set(SCHEMA.columns["code"].boundary())
    assert not {code for frame in frames for code in frame["code"]} <= pool


def test_the_sampler_draws_from_a_pool():
    """The sampler takes whole tables from examples that were drawn once, and edges are those examples."""
    rows = sampling.explored(SCHEMA, 2_000, np.random.default_rng(0))
    pool = set(SCHEMA.columns["code"].boundary())
    assert 100 < len(pool) == rows["code"].nunique()
    assert pool == set(rows["code"])
    assert rows["k"].isna().any()
    assert SCHEMA.columns["k"].boundary().isna().any()


@pytest.mark.parametrize(
    "relation",
    [mm.invariant("code"), mm.invariant("k"), mm.invariant("k", missing=True), mm.increasing("n"), mm.invariant("day")],
    ids=lambda relation: relation.id,
)
def test_checks_of_an_honest_model(relation):
    """Relations hold on a strategy's column, and on others beside it."""
    (result,) = mm.check(Model(), relation, SCHEMA, budget=200, attack=0).results
    assert ("held", 200) == (result.verdict, result.cases)


def test_a_bug_in_such_a_column_is_found():
    """A model that reads a strategy's column is found out, and the counterexample shows the value."""
    (result,) = mm.check(Model(for_q), mm.invariant("code"), SCHEMA, budget=500, attack=0).results
    found = result.counterexample
    assert "violated" == result.verdict
    assert [True, False] == sorted((found.source["code"][0] == "Q", found.follow_up["code"][0] == "Q"), reverse=True)


def test_cases():
    """Cases move a strategy's column to other values of it, and shrink as the strategy does."""

    def fails(case):
        try:
            case.check(Model(for_q))
        except AssertionError:
            return True
        return False

    found = hypothesis.find(
        mst.cases(mm.invariant("code"), SCHEMA),
        fails,
        settings=settings(max_examples=2_000, phases=[Phase.generate, Phase.shrink]),
    )
    shown = repr(found)
    assert ("'code': 'AAA'" in shown, "'to[code]': 'Q" in shown) == (True, True)


def test_json():
    """A strategy is stored by its column's name, and given back under it."""
    text = SCHEMA.to_json()
    strategies = {"code": LETTERS, "k": MAYBE, "day": st.dates()}
    again = mm.Schema.from_json(text, functions=strategies)
    assert SCHEMA == again
    assert text == again.to_json()
    first, second = (sampling.explored(one, 50, np.random.default_rng(0)) for one in (SCHEMA, again))
    pd.testing.assert_frame_equal(first, second)


def test_json_without_its_strategies():
    """Absent strategies are an error that names their columns."""
    with pytest.raises(mm.SchemaError, match="'k', 'day'"):
        mm.Schema.from_json(SCHEMA.to_json(), functions={"code": LETTERS})


def test_json_with_functions_in_their_place():
    """A function where a strategy belongs is refused."""
    with pytest.raises(mm.SchemaError, match="Expected a Hypothesis strategy"):
        mm.Schema.from_json(SCHEMA.to_json(), functions={"code": len, "k": MAYBE, "day": st.dates()})


@pytest.mark.parametrize(
    ("given_as", "said"),
    [
        (5, "Expected a Hypothesis strategy but got strategy=5."),
        ("abc", "Expected a Hypothesis strategy but got strategy='abc'."),
        (st.integers, "Expected a Hypothesis strategy"),
        (st.none(), "Expected a strategy that draws more than missing values but got strategy=none()."),
        (st.just(float("nan")), "draws more than missing values"),
        (st.lists(st.integers()), "It draws list objects; make them text: .map(str)"),
        (st.uuids(), "text, numbers, dates, Timestamps or Intervals but got strategy=uuids()."),
        (st.timedeltas(), "It draws timedelta objects"),
        (st.tuples(st.integers(0, 9), st.binary()), "It draws tuple objects"),
        (st.nothing(), "Expected a strategy that draws values but got strategy=nothing()."),
        (st.integers(5, 1), "Cannot have max_value=1 < min_value=5"),
        (st.integers().filter(lambda _: False), "Expected a strategy that draws values"),
    ],
)
def test_refused(given_as, said):
    """What is no strategy of values is a SchemaError of at most three lines."""
    with pytest.raises(mm.SchemaError) as refused:
        mm.Strategy(given_as)
    assert said in str(refused.value)
    assert len(str(refused.value).splitlines()) <= 3


def test_a_direction():
    """A direction on such a column is an error that says why and what to do."""
    with pytest.raises(mm.RelationError) as refused:
        mm.check(Model(), mm.increasing("code"), SCHEMA, attack=0)
    first, second = str(refused.value).splitlines()
    assert first == (
        "Column 'code' takes any value of Strategy(from_regex('[A-Z]{3}', fullmatch=True)), which have no order, "
        "so it has no direction."
    )
    assert "mm.invariant" in second


def test_equality():
    """Columns of one strategy are equal; another strategy makes another column."""
    assert mm.Strategy(LETTERS) == mm.Strategy(LETTERS)
    assert mm.Strategy(LETTERS) != mm.Strategy(st.from_regex("[A-Z]{2}", fullmatch=True))
