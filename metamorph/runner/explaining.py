"""Explaining a counterexample: the region in which the relation goes on failing, and how true that is of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from metamorph.region import Region, Stretch
from metamorph.runner.coded import Coded
from metamorph.runner.stretches import FAILS, NO_CASE, Axis, Scanned, outcomes_of, placed, scan
from metamorph.transforms import Step

if TYPE_CHECKING:
    from metamorph.case import Cases
    from metamorph.runner.trial import Trial
    from metamorph_strategies.columns import Cells, Column

POINTS = 256
"""Fresh cases drawn to see how true a region is."""
TRUE_ENOUGH = 0.95
FEWEST = 32
"""Fresh cases that a share is worth stating of."""
REPAIRS = 2
"""Times a region is narrowed by what its fresh cases say, at most."""


@attrs.frozen(eq=False)
class Box:
    """One axis of a region: codes from ``low`` to ``high``, or these ``levels``; None of them: anywhere."""

    low: Any = None
    high: Any = None
    levels: Any = None

    @property
    def free(self) -> bool:
        """Whether the axis may take any value."""
        return self.low is None and self.levels is None


def explain(trial: Trial, smallest: Cases, *, seed: int) -> Region:
    """The region around a single failing case; at most nine calls.

    Each column is scanned with the others as they are, then all are drawn freely within what was found: where that
    fails less often than it should, a shallow tree over those cases says which columns were not free together.
    """
    state = Coded.of(smallest, trial.schema, trial.relation.transform.moves)
    transform, rng = trial.relation.transform, np.random.default_rng(seed)
    fixed_step = isinstance(transform, Step) and transform.by is not None
    scanned = scan(trial, state, fixed_step=fixed_step)
    boxes = {axis: _box(trial.schema.columns[axis[0]], one) for axis, one in scanned.items()}
    inside, tried = None, 0
    for repair in range(REPAIRS + 1):
        points = _drawn(trial, state, boxes, scanned, rng, fixed_step=fixed_step)
        outcomes = outcomes_of(trial, points)
        tried = int((outcomes != NO_CASE).sum())
        inside = float((outcomes == FAILS).sum() / tried) if tried >= FEWEST else None
        if inside is None or inside >= TRUE_ENOUGH or repair == REPAIRS:
            break
        closed = _closed(trial, boxes, scanned) if repair == 0 else boxes
        boxes = _narrowed(trial, state, boxes, points, outcomes) if closed is boxes else closed
    left = _left(trial, state, boxes, scanned, rng, fixed_step=fixed_step)
    outcomes = outcomes_of(trial, left) if left is not None else np.zeros(0, dtype=np.int8)
    outside_tried = int((outcomes != NO_CASE).sum())
    return Region(
        source=tuple(_stretch(trial, boxes[axis], one) for axis, one in scanned.items() if axis[1] == "source"),
        follow_up=tuple(_stretch(trial, boxes[axis], one) for axis, one in scanned.items() if axis[1] == "target"),
        inside=inside,
        inside_tried=tried,
        outside=float((outcomes == FAILS).sum() / outside_tried) if outside_tried >= FEWEST else None,
        outside_tried=outside_tried,
    )


def _box(column: Column, one: Scanned) -> Box:
    if one.whole:
        return Box()
    if not column.quanta:
        return Box(levels=one.codes[one.outcomes == FAILS])
    low, high = one.ends()
    return Box(one.codes[low].item(), one.codes[high].item())


def _closed(trial: Trial, boxes: dict[Axis, Box], scanned: dict[Axis, Scanned]) -> dict[Axis, Box]:
    """The boxes, those of a moved column at the ends of what was seen to fail; the same ones where none was open.

    A value that makes no case beside the other side's own may make one that passes beside other values of it.
    """
    moved = {name for name, side in scanned if side == "target"}
    opened = [axis for axis, one in scanned.items() if boxes[axis].free and (one.outcomes == NO_CASE).any()]
    ends = {
        axis: Box(*(scanned[axis].codes[place].item() for place in scanned[axis].ends()))
        for axis in opened
        if axis[0] in moved and trial.schema.columns[axis[0]].quanta
    }
    return {**boxes, **ends} if ends else boxes


def _drawn(
    trial: Trial,
    state: Coded,
    boxes: dict[Axis, Box],
    scanned: dict[Axis, Scanned],
    rng: np.random.Generator,
    *,
    fixed_step: bool,
) -> Coded:
    """Fresh cases anywhere within the region."""
    points = state.repeat(POINTS)
    for axis in sorted(boxes, key=lambda axis: axis[1] == "target"):
        cells = _anywhere(trial, axis, boxes[axis], scanned[axis], rng)
        points = placed(trial, points, axis, cells, fixed_step=fixed_step)
    return points


def _anywhere(trial: Trial, axis: Axis, box: Box, one: Scanned, rng: np.random.Generator) -> Cells:
    """Cells of one axis, uniform over its box."""
    column = trial.schema.columns[axis[0]]
    if box.levels is not None:
        codes = box.levels[rng.integers(len(box.levels), size=POINTS)]
    else:
        low, high = (column.lowest, column.highest) if box.low is None else (box.low, box.high)
        codes = column.uniform(rng, np.full(POINTS, low), high)
    missing = np.zeros(POINTS, dtype=bool)
    if one.missing and box.free:
        missing = rng.random(POINTS) < 1 / 10
    return codes.astype(one.codes.dtype), missing


def _narrowed(trial: Trial, state: Coded, boxes: dict[Axis, Box], points: Coded, outcomes: Any) -> dict[Axis, Box]:
    """The boxes cut down to the leaf of a shallow tree, over fresh cases, that the counterexample is in."""
    from sklearn.tree import DecisionTreeClassifier  # noqa: PLC0415 - only a region that needs it pays for the import

    kept, axes = np.flatnonzero(outcomes != NO_CASE), list(boxes)

    def table(coded: Coded, places: Any) -> Any:
        sides = {"source": coded.source, "target": coded.target}
        return np.column_stack([sides[side][name][0][places].astype("float64") for name, side in axes])

    tree = DecisionTreeClassifier(max_depth=3, min_samples_leaf=8, random_state=0)
    tree.fit(table(points, kept), outcomes[kept] == FAILS)
    row, node = table(state, np.zeros(1, dtype=np.int64))[0].astype(np.float32), 0
    boxes, grown = dict(boxes), tree.tree_
    while grown.children_left[node] >= 0:
        axis, threshold = axes[grown.feature[node]], float(grown.threshold[node])
        below = row[grown.feature[node]] <= threshold
        boxes[axis] = _cut(trial.schema.columns[axis[0]], boxes[axis], threshold, below=bool(below))
        node = (grown.children_left if below else grown.children_right)[node]
    return boxes


def _cut(column: Column, box: Box, threshold: float, *, below: bool) -> Box:
    """One side of a box."""
    if not column.quanta:
        levels = np.arange(len(column.levels)) if box.levels is None else box.levels  # type: ignore[union-attr]
        return Box(levels=levels[(levels <= threshold) == below])
    low, high = (column.lowest, column.highest) if box.low is None else (box.low, box.high)
    step = column.least_step
    edge = np.floor(threshold) if step == 1 else threshold
    whole = isinstance(low, int | np.integer)
    if below:
        return Box(low, min(high, int(edge) if whole else edge))
    return Box(max(low, int(edge) + 1 if whole else edge), high)


def _left(
    trial: Trial,
    state: Coded,
    boxes: dict[Axis, Box],
    scanned: dict[Axis, Scanned],
    rng: np.random.Generator,
    *,
    fixed_step: bool,
) -> Coded | None:
    """Fresh cases that leave the region in one of its bounded columns; None where it has none."""
    bounded = [axis for axis, box in boxes.items() if not box.free]
    if not bounded:
        return None
    points = _drawn(trial, state, boxes, scanned, rng, fixed_step=fixed_step)
    which = rng.integers(len(bounded), size=POINTS)
    for place, axis in enumerate(bounded):
        free = _anywhere(trial, axis, Box(), scanned[axis], rng)[0]
        box = boxes[axis]
        out = ~np.isin(free, box.levels) if box.levels is not None else (free < box.low) | (free > box.high)
        sides = points.source if axis[1] == "source" else points.target
        before, absent = sides[axis[0]]
        leaves = (which == place) & out
        which = np.where((which == place) & ~out, -1, which)
        cells = np.where(leaves, free, before), absent & ~leaves
        points = placed(trial, points, axis, cells, fixed_step=fixed_step)
    return points.take(np.flatnonzero(which >= 0))


def _stretch(trial: Trial, box: Box, one: Scanned) -> Stretch:
    column, tried = trial.schema.columns[one.name], int((one.outcomes != NO_CASE).sum())
    if box.free:
        return Stretch(one.name, whole=True, tried=tried, missing=one.missing)
    if box.levels is not None:
        levels = tuple(column.value(code) for code in box.levels)
        return Stretch(one.name, whole=False, tried=tried, levels=levels, missing=one.missing)
    low, high = (
        None if open_end and box.low < box.high else column.value(np.asarray(code, dtype=one.codes.dtype))
        for code, open_end in ((box.low, box.low <= column.lowest), (box.high, box.high >= column.highest))
    )
    return Stretch(one.name, whole=False, tried=tried, low=low, high=high, missing=one.missing)
