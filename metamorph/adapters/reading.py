"""A reading: one output of one model, ready to be asked of a frame."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import attrs
import pandas as pd


@attrs.frozen
class Reading:
    """One output of a model.

    ``call`` takes the frame handed to the model. ``kind`` says what comes back: numbers, labels, either (settled by
    the dtype), or a matrix of numbers, a row each.
    ``score`` is a number behind a label (a matrix of probabilities or decision values), where the model has one.
    ``whole`` says that a user's function reads it, which is given a frame even where the model takes an array.
    ``order`` are the classes in rising order where labels are to be compared, not only told apart.
    """

    name: str
    call: Callable[[pd.DataFrame], Any] = attrs.field(repr=False)
    kind: Literal["number", "label", "either", "matrix"]
    score: Callable[[pd.DataFrame], Any] | None = attrs.field(default=None, repr=False)
    score_name: str = "probability"
    whole: bool = False
    order: tuple[Any, ...] | None = None

    @property
    def phrase(self) -> str:
        """The output within a sentence: ``the prediction``."""
        return f"the {self.name}"

    def shown(self, output: Any) -> Any:
        """One judged output as a plain Python value: the label itself where its place was judged."""
        if getattr(output, "ndim", 0):
            return tuple(output.tolist())
        value = output.item() if hasattr(output, "item") else output
        return self.order[round(value)] if self.order is not None else value
