"""The region of a counterexample: over which values of each column the relation goes on failing."""

from __future__ import annotations

from typing import Any

import attrs


@attrs.frozen
class Stretch:
    """The values of one column over which a relation fails, the other columns anywhere within their own stretches.

    ``whole``: every value of the column that was tried and may be, ``tried`` of them. Else from ``low`` to ``high``
    (both included; None: to the end of the column) around the counterexample, or one of ``levels`` where they have no
    order. ``missing`` says whether
    it fails as well without a value; None where the column always has one, or the change needs one.
    """

    column: str
    whole: bool
    tried: int
    low: Any = None
    high: Any = None
    levels: tuple[Any, ...] = ()
    missing: bool | None = None


@attrs.frozen
class Region:
    """Where a counterexample lies: ``source`` has a stretch for each column, ``follow_up`` for each that was moved.

    A change by a fixed step has none for the follow-up, which is that far from the source. Of ``inside_tried`` fresh
    cases drawn anywhere in the region the share ``inside`` fails; of ``outside_tried`` that leave it in one column the
    share ``outside``.
    """

    source: tuple[Stretch, ...]
    follow_up: tuple[Stretch, ...]
    inside: float | None = None
    inside_tried: int = 0
    outside: float | None = None
    outside_tried: int = 0

    @property
    def free(self) -> tuple[str, ...]:
        """The columns that may take any value."""
        return tuple(stretch.column for stretch in self.source if stretch.whole)
