"""Planted models: every bug is found, reduced to its known counterexample, 1-minimal by brute force, and replays."""

from __future__ import annotations

import itertools
import math
from typing import Any

import attrs
import numpy as np
import pytest

import metamorph as mm
from tests.quality.bugs import Fixed
from tests.quality.planted import Planted, counted, planted
from tests.quality.worlds import Codec, Row

SEEDS = {0: 0, 20_261_123: 1_000}
"""The seed the shrinker was developed against, and one it was not; each with the predictions of the search."""
BUDGET = 10_000
EXACT = 0.95
"""Share of the planted models that must end at exactly the known counterexample."""

Pair = tuple[Row, Row]


@attrs.frozen
class Checked:
    """A planted model with what ``mm.check`` said of it."""

    plant: Planted
    result: mm.Result

    @property
    def pair(self) -> Pair:
        """Source and follow-up of the counterexample, without derived columns."""
        found = self.result.counterexample
        assert found is not None, self.plant.name
        free = self.plant.world.codecs
        return {name: found.source[name] for name in free}, {name: found.follow_up[name] for name in free}


@pytest.fixture(scope="module", params=SEEDS)
def checked(request: pytest.FixtureRequest) -> list[Checked]:
    """Every planted model of a seed, checked once."""
    plants = planted(request.param)
    return [
        Checked(
            plant,
            mm.check(
                plant.model,
                plant.relation,
                plant.schema,
                budget=BUDGET,
                attack=SEEDS[request.param] if place % 3 == 0 else 0,
                seed=request.param,
            ).results[0],
        )
        for place, plant in enumerate(plants)
    ]


@pytest.fixture(scope="module")
def found(checked: list[Checked]) -> list[Checked]:
    """Those with a counterexample; that none is left out is a test of its own."""
    return [one for one in checked if one.result.counterexample is not None]


def test_the_planted_models_are_of_every_sort_asked_for(checked: list[Checked]) -> None:
    """There are at least 30, with enough of each sort, and their violating shares span 0.1% to 40%."""
    plants = [one.plant for one in checked]
    wanted = {
        "interacting": 10, "threshold": 5, "stuck": 3, "missing": 3, "category": 5, "classifier": 8, "regressor": 15,
        "increasing": 5, "decreasing": 5, "invariant": 5, "function": 3, "by": 3, "to": 1, "label": 2, "decision": 2,
    }  # fmt: skip
    lacking = {tag: counted(plants, tag) for tag, least in wanted.items() if counted(plants, tag) < least}
    assert len(plants) >= 30
    assert lacking == {}
    assert counted(plants, "constraint") + counted(plants, "derived") >= 3
    assert sum(plant.precondition is not None for plant in plants) >= 2
    assert min(plant.share for plant in plants) < 0.002
    assert max(plant.share for plant in plants) > 0.3


def test_every_planted_bug_is_found(checked: list[Checked]) -> None:
    """Each planted model is `violated` at 10,000 cases, found by the estimate, with a counterexample."""
    said = {one.plant.name: (one.result.verdict, one.result.found_by, one.result.evidence) for one in checked}
    assert {name: what for name, what in said.items() if what != ("violated", "estimate", None)} == {}
    assert [one.plant.name for one in checked if one.result.counterexample is None] == []
    assert {one.result.cases for one in checked} == {BUDGET}


def test_the_rate_is_the_planted_share(checked: list[Checked]) -> None:
    """The estimated rate agrees with the share measured by hand under the same step law."""
    wrong = {}
    for one in checked:
        share = one.plant.share
        if abs(one.result.rate - share) > 6 * math.sqrt(share / BUDGET) + 0.02 * share:
            wrong[one.plant.name] = (one.result.rate, share)
    assert wrong == {}


def test_nearly_all_reduce_to_exactly_the_known_columns(found: list[Checked]) -> None:
    """At least 95% end with exactly the known changed and differing columns."""
    missed = {}
    for one in found:
        said, plant = one.result.counterexample, one.plant
        if (set(said.changed), set(said.differs)) != (set(plant.changed), set(plant.differs)):
            missed[plant.name] = f"changed {said.changed} differs {said.differs}, not {plant.changed} {plant.differs}"
    assert len(missed) <= (1 - EXACT) * len(found), "\n".join(f"{name}: {what}" for name, what in missed.items())


def test_nearly_all_reduce_to_exactly_the_known_values(found: list[Checked]) -> None:
    """At least 95% also end at exactly the known values of those columns, where they are determinate."""
    missed = {}
    for one in found:
        source, follow_up = one.pair
        codecs = one.plant.world.codecs
        known = [(codecs[n], source[n], value) for n, value in one.plant.source.items()]
        known += [(codecs[n], follow_up[n], value) for n, value in one.plant.follow_up.items()]
        off = [
            f"{codec.name} is {said!r}, not {value!r}" for codec, said, value in known if not same(codec, said, value)
        ]
        if off:
            missed[one.plant.name] = off
    assert len(missed) <= (1 - EXACT) * len(found), "\n".join(f"{name}: {what}" for name, what in missed.items())


def test_what_is_said_to_differ_differs(found: list[Checked]) -> None:
    """`differs` and `changed` name exactly the free columns whose values differ; all else is as in the reference."""
    wrong = []
    for one in found:
        (source, follow_up), said, plant = one.pair, one.result.counterexample, one.plant
        differs = {n for n, codec in plant.world.codecs.items() if not same(codec, source[n], plant.reference[n])}
        changed = {n for n, codec in plant.world.codecs.items() if not same(codec, source[n], follow_up[n])}
        if (differs, changed) != (set(said.differs), set(said.changed)):
            wrong.append(plant.name)
    assert wrong == []


def test_a_greedy_reducer_is_stuck_on_every_trap(checked: list[Checked]) -> None:
    """Resetting a violating observed row column by column, while it still fails, ends at too many columns."""
    ends = {one.plant.name: greedy(one.plant) for one in checked if "stuck" in one.plant.tags}
    assert len(ends) >= 3
    assert [name for name, (differing, known) in ends.items() if differing <= known] == []


def test_every_counterexample_replays(found: list[Checked]) -> None:
    """Source and follow-up, predicted as two one-row frames, are a case that violates by the margin said."""
    wrong = {}
    for one in found:
        plant, said = one.plant, one.result.counterexample
        before, after = (plant.world.one(row) for row in one.pair)
        margin = float(plant.margins(before, after)[0])
        judged = [plant.output.of(plant.model, frame)[0] for frame in (before, after)]
        labels = {"label", "places"} & plant.tags
        outputs = [plant.model.predict(frame)[0] for frame in (before, after)] if labels else judged
        usual = np.median(np.abs(plant.output.of(plant.model, plant.world.frame[list(plant.schema.names)])))
        dust = 2e-9 * max(*map(abs, judged), usual)  # the rounding floor, which the margin said has taken off
        replayed = plant.admits(before, after)[0] and margin > 0 and said.margin == pytest.approx(margin, abs=dust)
        if not replayed or [said.source_output, said.follow_up_output] != pytest.approx(outputs):
            wrong[plant.name] = (margin, said.margin, outputs, said.source_output, said.follow_up_output)
    assert wrong == {}


def test_a_step_of_the_users_choice_is_kept(found: list[Checked]) -> None:
    """Under `by=`, `to=` or the user's own transformation, the follow-up is exactly what that makes of the source."""
    wrong = {}
    for one in found:
        plant, (source, follow_up) = one.plant, one.pair
        if isinstance(plant.step, Fixed):
            made = plant.step.redo(plant.world, source, source, follow_up)
            off = [n for n, codec in plant.world.codecs.items() if not same(codec, follow_up[n], made[n])]
            wrong |= {plant.name: [(n, follow_up[n], made[n]) for n in off]} if off else {}
    assert wrong == {}


def test_every_counterexample_is_1_minimal(found: list[Checked]) -> None:
    """Every admissible single undo passes; where none is admissible, every pair of undos passes."""
    left = {}
    for one in found:
        undos = undo_all(one)
        tried = {what: outcome(one.plant, pair) for what, pair in undos.items() if len(what) == 1}
        if set(tried.values()) <= {"inadmissible"}:
            tried |= {what: outcome(one.plant, pair) for what, pair in undos.items()}
        fails = [what for what, how in tried.items() if how == "fails"]
        if fails:
            left[one.plant.name] = fails
    assert left == {}


def test_no_value_and_no_step_can_be_plainer_by_one(found: list[Checked]) -> None:
    """A differing value one unit, quantum or level nearer to the reference passes; so does a step one shorter."""
    left = {}
    for one in found:
        plainer = {**plainer_sources(one), **shorter_steps(one)}
        fails = [what for what, pair in plainer.items() if outcome(one.plant, pair) == "fails"]
        if fails:
            left[one.plant.name] = fails
    assert left == {}


def greedy(plant: Planted) -> tuple[int, int]:
    """Columns that differ when no single reset of a violation still fails, and how many need to."""
    codecs = plant.world.codecs
    source, follow_up = plant.violation(np.random.default_rng(0))
    for name in [*codecs, *codecs]:
        undone = {**source, name: plant.reference[name]}
        after = plant.step.redo(plant.world, undone, source, follow_up)
        if outcome(plant, (undone, after)) == "fails":
            source, follow_up = undone, after
    differing = [name for name, codec in codecs.items() if not same(codec, source[name], plant.reference[name])]
    return len(differing), len(plant.differs)


def plainer_sources(one: Checked) -> dict[str, Pair]:
    """The pair with one differing value of the source a little plainer, and the follow-up that then follows."""
    plant, (source, follow_up) = one.plant, one.pair
    pairs = {}
    for name in one.result.counterexample.differs:
        for value in nearer(plant.world.codecs[name], source[name], plant.reference[name]):
            changed = {**source, name: value}
            after = plant.step.redo(plant.world, changed, source, follow_up)
            pairs[f"source {name}={value!r} for {source[name]!r}"] = (changed, after)
    return pairs


def shorter_steps(one: Checked) -> dict[str, Pair]:
    """The pair with one changed value of the follow-up a little nearer to the source's, where the step is free."""
    plant, (source, follow_up) = one.plant, one.pair
    pairs = {}
    for name in () if isinstance(plant.step, Fixed) else one.result.counterexample.changed:
        for value in shorter(plant.world.codecs[name], follow_up[name], source[name], plant.reference[name]):
            pairs[f"follow-up {name}={value!r} for {follow_up[name]!r}"] = (source, {**follow_up, name: value})
    return pairs


def undo_all(one: Checked) -> dict[tuple[str, ...], Pair]:
    """The pair with one thing undone, and with each two: a column back at the reference, or a change taken back."""
    plant, (source, follow_up) = one.plant, one.pair
    resets = list(one.result.counterexample.differs)
    takebacks = (
        [] if isinstance(plant.step, Fixed) else [f"change of {name}" for name in one.result.counterexample.changed]
    )
    undos = {}
    for what in itertools.chain(
        itertools.combinations(resets + takebacks, 1), itertools.combinations(resets + takebacks, 2)
    ):
        undone = {**source, **{name: plant.reference[name] for name in what if name in resets}}
        moved = plant.step.redo(plant.world, undone, source, follow_up)
        back = {name: undone[name] for name in plant.step.touched if f"change of {name}" in what}
        undos[what] = (undone, {**moved, **back})
    return undos


def outcome(plant: Planted, pair: Pair) -> str:
    """What becomes of a pair predicted singly and judged by hand: it is inadmissible, passes or fails."""
    before, after = (plant.world.one(row) for row in pair)
    if not plant.admits(before, after)[0]:
        return "inadmissible"
    return "fails" if plant.violates(before, after)[0] else "passes"


def same(codec: Codec, left: Any, right: Any) -> bool:
    """Whether two values of a column are the same up to the last bits of a float."""
    return bool(np.isclose(codec.code(left), codec.code(right), rtol=1e-12, atol=0, equal_nan=True))


def nearer(codec: Codec, value: Any, goal: Any) -> list[Any]:
    """Values just plainer than *value* on the way to *goal*: the next on the grid, or the earlier levels."""
    here, there = codec.code(value), codec.code(goal)
    if math.isnan(here) or math.isnan(there):
        return []
    if codec.unordered:
        return [codec.value(code) for code in range(round(here)) if code != there]
    step = math.copysign(codec.quantum, there - here)
    after = codec.grid(here + step)
    between = min(here, there) < after < max(here, there)
    return [codec.value(after)] if between else []


def shorter(codec: Codec, value: Any, start: Any, reference: Any) -> list[Any]:
    """Follow-ups just plainer than *value*: one nearer to *start*; of levels the reference's, else the earlier."""
    if not codec.unordered:
        return nearer(codec, value, start)
    if same(codec, value, reference):
        return []
    return [reference, *(codec.value(code) for code in range(round(codec.code(value))) if code != codec.code(start))]
