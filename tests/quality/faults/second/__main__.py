"""Prints the kill matrix of the second corpus: ``python -m tests.quality.faults.second``.

The first run, 25 November 2026, of faults written before any was run, by somebody who had not read the relations
(attack=0; nothing declared; declared without the comparison; all declared). Honest models accused: 0 of 7.

    kind              nothing   declared   compared
    batch               12/12      12/12      12/12
    order                 6/6        6/6        6/6
    index                 6/6        6/6        6/6
    stateful             9/12      10/12      12/12
    mutation              8/9        8/9        8/9
    representation       2/15       2/15       2/15
    coherence            9/12      10/12      11/12
    all but semantic    52/72      54/72      57/72
    semantic             0/44      27/44      44/44
    all                52/116     81/116    101/116

Two of these faults of representation, an array in alphabetical and one in Fortran order, turned out to be the honest
pipeline in disguise: each of 800 arrays got the honest answer or a ValueError, which a relation takes for a refusal.
Two other faults of arrays stand in their place. Nothing else was changed, but for one call that pandas 3.1 deprecates,
before the first run.

The run after relations were added for what had survived, 26 November 2026, which is in-sample. Honest accused: 0 of 7.

    kind              nothing   declared   compared
    batch               12/12      12/12      12/12
    order                 6/6        6/6        6/6
    index                 6/6        6/6        6/6
    stateful            12/12      12/12      12/12
    mutation              9/9        9/9        9/9
    representation      13/15      13/15      13/15
    coherence           12/12      12/12      12/12
    all but semantic    70/72      70/72      70/72
    semantic             0/44      26/44      44/44
    all                70/116     96/116    114/116
"""

from __future__ import annotations

from threadpoolctl import threadpool_limits

from tests.quality.faults.matrix import table
from tests.quality.faults.second.matrix import FAULTS, accusations, honest, row_of

if __name__ == "__main__":
    with threadpool_limits(1):
        print(table([row_of(fault) for fault in FAULTS]))  # noqa: T201 - the report
        print("honest:", {name: accusations(name) for name in honest()})  # noqa: T201 - the report
