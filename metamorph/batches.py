"""One case of a relation over batches, or of several follow-ups: the rows that are asked about together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import attrs
import numpy as np
import pandas as pd

from metamorph import host
from metamorph.case import Cases
from metamorph.errors import RelationError, SchemaError, expected, nearest_name
from metamorph.literals import cases_of, literals_of, to_literal
from metamorph.predictor import Predictor
from metamorph.relation import Relation
from metamorph.report import Report
from metamorph.report.lines import safe
from metamorph.result import Evidence, Result, Verdict
from metamorph.runner.batch import Batches
from metamorph.runner.broken import Broken
from metamorph.runner.checking import probe_rows
from metamorph.runner.floor import set_floor
from metamorph.runner.presented import counterexample_of_batch
from metamorph.runner.reported import reported
from metamorph.runner.trial import Trial
from metamorph.transforms import Fan, Presentation
from metamorph_strategies.printing import Printed
from metamorph_strategies.schema import Schema

UNSTEADY = "The model is not deterministic: asked again about this batch, it answers as the relation says."


@attrs.frozen(repr=False)
class BatchCase(Printed):
    """Rows that a relation over batches is asked about, as plain data: a dict of free columns for each.

    Two are equal where relation, schema and rows are; ``repr`` is the call that makes an equal one.
    """

    relation: Relation
    schema: Schema
    rows: tuple[Mapping[str, Any], ...]

    @property
    def frame(self) -> pd.DataFrame:
        """The rows as a frame, derived columns computed."""
        return cases_of(self.rows, self.schema, ()).source

    def check(self, model: Any, *, floor: float | None = None) -> None:
        """Raise AssertionError with the readable report where *model* breaks the relation on these rows.

        A batch on which no answer can be compared fails, since nothing was tested; one that Hypothesis has drawn is
        rejected.
        """
        __tracebackhide__ = True
        replayed, key = host.replayed(), (id(model), repr(self))
        report = self._examined(model, floor)
        if report is None:
            if replayed is False:
                _reject()
            msg = f"Nothing was tested: {self!r} is not applicable."
            raise AssertionError(msg)
        if report.passed and replayed and key in _failed:
            report = self._unsteady(model)
        if replayed:  # with these a test ends, and what failed in it says nothing of the model that another one sees
            _failed.clear()
        if not report.passed:
            if replayed is False:
                _failed.add(key)
            msg = f"\n{report}\n\n  Pin it: @example({self!r})"
            raise AssertionError(msg)

    def _examined(self, model: Any, floor: float | None) -> Report | None:
        predictor = Predictor(model, floor=floor)
        predictor.adapter.check_columns(self.schema.names)
        trial, transform = Trial(self.relation, self.schema, predictor), self.relation.transform
        assert isinstance(transform, Fan | Presentation)  # noqa: S101 - no other relation has such cases
        try:
            finding = set_floor(trial, probe_rows(self.schema))
            if finding is not None and isinstance(transform, Fan):
                return _report(trial, "broken", evidence=finding)
            batches = Batches(trial, transform)
            batch = batches.ask(self.frame)
            if not len(batch.places):
                return None
            if not batch.fails:
                return _report(trial, "held")
            again = batches.ask(self.frame)
            if not again.fails:
                return _report(trial, "broken", evidence=Evidence("model", UNSTEADY))
        except Broken as broken:
            return _report(trial, "broken", evidence=broken.evidence)
        found = counterexample_of_batch(trial, again)
        return _report(trial, "violated", found_by="case", counterexample=found, worst=found)

    def _unsteady(self, model: Any) -> Report:
        trial = Trial(self.relation, self.schema, Predictor(model))
        return _report(trial, "broken", evidence=Evidence("model", UNSTEADY))

    def __repr__(self) -> str:
        rows = ", ".join(f"{{{', '.join(f'{name!r}: {value!r}' for name, value in row.items())}}}" for row in self.rows)
        return f"mst.case(relation, schema, [{rows}])"


def batch_case(relation: Relation, schema: Schema, rows: Sequence[Mapping[str, Any]]) -> BatchCase:
    """A batch by hand: rows as dicts; columns left out are at the schema's reference row."""
    check_batches(relation, schema)
    if isinstance(rows, str | Mapping) or not isinstance(rows, Sequence) or not rows:
        raise SchemaError(expected("a list of rows, at least one,", rows=rows))
    plainest = {name: to_literal(column, schema.reference[name]) for name, column in schema.columns.items()}
    for row in rows:
        unknown = [name for name in row if name not in plainest]
        if unknown:
            msg = f"There is no column {unknown[0]!r}{nearest_name(str(unknown[0]), plainest)}."
            raise SchemaError(msg)
    return drawn_batch(relation, schema, cases_of([{**plainest, **row} for row in rows], schema, ()).source)


def drawn_batch(relation: Relation, schema: Schema, frame: pd.DataFrame) -> BatchCase:
    """The case of the rows of a frame."""
    rows = literals_of(Cases(frame, pd.DataFrame(index=np.arange(len(frame)))), schema, ())
    return BatchCase(relation, schema, tuple(rows))


def check_batches(relation: Relation, schema: Schema) -> None:
    """Raise RelationError where rows cannot be drawn for a relation over batches."""
    transform = relation.transform
    if isinstance(transform, Presentation) and transform.rows is not None:
        msg = f"Relation {relation.id!r} names its own rows, so there is nothing to draw.\nUse mm.check."
        raise RelationError(msg)
    if relation.allowed:
        msg = f"Relation {relation.id!r} allows a rate, so one batch settles nothing.\nUse mm.check."
        raise RelationError(msg)
    transform.check(schema)


def _report(trial: Trial, verdict: Verdict, **found: Any) -> Report:
    result = Result(trial.relation.id, safe(trial.sentence), verdict, output=trial.reading.name, **found)
    return reported([result], trial.schema)


def _reject() -> NoReturn:
    import hypothesis  # noqa: PLC0415 - its test is running

    hypothesis.reject()


_failed: set[tuple[int, str]] = set()
"""Models and batches that failed while Hypothesis drew: one that passes when it is replayed is the model's failure."""
