"""Settling a relation of a linear model: what each moved column adds to the sum."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from metamorph.runner.settlement import RELATIVE, Scale, Settlement
from metamorph.transforms import Replace, Step
from metamorph.whitebox.ensemble import Numbers, Unreadable
from metamorph.whitebox.lattice import is_listed
from metamorph.whitebox.linear import read_linear

if TYPE_CHECKING:
    import pandas as pd

    from metamorph.runner.anatomy import Anatomy
    from metamorph.runner.claim import Claim
    from metamorph.runner.judged import Judged
    from metamorph.runner.trial import Trial
    from metamorph.whitebox.linear import Linear
    from metamorph.whitebox.routes import Route
    from metamorph_strategies.columns import Cells, Column


def by_sum(trial: Trial, claim: Claim, anatomy: Anatomy, known: Judged | None) -> Settlement:
    """Whether a linear model's sum, and so its output, can go the wrong way at all.

    The sum is a term for each column, so what a change does to it does not depend on the columns that stay; the worst
    of several moved columns is the sum of what each does at worst. Unreadable where the model is no single sum.
    """
    way = anatomy.route
    linear = read_linear(way.estimator, trial.relation.output, trial.relation.expect.wants)
    for coefficient, feature in zip(linear.coefficients, way.features, strict=True):
        if coefficient and feature.column not in trial.schema.columns:
            msg = f"it reads {feature.column!r}, which is computed from other columns"
            raise Unreadable(msg)
    wrong = dict.fromkeys(claim.signs, 0.0)
    for name in claim.change.columns:
        terms = _terms(linear, way, name, trial.schema.columns[name], missing=getattr(claim.change, "missing", False))
        for sign in wrong:
            wrong[sign] += _worst(sign * terms, claim.change)
    rounding = 0.0 if linear.link == "identity" else RELATIVE  # of a probability, which is 1 at most
    scale = Scale(linear.link, linear.slope, linear.rounding(_largest(trial, way)), rounding)
    if known is not None:
        scale.check(_sums(linear, way, trial, known.cases.source), known.source_output)
    worst = max(wrong.values())
    enough = scale.enough(trial, claim)
    if enough is None or worst > enough:
        return Settlement(upper=scale.output(worst))
    return Settlement(argument=_argument(linear, claim, scale, worst), upper=scale.output(worst))


def _sums(linear: Linear, way: Route, trial: Trial, rows: pd.DataFrame) -> Numbers:
    """The sum of each row, through the model's own preprocessing."""
    cells = {name: column.encode(rows[name]) for name, column in trial.schema.columns.items()}
    return way.matrix(cells, len(rows)) @ linear.coefficients + linear.intercept


def _argument(linear: Linear, claim: Claim, scale: Scale, worst: float) -> str:
    count = f"{len(linear.coefficients)} terms" if len(linear.coefficients) > 1 else "one term"
    goes = f"{claim.never} it" if worst <= 0 else f"takes it at most {worst:.4g} the wrong way"
    return f"The model is a sum of {count}, and by its coefficients {claim.moving} {goes}; {scale.said}."


def _terms(linear: Linear, way: Route, name: str, column: Column, *, missing: bool) -> Numbers:
    """What a column adds to the sum, at its values in rising order: all of them, or both ends; a missing one last."""
    absent = missing and column.nullable
    parts = [
        coefficient * feature.values(*_cells(column, absent=absent))
        for coefficient, feature in zip(linear.coefficients, way.features, strict=True)
        if feature.column == name and coefficient
    ]
    if not parts:
        return np.zeros(1)
    if is_listed(column):
        return np.asarray(np.sum(parts, axis=0))
    # between the ends each part rises or falls throughout: parts that go different ways are bounded one by one
    gaps = [float(part[1] - part[0]) for part in parts]
    bounds = [0.0, sum(gap for gap in gaps if gap > 0), sum(gaps)]
    return np.array([*bounds, float(sum(part[2] - part[0] for part in parts))] if absent else bounds)


def _worst(terms: Numbers, change: Step | Replace) -> float:
    """The most that terms fall from one value to any other, of a step to one farther its way."""
    if isinstance(change, Replace):
        return float(terms.max() - terms.min())
    along = terms[::-1] if change.down else terms
    return float((np.maximum.accumulate(along) - along).max())


def _cells(column: Column, *, absent: bool) -> Cells:
    """All codes of a column that are looked at one by one, else both ends; with a missing one where there is one."""
    ends = np.array([column.lowest, column.highest])
    codes = np.arange(column.lowest, column.highest + 1) if is_listed(column) else ends
    own = codes.astype(column.encode(column.series([column.origin]))[0].dtype)
    return (np.append(own, own[:1]) if absent else own), np.arange(len(own) + absent) == len(own)


def _largest(trial: Trial, way: Route) -> Numbers:
    """The largest absolute value of each feature over the schema."""
    sizes = []
    for feature in way.features:
        column = trial.schema.columns.get(feature.column)
        if column is None:  # its coefficient is zero
            sizes.append(0.0)
            continue
        values = feature.values(*_cells(column, absent=column.nullable))
        sizes.append(float(np.nan_to_num(np.abs(values)).max()))
    return np.array(sizes)
