"""The command line on a model file and a data file: .skops loads, pickles only on request, mistakes are said."""

import pickle

import joblib
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from sklearn.linear_model import LinearRegression, LogisticRegression

from metamorph.cli import main

skops = pytest.importorskip("skops.io")

N = 80
HOUSES = pd.DataFrame(
    {"area": np.linspace(40, 240, N).round(1), "rooms": np.arange(N) % 6 + 1, "garden": np.arange(N) % 2}
)
PRICE = 1_000 * HOUSES["area"] - 3_000 * HOUSES["rooms"] + np.random.default_rng(0).normal(0, 5_000, N)


class Odd:
    """A model of a type that skops does not know."""

    def predict(self, t):
        return t["area"].to_numpy()


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    """What fails is kept in the working folder, so that is never the checkout."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with data and models of every sort."""
    path = tmp_path_factory.mktemp("models")
    HOUSES.assign(price=PRICE).to_csv(path / "houses.csv", index=False)
    HOUSES.assign(price=PRICE, log=np.log(PRICE)).to_csv(path / "leaky.csv", index=False)
    HOUSES.assign(heating=["gas", "oil"] * 40, price=PRICE).to_csv(path / "more.csv", index=False)
    model = LinearRegression().fit(HOUSES, PRICE)
    skops.dump(model, path / "m.skops")
    skops.dump(LogisticRegression(solver="newton-cholesky").fit(HOUSES, PRICE > 100_000), path / "classifier.skops")
    skops.dump(Odd(), path / "odd.skops")
    joblib.dump(model, path / "m.joblib")
    (path / "m.pkl").write_bytes(pickle.dumps(model))
    (path / "trap.pkl").write_bytes(b"cos\nsystem\n(S'touch trapped'\ntR.")
    for name in ("broken.skops", "broken.pkl"):
        (path / name).write_bytes(b"no model at all")
    (path / "m.onnx").write_bytes(b"")
    (path / "empty.csv").write_text("")
    (path / "header.csv").write_text("area,rooms,garden,price\n")
    (path / "ragged.csv").write_text("area,rooms\n1,2\n1,2,3,4\n")
    (path / "binary.csv").write_bytes(bytes(range(256)) * 20)
    (path / "twice.csv").write_text("area,area.1,rooms,garden,price\n1,1,1,1,1\n2,2,2,2,2\n")
    (path / "words.csv").write_text("area,rooms,garden,price\nwide,1,1,1\nnarrow,2,2,2\n")
    return path


def run(folder, *arguments, model="m.skops", data="houses.csv", target="price"):
    given = [("--model", model), ("--data", data), ("--target", target)]
    paths = {"--model", "--data"}
    options = [
        str(part) for name, value in given if value for part in (name, folder / value if name in paths else value)
    ]
    return CliRunner().invoke(main, ["check", *options, "--budget", "200", *arguments], catch_exceptions=False)


def test_held(folder):
    """A .skops model that keeps its relations passes."""
    done = run(folder, "--increasing", "area", "--decreasing", "rooms")
    assert (0, "", True) == (done.exit_code, done.stderr, "increasing[area]" in done.stdout)


def test_violated(folder):
    """Each option makes relations, repeatedly, and a violated one fails the run."""
    done = run(folder, "--increasing", "area", "--increasing", "rooms", "--invariant", "garden")
    assert (1, True) == (done.exit_code, "VIOLATED on" in done.stdout)
    assert ["increasing[area]", "increasing[rooms]", "invariant[garden]"] == [
        line.split()[0] for line in done.stdout.splitlines()[1:4]
    ]


def test_a_classifier(folder):
    """A classifier is asked for probabilities and labels, as everywhere."""
    done = run(folder, "--increasing", "area", model="classifier.skops")
    assert (0, True) == (done.exit_code, "probability of True" in " ".join(done.stdout.split()))


def test_without_a_target(folder):
    """Without a target every column is a feature; the model takes those it knows."""
    assert 0 == run(folder, "--increasing", "area", target=None).exit_code


def test_more_columns_than_the_model_knows(folder):
    """Columns that the model does not know do no harm."""
    assert 0 == run(folder, "--increasing", "area", data="more.csv").exit_code


@pytest.mark.parametrize("model", ["m.joblib", "m.pkl"])
def test_pickles_on_request(folder, model):
    """A pickle loads with --trust-model."""
    assert 0 == run(folder, "--increasing", "area", "--trust-model", model=model).exit_code


def said(done):
    """The lines on stderr of a run that a mistake ended: one to three, and nothing on stdout."""
    assert (2, "") == (done.exit_code, done.stdout)
    assert len(done.stderr.splitlines()) in {1, 2, 3}
    return done.stderr


@pytest.mark.parametrize("model", ["m.joblib", "m.pkl", "trap.pkl"])
def test_pickles_are_refused(folder, model, monkeypatch):
    """A pickle is refused without --trust-model, with the reason and the remedy, and without being read."""
    monkeypatch.chdir(folder)
    message = said(run(folder, "--increasing", "area", model=model))
    assert (True, True, False) == ("runs" in message, "--trust-model" in message, (folder / "trapped").exists())


def test_unknown_types_are_refused(folder):
    """A .skops file of unknown types is refused with their names, and loads with --trust-model."""
    message = said(run(folder, "--increasing", "area", model="odd.skops"))
    assert (True, True) == ("Odd" in message, "--trust-model" in message)
    assert 0 == run(folder, "--increasing", "area", "--trust-model", model="odd.skops").exit_code


@pytest.mark.filterwarnings("always")
def test_a_leak_is_one_line(folder):
    """A column that gives the target away is one warning line on stderr, and the run goes on."""
    done = run(folder, "--increasing", "area", data="leaky.csv")
    assert (0, 1, True) == (done.exit_code, len(done.stderr.splitlines()), "'log'" in done.stderr)


MISTAKES = {
    "no model": ({"model": None}, ["--increasing", "area"], "--model"),
    "no data": ({"data": None}, ["--increasing", "area"], "--data"),
    "no relation": ({}, [], "--increasing"),
    "no such model": ({"model": "none.skops"}, ["--increasing", "area"], "none.skops"),
    "no such data": ({"data": "none.csv"}, ["--increasing", "area"], "none.csv"),
    "another format": ({"model": "m.onnx"}, ["--increasing", "area"], ".skops"),
    "a broken model": ({"model": "broken.skops"}, ["--increasing", "area"], "broken.skops"),
    "a broken pickle": ({"model": "broken.pkl"}, ["--increasing", "area", "--trust-model"], "broken.pkl"),
    "empty data": ({"data": "empty.csv"}, ["--increasing", "area"], "empty.csv"),
    "a header alone": ({"data": "header.csv"}, ["--increasing", "area"], "0 rows"),
    "ragged data": ({"data": "ragged.csv"}, ["--increasing", "area"], "ragged.csv"),
    "binary data": ({"data": "binary.csv"}, ["--increasing", "area"], "binary.csv"),
    "a model as data": ({"data": "m.skops"}, ["--increasing", "area"], "m.skops"),
    "an unknown target": ({"target": "prise"}, ["--increasing", "area"], "did you mean 'price'"),
    "an unknown column": ({}, ["--increasing", "aera"], "did you mean 'area'"),
    "the target as a column": ({}, ["--increasing", "price"], "'price'"),
    "a column twice": ({}, ["--increasing", "area", "--increasing", "area"], "equal ids"),
    "data without the model's columns": ({"data": "ragged.csv"}, ["--increasing", "area"], "ragged.csv"),
    "words for numbers": ({"data": "words.csv"}, ["--increasing", "area"], "without order"),
    "a folder as data": ({"data": "."}, ["--increasing", "area"], "data file"),
    "a folder as a model": ({"model": "."}, ["--increasing", "area"], "model file"),
}


@pytest.mark.parametrize(("files", "arguments", "expected"), MISTAKES.values(), ids=list(MISTAKES))
def test_mistakes(folder, files, arguments, expected):
    """Every mistake with files and columns is one to three lines on stderr, and exit code 2."""
    assert expected in said(run(folder, *arguments, **files))


def test_columns_that_the_model_misses(folder):
    """Data without a column that the model was fitted on is an error that names it."""
    HOUSES.drop(columns="garden").assign(price=PRICE).to_csv(folder / "fewer.csv", index=False)
    assert "'garden'" in said(run(folder, "--increasing", "area", data="fewer.csv"))


def test_a_trap_in_no_pickle_extension(folder):
    """What is loaded goes by the file's ending, and a pickle renamed to .skops is not unpickled."""
    (folder / "trap.skops").write_bytes((folder / "trap.pkl").read_bytes())
    assert "trap.skops" in said(run(folder, "--increasing", "area", model="trap.skops"))
    assert not (folder / "trapped").exists()
