"""Whatever a model does to a case, the case says a verdict, and says it again."""

import unicodedata

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LinearRegression

import metamorph as mm
from metamorph import strategies as mst
from tests.unit.test_hostile_text import HIDDEN, STRINGS, holds
from tests.unit.test_raising_models import KINDS, Custom

HOUSES = pd.DataFrame(
    {"area": np.arange(100) * 3.0 + 40, "rooms": np.arange(100) % 7 + 1, "garden": np.arange(100) % 3 == 0}
)
SCHEMA = mm.Schema.from_frame(HOUSES).with_reference({"area": 100.0, "rooms": 3, "garden": False})
UP = mm.increasing("area")
CASE = mst.case(UP, SCHEMA, {"area": 131.0, "rooms": 7, "to[area]": 161.0})
"""Between the observed areas, so that the probe does not ask about it."""


def failing(case, model):
    """What a failing check says."""
    with pytest.raises(AssertionError) as error:
        case.check(model)
    return str(error.value)


def raising(error, rows=lambda t: t["area"] > 0):
    """A model that raises *error* where a row is among *rows*."""

    def model(t):
        if rows(t).any():
            raise error
        return t["area"].to_numpy()

    return model


@pytest.mark.parametrize("error", KINDS, ids=lambda error: f"{type(error).__name__}{len(error.args)}")
@pytest.mark.parametrize("rows", [lambda t: t["area"] > 0, lambda t: t["area"] == 161.0], ids=["always", "this case"])
def test_a_model_that_raises(error, rows):
    """Whatever it raises, on every row or on that of the case alone, breaks the case with evidence that names it."""
    said = failing(CASE, raising(error, rows))
    assert said.startswith("\nBROKEN: the model")
    assert type(error).__name__ in said
    assert len(said) < 5_000
    assert said.replace("\n", "").isprintable()


def test_real_recursion():
    """A model that recurses without end is a verdict too."""

    def endless(t):
        return endless(t)

    assert "The model raised RecursionError" in failing(CASE, endless)


def test_ctrl_c_goes_through():
    """Ctrl-C is no verdict on the model."""
    with pytest.raises(KeyboardInterrupt):
        CASE.check(raising(KeyboardInterrupt()))


def test_an_exception_that_the_relation_allows():
    """Refusing a row in the way that the relation allows keeps it; another exception does not."""
    relation = mm.Relation(
        "may refuse",
        transform=lambda t: t.assign(area=t["area"] + 30),
        expect=mm.expectations.not_lower(),
        raises_ok=(Custom,),
    )
    case = mst.case(relation, SCHEMA, {"area": 131.0})
    case.check(raising(Custom()))
    case.check(raising(Custom(), lambda t: t["area"] == 161.0))
    assert "The model raised ValueError" in failing(case, raising(ValueError(), lambda t: t["area"] == 161.0))


ANSWERS = {
    "NaN": (lambda t: np.full(len(t), np.nan), "returned NaN"),
    "NaN on the follow-up": (lambda t: t["area"].where(t["area"] != 161.0), "returned NaN for 1 of 2 rows"),
    "two columns": (lambda t: np.zeros((len(t), 2)), "shape"),
    "nothing": (lambda _: None, "returned None"),
    "a scalar": (lambda _: 1.0, "expected one value a row"),
    "too few": (lambda t: t["area"].to_numpy()[:-1], "expected one value a row"),
    "text": (lambda t: ["dear"] * len(t), "'dear'"),
    "complex numbers": (lambda t: t["area"].to_numpy() * 1j, "expected numbers"),
}


@pytest.mark.parametrize(("model", "said"), ANSWERS.values(), ids=list(ANSWERS))
def test_answers_that_cannot_be_judged(model, said):
    """They break the case, with what is wrong with them."""
    message = failing(CASE, model)
    assert message.startswith("\nBROKEN: the model")
    assert said in message


def test_a_model_that_changes_its_input():
    """The verdict stands, since it was given a copy, and the report says so."""

    def meddling(t):
        answer = -t["area"].to_numpy()
        t["area"] = 0.0
        return answer

    said = failing(CASE, meddling)
    assert said.startswith("\nVIOLATED by this case")
    assert "Note: The model changed the frame it was given." in said


def test_a_model_that_prints(capsys):
    """What it prints is its own; the message is the report."""

    def chatty(t):
        print("x" * 20_000)  # noqa: T201 - what the model does
        return -t["area"].to_numpy()

    assert len(failing(CASE, chatty)) < 2_000
    assert "VIOLATED" not in capsys.readouterr().out


def test_a_model_that_answers_otherwise_alone():
    """What fails in a call of two and not in calls of one is the model's failure, not a violation."""

    def leaking(t):
        return t["area"].to_numpy() * (-1.0 if len(t) == 2 else 1.0)

    assert "The model answers differently alone and in a batch of two" in failing(CASE, leaking)


def test_a_model_that_changes_its_mind():
    """A model that answers the same call in two ways is not deterministic, whichever of them fails."""
    answers = np.random.default_rng(0)

    def moody(t):
        return t["area"] - 1_000 * answers.random(len(t)) * (t["rooms"] == 7) * (t["area"] == 161.0)

    case = mst.case(UP, mm.Schema(area=mm.Real(0, 500), rooms=mm.Integer(1, 6)), {"area": 131.0, "to[area]": 161.0})
    case.check(moody)
    said = " ".join(failing(CASE, moody).split())
    assert "The model is not deterministic: asked twice about this case, it changed its answer." in said


def test_a_model_that_is_random_everywhere():
    """The probe sees it before any case is judged."""
    rng = np.random.default_rng(0)
    assert "The model is not deterministic" in failing(CASE, lambda t: rng.random(len(t)))


def test_a_model_fitted_anew_in_place_is_asked_anew():
    """A case that failed passes once the same object is fitted right, with nothing held against it."""
    model = LinearRegression().fit(HOUSES, -HOUSES["area"])
    assert "VIOLATED" in failing(CASE, model)
    model.fit(HOUSES, HOUSES["area"])
    CASE.check(model)
    model.fit(HOUSES, -HOUSES["area"])
    assert "VIOLATED" in failing(CASE, model)


def test_a_model_fitted_anew_to_other_classes():
    """The probability that is judged is that of the model's classes of now."""
    case = mst.case(UP.on(probability_of="dear"), SCHEMA, {"area": 131.0, "to[area]": 161.0})
    model = DummyClassifier(strategy="prior").fit(HOUSES, ["dear", "cheap"] * 50)
    case.check(model)
    model.fit(HOUSES, ["a", "b"] * 50)
    with pytest.raises(mm.ModelError, match="no class 'dear'"):
        case.check(model)


def test_a_model_put_right_in_place_is_no_longer_broken():
    """What the probe found wrong is looked for again with each check."""

    class Model:
        right = False

        def predict(self, t):
            if self.right:
                return t["area"]
            raise ValueError

    model = Model()
    assert "BROKEN" in failing(CASE, model)
    model.right = True
    CASE.check(model)


@pytest.mark.parametrize("text", STRINGS.values(), ids=list(STRINGS))
def test_hostile_text_in_a_level(text):
    """The message shows nothing that acts, and its pin makes the case again."""
    schema = mm.Schema(x=mm.Real(0, 1), level=mm.Category([text, "plain"], origin="plain"))
    case = mst.case(mm.decreasing("x").named(text or "empty"), schema, {"x": 0.25, "to[x]": 0.5, "level": text})
    said = failing(case, lambda t: t["x"].to_numpy())
    assert set() == {char for char in said.replace("\n", "") if unicodedata.category(char) in HIDDEN}
    assert case == pinned(said, case)


@pytest.mark.parametrize("text", [text for text in STRINGS.values() if holds(text) and len(text) < 1_000])
def test_hostile_text_in_a_columns_name(text):
    """The message shows nothing that acts, and its pin makes the case again."""
    schema = mm.Schema({text: mm.Real(0, 1), "other": mm.Boolean()})
    case = mst.case(mm.decreasing(text), schema, {text: 0.25, f"to[{text}]": 0.5})
    said = failing(case, lambda t: t[text].to_numpy())
    assert set() == {char for char in said.replace("\n", "") if unicodedata.category(char) in HIDDEN}
    assert case == pinned(said, case)


def pinned(message, case):
    """The case that a failing test says to pin."""
    line = message[message.index("@example(") + len("@example") :]
    return eval(line, {"mst": mst, "relation": case.relation, "schema": case.schema})  # noqa: S307 - our own line
