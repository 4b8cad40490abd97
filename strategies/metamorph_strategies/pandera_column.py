"""A column of a pandera schema as a column of ours: dtype, missingness, bounds, levels and patterns in one value."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NoReturn

import attrs
import numpy as np
import pandas as pd
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from metamorph_strategies.columns import (
    WHOLE,
    Boolean,
    Category,
    Column,
    Integer,
    Real,
    Strategy,
    Timestamp,
    is_missing,
)
from metamorph_strategies.errors import SchemaError, brief

TEXT = ("str_matches", "str_contains", "str_startswith", "str_endswith", "str_length")
BOUNDS = ("greater_than", "greater_than_or_equal_to", "less_than", "less_than_or_equal_to", "in_range", "equal_to")
HOLES = ("not_equal_to", "notin")
MERGED = (*TEXT, *BOUNDS, *HOLES, "isin")
"""Pandera's own checks that say of each value by itself whether it may be."""
SECOND, INSTANT = pd.Timedelta(seconds=1), pd.Timedelta(1, "ns")


def column_of(asked: Asked) -> Column:
    """The column that holds the values which its merged checks accept; SchemaError where it cannot be made."""
    kind = getattr(asked.dtype, "kind", None)
    listed = any(asked.given("isin")) or (kind not in _ORDERED and any(asked.given("equal_to")))
    listed = listed or kind == "b" or isinstance(asked.dtype, pd.CategoricalDtype)
    try:
        return _levels(asked) if listed else _ORDERED.get(kind, _text)(asked)
    except (TypeError, ValueError, OverflowError) as error:
        asked.refuse("has checks that do not fit it", brief(str(error)))


@attrs.frozen
class Asked:
    """What a pandera schema asks of a column.

    ``merged`` are the checks that become part of the column, under pandera's names; ``functions`` are all others.
    """

    name: str
    dtype: Any
    nullable: bool
    merged: tuple[tuple[str, Any], ...]
    functions: tuple[Any, ...]

    @classmethod
    def of(cls, name: str, column: Any, dtype: Any) -> Asked:
        """What is asked by a *column* of pandera's, and its *dtype* (None where there is none)."""
        stored = None if dtype is None else dtype.type
        if stored is not None and not isinstance(stored, pd.CategoricalDtype):
            stored = pd.Series([], dtype=stored).dtype  # what frames have where NumPy's text or days are asked for
        named = [(getattr(check, "registry_name", check.name), check) for check in column.checks]
        merged = tuple((kind, check) for kind, check in named if kind in MERGED and check.statistics)
        functions = tuple(check for kind, check in named if kind not in MERGED or not check.statistics)
        whole = isinstance(stored, np.dtype) and stored.kind in "iub"
        nullable = bool(column.nullable) and not whole
        if nullable:
            absent = pd.Series([None], dtype=object if stored is None else stored)
            nullable = all(check.ignore_na or passes(check, absent) for check in column.checks)
        return cls(name, stored, nullable, merged, functions)

    def given(self, *kinds: str) -> Iterator[Mapping[str, Any]]:
        """The arguments of its merged checks of some kinds."""
        return (check.statistics for kind, check in self.merged if kind in kinds)

    def holes(self, column: Column) -> Iterator[Any]:
        """The checks that leave out values between the bounds of an ordered column."""
        if isinstance(column, Integer | Real | Timestamp):
            for kind, check in self.merged:
                if kind in HOLES and any(column.holds(value) for value in _forbidden(kind, check.statistics)):
                    yield check

    def refuse(self, why: str, remedy: str) -> NoReturn:
        """Raise SchemaError that says why there is no column of ours for it, and what to do."""
        dtype = "" if self.dtype is None else f" of dtype {self.dtype}"
        msg = f"Column {self.name!r}{dtype} {why}.\n{remedy}"
        raise SchemaError(msg)

    def contradict(self) -> NoReturn:
        """Raise SchemaError that says that its checks leave no value."""
        checks = ", ".join(str(check.error or kind) for kind, check in self.merged)
        self.refuse("has no value left", f"Its checks contradict each other: {brief(checks)}.")

    def bounds(self, inwards: Callable[..., Any]) -> tuple[Any, Any]:
        """The innermost lower and upper bound.

        ``inwards(bound, sign, strict=...)`` is the value nearest to a bound on its inner side, which the sign says.
        """
        lows: list[Any] = []
        highs: list[Any] = []
        for kind, check in self.merged:
            given = check.statistics
            low, high = given.get("min_value", given.get("value")), given.get("max_value", given.get("value"))
            if kind in BOUNDS and low is not None and not _is_infinite(low):
                lows.append(inwards(low, 1, strict=kind == "greater_than" or not given.get("include_min", True)))
            if kind in BOUNDS and high is not None and not _is_infinite(high):
                highs.append(inwards(high, -1, strict=kind == "less_than" or not given.get("include_max", True)))
        absent = [word for word, found in (("ge", lows), ("le", highs)) if not found]
        if absent:
            which = {"ge": "lower", "le": "upper"}
            added = " and ".join(f"pa.Check.{word}(...)" for word in absent)
            ends = " or ".join(which[word] for word in absent)
            self.refuse(f"has no {ends} bound to draw from", f"Add {added}, or pa.Check.isin([...]).")
        low, high = max(lows), min(highs)
        holes = {value for kind in HOLES for given in self.given(kind) for value in _forbidden(kind, given)}
        while low <= high and low in holes:
            low = inwards(low, 1, strict=True)
        while low <= high and high in holes:
            high = inwards(high, -1, strict=True)
        if low > high:
            self.contradict()
        return low, high


def passes(check: Any, values: pd.Series[Any]) -> bool:
    """Whether pandera's check lets values pass; where it raises, it does not."""
    try:
        return bool(check(values).check_passed)
    except Exception:  # noqa: BLE001 - a user's function, asked of what it may not have been written for
        return False


def _made(kind: type[Column], asked: Asked, *values: Any, **fields: Any) -> Column:
    try:
        return kind(*values, nullable=asked.nullable, dtype=asked.dtype, **fields)
    except SchemaError as error:
        asked.refuse("cannot be drawn from", brief(str(error)))


def _integer(asked: Asked) -> Column:
    def inwards(bound: float, sign: int, *, strict: bool) -> int:
        return sign * (math.floor(sign * bound) + 1 if strict else math.ceil(sign * bound))

    low, high = asked.bounds(inwards)
    stored = np.iinfo(getattr(asked.dtype, "numpy_dtype", asked.dtype))
    low, high = max(low, int(stored.min), WHOLE[0]), min(high, int(stored.max), WHOLE[1])
    if low > high:
        asked.contradict()
    return _made(Integer, asked, low, high)


def _real(asked: Asked) -> Column:
    stored = np.dtype(getattr(asked.dtype, "numpy_dtype", asked.dtype)).type

    def inwards(bound: Any, sign: int, *, strict: bool) -> float:
        value = stored(bound)  # strictly inside of what the dtype holds: pandas compares with that
        outside = sign * (float(value) - float(bound)) < 0
        return float(np.nextafter(value, stored(sign * np.inf)) if strict or outside else value)

    return _made(Real, asked, *asked.bounds(inwards))


def _timestamp(asked: Asked) -> Column:
    zone = getattr(asked.dtype, "tz", None)

    def inwards(bound: Any, sign: int, *, strict: bool) -> pd.Timestamp:
        moment = pd.Timestamp(bound)
        if zone is not None:
            moment = moment.tz_localize(zone) if moment.tz is None else moment.tz_convert(zone)
        return moment.as_unit("ns") + sign * INSTANT if strict else moment

    low, high = asked.bounds(inwards)
    finest = pd.Series([low], dtype=asked.dtype).dt.unit
    quantum = SECOND if high - low >= SECOND else pd.Timedelta(1, finest)
    return _made(Timestamp, asked, low, high, quantum=quantum.as_unit("ns").value)


def _levels(asked: Asked) -> Column:
    """A category of the levels that pass every check; a boolean where both do."""
    dtype, categories = asked.dtype, getattr(asked.dtype, "categories", None)
    if categories is not None:
        values: Iterable[Any] = categories
    elif getattr(dtype, "kind", None) == "b":
        values = [False, True]
    else:
        equal = [given["value"] for given in asked.given("equal_to")]
        values = next((given["allowed_values"] for given in asked.given("isin")), equal)
        values = sorted(values, key=repr) if isinstance(values, set | frozenset) else values
    present = [value for value in values if not is_missing(value)]
    if not present and not any(asked.given("isin")):
        asked.refuse("has no levels to draw from", "Add pa.Check.isin([...]), or name the categories in its dtype.")
    levels = pd.Series(present, dtype=object)
    levels = levels.infer_objects() if dtype is None else levels.astype(dtype)
    for _, check in asked.merged:
        levels = levels[check(levels).check_output.to_numpy(dtype=bool)]
    kept = list(dict.fromkeys(levels.dropna().tolist()))
    if not kept:
        asked.contradict()
    if kept == [False, True] and dtype is not None and dtype.kind == "b":
        return _made(Boolean, asked)
    return _made(Category, asked, kept, ordered=bool(getattr(dtype, "ordered", False)))


def _text(asked: Asked) -> Column:
    """Text that Hypothesis draws from one of the checks, and filters by the others."""
    first = next(((kind, check) for kind in TEXT for one, check in asked.merged if one == kind), None)
    if first is None:
        remedy = "Add pa.Check.isin([...]), pa.Check.str_matches(...) for text, or a dtype with bounds."
        asked.refuse("has nothing to draw from", remedy)
    kind, main = first
    strategy, others = (
        _drawn(kind, main.statistics),
        [(kind, check) for kind, check in asked.merged if check is not main],
    )
    odd = [check.error for kind, check in others if kind not in _KEPT]
    if odd:
        asked.refuse(f"has a check that text is not drawn by: {odd[0]}", "Leave it out, or make it a pattern.")

    def keeps_other_checks(text: str) -> bool:
        return all(_KEPT[kind](check.statistics, text) for kind, check in others)

    return _made(Strategy, asked, strategy.filter(keeps_other_checks) if others else strategy)


def _drawn(kind: str, given: Mapping[str, Any]) -> SearchStrategy[str]:
    """Text that passes a check of pandera's."""
    if kind == "str_length":
        least, most = _lengths(given)
        return st.text(min_size=least, max_size=most)
    if kind == "str_startswith":
        return st.from_regex(rf"\A{re.escape(given['string'])}")
    if kind == "str_endswith":
        return st.from_regex(rf"{re.escape(given['string'])}\Z")
    pattern = re.compile(given["pattern"])
    if kind == "str_contains":
        return st.from_regex(pattern)
    inline = re.match(r"\(\?[aiLmsux]+\)", pattern.pattern)
    flags, rest = ("", pattern.pattern) if inline is None else (inline.group(), pattern.pattern[inline.end() :])
    return st.from_regex(re.compile(rf"{flags}\A(?:{rest})", pattern.flags))


def _forbidden(kind: str, given: Mapping[str, Any]) -> list[Any]:
    return [given["value"]] if kind == "not_equal_to" else list(given["forbidden_values"])


def _lengths(given: Mapping[str, Any]) -> tuple[int, int | None]:
    exact = given.get("exact_value")
    return (given.get("min_value") or 0, given.get("max_value")) if exact is None else (exact, exact)


def _has_length(given: Mapping[str, Any], text: str) -> bool:
    least, most = _lengths(given)
    return least <= len(text) and (most is None or len(text) <= most)


def _is_infinite(bound: Any) -> bool:
    return isinstance(bound, float | np.floating) and math.isinf(bound)


_ORDERED: Mapping[str | None, Callable[[Asked], Column]] = {
    "i": _integer,
    "u": _integer,
    "f": _real,
    "M": _timestamp,
}
"""How a column of an ordered dtype is made, by NumPy's letter for it."""

_KEPT: Mapping[str, Callable[[Mapping[str, Any], str], bool]] = {
    "str_matches": lambda given, text: re.match(given["pattern"], text) is not None,
    "str_contains": lambda given, text: re.search(given["pattern"], text) is not None,
    "str_startswith": lambda given, text: text.startswith(given["string"]),
    "str_endswith": lambda given, text: text.endswith(given["string"]),
    "str_length": _has_length,
    "not_equal_to": lambda given, text: text != given["value"],
    "notin": lambda given, text: text not in given["forbidden_values"],
}
"""Whether a check keeps a text, as pandas has it."""
