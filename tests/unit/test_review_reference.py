"""What a review found of naming the reference row: labels of every kind, and what is said where there is none."""

import pickle

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from rich.cells import cell_len

import metamorph as mm
from metamorph.cli import main

N = 60
RNG = np.random.default_rng(0)
ROWS = pd.DataFrame({"area": RNG.integers(20, 200, N), "age": RNG.integers(0, 90, N)})
INDEXES = {
    "periods": pd.period_range("2024-01-01", periods=N),
    "durations": pd.timedelta_range("1D", periods=N),
    "bytes": pd.Index([b"%d" % number for number in range(N)]),
    "intervals": pd.interval_range(0, N),
    "moments": pd.date_range("2024-01-01", periods=N, tz="Europe/Paris"),
    "a missing one": pd.Index([*map(float, range(N - 1)), np.nan]),
}


@pytest.mark.parametrize("index", INDEXES.values(), ids=list(INDEXES))
def test_a_schema_with_a_row_named_by_any_label_is_a_value(index):
    """It equals itself, is hashed, written and pickled, and keeps what the row is called."""
    named = mm.Schema.from_frame(ROWS.set_axis(index)).with_reference(index[-1])
    for again in (mm.Schema.from_json(named.to_json()), pickle.loads(pickle.dumps(named))):  # noqa: S301 - its own
        assert (named, hash(named), dict(named.reference), named.reference_name) == (
            again,
            hash(again),
            dict(again.reference),
            again.reference_name,
        )
    assert ROWS.iloc[-1].to_dict() == named.reference


def test_moments_are_called_as_they_are_read():
    """A moment is a date and a time, not a constructor's call."""
    moments = ROWS.set_axis(pd.date_range("2024-01-01", periods=N))
    assert "row 2024-01-03 00:00:00" == mm.Schema.from_frame(moments).with_reference(moments.index[2]).reference_name


def test_a_missing_label_names_its_row():
    """A row whose label is missing is still named by it."""
    named = mm.Schema.from_frame(ROWS.set_axis(INDEXES["a missing one"])).with_reference(np.nan)
    assert "row nan" == named.reference_name


def test_a_label_of_36_characters_is_told_whole():
    """Reports say which row it is, and beside a value no more than fits; no line is too long."""
    labels = [f"a81bc81b-dead-4e5d-abff-90865d1e{number:04d}" for number in range(N)]
    schema = mm.Schema.from_frame(ROWS.set_axis(labels)).with_noun("customer")
    text = str(
        mm.check(lambda t: -1.0 * t["area"] * (t["age"] > 80), mm.increasing("area"), schema, reference=labels[0])
    )
    assert f"at the customer '{labels[0]}'" in text
    assert "<- reference customer: " in text
    assert max(map(cell_len, text.splitlines())) <= 80


@pytest.mark.parametrize(
    ("label", "said"),
    [
        (([1],), "a row as a dict"),
        ("3", r"label '3' \(did you mean 3\?\)\.$"),
        (np.int64(99), "label 99; "),
    ],
    ids=["a tuple that is no label", "a number as text", "a dropped row"],
)
def test_what_is_no_label(label, said):
    """The message says what was meant, and that rows were left out, in plain Python."""
    schema = mm.Schema.from_frame(ROWS)
    if label == 99:
        schema = schema.where(lambda t: t["area"] < 150, name="small")
    with pytest.raises(mm.SchemaError, match=said):
        schema.with_reference(label)


def test_a_relation_bound_to_a_row_of_values_is_hashed():
    """The settings that a relation is bound with are a value, whatever names the reference row."""
    mark = mm.relations(mm.increasing("area"), schema=ROWS, reference={"area": 50})
    (bound,) = mark.args[1][0].values  # noqa: PD011 - a parameter of pytest's
    assert hash(bound) == hash(bound)


def test_the_command_line_takes_text_for_a_label(tmp_path):
    """What is no whole number is text, and no label of the data is a mistake, not a traceback."""
    suite = tmp_path / "suite.py"
    suite.write_text(
        "import pandas as pd, metamorph as mm\n"
        "schema = pd.DataFrame({'area': range(50)})\n"
        "model, relations = (lambda t: 1.0 * t['area']), [mm.increasing('area')]\n"
    )
    said = CliRunner().invoke(main, ["check", str(suite), "--reference=--5"])
    assert (2, "metamorph: There is no observed row with the index label '--5'.") == (
        said.exit_code,
        said.stderr.strip(),
    )
