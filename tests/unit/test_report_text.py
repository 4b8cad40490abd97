"""The screen: on which evidence, how often, the smallest pair of rows, what it cost."""

import numpy as np
import pandas as pd
import pytest
from rich.cells import cell_len

import metamorph as mm

N = 321
RNG = np.random.default_rng(0)
HOUSES = pd.DataFrame(
    {
        "area": RNG.integers(60, 300, N),
        "rooms": RNG.integers(2, 9, N),
        "cbd": RNG.integers(1, 30, N) * 1_000,
        "heating": RNG.choice(["gas", "oil"], N),
    }
)
SCHEMA = (
    mm.Schema.from_frame(HOUSES)
    .with_noun("house")
    .with_reference({"area": 150, "rooms": 5, "cbd": 14_000, "heating": "gas"})
)


def price(t):
    return (1_000.0 * t["area"] - 100_000.0 * ((t["cbd"] <= 5_000) & (t["area"] > 200))).to_numpy()


BIGGER = mm.increasing("area").named("bigger costs more")


def check(relations, model=price, schema=SCHEMA, **more):
    return mm.check(model, relations, schema, **({"budget": 1_000} | more))


def lines(*arguments, **more):
    return str(check(*arguments, **more)).splitlines()


def test_the_first_line_says_on_which_evidence():
    """A violation's first line says on what share of real rows, and which relation."""
    shown = lines(BIGGER)[0]
    assert (True, True, 80) == (shown.startswith("VIOLATED on "), shown.endswith("bigger costs more"), cell_len(shown))
    assert "% of real houses" in shown


def test_the_sentence_follows():
    """The second line is the relation's sentence, its step law included."""
    assert "  Raising area to another value seen in the data must not lower the prediction." == lines(BIGGER)[1]


def test_the_rate_has_its_interval():
    """The rate stands with its interval, the number of cases and rows, and the worst fall."""
    text = " ".join(" ".join(lines(BIGGER)).split())
    result = check(BIGGER).results[0]
    low, high = result.interval
    expected = (
        f"{result.rate:.1%} of 1,000 cases on {result.distinct} houses violate it (95% CI {low:.1%} to {high:.1%})"
    )
    assert f"{expected}; worst fall" in text


def test_the_pair_of_rows():
    """The smallest pair shows what the relation changed and what differs from the typical house, and nothing else."""
    shown = lines(BIGGER)
    table = [
        line for line in shown if line.startswith(("  area ", "  cbd ", "  rooms ", "  heating ", "  prediction "))
    ]
    assert ["area", "cbd", "prediction"] == [line.split()[0] for line in table]
    assert "<- changed by the relation" in table[0]
    assert table[1].endswith("<- differs from the reference house (14000)")
    assert "falls by" in table[2]
    assert table[2].endswith("(allowed 0)")


def test_the_rest_is_typical():
    """What is not shown is said to be as in the reference row."""
    assert any(line.startswith("  Every other column is at the reference house") for line in lines(BIGGER))


def test_the_worst_case_is_told_where_it_is_not_the_smallest():
    """Which step the worst case takes, how far it goes, and the columns in which its row differs."""
    report = check(BIGGER, attack=0)
    worst, smallest = report.results[0].worst, report.results[0].counterexample
    text = " ".join(str(report).split())
    assert worst.margin > smallest.margin
    assert f"Worst case found: area {worst.source['area']} to {worst.follow_up['area']} falls by " in text
    assert all(f"{name}={worst.source[name]}" in text for name in worst.differs if name != "area")
    same = check(mm.increasing("area", by=1), lambda t: -t["area"].to_numpy(), attack=0)
    assert same.results[0].worst == same.results[0].counterexample
    assert "Worst case found" not in str(same)


def test_what_it_cost():
    """Predictions and calls are said, those of the search and of reducing apart."""
    result = check(BIGGER).results[0]
    rows = result.rows - result.shrink_rows - result.attack_rows - result.explain_rows - result.further_rows
    calls = result.calls - result.shrink_calls - result.attack_calls - result.explain_calls - result.further_calls
    search = f"; a worse case sought in {result.attack_rows:,} more"
    reduced = f"; reduced in {result.shrink_calls} calls, explained in {result.explain_calls}."
    expected = f"Found after {rows:,} predictions in {calls} calls{search}{reduced}"
    assert expected in " ".join(line.strip() for line in lines(BIGGER))


def test_held():
    """A held relation states the cases tried and the upper bound."""
    shown = lines(mm.increasing("rooms"))
    assert "HELD on all of 1,000 cases" == shown[0][:26]
    assert "with 95% confidence at most" in " ".join(shown)


def test_generated_rows():
    """Without observed rows the report speaks of generated rows and a plain row, never of real ones."""
    schema = mm.Schema(area=mm.Integer(60, 300), cbd=mm.Integer(1_000, 29_000)).with_noun("house")
    text = str(check(BIGGER, schema=schema))
    assert (True, True, False, False) == tuple(
        part in text for part in ("% of generated houses", "plain row", "real houses", "typical")
    )


def test_broken():
    """A broken relation says what is broken and shows the row."""

    def model(t):
        if (t["cbd"] < 3_000).any():
            msg = "too near"
            raise ValueError(msg)
        return price(t)

    shown = lines(BIGGER, model)
    assert shown[0].startswith("BROKEN: the model")
    assert "  The model raised ValueError: too near" in shown
    assert "cbd=1000" in " ".join(shown)


def test_inconclusive():
    """An inconclusive relation is called so, with its rate and what was allowed."""
    rate = check(BIGGER).results[0].rate
    text = str(check(BIGGER.allow(rate)))
    assert (True, True) == (text.startswith("INCONCLUSIVE"), "Allowed: " in text)


def test_counters_are_shown():
    """The three counters are shown beside the number of draws."""
    result = check(BIGGER.when(lambda t: t["rooms"] > 3)).results[0]
    text = " ".join(lines(BIGGER.when(lambda t: t["rooms"] > 3)))
    assert f"Drawn: {result.drawn:,} cases" in text
    assert f"{result.not_applicable:,} not applicable" in text
    assert f"{result.precondition:,} outside the precondition" in text


def test_a_summary_comes_first():
    """With several relations a table of verdicts comes first, then a screen for each in their order."""
    shown = lines([BIGGER, mm.increasing("rooms"), mm.invariant("heating")])
    assert ["relation", "verdict", "rate"] == shown[0].split()[:3]
    assert [["VIOLATED"], ["HELD"], ["HELD"]] == [
        [word for word in line.split() if word.isupper()] for line in shown[1:4]
    ]
    assert ["VIOLATED", "HELD", "HELD"] == [line.split()[0] for line in shown[4:] if line[:1].isupper()]


def test_one_relation_needs_no_summary():
    """A single relation's report begins with its verdict."""
    assert lines(BIGGER)[0].startswith("VIOLATED")


def test_allowed_is_in_output_units():
    """What a relative tolerance allowed for the pair is shown in output units."""
    report = check(mm.increasing("area", tolerance=mm.relative(0.05)))
    found = report.results[0].counterexample
    expected = 0.05 * max(abs(found.source_output), abs(found.follow_up_output))
    assert pytest.approx(expected) == found.allowed
    assert f"(allowed {found.allowed:,.0f})" in str(report)


def test_a_label_changes():
    """A label has no amount: it changes."""
    report = check(mm.invariant("area"), lambda t: np.where(t["area"] > 200, "dear", "cheap"))
    table = [line for line in str(report).splitlines() if "dear" in line]
    assert table[0].endswith("changes")
    assert "worst" not in str(report)


def test_a_numeric_label_changes_too():
    """Classes 0 and 1 are names, no amounts: a label that changes falls by nothing."""

    class Classifier:
        classes_ = np.array([0, 1])

        def predict(self, t):
            return (t["area"] > 200).to_numpy().astype(int)

    text = str(check(mm.invariant("area"), Classifier()))
    assert (True, False, False) == ("changes" in text, "falls by" in text, "worst" in text)


def test_missing_values_are_called_missing():
    """A missing cell is shown as missing."""
    frame = HOUSES.assign(cbd=HOUSES["cbd"].where(HOUSES["cbd"] > 5_000))
    report = check(BIGGER, lambda t: t["area"] * np.where(t["cbd"].isna(), -1, 1), mm.Schema.from_frame(frame))
    row = next(line for line in str(report).splitlines() if line.startswith("  cbd "))
    assert ["cbd", "missing", "missing"] == row.split()[:3]


def test_without_colour():
    """The text holds no escape sequence: colour is the terminal's affair."""
    assert "\x1b" not in str(check([BIGGER, mm.increasing("rooms")]))


def test_many_differing_columns():
    """Beyond a dozen columns the rest is counted."""
    names = [f"c{place:02}" for place in range(30)]
    frame = pd.DataFrame({name: np.arange(60) % 2 for name in names}).assign(x=np.arange(60) * 1.0)
    frame.iloc[:20, :30] = 0
    frame.iloc[20:, :30] = 1
    schema = mm.Schema.from_frame(frame).with_reference(dict.fromkeys(names, 0) | {"x": 30.0})
    report = check(mm.increasing("x"), lambda t: -t["x"] * (t[names].sum(axis=1) == 30), schema)
    assert 30 <= len(report.results[0].counterexample.differs) + 1
    assert "more columns that differ" in str(report)


def test_repr_is_one_short_line():
    """A report's repr says its verdicts in one line."""
    assert "<Report bigger costs more: violated, increasing[rooms]: held>" == repr(
        check([BIGGER, mm.increasing("rooms")])
    )


def test_every_line_is_short():
    """No line of any of these reports is wider than 80 cells, nor ends in a space."""
    relations = [
        BIGGER,
        mm.increasing("area", "rooms", "cbd"),
        mm.invariant("area", "rooms", "cbd", "heating"),
        mm.increasing("rooms"),
    ]
    for line in lines(relations):
        assert (True, line) == (cell_len(line) <= 80, line.rstrip())
