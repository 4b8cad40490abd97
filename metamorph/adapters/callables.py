"""Models that are functions from a frame to an array."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import attrs
import pandas as pd

from metamorph.adapters.reading import Reading
from metamorph.errors import ModelError
from metamorph.expectations import Wants
from metamorph.outputs import Output


@attrs.frozen
class CallableModel:
    """A function from a frame (every column of the schema, in its order) to an array of shape ``(n,)``."""

    model: Callable[[pd.DataFrame], Any]

    def handed(self, frame: pd.DataFrame, *, whole: bool = False) -> pd.DataFrame:  # noqa: ARG002 - it always is
        """What the model is given: the frame as it is."""
        return frame

    def check_columns(self, names: Sequence[str]) -> None:
        """A function says nothing of the columns it wants."""

    def reads(self, name: str) -> bool:  # noqa: ARG002 - a function does not say what it reads
        """Whether the model reads a column: it may."""
        return True

    def read(self, output: Output, wants: Wants) -> Reading:
        """The reading for an output; ModelError for one that a function does not have."""
        if output.kind == "function" and output.function is not None:
            function = output.function
            return Reading("given output", lambda frame: function(self.model, frame), "either")
        if output.kind == "scores":
            return Reading("prediction", self.model, "matrix")
        if output.kind in {"decision", "probability", "expected"}:
            msg = f"A function has no {output.kind}; pass the model itself, or name the output with .on(function)."
            raise ModelError(msg)
        if output.kind == "label":
            return Reading("label", self.model, "label" if wants == "any" else "number")
        return Reading("prediction", self.model, "either")
