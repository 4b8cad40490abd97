"""Every training relation by its id: T1 to T31."""

from __future__ import annotations

from metamorph.catalogue.training_features import FEATURES
from metamorph.catalogue.training_labels import LABELS
from metamorph.catalogue.training_relation import TrainingRelation
from metamorph.catalogue.training_rows import ROWS
from metamorph.catalogue.training_targets import TARGETS

_FAMILIES = (FEATURES, LABELS, ROWS, TARGETS)


def _number(relation: TrainingRelation) -> int:
    return int(relation.id.split()[0][1:])


TRAINING = {
    relation.id: relation for relation in sorted((relation for family in _FAMILIES for relation in family), key=_number)
}
