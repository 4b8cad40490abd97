"""Confirming a violation: it must fail again when source and follow-up are asked for alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from metamorph.answers import BadAnswer
from metamorph.expectations import is_number
from metamorph.predictor import LARGEST, ModelRaised
from metamorph.runner.judged import Judged

if TYPE_CHECKING:
    from metamorph.answers import Outputs
    from metamorph.case import Cases
    from metamorph.runner.trial import Trial

Outcome = Literal["confirmed", "rounding", "differs alone"]


def asked_alone(trial: Trial, cases: Cases, follow_up: pd.DataFrame) -> Judged:
    """One case judged under its call plan at the smallest: source and follow-up as two calls of one row."""
    try:
        source_output = trial.predictor.ask(trial.reading, cases.source)
        follow_up_output = trial.predictor.ask(trial.reading, follow_up)
    except (ModelRaised, BadAnswer) as failure:
        trial.fail(failure)
    margins = trial.relation.expect.margins(source_output, follow_up_output, trial.rounding)
    return Judged(cases, follow_up, np.arange(1), source_output, follow_up_output, margins, np.zeros(1, dtype=bool))


def confirm(trial: Trial, violation: Judged) -> tuple[Outcome, Judged]:
    """Whether a violation (a table of one row) is confirmed, is rounding, or comes of being asked in a batch."""
    alone = asked_alone(trial, violation.cases, violation.follow_up)
    if alone.margins[0] > 0:
        return "confirmed", alone
    return ("rounding" if by_rounding(trial, violation, alone) else "differs alone"), alone


def by_rounding(trial: Trial, together: Judged, alone: Judged) -> bool:
    """Whether answers to one case differ by no more than an honest model's arithmetic may."""
    if is_number(together.source_output) and trial.reading.order is None:
        scale = trial.rounding.scale
        return _close(together.source_output, alone.source_output, scale) and _close(
            together.follow_up_output, alone.follow_up_output, scale
        )
    both = pd.concat([together.cases.source, together.follow_up], ignore_index=True)
    return all(trial.predictor.only_close_calls(trial.reading, both, np.array([place])) for place in (0, 1))


def _close(before: Outputs, after: Outputs, scale: float) -> bool:
    """Whether numbers differ by no more than rounding; an infinite one by nothing."""
    with np.errstate(invalid="ignore", over="ignore"):
        gaps = np.where(before == after, 0.0, np.abs(before - after))
        within = gaps <= LARGEST * np.maximum(np.maximum(np.abs(before), np.abs(after)), scale)
    return bool((within & np.isfinite(gaps)).all())
