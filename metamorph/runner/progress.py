"""What a run tells whoever watches it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from metamorph.result import Result


class Progress(Protocol):
    """Watches a run: how far each relation is, and each result as it is known."""

    def advance(self, relation: str, stage: str, done: int, total: int) -> None:
        """*done* of *total* are behind this relation in this stage."""

    def finish(self, result: Result) -> None:
        """A relation is settled."""


class Silent:
    """Watches without a word."""

    def advance(self, relation: str, stage: str, done: int, total: int) -> None:
        """Say nothing."""

    def finish(self, result: Result) -> None:
        """Say nothing."""
