"""Sets of classes, each kept once and known by its place."""

from __future__ import annotations

import numpy as np

from metamorph.whitebox.ensemble import Mask, Places

EMPTY = -1


class Sets:
    """The distinct sets of the classes of one slot; place 0 is all of them, :data:`EMPTY` none."""

    def __init__(self, classes: int) -> None:
        self._rows = np.ones((1, classes), dtype=bool)
        self._known = {self._rows[0].tobytes(): 0}

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def rows(self) -> Mask:
        """The members of each set, shape ``(sets, classes)``."""
        return self._rows

    def cut(self, places: Places, masks: Mask, mask: Places, inside: bool) -> Places:  # noqa: FBT001 - which half
        """The part of each set inside its mask, or outside of it; the shapes are ``(n,)``."""
        keys, which = np.unique(places * len(masks) + mask, return_inverse=True)
        chosen = masks[keys % max(len(masks), 1)]
        return self.places(self._rows[keys // max(len(masks), 1)] & (chosen if inside else ~chosen))[which]

    def meet(self, these: Places, those: Places) -> Places:
        """The common part of each two sets, all of shape ``(n,)``."""
        keys, which = np.unique(these * len(self) + those, return_inverse=True)
        return self.places(self._rows[keys // len(self)] & self._rows[keys % len(self)])[which]

    def places(self, rows: Mask) -> Places:
        """Where sets given by their members, shape ``(n, classes)``, are kept, from now on if not before."""
        fresh: list[int] = []
        found = np.empty(len(rows), dtype=np.int64)
        for at, row in enumerate(rows):
            place = self._known.setdefault(row.tobytes(), len(self._known)) if row.any() else EMPTY
            found[at] = place
            if place == len(self) + len(fresh):
                fresh.append(at)
        if fresh:
            self._rows = np.concatenate([self._rows, rows[fresh]])
        return found
