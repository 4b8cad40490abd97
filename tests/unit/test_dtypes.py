"""Whatever is drawn, changed or reduced: the model only ever sees frames like the data, in dtypes, order and index."""

import numpy as np
import pandas as pd
import pytest

import metamorph as mm

N = 60
PLACE = np.arange(N)
FRAME = pd.DataFrame(
    {
        "real": PLACE * 0.25,
        "single": (PLACE / 8).astype("float32"),
        "nullable real": pd.array([None, *(PLACE[1:] / 4)], "Float64"),
        "int": PLACE.astype("int16"),
        "unsigned": PLACE.astype("uint8"),
        "int as float": np.where(PLACE % 7 == 0, np.nan, PLACE),
        "nullable int": pd.array([None, *PLACE[1:].tolist()], "Int64"),
        "flag": PLACE % 2 == 0,
        "nullable flag": pd.array([None, *[True, False] * 29, True], "boolean"),
        "text": ["a", "b", "c"] * 20,
        "object text": pd.Series(["a", None, "c"] * 20, dtype=object),
        "string": pd.Series(["a", None, "c"] * 20, dtype="string"),
        "category": pd.Categorical(["lo", "hi", None] * 20, categories=["unused", "hi", "lo"]),
        "ordered": pd.Categorical(["lo", "hi", "mid"] * 20, categories=["lo", "mid", "hi", "unused"], ordered=True),
        "numbers": pd.Categorical([3, 1, 2] * 20),
        "day": pd.Series(pd.date_range("2020-01-01", periods=N)).where(PLACE != 5),
        "second": pd.Series(pd.date_range("2020-01-01", periods=N)).astype("datetime64[s]"),
        "zoned": pd.date_range("2020-01-01", periods=N, tz="Europe/Berlin"),
    }
)
SCHEMA = mm.Schema.from_frame(FRAME)
COMPLETE = SCHEMA.derive(double=lambda t: t["int"] * 2).where(lambda t: t["int"] <= t["double"])
ORDERED = [name for name, column in SCHEMA.columns.items() if column.ordered]


class Strict:
    """A model that refuses what is not like the data it was made on, and breaks every relation for some rows."""

    def __init__(self, schema, columns):
        self.expected, self.columns = schema.observed.dtypes, columns
        self.seen = set()

    def predict(self, t):
        assert self.expected.equals(t.dtypes), (
            t.dtypes[t.dtypes != self.expected],
            self.expected[t.dtypes != self.expected],
        )
        assert t.index.equals(pd.RangeIndex(len(t)))
        self.seen.add(len(t))
        return sum((np.asarray(-self._rank(t[name]), dtype=float) for name in self.columns), np.zeros(len(t)))

    @staticmethod
    def _rank(values):
        if isinstance(values.dtype, pd.CategoricalDtype):
            return values.cat.codes
        if pd.api.types.is_datetime64_any_dtype(values.dtype):
            return values.dt.day_of_year.fillna(0)
        if pd.api.types.is_numeric_dtype(values.dtype):
            return values.astype("Float64").fillna(0)
        return values.map({"a": 1.0, "b": 2.0, "c": 3.0}).astype("Float64").fillna(0)


def reduced(relation, columns, schema=SCHEMA):
    """The result of a relation that the strict model breaks."""
    return mm.check(Strict(schema, columns), relation, schema, budget=150, attack=0).results[0]


@pytest.mark.parametrize("schema", [SCHEMA, COMPLETE], ids=["plain", "derived and constrained"])
@pytest.mark.parametrize("name", ORDERED)
def test_steps(name, schema):
    """Steps of every kind of column are drawn, judged, reduced and confirmed in the data's dtypes."""
    assert "violated" == reduced(mm.increasing(name), [name], schema).verdict


@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize("name", list(SCHEMA.columns))
def test_replacements(name, missing):
    """Replacements of every kind of column, missing values among them, keep the data's dtypes."""
    assert "violated" == reduced(mm.invariant(name, missing=missing), [name]).verdict


@pytest.mark.parametrize(
    ("name", "by"),
    [("real", 0.5), ("single", 0.25), ("int", 3), ("unsigned", 2), ("int as float", 2), ("nullable int", 5),
     ("ordered", 1), ("day", pd.Timedelta(days=2)), ("second", pd.Timedelta(days=2)), ("zoned", pd.Timedelta(days=2))],
)  # fmt: skip
def test_fixed_steps(name, by):
    """Steps of a given length keep the data's dtypes."""
    assert "violated" == reduced(mm.increasing(name, by=by), [name]).verdict


def test_many_columns_at_once():
    """Several columns of several kinds move together in the data's dtypes."""
    assert "violated" == reduced(mm.increasing(*ORDERED), ORDERED).verdict


def test_a_user_may_change_whole_numbers_by_fractions():
    """`area * 1.1` of whole square feet is what its author asked for: it is judged, as it is, within the bounds."""
    relation = mm.Relation("own", transform=mm.transforms.scale(["int"], by=1.5), expect=mm.expectations.not_lower())
    result = mm.check(lambda t: t["int"].to_numpy(dtype=float), relation, SCHEMA, budget=50, attack=0).results[0]
    assert ("held", 50, True) == (result.verdict, result.cases, result.not_applicable > 0)


@pytest.mark.parametrize("name", ["text", "category", "ordered", "int", "nullable int"])
def test_one_value_that_cannot_be(name):
    """A transformation that gives a few rows values that cannot be leaves the others' dtypes as they are."""
    wrong = {"text": "zzz", "category": "zzz", "ordered": "zzz"}.get(name, 999)

    def change(t):
        values = t[name].astype(object).where(t["real"] < 10, wrong)
        return t.assign(**{name: values, "real": t["real"] + 0.25})

    relation = mm.Relation("own", transform=change, touches=[name, "real"], expect=mm.expectations.not_lower())
    result = reduced(relation, [])
    assert ("held", True) == (result.verdict, result.not_applicable > 0)


def test_the_smallest_row_is_sought_in_the_datas_dtypes():
    """Rows that are tried to explain an exception have the data's dtypes too."""

    class Raising(Strict):
        def predict(self, t):
            super().predict(t)
            if ((t["int"] > 50) & (t["text"] == "c")).any():
                msg = "no"
                raise ValueError(msg)
            return np.zeros(len(t))

    result = mm.check(Raising(SCHEMA, []), mm.increasing("real"), SCHEMA, budget=150, attack=0).results[0]
    assert "The model raised ValueError: no" == result.evidence.message
    assert SCHEMA.reference["day"] == result.evidence.row["day"]


def test_generated_rows():
    """Rows of a hand-written schema have the dtypes of their columns in every call."""
    schema = mm.Schema(
        x=mm.Real(0, 9, dtype="float32"),
        n=mm.Integer(0, 9, nullable=True),
        c=mm.Category(["a", "b"], nullable=True),
        b=mm.Boolean(),
    )
    expected = schema.frame([schema.reference]).dtypes
    seen = []

    def model(t):
        seen.append(expected.equals(t.dtypes))
        return -t["x"]

    assert "violated" == mm.check(model, mm.increasing("x"), schema, budget=150, attack=0).results[0].verdict
    assert {True} == set(seen)
