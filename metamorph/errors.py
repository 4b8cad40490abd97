"""The errors a user of metamorph may meet; their texts say what, why and what to do in one to three lines."""

from metamorph_strategies.errors import (
    FormulaWarning,
    LeakWarning,
    MetamorphError,
    SchemaError,
    expected,
    listed,
    nearest_name,
)

__all__ = [
    "FailuresWarning",
    "FormulaWarning",
    "LeakWarning",
    "MetamorphError",
    "ModelError",
    "RelationError",
    "SchemaError",
    "Violation",
    "expected",
    "listed",
    "nearest_name",
    "told",
]


class FailuresWarning(UserWarning):
    """Failed cases cannot be kept for the next run."""


class RelationError(MetamorphError):
    """A relation that cannot be asked of this schema or this model."""


class ModelError(MetamorphError):
    """A model that cannot be called, or has not the output a relation is about."""


class Violation(AssertionError):  # noqa: N818 - it says what was found
    """A relation that a model does not keep, or of which that is not settled; what is broken is no violation."""


def told(error: BaseException) -> str:
    """``ValueError: its text``; of an exception whose text raises itself, the name alone."""
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - whatever a user's exception does when it is asked for its text
        return type(error).__name__
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
