"""The entries of the training level and of what learns without labels, for the registry's list."""

from __future__ import annotations

from metamorph.catalogue.clustering import CLUSTERING
from metamorph.catalogue.entry import Entry
from metamorph.catalogue.training import TRAINING
from metamorph.catalogue.training_relation import TrainingRelation


def _entry(relation: TrainingRelation, group: str, call: str) -> Entry:
    number, _, name = relation.id.partition(" ")
    kinds = " or ".join(f"{kind}s" for kind in relation.kinds)
    only = f" that {relation.because}" if relation.holds_for else ""
    return Entry(
        number,
        name or number,
        group,
        relation.statement,
        relation.strength,
        relation.source,
        f"{call}{relation.id!r})",
        f"{kinds}{only}",
        "the training noise and the relation's own",
        f"{relation.cost} fit{'' if relation.cost == 1 else 's'} for each refit, beside the baseline",
        not_for=relation.fails_for,
    )


ENTRIES: tuple[Entry, ...] = (
    *(_entry(relation, "training", "mm.check_training(estimator, X, y, ") for relation in TRAINING.values()),
    *(_entry(relation, "clustering", "mm.check_clustering(estimator, X, ") for relation in CLUSTERING.values()),
)
