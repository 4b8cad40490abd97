"""The model is given its own columns in its own order, as a copy; what it says is probed for rounding and chance."""

import io
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import metamorph as mm

N = 300
RNG = np.random.default_rng(0)
HOUSES = pd.DataFrame({"area": RNG.uniform(40, 240, N), "rooms": RNG.integers(1, 9, N), "age": RNG.integers(0, 90, N)})
PRICE = 1_000 * HOUSES["area"] + 5_000 * HOUSES["rooms"] - 100 * HOUSES["age"]


def price(t):
    return (1_000 * t["area"] + 5_000 * t["rooms"] - 100 * t["age"]).to_numpy()


def check(model, relation=None, **more):
    return mm.check(model, relation or mm.increasing("area"), HOUSES, budget=300, **more, attack=0)


class Recorder:
    """A model that remembers what it was handed."""

    def __init__(self, **attributes):
        self.handed = []
        vars(self).update(attributes)

    def predict(self, given):
        self.handed.append(given)
        return np.zeros(len(given))


def test_names_and_order():
    """A model with feature_names_in_ gets exactly its columns, in its order."""
    model = Recorder(feature_names_in_=np.array(["age", "area"], dtype=object))
    check(model)
    assert {("age", "area")} == {tuple(given.columns) for given in model.handed}


def test_every_column_in_the_schemas_order():
    """A model that does not say what it was fitted on gets every column, in the schema's order."""
    model = Recorder()
    check(model)
    assert {("area", "rooms", "age")} == {tuple(given.columns) for given in model.handed}


def test_arrays_for_models_fitted_on_arrays():
    """A model fitted on an array gets arrays, and never a warning about names."""
    model = LinearRegression().fit(HOUSES.to_numpy(), PRICE)
    assert "held" == check(model).results[0].verdict


def test_arrays_are_arrays():
    """Where a model says how many features it has and not their names, it is handed arrays."""
    model = Recorder(n_features_in_=3)
    check(model)
    assert {np.ndarray} == {type(given) for given in model.handed}


def test_a_plain_row_index():
    """Every frame has the row index 0 to n-1, whatever the data's was."""
    model = Recorder()
    mm.check(model, mm.increasing("area"), HOUSES.set_axis(["x"] * N), budget=300, attack=0)
    assert all(given.index.equals(pd.RangeIndex(len(given))) for given in model.handed)


@pytest.mark.parametrize("order", [["age", "rooms", "area"], ["rooms", "area", "age"]])
def test_a_pipeline_of_another_column_order(order):
    """A pipeline fitted on another column order predicts as it was fitted."""
    model = make_pipeline(StandardScaler(), LinearRegression()).fit(HOUSES[order], PRICE)
    report = mm.check(model, [mm.increasing("area"), mm.decreasing("age")], HOUSES, budget=300, attack=0)
    assert ["held", "held"] == [result.verdict for result in report.results]


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (Recorder(feature_names_in_=np.array(["area", "room"], dtype=object)), r"'room' \(did you mean 'rooms'\?\)\."),
        (Recorder(n_features_in_=5), "5 columns"),
        (LinearRegression, "class LinearRegression"),
        (object(), "object"),
        (None, "NoneType"),
    ],
)
def test_models_that_do_not_fit_the_schema(model, said):
    """A model that cannot be called on the schema's rows is a ModelError before it is asked."""
    with pytest.raises(mm.ModelError, match=said) as refused:
        check(model)
    assert len(str(refused.value).splitlines()) <= 3


def meddler(change):
    """A model that answers honestly and changes its input."""

    def model(t):
        answer = price(t)
        change(t)
        return answer

    return model


def set_column(t):
    t["area"] = 0.0


def set_cell(t):
    t.iloc[0, 0] = -1.0


def set_index(t):
    t.index = t.index + 1


def rename(t):
    t.columns = ["a", "b", "c"]


def add_row(t):
    t.loc[len(t)] = 0


def turn_round(t):
    t[:] = t.to_numpy()[::-1] + 1


MEDDLING = {
    "sets a column": set_column,
    "sets a cell": set_cell,
    "changes the index": set_index,
    "renames": rename,
    "adds a row": add_row,
    "turns rows round": turn_round,
    "drops a column": lambda t: t.pop("age"),
    "adds a column": lambda t: t.insert(0, "new", 1),
}


@pytest.mark.parametrize("change", MEDDLING.values(), ids=list(MEDDLING))
def test_a_meddling_model(change):
    """A model that changes its input is noted once, and its verdicts stand: it was given a copy."""
    report = mm.check(
        meddler(change),
        [mm.increasing("area"), mm.decreasing("age"), mm.increasing("age")],
        HOUSES,
        budget=300,
        attack=0,
    )
    assert ["held", "held", "violated"] == [result.verdict for result in report.results]
    assert 1 == sum("changed the frame" in note for note in report.notes)
    assert 1 == str(report).count("changed the frame")


def test_a_model_that_changes_an_array():
    """A model fitted on arrays that changes the array is noted as well."""

    class Meddler(Recorder):
        def predict(self, given):
            answer = given[:, 0].copy()
            given *= 0
            return answer

    report = check(Meddler(n_features_in_=3))
    assert ("held", 1) == (report.results[0].verdict, len(report.notes))


def test_a_model_that_leaves_its_input_alone():
    """An honest model is noted for nothing."""
    assert () == check(price).notes


class Counting:
    """A model whose answers depend on how often it was asked."""

    def __init__(self):
        self.calls = 0

    def __call__(self, t):
        self.calls += 1
        return price(t) * (1 + 0.01 * (self.calls % 2))


OWN = np.random.default_rng(5)
RANDOM = {
    "its own generator": lambda t: price(t) + OWN.normal(0, 500, len(t)),
    "the global generator": lambda t: price(t) + np.random.normal(0, 500, len(t)),  # noqa: NPY002 - what such models do
    "state between calls": Counting(),
}


@pytest.mark.parametrize("model", RANDOM.values(), ids=list(RANDOM))
def test_a_random_model(model):
    """A model that changes its answers is broken: it is not deterministic."""
    result = check(model).results[0]
    assert ("broken", "model", True) == (
        result.verdict,
        result.evidence.about,
        "not deterministic" in result.evidence.message,
    )


BATCHED = {
    "the batch's mean": lambda t: price(t) - price(t).mean(),
    "the batch's ranks": lambda t: t["area"].rank().to_numpy(),
    "the batch's size": lambda t: price(t) / len(t),
    "the first row": lambda t: price(t) - price(t)[0],
    "large batches only": lambda t: price(t) * (1 if len(t) <= 100 else -1),
}


@pytest.mark.parametrize("model", BATCHED.values(), ids=list(BATCHED))
def test_a_batch_dependent_model(model):
    """A model whose answer for a row depends on the others is broken: it answers differently alone and in a batch."""
    result = check(model).results[0]
    expected = ("broken", "model", True)
    assert expected == (result.verdict, result.evidence.about, "alone and in a batch" in result.evidence.message)


HONEST = {
    "dust by batch": lambda t: price(t) * (1 + 1e-14 * len(t)),
    "a forest that adds in any order": RandomForestRegressor(20, n_jobs=2, random_state=0).fit(HOUSES, PRICE),
    "float32": lambda t: price(t).astype("float32"),
    "float16": lambda t: (price(t) / 1e4).astype("float16"),
    "negative": lambda t: price(t) - 1e9,
    "zero": lambda t: np.zeros(len(t)),
    "huge": lambda t: price(t) * 1e290,
    "whole numbers": lambda t: price(t).astype(int),
    "a Series": lambda t: pd.Series(price(t), index=np.arange(len(t)) + 7),
    "a list": lambda t: price(t).tolist(),
    "one column": lambda t: price(t).reshape(-1, 1),
    "a frame of one column": lambda t: pd.DataFrame({"price": price(t)}),
    "nullable": lambda t: pd.array(price(t), dtype="Float64"),
    "objects": lambda t: price(t).astype(object),
}


@pytest.mark.parametrize("model", HONEST.values(), ids=list(HONEST))
def test_honest_models(model):
    """Dust, any number type and any container of one value a row are honest answers."""
    found = mm.check(model, mm.increasing("rooms", tolerance=mm.relative(0.2)), HOUSES, budget=300, attack=0)
    assert ["held"] == [result.verdict for result in found.results]


def falling_by_dust(t):
    return 1_000.0 - 1e-9 * t["area"].to_numpy()


def test_dust_is_within_the_floor():
    """A fall of a billionth is within the rounding floor, and floor=0 switches that off."""
    verdicts = [check(falling_by_dust, floor=floor).results[0].verdict for floor in (None, 0)]
    assert ["held", "violated"] == verdicts


def test_labels_have_no_floor():
    """A label that changes violates, however little lies behind it."""
    found = check(lambda t: np.where(t["area"] > 100, "dear", "cheap"), mm.invariant("area"))
    assert ["violated"] == [result.verdict for result in found.results]


def test_a_wrong_floor():
    """A floor is a number of at least zero."""
    for floor in (-1, float("nan"), "a"):
        with pytest.raises(mm.MetamorphError, match="floor"):
            check(price, floor=floor)


def test_a_model_that_prints_and_warns(capsys):
    """A model may print pages and warn as it likes: its verdict is the same."""

    def noisy(t):
        print("x" * 20_000)  # noqa: T201 - what such models do
        for _ in range(100):
            warnings.warn("careful", UserWarning, stacklevel=1)
        return price(t)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        verdict = check(noisy).results[0].verdict
    assert ("held", "x") == (verdict, io.StringIO(capsys.readouterr().out).read(1))


def test_calls_are_counted():
    """Calls and rows that the model was asked for are those of the results, together."""
    asked = []

    def counted(t):
        asked.append(len(t))
        return -price(t)

    report = mm.check(counted, [mm.increasing("area"), mm.increasing("age")], HOUSES, budget=300, attack=0)
    assert (len(asked), sum(asked)) == tuple(
        sum(getattr(result, field) for result in report.results) for field in ("calls", "rows")
    )
