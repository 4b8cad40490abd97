"""Each item of bad input gets one clear error or one clear verdict, and the other relations of the run still run."""

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import metamorph as mm
from metamorph.cli import main

N = 120
HOUSES = pd.DataFrame(
    {
        "area": np.linspace(40, 240, N).round(1),
        "rooms": np.arange(N) % 6 + 1,
        "heating": ["gas", "oil", "coal"] * (N // 3),
    }
)
OTHER = mm.increasing("rooms").named("other")


def price(t):
    return (1_000.0 * t["area"] + 50.0 * t["rooms"]).to_numpy()


class Untouched:
    """A model that must not be asked."""

    def __call__(self, _):
        pytest.fail("the model was asked before the mistake was said")


class Labels:
    """A classifier."""

    classes_ = np.array(["cheap", "dear"])

    def predict(self, t):
        return np.where(t["area"] > 100, "dear", "cheap")


ERRORS = {
    "an empty frame": (Untouched(), mm.increasing("area"), HOUSES.head(0), mm.SchemaError, "0 rows"),
    "duplicate column names": (
        Untouched(),
        mm.increasing("area"),
        pd.concat([HOUSES, HOUSES[["area"]]], axis=1),
        mm.SchemaError,
        "more than once: 'area'",
    ),
    "an all-null column": (Untouched(), mm.increasing("area"), HOUSES.assign(note=None), mm.SchemaError, "'note'"),
    "an unknown column": (Untouched(), mm.increasing("aera"), HOUSES, mm.RelationError, "did you mean 'area'"),
    "an unknown column of an invariance": (
        Untouched(),
        mm.invariant("heatin"),
        HOUSES,
        mm.RelationError,
        "did you mean 'heating'",
    ),
    "an unknown column like no other": (
        Untouched(),
        mm.increasing("zzz"),
        HOUSES,
        mm.RelationError,
        "no column 'zzz'.",
    ),
    "a direction on an unordered category": (
        Untouched(),
        mm.increasing("heating"),
        HOUSES,
        mm.RelationError,
        "'heating' is a category without order",
    ),
    "a tolerance on a label": (
        Labels(),
        mm.invariant("rooms", tolerance=0.1),
        HOUSES,
        mm.RelationError,
        ".on(probability_of=...)",
    ),
    "a derived column": (
        Untouched(),
        mm.increasing("each"),
        mm.Schema.from_frame(HOUSES).derive(each=lambda t: t["area"] / t["rooms"]),
        mm.RelationError,
        "'area', 'rooms'",
    ),
    "equal ids": (Untouched(), mm.increasing("area", by=2.0), HOUSES, mm.RelationError, "equal ids"),
    "a step of text": (Untouched(), mm.increasing("rooms", by="two"), HOUSES, mm.RelationError, "by='two'"),
    "half a step": (Untouched(), mm.increasing("rooms", by=0.5), HOUSES, mm.RelationError, "by=0.5"),
    "a negative step": (Untouched(), mm.increasing("area", by=-1), HOUSES, mm.RelationError, "by=-1"),
    "a step of NaN": (Untouched(), mm.increasing("area", by=float("nan")), HOUSES, mm.RelationError, "by=nan"),
    "an infinite step": (Untouched(), mm.increasing("area", by=float("inf")), HOUSES, mm.RelationError, "by=inf"),
    "two step laws": (Untouched(), mm.increasing("area", by=1, to=50.0), HOUSES, mm.RelationError, "by=1, to=50.0"),
    "a goal beyond the bounds": (Untouched(), mm.increasing("area", to=999), HOUSES, mm.RelationError, "to=999"),
    "a goal of text": (Untouched(), mm.increasing("area", to="big"), HOUSES, mm.RelationError, "to='big'"),
    "a step for another column": (
        Untouched(),
        mm.increasing("area", "rooms", by={"area": 1.0}),
        HOUSES,
        mm.RelationError,
        "'rooms'",
    ),
    "a goal for another column": (
        Untouched(),
        mm.increasing("area", "rooms", to={"area": 90.0}),
        HOUSES,
        mm.RelationError,
        "'rooms'",
    ),
    "a number for a moment": (
        Untouched(),
        mm.increasing("sold", by=5),
        HOUSES.assign(sold=pd.date_range("2020-01-01", periods=N)),
        mm.RelationError,
        "Timedelta",
    ),
    "text scaled": (
        Untouched(),
        mm.Relation("own", transform=mm.transforms.scale(["heating"], by=2), expect=mm.expectations.unchanged()),
        HOUSES,
        mm.RelationError,
        "'heating'",
    ),
    "a class for a model": (Untouched, mm.increasing("area"), HOUSES, mm.ModelError, "class Untouched"),
    "no model": (None, mm.increasing("area"), HOUSES, mm.ModelError, "NoneType"),
    "no relation": (Untouched(), "increasing", HOUSES, mm.RelationError, "relation"),
    "no frame": (Untouched(), mm.increasing("area"), [[1, 2]], mm.SchemaError, "list"),
}


@pytest.mark.parametrize(("model", "relation", "schema", "kind", "said"), ERRORS.values(), ids=list(ERRORS))
def test_errors(model, relation, schema, kind, said):
    """A mistake in what was asked is one error of at most three lines, before the model is asked anything."""
    relations = [relation, mm.increasing("area")] if "equal ids" in said else relation
    relations = [relation.named("increasing[area]"), mm.increasing("area")] if "equal ids" in said else relations
    with pytest.raises(kind) as refused:
        mm.check(model, relations, schema, budget=100, attack=0)
    assert said in str(refused.value)
    assert isinstance(refused.value, mm.MetamorphError)
    assert len(str(refused.value).splitlines()) in {1, 2, 3}


def raises(_):
    msg = "never again"
    raise RuntimeError(msg)


def raises_for_some(t):
    if ((t["area"] > 200) & (t["heating"] == "coal")).any():
        raise OverflowError
    return price(t)


def nan_for_some(t):
    return np.where(t["area"] > 200, np.nan, price(t))


VERDICTS = {
    "a .when that raises": (price, mm.increasing("area").when(lambda t: t["aera"] > 1), "broken", "relation", "'aera'"),
    "nothing applies": (
        price,
        mm.increasing("area").when(lambda t: t["area"] > 999),
        "broken",
        "relation",
        "Nothing was tested",
    ),
    "a change of nothing": (
        price,
        mm.Relation("same", transform=lambda t: t, expect=mm.expectations.unchanged()),
        "broken",
        "relation",
        "change nothing",
    ),
    "raises": (raises, mm.increasing("area"), "broken", "model", "RuntimeError: never again"),
    "raises for some rows": (raises_for_some, mm.increasing("area"), "broken", "model", "OverflowError"),
    "the wrong length": (lambda t: price(t)[1:], mm.increasing("area"), "broken", "model", "expected one value a row"),
    "NaN": (lambda t: price(t) * np.nan, mm.increasing("area"), "broken", "model", "NaN"),
    "NaN for some rows": (nan_for_some, mm.increasing("area"), "broken", "model", "NaN"),
    "at random": (
        lambda t: np.random.default_rng().random(len(t)),
        mm.increasing("area"),
        "broken",
        "model",
        "not deterministic",
    ),
}


@pytest.mark.parametrize(("model", "relation", "verdict", "about", "said"), VERDICTS.values(), ids=list(VERDICTS))
def test_verdicts(model, relation, verdict, about, said):
    """What goes wrong while running is a verdict with evidence, and the report passes no one."""
    report = mm.check(model, [relation, OTHER], HOUSES, budget=200, attack=0)
    result = report.results[0]
    assert (verdict, about, 3, 2) == (result.verdict, result.evidence.about, report.exit_code, len(report.results))
    assert said in result.evidence.message
    assert said.split()[0] in str(report)


@pytest.mark.parametrize("name", [name for name, case in VERDICTS.items() if case[3] == "relation"])
def test_the_others_still_run(name):
    """A relation that is broken leaves the others of its run alone."""
    report = mm.check(price, [VERDICTS[name][1], OTHER], HOUSES, budget=200, attack=0)
    assert ["broken", "held"] == [result.verdict for result in report.results]


@pytest.mark.parametrize("model", [raises_for_some, nan_for_some])
def test_the_smallest_row(model):
    """A model that fails for some rows only is shown with a row that is plain but for what matters."""
    schema = mm.Schema.from_frame(HOUSES)
    row = mm.check(model, mm.increasing("area"), schema, budget=2_000, attack=0).results[0].evidence.row
    assert row["area"] > 200
    assert schema.reference["rooms"] == row["rooms"]


def test_a_meddling_model():
    """A model that changes its input is a note, and its verdict stands."""

    def meddling(t):
        answer = price(t)
        t["area"] = 0.0
        return answer

    report = mm.check(meddling, mm.increasing("area"), HOUSES, budget=200, attack=0)
    assert ("held", 1) == (report.results[0].verdict, len(report.notes))


def test_rows_dropped_by_a_constraint_are_said():
    """Observed rows that break a constraint are left out, and the report says how many."""
    schema = mm.Schema.from_frame(HOUSES).where(lambda t: t["rooms"] < 6).with_noun("house")
    report = mm.check(price, mm.increasing("area"), schema, budget=200, attack=0)
    assert ("20 observed houses break a constraint and were left out." in str(report), True) == (True, report.passed)


FILES = {
    "a suite file without relations": (["suite.py"], "'relations'"),
    "a missing data file": (["--model", "m.skops", "--data", "none.csv", "--increasing", "area"], "none.csv"),
    "a broken data file": (["--model", "m.skops", "--data", "broken.csv", "--increasing", "area"], "broken.csv"),
}


@pytest.mark.parametrize(("arguments", "said"), FILES.values(), ids=list(FILES))
def test_files(tmp_path, monkeypatch, arguments, said):
    """A file that lacks something, is absent or broken is one to three lines on stderr, and exit code 2."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "suite.py").write_text("model, schema = len, None\n")
    (tmp_path / "broken.csv").write_bytes(b"area,rooms\n\xff\xfe\x00,1\n")
    (tmp_path / "m.skops").write_bytes(b"")
    done = CliRunner().invoke(main, ["check", *arguments], catch_exceptions=False)
    assert (2, "", True) == (done.exit_code, done.stdout, said in done.stderr)
    assert len(done.stderr.splitlines()) in {1, 2, 3}


def test_errors_are_metamorph_errors():
    """Whoever catches MetamorphError catches all of ours; none is an assertion or an interrupt."""
    assert [True] * 3 == [
        issubclass(kind, mm.MetamorphError) for kind in (mm.SchemaError, mm.RelationError, mm.ModelError)
    ]
    assert (Exception,) == mm.MetamorphError.__bases__
