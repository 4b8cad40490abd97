"""Every training relation by its id: T1 to T31."""

from __future__ import annotations

import attrs

from metamorph.catalogue.training_features import FEATURES
from metamorph.catalogue.training_known import FAILS, INEXACT
from metamorph.catalogue.training_labels import LABELS
from metamorph.catalogue.training_relation import TrainingRelation
from metamorph.catalogue.training_rows import ROWS
from metamorph.catalogue.training_targets import TARGETS

_FAMILIES = (FEATURES, LABELS, ROWS, TARGETS)


def _number(relation: TrainingRelation) -> int:
    return int(relation.id.split()[0][1:])


def _known(relation: TrainingRelation) -> TrainingRelation:
    return attrs.evolve(relation, fails_for=FAILS.get(relation.id, {}), inexact_for=INEXACT.get(relation.id, {}))


TRAINING = {
    relation.id: _known(relation)
    for relation in sorted((relation for family in _FAMILIES for relation in family), key=_number)
}
