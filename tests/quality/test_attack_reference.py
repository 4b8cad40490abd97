"""The attack against an obvious reference: every pair that it uses is a case of the relation, judged one by one."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
import pandas as pd
import pytest

import metamorph as mm
from metamorph.predictor import Predictor
from metamorph.runner.attack import attack
from metamorph.runner.candidates import candidate_cells, line
from metamorph.runner.checking import probe_rows
from metamorph.runner.coded import Coded
from metamorph.runner.estimate import Estimate
from metamorph.runner.floor import set_floor
from metamorph.runner.pressure import MarginPressure
from metamorph.runner.progress import Silent
from metamorph.runner.sweeping import Sweep
from metamorph.runner.trial import Trial

N = 400
SIZES = ["small", "medium", "large", "huge"]
KINDS = np.array(["flat", "house", "villa"], dtype="object")


def frame() -> pd.DataFrame:
    """Rows of every ordered kind, some values missing."""
    rng = np.random.default_rng(11)
    return pd.DataFrame(
        {
            "area": rng.integers(20, 200, N),
            "tax": np.round(rng.uniform(0, 9, N), 1),
            "garden": rng.random(N) < 0.5,
            "size": pd.Categorical(rng.choice(SIZES, N), categories=SIZES, ordered=True),
            "built": pd.Timestamp("2000-01-01") + pd.to_timedelta(rng.integers(0, 9_000, N), unit="D"),
            "kind": rng.choice(["flat", "house", "villa"], N),
            "rate": np.where(rng.random(N) < 0.15, np.nan, rng.uniform(0, 1, N)),
        }
    )


FRAME = frame()
SCHEMA = mm.Schema.from_frame(FRAME).where(lambda t: t["area"] >= 40 * t["tax"] - 200, name="taxed")


@attrs.frozen
class Bumpy:
    """A model that goes up and down along every column, and is bumpy in their products."""

    seed: int

    def __call__(self, rows: pd.DataFrame) -> Any:
        one, two, three = np.random.default_rng(self.seed).normal(size=(3, 7))
        rate = rows["rate"].to_numpy()
        numbers = np.column_stack(  # plain arrays: one row at a time, pandas would take nearly all the time
            [
                rows["area"].to_numpy() / 100,
                rows["tax"].to_numpy() / 5,
                rows["garden"].to_numpy(dtype="float64"),
                rows["size"].array.codes / 2,
                (rows["built"].to_numpy() - np.datetime64("2000-01-01")) // np.timedelta64(1, "D") / 5_000,
                np.searchsorted(KINDS, rows["kind"].to_numpy(dtype="object")).astype("float64"),
                np.where(np.isnan(rate), -1.0, rate),
            ]
        )
        return np.sin(numbers @ one * 3) + numbers @ two + np.cos(numbers @ three * 5)


LAWS = {
    "up": mm.increasing("area"),
    "several": mm.increasing("area", "tax", "size", "built"),
    "by": mm.increasing("area", by=7),
    "by several": mm.increasing("area", "tax", by={"area": 3, "tax": 0.3}),
    "to": mm.increasing("tax", to=7.5),
    "levels": mm.increasing("size", by=2),
    "moments": mm.increasing("built", by=pd.Timedelta(days=30)),
    "flag": mm.increasing("garden"),
    "when": mm.increasing("area", "rate").when(lambda t: (t["kind"] == "villa") & (t["tax"] > 3)),
    "down": mm.Relation("down", transform=mm.transforms.step_down(["tax"]), expect=mm.expectations.not_higher()),
    "other": mm.invariant("kind", "garden", tolerance=0.5),
    "missing": mm.invariant("rate", missing=True, tolerance=0.5),
    "shift": mm.Relation("s", transform=mm.transforms.shift(["area"], by=-5), expect=mm.expectations.not_higher()),
    "set": mm.Relation("t", transform=mm.transforms.set_to(["kind"], to="flat"), expect=mm.expectations.not_lower()),
    "scale": mm.Relation("c", transform=mm.transforms.scale(["area"], by=2), expect=mm.expectations.not_lower()),
}
STEPS = {  # what each law allows of a source's value and a follow-up's
    "by": {"area": lambda a, b: b == a + 7},
    "by several": {"area": lambda a, b: b == a + 3, "tax": lambda a, b: abs(b - a - 0.3) < 1e-9},
    "to": {"tax": lambda a, b: b == 7.5 and a < b},
    "levels": {"size": lambda a, b: SIZES.index(b) == SIZES.index(a) + 2},
    "moments": {"built": lambda a, b: b - a == pd.Timedelta(days=30)},
    "down": {"tax": lambda a, b: b < a},
    "other": {"kind": lambda a, b: a != b, "garden": lambda a, b: a != b},
    "missing": {"rate": lambda a, b: a != b},
    "shift": {"area": lambda a, b: b == a - 5},
    "set": {"kind": lambda a, b: b == "flat" and a != b},
    "scale": {"area": lambda a, b: b == 2 * a},
}


def is_missing(value: Any) -> bool:
    return bool(pd.isna(value))


BOUNDS = {name: (FRAME[name].min(), FRAME[name].max()) for name in FRAME if FRAME[name].dtype.kind in "ifM"}
LEVELS = {name: set(FRAME[name]) for name in FRAME if name not in BOUNDS}


def is_value(column: str, value: Any) -> bool:
    """Whether a column may have a value, by hand."""
    if is_missing(value):
        return column == "rate"
    if column in LEVELS:
        return value in LEVELS[column]
    low, high = BOUNDS[column]
    return bool(low <= value <= high)


def is_row(row: dict[str, Any]) -> bool:
    return bool(row["area"] >= 40 * row["tax"] - 200) and all(is_value(column, row[column]) for column in FRAME)


def same(before: Any, after: Any) -> bool:
    if is_missing(before) or is_missing(after):
        return is_missing(before) and is_missing(after)
    return bool(before == after)


def rises(before: Any, after: Any) -> bool:
    return bool(SIZES.index(after) > SIZES.index(before) if isinstance(after, str) else after > before)


def is_step(name: str, column: str, before: Any, after: Any) -> bool:
    """Whether a law moves a column so, by hand."""
    if column not in LAWS[name].transform.touches(SCHEMA):
        return False
    if (is_missing(before) or is_missing(after)) and name != "missing":
        return False
    return bool(STEPS.get(name, {}).get(column, rises)(before, after))


def is_case(name: str, source: dict[str, Any], follow_up: dict[str, Any]) -> bool:
    """Whether two rows are a case of a law, by hand."""
    if not (is_row(source) and is_row(follow_up)):
        return False
    if name == "when" and not (source["kind"] == "villa" and source["tax"] > 3):
        return False
    moved = [column for column in FRAME if not same(source[column], follow_up[column])]
    return bool(moved) and all(is_step(name, column, source[column], follow_up[column]) for column in moved)


def trial_of(name: str, seed: int) -> Trial:
    trial = Trial(LAWS[name], SCHEMA, Predictor(Bumpy(seed)))
    set_floor(trial, probe_rows(SCHEMA))
    return trial


def one_by_one(trial: Trial, rows: pd.DataFrame) -> list[float]:
    return [float(trial.predictor.adapter.model(rows.iloc[[place]])[0]) for place in range(len(rows))]


def margin(trial: Trial, source: float, follow_up: float) -> float:
    """The margin of one pair, in plain Python, but for the rounding floor."""
    expect = trial.relation.expect
    fall = {"NotLower": source - follow_up, "NotHigher": follow_up - source}.get(type(expect).__name__)
    return abs(source - follow_up) - float(expect.tolerance) if fall is None else fall - float(expect.tolerance)


@pytest.mark.parametrize("name", LAWS)
def test_every_violation_of_an_attack_is_one(name):
    """What an attack returns are cases of the relation, law, precondition and constraint, that violate one by one."""
    found = 0
    for seed in range(2):
        trial = trial_of(name, seed)
        blank, rng = Estimate.blank(trial, 1), np.random.default_rng(seed)
        worst = attack(trial, blank, None, rows=2_500, rng=rng, progress=Silent()).worst
        if worst is None:
            continue
        cases, follow_up = worst.cases.source, worst.follow_up
        before, after = one_by_one(trial, cases), one_by_one(trial, follow_up)
        found += len(worst)
        for place in range(len(worst)):
            assert is_case(name, SCHEMA.row(cases, place), SCHEMA.row(follow_up, place))
            assert margin(trial, before[place], after[place]) > 0
            assert margin(trial, before[place], after[place]) == pytest.approx(worst.margins[place], abs=1e-6)
    assert found


@pytest.mark.parametrize("name", ["up", "several", "when", "down", "flag", "other"])
def test_every_pair_of_a_sweep_is_judged_as_one_by_one(name):
    """Of the rows of a sweep, exactly those pairs are tried that are cases, and each as it is judged alone."""
    trial, rng = trial_of(name, 5), np.random.default_rng(5)
    column = LAWS[name].transform.columns[0]
    parameters, _ = LAWS[name].transform.draw(FRAME, SCHEMA, rng)
    starts = Coded.of(mm_cases(SCHEMA.observed, parameters.head(len(SCHEMA.observed))), SCHEMA, trial.touches)
    starts = starts.take(rng.permutation(starts.size)[:15])
    cells = candidate_cells(SCHEMA, {}, {})[column]
    grid = line(SCHEMA.columns[column], cells, starts.source[column], 7, rng)
    sweep = Sweep(trial, starts, {column: grid})
    pressure = MarginPressure(trial)
    pairs = sweep.pairs(pressure.ask(sweep.rows), pressure)
    coded = sweep.cases(pairs, np.arange(len(pairs.owner)))
    table = coded.cases(SCHEMA)
    follow_up = trial.relation.transform.apply(table, SCHEMA)
    before, after = one_by_one(trial, table.source), one_by_one(trial, follow_up)
    tried: dict[int, int] = {}
    for place in range(len(table)):
        assert is_case(name, SCHEMA.row(table.source, place), SCHEMA.row(follow_up, place))
        expected = margin(trial, before[place], after[place])
        assert expected == pytest.approx(pairs.pressure[place], abs=1e-6)
        tried[int(pairs.owner[place])] = tried.get(int(pairs.owner[place]), 0) + 1
    assert tried == by_hand(name, column, starts, grid)


def by_hand(name: str, column: str, starts: Coded, grid: Any) -> dict[int, int]:
    """How many pairs of values of a column are cases of each start."""
    values = [SCHEMA.columns[column].decode(codes, missing) for codes, missing in zip(*grid, strict=True)]
    table = starts.cases(SCHEMA)
    follow_up = LAWS[name].transform.apply(table, SCHEMA)
    counts: dict[int, int] = {}
    for start in range(starts.size):
        source, after = SCHEMA.row(table.source, start), SCHEMA.row(follow_up, start)
        plain = [SCHEMA.plain(column, value) for value in values[start]]
        for first in plain:
            for second in plain:
                counts[start] = counts.get(start, 0) + is_case(name, source | {column: first}, after | {column: second})
    return {start: count for start, count in counts.items() if count}


def mm_cases(source: pd.DataFrame, parameters: pd.DataFrame) -> Any:
    from metamorph.case import Cases  # noqa: PLC0415 - beside its only use

    return Cases(source, parameters)


@pytest.mark.parametrize("name", LAWS)
def test_the_numbers_of_the_estimate_are_as_without_an_attack(name):
    """The attack changes neither rate, nor interval, nor any count of cases, whatever it finds."""
    fields = (
        "cases",
        "violations",
        "rate",
        "interval",
        "distinct",
        "drawn",
        "no_change",
        "not_applicable",
        "precondition",
    )
    plain, attacked = (
        mm.check(Bumpy(3), LAWS[name], SCHEMA, budget=150, attack=rows).results[0] for rows in (0, 1_200)
    )
    for field in fields:
        assert getattr(plain, field) == getattr(attacked, field)
    assert attacked.worst is None or attacked.worst.margin >= (plain.worst.margin if plain.worst else 0.0)


@pytest.mark.parametrize(("share", "rows", "least"), [(1e-3, 10_000, 5), (1e-4, 40_000, 4)])
def test_needles(share, rows, least):
    """A fall in a box of four columns, which the estimate of a few rows misses, is found by the attack."""
    side, found = share**0.25, 0
    for seed in range(8):  # the attack alone finds 7 and 5
        rng = np.random.default_rng([seed, 3])
        lows = rng.random(4) * (1 - side)
        table = pd.DataFrame(rng.random((500, 6)), columns=list("abcdef"))

        def model(rows: pd.DataFrame, lows: Any = lows) -> Any:
            inside = np.all(
                [(rows[name] >= low) & (rows[name] < low + side) for name, low in zip("abcd", lows, strict=True)],
                axis=0,
            )
            return (10 * rows["a"] - 100 * inside).to_numpy()

        result = mm.check(model, mm.increasing("a"), table, budget=50, attack=rows, seed=seed).results[0]
        found += result.found_by == "attack"
    assert found >= least
