"""The list of planted families, each with what it varies: one planted model of every line for every seed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from tests.quality.families import crossing, invariance, one_of_two, relative, slope
from tests.quality.own_parts import doubled, own_step, swapped
from tests.quality.planted import Planted
from tests.quality.traps import by_logarithm, by_ratio, held_up, summed, tied, trapped
from tests.quality.worlds import by_hand, world

FAMILIES: list[Callable[[np.random.Generator], Planted]] = [
    # one column: any row will do, the step must cross
    partial(crossing),
    partial(crossing, column="real", sort="regressor"),
    partial(crossing, column="ordered", sort="probability"),
    partial(crossing, column="moment"),
    # one gate
    partial(crossing, column="wide", gates=("gate",)),
    partial(crossing, column="boolean", gates=("gate:unordered",), sort="regressor"),
    partial(crossing, column="real", gates=("gate:moment",), sort="decision"),
    partial(crossing, gates=("window:wide",), share=0.1),
    partial(crossing, column="wide", gates=("missing",), sort="probability"),
    partial(crossing, gates=("gate:ordered",), share=0.01, sort="places"),
    # several gates, some of them rare
    partial(crossing, gates=("gate", "gate"), share=0.1, sort="regressor"),
    partial(crossing, column="real", gates=("gate:unordered", "gate"), share=0.1),
    partial(crossing, column="wide", gates=("gate", "gate:boolean"), share=0.1, sort="probability"),
    partial(crossing, gates=("missing", "gate"), share=0.3),
    partial(crossing, column="wide", gates=("gate", "gate", "gate"), share=0.01),
    partial(crossing, gates=("gate:wide", "gate:wide"), share=0.0035),
    partial(crossing, column="real", gates=("window:wide", "gate"), share=0.1, sort="decision"),
    # values between the multiples of the plain quantum
    partial(crossing, make=partial(world, kind="loans"), gates=("narrow",)),
    partial(crossing, make=partial(world, kind="loans"), column="ordered", gates=("narrow",), sort="probability"),
    # steps of the user's choice
    partial(crossing, law="by", gates=("gate",), share=0.3),
    partial(crossing, column="moment", law="by", sort="regressor"),
    partial(
        crossing, make=partial(world, kind="loans"), column="moment", law="by", from_reference=True
    ),  # to the second
    partial(crossing, column="ordered", law="by", gates=("gate",), share=0.3, sort="probability"),
    partial(crossing, column="wide", law="to", gates=("gate",)),
    # preconditions
    partial(crossing, gates=("gate",), share=0.3, as_precondition=True),
    partial(crossing, column="real", gates=("gate", "gate"), share=0.2, as_precondition=True, sort="regressor"),
    # tolerances
    partial(slope),
    partial(slope, gates=("gate",)),
    partial(relative),
    # columns that must not matter
    partial(invariance, column="unordered", gates=("gate",)),
    partial(invariance, column="boolean", gates=("gate", "gate"), sort="label"),
    partial(invariance, column="unordered", gates=("window:wide",), sort="label"),
    partial(invariance, column="ordered", gates=("missing",), sort="probability"),
    partial(invariance, column="integer", gates=("gate",), sort="regressor"),
    partial(invariance, column="real", gates=("gate",)),
    # several columns in one relation
    partial(one_of_two, direction=True),
    partial(one_of_two, direction=False),
    # traps for a greedy shrinker
    partial(trapped),
    partial(trapped, sort="probability"),
    partial(trapped, ways=3),
    partial(trapped, tie=True),
    partial(trapped, tie=True, sort="regressor"),
    # constraints and derived columns
    partial(tied),
    partial(tied, sort="decision"),
    partial(held_up, stepping=False),
    partial(held_up, stepping=True),
    partial(by_logarithm),
    partial(by_logarithm, sort="decision"),
    partial(by_ratio),
    # sums, and relations of the user's own parts
    partial(summed),
    partial(summed, sort="probability"),
    partial(own_step, own_margin=False),
    partial(own_step, own_margin=True),
    partial(swapped),
    partial(doubled),
    # schemas written by hand
    partial(crossing, make=by_hand, gates=("gate",)),
    partial(crossing, make=by_hand, column="real", gates=("gate:unordered", "gate"), sort="probability"),
    partial(crossing, make=by_hand, column="moment", gates=("missing",), sort="regressor"),
    partial(invariance, make=by_hand, column="unordered", gates=("gate",), sort="label"),
    partial(slope, make=by_hand, gates=("gate:boolean",)),
]
