"""Slices that a user names: their own rate, their own verdict, and counterexamples that lie in them."""

import numpy as np
import pandas as pd
import pytest

import metamorph as mm
from metamorph.runner.interval import clopper_pearson

N = 4_000
RNG = np.random.default_rng(0)
HOUSES = pd.DataFrame(
    {
        "area": RNG.permutation(N) + 40.0,
        "latitude": np.round(RNG.uniform(50, 60, N), 2),
        "rooms": RNG.integers(1, 9, N),
    }
)
NORTH = HOUSES["latitude"] > 58
BIGGER = mm.increasing("area")


def north(t):
    return t["latitude"] > 58


def upside_down(share, elsewhere=0.0):
    """A model that prices the area upside down on a share of the houses in the north, and one of those elsewhere."""

    def model(t):
        lot = (t["rooms"] * 7_919 + (t["latitude"] * 100).round() * 104_729) % 1_000 / 1_000
        return np.where(lot < np.where(t["latitude"] > 58, share, elsewhere), -1.0, 1.0) * t["area"].to_numpy()

    return model


def check(model, relation=BIGGER, budget=3_000, schema=HOUSES, **more):
    return mm.check(model, relation, schema, budget=budget, attack=0, **more).results[0]


def test_the_rate_is_that_of_all_cases_in_the_slice():
    """Cases and violations are counted among all cases of the estimate, beside those of the whole."""
    asked = []

    def model(t):
        asked.append(t)
        return upside_down(0.4, 0.01)(t)

    result = check(model, slices=mm.slice("north", north), examples=1)
    (told,) = [one for one in result.slices if one.name == "north"]
    sources = pd.concat(asked, ignore_index=True).drop_duplicates()
    assert 0.3 < told.rate < 0.5
    assert told.rate == told.violations / told.cases
    assert told.support == pytest.approx(told.cases / result.cases)
    assert told.support == pytest.approx(NORTH.mean(), abs=0.03)
    assert result.rate == told.overall
    assert told.interval == clopper_pearson(told.violations, told.cases)
    assert len(sources) > told.cases


def test_a_slice_and_its_complement_make_the_whole():
    """Counts of a slice and of what it leaves out add up."""
    both = [mm.slice("in", north), mm.slice("out", lambda t: ~north(t))]
    inside, outside, *_ = check(upside_down(0.2, 0.1), slices=both).slices
    whole = check(upside_down(0.2, 0.1))
    assert (whole.cases, whole.violations) == (inside.cases + outside.cases, inside.violations + outside.violations)


def test_several_steps_of_a_row_count_as_one_row():
    """Where rows are asked again and again the interval is over rows: it is far wider than that of as many rows."""
    result = check(upside_down(0.3), budget=20_000, schema=HOUSES.head(300), slices=mm.slice("north", north))
    told = result.slices[0]
    narrow = clopper_pearson(told.violations, told.cases)
    assert told.interval[1] - told.interval[0] > 3 * (narrow[1] - narrow[0])


def test_rows_made_afresh():
    """Slices of a schema written by hand count each case as a row."""
    schema = mm.Schema(area=mm.Real(40, 400), latitude=mm.Real(50, 60), rooms=mm.Integer(1, 8))
    told = check(upside_down(0.5), schema=schema, slices=mm.slice("north", north)).slices[0]
    assert told.interval == clopper_pearson(told.violations, told.cases)
    assert 0.1 < told.support < 0.3


@pytest.mark.parametrize(
    ("share", "elsewhere", "verdict", "deciding"),
    [
        (0.0, 0.0, "held", None),
        (0.3, 0.0, "violated", "north"),
        (0.05, 0.0, "inconclusive", "north"),
        (0.3, 0.5, "violated", None),
        (0.0, 0.5, "violated", None),
    ],
)
def test_its_own_allowed_rate_decides_as_well(share, elsewhere, verdict, deciding):
    """A slice violates, or leaves open, what holds on the whole; what violates on the whole stays violated."""
    result = check(upside_down(share, elsewhere), BIGGER.allow(0.2), slices=mm.slice("north", north, allow=0.05))
    assert (verdict, deciding) == (result.verdict, result.in_slice)


def test_what_is_shown_lies_in_the_slice_that_violates():
    """Where a slice alone violates, the counterexample is one of its rows, reduced within it."""
    result = check(upside_down(0.3, 0.02), BIGGER.allow(0.2), slices=mm.slice("north", north, allow=0.05))
    assert ("violated", "north") == (result.verdict, result.in_slice)
    assert result.counterexample.source["latitude"] > 58


def test_a_strict_relation_with_a_slice_that_is_left_open():
    """Under a relation that allows nothing a slice with too few cases is inconclusive, though nothing violates."""
    told = check(upside_down(0.0), budget=200, slices=mm.slice("north", north, allow=0.01))
    assert ("inconclusive", "north", 0) == (told.verdict, told.in_slice, told.violations)
    assert told.slices[0].more_cases > 0


def test_what_would_settle_it_does():
    """With as many more cases as are told, an inconclusive slice is settled."""
    few = check(upside_down(0.0), budget=200, slices=mm.slice("north", north, allow=0.01))
    enough = check(upside_down(0.0), budget=200 + few.slices[0].more_cases, slices=mm.slice("north", north, allow=0.01))
    assert "held" == enough.verdict


def test_the_estimate_goes_on_until_slices_are_settled():
    """A slice that allows a rate keeps an estimate going that would stop for the whole."""
    alone = check(upside_down(0.0), BIGGER.allow(0.2))
    both = check(upside_down(0.0), BIGGER.allow(0.2), slices=mm.slice("north", north, allow=0.02))
    assert alone.cases < both.cases < 3_000
    assert ("settled", "settled", "held") == (alone.stopped, both.stopped, both.verdict)


def test_a_slice_without_a_case():
    """A slice that no row lies in has no rate; with an allowed one it is left open."""
    nowhere = mm.slice("pole", lambda t: t["latitude"] > 89, allow=0.1)
    result = check(upside_down(0.0), slices=nowhere)
    assert (None, (0.0, 1.0), "inconclusive", None) == (
        result.slices[0].rate,
        result.slices[0].interval,
        result.verdict,
        result.slices[0].more_cases,
    )
    assert "In pole: no case; allowed 10%: INCONCLUSIVE." in str(
        mm.check(upside_down(0.0), BIGGER, HOUSES, slices=nowhere)
    )


def test_rounding_is_no_violation_of_a_slice():
    """Differences that vanish when asked alone count in no slice."""

    def model(t):
        return np.where(len(t) > 1, -1e-3, 1e-3) * t["area"].to_numpy() * 1e-9

    result = check(model, BIGGER, slices=mm.slice("north", north, allow=0.05))
    assert 0 == sum(one.violations for one in result.slices)


def test_slices_count_in_the_family():
    """Each slice that allows a rate is a verdict of the family, for each relation."""
    relations = [BIGGER.allow(0.2), mm.invariant("rooms").allow(0.9)]
    report = mm.check(
        upside_down(0.0), relations, HOUSES, budget=500, confidence="family", slices=mm.slice("n", north, allow=0.5)
    )
    assert [1 - 0.05 / 4] * 2 == pytest.approx([result.confidence for result in report.results])
    assert any("4 verdicts by an allowed rate" in note for note in report.notes)


def test_it_is_told():
    """The report says the rate of each named slice, and the first line which of them decides."""
    text = str(
        mm.check(
            upside_down(0.3),
            BIGGER.allow(0.2),
            HOUSES,
            budget=3_000,
            slices=[mm.slice("north", north, allow=0.05), mm.slice("south", lambda t: t["latitude"] < 52)],
        )
    )
    flat = " ".join(text.split())
    assert text.startswith("VIOLATED in north ")
    assert "allowed 5%: VIOLATED." in flat
    assert "In south: no violation in " in flat


def test_it_survives_json():
    """Named slices come back from JSON."""
    report = mm.check(upside_down(0.3), BIGGER.allow(0.2), HOUSES, slices=mm.slice("north", north, allow=0.05))
    assert report == type(report).from_json(report.to_json())


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: mm.slice("", north), "name"),
        (lambda: mm.slice(3, north), "name"),
        (lambda: mm.slice("north", "latitude > 58"), "condition"),
        (lambda: mm.slice("north", north, allow=0), r"\.when\(condition\)"),
        (lambda: mm.slice("north", north, allow=1.0), "allow=1.0"),
        (lambda: mm.slice("north", north, allow=float("nan")), "allow=nan"),
        (lambda: check(upside_down(0), slices="exactly"), "slices='exactly'"),
        (lambda: check(upside_down(0), slices=north), "slices"),
        (lambda: check(upside_down(0), slices=[mm.slice("n", north), mm.slice("n", north)]), "equal names: 'n'"),
        (lambda: check(upside_down(0), slices=7), "slices=7"),
    ],
)
def test_what_cannot_be(make, said):
    """What is no slice is an error of at most three lines that says which argument."""
    with pytest.raises(mm.RelationError, match=said) as refused:
        make()
    assert len(str(refused.value).splitlines()) <= 3


@pytest.mark.parametrize(
    "condition",
    [lambda t: t["lattitude"] > 58, lambda _: True, lambda t: t, lambda t: (t["latitude"] > 58).to_numpy()[:3]],
    ids=["a column that is not there", "one truth value", "a frame", "too few"],
)
def test_a_condition_that_cannot_be_asked_fails_before_the_model_is(condition):
    """A condition that raises, or gives no truth value for each row, is an error that names the slice."""
    with pytest.raises(mm.MetamorphError, match="The slice 'north'"):
        check(lambda _: pytest.fail("the model was asked"), slices=mm.slice("north", condition))


def test_a_condition_that_fails_later_breaks_the_relation_alone():
    """A condition that raises on rows that the probe does not have breaks the relation, and says so."""
    seen = []

    def fickle(t):
        seen.append(len(t))
        if len(seen) > 3:
            raise ValueError
        return t["latitude"] > 58

    result = check(upside_down(0), slices=mm.slice("north", fickle))
    assert ("broken", "relation") == (result.verdict, result.evidence.about)
    assert "The slice 'north'" in result.evidence.message


def test_of_a_relation_over_batches():
    """A relation about batches counts its rows by slice as well."""
    relation = mm.Relation(
        "alone as in a batch", transform=mm.transforms.subset_of_rows(), expect=mm.expectations.unchanged()
    )
    result = check(lambda t: t["area"].to_numpy(), relation, slices=mm.slice("north", north, allow=0.1))
    assert ("held", True) == (result.verdict, result.slices[0].cases > 100)
