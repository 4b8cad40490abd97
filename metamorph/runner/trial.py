"""A trial: one relation, bound to a schema and a model, through which every case is made and judged."""

from __future__ import annotations

import copy
import time
from typing import TYPE_CHECKING, NoReturn

import numpy as np
import numpy.typing as npt
import pandas as pd

from metamorph.answers import BadAnswer
from metamorph.case import Cases, Mask, Places, Status, rows_at
from metamorph.errors import RelationError, SchemaError, told
from metamorph.expectations import Relative, Rounding, is_number
from metamorph.predictor import ModelRaised
from metamorph.result import Evidence
from metamorph.runner.account import changed, check_position, held_to_touches
from metamorph.runner.broken import Broken, guarded
from metamorph.runner.interval import CONFIDENCE
from metamorph.runner.judged import Judged, Replayed, joined
from metamorph.runner.smallest import smallest_row
from metamorph.transforms.presentations import Presentation
from metamorph_strategies.functions import truth

if TYPE_CHECKING:
    from metamorph.adapters import Reading
    from metamorph.answers import Outputs
    from metamorph.predictor import Predictor
    from metamorph.relation import Relation
    from metamorph.runner.plausibility import Envelope
    from metamorph.slices import Named
    from metamorph_strategies.schema import Schema


class Trial:
    """One relation on one schema and model. Making it asks nothing of the model and raises for what cannot be asked."""

    def __init__(self, relation: Relation, schema: Schema, predictor: Predictor) -> None:
        relation.transform.check(schema)
        if isinstance(relation.transform, Presentation) and relation.conditions:
            msg = f"Relation {relation.id!r} is about whole batches: leave .when out, or check it on fewer rows."
            raise RelationError(msg)
        self.relation, self.schema, self.predictor = relation, schema, predictor
        self.reading: Reading = predictor.read(relation.output, relation.expect.wants)
        self.rounding = Rounding()
        self.deadline: float | None = None
        self.confidence = CONFIDENCE
        self.envelope: Envelope | None = None
        self.slices: tuple[Named, ...] = ()
        self.replayed = Replayed()
        self.touches = relation.transform.touches(schema)
        self.sources = relation.id
        self._position_checked = False
        self.changing = (*self.touches, *schema.derived)
        tolerance = relation.expect.tolerance
        given = tolerance.share or tolerance.at_least if isinstance(tolerance, Relative) else tolerance
        if self.reading.kind == "label" and self.reading.order is None and given:
            msg = (
                f"Relation {relation.id!r}: a label has no tolerance ({tolerance!r}).\n"
                "Ask it of a number instead: .on(probability_of=...) or .on('decision')."
            )
            raise RelationError(msg)

    def within(self, name: str) -> Trial:
        """The same, of sources in the slice of this name alone."""
        narrowed = copy.copy(self)
        narrowed.relation = self.relation.when(next(one.condition for one in self.slices if one.name == name))
        return narrowed

    @property
    def late(self) -> bool:
        """Whether the time limit has passed."""
        return self.deadline is not None and time.monotonic() > self.deadline

    @property
    def sentence(self) -> str:
        """The relation in one sentence, its step law included."""
        expect = self.relation.expect.phrase(self.reading.phrase)
        where = ", where its precondition holds" if self.relation.conditions else ""
        return f"{self.relation.transform.phrase(self.schema)} {expect}{where}."

    def draw(
        self, source: pd.DataFrame, rng: np.random.Generator, places: Places | None
    ) -> tuple[Cases, pd.DataFrame, npt.NDArray[np.int8]]:
        """A case for each source row, its follow-up, and its status; *places* says which shuffled rows they are."""
        parameters, applicable = self.relation.transform.draw(source, self.schema, rng, places)
        cases = Cases(source, parameters)
        follow_up, status = self.follow(cases)
        status[(status != Status.PRECONDITION) & ~applicable] = Status.NOT_APPLICABLE
        return cases, follow_up, status

    def follow(self, cases: Cases) -> tuple[pd.DataFrame, npt.NDArray[np.int8]]:
        """The follow-up of each case, and its status."""
        follow_up, inside = self._apply(cases)
        status = np.zeros(len(cases), dtype=np.int8)
        allowed, same = self._within_schema(follow_up), self.unchanged(cases.source, follow_up)
        status[same] = Status.NO_CHANGE
        status[~(allowed & inside)] = Status.NOT_APPLICABLE
        status[~self.precondition(cases.source)] = Status.PRECONDITION
        return follow_up, status

    def admissible(self, cases: Cases) -> tuple[pd.DataFrame, Mask]:
        """The follow-ups of the possible cases whose rows are plausible, and which those are."""
        follow_up, kept = self.possible(cases)
        if self.envelope is None:
            return follow_up, kept
        places = np.flatnonzero(kept)
        inside = self.plausible(rows_at(cases.source, places), follow_up)
        kept[places] = inside
        return rows_at(follow_up, np.flatnonzero(inside)), kept

    def possible(self, cases: Cases) -> tuple[pd.DataFrame, Mask]:
        """The follow-ups of cases that keep schema, law, precondition and an effective change; and which those are."""
        kept = guarded(lambda: self.schema.accepts(cases.source), "schema", "A constraint")
        kept &= self.relation.transform.lawful(cases, self.schema)
        if not kept.any():
            return cases.source.head(0), kept
        lawful = np.flatnonzero(kept)  # an unlawful case need not have a follow-up
        follow_up, status = self.follow(cases.take(lawful))
        effective = np.flatnonzero(status == Status.EFFECTIVE)
        kept[lawful] = status == Status.EFFECTIVE
        return rows_at(follow_up, effective), kept

    def plausible(self, *tables: pd.DataFrame) -> Mask:
        """Whether the rows at each place of all *tables* (of equal length) lie within the envelope, if there is one."""
        kept, envelope = np.ones(len(tables[0]), dtype=bool), self.envelope
        if envelope is not None:
            for rows in tables:
                left = np.flatnonzero(kept)
                kept[left] = envelope.holds(rows_at(rows, left))
        return kept

    def judge(self, cases: Cases, follow_up: pd.DataFrame, places: npt.NDArray[np.int64]) -> Judged:
        """The effective cases at *places*, judged in one call; Broken with the smallest row where the model fails."""
        return joined(self._parts(cases, follow_up, places))

    def _parts(self, cases: Cases, follow_up: pd.DataFrame, places: npt.NDArray[np.int64]) -> list[Judged]:
        """Judged parts: one, or halves of halves where the model refuses rows, as agreed."""
        none_raised = np.zeros(len(places), dtype=bool)
        try:
            source_output, follow_up_output = self.predictor.pairs(
                self.reading,
                cases.source,
                follow_up,
                places,
                plan=self.relation.transform.plan,
                changing=self.changing,
            )
        except ModelRaised as failure:
            if not isinstance(failure.error, self.relation.raises_ok):
                self.fail(failure)
            if len(places) > 1:
                half = len(places) // 2
                return self._parts(cases, follow_up, places[:half]) + self._parts(cases, follow_up, places[half:])
            nothing = np.full(1, np.nan)
            return [Judged(cases, follow_up, places, nothing, nothing, np.zeros(1), ~none_raised)]
        except BadAnswer as failure:
            self.fail(failure)
        margins = self.margins(source_output, follow_up_output)
        return [Judged(cases, follow_up, places, source_output, follow_up_output, margins, none_raised)]

    def fail(self, failure: ModelRaised | BadAnswer) -> NoReturn:
        """Raise Broken about the model, with the smallest row on which it fails the same way."""
        row = smallest_row(self.predictor, self.reading, self.schema, failure)
        message = f"The model raised {told(failure.error)}" if isinstance(failure, ModelRaised) else str(failure)
        raise Broken(Evidence("model", message, row)) from None

    def _apply(self, cases: Cases) -> tuple[pd.DataFrame, Mask]:
        transform, inside = self.relation.transform, np.ones(len(cases), dtype=bool)
        applied = guarded(lambda: transform.apply(cases, self.schema), "relation", "The transformation")
        if getattr(transform, "owned", False):
            if len(cases) > 1 and not self._position_checked:
                self._position_checked = True
                check_position(transform, cases, applied, self.touches, self.schema)
            applied, inside = held_to_touches(cases, applied, self.touches, self.schema)
        return guarded(lambda: self.schema.complete(applied), "schema", "A derived column"), inside

    def _within_schema(self, follow_up: pd.DataFrame) -> Mask:
        allowed = guarded(lambda: self.schema.accepts(follow_up), "schema", "A constraint")
        for name in () if getattr(self.relation.transform, "leaves_schema", False) else self.touches:
            column = self.schema.columns[name]
            allowed &= column.admits(*column.encode(follow_up[name]))
        return allowed

    def unchanged(self, source: pd.DataFrame, follow_up: pd.DataFrame) -> Mask:
        """Whether the change left each row as it was."""
        same = np.ones(len(source), dtype=bool)
        for name in self.touches:
            same &= ~changed(self.schema.columns[name], source[name], follow_up[name])
        return same

    def precondition(self, source: pd.DataFrame) -> Mask:
        """Whether each source row satisfies every condition; Broken where one of them raises."""
        kept = np.ones(len(source), dtype=bool)
        for condition in self.relation.conditions:
            try:
                kept &= truth(condition, source, "The precondition (.when)")
            except SchemaError as error:
                raise Broken(Evidence("relation", str(error))) from error
        return kept

    def margins(self, source_output: Outputs, follow_up_output: Outputs) -> npt.NDArray[np.float64]:
        """The margin of each pair of outputs; Broken where they cannot be compared as the relation asks."""
        expect = self.relation.expect
        if expect.wants != "any" and not is_number(source_output):
            message = f"The model returned {source_output[0]!r}, not a number; a direction needs numbers."
            raise Broken(Evidence("model", message))
        if not is_number(source_output) and self.relation.expect.tolerance not in {0, Relative(0.0)}:
            message = f"The model returned labels ({source_output[0]!r}), and a label has no tolerance."
            raise Broken(Evidence("relation", message))
        return guarded(
            lambda: expect.margins(source_output, follow_up_output, self.rounding), "relation", "The expectation"
        )
