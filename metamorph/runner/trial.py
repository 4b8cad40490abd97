"""A trial: one relation, bound to a schema and a model, through which every case is made and judged."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

import attrs
import numpy as np
import numpy.typing as npt
import pandas as pd

from metamorph.case import Cases, Mask, Status, rows_at
from metamorph.errors import MetamorphError, RelationError, SchemaError
from metamorph.expectations import Relative, Rounding, is_number
from metamorph.predictor import BadAnswer, ModelRaised
from metamorph.result import Evidence
from metamorph.runner.smallest import smallest_row
from metamorph.transforms import Function
from metamorph_strategies.functions import truth

if TYPE_CHECKING:
    from metamorph.adapters import Reading
    from metamorph.predictor import Outputs, Predictor
    from metamorph.relation import Relation
    from metamorph_strategies.columns import Column
    from metamorph_strategies.schema import Schema


class Broken(Exception):  # noqa: N818 - it carries a verdict, and never reaches a user
    """Nothing can be judged; ``evidence`` says why."""

    def __init__(self, evidence: Evidence) -> None:
        super().__init__(evidence.message)
        self.evidence = evidence


@attrs.frozen(eq=False)
class Judged:
    """Cases with their follow-ups, outputs and margins, one row each; ``raised`` marks those the model refused as agreed."""

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


class Trial:
    """One relation on one schema and model. Making it asks nothing of the model and raises for what cannot be asked."""

    def __init__(self, relation: Relation, schema: Schema, predictor: Predictor) -> None:
        relation.transform.check(schema)
        self.relation, self.schema, self.predictor = relation, schema, predictor
        self.reading: Reading = predictor.read(relation.output, relation.expect.wants)
        self.rounding = Rounding()
        self.touches = relation.transform.touches(schema)
        self._checked_position = not isinstance(relation.transform, Function)
        tolerance = relation.expect.tolerance
        given = tolerance.share or tolerance.at_least if isinstance(tolerance, Relative) else tolerance
        if self.reading.kind == "label" and self.reading.order is None and given:
            msg = (
                f"Relation {relation.id!r}: a label has no tolerance ({tolerance!r}).\n"
                "Ask it of a number instead: .on(probability_of=...) or .on('decision')."
            )
            raise RelationError(msg)

    @property
    def sentence(self) -> str:
        """The relation in one sentence, its step law included."""
        expect = self.relation.expect.phrase(self.reading.phrase)
        where = ", where its precondition holds" if self.relation.conditions else ""
        return f"{self.relation.transform.phrase(self.schema)} {expect}{where}."

    def draw(
        self, source: pd.DataFrame, rng: np.random.Generator, places: npt.NDArray[np.int64] | None
    ) -> tuple[Cases, pd.DataFrame, npt.NDArray[np.int8]]:
        """A case for each source row, its follow-up, and its status; *places* says which observed rows they are."""
        parameters, applicable = self.relation.transform.draw(source, self.schema, rng, places)
        cases = Cases(source, parameters)
        follow_up, status = self.follow(cases)
        status[(status != Status.PRECONDITION) & ~applicable] = Status.NOT_APPLICABLE
        return cases, follow_up, status

    def follow(self, cases: Cases) -> tuple[pd.DataFrame, npt.NDArray[np.int8]]:
        """The follow-up of each case, and its status."""
        follow_up = self._apply(cases)
        status = np.zeros(len(cases), dtype=np.int8)
        allowed, same = self._within_schema(follow_up), self.unchanged(cases.source, follow_up)
        status[same] = Status.NO_CHANGE
        status[~allowed] = Status.NOT_APPLICABLE
        status[~self._precondition(cases.source)] = Status.PRECONDITION
        return follow_up, status

    def admissible(self, cases: Cases) -> tuple[pd.DataFrame, Mask]:
        """The follow-up of each case, and whether schema, step law, precondition and an effective change are all kept."""
        kept = self.relation.transform.lawful(cases, self.schema) & self.schema.accepts(cases.source)
        if not kept.all():  # an unlawful case need not have a follow-up
            places = np.flatnonzero(kept)
            follow_up, status = (
                self.follow(cases.take(places)) if len(places) else (cases.source, np.array([], np.int8))
            )
            kept[places] = status == Status.EFFECTIVE
            return (
                rows_at(follow_up, np.flatnonzero(status == Status.EFFECTIVE)) if len(places) else cases.source.head(0)
            ), kept
        follow_up, status = self.follow(cases)
        effective = status == Status.EFFECTIVE
        return rows_at(follow_up, np.flatnonzero(effective)), effective

    def judge(self, cases: Cases, follow_up: pd.DataFrame, *, rows_per_call: int | None = None) -> Judged:
        """Margins of effective cases, in one call; raises Broken with the smallest row where the model fails."""
        if rows_per_call is not None and len(cases) * 2 > rows_per_call:
            half = len(cases) // 2
            first, second = np.arange(half), np.arange(half, len(cases))
            return joined(
                [
                    self.judge(cases.take(places), rows_at(follow_up, places), rows_per_call=rows_per_call)
                    for places in (first, second)
                ]
            )
        try:
            source_output, follow_up_output = self.predictor.pairs(
                self.reading, cases.source, follow_up, self.relation.transform.plan
            )
        except ModelRaised as failure:
            if isinstance(failure.error, self.relation.raises_ok):
                return self._tolerant(cases, follow_up)
            self.fail(failure)
        except BadAnswer as failure:
            self.fail(failure)
        margins = self._margins(source_output, follow_up_output)
        return Judged(cases, follow_up, source_output, follow_up_output, margins, np.zeros(len(cases), dtype=bool))

    def fail(self, failure: ModelRaised | BadAnswer) -> NoReturn:
        """Raise Broken about the model, with the smallest row on which it fails the same way."""
        row = smallest_row(self.predictor, self.reading, self.schema, failure)
        error = getattr(failure, "error", None)
        message = str(failure) if error is None else f"The model raised {type(error).__name__}: {error}"
        raise Broken(Evidence("model", message, row)) from None

    def _apply(self, cases: Cases) -> pd.DataFrame:
        applied = self._guarded(
            lambda: self.relation.transform.apply(cases, self.schema), "relation", "The transformation"
        )
        if isinstance(self.relation.transform, Function):
            applied = self._held_to_account(cases, applied)
        return self._guarded(lambda: self.schema.complete(applied), "schema", "A derived column")

    def _held_to_account(self, cases: Cases, applied: pd.DataFrame) -> pd.DataFrame:
        """A user's follow-ups in the schema's dtypes; Broken where they change more than they touch or depend on position."""
        tidy = applied.copy(deep=False)
        for name, column in self.schema.columns.items():
            if name in self.touches:
                tidy[name] = self._guarded(
                    lambda n=name, c=column: _in_dtype(c, applied[n]), "relation", f"Column {name!r} of the follow-up"
                )  # type: ignore[misc]
            elif (
                not applied[name].equals(cases.source[name])
                and _changed(column, cases.source[name], applied[name]).any()
            ):
                message = f"The transformation changed column {name!r}, which is not in touches={list(self.touches)!r}."
                raise Broken(Evidence("relation", message))
        if not self._checked_position and len(cases) > 1:
            self._checked_position = True
            order = np.random.default_rng(0).permutation(len(cases))
            shuffled = self._guarded(
                lambda: self.relation.transform.apply(cases.take(order), self.schema), "relation", "The transformation"
            )
            for name in self.touches:
                if _changed(self.schema.columns[name], rows_at(applied[[name]], order)[name], shuffled[name]).any():
                    message = (
                        f"The transformation depends on a row's position, or on chance: column {name!r} of the follow-ups "
                        "changed when the source rows were shuffled. Make it a function of each row alone."
                    )
                    raise Broken(Evidence("relation", message))
        return tidy

    def _within_schema(self, follow_up: pd.DataFrame) -> Mask:
        allowed = self._guarded(lambda: self.schema.accepts(follow_up), "schema", "A constraint")
        for name in self.touches:
            column = self.schema.columns[name]
            allowed &= column.admits(*column.encode(follow_up[name]))
        return allowed  # type: ignore[no-any-return]

    def unchanged(self, source: pd.DataFrame, follow_up: pd.DataFrame) -> Mask:
        """Whether the change left each row as it was."""
        same = np.ones(len(source), dtype=bool)
        for name in self.touches:
            same &= ~_changed(self.schema.columns[name], source[name], follow_up[name])
        return same

    def _precondition(self, source: pd.DataFrame) -> Mask:
        kept = np.ones(len(source), dtype=bool)
        for condition in self.relation.conditions:
            try:
                kept &= truth(condition, source, "The precondition (.when)")
            except SchemaError as error:
                raise Broken(Evidence("relation", str(error))) from error
        return kept

    def _margins(self, source_output: Outputs, follow_up_output: Outputs) -> npt.NDArray[np.float64]:
        expect = self.relation.expect
        if expect.wants != "any" and not is_number(source_output):
            message = f"The model returned {source_output[0]!r}, not a number; a direction needs numbers."
            raise Broken(Evidence("model", message))
        if not is_number(source_output) and self.relation.expect.tolerance not in {0, Relative(0.0)}:
            message = f"The model returned labels ({source_output[0]!r}), and a label has no tolerance."
            raise Broken(Evidence("relation", message))
        return self._guarded(  # type: ignore[no-any-return]
            lambda: expect.margins(source_output, follow_up_output, self.rounding), "relation", "The expectation"
        )

    def _tolerant(self, cases: Cases, follow_up: pd.DataFrame) -> Judged:
        """Judge around the rows that the model may refuse: halves, until a refused case stands alone."""
        if len(cases) == 1:
            nothing = np.full(1, np.nan)
            return Judged(cases, follow_up, nothing, nothing, np.zeros(1), np.ones(1, dtype=bool))
        half = len(cases) // 2
        parts = (np.arange(half), np.arange(half, len(cases)))
        return joined([self.judge(cases.take(places), rows_at(follow_up, places)) for places in parts])

    def _guarded(self, call: Callable[[], Any], about: Any, what: str) -> Any:
        """What *call* returns; anything that the user's own function raises becomes Broken."""
        try:
            return call()
        except MetamorphError as error:
            raise Broken(Evidence(about, str(error))) from error
        except Exception as error:
            raise Broken(Evidence(about, f"{what} raised {type(error).__name__}: {error}")) from error


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


def _in_dtype(column: Column, values: pd.Series[Any]) -> pd.Series[Any]:
    """*values* in the column's dtype where it can hold them exactly; as they are where not."""
    if values.dtype == column.dtype:
        return values
    codes, missing = column.encode(values)
    return column.decode(codes, missing) if column.contains(values).all() else values


def _changed(column: Column, before: pd.Series[Any], after: pd.Series[Any]) -> Mask:
    """Whether each entry differs; missing equals missing."""
    codes, absent = column.encode(before)
    other, other_absent = column.encode(after)
    return (absent != other_absent) | (~absent & ~other_absent & (codes != other))
