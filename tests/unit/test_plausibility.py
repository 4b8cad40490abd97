"""Counterexamples say how near they are to real rows, and search and shrinking keep near them where that is asked."""

import attrs
import hypothesis
import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis.database import DirectoryBasedExampleDatabase

import metamorph as mm
from metamorph import host
from metamorph.bound import BoundRelation
from metamorph.case import Cases
from metamorph.cli import main
from metamorph.failures import Failures
from metamorph.predictor import Predictor
from metamorph.report import Report
from metamorph.result import Counterexample, Evidence, Nearness, Result
from metamorph.runner.plausibility import envelope
from metamorph.runner.settings import Settings
from metamorph.runner.trial import Trial
from tests.asking import run

RNG = np.random.default_rng(3)
N = 120
AREA = RNG.integers(50, 300, N)
HOUSES = pd.DataFrame(
    {
        "area": AREA,
        "tax": np.where(RNG.random(N) < 0.1, np.nan, 3.0 * AREA + RNG.normal(0, 9, N).round(1)),
        "heating": np.where(RNG.random(N) < 0.1, None, RNG.choice(["gas", "oil"], N)),
        "old": RNG.random(N) < 0.2,
    }
)
SCHEMA = mm.Schema.from_frame(HOUSES).with_noun("house")
BIGGER = mm.increasing("area")


def price(t):
    """Large houses of a high tax sell for less."""
    return 100.0 * t["area"] - 9_000.0 * ((t["area"] > 200) & (t["tax"] > 400))


def secret(t):
    """Large houses sell for less where their tax is low, and it never is."""
    return 100.0 * t["area"] - 90_000.0 * ((t["area"] > 200) & (t["tax"] < 250))


def reference_cells(schema, frame):
    """Rows as points of numbers, and levels beside them: missing values are 1 on an axis of their own."""
    numbers, levels = [], []
    for name, column in schema.columns.items():
        if name in {"heating", "old"}:
            levels.append([repr(column.plain(value)) for value in frame[name]])
            continue
        seen = schema.observed[name].dropna().to_numpy(dtype=float)
        low, middle, high = np.quantile(seen, [0.25, 0.5, 0.75])
        numbers.append((frame[name].to_numpy(dtype=float, na_value=np.nan) - middle) / (high - low))
        numbers.append(np.isnan(numbers[-1]).astype(float))
        numbers[-2] = np.nan_to_num(numbers[-2])
    return np.array(numbers).T, np.array(levels).T


def reference_gaps(schema, frame):
    """The distances of each row from each observed one."""
    (here, mine), (there, theirs) = reference_cells(schema, frame), reference_cells(schema, schema.observed)
    squares = ((here[:, None] - there[None]) ** 2).sum(axis=2) + (mine[:, None] != theirs[None]).sum(axis=2)
    return np.sqrt(squares)


def reference_limit(schema, share):
    apart = reference_gaps(schema, schema.observed)
    np.fill_diagonal(apart, np.inf)
    return np.quantile(apart.min(axis=1), share, method="inverted_cdf")


def inside(schema, frame, share):
    """Which rows lie inside by the reference, and which so near the edge that rounding decides."""
    gaps, limit = reference_gaps(schema, frame).min(axis=1), reference_limit(schema, share)
    return gaps <= limit, np.abs(gaps - limit) < 1e-9


def plausible_trial(relation, model, share):
    trial = Trial(relation, SCHEMA, Predictor(model))
    trial.envelope = envelope(SCHEMA, share)
    return trial


def drawn(seed):
    """Cases whose sources are mixed up of real rows, with any area to move to."""
    rng = np.random.default_rng(seed)
    source = pd.DataFrame({name: HOUSES[name].take(rng.integers(0, N, 200)).reset_index(drop=True) for name in HOUSES})
    parameters = pd.DataFrame({"to[area]": HOUSES["area"].take(rng.integers(0, N, 200)).reset_index(drop=True)})
    return Cases(source, parameters)


@hypothesis.given(share=st.floats(0.02, 1.0), seed=st.integers(0, 10**6))
@hypothesis.settings(max_examples=40, deadline=None)
def test_admissible_cases_are_the_possible_ones_whose_rows_both_lie_inside(share, seed):
    trial = plausible_trial(BIGGER, price, share)
    cases = drawn(seed)
    follow_up, admissible = trial.admissible(cases)
    other, possible = trial.possible(cases)
    near, edge = np.zeros((2, len(cases)), dtype=bool)
    (source_in, source_edge), (follow_in, follow_edge) = (
        inside(SCHEMA, rows, share) for rows in (cases.source[possible], other)
    )
    near[possible], edge[possible] = source_in & follow_in, source_edge | follow_edge
    assert list(near[~edge]) == list(admissible[~edge])
    assert int(admissible.sum()) == len(follow_up)


def test_without_an_envelope_admissible_cases_are_the_possible_ones():
    trial = plausible_trial(BIGGER, price, None)
    cases = drawn(1)
    (rows, admissible), (others, possible) = trial.admissible(cases), trial.possible(cases)
    assert list(possible) == list(admissible)
    pd.testing.assert_frame_equal(others, rows)


def frames_of(found):
    return [SCHEMA.frame([row]) for row in (found.source, found.follow_up)]


@pytest.mark.parametrize("share", [0.5, 0.9, 0.99, 1.0])
@pytest.mark.parametrize("seed", range(3))
def test_what_is_reduced_lies_inside(share, seed):
    found = mm.check(price, BIGGER, SCHEMA, budget=3_000, seed=seed, plausible=share).results[0].counterexample
    gaps = [reference_gaps(SCHEMA, frame).min() for frame in frames_of(found)]
    assert max(gaps) <= reference_limit(SCHEMA, share) + 1e-9


def test_a_reduced_counterexample_may_lie_outside_where_nothing_is_asked():
    found = mm.check(price, BIGGER, SCHEMA, budget=400).results[0].counterexample
    gaps = [reference_gaps(SCHEMA, frame).min() for frame in frames_of(found)]
    assert max(gaps) > reference_limit(SCHEMA, 0.5)


def numbers_of(result):
    names = ("cases", "violations", "rate", "interval", "drawn", "no_change", "not_applicable", "precondition")
    return {name: getattr(result, name) for name in names}


@pytest.mark.parametrize("share", [0.05, 0.5, 0.99, 1.0])
@pytest.mark.parametrize("model", [price, secret])
def test_the_rate_is_the_same_whatever_is_plausible(model, share):
    free, bound = (mm.check(model, BIGGER, SCHEMA, budget=400, plausible=one).results[0] for one in (None, share))
    assert numbers_of(free) == numbers_of(bound)
    assert free.verdict == bound.verdict


def test_a_violation_that_real_rows_make_counts_wherever_it_lies():
    found = mm.check(secret, BIGGER, SCHEMA, budget=400, attack=0, plausible=0.5).results[0]
    assert ("violated", "estimate") == (found.verdict, found.found_by)
    assert found.counterexample.nearness[1].percentile > 0.5


STEP = mm.increasing("area", by=40)


def test_what_search_alone_finds_far_off_is_none_where_it_must_be_plausible():
    free, bound = (mm.check(secret, STEP, SCHEMA, budget=2_000, plausible=one).results[0] for one in (None, 0.9))
    assert ("violated", "attack", 0) == (free.verdict, free.found_by, free.violations)
    assert ("held", None) == (bound.verdict, bound.found_by)


def test_nearness_is_that_of_the_reference():
    found = mm.check(price, BIGGER, SCHEMA, budget=400).results[0].counterexample
    apart = reference_gaps(SCHEMA, HOUSES)
    np.fill_diagonal(apart, np.inf)
    for frame, near in zip(frames_of(found), found.nearness, strict=True):
        distance = reference_gaps(SCHEMA, frame).min()
        assert pytest.approx(distance) == near.distance
        assert pytest.approx((apart.min(axis=1) < distance - 1e-9).mean(), abs=1e-12) == near.percentile
        unseen = [name for name in HOUSES if not (HOUSES[name].isin(frame[name]) | frame[name].isna()[0]).any()]
        assert tuple(unseen) == near.explored


def test_a_case_of_a_real_row_is_at_no_distance():
    row = {name: SCHEMA.plain(name, HOUSES[name].iloc[7]) for name in HOUSES}
    with pytest.raises(AssertionError, match=r"The source is a real house"):
        mm.strategies.case(mm.decreasing("area"), SCHEMA, {**row, "to[area]": 290}).check(price)


def test_a_schema_written_by_hand_has_no_real_rows_to_be_near():
    schema = mm.Schema(area=mm.Integer(50, 300), tax=mm.Real(100, 900))
    found = mm.check(price, BIGGER, schema, budget=400).results[0]
    assert ("violated", None) == (found.verdict, found.counterexample.nearness)


def test_pairs_that_are_given_have_no_nearness():
    follow_ups = HOUSES.assign(area=HOUSES["area"] + 5)
    report = mm.judge(lambda t: -t["area"], HOUSES, follow_ups, expect=mm.expectations.not_lower())
    assert report.results[0].counterexample.nearness is None


FEW = {
    "one row": (HOUSES.head(1).assign(heating="gas", tax=300.0), (0.0, None)),
    "two rows": (HOUSES.head(2).assign(heating="gas", tax=300.0, area=[60, 280]), (0.0, 0.0)),
    "twins only": (HOUSES.head(1).assign(heating="gas", tax=500.0).loc[[0, 0, 0]].reset_index(drop=True), (0.0, 0.0)),
}


@pytest.mark.parametrize("name", FEW)
def test_few_rows(name):
    frame, wanted = FEW[name]
    schema = mm.Schema.from_frame(frame)
    relation = mm.Relation("same", transform=lambda t: t.assign(old=~t["old"]), expect=mm.expectations.unchanged())
    report = mm.check(lambda t: t["old"] * 1.0, relation, schema, budget=5)
    near = report.results[0].counterexample.nearness[0]
    assert wanted == (near.distance, near.percentile)
    assert report == Report.from_json(report.to_json())


def test_rows_of_a_batch_are_reduced_within_the_envelope():
    relation = mm.Relation(
        "others do not matter", transform=mm.transforms.subset_of_rows(), expect=mm.expectations.unchanged()
    )
    found = mm.check(lambda t: t["area"] - t["area"].mean(), relation, SCHEMA, budget=100, plausible=0.5)
    rows = SCHEMA.frame([found.results[0].counterexample.source, *found.results[0].counterexample.others])
    assert reference_gaps(SCHEMA, rows).min(axis=1).max() <= reference_limit(SCHEMA, 0.5) + 1e-9


IMPOSSIBLE = {
    "none of them": (0, SCHEMA, mm.RelationError, "0 < plausible <= 1 but got plausible=0"),
    "more than all": (1.5, SCHEMA, mm.RelationError, "plausible=1.5"),
    "no number": ("0.9", SCHEMA, mm.RelationError, "plausible='0.9'"),
    "a truth value": (True, SCHEMA, mm.RelationError, "plausible=True"),
    "not a number": (float("nan"), SCHEMA, mm.RelationError, "plausible=nan"),
    "no real rows": (0.9, mm.Schema(area=mm.Integer(1, 9)), mm.SchemaError, "plausible=0.9, but it has 0"),
    "one real row": (0.9, mm.Schema.from_frame(HOUSES.head(1).assign(tax=1.0, heating="gas")), mm.SchemaError, "has 1"),
}


def never(_):
    pytest.fail("The model was asked.")


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_what_cannot_be_plausible_is_refused_before_the_model_is_asked(name):
    share, schema, error, said = IMPOSSIBLE[name]
    with pytest.raises(error, match=said) as refused:
        mm.check(never, BIGGER, schema, plausible=share)
    assert len(str(refused.value).splitlines()) <= 3
    with pytest.raises(error, match=said):
        mm.relations(BIGGER, schema=schema, plausible=share)
    with pytest.raises(error, match=said):
        mm.parametrize_with_relations([price], schema, BIGGER, plausible=share)


def test_the_bound_relation_keeps_what_is_plausible():
    host.runner.set(None)  # as outside pytest, whose failures are kept
    BoundRelation(STEP, SCHEMA, Settings(2_000, plausible=0.9)).check(secret)
    with pytest.raises(AssertionError, match="VIOLATED by search only"):
        BoundRelation(STEP, SCHEMA, Settings(2_000)).check(secret)


@pytest.mark.parametrize(
    "decorate",
    [
        lambda **given: mm.relations(STEP, schema=SCHEMA, **given),
        lambda **given: mm.parametrize_with_relations([price], SCHEMA, STEP, **given),
    ],
)
def test_decorators_hand_on_what_is_plausible(decorate):
    ((values, *_),) = decorate(plausible=0.9).args[1]
    bound = values[-1]
    assert 0.9 == bound.settings.plausible


SUITE = f"""
import metamorph as mm, pandas as pd
schema = mm.Schema.from_frame(pd.DataFrame({HOUSES.astype(object).where(HOUSES.notna(), None).to_dict("list")!r}))
relations = mm.increasing("area", by=40)
def model(t):
    return 100.0 * t["area"] - 90_000.0 * ((t["area"] > 200) & (t["tax"] < 250))
"""


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        ([], 1, "VIOLATED by search only: 0 of 2,000 real rows"),
        (["--plausible", "0.9"], 0, "HELD"),
        (["--plausible", "0"], 2, "--plausible"),
        (["--plausible", "1.01"], 2, "--plausible"),
    ],
)
def test_the_command_line_asks_for_what_is_plausible(options, code, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "suite.py").write_text(SUITE, encoding="utf-8")
    ran = CliRunner().invoke(main, ["check", "suite.py", "--budget", "2000", *options])
    assert (code, True) == (ran.exit_code, said in ran.output + ran.stderr)


def test_a_kept_case_that_is_not_plausible_is_left_out_and_kept(tmp_path):
    failures = Failures(DirectoryBasedExampleDatabase(tmp_path), "suite", "suite.py")
    first = run(secret, STEP, SCHEMA, budget=2_000, failures=failures)
    assert ("violated", True) == (first.results[0].verdict, bool(first.results[0].replay))
    second = run(secret, STEP, SCHEMA, budget=2_000, failures=failures, plausible=0.9)
    assert ("held", 0, 1) == (second.results[0].verdict, second.results[0].replayed, len(failures.recall(STEP)))
    assert ("increasing[area]: left out as not plausible, and kept: 1 case that failed before.",) == second.notes
    third = run(secret, STEP, SCHEMA, budget=2_000, failures=failures)
    assert ("violated", 1, 0) == (third.results[0].verdict, third.results[0].replayed, third.results[0].fixed)


def told(source, follow_up, **found):
    """The report of a pair of such nearness."""
    row, moved = {"area": 1_970, "rooms": 9, "age": 3}, {"area": 2_000, "rooms": 9, "age": 3}
    pair = Counterexample(
        row, moved, 2.0, 1.0, 1.0, "falls", 1.0, 0.0, ("rooms",), ("area",), nearness=(source, follow_up)
    )
    result = Result("bigger", "Bigger costs more.", "violated", counterexample=pair, worst=pair, **found)
    return Report((result,), ("house", "houses"), {"area": 1_970, "rooms": 7, "age": 3})


def below(report):
    """What stands below the table."""
    lines = str(report).splitlines()
    first = lines.index("  Every other column is at the typical house.") + 1
    return " ".join(line.strip() for line in lines[first:] if "Found after" not in line)


REAL, CLOSE, FAR = Nearness(0.0, 0.0), Nearness(0.4, 0.351), Nearness(7.0, 1.0)
SAID = {
    "a real row": (REAL, CLOSE, "The source is a real house."),
    "two real rows": (REAL, REAL, "Both are real houses."),
    "a real row's far step": (
        REAL,
        Nearness(3.0, 0.9542),
        "The source is a real house; the follow-up is farther from any than 95% of them are.",
    ),
    "a row between real ones": (CLOSE, CLOSE, "Farther from any real house than 35% of them are."),
    "a near row": (Nearness(0.1, 0.0), REAL, "As near to a real house as those are to each other."),
    "nearly all": (CLOSE, Nearness(5.0, 0.9991), "Farther from any real house than 99.9% of them are."),
    "unseen values": (
        Nearness(0.4, 0.351, ("area", "rooms")),
        Nearness(0.4, 0.2, ("rooms",)),
        "Farther from any real house than 35% of them are; area 1970 and rooms 9 were never observed.",
    ),
    "values of one column": (
        Nearness(0.0, None, ()),
        Nearness(0.4, None, ("area", "age")),  # the age is the typical house's
        "The source is a real house; area 2000 was never observed.",
    ),
    "one real row": (Nearness(0.3, None), Nearness(0.4, None), ""),
}


@pytest.mark.parametrize("name", SAID)
def test_what_is_said_below_the_pair(name):
    source, follow_up, said = SAID[name]
    assert said == below(told(source, follow_up, found_by="estimate", cases=10, violations=1, rate=0.1))


HEADS = {
    ("attack", 10_000, "real"): "VIOLATED by search only: 0 of 10,000 real houses",
    ("proof", 10_000, "real"): "VIOLATED by proof: 0 of 10,000 real houses",
    ("attack", 10_000, "generated"): "VIOLATED by search only: 0 of 10,000 generated houses",
    ("attack", 0, "real"): "VIOLATED by search only",
    ("proof", 0, "real"): "VIOLATED by proof",
}


@pytest.mark.parametrize(("by", "cases", "rows"), HEADS)
def test_the_first_line_says_on_what_evidence(by, cases, rows):
    rate = {"rate": 0.0, "interval": (0.0, 0.0003)} if cases else {}
    report = attrs.evolve(told(CLOSE, CLOSE, found_by=by, cases=cases, distinct=cases, **rate), rows=rows)
    assert HEADS[by, cases, rows] == str(report).splitlines()[0].removesuffix("bigger").rstrip()


def test_what_search_found_far_off_is_said_to_be_at_the_top_and_not_again_below():
    lines = str(told(FAR, CLOSE, found_by="attack", cases=10, rate=0.0, interval=(0.0, 0.3))).splitlines()
    assert "  Farther from any real house than all of them are from each other." == lines[1]
    assert "" == below(told(FAR, CLOSE, found_by="attack", cases=10, rate=0.0, interval=(0.0, 0.3)))


def test_what_real_rows_show_is_said_to_be_far_below_the_pair():
    report = told(FAR, CLOSE, found_by="estimate", cases=10, violations=1, rate=0.1, interval=(0.0, 0.4))
    assert "  Bigger costs more." == str(report).splitlines()[1]
    assert "Farther from any real house than all of them are." == below(report)


def test_what_is_proved_passes_and_says_why():
    argument = Evidence("model", "No split of the model lowers it as area rises.")
    result = Result(
        "bigger", "Bigger costs more.", "proved", cases=100, rate=0.0, interval=(0.0, 0.036), distinct=90,
        evidence=argument,
    )  # fmt: skip
    report = Report((result,), ("house", "houses"))
    assert (True, 0) == (report.passed, report.exit_code)
    report.raise_for_violations()
    assert [
        "PROVED for every house of the schema                                      bigger",
        "  Bigger costs more.",
        "  No split of the model lowers it as area rises.",
        "  No violation in 100 cases on 90 real houses.",
    ] == str(report).splitlines()


def test_nearness_survives_json():
    report = told(Nearness(0.5, 0.25, ("area",)), Nearness(1.0, None))
    assert report == Report.from_json(report.to_json())
