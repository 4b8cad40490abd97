"""The curve of a counterexample: the output along the column that its relation changed."""

from __future__ import annotations

from typing import Any

import attrs


@attrs.frozen
class Curve:
    """The output along one column, for the counterexample's row and for the reference row; all of equal length.

    ``at`` are the values, in rising order (of a category without order: in that of its levels). ``violating`` marks
    those that, as the follow-up of the counterexample's ``source`` value, violate.
    """

    column: str
    source: Any
    follow_up: Any
    at: tuple[Any, ...]
    outputs: tuple[Any, ...]
    reference_outputs: tuple[Any, ...]
    violating: tuple[bool, ...]
