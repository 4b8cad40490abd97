"""What would have had to be allowed for a relation to hold on its evidence: which rate, or which tolerance."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

import attrs
import numpy as np
import numpy.typing as npt

from metamorph.expectations import Relative, is_number
from metamorph.expectations.functions import Function
from metamorph.expectations.ranking import SameRanking
from metamorph.result import Tolerable
from metamorph.runner.anytime import anytime, settles
from metamorph.runner.scores import Scores

if TYPE_CHECKING:
    from metamorph.expectations import Expectation
    from metamorph.expectations.tolerance import Tolerance
    from metamorph.runner.estimate import Estimate
    from metamorph.runner.trial import Trial

SHARES = (0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)
"""Shares of the violations that the tolerances of the curve let pass; the last point lets all of them pass."""
DUST = 1e-12
"""What is added to a tolerance, relative to it, so that the rounding of a difference does not violate it."""
_OWN = (Function, SameRanking)
"""Expectations whose margins do not fall with the tolerance, or are not each of its own pair."""

Floats = npt.NDArray[np.float64]


def tolerable(trial: Trial, found: Estimate) -> Tolerable | None:
    """What would have had to be allowed; None where nothing violates."""
    if not found.violations:
        return None
    allowed = anytime(found.scores, found.confidence)[1]
    needed = _needed(trial, found)
    if needed is None:
        return Tolerable(allowed)
    given = trial.relation.expect.tolerance
    needed = np.sort(needed)
    sampled = found.violations > len(needed)
    if sampled and not isinstance(given, Relative):
        needed[-1] = max(needed[-1], given + found.largest)
    # of the violations in order, the last one that has to pass
    pierced = math.ceil((1 - _spared(found, trial.relation.allowed) / found.violations) * len(needed)) - 1
    tolerance = float(needed[pierced]) * (1 + DUST) if pierced >= 0 else _share(given)
    return Tolerable(
        allowed,
        tolerance if math.isfinite(tolerance) else None,
        isinstance(given, Relative),
        _curve(needed, _share(given), found.violations / found.cases),
        sampled,
    )


def _needed(trial: Trial, found: Estimate) -> Floats | None:
    """The tolerance that lets each kept violation pass, of the kind that was given; None where no tolerance does."""
    expect, kept = trial.relation.expect, found.failing.outputs
    if kept is None or isinstance(expect, _OWN) or not attrs.has(type(expect)):
        return None
    source, follow_up, margins = kept
    fields = attrs.fields_dict(cast("Any", type(expect)))
    if not is_number(source) or not is_number(follow_up) or "tolerance" not in fields:
        return None

    def at(tolerance: Tolerance) -> Floats:
        changed: Expectation = attrs.evolve(cast("Any", expect), tolerance=tolerance)
        return changed.margins(source, follow_up, trial.rounding)

    given = expect.tolerance
    if not isinstance(given, Relative):
        needed = given + margins
        largest: Tolerance = float(needed.max()) * (1 + DUST)
    elif follow_up.ndim == 1:
        bare = at(0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            needed = bare / (bare - at(Relative(1.0)))
        needed = np.where(np.isfinite(needed), needed, np.inf)
        largest = Relative(float(needed.max()) * (1 + DUST), given.at_least)
    else:
        return None
    if not np.isfinite(needed).all():
        return needed  # an infinite change is within no tolerance
    return needed if (at(largest) <= 0).all() else None  # else the tolerance has no say in the margin


def _spared(found: Estimate, allowed: float) -> int:
    """How many of the cases could violate for an allowed rate to be held, were the whole budget like them.

    With several cases a row it is told as if each row gave one.
    """
    if not allowed:
        return 0
    rows = min(found.budget, len(found.tried)) if len(found.tried) else found.budget
    few, many = -1, math.ceil(allowed * rows)
    while many - few > 1:
        middle = (few + many) // 2
        held = settles(Scores.single(middle, rows), allowed, found.confidence)
        few, many = (middle, many) if held else (few, middle)
    return max(0, math.floor(few * found.cases / rows))


def _curve(needed: Floats, given: float, rate: float) -> tuple[tuple[float, float], ...]:
    """Which share of cases violates at which tolerance, from the given one up to the one that lets all pass."""
    places = [math.ceil(share * len(needed)) - 1 for share in SHARES]
    tolerances = np.unique(needed[[*places, -1]])
    left = 1 - np.searchsorted(needed, tolerances, side="right") / len(needed)
    points = zip(tolerances.tolist(), (rate * left).tolist(), strict=True)
    return ((given, rate), *((tolerance, share) for tolerance, share in points if math.isfinite(tolerance)))


def _share(tolerance: Tolerance) -> float:
    """A tolerance as the one number that it is raised by."""
    return tolerance.share if isinstance(tolerance, Relative) else float(tolerance)
