"""judge: pairs of rows that the user brings."""

import numpy as np
import pandas as pd
import pytest

import metamorph as mm

SOURCES = pd.DataFrame({"area": [50.0, 80.5, 120.0, 60.0], "rooms": [2, 3, 5, 4]})
BIGGER = SOURCES.assign(area=SOURCES["area"] + 10)


def price(t):
    return (1_000 * t["area"] - 20_000 * (t["area"] > 85)).to_numpy()


def judge(model=price, sources=SOURCES, follow_ups=BIGGER, expect=None, **more):
    report = mm.judge(model, sources, follow_ups, expect=expect or mm.expectations.not_lower(), **more)
    (result,) = report.results
    return result


def test_violated():
    """A pair that breaks the expectation violates, and is shown as it was given."""
    result = judge()
    assert ("violated", 4, 1, 0.25) == (result.verdict, result.cases, result.violations, result.rate)
    found = result.counterexample
    assert ({"area": 80.5, "rooms": 3}, {"area": 90.5, "rooms": 3}) == (found.source, found.follow_up)
    assert pytest.approx(10_000) == found.margin


def test_held():
    """Pairs that all keep the expectation hold."""
    result = judge(lambda t: t["area"])
    assert ("held", 4, 0, "judge") == (result.verdict, result.cases, result.violations, result.relation)


def test_outputs_are_aligned_by_position():
    """Row i of the follow-ups belongs to row i of the sources, whatever their index and column order."""
    shuffled = BIGGER[["rooms", "area"]].set_axis([3, 3, 1, 0])
    assert 1 == judge(sources=SOURCES.set_axis(list("dcba")), follow_ups=shuffled).violations


def test_equal_pairs_are_counted():
    """Pairs that are equal test nothing: they are counted, never passed."""
    result = judge(follow_ups=pd.concat([SOURCES.head(2), BIGGER.tail(2)]))
    assert (2, 2, 4) == (result.cases, result.no_change, result.drawn)


def test_nothing_but_equal_pairs():
    """Where every pair is equal nothing was tested."""
    result = judge(follow_ups=SOURCES)
    assert ("broken", "relation", 0) == (result.verdict, result.evidence.about, result.cases)


def test_a_function_as_expectation():
    """A function of both outputs returns margins, as everywhere."""
    result = judge(lambda t: t["area"], expect=lambda source, follow_up: follow_up - source - 10.0 + (source > 100))
    assert ("violated", 1, 120.0) == (result.verdict, result.violations, result.counterexample.source["area"])


def test_another_output():
    """`on` picks the output, as for a relation."""
    result = judge(on=lambda model, t: -model(t))
    assert ("violated", 3) == (result.verdict, result.violations)


def test_a_name():
    """A name makes the result's id."""
    assert "ten more" == judge(name="ten more").relation


def test_new_rows_are_fine():
    """Pairs may hold values that were never seen before: they are judged as they are."""
    text = pd.DataFrame({"heating": ["gas", "oil"], "area": [1.0, 2.0]})
    result = judge(lambda t: np.zeros(len(t)), text, text.assign(heating=["coal", "wood"]), mm.expectations.unchanged())
    assert ("held", 2) == (result.verdict, result.cases)


def test_missing_values():
    """Pairs may be missing something on either side."""
    holed = SOURCES.assign(area=[np.nan, 80.5, 120.0, np.nan])
    result = judge(lambda t: t["area"].fillna(0.0), SOURCES, holed, mm.expectations.unchanged())
    assert (2, 2, None) == (result.violations, result.no_change, result.counterexample.follow_up["area"])


def test_a_raising_model():
    """A model that raises is evidence with the smallest row."""
    result = judge(lambda t: 1 / 0 if (t["area"] > 125).any() else t["area"])
    assert ("broken", "model", 130.0) == (result.verdict, result.evidence.about, result.evidence.row["area"])


def test_many_pairs():
    """More pairs than one block holds are judged, each once."""
    sources = pd.DataFrame({"area": np.arange(20_000.0), "rooms": 1})
    result = judge(lambda t: t["area"], sources, sources.assign(area=sources["area"] + 1))
    assert ("held", 20_000, 20_000) == (result.verdict, result.cases, result.drawn)


def test_the_screen():
    """The report speaks of pairs, not of real rows."""
    text = str(mm.judge(price, SOURCES, BIGGER, expect=mm.expectations.not_lower()))
    assert (True, False) == ("25.0% of given pairs" in text, "typical" in text)


WRONG = {
    "other lengths": (SOURCES, BIGGER.head(2), "shape (2, 2)"),
    "other columns": (SOURCES, BIGGER.rename(columns={"area": "size"}), "columns"),
    "more columns": (SOURCES, BIGGER.assign(more=1), "columns"),
    "no rows": (SOURCES.head(0), BIGGER.head(0), "0 rows"),
    "an array": (SOURCES.to_numpy(), BIGGER, "ndarray"),
    "a dict": (SOURCES, {"area": [1.0]}, "dict"),
    "None": (None, None, "NoneType"),
}


@pytest.mark.parametrize(("sources", "follow_ups", "said"), WRONG.values(), ids=list(WRONG))
def test_wrong_pairs(sources, follow_ups, said):
    """Frames that do not pair are a SchemaError of at most three lines."""
    with pytest.raises(mm.SchemaError) as refused:
        mm.judge(price, sources, follow_ups, expect=mm.expectations.not_lower())
    assert said in str(refused.value)
    assert len(str(refused.value).splitlines()) <= 3


def test_wrong_expectation():
    """What is no expectation is a RelationError."""
    with pytest.raises(mm.RelationError, match="expect=3"):
        mm.judge(price, SOURCES, BIGGER, expect=3)


def test_frames_stay():
    """The user's frames are left as they are."""
    before = SOURCES.copy(deep=True), BIGGER.copy(deep=True)
    judge()
    pd.testing.assert_frame_equal(before[0], SOURCES)
    pd.testing.assert_frame_equal(before[1], BIGGER)
