"""Tracing the curve of a counterexample: the output along the column that was changed, in one call."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from metamorph.answers import BadAnswer
from metamorph.curve import Curve
from metamorph.predictor import ModelRaised
from metamorph.runner.broken import guarded
from metamorph.runner.coded import Coded
from metamorph.runner.stretches import spread

if TYPE_CHECKING:
    from metamorph.case import Cases
    from metamorph.runner.trial import Trial
    from metamorph_strategies.columns import Codes

POINTS = 61
"""Values along an ordered column, evenly spread; the pair's own are added."""
MOST_LEVELS = 60


def curve_of(trial: Trial, smallest: Cases) -> Curve | None:
    """The curve along the first column that a single failing case changes.

    None where it changes none, where an answer is more than one value, and where the model fails along the way: the
    curve is a picture of a finding, and no finding of its own.
    """
    state = Coded.of(smallest, trial.schema, trial.relation.transform.moves)
    changed = [name for name in state.target if state.moved(name)[0]]
    if not changed or state.source[changed[0]][1][0] or state.target[changed[0]][1][0]:
        return None
    name = changed[0]
    codes = _along(trial, state, name)
    count = len(codes)
    follow_ups = state.repeat(count).with_target(name, codes)
    along = state.repeat(count).with_source(name, codes)
    reference = trial.schema.frame([trial.schema.reference])
    plain = Coded.of(type(smallest)(reference, smallest.parameters), trial.schema, tuple(state.target))
    beside = plain.repeat(count).with_source(name, codes)
    parts = guarded(lambda: [one.cases(trial.schema).source for one in (state, along, beside)], "schema", "A column")
    try:
        outputs = trial.predictor.ask(trial.reading, pd.concat(parts, ignore_index=True))
    except (ModelRaised, BadAnswer):
        return None
    if outputs.ndim > 1:
        return None
    _, lawful = trial.admissible(follow_ups.cases(trial.schema))
    margins = trial.margins(np.repeat(outputs[:1], count), outputs[1 : count + 1])
    column, shown = trial.schema.columns[name], trial.reading.shown
    return Curve(
        column=name,
        source=column.value(state.source[name][0][0]),
        follow_up=column.value(state.target[name][0][0]),
        at=tuple(column.value(code) for code in codes),
        outputs=tuple(shown(output) for output in outputs[1 : count + 1]),
        reference_outputs=tuple(shown(output) for output in outputs[count + 1 :]),
        violating=tuple((lawful & (margins > 0)).tolist()),
    )


def _along(trial: Trial, state: Coded, name: str) -> Codes:
    """The codes along a column: all levels, or evenly spread, with the pair's own."""
    column, own = trial.schema.columns[name], np.append(state.source[name][0], state.target[name][0])
    if not column.quanta:
        codes = np.arange(min(len(column.levels), MOST_LEVELS))  # type: ignore[union-attr]
    else:
        codes = spread(column, column.lowest, column.highest, POINTS)
    return np.unique(np.append(codes.astype(own.dtype), own))
