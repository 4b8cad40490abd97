"""reference=: what is explained is explained for this row, by its values or by its index label."""

import numpy as np
import pandas as pd
import pytest

import metamorph as mm
from metamorph.runner import checking

N = 500
RNG = np.random.default_rng(0)
LOANS = pd.DataFrame(
    {
        "income": RNG.integers(10, 120, N) * 1_000,
        "debt": RNG.integers(0, 60, N) * 1_000,
        "age": RNG.integers(18, 80, N),
        "branch": RNG.choice(["north", "south"], N),
    },
    index=[f"C-{number}" for number in range(N)],
)


class Bank:
    """Approves those whose income is beyond their debt by enough, which is more in the north."""

    classes_ = np.array(["no", "yes"])

    def predict(self, rows):
        needed = np.where(rows["branch"] == "north", 40_000, 30_000)
        return np.where(rows["income"] - rows["debt"] >= needed, "yes", "no")


def check(relation, **more):
    return mm.check(Bank(), relation, LOANS, budget=1_000, seed=0, **more).results[0]


def needed(row):
    """The least income at which this customer is approved."""
    return row["debt"] + (40_000 if row["branch"] == "north" else 30_000)


REFUSED = [label for label, row in LOANS.iterrows() if row["income"] < needed(row) <= LOANS["income"].max()][:25]


@pytest.mark.parametrize("label", REFUSED)
def test_the_smallest_change_of_one_column_that_changes_the_label_of_this_customer(label):
    """A counterfactual: income alone moves, this customer's row is the source, the step is the smallest."""
    row = LOANS.loc[label]
    found = check(mm.invariant("income"), reference=label).counterexample
    assert ((), ("income",)) == (found.differs, found.changed)
    assert row.to_dict() == found.source
    assert needed(row) == found.follow_up["income"]
    assert ("no", "yes") == (found.source_output, found.follow_up_output)


@pytest.mark.parametrize(
    "row",
    [
        LOANS.loc["C-7"].to_dict(),
        LOANS.loc["C-7"],
        LOANS.loc[["C-7"]],
        "C-7",
    ],
    ids=["a dict", "a Series", "a frame of one row", "its label"],
)
def test_a_row_is_named_in_any_way(row):
    """The same row, however it is given, is the same reference."""
    report = mm.check(Bank(), mm.invariant("income"), LOANS, budget=300, reference=row)
    assert LOANS.loc["C-7"].to_dict() == report.reference


def test_the_report_says_whose_row_it_is():
    """Columns that stay are at the customer's row, by its label."""
    text = " ".join(str(mm.check(Bank(), mm.invariant("income"), LOANS, budget=1_000, reference=REFUSED[0])).split())
    assert f"Every other column is at the row '{REFUSED[0]}'" in text
    named = mm.Schema.from_frame(LOANS).with_noun("customer")
    text = " ".join(str(mm.check(Bank(), mm.invariant("income"), named, budget=1_000, reference=REFUSED[0])).split())
    assert f"Every other column is at the customer '{REFUSED[0]}'" in text
    text = " ".join(str(mm.check(Bank(), mm.invariant("income"), named, budget=1_000, reference={"age": 30})).split())
    assert "Every other column is at the reference customer" in text


def test_the_default_is_the_typical_row():
    """Without a reference nothing changes."""
    text = str(mm.check(Bank(), mm.invariant("income"), LOANS, budget=1_000))
    assert "Every other column is at the typical row" in " ".join(text.split())


def test_the_rate_does_not_depend_on_it():
    """The reference has no say in what is estimated."""
    rates = {check(mm.invariant("income"), reference=label).rate for label in (None, "C-1", "C-2")}
    assert 1 == len(rates)


def test_in_check_model_and_in_a_bound_relation():
    """The registry and relation tests take a reference as well."""
    schema = mm.Schema.from_frame(LOANS).with_roles(protected=["branch"])
    report = mm.check_model(Bank(), schema, group="fairness", budget=300, reference="C-3")
    assert LOANS.loc["C-3"].to_dict() == report.reference
    mark = mm.relations(mm.invariant("income"), schema=schema, reference="C-3", budget=300)
    (bound,) = mark.args[1][0][0]
    report = checking.run(Bank(), bound.relation, bound.schema, bound.settings)
    assert LOANS.loc["C-3"].to_dict() == report.reference


WRONG = {
    "no such label": ("C-9999", "no observed row with the index label 'C-9999'"),
    "a label a letter off": ("C-70o", "'C-70"),
    "a list": (["C-1"], "a row as a dict"),
    "a set": ({"C-1"}, "a row as a dict"),
    "an unknown column": ({"incone": 3}, "'income'"),
    "two rows": (LOANS.head(2), "a row as a dict"),
}


@pytest.mark.parametrize(("row", "said"), WRONG.values(), ids=list(WRONG))
def test_wrong_references(row, said):
    """What is no row is an error of at most three lines, before the model is asked."""
    with pytest.raises(mm.SchemaError) as refused:
        mm.check(lambda _: pytest.fail("the model was asked"), mm.invariant("income"), LOANS, reference=row)
    assert said in str(refused.value)
    assert len(str(refused.value).splitlines()) <= 3


def test_a_label_of_several_rows():
    """A label that several rows have names none of them."""
    twice = LOANS.set_axis(["C-1", "C-1", *LOANS.index[2:]])
    with pytest.raises(mm.SchemaError, match="2 observed rows have the index label 'C-1'"):
        mm.Schema.from_frame(twice).with_reference("C-1")


def test_without_observed_rows_there_is_no_label():
    """A schema written by hand has no rows to name."""
    with pytest.raises(mm.SchemaError, match="has no observed rows"):
        mm.Schema(x=mm.Real(0, 1)).with_reference("C-1")


def test_labels_outlive_constraints_and_sampling():
    """A label still names its row after others were dropped, and after rows were sampled."""
    schema = mm.Schema.from_frame(LOANS).where(lambda t: t["age"] >= 30, name="grown")
    kept = LOANS.index[LOANS["age"] >= 30]
    assert LOANS.loc[kept[40]].to_dict() == schema.with_reference(kept[40]).reference
    with pytest.raises(mm.SchemaError, match="no observed row"):
        schema.with_reference(LOANS.index[LOANS["age"] < 30][0])
    sampled = mm.Schema.from_frame(LOANS, max_rows=50)
    assert LOANS.loc[sampled.labels[7]].to_dict() == sampled.with_reference(sampled.labels[7]).reference


@pytest.mark.parametrize(
    "index",
    [
        pd.RangeIndex(N),
        pd.Index(range(1_000, 1_000 + N)),
        pd.date_range("2024-01-01", periods=N),
        pd.MultiIndex.from_product([["a", "b"], range(N // 2)]),
        pd.Index([f"ü{number}" for number in range(N)], dtype="string"),
    ],
    ids=["places", "numbers", "moments", "tuples", "text"],
)
def test_labels_of_any_kind_survive_json(index):
    """Places, numbers, moments, tuples and text are labels, of a schema that came back from JSON too."""
    schema = mm.Schema.from_frame(LOANS.set_axis(index))
    again = mm.Schema.from_json(schema.to_json())
    for place in (0, 17, N - 1):
        row = LOANS.iloc[place].to_dict()
        assert row == schema.with_reference(index[place]).reference == again.with_reference(index[place]).reference
    named = schema.with_reference(index[3])
    assert named == mm.Schema.from_json(named.to_json())
    assert named.reference_name == mm.Schema.from_json(named.to_json()).reference_name


def test_a_row_with_its_target_and_derived_columns_is_a_row():
    """A row as the data have it is taken as it is: its target and what is derived are left out."""
    houses = pd.DataFrame({"area": [50.0, 80.0, 120.0], "price": [1.0, 2.0, 3.0]}, index=list("abc"))
    schema = mm.Schema.from_frame(houses, target="price").derive(double=lambda t: t["area"] * 2)
    named = schema.with_reference(houses.assign(double=0.0).loc["b"])
    assert {"area": 80.0, "double": 160.0} == named.reference


def test_a_missing_value_of_the_row_stays_missing():
    """A customer's row with a hole is a reference with a hole."""
    frame = LOANS.assign(debt=LOANS["debt"].where(LOANS.index != "C-5"))
    for row in ("C-5", frame.loc["C-5"]):
        assert mm.Schema.from_frame(frame).with_reference(row).reference["debt"] is None
