"""What a model returns is checked: one judged value a row, or evidence that says what came instead."""

import numpy as np
import pandas as pd
import pytest

import metamorph as mm

N = 100
HOUSES = pd.DataFrame(
    {"area": np.linspace(40, 240, N).round(1), "rooms": np.arange(N) % 6 + 1, "heating": ["gas", "oil"] * 50}
)
SCHEMA = mm.Schema.from_frame(HOUSES)


def area(t):
    return t["area"].to_numpy()


def cell(t, value, rows=lambda t: t["area"] > 200):
    """The area, but *value* where a row is among *rows*."""
    return np.where(rows(t), value, t["area"])


WRONG = {
    "None": (lambda _: None, "None"),
    "a number": (lambda _: 3.0, "shape ()"),
    "a word": (lambda _: "dear", "shape ()"),
    "a dict": (lambda t: dict.fromkeys(range(len(t))), "shape ()"),
    "nothing": (lambda _: [], "0 values"),
    "one too few": (lambda t: area(t)[1:], "values for"),
    "one too many": (lambda t: [*area(t), 1.0], "values for"),
    "always three": (lambda _: [1.0, 2.0, 3.0], "3 values"),
    "two columns": (lambda t: np.ones((len(t), 2)), ".on(function)"),
    "the rows turned": (lambda t: np.ones((1, len(t) + 1)), "shape"),
    "three dimensions": (lambda t: np.ones((len(t), 1, 1)), "shape"),
    "ragged": (lambda t: [[1.0], *[[1.0, 2.0]] * (len(t) - 1)], ""),
    "a generator": (lambda t: (value for value in area(t)), ""),
    "NaN": (lambda t: area(t) * np.nan, "NaN"),
    "None for each": (lambda t: np.array([None] * len(t)), ""),
    "NA for each": (lambda t: pd.array([None] * len(t), dtype="Float64"), ""),
    "text": (lambda t: np.where(t["area"] > 100, "dear", "cheap"), "not a number"),
    "text and numbers": (lambda t: ["dear", *area(t)[1:]], ""),
    "complex": (lambda t: area(t) * 1j, "complex"),
    "moments": (lambda t: pd.to_datetime(area(t), unit="s"), "datetime"),
    "durations": (lambda t: pd.to_timedelta(area(t), unit="s"), "timedelta"),
    "bytes": (lambda t: np.array([b"x"] * len(t)), ""),
    "records": (lambda t: np.zeros(len(t), dtype=[("a", float), ("b", float)]), ""),
}


@pytest.mark.parametrize(("model", "said"), WRONG.values(), ids=list(WRONG))
def test_wrong_answers(model, said):
    """What is no number for each row breaks a direction: evidence says what came, and the run goes on."""
    report = mm.check(model, [mm.increasing("area"), mm.decreasing("rooms")], SCHEMA, budget=200, attack=0)
    assert [("broken", "model")] * 2 == [(result.verdict, result.evidence.about) for result in report.results]
    assert said in report.results[0].evidence.message
    assert len(report.results[0].evidence.message) < 500


@pytest.mark.parametrize(
    "model", [WRONG[name][0] for name in ("None", "one too few", "two columns", "NaN", "None for each", "ragged")]
)
def test_wrong_answers_to_an_invariance(model):
    """An invariance needs one value a row as well."""
    assert "broken" == mm.check(model, mm.invariant("heating"), SCHEMA, budget=200, attack=0).results[0].verdict


def test_the_truth_about_an_answer():
    """The evidence counts what came and what was expected."""
    message = (
        mm.check(lambda t: area(t)[1:], mm.increasing("area"), SCHEMA, budget=200, attack=0).results[0].evidence.message
    )
    assert "The model returned 63 values for 64 rows; expected one value a row." == message


@pytest.mark.parametrize("value", [np.nan, None, pd.NA])
@pytest.mark.parametrize(
    "relation", [mm.increasing("area"), mm.invariant("rooms", tolerance=1e9)], ids=["direction", "invariance"]
)
def test_missing_for_some_rows(value, relation):
    """A missing answer for some rows is shown with the smallest such row."""

    def model(t):
        answer = pd.Series(area(t), dtype="Float64")
        answer[(t["area"] > 200).to_numpy()] = pd.NA if value is None else value
        return answer.to_numpy(dtype=object, na_value=value)

    result = mm.check(model, relation, SCHEMA, budget=500, attack=0).results[0]
    reference = SCHEMA.reference
    assert ("broken", "model") == (result.verdict, result.evidence.about)
    assert {"area"} == {name for name in reference if result.evidence.row[name] != reference[name]}


def test_nan_for_a_rare_row():
    """NaN for one row in a hundred is found, and the row is the reference but for what matters."""
    rare = SCHEMA.observed.iloc[97]

    def model(t):
        return cell(t, np.nan, lambda t: (t["area"] == rare["area"]) & (t["rooms"] == rare["rooms"]))

    row = mm.check(model, mm.increasing("area"), SCHEMA, budget=2_000, attack=0).results[0].evidence.row
    assert {"area": rare["area"], "rooms": rare["rooms"], "heating": SCHEMA.reference["heating"]} == row


def test_missing_labels():
    """A label that is missing for some rows is no label."""

    def model(t):
        labels = np.where(t["area"] > 100, "dear", "cheap").astype(object)
        labels[(t["area"] > 200).to_numpy()] = None
        return labels

    result = mm.check(model, mm.invariant("rooms"), SCHEMA, budget=500, attack=0).results[0]
    assert ("broken", "model", True) == (
        result.verdict,
        result.evidence.about,
        "missing label" in result.evidence.message,
    )


INFINITE = {
    "the same infinity": (lambda t: cell(t, np.inf, lambda t: t["area"] > 0), "held"),
    "infinite for large houses": (lambda t: cell(t, np.inf), "held"),
    "minus infinite for large houses": (lambda t: cell(t, -np.inf), "violated"),
}


@pytest.mark.parametrize(("model", "verdict"), INFINITE.values(), ids=list(INFINITE))
def test_infinite_answers(model, verdict):
    """Infinity is a number: a rise to it is a rise, a fall to it an infinite fall, itself no change."""
    result = mm.check(model, mm.increasing("area"), SCHEMA, budget=200, attack=0).results[0]
    assert verdict == result.verdict


def test_an_infinite_fall_is_shown():
    """An infinite margin survives report and JSON."""
    report = mm.check(lambda t: cell(t, -np.inf), mm.increasing("area"), SCHEMA, budget=200, attack=0)
    assert np.inf == report.results[0].counterexample.margin
    assert report == mm.Report.from_json(report.to_json())
    assert "inf" in str(report)


CONTAINERS = {
    "tuples": lambda t: [("a", 1) if value > 100 else ("b", 2) for value in area(t)],
    "bools": lambda t: t["area"].to_numpy() > 100,
    "whole numbers": lambda t: (t["area"].to_numpy() > 100).astype(int),
    "a category": lambda t: pd.Categorical(np.where(t["area"] > 100, "dear", "cheap")),
    "strings": lambda t: pd.array(np.where(t["area"] > 100, "dear", "cheap"), dtype="string"),
    "moments": lambda t: pd.to_datetime(np.where(t["area"] > 100, "2020-01-01", "2021-01-01")),
}


@pytest.mark.parametrize("name", [name for name in CONTAINERS if name not in {"tuples", "moments"}])
def test_labels_of_a_callable(name):
    """A callable may answer with labels of any kind; an invariance tells them apart."""
    report = mm.check(CONTAINERS[name], [mm.invariant("area"), mm.invariant("rooms")], SCHEMA, budget=200, attack=0)
    assert ["violated", "held"] == [result.verdict for result in report.results]
    assert report == mm.Report.from_json(report.to_json())


@pytest.mark.parametrize("name", ["tuples", "moments"])
def test_odd_labels(name):
    """Answers that are neither numbers nor simple labels are judged or refused, with a verdict either way."""
    report = mm.check(CONTAINERS[name], mm.invariant("area"), SCHEMA, budget=200, attack=0)
    assert report.results[0].verdict in {"violated", "broken"}
    assert report == mm.Report.from_json(report.to_json())
