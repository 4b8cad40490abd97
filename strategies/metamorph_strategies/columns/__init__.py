"""A column says what one feature may be: a kind, bounds or levels, and whether it may be missing.

Every kind turns a pandas Series into *codes* (a NumPy array on which order and distance are arithmetic) with a mask of
missing entries, and back into a Series of exactly its dtype. All that moves values elsewhere works on codes.
"""

from metamorph_strategies.columns.category import Category
from metamorph_strategies.columns.kind import WHOLE, Cells, Codes, Mask, is_finite, is_missing, unequal
from metamorph_strategies.columns.numeric import Boolean, Integer, Real, has_decimals, precision
from metamorph_strategies.columns.opaque import Strategy
from metamorph_strategies.columns.timestamp import Timestamp

Column = Real | Integer | Boolean | Category | Timestamp | Strategy

__all__ = [
    "WHOLE",
    "Boolean",
    "Category",
    "Cells",
    "Codes",
    "Column",
    "Integer",
    "Mask",
    "Real",
    "Strategy",
    "Timestamp",
    "has_decimals",
    "is_finite",
    "is_missing",
    "precision",
    "unequal",
]
