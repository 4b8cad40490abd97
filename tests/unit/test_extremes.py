"""Numbers at the edges of their range are judged, reduced and shown without a warning."""

import numpy as np
import pandas as pd
import pytest

import metamorph as mm

N = 60
VALUES = {
    "huge": np.linspace(-1e300, 1e300, N),
    "denormal": np.linspace(5e-324, 1e-310, N),
    "tiny": np.arange(N) * 1e-12,
    "around a large number": 1e9 + np.arange(N) * 0.001,
    "float16": np.linspace(0, 3, N).astype("float16"),
    "float32": np.arange(0, N / 10, 0.1).astype("float32"),
    "int64": np.arange(N) * (2**63 // N) - 2**62,
    "int8": np.linspace(-128, 127, N).astype("int8"),
    "uint64": (np.arange(N) * (2**63 // N)).astype("uint64"),
    "nanoseconds": pd.date_range("2020-01-01", periods=N, freq="ns"),
    "centuries": pd.to_datetime([f"{year}-01-01" for year in range(1700, 1700 + 9 * N, 9)]),
}


def rank(values):
    return lambda t: -np.searchsorted(np.asarray(values), np.asarray(t["x"])).astype(float)


@pytest.mark.parametrize("values", VALUES.values(), ids=list(VALUES))
@pytest.mark.parametrize("make", [mm.increasing, mm.invariant])
def test_values(values, make):
    """A violation on such values is found, reduced, shown and written."""
    report = mm.check(rank(values), make("x"), pd.DataFrame({"x": values, "y": np.arange(N) % 3}), budget=100, attack=0)
    assert "violated" == report.results[0].verdict
    assert "VIOLATED on" in str(report)
    assert report == mm.Report.from_json(report.to_json())


@pytest.mark.parametrize(
    ("name", "by"),
    [
        ("float32", 0.1),
        ("float16", 0.5),
        ("tiny", 1e-12),
        ("around a large number", 0.001),
        ("huge", 1e299),
        ("int8", 100),
    ],
)
def test_fixed_steps(name, by):
    """A fixed step on such values is made exactly, up to the column's own rounding."""
    frame = pd.DataFrame({"x": VALUES[name]})
    result = mm.check(rank(VALUES[name]), mm.increasing("x", by=by), frame, budget=100, attack=0).results[0]
    moved = result.counterexample.follow_up["x"] - result.counterexample.source["x"]
    assert ("violated", pytest.approx(by, rel=1e-2)) == (result.verdict, moved)


@pytest.mark.parametrize("scale", [1e-320, 1e-30, 1e30, 1e306])
@pytest.mark.parametrize("floor", [None, 0])
def test_outputs(scale, floor):
    """Outputs of any size are compared and shown."""
    frame = pd.DataFrame({"x": np.arange(1.0, N)})
    report = mm.check(
        lambda t: -t["x"].to_numpy() * scale, mm.increasing("x"), frame, budget=100, floor=floor, attack=0
    )
    assert "violated" == report.results[0].verdict
    assert "falls by" in str(report)


def test_opposite_ends():
    """A fall from one end of the floats to the other is infinite, and shown so."""
    report = mm.check(
        lambda t: np.where(t["x"] > 30, -1.7e308, 1.7e308),
        mm.increasing("x"),
        pd.DataFrame({"x": np.arange(N)}),
        budget=100,
        attack=0,
    )
    assert ("violated", np.inf) == (report.results[0].verdict, report.results[0].counterexample.margin)
    assert report == mm.Report.from_json(report.to_json())
    assert "falls by inf" in str(report)


def test_dust_that_only_a_batch_shows():
    """A fall that vanishes when the rows are asked alone is rounding: counted, said, and no violation."""

    def model(t):
        dust = 2e-5 * (np.arange(len(t)) >= len(t) // 2) if len(t) > 100 else 0.0
        return 1_000.0 - dust + 0.0 * t["x"].to_numpy()

    report = mm.check(model, mm.increasing("x"), pd.DataFrame({"x": np.arange(300.0)}), budget=200, attack=0)
    result = report.results[0]
    assert ("held", 0, 0.0, True) == (result.verdict, result.violations, result.rate, result.rounding > 100)
    assert "vanished when asked alone" in str(report)
