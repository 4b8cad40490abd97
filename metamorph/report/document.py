"""The report: every result of a run, as plain data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import attrs
import cattrs

from metamorph.errors import MetamorphError, Violation
from metamorph.report import text
from metamorph.report.lines import safe
from metamorph.result import Result
from metamorph_strategies.plain import value_from_plain, value_to_plain

FORMAT = "metamorph-report"
JSON_VERSION = 1
_EXIT_CODES = {"held": 0, "proved": 0, "skipped": 0, "violated": 1, "broken": 3, "inconclusive": 4}
INTERRUPTED = 130
_SEVEREST_FIRST = (3, 1, 4, 0)


@attrs.frozen(repr=False)
class Report:
    """The results of a run, one for each relation in its order; ``notes`` are findings about all of them.

    ``noun`` is what a row is called (singular, plural), ``rows`` where sources come from (real, generated,
    given; seeded refits), ``reference_name`` what the ``reference`` row is called, where the user named it.
    """

    results: tuple[Result, ...]
    noun: tuple[str, str] = ("row", "rows")
    reference: dict[str, Any] = attrs.field(factory=dict)
    rows: str = "real"
    seed: int = 0
    notes: tuple[str, ...] = ()
    interrupted: bool = False
    reference_name: str | None = None

    @property
    def passed(self) -> bool:
        """Whether every relation passed."""
        return self.exit_code == 0

    @property
    def exit_code(self) -> int:
        """0 passed, 1 violated, 3 broken, 4 inconclusive, 130 interrupted; the severest of 130, 3, 1, 4, 0 wins."""
        if self.interrupted:
            return INTERRUPTED
        codes = {_EXIT_CODES[result.verdict] for result in self.results}
        return next((code for code in _SEVEREST_FIRST if code in codes), 0)

    def raise_for_violations(self) -> None:
        """Raise AssertionError with the readable report unless every relation passed."""
        __tracebackhide__ = True
        if not self.passed:
            raise (AssertionError if self.exit_code == _EXIT_CODES["broken"] else Violation)("\n" + str(self))

    def to_json(self, path: str | Path | None = None) -> str:
        """The report as strict JSON, versioned; NaN and infinities survive. Written to *path* if one is given."""
        data = {"format": FORMAT, "version": JSON_VERSION, **_converter().unstructure(self)}
        document = json.dumps(data, indent=1, allow_nan=False) + "\n"
        if path is not None:
            Path(path).write_text(document, encoding="utf-8")
        return document

    @classmethod
    def from_json(cls, document: str) -> Report:
        """The report that :meth:`to_json` wrote. Raises MetamorphError for another format or version."""
        try:
            data = json.loads(document)
        except ValueError as error:
            msg = f"Expected a {FORMAT} as JSON but got text that is none: {error}"
            raise MetamorphError(msg) from error
        found = (data.pop("format", None), data.pop("version", None)) if isinstance(data, dict) else (None, None)
        if found != (FORMAT, JSON_VERSION):
            msg = f"Expected a {FORMAT} of version {JSON_VERSION} but got format={found[0]!r}, version={found[1]!r}."
            raise MetamorphError(msg)
        return _converter().structure(data, cls)

    def __str__(self) -> str:
        return text.render(self)

    def __repr__(self) -> str:
        verdicts = ", ".join(f"{result.relation}: {result.verdict}" for result in self.results)
        return f"<Report {safe(verdicts, 200)}>"


def _converter() -> cattrs.Converter:
    converter = cattrs.Converter()
    converter.register_unstructure_hook_func(lambda kind: kind is Any or kind in {float, object}, _any_to_plain)
    converter.register_structure_hook_func(lambda kind: kind is Any, lambda data, _: value_from_plain(data))
    converter.register_structure_hook(float, lambda data, _: float(value_from_plain(data)))
    return converter


def _any_to_plain(value: Any) -> Any:
    plain = value_to_plain(value)
    return plain if isinstance(plain, str | int | float | bool | dict | list | None) else repr(plain)
