"""Which of a model's outputs a relation is about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import attrs
import pandas as pd

OutputFunction = Callable[[Any, pd.DataFrame], Any]
Kind = Literal["default", "label", "decision", "probability", "scores", "expected", "function"]


@attrs.frozen
class Output:
    """One output of a model: what ``.on(...)`` says, or the default of the model's kind."""

    kind: Kind = "default"
    of_class: Any = None
    function: OutputFunction | None = attrs.field(default=None, repr=False, eq=id)  # not every callable has a hash
