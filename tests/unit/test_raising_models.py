"""A model that raises is a verdict with the smallest row that shows it, and the other relations go on."""

import numpy as np
import pandas as pd
import pytest

import metamorph as mm

HOUSES = pd.DataFrame(
    {
        "area": np.linspace(40, 240, 100).round(1),
        "rooms": np.arange(100) % 6 + 1,
        "heating": ["gas", "gas", "oil", "coal"] * 25,
        "garden": [True, True, False, True, True] * 20,
        "built": [1900.0, np.nan, 1950.0, 1990.0] * 25,
    }
)
SCHEMA = mm.Schema.from_frame(HOUSES)
REFERENCE = SCHEMA.reference


class Custom(BaseException):
    """An exception that is no Exception."""


class Unprintable(Exception):  # noqa: N818 - models name their exceptions as they like
    """An exception whose text cannot be made."""

    def __str__(self):
        raise RuntimeError


KINDS = [
    ValueError("bad value"),
    KeyError("area"),
    TypeError("bad type"),
    RuntimeError("failed"),
    ZeroDivisionError("division by zero"),
    OSError(28, "No space left on device"),
    AssertionError(),
    StopIteration(3),
    UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
    MemoryError("out of memory"),
    RecursionError("maximum recursion depth exceeded"),
    SystemExit(1),
    GeneratorExit(),
    Custom("from below"),
    Unprintable(),
    ExceptionGroup("several", [ValueError(1), TypeError(2)]),
    ValueError("first line\nsecond line\r\n\x1b[31mthird"),
    ValueError("x" * 1_000_000),
]


def raising(error, rows=lambda t: t["area"] > 0):
    """A model that raises *error* where a row is among *rows*."""

    def model(t):
        if rows(t).any():
            raise error
        return t["area"].to_numpy()

    return model


@pytest.mark.parametrize("error", KINDS, ids=lambda error: f"{type(error).__name__}{len(error.args)}")
def test_whatever_it_raises(error):
    """Whatever a model raises breaks its relations, each with evidence that names the exception."""
    report = mm.check(raising(error), [mm.increasing("area"), mm.invariant("garden")], SCHEMA, budget=100, attack=0)
    assert [("broken", "model")] * 2 == [(result.verdict, result.evidence.about) for result in report.results]
    assert type(error).__name__ in report.results[0].evidence.message
    assert (3, False) == (report.exit_code, report.passed)


@pytest.mark.parametrize("error", KINDS, ids=lambda error: f"{type(error).__name__}{len(error.args)}")
def test_the_screen_stays_a_screen(error):
    """The report of a raising model is short and printable, whatever the exception's text."""
    text = str(mm.check(raising(error), mm.increasing("area"), SCHEMA, budget=100, attack=0))
    assert (True, True) == (len(text) < 5_000, text.replace("\n", "").isprintable())


def test_real_recursion():
    """A model that recurses without end is a verdict too."""

    def endless(t):
        return endless(t)

    result = mm.check(endless, mm.increasing("area"), SCHEMA, budget=100, attack=0).results[0]
    assert ("broken", True) == (result.verdict, "RecursionError" in result.evidence.message)


def test_keyboard_interrupt_passes():
    """Ctrl-C is no verdict on the model: it goes through."""
    with pytest.raises(KeyboardInterrupt):
        mm.check(raising(KeyboardInterrupt()), mm.increasing("area"), SCHEMA, budget=100, attack=0)


SOME = {
    "one column": (lambda t: t["area"] > 230, {"area"}),
    "two columns": (lambda t: (t["rooms"] == 6) & (t["heating"] == "coal"), {"rooms", "heating"}),
    "three columns": (
        lambda t: (t["rooms"] >= 5) & ~t["garden"] & (t["heating"] == "oil"),
        {"rooms", "garden", "heating"},
    ),
    "a missing value": (lambda t: t["built"].isna() & (t["area"] > 150), {"built", "area"}),
    "every row": (lambda t: t["area"] > 0, set()),
}


@pytest.mark.parametrize(("rows", "differs"), SOME.values(), ids=list(SOME))
def test_some_rows_only(rows, differs):
    """A model that raises for some rows is shown with the smallest: the reference, but for the columns that matter."""
    result = mm.check(raising(ValueError("no"), rows), mm.increasing("area"), SCHEMA, budget=2_000, attack=0).results[0]
    row = result.evidence.row
    assert ("broken", True) == (result.verdict, rows(SCHEMA.frame([row]))[0])
    assert differs == {name for name in row if row[name] != REFERENCE[name]}


def test_some_follow_ups_only():
    """A model that raises only for a follow-up that no source is, is found by asking the follow-up."""
    frame = pd.DataFrame({"x": [0, 1] * 20, "y": [0, 1] * 20})
    result = mm.check(
        lambda t: 1 / 0 if ((t["x"] == 1) & (t["y"] == 0)).any() else t["x"],
        mm.increasing("x"),
        frame,
        budget=100,
        attack=0,
    ).results[0]
    assert {"x": 1, "y": 0} == result.evidence.row


def test_large_batches_only():
    """A model that raises for no row alone, only for many together, is broken without a row."""

    def crowded(t):
        if len(t) > 70:
            raise MemoryError
        return t["area"]

    result = mm.check(crowded, mm.increasing("area"), SCHEMA, budget=200, attack=0).results[0]
    assert ("broken", "model", None) == (result.verdict, result.evidence.about, result.evidence.row)


def test_while_reducing():
    """A model that raises on rows met only while reducing is a verdict, not an exception."""
    frame = pd.DataFrame({"x": np.arange(50.0) * 2 + 1, "y": np.arange(50)[::-1]})

    def touchy(t):
        if (t["x"] % 2 == 0).any():
            msg = "even"
            raise ValueError(msg)
        return -t["x"].to_numpy()

    result = mm.check(touchy, mm.increasing("x"), frame, budget=200, attack=0).results[0]
    assert result.verdict in {"violated", "broken"}


class Classifier:
    """A classifier whose probabilities cannot be had."""

    classes_ = np.array(["no", "yes"])

    def predict(self, t):
        return np.where(t["area"] > 100, "yes", "no")

    def predict_proba(self, t):
        raise NotImplementedError


def test_raising_probabilities_behind_a_label():
    """A label is judged even where the probabilities behind it cannot be had."""
    result = mm.check(Classifier(), mm.invariant("garden"), SCHEMA, budget=100, attack=0).results[0]
    assert ("held", None) == (result.verdict, result.largest_shift)


def test_raising_probabilities():
    """Where the probability itself is asked for, its exception is the evidence."""
    result = mm.check(Classifier(), mm.increasing("area"), SCHEMA, budget=100, attack=0).results[0]
    assert ("broken", True) == (result.verdict, "NotImplementedError" in result.evidence.message)


def refusing(t):
    if (t["area"] > 200).any():
        msg = "too large"
        raise ValueError(msg)
    return t["area"].to_numpy()


def own(expect=None, raises_ok=(ValueError,), model=refusing):
    relation = mm.Relation(
        "own", transform=mm.transforms.step(["area"]), expect=expect or mm.expectations.not_lower(), raises_ok=raises_ok
    )
    return mm.check(model, relation, SCHEMA, budget=60, attack=0).results[0]


def test_raises_ok():
    """An exception that the relation allows keeps it, is counted, and is said."""
    result = own()
    assert ("held", 60, True) == (result.verdict, result.cases, 0 < result.raised < 60)
    assert "refused" in str(mm.check(refusing, relation_that_allows(ValueError), SCHEMA, budget=60, attack=0))


def relation_that_allows(*kinds):
    return mm.Relation(
        "own", transform=mm.transforms.step(["area"]), expect=mm.expectations.not_lower(), raises_ok=kinds
    )


def test_raises_ok_beside_violations():
    """Cases that the model answers are judged as ever."""
    result = own(expect=mm.expectations.not_higher())
    assert ("violated", True) == (result.verdict, result.raised > 0)
    assert result.counterexample.follow_up["area"] <= 200


def test_raises_ok_of_another_kind():
    """An exception of another kind breaks the relation."""
    assert "broken" == own(raises_ok=(KeyError,)).verdict


def test_raises_ok_everywhere():
    """A model that refuses every row keeps such a relation, and the report says that nothing else was seen."""
    result = own(model=raising(ValueError("never")))
    assert ("held", result.cases) == (result.verdict, result.raised)


def test_rows_refused_together_and_answered_alone():
    """A model that refuses the probe's rows together and answers each alone ends in a verdict, whatever is allowed."""

    def picky(t):
        if len(t) > 1:
            msg = "one at a time"
            raise ValueError(msg)
        return t["area"].to_numpy(float)

    relation = mm.Relation(
        "the same",
        transform=mm.transforms.again(),
        expect=mm.expectations.unchanged(),
        raises_ok=(ValueError,),
    )
    result = mm.check(picky, relation, mm.Schema(area=mm.Integer(1, 9)), budget=64, attack=0).results[0]
    assert ("broken", "model") == (result.verdict, result.evidence.about)
