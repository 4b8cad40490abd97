"""What holds of columns of every kind with any bounds or levels: properties found by Hypothesis."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

import metamorph as mm

fixed = settings(derandomize=True, deadline=None, database=None, max_examples=50)
seeds = st.integers(0, 2**32 - 1)


@st.composite
def reals(draw):
    nullable, dtype = draw(st.booleans()), draw(st.sampled_from(["float64", "Float64"]))
    if draw(st.booleans()):
        decimals = draw(st.integers(0, 6))
        low, high = sorted(draw(st.tuples(*[st.integers(-(10**7), 10**7)] * 2)))
        return mm.Real(
            round(low / 10**decimals, decimals),
            round(high / 10**decimals, decimals),
            decimals=decimals,
            nullable=nullable,
            dtype=dtype,
        )
    low, high = sorted(draw(st.tuples(*[st.floats(-1e12, 1e12, allow_nan=False)] * 2)))
    return mm.Real(low, high, nullable=nullable, dtype=dtype)


@st.composite
def integers(draw):
    low, high = sorted(draw(st.tuples(*[st.integers(-(2**40), 2**40)] * 2)))
    nullable = draw(st.booleans())
    return mm.Integer(low, high, nullable=nullable, dtype=draw(st.sampled_from(["Int64", "float64"])))


@st.composite
def categories(draw):
    level = st.one_of(st.text(max_size=5), st.integers(-5, 5))
    levels = draw(st.lists(level, min_size=1, max_size=6, unique=True))
    nullable, ordered = draw(st.booleans()), draw(st.booleans())
    return mm.Category(levels, ordered=ordered, nullable=nullable, dtype=object)


@st.composite
def timestamps(draw):
    moments = st.integers(0, 4 * 10**9).map(lambda second: pd.Timestamp(second, unit="s"))
    low, high = sorted(draw(st.tuples(moments, moments)))
    zone = draw(st.sampled_from([None, "UTC", "America/New_York"]))
    return (
        mm.Timestamp(low.tz_localize("UTC").tz_convert(zone), high.tz_localize("UTC").tz_convert(zone))
        if zone
        else (mm.Timestamp(low, high, nullable=draw(st.booleans())))
    )


columns = st.one_of(reals(), integers(), categories(), timestamps(), st.builds(mm.Boolean, nullable=st.booleans()))


@fixed
@given(columns, seeds)
def test_sampler_and_contains_agree(column, seed):
    """Every value the sampler gives is one of the column."""
    assert column.contains(column.sample(np.random.default_rng(seed), 60)).all()


@fixed
@given(columns)
def test_edges_are_of_the_column(column):
    """Every edge is one of the column."""
    assert column.contains(column.boundary()).all()


@fixed
@given(columns, seeds)
def test_codes_round_trip(column, seed):
    """Encoding loses nothing: decoding gives back value and dtype."""
    values = column.sample(np.random.default_rng(seed), 60)
    pd.testing.assert_series_equal(values, column.decode(*column.encode(values)))


@fixed
@given(columns)
def test_origin_is_of_the_column(column):
    """The plain value of a column is one of the column."""
    assert [True] == column.contains(column.series([column.origin])).tolist()


@fixed
@given(columns, seeds)
def test_same_seed_same_values(column, seed):
    """A sampler with the same seed gives the same values."""
    first, second = (column.sample(np.random.default_rng(seed), 20) for _ in range(2))
    pd.testing.assert_series_equal(first, second)


@fixed
@given(st.one_of(reals(), integers(), timestamps()))
def test_quanta_fall_to_the_resolution(column):
    """Steps between plain values run from coarse to fine."""
    assert sorted(column.quanta, reverse=True) == list(column.quanta)


@fixed
@given(
    st.lists(st.integers(-(10**6), 10**6), min_size=3, max_size=30),
    st.integers(1, 3),
)
def test_data_of_few_decimals_are_read_as_such(numbers, decimals):
    """Values of some decimals are read back with that many, never with more."""
    values = pd.Series(numbers) / 10**decimals
    column = mm.Schema.from_frame(pd.DataFrame({"x": values})).columns["x"]
    fractional = (values != values.round(0)).any()
    assert (decimals if fractional else 0) >= (getattr(column, "decimals", 0) or 0)


@fixed
@given(st.lists(st.one_of(st.none(), st.floats(-1e9, 1e9, allow_nan=False)), min_size=2, max_size=30))
def test_observed_values_are_of_the_column_read_off_them(numbers):
    """A column read off data contains all of the data."""
    frame = pd.DataFrame({"x": pd.Series([*numbers, 0.5], dtype="float64")})
    schema = mm.Schema.from_frame(frame)
    assert schema.columns["x"].contains(frame["x"]).all()
