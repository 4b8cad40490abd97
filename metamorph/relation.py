"""A metamorphic relation: how the output must relate when the input changes, as a frozen value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import attrs
import pandas as pd

from metamorph import expectations, transforms
from metamorph.errors import RelationError, expected
from metamorph.expectations import Expectation, Tolerance
from metamorph.outputs import Output, OutputFunction
from metamorph.transforms import Transformation
from metamorph_strategies.columns import is_finite
from metamorph_strategies.printing import Printed

if TYPE_CHECKING:
    from metamorph.bundle import Bundle

Condition = Callable[[pd.DataFrame], Any]


@attrs.frozen(init=False, repr=False)
class Relation(Printed):
    """A transformation of the input and what is expected of the output.

    ``Relation("name", transform=, expect=)`` makes one from parts. ``transform`` is one of ``mm.transforms`` or a
    function from a frame of source rows to the frame of their follow-ups; ``touches`` then names the columns it may
    change. ``expect`` is one of ``mm.expectations`` or a function of both output arrays, shape ``(n,)``, that returns
    margins (above zero: violated by that much). An exception of ``raises_ok`` from the model counts as keeping the
    relation.
    """

    id: str
    transform: Transformation
    expect: Expectation
    conditions: tuple[Condition, ...] = ()
    allowed: float = 0.0
    output: Output = Output()
    raises_ok: tuple[type[BaseException], ...] = ()
    links: tuple[Relation, ...] = ()

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
                wanted = f"touches only beside a function ({transform!r} states its own)"
                raise RelationError(expected(wanted, touches=touches))
        elif callable(transform):
            transform = transforms.function(transform, touches=touches)
        else:
            raise RelationError(expected("one of mm.transforms or a function", transform=transform))
        if not isinstance(expect, Expectation):
            if not callable(expect):
                raise RelationError(expected("one of mm.expectations or a function", expect=expect))
            expect = expectations.function(expect)
        _check_compared(transform, expect)
        self.__attrs_init__(_checked_name(name), transform, expect, raises_ok=_exceptions(raises_ok))

    def when(self, condition: Condition) -> Relation:
        """Ask only where ``condition(frame)``, one truth value a source row, is true; several conditions all hold.

        The condition sees source rows, derived columns included, never follow-ups.
        """
        if not callable(condition):
            raise RelationError(expected("a function of a frame", condition=condition))
        return self._but(conditions=(*self.conditions, condition))

    def allow(self, rate: float) -> Relation:
        """Accept violations on up to this share of cases: then the rate decides, not a single counterexample."""
        if not is_finite(rate) or not 0 <= rate < 1:
            raise RelationError(expected("a rate of at least 0 and below 1", rate=rate))
        return self._but(allowed=float(rate))

    def named(self, name: str) -> Relation:
        """The same relation under a name, which becomes its id."""
        return self._but(id=_checked_name(name))

    def on(
        self,
        output: str | OutputFunction | None = None,
        *,
        probability_of: Any = None,
        expected_class: Sequence[Any] | None = None,
    ) -> Relation:
        """Ask it of another output: ``"label"``, ``"decision"``, ``probability_of=cls``, or ``function(model, frame)``.

        The function returns an array of shape ``(n,)``: numbers, or labels. ``"scores"`` are all numbers that the model
        has for a row (its probabilities, decision scores or predictions), shape ``(n, k)``; ``expected_class=[...]``
        is the expected place among these classes, given in rising order.
        """
        given = {"output": output, "probability_of": probability_of, "expected_class": expected_class}
        if sum(value is not None for value in given.values()) != 1:
            raise RelationError(expected("one of output, probability_of and expected_class", **given))
        if expected_class is not None:
            if isinstance(expected_class, str) or not isinstance(expected_class, Iterable):
                raise RelationError(expected("the classes in rising order", expected_class=expected_class))
            return self._but(output=Output("expected", of_class=tuple(expected_class)))
        if probability_of is not None:
            return self._but(output=Output("probability", of_class=probability_of))
        if output == "label":
            return self._but(output=Output("label"))
        if output == "scores":
            return self._but(output=Output("scores"))
        if output == "decision":
            return self._but(output=Output("decision"))
        if not callable(output):
            raise RelationError(expected('"label", "decision", "scores" or a function(model, frame)', output=output))
        return self._but(output=Output("function", function=output))

    def __and__(self, other: object) -> Bundle:
        """Both, over the same sources: judged and reported each for itself, violated when any is."""
        from metamorph.bundle import bundled  # noqa: PLC0415 - a bundle is made of relations

        return bundled(self, other)

    def __or__(self, other: object) -> Relation:
        """At least one of two expectations of the same change and output; RelationError where those differ."""
        if not isinstance(other, Relation):
            raise RelationError(expected("relations on both sides of | (of a bundle, its parts)", relation=other))
        for name in ("transform", "output", "conditions", "allowed", "raises_ok"):
            if getattr(self, name) != getattr(other, name):
                msg = f"Relations {self.id!r} and {other.id!r} differ in {name}; | joins expectations of one change."
                raise RelationError(msg)
        return self._but(id=f"{self.id} | {other.id}", expect=expectations.Either(self.expect, other.expect), links=())

    def then(self, other: Relation) -> Relation:
        """One change and then the other, as one: the expectation follows from both, or it is a RelationError.

        Where the whole fails, the parts are asked about again, to tell which of them does.
        """
        if not isinstance(other, Relation):
            raise RelationError(expected("a relation (of a bundle, its parts)", other=other))
        if other.conditions or self.allowed or other.allowed or self.output != other.output:
            msg = (
                f"Relations {self.id!r} and {other.id!r} cannot be composed: the second one's precondition would be\n"
                "about the row in between, rates do not add up, and both must be of one output."
            )
            raise RelationError(msg)
        return self._but(
            id=f"{self.id} then {other.id}",
            transform=transforms.Then(self.transform, other.transform),
            expect=expectations.chained(self.expect, other.expect),
            raises_ok=(*self.raises_ok, *other.raises_ok),
            links=(*(self.links or (self,)), *(other.links or (other,))),
        )

    def __repr__(self) -> str:
        changes = "".join(".when(...)" for _ in self.conditions)
        changes += f".allow({self.allowed!r})" if self.allowed else ""
        changes += f".on({self.output!r})" if self.output != Output() else ""
        return f"Relation({self.id!r}, transform={self.transform!r}, expect={self.expect!r}){changes}"

    def _but(self, **changes: Any) -> Relation:
        fields = {field.name: changes.get(field.name, getattr(self, field.name)) for field in attrs.fields(Relation)}
        relation = object.__new__(Relation)
        relation.__attrs_init__(**fields)
        return relation


def increasing(
    *columns: str, by: Any = None, to: Any = None, tolerance: Tolerance = 0.0, strict: bool = False
) -> Relation:
    """When *columns* rise, the rest equal, the output must not fall (a directional expectation).

    Of several columns a random non-empty subset rises. ``by`` (a step; levels of an ordered category; a Timedelta) or
    ``to`` (a value) replaces the step law, ``tolerance`` is in output units or ``mm.relative(...)``, and ``strict``
    asks that the output rise. Ribeiro et al., "Beyond Accuracy" (ACL 2020); Sharma and Wehrheim (ISSTA 2020).

    >>> increasing("area").id
    'increasing[area]'
    """
    expect = expectations.not_lower(tolerance, strict=strict)
    return _of_kind("increasing", columns, expect, transforms.step(_checked("increasing", columns), by=by, to=to))


def decreasing(
    *columns: str, by: Any = None, to: Any = None, tolerance: Tolerance = 0.0, strict: bool = False
) -> Relation:
    """When *columns* rise, the rest equal, the output must not rise; arguments as for :func:`increasing`."""
    expect = expectations.not_higher(tolerance, strict=strict)
    return _of_kind("decreasing", columns, expect, transforms.step(_checked("decreasing", columns), by=by, to=to))


def invariant(*columns: str, tolerance: Tolerance = 0.0, missing: bool = False) -> Relation:
    """Whatever other combination of values *columns* take, the output must stay as it is.

    ``missing`` adds the missing value to the values. Galhotra et al., "Fairness Testing" (FSE 2017).
    """
    expect = expectations.unchanged(tolerance)
    return _of_kind("invariant", columns, expect, transforms.replace(_checked("invariant", columns), missing=missing))


def _of_kind(kind: str, columns: tuple[str, ...], expect: Expectation, transform: Transformation) -> Relation:
    return Relation(f"{kind}[{','.join(columns)}]", transform=transform, expect=expect)


def _checked(kind: str, columns: tuple[str, ...]) -> tuple[str, ...]:
    """The columns of a relation, which are given as arguments; RelationError where they cannot be."""
    if not columns:
        msg = f"Expected at least one column: {kind}('area')."
        raise RelationError(msg)
    if not all(isinstance(name, str) for name in columns):
        raise RelationError(expected(f"column names as separate arguments of {kind}", columns=columns))
    if len(set(columns)) < len(columns):
        raise RelationError(expected(f"distinct columns in {kind}", columns=columns))
    return columns


def _checked_name(name: str) -> str:
    if not isinstance(name, str) or not name:
        raise RelationError(expected("a name for the relation", name=name))
    return name


def _check_compared(transform: Transformation, expect: Expectation) -> None:
    """Raise RelationError where one side is about several follow-ups of a source and the other about one."""
    several = expectations.of_several(expect)
    if isinstance(transform, transforms.Fan):
        if not several and not isinstance(expect, expectations.Function):
            msg = (
                f"{transform.said} makes several follow-ups, and {type(expect).__name__} compares one.\n"
                "Expect rising, falling, no_islands, concave, convex, sums_to, within_range or a function of all."
            )
            raise RelationError(msg)
    elif several:
        msg = (
            f"{type(expect).__name__} is about several follow-ups, and {type(transform).__name__} makes one.\n"
            "Use mm.transforms.sweep, replace_each, offsets or parts."
        )
        raise RelationError(msg)


def _exceptions(raises_ok: Any) -> tuple[type[BaseException], ...]:
    kinds = raises_ok if isinstance(raises_ok, tuple | list) else (raises_ok,)
    if not all(isinstance(kind, type) and issubclass(kind, BaseException) for kind in kinds):
        raise RelationError(expected("exception types", raises_ok=raises_ok))
    return tuple(kinds)
