"""The kind of a column given as a Hypothesis strategy, of whose values nothing more is known."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import attrs
import numpy as np
import pandas as pd

from metamorph_strategies.columns.kind import WRITABLE, Codes, Kind, Mask, is_missing
from metamorph_strategies.errors import SchemaError, brief, expected

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

POOL = 256
"""Examples drawn from the strategy, once."""


class Known:
    """The values of a strategy met so far, each with its code: those of the pool first."""

    def __init__(self) -> None:
        self.met: list[Any] = []
        self.pooled = 0
        self.missing = False
        self._codes: dict[Any, int] = {}

    def code(self, value: Any) -> int:
        """The code of a value, a new one where it was not met before."""
        if value not in self._codes:
            self._codes[value] = len(self.met)
            self.met.append(value)
        return self._codes[value]


_POOLS: weakref.WeakKeyDictionary[Any, Known] = weakref.WeakKeyDictionary()
"""What is known of each strategy: Hypothesis draws other examples when it has seen other modules meanwhile."""


@attrs.frozen(repr=False)
class Strategy(Kind):
    """Whatever a Hypothesis strategy draws: ``Strategy(st.from_regex("[A-Z]{3}", fullmatch=True))``.

    Hypothesis draws from the strategy itself; whole tables are sampled from a pool of examples that is drawn once,
    here. Values are text, numbers, dates, Timestamps or Intervals of one dtype, or tuples of such. They have no order,
    and any value is one of the column's. Raises SchemaError for anything else.
    """

    strategy: SearchStrategy[Any] = attrs.field(eq=id)
    _known: Known = attrs.field(factory=Known, kw_only=True, eq=False)

    ordered: ClassVar[bool] = False
    stored_as: ClassVar[str] = "OUSiufbMm"

    def __attrs_post_init__(self) -> None:
        from hypothesis.strategies import SearchStrategy  # noqa: PLC0415 - only where a strategy is given

        if not isinstance(self.strategy, SearchStrategy):
            raise SchemaError(expected("a Hypothesis strategy", strategy=self.strategy))
        if not self._known.pooled:
            self._set("_known", _POOLS.setdefault(self.strategy, self._known))
        if not self._known.pooled:
            self._draw_pool()
        if self._known.missing:
            self._set("nullable", value=True)
        self._settle_dtype(self._default_dtype() if self.dtype is None else None)
        self._settle_origin(self._known.met[0])

    @property
    def lowest(self) -> float:  # type: ignore[override]
        return 0

    @property
    def highest(self) -> float:  # type: ignore[override]
        return self._known.pooled - 1

    @property
    def quanta(self) -> tuple[float, ...]:
        return ()

    @property
    def present(self) -> SearchStrategy[Any]:
        """The strategy of plain values, a missing one only where the pool had some."""
        values = self.strategy.map(self.plain)
        return values if self.nullable else values.filter(lambda value: value is not None)

    def encode(self, values: pd.Series[Any]) -> tuple[Codes, Mask]:
        places, distinct = pd.factorize(values.to_numpy(dtype=object))
        codes = np.array([self._known.code(value) for value in distinct] or [0], dtype="int64")
        return codes[places], places < 0

    def decode(self, codes: Codes, missing: Mask | None = None) -> pd.Series[Any]:
        entries = np.empty(len(self._known.met) + 1, dtype=object)
        entries[:-1] = self._known.met
        places = np.asarray(codes).astype("int64", copy=False)
        if missing is not None:
            places = np.where(missing, len(entries) - 1, places)
        values: pd.Series[Any] = pd.Series(entries[places], dtype=self.dtype)
        return values

    def admits(self, codes: Codes, missing: Mask) -> Mask:  # noqa: ARG002 - any value is one
        return ~missing | self.nullable

    def boundary(self) -> pd.Series[Any]:
        """The pool, and missing where it may be."""
        return self._with_missing(np.arange(self._known.pooled))

    def series(self, values: Sequence[object]) -> pd.Series[Any]:
        entries = np.empty(len(values), dtype=object)
        entries[:] = [None if is_missing(value) else value for value in values]
        stored: pd.Series[Any] = pd.Series(entries, dtype=self.dtype)
        return stored

    def plain(self, value: Any) -> Any:
        if is_missing(value):
            return None
        if isinstance(value, np.datetime64):
            value = pd.Timestamp(value)
        if isinstance(value, pd.Timestamp):
            return value if value.nanosecond else value.to_pydatetime()  # Python's own has no nanoseconds
        return value.item() if isinstance(value, np.generic) else value

    def __repr__(self) -> str:
        return f"Strategy({self.strategy!r}{', nullable=True' if self.nullable else ''})"

    def _draw_pool(self) -> None:
        from hypothesis import HealthCheck, Phase, errors, given, settings  # noqa: PLC0415 - as above

        drawn: list[Any] = []

        @settings(
            database=None,
            deadline=None,
            derandomize=True,
            max_examples=POOL,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(self.strategy)
        def draw(value: Any) -> None:
            drawn.append(value)

        try:
            draw()
        except errors.HypothesisException as error:
            msg = f"{expected('a strategy that draws values', strategy=self.strategy)}\n{brief(str(error))}"
            raise SchemaError(msg) from error
        present = [self.plain(value) for value in drawn if not is_missing(value)]
        self._known.missing = len(present) < len(drawn)
        if not present:
            raise SchemaError(expected("a strategy that draws more than missing values", strategy=self.strategy))
        odd = [value for value in present if not _is_writable(value)]
        if odd:
            wanted = "a strategy of text, numbers, dates, Timestamps or Intervals"
            remedy = f"It draws {type(odd[0]).__name__} objects; make them text: .map(str)"
            msg = f"{expected(wanted, strategy=self.strategy)}\n{remedy}"
            raise SchemaError(msg)
        for value in present:
            self._known.code(value)
        self._known.pooled = len(self._known.met)

    def _default_dtype(self) -> Any:
        try:
            values = pd.Series(self._known.met)
        except UnicodeEncodeError:  # text that Arrow cannot store (lone surrogates have no bytes)
            return np.dtype(object)
        with np.errstate(invalid="ignore"):  # some pandas try whether huge floats are whole numbers
            return (values.convert_dtypes() if self.nullable else values).dtype


def _is_writable(value: Any) -> bool:
    return all(map(_is_writable, value)) if isinstance(value, tuple) else isinstance(value, WRITABLE)
