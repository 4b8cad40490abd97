"""What a relation claims of a model that can be read: which columns move how, and which way the output may not go."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from metamorph.expectations import NotHigher, NotLower, Relative, Unchanged
from metamorph.transforms import Replace, Step

if TYPE_CHECKING:
    from metamorph.relation import Relation


@attrs.frozen
class Claim:
    """A direction or an invariance.

    With ``falls`` the output may not fall when *change* is made, with ``rises`` it may not rise, by more than
    ``tolerance`` in output units: what is allowed of any pair, whatever else a relative tolerance allows.
    """

    change: Step | Replace
    falls: bool
    rises: bool
    tolerance: float

    @property
    def signs(self) -> tuple[int, ...]:
        """1 for a fall that is not allowed, -1 for a rise."""
        return tuple(sign for sign, wanted in ((1, self.falls), (-1, self.rises)) if wanted)

    @property
    def named(self) -> str:
        """The columns, within a sentence."""
        *others, last = self.change.columns
        return f"{', '.join(others)} and {last}" if others else last

    @property
    def moving(self) -> str:
        """What is done to the columns, to begin a clause."""
        if isinstance(self.change, Replace):
            return f"changing {self.named}"
        return f"{'lowering' if self.change.down else 'raising'} {self.named}"

    @property
    def never(self) -> str:
        """What the change must not do, as something that it never does."""
        if self.falls and self.rises:
            return "never changes"
        return "never lowers" if self.falls else "never raises"


def claim_of(relation: Relation) -> Claim | None:
    """The claim of a relation; None of one that is neither a direction, ties allowed, nor an invariance of columns."""
    change, expect = relation.transform, relation.expect
    if not isinstance(change, Step | Replace):
        return None
    if not isinstance(expect, NotLower | NotHigher | Unchanged) or getattr(expect, "strict", False):
        return None
    tolerance = expect.tolerance
    least = tolerance.at_least if isinstance(tolerance, Relative) else float(tolerance)
    return Claim(
        change,
        falls=isinstance(expect, NotLower | Unchanged),
        rises=isinstance(expect, NotHigher | Unchanged),
        tolerance=least,
    )
