"""A batch: rows asked about once as they are, and once presented otherwise or with all their follow-ups."""

from __future__ import annotations

import warnings
from functools import partial
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
import numpy.typing as npt
import pandas as pd

from metamorph.answers import BadAnswer
from metamorph.case import Cases, rows_at
from metamorph.errors import told
from metamorph.predictor import ModelRaised
from metamorph.result import Evidence
from metamorph.runner.account import held_to_touches
from metamorph.runner.broken import Broken, guarded
from metamorph.runner.judged import Judged
from metamorph.transforms.fans import Fan
from metamorph.transforms.functions import follow_up_rows
from metamorph.transforms.presentations import OTHERS, Handed, Presentation

if TYPE_CHECKING:
    from metamorph.adapters import Reading
    from metamorph.predictor import Predictor
    from metamorph.runner.trial import Trial

REWRITTEN = "The model changed answers that it had given when it was asked again: it writes all into one array."


@attrs.frozen(eq=False)
class Batch:
    """Rows that were asked about twice, and the judged answers of those at *places* that were in both tables.

    Of a fan, ``tables`` are the follow-ups, each of all rows, and follow-up outputs have shape ``(n, k)``.
    """

    rows: pd.DataFrame
    places: npt.NDArray[np.int64]
    judged: Judged
    tables: tuple[pd.DataFrame, ...] = ()

    @property
    def worst(self) -> int:
        """The place of the row whose answer changed the most."""
        return int(self.places[np.argmax(self.judged.margins)])

    @property
    def fails(self) -> bool:
        """Whether any answer changed."""
        return bool((self.judged.margins > 0).any())


@attrs.frozen
class Watch:
    """What a model was handed and what it answered, each beside a copy: neither may change after the call."""

    handed: list[tuple[Any, Any]] = attrs.field(factory=list)
    answered: list[tuple[Any, Any]] = attrs.field(factory=list)

    def over(self, reading: Reading) -> Reading:
        """The reading, watched."""

        def call(given: Any) -> Any:
            self.handed.append((given, given.copy()))
            raw = reading.call(given)
            self.answered.extend([(raw, raw.copy())] if isinstance(raw, np.ndarray) else [])
            return raw

        return attrs.evolve(reading, call=call)


class Batches:
    """Asks about batches: once as they are, once presented otherwise; both in calls of their own."""

    def __init__(self, trial: Trial, handing: Presentation | Fan) -> None:
        self.trial, self.handing = trial, handing
        self.asked = 0
        self._other: Predictor | None = None

    @property
    def stated(self) -> bool:
        """Whether the relation itself states the rows that it is about."""
        return isinstance(self.handing, Presentation) and self.handing.rows is not None

    def ask(self, rows: pd.DataFrame) -> Batch:
        """The batch, judged. Raises Broken where the model fails on the rows as they are."""
        self.asked += 1
        return (
            self._fanned(rows, self.handing) if isinstance(self.handing, Fan) else self._presented(rows, self.handing)
        )

    def _fanned(self, rows: pd.DataFrame, fan: Fan) -> Batch:
        """Sources and all their follow-ups in one call."""
        trial = self.trial
        tables, applicable = self._spread(rows, fan)
        places = np.flatnonzero(applicable & ~np.all([trial.unchanged(rows, table) for table in tables], axis=0))
        every = pd.concat([rows_at(table, places) for table in (rows, *tables)], ignore_index=True)
        if not len(places):
            nothing = np.zeros(0)
            return self._batch(rows, places, nothing, nothing, nothing)
        try:
            outputs = trial.predictor.ask(trial.reading, every)
        except (ModelRaised, BadAnswer) as failure:
            trial.fail(failure)
        if outputs.ndim > 1:
            message = "Several follow-ups are compared by one output each: name one with .on(function)."
            raise Broken(Evidence("relation", message))
        source, follow_ups = outputs[: len(places)], outputs[len(places) :].reshape(len(tables), -1).T
        margins = trial.margins(source, follow_ups)
        cases, refused = Cases(rows, pd.DataFrame(index=rows.index)), np.zeros(len(places), dtype=bool)
        return Batch(rows, places, Judged(cases, rows, places, source, follow_ups, margins, refused), tuple(tables))

    def _spread(self, rows: pd.DataFrame, fan: Fan) -> tuple[list[pd.DataFrame], npt.NDArray[np.bool_]]:
        """The follow-up tables of a fan, and the rows on which each of them keeps precondition, schema and touches."""
        schema, cases = self.trial.schema, Cases(rows, pd.DataFrame(index=rows.index))

        def made() -> tuple[list[pd.DataFrame], npt.NDArray[np.bool_]]:
            tables, possible = fan.spread(rows.copy(), schema)
            return [follow_up_rows(table, rows, schema) for table in tables], np.broadcast_to(possible, len(rows))

        spread, possible = guarded(made, "relation", "The transformation")
        applicable, tables = possible & self.trial.precondition(rows), []
        for each in spread:
            tidy, inside = held_to_touches(cases, each, self.trial.touches, schema)
            table = guarded(partial(schema.complete, tidy), "schema", "A derived column")
            applicable = applicable & inside & guarded(partial(schema.accepts, table), "schema", "A constraint")
            tables.append(table)
        return tables, applicable

    def _presented(self, rows: pd.DataFrame, presentation: Presentation) -> Batch:
        """The table as it is, then presented otherwise."""
        trial, watch = self.trial, Watch() if presentation.pure else None
        try:
            source = trial.predictor.ask(trial.reading if watch is None else watch.over(trial.reading), rows)
        except (ModelRaised, BadAnswer) as failure:
            trial.fail(failure)
        handed = _handed(presentation, rows)
        if not handed:
            return self._batch(rows, np.zeros(0, dtype=np.int64), source, source, np.zeros(len(rows)))
        second = self._second(presentation)
        if second is None:
            return self._batch(rows, np.arange(len(rows)), source, source, np.zeros(len(rows)), raised=True)
        reading = guarded(
            lambda: second.read(trial.relation.output, trial.relation.expect.wants), "relation", presentation.said
        )
        reading = reading if watch is None else watch.over(reading)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # scikit-learn warns of arrays where it was fitted on frames
                outputs, owners = second.presented(reading, handed)
        except ModelRaised as failure:
            if not isinstance(failure.error, trial.relation.raises_ok):
                trial.fail(failure)
            return self._batch(rows, np.arange(len(rows)), source, source, np.zeros(len(rows)), raised=True)
        except BadAnswer as failure:
            trial.fail(failure)
        if watch is not None:
            trial.predictor.mutated |= not _kept(watch.handed)
            if not _kept(watch.answered):
                raise Broken(Evidence("model", REWRITTEN))
        outputs, owners = outputs[owners != OTHERS], owners[owners != OTHERS]
        each = trial.margins(source[owners], outputs)
        margins, follow_up = np.zeros(len(rows)), source.copy()
        order = np.argsort(each, kind="stable")  # of several answers to a row, the one that is farthest off
        margins[owners[order]], follow_up[owners[order]] = each[order], outputs[order]
        return self._batch(rows, np.unique(owners), source, follow_up, margins)

    def _batch(
        self, rows: pd.DataFrame, places: Any, source: Any, follow_up: Any, margins: Any, *, raised: bool = False
    ) -> Batch:
        cases, refused = Cases(rows, pd.DataFrame(index=rows.index)), np.full(len(places), raised)
        judged = Judged(cases, rows, places, source[places], follow_up[places], margins[places], refused)
        return Batch(rows, places, judged)

    def _second(self, presentation: Presentation) -> Predictor | None:
        """The predictor that is asked the second time; None where there is none, as the relation allows."""
        if presentation.other is None:
            return self.trial.predictor
        if self._other is None:
            try:
                other = presentation.other(self.trial.predictor.adapter.model)
            except self.trial.relation.raises_ok:
                return None
            except (Exception, SystemExit) as error:
                raise Broken(Evidence("model", f"{presentation.said} raised {told(error)}")) from error
            beside = self.trial.predictor.beside(other)
            guarded(lambda: beside.adapter.check_columns(self.trial.schema.names), "relation", presentation.said)
            self._other = beside
        return self._other


def _handed(presentation: Presentation, rows: pd.DataFrame) -> list[Handed]:
    """The calls that a presentation makes of the rows, none where it is about none of them."""
    handed = guarded(
        lambda: presentation.present(rows.copy(), np.random.default_rng(0)), "relation", "The transformation"
    )
    for call in handed:
        if not isinstance(call.rows, pd.DataFrame) or len(call.rows) != len(call.owners):
            shape = getattr(call.rows, "shape", None)
            message = f"The transformation returned shape {shape} for {len(call.owners)} rows; expected a frame."
            raise Broken(Evidence("relation", message))
    return handed


def _kept(pairs: list[tuple[Any, Any]]) -> bool:
    """Whether each table is as its copy: values, types, labels and columns."""
    return all(pd.DataFrame(now).equals(pd.DataFrame(then)) for now, then in pairs)
