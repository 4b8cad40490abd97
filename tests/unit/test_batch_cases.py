"""Relations over batches in Hypothesis: frames are drawn, reduced and pinned, and a moody model is our verdict."""

import numpy as np
import pytest
from hypothesis import given, settings

import metamorph as mm
from metamorph import strategies as mst

SCHEMA = mm.Schema(area=mm.Integer(1, 99), rooms=mm.Integer(1, 9))
HALF = mm.Relation("half", transform=mm.transforms.subset_of_rows(), expect=mm.expectations.unchanged())
TWICE = mm.Relation("twice", transform=mm.transforms.again(), expect=mm.expectations.unchanged())
SWEEP = mm.Relation("sweep", transform=mm.transforms.sweep("rooms"), expect=mm.expectations.rising())


def honest(t):
    return t["area"].to_numpy(float)


def leaky(t):
    return t["area"].to_numpy(float) - t["area"].mean()


class Moody:
    """Answers otherwise for a while, and then no more."""

    def __init__(self):
        self.calls = 0

    def predict(self, t):
        self.calls += 1
        return t["area"].to_numpy(float) + self.calls * (40 < self.calls < 60)


def ending(relation, model, *, examples):
    """The error with which a test of the relation's cases ends; None where it passes."""

    @settings(database=None, deadline=None, derandomize=True, max_examples=examples)
    @given(mst.cases(relation, SCHEMA))
    def test(case):
        case.check(model)

    try:
        test()
    except AssertionError as error:
        return str(error)
    return None


@pytest.mark.parametrize("relation", [HALF, TWICE, mm.Relation("up", transform=SWEEP.transform, expect=SWEEP.expect)])
def test_an_honest_model_passes(relation):
    """A model that looks at each row alone keeps relations over batches."""
    assert ending(relation, honest, examples=20) is None


@pytest.fixture(scope="module")
def said():
    """What is said of the leaky model."""
    return ending(HALF, leaky, examples=40)


def test_a_leaky_model_is_reduced_to_two_rows(said):
    """A model that looks at the other rows fails on the smallest batch: two rows that differ in one cell."""
    assert "VIOLATED by this case" in said
    assert "Asked together with 1 other row: area=" in said


def test_the_pin_fails_again(said):
    """What a failing case prints can be pasted: it makes an equal case, which fails with the same words."""
    pin = said[said.index("mst.case(") : said.rindex(")")]
    case = eval(pin, {"mst": mst, "relation": HALF, "schema": SCHEMA})  # noqa: S307 - the line that we print
    assert case == eval(repr(case), {"mst": mst, "relation": HALF, "schema": SCHEMA})  # noqa: S307 - as above
    with pytest.raises(AssertionError, match="VIOLATED by this case"):
        case.check(leaky)


def test_a_sweep_draws_one_row():
    """A relation of several follow-ups fails on a row at the reference row, with the pair that decides."""
    said = ending(SWEEP, lambda t: -t["rooms"].to_numpy(float), examples=40)
    assert "VIOLATED by this case" in said
    assert "[{'area': 50, 'rooms': 5}]" in said


def test_a_moody_model_is_our_verdict():
    """A model that answers otherwise for a while ends in our verdict, not in Hypothesis's own error."""
    assert "The model is not deterministic" in ending(TWICE, Moody(), examples=100)


def test_a_model_put_right_is_not_accused():
    """A model that failed on a batch and was then put right passes on it, pinned or drawn."""

    class Model:
        predict = staticmethod(leaky)

    model = Model()
    assert ending(HALF, model, examples=20) is not None
    model.predict = honest
    assert ending(HALF, model, examples=20) is None
    mst.case(HALF, SCHEMA, [{"area": 1}, {"area": 2}]).check(model)


@pytest.mark.parametrize(
    ("rows", "said"),
    [([], "Expected a list of rows"), ({"area": 1}, "Expected a list of rows"), ([{"are": 1}], "did you mean 'area'")],
)
def test_what_is_no_batch(rows, said):
    """What is no list of the schema's rows is refused in one line."""
    with pytest.raises(mm.SchemaError, match=said):
        mst.case(HALF, SCHEMA, rows)


def test_stated_rows_have_nothing_to_draw():
    """A relation that names its own rows is refused when a case is drawn."""
    with pytest.raises(mm.RelationError, match="names its own rows"):
        ending(mm.anchor({"area": 3}, low=0.0), honest, examples=5)


def test_columns_left_out_are_at_the_reference_row():
    """A batch by hand needs to say only what differs."""
    frame = mst.case(HALF, SCHEMA, [{"area": 3}, {}]).frame
    assert [(3, 5), (50, 5)] == list(zip(frame["area"], frame["rooms"], strict=True))
    assert np.issubdtype(frame["area"].dtype, np.integer)
