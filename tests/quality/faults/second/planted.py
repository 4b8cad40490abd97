"""A fault of the second corpus: a defect of one kind, planted in the honest pipeline of claims or of visits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import attrs

from tests.quality.faults.served import After, Before, Kind, served

DataSet = Literal["claims", "visits"]


@attrs.frozen
class Fault:
    """``make(pipeline)`` is the faulty model."""

    name: str
    kind: Kind
    data: DataSet
    make: Callable[[Any], Any] = attrs.field(repr=False)


def rows_changed(kind: Kind, data: DataSet, name: str, before: Before) -> Fault:
    """A fault in what the pipeline is given."""
    return Fault(name, kind, data, lambda pipeline: served(pipeline, before))


def answers_changed(kind: Kind, data: DataSet, name: str, after: After) -> Fault:
    """A fault in what becomes of the answers."""
    return Fault(name, kind, data, lambda pipeline: served(pipeline, after=after))
