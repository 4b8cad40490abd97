"""Joint constraints: vectorised conditions on rows, kept by everything drawn, satisfied by missing operands."""

import numpy as np
import pandas as pd
import pytest

import metamorph as mm
from metamorph_strategies import sampling

ROOMS = pd.DataFrame({"baths": [1, 2, 3, 4, 2], "rooms": [3, 2, 2, 5, 4]})
BY_HAND = mm.Schema(baths=mm.Integer(1, 9), rooms=mm.Integer(1, 9), garden=mm.Boolean())


def fits(t):
    return t["baths"] <= t["rooms"]


def test_breaking_rows_are_dropped_and_counted():
    """Observed rows that break a constraint are left out, and their number is kept."""
    schema = mm.Schema.from_frame(ROOMS).where(fits)
    assert (1, [1, 2, 4, 2]) == (schema.dropped, schema.observed["baths"].tolist())


def test_dropped_rows_add_up():
    """Every constraint adds the rows it drops."""
    schema = mm.Schema.from_frame(ROOMS).where(fits).where(lambda t: t["rooms"] < 5)
    assert (2, 3) == (schema.dropped, len(schema.observed))


def test_the_schema_before_is_unchanged():
    """A constraint makes another schema; the one it was added to stays as it was."""
    schema = mm.Schema.from_frame(ROOMS)
    schema.where(fits)
    assert (0, 5, ()) == (schema.dropped, len(schema.observed), schema.constraints)


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"baths": [3.0, np.nan, 3.0, np.nan], "rooms": [np.nan, 2.0, 2.0, np.nan]}),
        pd.DataFrame({"baths": pd.array([3, None, 3, None], "Int64"), "rooms": pd.array([None, 2, 2, None], "Int64")}),
    ],
    ids=["NaN", "NA"],
)
def test_missing_operands_satisfy_a_constraint(frame):
    """A row in which an operand is missing satisfies the constraint, as in SQL's CHECK."""
    schema = mm.Schema.from_frame(frame).where(lambda t: t["baths"] <= t["rooms"])
    assert (1, 3) == (schema.dropped, len(schema.observed))


def test_a_missing_value_elsewhere_excuses_nothing():
    """Only a missing operand satisfies a constraint, not a missing value in a column that it does not read."""
    frame = ROOMS.assign(note=[None, None, None, "x", None])
    assert 1 == mm.Schema.from_frame(frame).where(fits).dropped


def test_too_rare():
    """A condition that accepts under 1% of the rows is an error that states the rate."""
    frame = pd.DataFrame({"x": np.arange(1_000)})
    with pytest.raises(mm.SchemaError, match=r"0\.10% of 1,000 observed rows"):
        mm.Schema.from_frame(frame).where(lambda t: t["x"] == 7)


def test_too_rare_by_hand():
    """The rate of a hand-written schema is that of sampled rows."""
    schema = mm.Schema(x=mm.Real(0, 1))
    with pytest.raises(mm.SchemaError, match=r"accepts 0\.\d\d% of 10,000 sampled rows"):
        schema.where(lambda t: t["x"] < 0.003)


def test_too_rare_together():
    """Constraints that are each fine and together accept almost nothing are an error that says so."""
    schema = mm.Schema(x=mm.Real(0, 1))
    with pytest.raises(mm.SchemaError, match="constraint"):
        schema.where(lambda t: t["x"] < 0.1).where(lambda t: t["x"] > 0.101)


def test_one_percent_is_enough():
    """A condition that accepts some percent of the rows is kept."""
    schema = mm.Schema(x=mm.Real(0, 1)).where(lambda t: t["x"] < 0.03)
    assert sampling.explored(schema, 500, np.random.default_rng(0))["x"].max() < 0.03


WRONG = {
    "and for &": (lambda t: t["baths"] > 1 and t["rooms"] > 1, "Use & and |"),
    "an unknown column": (lambda t: t["bath"] > 1, "'bath'"),
    "a single truth value": (lambda _: True, "shape ()"),
    "too few values": (lambda t: (t["baths"] > 1)[:1], "shape (1,)"),
    "a frame": (lambda t: t[["baths"]] > 1, "shape"),
    "numbers": (lambda t: t["baths"] + 0.5, "truth value"),
    "text": (lambda t: t["baths"].astype(str), "truth value"),
    "no function": (3, "callable"),
}


@pytest.mark.parametrize(("condition", "said"), WRONG.values(), ids=list(WRONG))
@pytest.mark.parametrize("schema", [mm.Schema.from_frame(ROOMS), BY_HAND], ids=["observed", "by hand"])
def test_wrong_conditions(schema, condition, said):
    """A condition that does not work is a SchemaError of at most three lines that says why."""
    with pytest.raises(mm.SchemaError) as refused:
        schema.where(condition)
    assert said in str(refused.value)
    assert len(str(refused.value).splitlines()) <= 3


def test_a_condition_cannot_change_the_rows():
    """A condition is given a copy: what it does to that does not reach the schema."""

    def meddling(t):
        t["baths"] = 0
        return t["rooms"] > 0

    assert [1, 2, 3, 4, 2] == mm.Schema.from_frame(ROOMS).where(meddling).observed["baths"].tolist()


def test_a_named_constraint():
    """The name of a constraint is its function's, or the one given."""
    schema = mm.Schema.from_frame(ROOMS).where(fits).where(lambda t: t["rooms"] > 0, name="rooms exist")
    assert ["fits", "rooms exist"] == [constraint.name for constraint in schema.constraints]


def test_a_name_twice():
    """Two constraints of one name cannot be told apart in JSON, so they are refused."""
    with pytest.raises(mm.SchemaError, match="fits"):
        mm.Schema.from_frame(ROOMS).where(fits).where(fits)


def test_a_constraint_may_read_a_derived_column():
    """Constraints see derived columns."""
    schema = (
        mm.Schema.from_frame(ROOMS).derive(share=lambda t: t["baths"] / t["rooms"]).where(lambda t: t["share"] <= 1)
    )
    assert [1, 2, 4, 2] == schema.observed["baths"].tolist()
