"""check_training: what must not change when an estimator learns again from changed data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from metamorph.catalogue.training import TRAINING
from metamorph.catalogue.training_relation import TrainingRelation
from metamorph.errors import RelationError, expected, nearest_name
from metamorph.report import Report
from metamorph.result import Evidence, Result
from metamorph.runner.progress import Progress, Silent
from metamorph.runner.refit_verdict import first_cases, settle_refits
from metamorph.runner.refits import Refits
from metamorph.runner.subject import Asked, supervised

REFITS = 5
REFITS_A_JOB = 4
NOUN = ("refit", "refits")

Wanted = str | TrainingRelation


def check_training(
    estimator: Any,
    X: Any,
    y: Any,
    relations: Wanted | Iterable[Wanted] | None = None,
    *,
    test: Any = None,
    y_test: Any = None,
    refits: int = REFITS,
    seed: int = 0,
    n_jobs: int | None = None,
    progress: Progress | None = None,
) -> Report:
    """Judge training relations of a classifier or regressor by refitting clones of *estimator*, never itself.

    ``X`` is a DataFrame or an array of numbers, shape (n, d), ``y`` the targets, shape (n,). What is compared are the
    predictions for held-out rows: ``test``, shape (m, d), or a seeded 30% of ``X`` (classes in proportion). Classes
    are compared by the share of equal labels, numbers in standard deviations of the predictions.

    ``relations`` are relations of the catalogue or their ids; None asks all that are about the estimator's kind and
    skips, with the reason, those known not to hold for its class. Each is asked in ``refits`` refits, which differ in
    the seed of every nested ``random_state`` and in what is drawn for the change. The baseline is a refit of the same
    data with another seed: where there is chance in it, a relation is violated only if changed data disagree more,
    beyond the tolerance, than another seed does, and more often than by chance; then there are at least 12 refits.
    ``n_jobs`` is joblib's; None is one job, or what ``joblib.parallel_config`` says. Equal seeds give equal results
    whatever the number of jobs. The cost is ``2 * refits`` fits and, for each relation, ``refits`` times its ``cost``.

    An estimator that fails is a verdict (``broken``), never an exception. Raises ModelError or RelationError for what
    cannot be refitted at all. Xie et al., "Testing and validating machine learning classifiers by metamorphic
    testing", JSS 84 (2011); Murphy et al., "Properties of machine learning applications for use in metamorphic
    testing", SEKE (2008); Luu et al., "Testing multiple linear regression systems with metamorphic testing", JSS 182
    (2021).

    >>> from sklearn.linear_model import LinearRegression
    >>> X = np.arange(40.0).reshape(20, 2) ** 0.5
    >>> report = check_training(LinearRegression(), X, X[:, 0], "T8 permute rows")
    >>> report.results[0].verdict
    'held'
    """
    check_counts(refits, seed)
    asked = supervised(estimator, X, y, test=test, y_test=y_test, seed=seed)
    return judged(asked, relations, TRAINING, refits=refits, seed=seed, n_jobs=n_jobs, progress=progress)


def judged(
    asked: Asked,
    relations: Wanted | Iterable[Wanted] | None,
    catalogue: Mapping[str, TrainingRelation],
    *,
    refits: int,
    seed: int,
    n_jobs: int | None,
    progress: Progress | None,
) -> Report:
    """The report of *relations*; None is all for the subject's kind, without what is known not to hold."""
    progress, default = progress or Silent(), relations is None
    wanted = chosen(relations, catalogue)
    if default:
        wanted = [relation for relation in wanted if asked.subject.kind in relation.kinds]
    run = Refits(asked.subject, frames=asked.frames, count=refits, seed=seed, n_jobs=n_jobs)
    failed = run.baseline()
    at_once = _relations_at_once(refits, n_jobs)
    known = {relation.id: relation.known_not_to_hold(asked.subject) if default else None for relation in wanted}
    results: list[Result] = []
    for place, relation in enumerate(wanted):
        if place % at_once == 0 and failed is None:
            some = [other for other in wanted[place : place + at_once] if known[other.id] is None]
            run.refit(case for other in some for case in first_cases(other, run))
        progress.advance(relation.id, "refits", 0, max(refits, relation.least_refits))
        reason = known[relation.id]
        if reason is None or relation.impossible(asked.subject) is not None:
            result = settle_refits(relation, asked, run, failed)
        else:
            result = Result(relation.id, relation.statement, "skipped", evidence=Evidence("relation", reason))
        results.append(result)
        progress.finish(result)
    notes = []
    noise = [] if failed else run.noise()
    if noise:
        said = asked.subject.reading.phrase(max(pair.disagreement for pair in noise))
        notes.append(f"Training noise: between refits of the same data with other seeds, at worst {said}.")
    if run.warned:
        notes.append(f"While fitting, there were warnings: {', '.join(sorted(run.warned))}.")
    return Report(tuple(results), NOUN, {}, "seeded", seed, tuple(notes))


def _relations_at_once(refits: int, n_jobs: int | None) -> int:
    """So many relations that every job has four refits to do; one after the other where there is one job."""
    from joblib import effective_n_jobs  # noqa: PLC0415 - takes 0.2 s to import, and only refitting needs it

    wanted: Any = n_jobs  # None is one of joblib's own values, whatever its types say
    jobs = effective_n_jobs(wanted)
    return 1 if jobs == 1 else -(-REFITS_A_JOB * jobs // refits)


def chosen(
    relations: Wanted | Iterable[Wanted] | None, catalogue: Mapping[str, TrainingRelation]
) -> list[TrainingRelation]:
    """The relations asked for, by value or by id, all of the catalogue for None; RelationError for anything else."""
    if relations is None:
        return list(catalogue.values())
    given = [relations] if isinstance(relations, str | TrainingRelation) else relations
    if not isinstance(given, Iterable):
        raise RelationError(expected("training relations or their ids", relations=relations))
    every = [_one(relation, catalogue) for relation in given]
    if not every:
        raise RelationError(expected("at least one training relation", relations=every))
    ids = [relation.id for relation in every]
    if len(set(ids)) < len(ids):
        raise RelationError(expected("training relations of distinct ids", relations=ids))
    return every


def _one(relation: Any, catalogue: Mapping[str, TrainingRelation]) -> TrainingRelation:
    if isinstance(relation, TrainingRelation):
        return relation
    if not isinstance(relation, str):
        raise RelationError(expected("a training relation or its id", relation=relation))
    if relation not in catalogue:
        msg = f"There is no relation {relation!r}{nearest_name(relation, catalogue)}."
        raise RelationError(msg)
    return catalogue[relation]


def check_counts(refits: int, seed: int) -> None:
    """Raise RelationError for a number of refits or a seed that cannot be."""
    for name, value, least in (("refits", refits, 1), ("seed", seed, 0)):
        if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < least:
            raise RelationError(expected(f"{name} >= {least}", **{name: value}))
