"""All results of a run, and their renderings as text and JSON."""

from metamorph.report.document import Report

__all__ = ["Report"]
