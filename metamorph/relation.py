"""A metamorphic relation: how the output must relate when the input changes, as a frozen value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import pandas as pd

from metamorph import expectations, transforms
from metamorph.errors import RelationError
from metamorph.expectations import Expectation, Tolerance
from metamorph.outputs import Output, OutputFunction
from metamorph.transforms import Transformation

Condition = Callable[[pd.DataFrame], Any]


@attrs.frozen(init=False)
class Relation:
    """A transformation of the input and what is expected of the output.

    ``Relation("name", transform=, expect=)`` makes one from parts. ``transform`` is one of ``mm.transforms`` or a function
    from a frame of source rows to the frame of their follow-ups; ``touches`` then names the columns it may change.
    ``expect`` is one of ``mm.expectations`` or a function of both output arrays, shape ``(n,)``, that returns margins
    (above zero: violated by that much). An exception of ``raises_ok`` from the model counts as keeping the relation.
    """

    id: str
    transform: Transformation
    expect: Expectation
    conditions: tuple[Condition, ...] = attrs.field(default=(), repr=False)
    allowed: float = 0.0
    output: Output = Output()
    raises_ok: tuple[type[BaseException], ...] = ()

    def __init__(
        self,
        name: str,
        *,
        transform: Transformation | Callable[[pd.DataFrame], pd.DataFrame],
        expect: Expectation | Callable[[Any, Any], Any],
        touches: list[str] | tuple[str, ...] | None = None,
        raises_ok: tuple[type[BaseException], ...] = (),
    ) -> None:
        if isinstance(transform, Transformation):
            if touches is not None:
                msg = f"Expected touches only beside a function, but got touches={touches!r} with {transform!r}, which states its own."
                raise RelationError(msg)
        elif callable(transform):
            transform = transforms.function(transform, touches=touches)
        else:
            msg = f"Expected transform to be one of mm.transforms or a function but got transform={transform!r}."
            raise RelationError(msg)
        if not isinstance(expect, Expectation):
            if not callable(expect):
                msg = f"Expected expect to be one of mm.expectations or a function but got expect={expect!r}."
                raise RelationError(msg)
            expect = expectations.function(expect)
        self.__attrs_init__(_checked_name(name), transform, expect, raises_ok=tuple(raises_ok))  # type: ignore[attr-defined]

    def when(self, condition: Condition) -> Relation:
        """Ask only where ``condition(frame)``, one truth value a source row, is true; several conditions all hold.

        The condition sees source rows, derived columns included, never follow-ups.
        """
        return self._but(conditions=(*self.conditions, condition))

    def allow(self, rate: float) -> Relation:
        """Accept violations on up to this share of cases: then the rate decides, not a single counterexample."""
        if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 <= rate < 1:
            msg = f"Expected a rate of at least 0 and below 1 but got rate={rate!r}."
            raise RelationError(msg)
        return self._but(allowed=float(rate))

    def named(self, name: str) -> Relation:
        """The same relation under a name, which becomes its id."""
        return self._but(id=_checked_name(name))

    def on(self, output: str | OutputFunction | None = None, *, probability_of: Any = None) -> Relation:
        """Ask it of another output: ``"label"``, ``"decision"``, ``probability_of=cls``, or ``function(model, frame)``.

        The function returns an array of shape ``(n,)``: numbers, or labels.
        """
        if (output is None) == (probability_of is None):
            msg = f"Expected either an output or probability_of but got output={output!r}, probability_of={probability_of!r}."
            raise RelationError(msg)
        if probability_of is not None:
            return self._but(output=Output("probability", of_class=probability_of))
        if output == "label":
            return self._but(output=Output("label"))
        if output == "decision":
            return self._but(output=Output("decision"))
        if not callable(output):
            msg = f'Expected "label", "decision" or a function(model, frame) but got output={output!r}.'
            raise RelationError(msg)
        return self._but(output=Output("function", function=output))

    def _but(self, **changes: Any) -> Relation:
        fields = {field.name: changes.get(field.name, getattr(self, field.name)) for field in attrs.fields(Relation)}
        relation = object.__new__(Relation)
        relation.__attrs_init__(**fields)  # type: ignore[attr-defined]
        return relation


def increasing(
    *columns: str, by: Any = None, to: Any = None, tolerance: Tolerance = 0.0, strict: bool = False
) -> Relation:
    """When *columns* rise, the rest equal, the output must not fall (a directional expectation).

    Of several columns a random non-empty subset rises. ``by`` (a step; levels of an ordered category; a Timedelta) or
    ``to`` (a value) replaces the step law, ``tolerance`` is in output units or ``mm.relative(...)``, and ``strict`` asks
    that the output rise. Ribeiro et al., "Beyond Accuracy" (ACL 2020); Sharma and Wehrheim (ISSTA 2020).

    >>> increasing("area").id
    'increasing[area]'
    """
    expect = expectations.not_lower(tolerance, strict=strict)
    return _of_kind("increasing", columns, transforms.step(columns, by=by, to=to), expect)


def decreasing(
    *columns: str, by: Any = None, to: Any = None, tolerance: Tolerance = 0.0, strict: bool = False
) -> Relation:
    """When *columns* rise, the rest equal, the output must not rise; arguments as for :func:`increasing`."""
    expect = expectations.not_higher(tolerance, strict=strict)
    return _of_kind("decreasing", columns, transforms.step(columns, by=by, to=to), expect)


def invariant(*columns: str, tolerance: Tolerance = 0.0, missing: bool = False) -> Relation:
    """Whatever other combination of values *columns* take, the output must stay as it is.

    ``missing`` adds the missing value to the values. Galhotra et al., "Fairness Testing" (FSE 2017).
    """
    return _of_kind(
        "invariant", columns, transforms.replace(columns, missing=missing), expectations.unchanged(tolerance)
    )


def _of_kind(kind: str, columns: tuple[str, ...], transform: Transformation, expect: Expectation) -> Relation:
    if not columns:
        msg = f"Expected at least one column: {kind}('area')."
        raise RelationError(msg)
    if not all(isinstance(name, str) for name in columns):
        msg = f"Expected column names as separate arguments but got {kind}{columns!r}."
        raise RelationError(msg)
    if len(set(columns)) < len(columns):
        msg = f"Expected distinct columns but got {kind}{columns!r}."
        raise RelationError(msg)
    return Relation(f"{kind}[{','.join(columns)}]", transform=transform, expect=expect)


def _checked_name(name: str) -> str:
    if not isinstance(name, str) or not name:
        msg = f"Expected a name for the relation but got name={name!r}."
        raise RelationError(msg)
    return name
