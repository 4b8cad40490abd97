"""The report as data: strict JSON that gives itself back, the same for the same seed in any process."""

import json
import os
import pathlib
import re
import subprocess
import sys

import attrs
import numpy as np
import pandas as pd
import pytest

import metamorph as mm

ROOT = pathlib.Path(__file__).parents[2]
PROGRAM = """
import numpy as np, pandas as pd, metamorph as mm
rng = np.random.default_rng(0)
frame = pd.DataFrame({
    "area": rng.uniform(40, 240, 300).round(1),
    "rooms": rng.integers(1, 9, 300),
    "heating": rng.choice(["gas", "oil", "coal"], 300),
    "built": np.where(rng.random(300) < 0.2, np.nan, rng.integers(1900, 2020, 300)),
    "sold": pd.date_range("2020-01-01", periods=300),
    "grade": pd.Categorical(rng.choice(["lo", "mid", "hi"], 300), ["lo", "mid", "hi"], ordered=True),
})
schema = mm.Schema.from_frame(frame).derive(each=lambda t: t["area"] / t["rooms"]).where(lambda t: t["each"] > 3)
def model(t):
    gas = t["heating"] == "gas"
    return (t["area"] * np.where(gas & (t["rooms"] > 4), -1, 1) + t["grade"].cat.codes * t["built"].notna()).to_numpy()
relations = [
    mm.increasing("area"),
    mm.decreasing("sold", "grade"),
    mm.invariant("heating", "built", missing=True),
    mm.increasing("rooms").allow(0.1),
    mm.increasing("area").when(lambda t: t["rooms"] > 9).named("nothing"),
    mm.invariant("grade", tolerance=mm.relative(0.01)),
]
report = mm.check(model, relations, schema, budget=300, seed=SEED)
"""


def run(seed=0):
    """The names of the program after a run."""
    names = {}
    exec(PROGRAM.replace("SEED", str(seed)), names)  # noqa: S102 - the program that a fresh process runs as well
    return names


@pytest.fixture(scope="module")
def names():
    return run()


@pytest.fixture(scope="module")
def report(names):
    return names["report"]


def timeless(document):
    """The document without what its times were."""
    return re.sub(r'"seconds": [^,\n]+', '"seconds": 0', document)


def test_the_same_seed_the_same_bytes(report):
    """The same seed gives the same JSON, byte for byte apart from seconds."""
    assert timeless(report.to_json()) == timeless(run()["report"].to_json())


def test_another_seed_other_cases(report):
    """Another seed draws other cases and comes to the same verdicts."""
    other = run(seed=1)["report"]
    assert timeless(report.to_json()) != timeless(other.to_json())
    assert [result.verdict for result in report.results] == [result.verdict for result in other.results]


def test_another_process(report):
    """Another process with another PYTHONHASHSEED gives the same bytes."""
    paths = [path for path in sys.path if path]
    program = f"import sys; sys.path[:0] = {paths!r}\n{PROGRAM.replace('SEED', '0')}\nprint(report.to_json(), end='')"
    command = [sys.executable, "-W", "error", "-c", program]
    done = subprocess.run(  # noqa: S603 - our own program
        command, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONHASHSEED": "1"}
    )
    assert ("", timeless(report.to_json())) == (done.stderr, timeless(done.stdout))


def test_relations_do_not_depend_on_each_other(names, report):
    """A relation's result is the same alone as among others."""
    alone = mm.check(names["model"], names["relations"][1], names["schema"], budget=300, seed=0).results[0]
    timed = {"seconds": 0, "calls": 0, "rows": 0}
    assert attrs.evolve(report.results[1], **timed) == attrs.evolve(alone, **timed)


def test_round_trip(report):
    """A report from JSON is equal to the one it was made of, and shows the same screen."""
    again = mm.Report.from_json(report.to_json())
    assert report == again
    assert (str(report), report.exit_code, report.passed) == (str(again), again.exit_code, again.passed)


def test_the_bytes_are_stable(report):
    """Writing what was read writes the same bytes."""
    assert report.to_json() == mm.Report.from_json(report.to_json()).to_json()


def test_strict_and_versioned(report):
    """The document is strict JSON that says its format and version first."""
    document = json.loads(report.to_json(), parse_constant=pytest.fail)
    assert [("format", "metamorph-report"), ("version", 1)] == list(document.items())[:2]


def test_written_to_a_path(report, tmp_path):
    """Given a path, the same text is written there."""
    text = report.to_json(tmp_path / "report.json")
    assert text == (tmp_path / "report.json").read_text(encoding="utf-8")
    assert text == report.to_json(str(tmp_path / "again.json"))


VALUES = [
    np.nan, np.inf, -np.inf, -0.0, 5e-324, 1e308, 0.1, None, True, 3, 2**63, "text", "", "\ud800\0",
    pd.Timestamp("2020-01-01 05:00"), pd.Timestamp("2020-10-25 00:30", tz="UTC").tz_convert("Europe/Berlin"),
    ("a", 1), (),
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_values_survive(value):
    """NaN, infinities, moments, missing and odd texts come back as they were."""
    pair = mm.Counterexample({"x": value}, {"x": 1}, value, 0.5, 1.0, "changes", None, 0.0)
    again = mm.Report.from_json(mm.Report((mm.Result("r", "s", "violated", counterexample=pair),)).to_json())
    found = again.results[0].counterexample
    assert (repr(value), repr(value)) == (repr(found.source["x"]), repr(found.source_output))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e-300])
def test_numbers_of_a_result_survive(value):
    """Margins, rates and amounts may be NaN or infinite."""
    pair = mm.Counterexample({}, {}, 1.0, 2.0, value, "rises", value, value)
    result = mm.Result("r", "s", "violated", rate=0.5, interval=(0.0, value), counterexample=pair, largest_shift=value)
    found = mm.Report.from_json(mm.Report((result,)).to_json()).results[0]
    shown = (found.counterexample.margin, found.counterexample.amount, found.interval[1], found.largest_shift)
    assert [repr(value)] * 4 == [repr(number) for number in shown]


@pytest.mark.parametrize(
    "value",
    [np.float64(0.5), np.int8(3), np.bool_(1), np.str_("x"), pd.Interval(0, 1), frozenset([1]), b"x", 1j],
    ids=repr,
)
def test_other_values_are_written(value):
    """Whatever else a value is, the report is written, and what was written stays."""
    pair = mm.Counterexample({"x": value}, {"x": 1}, value, 0.5, 1.0, "changes", None, 0.0)
    report = mm.Report((mm.Result("r", "s", "violated", counterexample=pair),))
    document = report.to_json()
    assert document == mm.Report.from_json(document).to_json()


def test_values_are_plain(report):
    """Rows of counterexamples hold plain Python values."""
    pairs = [pair for result in report.results for pair in (result.counterexample, result.worst) if pair]
    kinds = {
        type(value).__module__ for pair in pairs for row in (pair.source, pair.follow_up) for value in row.values()
    }
    assert (True, {"builtins", "datetime"}) == (len(pairs) > 4, kinds)


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "null", "{}", '{"format": "metamorph-report", "version": 2}'])
def test_other_documents(text):
    """What is no report of this version is a MetamorphError of at most three lines."""
    with pytest.raises(mm.MetamorphError) as refused:
        mm.Report.from_json(text)
    assert len(str(refused.value).splitlines()) <= 3
