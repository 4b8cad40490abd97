"""Settling a relation by reading the model: an argument that no input violates it, or pairs of inputs that do.

What is proved is said of every input that the columns allow; joint constraints and preconditions only leave some of
them out. The arithmetic is the exact one of the fitted numbers, and how far the model's own rounding may take it is
added to what has to be allowed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from metamorph.runner.claim import claim_of
from metamorph.runner.settlement import Settlement
from metamorph.runner.summed import by_sum
from metamorph.runner.treed import by_trees
from metamorph.whitebox.ensemble import Unreadable
from metamorph.whitebox.linear import is_linear

if TYPE_CHECKING:
    from metamorph.runner.anatomy import Anatomy
    from metamorph.runner.judged import Judged
    from metamorph.runner.trial import Trial


CHECKED = 256
"""Answers that what was read is held against."""


def prove(trial: Trial, anatomy: Anatomy, known: Judged | None = None) -> Settlement:
    """What reading the model says of a trial's relation; nothing is asked of the model.

    What was read must give the answers to the *known* cases, those that were paid for already; else it is not used.
    """
    claim = claim_of(trial.relation)
    if claim is None:
        return Settlement(candidates=anatomy.candidates)
    try:
        if known is not None:
            known = known.take(np.arange(min(len(known), CHECKED)))
        settle = by_sum if is_linear(anatomy.route.estimator) else by_trees
        return settle(trial, claim, anatomy, known)
    except Unreadable as reason:
        return Settlement(unread=str(reason), candidates=anatomy.candidates)
