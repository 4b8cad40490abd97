"""What a review found of slices that a user names: what is left open, what is said of it, and what cannot be asked."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

import metamorph as mm

N = 2_000
RNG = np.random.default_rng(0)
HOUSES = pd.DataFrame(
    {
        "area": RNG.permutation(N) + 40.0,
        "latitude": np.round(RNG.uniform(50, 60, N), 2),
        "rooms": RNG.integers(1, 9, N),
    }
)
BIGGER = mm.increasing("area")


def north(t):
    return t["latitude"] > 58


def upside_down(share):
    """A model that prices the area upside down on a share of the houses in the north."""

    def model(t):
        lot = (t["rooms"] * 7_919 + (t["latitude"] * 100).round() * 104_729) % 1_000 / 1_000
        return np.where((lot < share) & north(t), -1.0, 1.0) * t["area"].to_numpy()

    return model


def flat(report):
    return " ".join(str(report).split())


def test_a_proof_leaves_no_slice_open():
    """Where no input violates, none of a slice does, however few of its cases were tried."""
    model = LinearRegression().fit(HOUSES, HOUSES["area"])
    allowing, telling = mm.slice("north", north, allow=0.001), mm.slice("south", lambda t: ~north(t))
    report = mm.check(model, BIGGER, HOUSES, budget=200, slices=[allowing, telling])
    (result,) = report.results
    assert "proved" == result.verdict
    assert [("held", None, None), (None, None, None)] == [
        (one.verdict, one.more_cases, one.more_rows) for one in result.slices
    ]
    assert "INCONCLUSIVE" not in str(report)


def test_rows_that_were_all_asked_call_for_more_rows():
    """Where every row has been asked, more cases of the same rows settle nothing; with as many more rows it is held."""
    few = HOUSES.head(60)
    report = mm.check(upside_down(0.0), BIGGER, few, budget=3_000, attack=0, slices=mm.slice("north", north, allow=0.1))
    (told,) = report.results[0].slices
    assert ("inconclusive", None) == (told.verdict, told.more_cases)
    assert told.more_rows > 0
    assert f"about {told.more_rows:,} more rows in the data would settle it" in flat(report)
    more = HOUSES.head(60 + 2 * told.more_rows)
    again = mm.check(upside_down(0.0), BIGGER, more, budget=3_000, attack=0, slices=mm.slice("north", north, allow=0.1))
    assert "held" == again.results[0].verdict
    assert report == type(report).from_json(report.to_json())


def test_what_would_have_had_to_be_allowed_is_not_said_of_a_slice():
    """A relation that holds on the whole needs no other tolerance and no other rate: its slice does."""
    report = mm.check(
        upside_down(0.3), BIGGER.allow(0.2), HOUSES, budget=2_000, slices=mm.slice("north", north, allow=0.05)
    )
    assert ("violated", "north") == (report.results[0].verdict, report.results[0].in_slice)
    assert "On this evidence it would have held" not in flat(report)


def test_an_interval_of_a_slice_is_called_what_it_is():
    """Where a look may end the estimate, the interval of a slice holds at every look, and says so."""
    slices = mm.slice("north", north)
    looked = flat(mm.check(upside_down(0.3), BIGGER.allow(0.2), HOUSES, budget=2_000, slices=slices))
    fixed = flat(mm.check(upside_down(0.3), BIGGER, HOUSES, budget=2_000, slices=slices))
    assert "cases violate it (95% anytime CI" in looked[looked.index("In north:") :]
    assert "cases violate it (95% CI" in fixed[fixed.index("In north:") :]


def test_a_long_name_leaves_room_for_the_relation():
    """The first line names the slice and the relation, however long the slice's name is."""
    named = mm.slice("north " * 50, north, allow=0.05)
    text = str(mm.check(upside_down(0.3), BIGGER.allow(0.2), HOUSES, budget=2_000, slices=named))
    first = text.splitlines()[0]
    assert first.startswith("VIOLATED in north north")
    assert first.endswith("increasing[area]")


def test_a_relation_that_limits_its_own_rows_is_not_left_open_by_a_slice():
    """Rows that no budget adds to can settle no allowed rate: the rate in the slice is told, without a verdict."""
    relation = mm.Relation(
        "alone as in a batch", transform=mm.transforms.one_by_one(), expect=mm.expectations.unchanged()
    )
    result = mm.check(
        lambda t: t["area"].to_numpy(), relation, HOUSES, slices=mm.slice("north", north, allow=0.01)
    ).results[0]
    assert ("held", None) == (result.verdict, result.slices[0].verdict)


@pytest.mark.parametrize("given", [[HOUSES["area"] > 50], [np.array([True])], [np.array(["exact", "exact"])]])
def test_a_mask_is_no_slice(given):
    """Truth values of rows are refused in our own words."""
    with pytest.raises(mm.RelationError, match=r"mm\.slice"):
        mm.check(upside_down(0.0), BIGGER, HOUSES, slices=given)


@pytest.mark.parametrize(
    "condition",
    [
        lambda t: t["rooms"] > t["rooms"].mean(),
        lambda t: t["rooms"] >= t["rooms"].mean(),
        lambda t: t["area"] > t["area"].quantile(0.9),
        lambda t: t["area"].rank(pct=True) <= 0.5,
    ],
)
def test_a_slice_of_rows_above_the_mean_is_none(condition):
    """Whether a row lies in a slice is a matter of its values, not of the table it comes in: the model is not asked."""
    with pytest.raises(mm.SchemaError, match="The slice 'above' answers otherwise") as refused:
        mm.check(lambda _: pytest.fail("asked"), BIGGER, HOUSES, slices=mm.slice("above", condition, allow=0.1))
    assert len(str(refused.value).splitlines()) <= 3


def test_rows_alone_or_one_row_can_be_asked_about():
    """A schema of a single row has no parts to compare, and a condition on a single column is the same in all."""
    one = pd.DataFrame({"area": [50.0, 60.0], "latitude": [59.0, 59.0], "rooms": [1, 1]})
    result = mm.check(upside_down(0.0), BIGGER, one, budget=50, slices=mm.slice("north", north)).results[0]
    assert 1.0 == result.slices[0].support


def test_what_is_shown_of_several_follow_ups_lies_in_the_slice_that_violates():
    """Where a slice alone violates, the row whose follow-ups are shown is one of its rows, reduced within it."""
    relation = mm.Relation(
        "along the area", transform=mm.transforms.sweep("area"), expect=mm.expectations.rising()
    ).allow(0.9)
    result = mm.check(
        lambda t: np.where(t["rooms"] > 1, -1.0, 1.0) * t["area"].to_numpy(),
        relation,
        HOUSES,
        budget=1_000,
        slices=mm.slice("top", lambda t: (t["latitude"] > 59) & (t["rooms"] == 8), allow=0.3),
    ).results[0]
    assert ("violated", "top") == (result.verdict, result.in_slice)
    assert (True, 8) == (result.counterexample.source["latitude"] > 59, result.counterexample.source["rooms"])
