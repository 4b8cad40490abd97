"""Rows drawn by the thousand: observed, explored and boundary ones keep constraints, formulas and dtypes."""

import numpy as np
import pandas as pd
import pytest

import metamorph as mm
from metamorph_strategies import sampling

ROWS = 60
FRAME = pd.DataFrame(
    {
        "real": np.linspace(0.5, 9.25, ROWS),
        "single": np.linspace(0, 1, ROWS, dtype="float32"),
        "int": np.arange(ROWS, dtype="int16"),
        "int as float": np.where(np.arange(ROWS) % 7 == 0, np.nan, np.arange(ROWS)),
        "nullable": pd.array([None, *range(1, ROWS)], "Int64"),
        "flag": np.arange(ROWS) % 2 == 0,
        "nullable flag": pd.array([None, *[True, False] * 29, True], "boolean"),
        "text": ["a", "b", "c"] * 20,
        "holed text": pd.Series(["a", None, "c"] * 20, dtype=object),
        "string": pd.Series(["a", None, "c"] * 20, dtype="string"),
        "ordered": pd.Categorical(["lo", "hi", "mid"] * 20, categories=["lo", "mid", "hi", "unused"], ordered=True),
        "day": pd.date_range("2020-01-01", periods=ROWS),
        "zoned": pd.date_range("2020-01-01", periods=ROWS, tz="Europe/Berlin"),
    }
)
SCHEMA = mm.Schema.from_frame(FRAME)
CONSTRAINED = SCHEMA.derive(half=lambda t: t["int"] / 2).where(lambda t: t["half"] <= t["real"] * 3, name="joint")

DRAWS = {
    "observed": lambda schema, n, rng: sampling.observed(schema, n, rng, replace=True),
    "explored": sampling.explored,
    "boundary": sampling.boundary,
}
every_draw = pytest.mark.parametrize("draw", DRAWS.values(), ids=list(DRAWS))


def generator(seed=0):
    return np.random.default_rng(seed)


@every_draw
@pytest.mark.parametrize("n", [0, 1, 7, 500])
def test_as_many_rows_as_asked_for(draw, n):
    """Every sampler gives exactly n rows under a plain row index."""
    rows = draw(CONSTRAINED, n, generator())
    assert list(range(n)) == list(rows.index)


@every_draw
def test_dtypes(draw):
    """Drawn rows have the columns of the observed frame, in order and dtype."""
    assert FRAME.dtypes.to_dict() == draw(SCHEMA, 200, generator()).dtypes.to_dict()
    assert list(FRAME.columns) == list(draw(SCHEMA, 200, generator()).columns)


@every_draw
def test_dtypes_under_constraints(draw):
    """Constraints and formulas leave the dtypes as they are."""
    assert CONSTRAINED.observed.dtypes.to_dict() == draw(CONSTRAINED, 200, generator()).dtypes.to_dict()


@every_draw
def test_constraints_and_formulas(draw):
    """Drawn rows keep constraints and follow formulas."""
    rows = draw(CONSTRAINED, 500, generator())
    np.testing.assert_array_equal(rows["int"] / 2, rows["half"])
    assert (rows["half"] <= rows["real"] * 3).all()


@every_draw
@pytest.mark.parametrize("schema", [SCHEMA, CONSTRAINED], ids=["free", "constrained"])
def test_drawn_rows_are_valid(draw, schema):
    """Drawn rows are rows of the schema."""
    assert schema.validate(draw(schema, 500, generator())) is None


@every_draw
def test_same_seed_same_rows(draw):
    """The same generator gives the same rows; another one gives others."""
    first, second, other = (draw(CONSTRAINED, 50, generator(seed)) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first, second)
    assert not first.equals(other)


@every_draw
def test_observed_rows_stay(draw):
    """Changing drawn rows leaves the schema's observed rows as they are."""
    before = SCHEMA.observed.copy(deep=True)
    rows = draw(SCHEMA, ROWS, generator())
    rows["real"] = 0.0
    pd.testing.assert_frame_equal(before, SCHEMA.observed)


def test_observed_without_replacement():
    """Without replacement every observed row comes at most once: all of them are a permutation."""
    rows = sampling.observed(SCHEMA, ROWS, generator())
    assert sorted(FRAME["int"]) == sorted(rows["int"])
    assert list(FRAME["int"]) != list(rows["int"])


def test_observed_with_replacement():
    """With replacement rows repeat, and only real rows come."""
    rows = sampling.observed(SCHEMA, 1_000, generator(), replace=True)
    joined = rows.merge(FRAME, how="left", on=["int", "real", "day"], indicator=True)
    assert {"both"} == set(joined["_merge"])


def test_more_than_there_are():
    """More rows than were observed cannot be drawn without replacement."""
    with pytest.raises(mm.SchemaError, match=r"n <= 60 .* n=61.*replace=True"):
        sampling.observed(SCHEMA, 61, generator())


def test_nothing_observed():
    """A hand-written schema has no observed rows to draw."""
    with pytest.raises(mm.SchemaError, match="written by hand"):
        sampling.observed(mm.Schema(x=mm.Real(0, 1)), 1, generator())


def test_explored_covers_the_range():
    """Explored values are spread evenly over bounds, whatever was observed."""
    schema = mm.Schema.from_frame(pd.DataFrame({"x": [0.0, *[0.5] * 98, 10.25]}))
    counts, _ = np.histogram(sampling.explored(schema, 4_000, generator())["x"], bins=4, range=(0, 10.25))
    assert (counts > 850).all()


def test_explored_combines_what_was_never_together():
    """Explored rows hold combinations that were not observed."""
    schema = mm.Schema.from_frame(pd.DataFrame({"a": [0, 1], "b": ["x", "y"]}))
    rows = sampling.explored(schema, 200, generator())
    assert {(0, "x"), (0, "y"), (1, "x"), (1, "y")} == set(zip(rows["a"], rows["b"], strict=True))


def test_explored_reaches_missing():
    """Explored rows hold missing values where the column may be missing, and nowhere else."""
    rows = sampling.explored(SCHEMA, 300, generator())
    assert {name for name, column in SCHEMA.columns.items() if column.nullable} == set(rows.columns[rows.isna().any()])


def test_boundary_reaches_bounds_and_levels():
    """Boundary rows reach both bounds of every range and every level of every category."""
    rows = sampling.boundary(SCHEMA, 3_000, generator())
    for name in ("real", "single", "int", "day", "zoned"):
        assert (FRAME[name].min(), FRAME[name].max()) == (rows[name].min(), rows[name].max())
    assert {"lo", "mid", "hi"} == set(rows["ordered"])


def test_boundary_rows_stand_at_an_edge():
    """In every boundary row at least one column stands at an edge."""
    schema = mm.Schema(x=mm.Real(0, 1), y=mm.Real(0, 1), z=mm.Real(0, 1))
    rows = sampling.boundary(schema, 500, generator())
    edges = set(schema.columns["x"].boundary())
    assert rows.isin(edges).any(axis=1).all()


def test_narrow_constraints_are_drawn():
    """A constraint that accepts 2% of rows is drawn all the same."""
    schema = mm.Schema(x=mm.Real(0, 1), y=mm.Real(0, 1)).where(lambda t: (t["x"] - t["y"]).abs() < 0.01)
    assert 300 == len(sampling.explored(schema, 300, generator()))


def test_constraints_too_narrow_to_explore():
    """Real rows may keep a constraint that explored ones almost never keep: that is an error with the rate."""
    frame = pd.DataFrame({name: np.arange(200) / 199 for name in "abcd"})
    schema = mm.Schema.from_frame(frame).where(lambda t: (t.max(axis=1) - t.min(axis=1)) < 0.01, name="all equal")
    with pytest.raises(mm.SchemaError, match=r"'all equal' accept 0\.\d+% of [\d,]+ drawn rows"):
        sampling.explored(schema, 10, generator())
