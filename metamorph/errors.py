"""The errors a user of metamorph may meet; their texts say what, why and what to do in one to three lines."""

from metamorph_strategies.errors import FormulaWarning, LeakWarning, MetamorphError, SchemaError, listed, nearest_name

__all__ = [
    "FormulaWarning",
    "LeakWarning",
    "MetamorphError",
    "ModelError",
    "RelationError",
    "SchemaError",
    "listed",
    "nearest_name",
]


class RelationError(MetamorphError):
    """A relation that cannot be asked of this schema or this model."""


class ModelError(MetamorphError):
    """A model that cannot be called, or has not the output a relation is about."""
