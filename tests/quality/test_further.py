"""Further counterexamples against every case of small schemas: the minimal sets of columns that a violation needs."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

import metamorph as mm

NAMES = ("a", "b", "c", "d", "e")
VALUES = 4
SEEDS = 30
RARELY = 0.03
"""How often a gate may hold at the reference row."""
EVERY = pd.DataFrame(list(itertools.product(range(VALUES), repeat=len(NAMES))), columns=list(NAMES))


def planted(seed, moves):
    """A model with two to six faults, most behind gates that the reference row does not pass; its relation."""
    rng = np.random.default_rng(seed)
    reference = dict(zip(NAMES, rng.integers(0, VALUES, size=len(NAMES)).tolist(), strict=True))
    faults = []
    for _ in range(rng.integers(2, 7)):
        columns = rng.choice([name for name in NAMES if name not in moves], size=rng.integers(1, 4), replace=False)
        gates = {}
        for name in columns:
            others = [value for value in range(VALUES) if value != reference[name] or rng.random() < RARELY]
            gates[name] = set(rng.choice(others, size=2, replace=False).tolist())
        faults.append((rng.choice(moves), int(rng.integers(1, VALUES)), gates))

    def model(rows):
        total = rows[list(moves)].sum(axis=1).to_numpy(float)
        for mover, edge, gates in faults:
            failing = (rows[mover] >= edge).to_numpy()
            for name, values in gates.items():
                failing = failing & rows[name].isin(values).to_numpy()
            total -= 10.0 * failing
        return total

    schema = mm.Schema.from_frame(EVERY).with_reference(reference)
    return model, mm.increasing(*moves), schema, reference


def needed_sets(model, moves, reference):
    """The sets of columns, changed or off the reference row, that some violating case needs, minimal by inclusion."""
    sources, outputs = EVERY.to_numpy(), model(EVERY)
    at = {tuple(row): output for row, output in zip(sources.tolist(), outputs.tolist(), strict=True)}
    moved = [NAMES.index(name) for name in moves]
    sets = set()
    for row, output in at.items():
        off = {name for name, value in zip(NAMES, row, strict=True) if value != reference[name]}
        for target in itertools.product(*(range(row[place], VALUES) for place in moved)):
            follow_up = list(row)
            for place, value in zip(moved, target, strict=True):
                follow_up[place] = value
            changed = {NAMES[place] for place in moved if follow_up[place] != row[place]}
            if changed and at[tuple(follow_up)] < output:
                sets.add(frozenset(off | changed))
    return {one for one in sets if not any(other < one for other in sets)}


def test_the_models_have_several_sets():
    """Most of the models have more than one minimal set, some more than two: else nothing would be tested."""
    counts = [len(needed_sets(planted(seed, ("a",))[0], ("a",), planted(seed, ("a",))[3])) for seed in range(SEEDS)]
    assert SEEDS / 2 < sum(count > 1 for count in counts)
    assert any(count > 2 for count in counts)


@pytest.mark.parametrize("moves", [("a",), ("a", "b")])
@pytest.mark.parametrize("seed", range(SEEDS))
def test_every_example_needs_a_minimal_set_of_columns_and_none_is_left_out(seed, moves):
    """Examples need sets that are minimal among all cases, each another one; all of them where there are few."""
    model, relation, schema, reference = planted(seed, moves)
    minimal = needed_sets(model, moves, reference)
    result = mm.check(model, relation, schema, budget=3_000, seed=seed, attack=0, examples=6).results[0]
    needs = [frozenset({*found.differs, *found.changed}) for found in result.examples]
    assert len(set(needs)) == len(needs)
    assert set(needs) == (minimal if len(minimal) <= 6 else set(needs) & minimal)
    sizes = [(len(found.changed), len(found.differs)) for found in result.examples]
    assert sorted(sizes) == sizes
    for found in result.examples:
        rows = pd.DataFrame([found.source, found.follow_up])
        assert model(rows)[0] > model(rows)[1]


def test_as_many_as_are_asked_for():
    """No more examples than asked for; with one, nothing is asked of the model for another."""
    asked = [planted(seed, ("a",)) for seed in range(SEEDS)]
    several = [one for one in asked if len(needed_sets(one[0], ("a",), one[3])) > 2]
    model, relation, schema, _ = several[0]
    counts = []
    for examples in (1, 2, 3):
        result = mm.check(model, relation, schema, budget=3_000, attack=0, examples=examples).results[0]
        counts.append(len(result.examples))
        assert (examples > 1) == (result.further_calls > 0)
        assert result.counterexample == result.examples[0]
    assert [1, 2, 3] == counts


def test_where_one_column_is_all_it_needs_nothing_more_is_asked():
    """A counterexample at the reference row leaves no other: every violation moves the same column."""
    schema = mm.Schema.from_frame(EVERY)
    result = mm.check(lambda t: -1.0 * t["a"], mm.increasing("a"), schema, budget=1_000, attack=0).results[0]
    assert ((), 0, ("a",)) == (result.further, result.further_calls, result.counterexample.changed)


def test_each_protected_column_that_matters_is_shown():
    """An invariance of two columns that both matter has an example of each."""
    frame = pd.DataFrame({"sex": ["f", "m"] * 50, "race": ["x", "y", "z", "x"] * 25, "age": range(100)})
    result = mm.check(
        lambda t: 1.0 * (t["sex"] == "m") + 2.0 * (t["race"] == "z"), mm.invariant("sex", "race"), frame, attack=0
    ).results[0]
    assert {("sex",), ("race",)} == {found.changed for found in result.examples}
