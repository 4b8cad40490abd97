"""Property tests draw the same examples in every run, and no clock decides a verdict."""

from hypothesis import settings

settings.register_profile("pinned", derandomize=True, deadline=None, database=None)
settings.load_profile("pinned")
