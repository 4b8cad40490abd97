"""Mistakes that type checkers tell before anything runs: read by mypy and pyright, never run.

Each line bears the error of mypy's; an error that is lost is one, since an ignore that nothing needs is told.
"""

from __future__ import annotations

import pandas as pd

import metamorph as mm
from metamorph import strategies as mst

SCHEMA = mm.Schema(area=mm.Integer(20, 400))


def mistakes(houses: pd.DataFrame) -> None:
    """Calls that cannot be."""
    mm.increasing(3)  # type: ignore[arg-type]
    mm.increasing(["area"])  # type: ignore[arg-type]
    mm.increasing("area", tolerance="small")  # type: ignore[arg-type]
    mm.increasing("area").named(5)  # type: ignore[arg-type]
    mm.increasing("area").allow("seldom")  # type: ignore[arg-type]
    mm.increasing("area").when("rooms > 2")  # type: ignore[arg-type]
    mm.increasing("area").id = "other"  # type: ignore[misc]
    mm.Relation("own", transform="t", expect=mm.expectations.not_lower())  # type: ignore[arg-type]
    mm.check(len, "area", houses)  # type: ignore[arg-type]
    mm.check(len, mm.increasing("area"), [1, 2])  # type: ignore[arg-type]
    mm.check(len, mm.increasing("area"), houses, 5_000)  # type: ignore[call-arg]
    mm.check(len, mm.increasing("area"), houses, bugdet=5_000)  # type: ignore[call-arg]
    mm.relations(mm.increasing("area"))  # type: ignore[call-arg]
    mm.relations([mm.increasing("area")], schema=SCHEMA)  # type: ignore[arg-type]
    mm.relations(mm.increasing("area"), schema=SCHEMA, expected_failures=["a"])  # type: ignore[arg-type]
    mm.parametrize_with_relations([len])  # type: ignore[call-arg]
    mst.cases("area", SCHEMA)  # type: ignore[arg-type]
    mm.increasng("area")  # type: ignore[attr-defined]
