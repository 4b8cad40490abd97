"""A judged case as a counterexample, in plain Python values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metamorph.expectations import Rounding, allowed, is_number
from metamorph.result import Counterexample
from metamorph.runner.plausibility import nearness

if TYPE_CHECKING:
    from metamorph.runner.judged import Judged
    from metamorph.runner.trial import Trial


def counterexample_of(trial: Trial, judged: Judged) -> Counterexample:
    """A judged table of one row as a counterexample."""
    schema = trial.schema
    source, follow_up = schema.row(judged.cases.source), schema.row(judged.follow_up)
    raw_source, raw_follow_up = judged.source_output[0], judged.follow_up_output[0]
    shown = trial.reading.shown(raw_source), trial.reading.shown(raw_follow_up)
    change, amount, within = "changes", None, 0.0
    if is_number(judged.source_output) and judged.source_output.ndim == 1:
        change, amount = trial.relation.expect.change(*shown)
        tolerance = trial.relation.expect.tolerance
        within = float(allowed(judged.source_output, judged.follow_up_output, tolerance, Rounding())[0])
    return Counterexample(
        source=source,
        follow_up=follow_up,
        source_output=shown[0],
        follow_up_output=shown[1],
        margin=float(judged.margins[0]),
        change=change,
        amount=amount,
        allowed=within,
        differs=tuple(name for name in schema.columns if source[name] != schema.reference[name]),
        changed=tuple(name for name in trial.touches if source[name] != follow_up[name]),
        nearness=nearness(schema, judged.cases.source, judged.follow_up),
    )
