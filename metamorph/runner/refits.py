"""Refits of one estimator: the baseline, and what changed data make of it; in parallel under joblib."""

from __future__ import annotations

import warnings
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import attrs
import numpy as np

from metamorph.catalogue.training_data import TrainingData
from metamorph.catalogue.training_readings import Comparison, Mask
from metamorph.catalogue.training_relation import Draw, FollowUp, Subject, TrainingRelation
from metamorph.errors import told
from metamorph.trainer import Fit, Trainer, has_seed


@attrs.frozen
class Outcome:
    """What one refit came to: a comparison, an ``error`` in a sentence, or neither where no row is left to judge.

    ``noise`` compares the same source, on the same rows, with a refit of the data as given with another seed;
    ``fits`` is how many fits it took.
    """

    number: int
    comparison: Comparison | None = None
    noise: Comparison | None = None
    error: str | None = None
    fits: int = 1


@attrs.frozen
class Case:
    """A relation, the number of a refit, and the place of a rung on the ladder."""

    relation: TrainingRelation
    number: int
    rung: int

    @property
    def key(self) -> tuple[str, int, int]:
        """What tells it from others."""
        return self.relation.id, self.number, self.rung


class Refits:
    """The refits of a subject, numbered; each is fitted with a seed of its own, its follow-ups with the same one.

    ``cost`` counts the fits of each relation, beside those of the data as given, which all relations share. Results
    depend on the seed alone, never on how many jobs share the work.
    """

    def __init__(self, subject: Subject, *, frames: bool, count: int, seed: int, n_jobs: int | None) -> None:
        self.subject, self.count, self.seed, self.n_jobs = subject, count, seed, n_jobs
        self.trainer = Trainer(subject.estimator, subject.reading.method, frames)
        self.cost: Counter[str] = Counter()
        self.warned: set[str] = set()
        self._sources: dict[int, Fit] = {}
        self._others: dict[int, Fit] = {}
        self._outcomes: dict[tuple[str, int, int], Outcome] = {}
        self.random = False

    def baseline(self) -> str | None:
        """Fit the data as given, and again with other seeds; in a sentence, what is wrong where that fails."""
        numbers = range(self.count)
        self._fit_sources(numbers, self._sources, other=0)
        self._fit_sources(numbers, self._others, other=1)
        fits = [*self._sources.values(), *self._others.values()]
        raised = next((fit.error for fit in fits if fit.error is not None), None)
        error = self._unreadable(fits[0]) if raised is None else f"Fitting the data as given raised {raised}"
        self.random = error is None and self._has_chance()
        return error

    def noise(self) -> list[Comparison]:
        """How much each refit of the data as given disagrees with one of another seed; none without chance."""
        pairs = [self._another(number, None) for number in range(self.count)] if self.random else []
        return [pair for pair in pairs if pair is not None]

    def _unreadable(self, fit: Fit) -> str | None:
        """Why outputs cannot be compared even with themselves."""
        assert fit.outputs is not None  # noqa: S101 - it is asked of fits without an error alone
        try:
            self.subject.reading.compare(fit.outputs, fit.outputs, np.ones(len(fit.outputs), dtype=bool))
        except Exception as error:  # noqa: BLE001 - whatever a model answers
            return f"What is predicted from the data as given cannot be read: {told(error)}"
        return None

    def _has_chance(self) -> bool:
        """Whether another seed makes a difference, or may do so without our seeing it.

        Numbers, be they scores behind labels, show all chance there is. Labels and clusters alone may hide it.
        """
        first, *rest = [*self._sources.values(), *self._others.values()]
        if any(not (_equal(first.outputs, fit.outputs) and _equal(first.scores, fit.scores)) for fit in rest):
            return True
        shown = first.outputs if first.scores is None else first.scores
        fine = shown is not None and shown.dtype.kind == "f" and not np.isin(shown, (0.0, 1.0)).all()
        return not fine and has_seed(self.subject.estimator)

    def outcomes(self, relation: TrainingRelation, numbers: Sequence[int], rung: int = -1) -> list[Outcome]:
        """What the change of a rung makes of the refits of these numbers."""
        place = range(len(relation.rungs))[rung]
        self.refit([Case(relation, number, place) for number in numbers])
        return [self._outcomes[relation.id, number, place] for number in numbers]

    def refit(self, cases: Iterable[Case]) -> None:
        """Refit what of the *cases* is not refitted yet, all at once, so that many jobs find work."""
        missing = [case for case in cases if case.key not in self._outcomes]
        self._fit_sources([case.number for case in missing], self._sources, other=0)
        if self.random:
            self._fit_sources([case.number for case in missing if case.relation.noise], self._others, other=1)
        follow_ups: list[FollowUp | str] = []
        done = iter(self._fitted(self._jobs(missing, follow_ups)))
        for case, follow_up in zip(missing, follow_ups, strict=True):
            outcome = self._outcome(case.relation, case.number, follow_up, done)
            self._outcomes[case.key] = outcome
            self.cost[case.relation.id] += outcome.fits

    def _jobs(self, cases: list[Case], follow_ups: list[FollowUp | str]) -> Iterator[tuple[TrainingData, int]]:
        """What is to be fitted, made as it is asked for; of *follow_ups*, only what reads the outputs is kept."""
        for case in cases:
            follow_up = self._follow_up(case.relation, case.number, case.relation.rungs[case.rung])
            if isinstance(follow_up, str):
                follow_ups.append(follow_up)
                continue
            nothing = self.subject.data
            source = None if follow_up.source is None else nothing
            follow_ups.append(attrs.evolve(follow_up, data=nothing, source=source))
            if follow_up.source is not None:
                yield follow_up.source, self._seed(case.number, 0)
            yield follow_up.data, self._seed(case.number, 0)

    def _follow_up(self, relation: TrainingRelation, number: int, amount: object) -> FollowUp | str:
        source = self._sources[number]
        if source.outputs is None:
            return f"Fitting the data as given raised {source.error}"
        stream = np.random.SeedSequence([self.seed, 2, zlib.crc32(relation.id.encode()), number])
        try:
            return relation.change(
                self.subject.data, source.outputs, amount, Draw(number, np.random.default_rng(stream))
            )
        except Exception as error:  # noqa: BLE001 - data that a change cannot be made of are the relation's failure
            return f"Changing the data raised {told(error)}"

    def _outcome(
        self, relation: TrainingRelation, number: int, follow_up: FollowUp | str, done: Iterator[Fit]
    ) -> Outcome:
        if isinstance(follow_up, str):
            return Outcome(number, error=follow_up, fits=0)
        source = self._sources[number] if follow_up.source is None else next(done)
        after = next(done)
        fits = 1 if follow_up.source is None else 2
        if source.outputs is None or after.outputs is None:
            return Outcome(number, error=f"Fitting the changed data raised {source.error or after.error}", fits=fits)
        judged = np.ones(len(source.outputs), dtype=bool) if follow_up.judged is None else follow_up.judged
        if not judged.any():
            return Outcome(number, fits=fits)
        try:
            found = relation.reading(self.subject).compare(source.outputs, follow_up.back(after.outputs), judged)
        except Exception as error:  # noqa: BLE001 - outputs that cannot be read, such as labels never seen
            return Outcome(
                number, error=f"What is predicted from the changed data cannot be read: {told(error)}", fits=fits
            )
        noise = self._another(number, judged) if self.random and relation.noise else None
        return Outcome(number, found, noise, fits=fits)

    def _another(self, number: int, judged: Mask | None) -> Comparison | None:
        """How much a refit of the data as given disagrees with the one of another seed."""
        source, other = self._sources[number].outputs, self._others[number].outputs
        if source is None or other is None:
            return None
        every = np.ones(len(source), dtype=bool)
        return self.subject.reading.compare(source, other, every if judged is None else judged)

    def _fit_sources(self, numbers: Iterable[int], fits: dict[int, Fit], *, other: int) -> None:
        """Fit the data as given for those of the *numbers* that are not among *fits*."""
        missing = [number for number in dict.fromkeys(numbers) if number not in fits]
        done = self._fitted((self.subject.data, self._seed(number, other)) for number in missing)
        fits |= dict(zip(missing, done, strict=True))

    def _fitted(self, jobs: Iterable[tuple[TrainingData, int]]) -> list[Fit]:
        from joblib import Parallel, delayed  # noqa: PLC0415 - takes 0.2 s to import, and only refitting needs it

        with warnings.catch_warnings():  # for backends of threads, which leave the filters alone
            warnings.simplefilter("ignore")
            done: Any = Parallel(n_jobs=self.n_jobs)(delayed(self.trainer.fit)(data, seed) for data, seed in jobs)
        fits: list[Fit] = list(done)
        self.warned.update(name for fit in fits for name in fit.warned)
        return fits

    def _seed(self, number: int, other: int) -> int:
        return int(np.random.SeedSequence([self.seed, other, number]).generate_state(1)[0] >> 1)


def _equal(left: np.ndarray | None, right: np.ndarray | None) -> bool:
    """Whether two outputs are the same up to rounding."""
    if left is None or right is None:
        return left is right
    if left.shape != right.shape:
        return False
    if left.dtype.kind == "f":
        return bool(np.allclose(left, right, rtol=1e-9, atol=1e-12, equal_nan=True))
    return bool((left == right).all())
