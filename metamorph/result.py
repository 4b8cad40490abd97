"""What a check found, as plain data."""

from __future__ import annotations

from typing import Any, Literal

import attrs

from metamorph.curve import Curve
from metamorph.region import Region
from metamorph.slices import Slice

Verdict = Literal["held", "proved", "violated", "broken", "inconclusive", "skipped"]
FoundBy = Literal["estimate", "attack", "proof", "replay", "case"]
About = Literal["model", "relation", "schema"]


@attrs.frozen
class Evidence:
    """Why nothing could be judged: about what, in words, and the smallest row that shows it."""

    about: About
    message: str
    row: dict[str, Any] | None = None


@attrs.frozen
class Nearness:
    """How near a row is to the observed ones.

    ``distance`` is that from the nearest (see :mod:`metamorph_strategies.nearness`; 0: it is an observed row),
    ``percentile`` the share of observed rows that are nearer than that to another one (None where there is only one),
    and ``explored`` are the columns whose value no observed row has.
    """

    distance: float
    percentile: float | None
    explored: tuple[str, ...] = ()


@attrs.frozen
class Counterexample:
    """A pair of rows that breaks a relation, in plain Python values.

    ``differs`` are the source's columns that differ from the reference row, ``changed`` those the relation changed, and
    ``margin`` is by how much more than allowed the outputs differ; it, ``amount`` and ``allowed`` are in output units.
    ``others`` are the other rows of a batch, where the relation is about one. Of ``several`` follow-ups, with their
    outputs, ``source`` and ``follow_up`` are the pair that decides. ``nearness`` is that of source and follow-up; None
    where the schema has no observed rows.
    """

    source: dict[str, Any]
    follow_up: dict[str, Any]
    source_output: Any
    follow_up_output: Any
    margin: float
    change: str
    amount: float | None
    allowed: float
    differs: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    others: tuple[dict[str, Any], ...] = ()
    several: tuple[dict[str, Any], ...] = ()
    several_outputs: tuple[Any, ...] = ()
    nearness: tuple[Nearness, Nearness] | None = None

    @property
    def follow_ups(self) -> tuple[dict[str, Any], ...]:
        """Every follow-up row; ``follow_up`` is the deciding one."""
        return self.several or (self.follow_up,)


@attrs.frozen
class Tolerable:
    """What would have had to be allowed for a relation to hold on the evidence that it was judged by.

    ``allowed`` is the rate; it is the upper end of the interval that holds at every look. ``tolerance`` is the least
    one, relative or in output units, at which no case of the estimate violates (or, where a rate is allowed, at which
    it would be held, were the whole budget like the cases so far); None where no tolerance would do, as for labels.
    ``curve`` says which share of cases violates at which tolerance, from the given one up; ``sampled`` says that it is
    that of the 10,000 violations that are kept.
    """

    allowed: float
    tolerance: float | None = None
    relative: bool = False
    curve: tuple[tuple[float, float], ...] = ()
    sampled: bool = False


@attrs.frozen
class Result:
    """One relation's verdict with its evidence.

    ``cases``, ``violations``, ``rate`` and ``interval`` (at ``confidence``, over distinct observed rows) are of the
    estimate alone. The interval is "fixed", or "anytime" where what was found, or the clock, had a say in how many
    cases of the ``budget`` there are. ``mean_violation`` and ``largest_violation`` say how far violating cases go
    beyond what is allowed, in output units (None for labels), and ``tolerable`` what would have had to be allowed.
    Where the rate leaves it open, ``more_cases`` would settle it if they are like those so far; or ``more_rows``, where
    every observed row has been asked. ``drawn`` splits into ``cases`` and the three counters. ``calls`` and ``rows``
    are what the model was asked.
    ``found_by`` says what came upon the counterexample: rows of the estimate, the search after it, a proof, a case
    that failed before, or the one case that was asked about; ``replay`` is the command that asks about it again. Of
    ``replayed`` cases that failed before, ``fixed`` pass now. ``attack_rows`` are the predictions of that search.
    Of a model that could be read, ``bound`` is what no two outputs differ by more than, the wrong way, anywhere in the
    schema; ``unread`` says why it could not.
    ``further`` are other counterexamples, each as small as can be, of which none needs all the columns (changed or
    differing) that another one needs.
    ``region`` says over which values the counterexample goes on failing, ``curve`` is the output along the column that
    was changed, and ``slices`` are the ones that the user named, then those in which violations of the estimate
    concentrate; ``in_slice`` is the one whose own allowed rate decides the verdict.
    ``blame`` says which link of a composed relation fails by itself; ``parts`` are the results of a bundle, whose own
    numbers are those of the part that decides.
    """

    relation: str
    sentence: str
    verdict: Verdict
    found_by: FoundBy | None = None
    cases: int = 0
    violations: int = 0
    rate: float | None = None
    interval: tuple[float, float] | None = None
    interval_kind: Literal["fixed", "anytime"] = "fixed"
    confidence: float = 0.95
    budget: int = 0
    more_cases: int | None = None
    more_rows: int | None = None
    mean_violation: float | None = None
    largest_violation: float | None = None
    tolerable: Tolerable | None = None
    distinct: int = 0
    allowed: float = 0.0
    drawn: int = 0
    no_change: int = 0
    not_applicable: int = 0
    precondition: int = 0
    raised: int = 0
    rounding: int = 0
    counterexample: Counterexample | None = None
    further: tuple[Counterexample, ...] = ()
    worst: Counterexample | None = None
    output: str = "prediction"
    largest_shift: float | None = None
    shift_cases: int = 0
    shift_of: str = "probability"
    evidence: Evidence | None = None
    bound: float | None = None
    unread: str | None = None
    stopped: str | None = None
    calls: int = 0
    rows: int = 0
    attack_calls: int = 0
    attack_rows: int = 0
    shrink_calls: int = 0
    shrink_rows: int = 0
    further_calls: int = 0
    further_rows: int = 0
    region: Region | None = None
    curve: Curve | None = None
    slices: tuple[Slice, ...] = ()
    in_slice: str | None = None
    explain_calls: int = 0
    explain_rows: int = 0
    replayed: int = 0
    fixed: int = 0
    replay: str | None = None
    blame: str | None = None
    parts: tuple[Result, ...] = ()
    seconds: float = 0.0

    @property
    def examples(self) -> tuple[Counterexample, ...]:
        """Every counterexample: the smallest first, then the ``further`` ones."""
        return () if self.counterexample is None else (self.counterexample, *self.further)

    @property
    def passed(self) -> bool:
        """Whether the verdict is one to ship with."""
        return self.verdict in {"held", "proved", "skipped"}
