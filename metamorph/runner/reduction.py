"""Reduction: the smallest batch in which an answer changes, fewest rows first, then cells."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from metamorph.runner.batch import Batch, Batches
from metamorph.runner.broken import Broken

PAIR = 2
"""Rows of the smallest batch in which one row can have to do with another."""
FEW = 8
"""Other rows of a batch that are tried one by one."""
MOST_ASKED = 60
"""Batches that are asked about to reduce one."""


def smallest_batch(batches: Batches, failing: Batch) -> Batch:
    """A batch that fails, with as few rows as a few calls can find, and as few cells off the reference row."""
    asked = batches.asked

    def spent() -> bool:
        return batches.asked - asked >= MOST_ASKED or batches.trial.late

    if batches.stated:
        return failing
    batch = _few_rows(batches, failing) or _fewer_rows(batches, failing, spent)
    return _plainer_cells(batches, batch, spent)


def _few_rows(batches: Batches, batch: Batch) -> Batch | None:
    """The row that changed alone or beside one other, of a large batch the first or the last; None where none fails."""
    others = _others(batch)
    besides = others[[0, -1]] if len(others) > FEW else others
    for kept in ([], *([other] for other in np.unique(besides))):
        small = _with(batches, batch, kept) if len(kept) < len(others) else None
        if small is not None:
            return small
    return None


def _fewer_rows(batches: Batches, batch: Batch, spent: Callable[[], bool]) -> Batch:
    """The batch with fewer of the rows beside the one that changed: parts of them, then all but a part (ddmin).

    Zeller and Hildebrandt, Simplifying and isolating failure-inducing input (TSE 2002).
    """
    count = 2
    while len(batch.rows) > PAIR and not spent():
        others = _others(batch)
        pieces = np.array_split(others, min(count, len(others)))
        without = [np.setdiff1d(others, piece) for piece in pieces] if len(pieces) > PAIR else []
        tried = (_with(batches, batch, kept) for kept in (*pieces, *without) if len(kept) < len(others) and not spent())
        smaller = next((found for found in tried if found is not None), None)
        if smaller is not None:
            batch, count = smaller, 2
            pair = _few_rows(batches, batch) if len(_others(batch)) <= FEW else None
            batch = pair or batch
        elif count >= len(others):
            break
        else:
            count *= 2
    return batch


def _others(batch: Batch) -> npt.NDArray[np.int64]:
    """The places of the rows beside the one that changed the most."""
    return np.delete(np.arange(len(batch.rows)), batch.worst)


def _with(batches: Batches, batch: Batch, kept: Any) -> Batch | None:
    """The row that changed with these others, where that fails; None where the model cannot answer it, either."""
    places = np.sort(np.append(np.asarray(kept, dtype=np.int64), batch.worst))
    return _asked(batches, batch.rows.take(places).reset_index(drop=True))


def _plainer_cells(batches: Batches, batch: Batch, spent: Any) -> Batch:
    """The batch with whole rows, then single cells, at the reference row where it still fails."""
    schema = batches.trial.schema
    reference = schema.frame([schema.reference])
    for place in range(len(batch.rows)):
        cells = [list(schema.columns), *([name] for name in schema.columns)]
        for names in cells:
            same = all(batch.rows[name].iloc[[place]].equals(reference[name].set_axis([place])) for name in names)
            if same or spent():
                continue
            free = batch.rows[list(schema.columns)].copy()
            for name in names:
                free[name] = pd.concat([free[name].iloc[:place], reference[name], free[name].iloc[place + 1 :]]).array
            rows = schema.complete(free.reset_index(drop=True))
            if not (schema.accepts(rows) & batches.trial.plausible(rows)).all():
                continue
            plainer = _asked(batches, rows)
            if plainer is not None:
                batch = plainer
                if len(names) > 1:
                    break
    return batch


def _asked(batches: Batches, rows: pd.DataFrame) -> Batch | None:
    """The batch where it fails; None where it does not, or the model cannot answer it at all."""
    try:
        batch = batches.ask(rows)
    except Broken:  # rows that only reducing came upon: what failed before stands
        return None
    return batch if batch.fails else None
