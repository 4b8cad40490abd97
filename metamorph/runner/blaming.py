"""Which link of a composed relation fails by itself, on the counterexample of the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from metamorph.answers import BadAnswer
from metamorph.predictor import ModelRaised
from metamorph.transforms import Then, Transformation

if TYPE_CHECKING:
    from metamorph.runner.judged import Judged
    from metamorph.runner.trial import Trial


def blamed(trial: Trial, found: Judged) -> str | None:
    """What to say of the links of a composed relation; None where it is not composed."""
    transform, links = trial.relation.transform, trial.relation.links
    if not links or not isinstance(transform, Then):
        return None
    failing = []
    cases = found.cases
    for link, step in zip(links, _steps(transform), strict=True):
        follow_up = trial.schema.complete(step.apply(cases, trial.schema))
        try:
            source, changed = (trial.predictor.ask(trial.reading, rows) for rows in (cases.source, follow_up))
        except (ModelRaised, BadAnswer):
            return None
        if np.any(link.expect.margins(source, changed, trial.rounding) > 0):
            failing.append(link.id)
        cases = type(cases)(follow_up, cases.parameters)
    if not failing:
        return "None of its links fails by itself on this row."
    return f"Of its links, {' and '.join(failing)} fail{'s' if len(failing) == 1 else ''} by itself on this row."


def _steps(transform: Transformation) -> list[Transformation]:
    """The transformations of a composed one, in their order."""
    if isinstance(transform, Then):
        return _steps(transform.first) + _steps(transform.second)
    return [transform]
