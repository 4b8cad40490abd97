"""Property tests draw the same examples in every run, and no clock decides a verdict."""

import gc
import os

from hypothesis import Phase, settings

# Explaining asks a failing test much more often than finding and shrinking do, and many tests here hold one that fails.
SOON_ENOUGH = [phase for phase in Phase if phase is not Phase.explain]
settings.register_profile("pinned", derandomize=True, deadline=None, database=None, phases=SOON_ENOUGH)
settings.load_profile("pinned")

# Every core has a worker of pytest-xdist: threads of its own would wait for each other. NumPy is not imported yet.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# A pytest within pytest must show what a user sees, and where these say that nobody looks it cuts no line.
for name in ("CI", "BUILD_NUMBER"):
    os.environ.pop(name, None)


def pytest_collection_finish() -> None:
    """What was imported and collected lives to the end: the garbage collector need not walk it again and again."""
    gc.collect()
    gc.freeze()
