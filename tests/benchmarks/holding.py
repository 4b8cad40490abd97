"""How much memory a check holds: its peak at 10^5 and at 10^6 cases, each in processes of its own."""

from __future__ import annotations

import multiprocessing
import resource
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any

import attrs
import datasets
import numpy as np
from sklearn.linear_model import LinearRegression

import metamorph as mm

MEGABYTE = 2**20


@attrs.define
class Watched:
    """A model that remembers how much it was asked at once: a block of cases, sources and follow-ups."""

    model: Any
    block: float = 0.0

    def predict(self, rows: Any) -> Any:
        self.block = max(self.block, rows.memory_usage().sum() / MEGABYTE)
        return self.model.predict(rows)


Prepare = Callable[[int], tuple[Watched, Callable[[], object]]]
"""A model, and a check of it with as many cases as it is told."""


def lines(line: Callable[..., Any]) -> Iterator[Any]:
    """What Python and NumPy hold, and what the process does, of a check without a violation; *line* makes a line."""
    yield from growth(line, "traced", traced_peak, linear_check)
    yield from growth(line, "resident", resident_peak, linear_check)


def growth(
    line: Callable[..., Any], what: str, peak: Callable[[Prepare, int], tuple[float, float]], prepare: Prepare
) -> Iterator[Any]:
    """The median peaks of three processes for each number of cases, and by how much the one is above the other."""
    # not spawned: a child that is executed begins with its parent's ru_maxrss
    context = multiprocessing.get_context("forkserver")
    with ProcessPoolExecutor(1, mp_context=context, max_tasks_per_child=1) as processes:
        few, many = (
            np.median(list(processes.map(partial(peak, prepare), [budget] * 3)), axis=0) for budget in (10**5, 10**6)
        )
    yield line(f"peak {what} at 10^5 cases", few[0], "{:.1f} MB")
    yield line(f"peak {what} at 10^6 cases", many[0], "{:.1f} MB")
    yield line(f"growth, {what}; the target is one block", many[0] - few[0], "{:.1f} MB", most=many[1])


def traced_peak(prepare: Prepare, budget: int) -> tuple[float, float]:
    """Megabytes that Python and NumPy hold at most during a check, and those of its largest block."""
    model, check = prepare(budget)
    tracemalloc.start()
    check()
    return tracemalloc.get_traced_memory()[1] / MEGABYTE, model.block


def resident_peak(prepare: Prepare, budget: int) -> tuple[float, float]:
    """Megabytes that the process has held at most after a check, and those of its largest block."""
    model, check = prepare(budget)
    check()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (MEGABYTE if sys.platform == "darwin" else 1024), model.block


def linear_check(budget: int) -> tuple[Watched, Callable[[], object]]:
    """A linear model on 20,000 rows of 13 numbers, and a check of it."""
    rows = datasets.numbers(20_000)
    few = rows.head(1_000)  # so that fitting is not what takes the most memory
    model, schema = Watched(LinearRegression().fit(few, few.sum(axis=1))), mm.Schema.from_frame(rows)
    return model, lambda: mm.check(model, mm.increasing("x0"), schema, budget=budget, attack=0)
