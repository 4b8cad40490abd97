"""The stream of source rows that the cases of a relation are made of."""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from metamorph.case import Places, rows_at
from metamorph_strategies import sampling

if TYPE_CHECKING:
    from metamorph.runner.trial import Trial

SPARE = 1.125
"""Drawn for each case that is needed, beyond what the cases so far let expect: a second call for a few is dear."""
BLOCK = 8_192
"""The least that is asked about at once where more is needed: small calls are dear."""


class Sources:
    """The stream of source rows: the observed rows in random order, over and over, or freshly generated rows.

    The order is the schema's one shuffle, begun at a place of its own by each relation and seed: a run of it is a
    sample without replacement, and a view; gathering rows at random would cost more than asking a linear model. So
    it begins where as many rows as the *budget* fit before the end, and a block of some size ends there.
    """

    def __init__(self, trial: Trial, *, seed: int, budget: int) -> None:
        self.schema, self.seed, self.key = trial.schema, seed, trial.sources
        expected = math.ceil(SPARE * budget)
        self.rows = 0 if self.schema.observed is None else len(self.schema.observed)
        self.next = int(self._generator(1, 0).integers(max(1, self.rows - expected)))

    def block(self, number: int, size: int) -> tuple[pd.DataFrame, Places | None, np.random.Generator]:
        """A block's sources, their places among the shuffled rows (None when generated), and its generator."""
        rng = self._generator(0, number)
        if not self.rows:
            return sampling.explored(self.schema, size, rng), None, rng
        frame = self.schema.shuffled()
        left = len(frame) - self.next
        if BLOCK <= left < size:
            size = left
        begin, self.next = self.next, (self.next + size) % self.rows
        if begin + size <= len(frame):
            places = slice(begin, begin + size)
            return frame.iloc[places].set_axis(pd.RangeIndex(size)), places, rng
        around = np.arange(begin, begin + size) % self.rows
        return rows_at(frame, around), around, rng

    def _generator(self, stream: int, number: int) -> np.random.Generator:
        return generator(self.key, self.seed, stream, number)


def generator(name: str, seed: int, stream: int = 0, number: int = 0) -> np.random.Generator:
    """The generator of one *stream* of random numbers of what has this *name*, the same in every process."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(_stable_hash(name), stream, number)))


def _stable_hash(text: str) -> int:
    """A number for *text* that is the same in every process."""
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=4).digest(), "big")
