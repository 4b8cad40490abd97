"""check_model: every relation of the registry that applies to a schema and a model."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np
import pandas as pd

from metamorph import registry, transforms
from metamorph.catalogue import serving
from metamorph.relation import Relation
from metamorph.report import Report
from metamorph.result import Evidence, Result
from metamorph.runner.checking import as_schema, run
from metamorph.runner.family import Confidence
from metamorph.runner.interval import CONFIDENCE
from metamorph.runner.progress import Progress
from metamorph.runner.reported import reported
from metamorph.runner.settings import EXAMPLES, Reference, Settings
from metamorph.slices import Slices
from metamorph.transforms.presentations import Handed
from metamorph_strategies.schema import Schema

SMALL = 2_000
"""Cases for each relation of the registry: most are about all rows or none."""


def check_model(
    model: Any,
    schema: Schema | pd.DataFrame,
    *,
    group: str | Sequence[str] | None = None,
    budget: int = SMALL,
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
    """Check all that the registry finds applicable to a model: how it serves rows, roles, declared constraints.

    ``group`` names the groups to keep to (see ``metamorph list``); the other arguments are those of ``mm.check``. What
    the model's class is known not to keep is skipped, with the reason. Raises as ``mm.check`` does.
    """
    settings = Settings(budget, attack, seconds, seed, floor, plausible, confidence, examples, reference, slices)
    schema = as_schema(schema, reference)
    found = registry.found(schema, model, group=group)
    skipped = tuple(
        Result(name, statement, "skipped", evidence=Evidence("model", f"Known not to hold. {why}."))
        for name, statement, why in found.left_out
    )
    if not found.relations:
        return reported(skipped, schema, notes=("No relation of the registry applies.",))
    report = run(
        model,
        [_saved_before(model) if one.id == serving.SAVED else one for one in found.relations],
        schema,
        settings,
        progress=progress,
    )
    return attrs.evolve(report, results=(*report.results, *skipped))


def _saved_before(model: Any) -> Relation:
    """The relation about the model saved and loaded, of the model as it is now, before it is asked about any row.

    The copy is asked about the rows the other way round: what a model keeps of the rows that it was asked about shows.
    """
    lazily = transforms.reloaded()
    try:
        kept = pickle.dumps(model)
    except Exception:  # noqa: BLE001 - the relation meets it again, as it allows
        return serving.same_answers(serving.SAVED, lazily, refusal_ok=True)
    turned = attrs.evolve(lazily, present=_turned, other=lambda _: pickle.loads(kept))  # noqa: S301 - our own bytes
    return serving.same_answers(serving.SAVED, turned, refusal_ok=True)


def _turned(rows: pd.DataFrame, _: np.random.Generator) -> list[Handed]:
    places = np.arange(len(rows))[::-1]
    return [Handed(rows.take(places).reset_index(drop=True), places)]
