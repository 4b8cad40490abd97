"""What must not break relations over batches, fans, bundles and chains: exceptions, extreme answers, hostile text."""

import json
import unicodedata

import numpy as np
import pandas as pd
import pytest

import metamorph as mm
from metamorph import catalogue, expectations, transforms

N = 80
PLACE = np.arange(N)
FRAME = pd.DataFrame({"a": PLACE * 7 % 31 / 2, "b": PLACE * 3 % 13 * 1.0, "kind": np.array(["x", "y"])[PLACE % 2]})


def relation(name, transform, expect=None):
    return mm.Relation(name, transform=transform, expect=expect or expectations.unchanged())


RELATIONS = [
    relation("alone", transforms.one_by_one()),
    relation("order", transforms.permuted_rows()),
    relation("twice", transforms.again(pure=True)),
    relation("sweep", transforms.sweep("a"), expectations.rising()),
    relation("bend", transforms.offsets("a", [1.0, 2.0]), expectations.concave()),
    catalogue.unknown_level("kind", same_as="x"),
    mm.increasing("a").then(mm.increasing("b")),
    (mm.increasing("a") & mm.invariant("b")).named("both"),
    mm.anchor({"a": 3.0}, low=-1e9),
]


def check(model, asked=None, **more):
    return mm.check(model, RELATIONS if asked is None else asked, FRAME, **{"budget": 40, **more}, attack=0)


class Unspeakable(Exception):  # noqa: N818 - the point is its text
    def __str__(self):
        raise RuntimeError


KINDS = [
    ValueError("x" * 10_000), KeyError("a"), ZeroDivisionError(), SystemExit(3), RecursionError(), MemoryError(),
    GeneratorExit(), StopIteration(), AssertionError(), NotImplementedError(), OSError(5, "x"), BrokenPipeError(),
    Unspeakable(), mm.RelationError("ours"), Warning("w"),
]  # fmt: skip


@pytest.mark.parametrize("error", KINDS, ids=lambda error: type(error).__name__)
def test_a_model_that_raises(error):
    """Whatever a model raises, each relation is broken with evidence about the model, and none stops the others."""

    def model(_):
        raise error

    report = check(model)
    assert {("broken", "model")} == {(one.verdict, one.evidence.about) for one in report.results}
    assert type(error).__name__ in str(report)
    json.loads(report.to_json())


def test_a_model_that_raises_on_some_rows():
    """A model that raises on some rows is shown with one of them."""

    def model(t):
        if (t["b"] > 11).any():
            raise ArithmeticError
        return t["a"]

    broken = [one for one in check(model).results if one.verdict == "broken"]
    assert len(broken) >= len(RELATIONS) - 1  # the anchor is about another row
    assert {12.0} == {one.evidence.row["b"] for one in broken}


@pytest.mark.parametrize("asked", RELATIONS, ids=lambda one: one.id)
def test_an_interruption_goes_through(asked):
    """Ctrl-C in a model ends the run."""

    def model(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check(model, asked)


ANSWERS = {
    "infinite": lambda t: np.full(len(t), np.inf),
    "infinite here and there": lambda t: np.where(t["a"] > 7, np.inf, -np.inf),
    "huge": lambda t: 1.7e308 * np.sign(t["a"] - 7),
    "denormal": lambda t: t["a"] * 5e-324,
    "negative zero": lambda t: -0.0 * t["a"],
    "whole": lambda t: t["a"].astype(int),
    "true": lambda t: t["a"] > 7,
    "single": lambda t: t["a"].astype("float32"),
    "half": lambda t: t["a"].astype("float16"),
    "nullable": lambda t: t["a"].astype("Float64"),
    "decimal text": lambda t: t["a"].astype(str),
    "complex": lambda t: t["a"].to_numpy() * 1j,
    "a scalar": lambda _: 3.0,
    "a list": lambda t: t["a"].tolist(),
    "a column": lambda t: t[["a"]],
    "of an odd index": lambda t: pd.Series(t["a"].to_numpy(), index=range(len(t), 0, -1)),
    "random globally": lambda t: np.random.random(len(t)),  # noqa: NPY002 - the global generator is the point
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=list(ANSWERS))
def test_answers_of_all_sorts(answer):
    """Whatever a model answers there is a verdict, a report in strict JSON, and no warning."""
    report = check(answer)
    assert len(RELATIONS) == len(report.results)
    assert report.to_json() == mm.Report.from_json(report.to_json()).to_json()
    assert "NaN" not in report.to_json()
    assert all(len(line) <= 80 for line in str(report).splitlines())


HOSTILE = ["[red]\x1b[31m", "</script>", "=cmd|x", "\x00", "\u202eabc", "$a$", "\ud800", "a\nb", "x" * 5_000, "{0}%s"]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:9]))
def test_hostile_names(text):
    """Names, levels and labels that act are told as text in every screen."""
    text = f"{text}z"  # pandas compares text without the NULs at its end
    try:
        frame = FRAME.rename(columns={"b": "b" + text})
    except UnicodeEncodeError:
        pytest.skip("pandas itself cannot hold a name without bytes where pyarrow holds its text")
    frame = frame.assign(kind=np.array(["x", "y" + text], dtype=object)[PLACE % 2])
    falling = lambda t: -t["a"] - t["b" + text] + 0.0 * (t["kind"] == "x")  # noqa: E731 - a model of one line
    asked = [
        mm.increasing("a").then(mm.increasing("b" + text)),
        (mm.increasing("a") & mm.increasing("b" + text)).named("n" + text),
        mm.Relation("s" + text, transform=transforms.sweep("b" + text), expect=expectations.rising()),
        catalogue.unknown_level("kind", same_as="y" + text, level="z" + text),
        mm.Relation(
            "o" + text, transform=transforms.all_rows(lambda t: t, "Said " + text), expect=expectations.unchanged()
        ),
        mm.anchor({"kind": "y" + text}, low=99.0, name="m" + text),
    ]
    report = mm.check(falling, asked, frame, budget=40, attack=0)
    shown = str(report)
    assert {"violated", "held"} == {one.verdict for one in report.results}
    assert not [char for char in shown if unicodedata.category(char) in {"Cc", "Cf", "Cs"} and char != "\n"]
    assert all(len(line) <= 80 for line in shown.splitlines())
    json.loads(report.to_json())


def test_no_global_is_left_changed():
    """Generators, options and warning filters are as they were."""
    np.random.seed(3)  # noqa: NPY002 - the global generator is the point
    before = np.random.get_state()[1].tolist(), pd.get_option("display.width")  # noqa: NPY002 - as above
    check(lambda t: t["a"])
    assert before == (np.random.get_state()[1].tolist(), pd.get_option("display.width"))  # noqa: NPY002 - as above


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_a_few_rows(rows):
    """A table of one, two or three rows is asked about like any other."""
    report = mm.check(lambda t: t["a"], RELATIONS[:4], FRAME.head(rows), budget=20, attack=0)
    assert {"held", "broken"} >= {one.verdict for one in report.results}
    assert ["held"] * 3 == [one.verdict for one in report.results[:3]]


def test_rows_under_any_index():
    """Observed rows under a duplicated or unsorted index, or in a read-only table, change nothing."""
    expected = [one.verdict for one in check(lambda t: t["a"]).results]
    for frame in (FRAME.set_axis([0] * N), FRAME.set_axis(PLACE[::-1]), FRAME.set_axis([f"r{p}" for p in PLACE])):
        report = mm.check(lambda t: t["a"], RELATIONS, frame, budget=40, attack=0)
        assert expected == [one.verdict for one in report.results]
