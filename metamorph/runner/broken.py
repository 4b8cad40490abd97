"""When nothing can be judged: what broke, with its evidence."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from metamorph.errors import MetamorphError, told
from metamorph.result import About, Evidence

T = TypeVar("T")


class Broken(Exception):  # noqa: N818 - it carries a verdict, and never reaches a user
    """Nothing can be judged; ``evidence`` says why."""

    def __init__(self, evidence: Evidence) -> None:
        super().__init__(evidence.message)
        self.evidence = evidence


def guarded(call: Callable[[], T], about: About, what: str) -> T:
    """What *call* returns; anything that the user's own function raises becomes Broken, ``sys.exit`` too."""
    try:
        return call()
    except MetamorphError as error:
        raise Broken(Evidence(about, str(error))) from error
    except (Exception, SystemExit) as error:
        raise Broken(Evidence(about, f"{what} raised {told(error)}")) from error
