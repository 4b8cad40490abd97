"""Margins: by how much more than allowed a pair of outputs breaks what is expected of it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import metamorph as mm
from metamorph.expectations import Rounding, not_higher, not_lower, scaled, unchanged

EXACT = Rounding()
fixed = settings(derandomize=True, deadline=None, database=None, max_examples=80)
outputs = st.floats(-1e9, 1e9, allow_nan=False)


def margin(expectation, source, follow_up, rounding=EXACT):
    return expectation.margins(np.array([source], dtype=float), np.array([follow_up], dtype=float), rounding)[0].item()


@pytest.mark.parametrize(
    ("expectation", "source", "follow_up", "expected"),
    [
        (not_lower(), 10, 7, 3),
        (not_lower(), 7, 10, -3),
        (not_lower(), 7, 7, 0),
        (not_lower(2), 10, 7, 1),
        (not_higher(), 7, 10, 3),
        (not_higher(), 10, 7, -3),
        (not_higher(2), 7, 10, 1),
        (unchanged(), 7, 10, 3),
        (unchanged(), 10, 7, 3),
        (unchanged(5), 10, 7, -2),
        (scaled(by=2), 5, 10, 0),
        (scaled(by=2), 5, 13, 3),
        (scaled(by=2, tolerance=4), 5, 13, -1),
        (scaled(by=-1), 5, 5, 10),
    ],
)
def test_margins(expectation, source, follow_up, expected):
    """The margin is the change in the forbidden direction, less what is allowed, in output units."""
    assert expected == margin(expectation, source, follow_up)


@pytest.mark.parametrize(
    ("expectation", "source", "follow_up", "violates"),
    [
        (not_lower(strict=True), 7, 7, True),
        (not_lower(strict=True), 7, 7.5, False),
        (not_lower(strict=True), 7, 6, True),
        (not_higher(strict=True), 7, 7, True),
        (not_higher(strict=True), 7, 6.5, False),
        (not_lower(), 7, 7, False),
        (not_higher(), 7, 7, False),
    ],
)
def test_ties(expectation, source, follow_up, violates):
    """A tie keeps a direction, and breaks a strict one."""
    assert violates == (margin(expectation, source, follow_up) > 0)


@pytest.mark.parametrize(
    ("source", "follow_up", "allowed"),
    [(100, 200, 20), (200, 100, 20), (-200, 100, 20), (-100, -200, 20), (0, 0, 0), (1, 2, 0.2)],
)
def test_relative_tolerance(source, follow_up, allowed):
    """A relative tolerance is a share of the larger output in absolute value: symmetric, blind to signs."""
    expected = abs(source - follow_up) - allowed
    assert expected == pytest.approx(margin(unchanged(mm.relative(0.1)), source, follow_up))


def test_relative_at_least():
    """Near zero a relative tolerance is at least so many output units."""
    assert pytest.approx(-3) == margin(unchanged(mm.relative(0.1, at_least=5)), 1, 3)


@fixed
@given(outputs, outputs, st.floats(0, 1), st.floats(0, 1e6))
def test_relative_tolerance_is_symmetric(source, follow_up, share, at_least):
    """Exchanging source and follow-up changes nothing of an invariance's margin."""
    expectation = unchanged(mm.relative(share, at_least))
    assert margin(expectation, source, follow_up) == margin(expectation, follow_up, source)


@fixed
@given(outputs, outputs, st.floats(0, 1e6))
def test_directions_mirror(source, follow_up, tolerance):
    """Not lower one way is not higher the other way, and not higher of the negated outputs."""
    expected = margin(not_lower(tolerance), source, follow_up)
    assert (
        expected
        == margin(not_higher(tolerance), follow_up, source)
        == margin(not_higher(tolerance), -source, -follow_up)
    )


@fixed
@given(outputs, outputs, st.floats(0, 1e6), st.floats(0, 1e6))
def test_more_tolerance_less_margin(source, follow_up, one, other):
    """A larger tolerance never makes a larger margin."""
    low, high = sorted((one, other))
    assert margin(unchanged(high), source, follow_up) <= margin(unchanged(low), source, follow_up)


@pytest.mark.parametrize(
    ("source", "follow_up", "violates"),
    [(0, np.inf, True), (np.inf, 0, True), (np.inf, np.inf, False), (-np.inf, np.inf, True), (-np.inf, -np.inf, False)],
)
@pytest.mark.parametrize("tolerance", [0, 5, mm.relative(0.5)])
def test_infinite_outputs(source, follow_up, violates, tolerance):
    """An infinite change is within no tolerance; the same infinity twice is no change."""
    assert violates == (margin(unchanged(tolerance), source, follow_up) > 0)


def test_negative_zero():
    """Minus zero is zero."""
    assert [0, 0, 0] == [margin(expectation, 0.0, -0.0) for expectation in (unchanged(), not_lower(), not_higher())]


def test_floor():
    """Differences within the rounding floor are no violation; the floor grows with the outputs."""
    floor = Rounding(coefficient=1e-6, scale=100.0)
    assert margin(unchanged(), 1.0, 1.0 + 9e-5, floor) < 0 < margin(unchanged(), 1.0, 1.0 + 2e-4, floor)
    assert margin(unchanged(), 1e6, 1e6 + 0.9, floor) < 0 < margin(unchanged(), 1e6, 1e6 + 2, floor)


def test_strict_needs_more_than_the_floor():
    """A strict direction is not kept by dust."""
    floor = Rounding(coefficient=1e-6, scale=100.0)
    assert margin(not_lower(strict=True), 1.0, 1.0 + 5e-5, floor) > 0 > margin(not_lower(strict=True), 1.0, 1.1, floor)


@pytest.mark.parametrize("labels", [["yes", "no"], [1, 0], [True, False], [("a", 1), ("b", 2)]])
def test_labels(labels):
    """A label that changes has margin 1, one that stays 0; labels have no floor."""
    source, follow_up = np.empty(2, dtype=object), np.empty(2, dtype=object)
    source[:], follow_up[:] = [labels[0], labels[0]], [labels[0], labels[1]]
    assert [0.0, 1.0] == unchanged().margins(source, follow_up, Rounding(1.0, 1.0)).tolist()


def test_a_function_of_outputs():
    """A user's own function returns margins, from which the floor is taken."""
    own = mm.expectations.function(lambda source, follow_up: source - follow_up)
    assert [3.0, -1.0] == own.margins(np.array([5.0, 1.0]), np.array([2.0, 2.0]), EXACT).tolist()
    assert own.margins(np.array([5.0]), np.array([2.0]), Rounding(0.1, 0.0))[0] == pytest.approx(2.5)


def test_a_function_cannot_change_the_outputs():
    """A user's function is given copies."""

    def meddling(source, follow_up):
        source[:] = 0
        return follow_up - follow_up

    source = np.array([5.0])
    mm.expectations.function(meddling).margins(source, np.array([2.0]), EXACT)
    assert [5.0] == source.tolist()


WRONG = {
    "bools": (lambda s, f: s <= f, "not a bool"),
    "one number": (lambda *_: 0.0, "shape ()"),
    "too few": (lambda s, _: s[:-1], "shape"),
    "None": (lambda *_: None, "expected one margin"),
    "text": (lambda s, _: np.array(["x"] * len(s)), "expected one margin"),
    "NaN": (lambda s, _: s * np.nan, "NaN"),
    "a KeyError": (lambda s, _: {}[len(s)], "KeyError"),
}


@pytest.mark.parametrize(("function", "said"), WRONG.values(), ids=list(WRONG))
def test_wrong_functions(function, said):
    """An expectation that does not give margins breaks its relation, and the others go on."""
    schema = mm.Schema(x=mm.Real(0, 9), y=mm.Real(0, 9))
    own = mm.Relation("own", transform=mm.transforms.step(["x"]), expect=function)
    report = mm.check(lambda t: t["x"] + t["y"], [own, mm.increasing("y")], schema, budget=100, attack=0)
    assert ["broken", "held"] == [result.verdict for result in report.results]
    assert ("relation", True) == (report.results[0].evidence.about, said in report.results[0].evidence.message)


@pytest.mark.parametrize("make", [not_lower, not_higher, unchanged])
@pytest.mark.parametrize("tolerance", [-1, float("nan"), float("inf"), "1", None, True, [1]])
def test_wrong_tolerances(make, tolerance):
    """A tolerance is a finite number of at least zero, or relative."""
    with pytest.raises(mm.RelationError, match="tolerance"):
        make(tolerance)


@pytest.mark.parametrize("arguments", [(-0.1,), (0.1, -1), (float("nan"),), ("a",), (None,)])
def test_wrong_relative_tolerances(arguments):
    """A share, and what it is at least, are numbers of at least zero."""
    with pytest.raises(mm.RelationError, match=r"share|at_least"):
        mm.relative(*arguments)


def test_strict_has_no_tolerance():
    """Strict and tolerant contradict each other."""
    with pytest.raises(mm.RelationError, match="strict=True"):
        mm.increasing("x", strict=True, tolerance=1)
