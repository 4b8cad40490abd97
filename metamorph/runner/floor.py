"""The rounding floor of a trial, from the probe of its model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metamorph.answers import BadAnswer
from metamorph.expectations import Rounding
from metamorph.predictor import SMALLEST, ModelRaised
from metamorph.result import Evidence

if TYPE_CHECKING:
    import pandas as pd

    from metamorph.runner.trial import Trial


def set_floor(trial: Trial, probed: pd.DataFrame) -> Evidence | None:
    """Set the trial's rounding floor; evidence where the model cannot be judged at all."""
    try:
        probe = trial.predictor.probe(trial.relation.output, trial.relation.expect.wants, probed)
    except ModelRaised as failure:
        answered = _answered(trial, probed) if isinstance(failure.error, trial.relation.raises_ok) else None
        if answered is None:
            trial.fail(failure)
        if len(answered) == len(probed):  # each is answered alone, and together they are refused
            trial.fail(failure)
        if len(answered):
            return set_floor(trial, answered)
        trial.rounding = Rounding(SMALLEST)
        return None
    except BadAnswer as failure:
        trial.fail(failure)
    trial.rounding = probe.rounding
    return None if probe.finding is None else Evidence("model", probe.finding)


def _answered(trial: Trial, probed: pd.DataFrame) -> pd.DataFrame:
    """The rows of the probe that the model answers when asked for one by one."""

    def answers(place: int) -> bool:
        try:
            trial.predictor.ask(trial.reading, probed.iloc[[place]].reset_index(drop=True))
        except ModelRaised:
            return False
        return True

    kept = [place for place in range(len(probed)) if answers(place)]
    return probed.iloc[kept].reset_index(drop=True)
