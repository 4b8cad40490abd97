"""Both drivers agree: a case asked by itself and the same case in a table have one status, one margin, one verdict."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, assume, given, reject, settings
from hypothesis import strategies as st

import metamorph as mm
from metamorph import strategies as mst
from metamorph.bound import Case
from metamorph.case import Cases, Status
from metamorph.errors import MetamorphError
from metamorph.literals import cases_of, literals_of
from metamorph.predictor import Predictor
from metamorph.runner.broken import Broken
from metamorph.runner.checking import probe_rows
from metamorph.runner.examiner import Examiner
from metamorph.runner.floor import set_floor
from metamorph.runner.trial import Trial
from metamorph_strategies import sampling

Floats = npt.NDArray[np.float64]
Model = Any

N = 400
CASES = 9
"""Cases of a table."""
STATES = ["poor", "fair", "good", "new"]


def rows() -> pd.DataFrame:
    """Rows of every kind of column, some of them missing."""
    rng = np.random.default_rng(3)
    rooms = rng.integers(1, 10, N)
    return pd.DataFrame(
        {
            "area": np.round(rng.uniform(20, 300, N), 1),
            "rooms": rooms,
            "baths": np.minimum(rooms, rng.integers(1, 5, N)),
            "tax": rng.uniform(0, 8, N).astype("float32"),
            "score": pd.array(np.where(rng.random(N) < 0.1, None, rng.integers(300, 850, N)), dtype="Int64"),
            "heating": rng.choice(["gas", "oil", "coal"], N),
            "fuel": rng.choice(["gas", "oil", "coal"], N),
            "state": pd.Categorical.from_codes(rng.integers(-1, 4, N), STATES, ordered=True),
            "garden": rng.random(N) < 0.4,
            "pool": pd.array(np.where(rng.random(N) < 0.1, None, rng.random(N) < 0.3), dtype="boolean"),
            "sold": pd.Timestamp("2001-01-01") + pd.to_timedelta(rng.integers(0, 2_000, N), unit="D"),
        }
    )


def density(t: pd.DataFrame) -> Any:
    """Rooms on a hundred units of area."""
    return 100 * t["rooms"] / t["area"]


OBSERVED = mm.Schema.from_frame(rows())
BY_HAND = mm.Schema(
    area=mm.Real(20, 300),
    rooms=mm.Integer(1, 9),
    baths=mm.Integer(1, 4),
    tax=mm.Real(0, 8, dtype="float32"),
    score=mm.Integer(300, 850, nullable=True),
    heating=mm.Category(["gas", "oil", "coal"]),
    fuel=mm.Category(["gas", "oil", "coal"]),
    state=mm.Category(STATES, ordered=True, nullable=True),
    garden=mm.Boolean(),
    pool=mm.Boolean(nullable=True),
    sold=mm.Timestamp("2001-01-01", "2006-06-01"),
)
SCHEMAS = {
    "observed": OBSERVED,
    "constrained": OBSERVED.where(lambda t: t["baths"] <= t["rooms"]).where(lambda t: t["area"] > 20 * t["tax"]),
    "derived": OBSERVED.derive(density=density).where(lambda t: t["density"] < 20),
    "by hand": BY_HAND,
    "by hand, constrained": BY_HAND.where(lambda t: t["baths"] <= t["rooms"]).derive(density=density),
}


def extended(t: pd.DataFrame) -> pd.DataFrame:
    """A larger house; a house of many rooms stays as it is."""
    return t.assign(area=(t["area"] + 15.5 * (t["rooms"] < 7)).astype(t["area"].dtype))


def fallen(source: Any, follow_up: Any) -> Any:
    """A user's own margin."""
    return source - follow_up - 1.0


class RefusedError(Exception):
    """What a model may raise."""


def of(transform: Any, expect: Any, **more: Any) -> mm.Relation:
    """A relation of parts."""
    return mm.Relation("of parts", transform=transform, expect=expect, **more)


ends, changes = mm.expectations, mm.transforms
RELATIONS: Mapping[str, mm.Relation] = {
    "up": mm.increasing("area"),
    "up, several": mm.increasing("area", "score", "state", "garden"),
    "up, single precision": mm.increasing("tax"),
    "up by": mm.increasing("area", "rooms", by={"area": 12.5, "rooms": 2}),
    "up by levels": mm.decreasing("state", by=1),
    "up by days": mm.increasing("sold", by=pd.Timedelta(days=90)),
    "up to": mm.decreasing("score", to=800),
    "strict": mm.increasing("area", strict=True),
    "tolerance": mm.decreasing("rooms", tolerance=2.5),
    "relative": mm.decreasing("area", tolerance=mm.relative(0.05, at_least=0.5)),
    "invariant": mm.invariant("heating"),
    "invariant, several": mm.invariant("heating", "state", "rooms", tolerance=3.0),
    "invariant, missing": mm.invariant("score", "pool", missing=True, tolerance=mm.relative(0.1)),
    "invariant moment": mm.invariant("sold", tolerance=1.0),
    "precondition": mm.increasing("area").when(lambda t: t["rooms"] > 4).when(lambda t: t["garden"]),
    "function": of(extended, ends.not_lower(), touches=["area"]),
    "function of all": of(extended, fallen),
    "scale": of(changes.scale(["area", "tax"], by=1.25), ends.scaled(by=1.25, tolerance=mm.relative(0.02))),
    "refusals": of(extended, ends.not_lower(0.5), raises_ok=(RefusedError,)),
    "probability": mm.increasing("rooms").on(probability_of="yes"),
    "label": mm.invariant("area", "heating").on("label"),
    "scores": mm.invariant("garden", tolerance=0.01).on("scores"),
    "ordered label": mm.increasing("area").on("label"),
    "output": mm.increasing("tax").on(lambda model, t: model(t) if callable(model) else model.predict_proba(t)[:, 0]),
    "step down": of(changes.step_down(["area", "score"]), ends.not_higher()),
    "set": of(changes.set_to(["rooms"], 5), ends.not_lower()),
    "shift": of(changes.shift(["rooms"], -2), ends.not_higher(1.0)),
    "made missing": of(changes.make_missing(["score"]), ends.unchanged(0.5)),
    "swap": of(changes.swap("heating", "fuel"), ends.unchanged()),
    "noise": of(changes.noise(["area"], 4.0), ends.changes_by_at_most(3.0)),
    "then": mm.increasing("area").then(mm.increasing("rooms")),
    "either": mm.increasing("area") | mm.increasing("area", tolerance=mm.relative(0.5)),
}


LEVELS = {"heating": ["gas", "oil", "coal"], "fuel": ["gas", "oil", "coal"], "state": STATES}


def features(t: pd.DataFrame) -> Floats:
    """The rows as numbers, shape ``(n, 11)``; missing is -1."""
    columns = []
    for name in BY_HAND.names:
        values = t[name]
        if name in LEVELS:
            levels = values.to_numpy(dtype=object, na_value=None)
            columns.append(sum(place * (levels == level) for place, level in enumerate(LEVELS[name], 1)) - 1.0)
        elif values.dtype.kind == "M":
            columns.append((values.to_numpy() - np.datetime64("2001-01-01")) / np.timedelta64(100, "D"))
        else:
            columns.append(values.to_numpy(dtype="float64", na_value=np.nan))
    return np.nan_to_num(np.column_stack(columns), nan=-1.0)


@attrs.frozen
class Rough:
    """Weighted columns, with a step where two of them are large: its answers rise and fall."""

    weights: Floats
    edge: float
    dust: float = 0.0
    dtype: str = "float64"

    def __call__(self, t: pd.DataFrame) -> Any:
        values = features(t)
        level = values @ self.weights + 5.0 * ((values[:, 0] > self.edge) & (values[:, 1] > 4))
        last_bits = self.dust * abs(level) * np.arange(len(t))
        return (level + last_bits).astype(self.dtype)


@attrs.frozen
class Classifier:
    """Labels by where the level of a rough model stands among edges."""

    rough: Rough
    classes_: Any
    edges: Floats

    def predict(self, t: pd.DataFrame) -> Any:
        return np.asarray(self.classes_)[np.searchsorted(self.edges, self.rough(t))]

    def predict_proba(self, t: pd.DataFrame) -> Floats:
        below = 1 / (1 + np.exp(np.subtract.outer(self.rough(t), self.edges) / 20))
        return np.diff(below, axis=1, prepend=0.0, append=1.0)


@attrs.frozen
class Refusing:
    """A rough model that refuses houses of five rooms without a garden."""

    rough: Rough

    def __call__(self, t: pd.DataFrame) -> Any:
        if ((t["rooms"] == 5) & ~t["garden"]).any():
            raise RefusedError
        return self.rough(t)


def rough(rng: np.random.Generator, **more: Any) -> Rough:
    """A rough model of random weights."""
    return Rough(rng.normal(size=11) * np.array([0.2, 2, 2, 2, 0.02, 3, 3, 3, 3, 3, 0.5]), rng.uniform(60, 250), **more)


def classes(rng: np.random.Generator, labels: list[Any]) -> Classifier:
    """A classifier whose labels are about equally common."""
    model = rough(rng)
    shares = np.linspace(0, 1, len(labels) + 1)[1:-1]
    return Classifier(model, labels, np.quantile(model(rows()), shares))


MODELS: Mapping[str, Callable[[np.random.Generator], Model]] = {
    "numbers": rough,
    "dust": lambda rng: rough(rng, dust=1e-13),
    "single precision": lambda rng: rough(rng, dtype="float32"),
    "labels": lambda rng: classes(rng, ["no", "yes"]),
    "ordered labels": lambda rng: classes(rng, [1, 2, 3, 4]),
    "refusals": lambda rng: Refusing(rough(rng)),
    "constant": lambda _: lambda t: np.full(len(t), 7.0),
}


@attrs.frozen
class Asked:
    """The vectorised runner's trial and its model; ``broken``: the probe found that nothing can be judged."""

    trial: Trial
    model: Model
    broken: bool

    def examiner(self) -> Examiner:
        """Who examines cases of it one by one."""
        return Examiner(self.trial.relation, self.trial.schema, self.model)


@attrs.frozen
class Table:
    """Cases judged in one call: their statuses, and the margin and the rounding floor of those that are effective."""

    cases: Cases
    status: npt.NDArray[np.int8]
    margins: Floats
    floors: Floats

    @classmethod
    def judged(cls, trial: Trial, cases: Cases, follow_up: pd.DataFrame, status: Any) -> Table:
        """The table of cases whose follow-ups and statuses are known; Broken where the model refuses one of them."""
        effective = np.flatnonzero(status == Status.EFFECTIVE)
        margins, floors = np.full((2, len(cases)), np.nan)
        if len(effective):
            judged = trial.judge(cases, follow_up, effective)
            margins[effective] = judged.margins
            outputs = judged.source_output, judged.follow_up_output
            numeric = all(side.dtype.kind == "f" for side in outputs) and not judged.raised.all()
            floor = np.nan_to_num(trial.rounding.floor(*outputs)) if numeric else np.zeros(len(effective))
            floors[effective] = floor if floor.ndim == 1 else floor.max(axis=1)  # of several scores
        return cls(cases, status, margins, floors)

    def effective(self) -> Table:
        """The effective cases alone."""
        kept = np.flatnonzero(self.status == Status.EFFECTIVE)
        return Table(self.cases.take(kept), self.status[kept], self.margins[kept], self.floors[kept])


@functools.cache
def asked(relation: str, schema: str, model: str, seed: int) -> Asked:
    """A relation of a model, its floor measured."""
    made = MODELS[model](np.random.default_rng(seed))
    trial = Trial(RELATIONS[relation], SCHEMAS[schema], Predictor(made))
    try:
        broken = set_floor(trial, probe_rows(trial.schema)) is not None
    except Broken:
        broken = True
    return Asked(trial, made, broken)


def compare(one: Asked, table: Table) -> None:
    """Assert that each case, made of its literals and examined by itself, is what it is in the table."""
    relation, schema, examiner = one.trial.relation, one.trial.schema, one.examiner()
    for place, values in enumerate(literals_of(table.cases, schema, relation.transform.moves)):
        case = Case(relation, schema, values)
        examined = examiner.examine(case._cases(), repr(case))  # noqa: SLF001 - what check examines
        assert table.status[place] == examined.status, case
        if examined.status == Status.EFFECTIVE:
            margin, floor = table.margins[place], table.floors[place]
            assert pytest.approx(margin, abs=floor, rel=1e-12) == examined.margin, case
            assert abs(margin) <= floor or (margin > 0) == (examined.report is not None), case


def judgeable(relation: str, schema: str, model: str, weights: int) -> Asked:
    """A relation that can be asked of the model; Hypothesis passes over the others, which have tests of their own."""
    try:
        one = asked(relation, schema, model, weights)
    except MetamorphError:
        reject()
    unasked = model == "refusals" and relation != "refusals"
    assume(not one.broken and not unasked and (relation, "label" in model) != ("function of all", True))
    return one


named = given(st.sampled_from(list(SCHEMAS)), st.sampled_from(list(MODELS)), st.integers(0, 3), st.integers(0, 2**20))
few = settings(
    max_examples=3,
    phases=[Phase.generate],  # an example is made of few names already
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.mark.parametrize("relation", RELATIONS)
@few
@named
def test_a_case_by_itself_is_what_it_is_in_a_table(relation: str, schema: str, model: str, weights: int, seed: int):
    """Status, margin and verdict of cases drawn by the runner are those of the same cases examined one by one."""
    one, rng = judgeable(relation, schema, model, weights), np.random.default_rng(seed)
    table = Table.judged(one.trial, *one.trial.draw(sources(one.trial.schema, rng), rng, None))
    if relation == "noise":  # whether noise can be added hangs on the noise
        table = table.effective()
    compare(one, table)


@settings(few, max_examples=25)
@given(st.data(), st.sampled_from(list(SCHEMAS)), st.sampled_from(list(MODELS)), st.integers(0, 3))
def test_cases_that_hypothesis_draws_are_judged_alike(data: st.DataObject, schema: str, model: str, weights: int):
    """The same holds of cases drawn by Hypothesis: put into one table, they have the margins that each has alone."""
    relation = data.draw(st.sampled_from(list(RELATIONS)), label="relation")
    one = judgeable(relation, schema, model, weights)
    trial = one.trial
    drawn = data.draw(st.lists(mst.cases(trial.relation, trial.schema), min_size=1, max_size=4))
    cases = cases_of([case.values for case in drawn], trial.schema, trial.relation.transform.moves)  # noqa: PD011 - no pandas object
    follow_up, status = trial.follow(cases)
    lawful = trial.schema.accepts(cases.source) & trial.relation.transform.lawful(cases, trial.schema)
    compare(one, Table.judged(trial, cases, follow_up, np.where(lawful, status, Status.NOT_APPLICABLE)).effective())


@pytest.mark.parametrize("relation", RELATIONS)
def test_both_drivers_refuse_the_same(relation: str):
    """A relation that a model has no output for is the same error of both; a model that cannot be judged is broken."""
    case, table, alone = first_case(RELATIONS[relation], OBSERVED), {}, {}
    for name in ("numbers", "labels", "ordered labels", "refusals"):
        make = MODELS[name]
        try:
            table[name] = "broken" if asked(relation, "observed", name, 0).broken else "judged"
        except MetamorphError as error:
            table[name] = str(error)
        try:
            alone[name] = verdict(case, make(np.random.default_rng(0)))
        except MetamorphError as error:
            alone[name] = str(error)
    assert table == alone


def verdict(case: Case, model: Model) -> str:
    """Whether a model can be judged on a case."""
    examined = Examiner(case.relation, case.schema, model).examine(case._cases(), repr(case))  # noqa: SLF001 - as above
    evidence = None if examined.report is None else examined.report.results[0].evidence
    return "judged" if evidence is None or evidence.about != "model" else "broken"


def test_the_tables_compared_are_of_every_sort():
    """Among them are violations, cases that pass, and every status; else the tests above would say little."""
    statuses, failing, passing = set(), 0, 0
    for relation in RELATIONS:
        for schema in ("derived", "by hand"):
            one = asked(relation, schema, "labels" if relation == "probability" else "numbers", 0)
            rng = np.random.default_rng(0)
            table = Table.judged(one.trial, *one.trial.draw(sources(one.trial.schema, rng), rng, None))
            statuses |= set(table.status.tolist())
            failing += bool((table.margins > 0).any())
            passing += bool((table.margins <= 0).any())
    assert set(Status) == statuses
    assert min(failing, passing) > 25


def first_case(relation: mm.Relation, schema: mm.Schema) -> Case:
    """An effective case of a relation."""
    trial = Trial(relation.on(lambda model, t: model(t)), schema, Predictor(rough(np.random.default_rng(0))))
    cases, _, status = trial.draw(sources(schema, np.random.default_rng(0)), np.random.default_rng(0), None)
    chosen = cases.take(np.flatnonzero(status == Status.EFFECTIVE)[:1])
    return Case(relation, schema, literals_of(chosen, schema, relation.transform.moves)[0])


def sources(schema: mm.Schema, rng: np.random.Generator) -> pd.DataFrame:
    """Rows of a schema: observed ones where there are any, and explored ones."""
    explored = sampling.explored(schema, CASES, rng)
    if schema.observed is None:
        return explored
    real = schema.observed.sample(CASES // 2, random_state=rng)
    return pd.concat([real, explored.head(CASES - len(real))], ignore_index=True)
