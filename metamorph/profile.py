"""The settings profile ``metamorph``, which Hypothesis registers by itself where this package is installed."""

from __future__ import annotations


def register() -> None:
    """Register the profile: no deadline (a model takes its time) and no explain phase (it asks the model much more).

    Nothing loads it but the user: ``settings.load_profile("metamorph")`` or ``--hypothesis-profile=metamorph``.
    """
    from hypothesis import Phase, settings  # noqa: PLC0415 - called by Hypothesis, while it is imported

    phases = [phase for phase in Phase if phase is not Phase.explain]
    settings.register_profile("metamorph", deadline=None, phases=phases)
