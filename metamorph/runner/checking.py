"""check: relations of a model on a schema, one after the other."""

from __future__ import annotations

import functools
import time
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from metamorph.bundle import Bundle
from metamorph.errors import RelationError, SchemaError, expected, listed
from metamorph.failures import Failures
from metamorph.predictor import PROBED, Predictor
from metamorph.relation import Relation
from metamorph.report import Report
from metamorph.report.lines import times
from metamorph.result import Result
from metamorph.runner.anatomy import Anatomy
from metamorph.runner.bundles import combined
from metamorph.runner.estimate import estimate
from metamorph.runner.exact_slices import slicefinder
from metamorph.runner.explained import Telling
from metamorph.runner.family import Confidence, by_rate, note, split
from metamorph.runner.interval import CONFIDENCE
from metamorph.runner.plausibility import envelope
from metamorph.runner.presented import estimate_batches
from metamorph.runner.progress import Progress, Silent
from metamorph.runner.pursuit import Pursuit
from metamorph.runner.reported import reported
from metamorph.runner.settings import BUDGET, EXAMPLES, Reference, Settings
from metamorph.runner.trial import Trial
from metamorph.runner.verdict import settle
from metamorph.slices import Slices
from metamorph.transforms.fans import Fan
from metamorph.transforms.presentations import Presentation
from metamorph.whitebox.readers import READ
from metamorph_strategies import sampling
from metamorph_strategies.schema import Schema

Checkable = Relation | Bundle
MUTATED = "The model changed the frame it was given. Verdicts stand: it was given a copy."


def check(
    model: Any,
    relations: Checkable | Iterable[Checkable],
    schema: Schema | pd.DataFrame,
    *,
    budget: int = BUDGET,
    attack: int | None = None,
    seconds: float | None = None,
    seed: int = 0,
    floor: float | None = None,
    plausible: float | None = None,
    confidence: Confidence = CONFIDENCE,
    examples: int = EXAMPLES,
    reference: Reference | None = None,
    slices: Slices = (),
    progress: Progress | None = None,
) -> Report:
    """Judge *relations* of *model* on rows of *schema* (a frame stands for the schema read off it).

    ``budget`` is the number of effective cases for each relation; afterwards the worst case is searched for with
    ``attack`` predictions at the most (as many as the budget unless given; 0: no search), which changes existence and
    the worst case, never the rate. ``seconds`` limits the whole run and stops it
    between calls; ``floor`` is the least relative rounding to allow for, beside what the probe measures, and 0
    switches the rounding floor off. With ``plausible=0.99`` search and shrinking keep to rows that are no farther from
    the nearest observed one than 99% of observed rows are from each other; the rate is as without, and a violation that
    real rows and the step law make counts wherever it lies (what it is reduced to lies inside where anything inside
    was found to fail). ``confidence`` is that of intervals, and of verdicts by an allowed rate, each of which ends its
    estimate as soon as it is settled; "family" gives each of m such verdicts ``1 - 0.05 / m``, so that all of them are
    right with 95%.

    ``examples`` is how many counterexamples are looked for: each is as small as can be, and none needs all the columns
    that another one needs. ``reference`` is the row that they shrink towards, by its values or by the index label of an
    observed row ("why this customer?"); the typical row unless given. ``slices`` are ones that the user names with
    ``mm.slice``, which get a rate of their own and may allow one; "exact" among them has sliceline look for those in
    which violations concentrate.

    A model that fails is a verdict (``broken``), never an exception. Raises RelationError, ModelError or SchemaError,
    before the model is asked anything, for what cannot be asked at all.
    """
    settings = Settings(budget, attack, seconds, seed, floor, plausible, confidence, examples, reference, slices)
    return run(model, relations, schema, settings, progress=progress)


def run(
    model: Any,
    relations: Checkable | Iterable[Checkable],
    schema: Schema | pd.DataFrame,
    settings: Settings,
    *,
    progress: Progress | None = None,
    failures: Failures | None = None,
) -> Report:
    """As :func:`check`; *failures* are replayed first and added to, and without a budget nothing else is asked."""
    every = listing(relations)
    schema = as_schema(schema, settings.reference)
    plausible_rows = envelope(schema, settings.plausible)
    predictor, progress, seed = Predictor(model, floor=settings.floor), progress or Silent(), settings.seed
    predictor.adapter.check_columns(schema.names)
    trials = [_trial(part, one.id, schema, predictor) for one in every for part in parts_of(one)]
    verdicts = by_rate((trial.relation for trial in trials), settings.slices.named)
    level, probed = split(settings.confidence, verdicts), probe_rows(schema)
    anatomy = Anatomy(predictor.adapter, schema)
    if settings.slices.exact:  # what cannot be raises before the model is asked
        slicefinder()
    for named in settings.slices.named:
        named.check(probed)
    for trial in trials:
        trial.envelope, trial.confidence, trial.slices = plausible_rows, level, settings.slices.named
    began = time.monotonic()
    settled: list[Result] = []
    for place, trial in enumerate(trials):
        # a share of the time that is left for each relation that is left, so that none is starved by the first
        left = None if settings.seconds is None else began + settings.seconds - time.monotonic()
        trial.deadline = None if left is None else time.monotonic() + left / (len(trials) - place)
        find = pursuit = None
        if settings.budget is not None:
            how = estimate_batches if isinstance(trial.relation.transform, Presentation | Fan) else estimate
            find = functools.partial(how, trial, budget=settings.budget, seed=seed, progress=progress)
            pursuit = Pursuit(trial, anatomy, settings.searched, seed, progress) if settings.searched else None
        telling = Telling(examples=settings.examples, explain=seed if pursuit else None, exact=settings.slices.exact)
        result = settle(trial, probed, find, telling, progress=progress, pursuit=pursuit, failures=failures)
        settled.append(result)
        progress.finish(result)
    told, waiting = [note(verdicts, level)] if settings.budget is not None else [], iter(settled)
    told.append(unread(model, settled))
    notes = (*filter(None, told), *_notes(trials, predictor, schema))
    results = [_result(one, [next(waiting) for _ in parts_of(one)]) for one in every]
    return reported(results, schema, seed=seed, notes=notes)


def as_schema(schema: Schema | pd.DataFrame, reference: Reference | None = None) -> Schema:
    """The schema, or the one read off a frame, with another reference row where one is named."""
    schema = schema if isinstance(schema, Schema) else Schema.from_frame(schema)
    return schema if reference is None else schema.with_reference(reference)


def parts_of(one: Checkable) -> tuple[Relation, ...]:
    """The parts of a bundle, or the relation itself."""
    return one.parts if isinstance(one, Bundle) else (one,)


def _trial(part: Relation, whole: str, schema: Schema, predictor: Predictor) -> Trial:
    """The trial of a part, whose sources are those of the whole."""
    trial = Trial(part, schema, predictor)
    trial.sources = whole
    return trial


def _result(one: Checkable, parts: list[Result]) -> Result:
    return combined(one.id, parts) if isinstance(one, Bundle) else parts[0]


def listing(relations: Checkable | Iterable[Checkable]) -> list[Checkable]:
    """The relations and bundles given, at least one, by distinct ids; RelationError for anything else."""
    given = [relations] if isinstance(relations, Checkable) else relations
    wanted = "relations such as mm.increasing('area')"
    if not isinstance(given, Iterable) or isinstance(given, str):
        raise RelationError(expected(wanted, relations=relations))
    every = list(given)
    for relation in every:
        if not isinstance(relation, Checkable):
            raise RelationError(expected(wanted, relation=relation))
    if not every:
        raise RelationError(expected(f"{wanted}, at least one,", relations=every))
    ids = [relation.id for relation in every]
    twice = sorted({name for name in ids if ids.count(name) > 1})
    if twice:
        msg = f"Relations with equal ids: {listed(twice)}. Tell them apart with .named(...)."
        raise RelationError(msg)
    return every


def probe_rows(schema: Schema) -> pd.DataFrame:
    """The fixed rows of the probe: spread over the observed rows, or explored with a fixed seed."""
    if schema.observed is None:
        return sampling.explored(schema, PROBED, np.random.default_rng(0))
    if not len(schema.observed):
        msg = "The schema has no observed rows left after its constraints."
        raise SchemaError(msg)
    places = np.unique(np.linspace(0, len(schema.observed) - 1, PROBED).astype(np.int64))
    return schema.observed.take(places).reset_index(drop=True)


def unread(model: Any, settled: list[Result]) -> str | None:
    """That a model of a library that is read was searched as a black box, with the first reason; None where it was not.

    Nobody expects a model of any other kind to be read.
    """
    reasons = [result.unread for result in settled if result.unread]
    if not reasons or type(model).__module__.partition(".")[0] not in READ:
        return None
    return f"The model was searched as a black box: {reasons[0]}."


def _notes(trials: list[Trial], predictor: Predictor, schema: Schema) -> tuple[str, ...]:
    notes = []
    for trial in trials:
        if trial.touches and not any(predictor.adapter.reads(name) for name in schema.followers(trial.touches)):
            columns = listed(trial.touches)
            notes.append(f"{trial.relation.id}: the model was not fitted on {columns}, so nothing could change.")
        for failure, reason in trial.replayed.gone:
            notes.append(f"{trial.relation.id}: case {failure.id}, which failed before, is dropped: {reason}.")
        aside = len(trial.replayed.implausible)
        if aside:
            left_out = f"{times(aside, 'case')} that failed before"
            notes.append(f"{trial.relation.id}: left out as not plausible, and kept: {left_out}.")
    if predictor.mutated:
        notes.append(MUTATED)
    if schema.dropped:
        notes.append(f"{schema.dropped:,} observed {schema.noun[1]} break a constraint and were left out.")
    return tuple(notes)
