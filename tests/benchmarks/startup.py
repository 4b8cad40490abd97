"""What the installed plugin costs a session of pytest that has no relation: processes with and without it, in turns."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from bench import Line

ROUNDS = 21


def startup() -> Iterator[Line]:
    """A session that collects an empty file: milliseconds that the unused plugin adds to it."""
    from bench import Line  # noqa: PLC0415 - the script that calls this

    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "test_nothing.py").touch()
        turns = [
            (option, *seconds(folder, *option)) for _ in range(ROUNDS) for option in ((), ("-pno:metamorph.plugin",))
        ]
    wall, busy = (
        {with_it: np.array([turn[column] for turn in turns if (not turn[0]) == with_it]) for with_it in (True, False)}
        for column in (1, 2)
    )
    yield Line(f"pytest --collect-only, {ROUNDS} rounds", 1e3 * statistics.median(wall[False]), "{:.0f} ms")
    yield Line("more with the unused plugin", 1e3 * float(np.median(wall[True] - wall[False])), "{:.1f} ms", most=10)
    yield Line("... of processor time", 1e3 * float(np.median(busy[True] - busy[False])), "{:.1f} ms", most=10)


def seconds(folder: str, *options: str) -> tuple[float, float]:
    """Seconds that a session takes: on the clock, and of a processor."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *options]
    began = time.perf_counter()
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL) as session:  # noqa: S603 - our own command
        _, _, used = os.wait4(session.pid, 0)
        session.returncode = 0
    return time.perf_counter() - began, used.ru_utime + used.ru_stime
