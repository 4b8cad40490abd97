"""Judged cases as a table: follow-ups, outputs and margins beside them."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
import numpy.typing as npt
import pandas as pd

from metamorph.case import Cases, Mask, rows_at
from metamorph.predictor import Outputs


@attrs.frozen(eq=False)
class Judged:
    """Cases with follow-ups, outputs and margins, one row each; ``raised``: the model refused it, as agreed."""

    cases: Cases
    follow_up: pd.DataFrame
    source_output: Outputs
    follow_up_output: Outputs
    margins: npt.NDArray[np.float64]
    raised: Mask

    def __len__(self) -> int:
        return len(self.cases)

    def take(self, places: npt.NDArray[Any]) -> Judged:
        """The judged cases at these places."""
        return Judged(
            self.cases.take(places),
            rows_at(self.follow_up, places),
            self.source_output[places],
            self.follow_up_output[places],
            self.margins[places],
            self.raised[places],
        )


def joined(parts: list[Judged]) -> Judged:
    """Several judged tables as one."""
    parts = [part for part in parts if len(part)] or parts[:1]
    if len(parts) == 1:
        return parts[0]
    source = pd.concat([part.cases.source for part in parts], ignore_index=True)
    parameters = pd.concat([part.cases.parameters for part in parts], ignore_index=True)
    return Judged(
        Cases(source, parameters),
        pd.concat([part.follow_up for part in parts], ignore_index=True),
        np.concatenate([part.source_output for part in parts]),
        np.concatenate([part.follow_up_output for part in parts]),
        np.concatenate([part.margins for part in parts]),
        np.concatenate([part.raised for part in parts]),
    )


def single(judged: Judged, place: int) -> Judged:
    """One row of a judged table."""
    return judged.take(np.array([place]))
