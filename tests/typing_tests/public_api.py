"""What type checkers know of the public names: read by mypy and pyright, never run."""

from __future__ import annotations

import datetime
from typing import Any, assert_type

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given
from hypothesis.strategies import SearchStrategy

import metamorph as mm
from metamorph import strategies as mst


class Forest:
    """A model."""

    def predict(self, t: pd.DataFrame) -> npt.NDArray[np.float64]:
        """The prices."""
        return t["area"].to_numpy(dtype="float64")


def schemas(houses: pd.DataFrame) -> mm.Schema:
    """Every method of a schema makes a schema."""
    schema = mm.Schema.from_frame(houses, target="price")
    assert_type(schema, mm.Schema)
    assert_type(mm.Schema({"hours-per-week": mm.Integer(1, 99)}, area=mm.Real(20, 400)), mm.Schema)
    assert_type(mm.Schema(heating=mm.Category(["gas", "oil"]), garden=mm.Boolean()), mm.Schema)
    assert_type(schema.where(lambda t: t["baths"] <= t["rooms"]), mm.Schema)
    assert_type(schema.derive(larea=lambda t: np.log(t["area"])), mm.Schema)
    assert_type(schema.with_roles(protected=["seller_gender"]), mm.Schema)
    assert_type(schema.with_noun("house"), mm.Schema)
    assert_type(schema.with_reference({"area": 100.0}), mm.Schema)
    assert_type(schema.with_reference("C-7"), mm.Schema)
    return schema


def relations() -> list[mm.Relation]:
    """Every method of a relation makes a relation."""
    bigger = mm.increasing("area")
    assert_type(bigger, mm.Relation)
    assert_type(bigger.id, str)
    assert_type(mm.decreasing("age", tolerance=500), mm.Relation)
    assert_type(mm.increasing("sold", by=datetime.timedelta(days=1)), mm.Relation)
    assert_type(mm.invariant("seller_gender", tolerance=mm.relative(0.01), missing=True), mm.Relation)
    assert_type(bigger.when(lambda t: t["rooms"] >= 2).allow(0.01).named("bigger costs more"), mm.Relation)
    assert_type(bigger.on(probability_of="approved"), mm.Relation)
    assert_type(bigger.on("label"), mm.Relation)
    assert_type(bigger.on(lambda model, frame: model.predict(frame)), mm.Relation)
    assert_type(bigger.then(mm.increasing("rooms")), mm.Relation)
    assert_type(bigger | mm.invariant("area"), mm.Relation)
    assert_type(bigger & mm.increasing("rooms"), mm.Bundle)
    own = mm.Relation(
        "an extension never lowers the price",
        transform=lambda t: t.assign(area=t["area"] * 1.1),
        touches=["area"],
        expect=lambda source, follow_up: source - follow_up,
    )
    assert_type(own, mm.Relation)
    return [bigger, own]


def reports(houses: pd.DataFrame) -> None:
    """A report and its results are plain data of known types."""
    report = mm.check(Forest(), relations(), schemas(houses), budget=1_000, seconds=1.5, seed=0)
    assert_type(report, mm.Report)
    assert_type(mm.check(Forest().predict, mm.increasing("area"), houses), mm.Report)
    north = mm.slice("north", lambda t: t["latitude"] > 55, allow=0.1)
    assert_type(mm.check(Forest(), relations(), houses, slices=north), mm.Report)
    assert_type(mm.check(Forest(), relations(), houses, slices=["exact", north], examples=1), mm.Report)
    assert_type(mm.check(Forest(), relations(), houses, slices="exact", reference="C-7"), mm.Report)
    assert_type(mm.check(Forest(), relations(), houses, reference={"area": 100.0}), mm.Report)
    assert_type(mm.judge(Forest(), houses, houses, expect=mm.expectations.not_lower()), mm.Report)
    assert_type(report.passed, bool)
    assert_type(report.exit_code, int)
    assert_type(report.raise_for_violations(), None)
    assert_type(report.to_json(), str)
    assert_type(mm.Report.from_json("{}"), mm.Report)
    result = report.results[0]
    assert_type(result, mm.Result)
    assert_type(result.relation, str)
    assert_type(result.cases, int)
    assert_type(result.rate, float | None)
    assert_type(result.interval, tuple[float, float] | None)
    assert_type(result.replay, str | None)
    assert_type(result.examples, tuple[mm.Counterexample, ...])
    if result.verdict == "violated" and result.counterexample is not None:
        assert_type(result.counterexample, mm.Counterexample)
        assert_type(result.counterexample.source, dict[str, Any])
        assert_type(result.counterexample.margin, float)


SCHEMA = mm.Schema(area=mm.Integer(20, 400))

assert_type(mm.relations(mm.increasing("area"), schema=SCHEMA), pytest.MarkDecorator)
assert_type(mm.relations(mm.increasing("area") & mm.increasing("rooms"), schema=SCHEMA), pytest.MarkDecorator)


@mm.relations(mm.increasing("area"), schema=SCHEMA, budget=10, expected_failures={"increasing[area]": "known"})
def a_test(relation: Any, model: Forest) -> None:
    """A decorated test stays what it is."""
    relation.check(model)


@mm.parametrize_with_relations({"forest": Forest()}, SCHEMA, [mm.increasing("area")], seconds=1.0)
def tests_of_models(model: Forest, relation: Any) -> None:
    """Models are a dict or a list, relations one or several."""


assert_type(mm.parametrize_with_relations([Forest(), len], SCHEMA, mm.increasing("area")), pytest.MarkDecorator)
assert_type(mm.parametrize_with_relations([Forest()], SCHEMA), pytest.MarkDecorator)

assert_type(mst.cases(mm.increasing("area"), SCHEMA), SearchStrategy[mst.Case | mst.BatchCase])
assert_type(mst.rows(SCHEMA), SearchStrategy[dict[str, Any]])
assert_type(mst.frames(SCHEMA, min_size=1, max_size=20), SearchStrategy[pd.DataFrame])


@given(mst.cases(mm.increasing("area"), SCHEMA))
def a_property(case: mst.Case) -> None:
    """A case checks a model."""
    assert_type(case.check(Forest()), None)
    assert_type(case.source, dict[str, Any])
