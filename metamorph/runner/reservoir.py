"""A reservoir: the first judged cases that pass and the first that fail, with their outputs."""

from __future__ import annotations

import attrs
import numpy as np
import numpy.typing as npt

from metamorph.answers import Outputs
from metamorph.case import Mask
from metamorph.runner.judged import Judged, joined

CAPACITY = 10_000
"""Cases of either sort that are kept."""


@attrs.define
class Reservoir:
    """Judged cases of one sort. Observed rows come shuffled, so the first ones stand for all of them."""

    parts: list[Judged] = attrs.field(factory=list)
    size: int = 0

    def add(self, judged: Judged, which: Mask) -> None:
        """Keep those of the *judged* under the mask, as far as there is room."""
        self.release()
        if self.size >= CAPACITY:
            return
        places = np.flatnonzero(which)[: CAPACITY - self.size]
        if len(places):
            self.parts.append(judged.among(places))
            self.size += len(places)

    def release(self) -> None:
        """Gather what is kept of the latest block. Until another one comes this would cost; then it frees the block."""
        if self.parts:
            self.parts[-1] = self.parts[-1].compact()

    @property
    def outputs(self) -> tuple[Outputs, Outputs, npt.NDArray[np.float64]] | None:
        """Source outputs, follow-up outputs and margins of what is kept, without its rows; None where it is nothing."""
        if not self.parts:
            return None
        return (
            np.concatenate([part.source_output for part in self.parts]),
            np.concatenate([part.follow_up_output for part in self.parts]),
            np.concatenate([part.margins for part in self.parts]),
        )

    @property
    def judged(self) -> Judged | None:
        """What is kept, in the order it came; None where there is nothing."""
        return joined(self.parts) if self.parts else None
