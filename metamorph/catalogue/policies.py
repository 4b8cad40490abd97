"""Relations that hold where the domain says so: what a user declares, each by one function."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from metamorph import expectations, transforms
from metamorph.bundle import Bundle
from metamorph.catalogue.declared import fitted_rows
from metamorph.errors import RelationError, expected
from metamorph.expectations import Tolerance
from metamorph.relation import Relation, increasing, invariant
from metamorph_strategies.columns import is_finite


def group_fairness(*columns: str, tolerance: Tolerance = 0.0) -> Relation:
    """No combination of protected values may change the output (P2). Galhotra et al. (FSE 2017)."""
    return invariant(*columns, tolerance=tolerance).named(f"fair[{','.join(columns)}]")


def ordinal(*columns: str, classes: Sequence[Any]) -> Bundle:
    """When columns rise, neither the expected class nor the label may fall (P5); *classes* in rising order."""
    name = f"ordinal[{','.join(columns)}]"
    rising = increasing(*columns)
    label = rising.on(_place_of_label(classes)).named(f"{name} by label")
    return rising.on(expected_class=classes).named(f"{name} by expected class") & label


def bounded(column: str, *, by: Any, most: float) -> Relation:
    """A step of *by* may change the output by *most* at the most (P6), up or down: bounded sensitivity."""
    transform = transforms.shift([column], by)
    return Relation(f"bounded[{column}]", transform=transform, expect=expectations.changes_by_at_most(most))


def plateau(column: str, *, beyond: Any, tolerance: Tolerance = 0.0) -> Relation:
    """Beyond a stated value, a larger one changes nothing (P7): saturation."""
    relation = Relation(
        f"plateau[{column}]", transform=transforms.step([column]), expect=expectations.unchanged(tolerance)
    )
    return relation.when(lambda t: t[column] >= beyond)


def change_direction(column: str, *, by: Any, tolerance: Tolerance = 0.0) -> Relation:
    """A step down and a step up move the output in opposite directions (P8). Zhou et al. (TSE 2020)."""
    try:
        steps = [-by, by]
    except TypeError:
        raise RelationError(expected("a step that can be taken down and up", by=by)) from None
    expect = expectations.same_direction(tolerance)
    return Relation(f"change direction[{column}]", transform=transforms.offsets(column, steps), expect=expect)


def symmetric(first: str, second: str, *, tolerance: Tolerance = 0.0) -> Relation:
    """Two columns may be exchanged (P9): co-applicants, left and right."""
    expect = expectations.unchanged(tolerance)
    return Relation(f"symmetric[{first},{second}]", transform=transforms.swap(first, second), expect=expect)


def antisymmetric(first: str, second: str, *, total: float = 1.0, tolerance: Tolerance = 0.0) -> Relation:
    """Exchanging both sides of a comparison turns the output into *total* less it (P10)."""
    expect = expectations.reflected(total, tolerance)
    return Relation(f"antisymmetric[{first},{second}]", transform=transforms.swap(first, second), expect=expect)


def unit_change(column: str, by: float, *, unit: str, to: Any, tolerance: Tolerance = 0.0) -> Relation:
    """The same quantity in another unit is the same to a pipeline that owns the unit (P11)."""
    transform = transforms.convert(column, by, unit=unit, to=to)
    return Relation(f"unit[{column}]", transform=transform, expect=expectations.unchanged(tolerance))


def redundant(
    column: str,
    change: Callable[[pd.DataFrame], pd.DataFrame],
    *,
    dependants: Sequence[str],
    tolerance: Tolerance = 0.0,
) -> Relation:
    """A column raised with what depends on it changes the output as the column raised alone does (P12).

    ``change(frame)`` recomputes the *dependants*; a model that recomputes them itself reads no other story in them.
    """
    transform = transforms.told_twice(column, change, dependants)
    return Relation(f"redundant[{column}]", transform=transform, expect=expectations.alike(tolerance))


def noise_stability(column: str, *, size: float, rate: float, tolerance: Tolerance = 0.0) -> Relation:
    """Measurement noise of a stated size changes the answer (beyond *tolerance*) on at most a share *rate* (P13)."""
    transform = transforms.noise([column], size)
    return Relation(f"noise[{column}]", transform=transform, expect=expectations.unchanged(tolerance)).allow(rate)


def missing_in_range(column: str, *, tolerance: Tolerance = 0.0) -> Relation:
    """Of a row without a value, the output lies within the range over the values it might have (P14)."""
    expect = expectations.within_range(tolerance)
    relation = Relation(f"missing[{column}]", transform=transforms.replace_each(column), expect=expect)
    return relation.when(lambda t: t[column].isna())


def unknown_level(
    column: str, *, same_as: Any, level: Any = "metamorph-unseen", tolerance: Tolerance = 0.0
) -> Relation:
    """A level never seen is answered as the declared other level is (P15), and never with a crash."""
    relation = Relation(
        f"unknown level[{column}]",
        transform=transforms.unseen_level(column, level),
        expect=expectations.unchanged(tolerance),
    )
    return relation.when(lambda t: t[column] == same_as)


def non_crossing(output: Callable[[Any, pd.DataFrame], Any], *, tolerance: Tolerance = 0.0) -> Relation:
    """Outputs that are nested never cross (P25): ``output(model, frame)`` gives them rising, shape ``(n, k)``."""

    def crossing(model: Any, frame: pd.DataFrame) -> Any:
        every = np.asarray(output(model, frame), dtype="float64")
        return np.maximum(every[:, :-1] - every[:, 1:], 0.0).max(axis=1)

    expect = expectations.between(high=0.0, tolerance=tolerance)
    return Relation("non-crossing", transform=transforms.again(), expect=expect).on(crossing)


def additive(column: str, *, shares: Sequence[float] = (0.5, 0.5), tolerance: Tolerance = 0.0) -> Relation:
    """A total is the sum over its parts (P26); the column of each is a share of the whole's."""
    transform = transforms.parts(column, shares)
    return Relation(f"additive[{column}]", transform=transform, expect=expectations.sums_to(tolerance))


def anchor(
    *rows: Mapping[str, Any],
    label: Any = None,
    low: float | None = None,
    high: float | None = None,
    name: str = "anchor",
) -> Relation:
    """Stated rows get a stated *label*, or an output between *low* and *high* (P27): a minimum functionality test.

    Columns left out are at the reference row. Ribeiro et al. (ACL 2020).
    """
    bounds = low is not None or high is not None
    if not rows or not all(isinstance(row, Mapping) for row in rows) or (label is None) == (not bounds):
        raise RelationError(
            expected("rows as dicts, and either a label or bounds", rows=rows, label=label, low=low, high=high)
        )
    transform = transforms.given(rows)
    if label is not None:
        return Relation(name, transform=transform, expect=expectations.is_label(label)).on("label")
    low, high = -np.inf if low is None else low, np.inf if high is None else high
    return Relation(name, transform=transform, expect=expectations.between(low, high))


def no_islands(column: str) -> Relation:
    """Along an ordered column the label changes once at the most (P28)."""
    relation = Relation(f"no islands[{column}]", transform=transforms.sweep(column), expect=expectations.no_islands())
    return relation.on("label")


def must_matter(column: str, by_more_than: float = 0.0, *, share: float) -> Relation:
    """Another value of a column moves the output by more than so much, on at least a *share* of rows (P29)."""
    if not is_finite(share) or not 0 < share <= 1:
        raise RelationError(expected("a share above 0 and up to 1", share=share))
    expect = expectations.changes_by_at_least(by_more_than)
    relation = Relation(f"must matter[{column}]", transform=transforms.replace([column]), expect=expect).on("scores")
    return relation.allow(1 - share) if share < 1 else relation


def same_as(model: Any, *, rate: float = 0.0, tolerance: Tolerance = 0.0, name: str = "same as the other") -> Relation:
    """Another version of the model answers alike, on all but a share *rate* of rows (L11)."""
    transform = transforms.other_model(model, "the other version")
    return Relation(name, transform=transform, expect=expectations.unchanged(tolerance)).on("scores").allow(rate)


def period(column: str, by: Any, *, tolerance: Tolerance = 0.0) -> Relation:
    """All moments shifted by a whole period change nothing (L9)."""
    expect = expectations.unchanged(tolerance)
    return Relation(f"period[{column}]", transform=transforms.shift([column], by), expect=expect)


def _place_of_label(classes: Sequence[Any]) -> Callable[[Any, pd.DataFrame], Any]:
    order = {label: place for place, label in enumerate(classes)}

    def place(model: Any, frame: pd.DataFrame) -> Any:
        labels = np.asarray(model.predict(fitted_rows(model, frame))).tolist()
        return np.array([order[label] for label in labels], dtype="float64")

    return place
