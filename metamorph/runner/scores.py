"""The scores of the distinct rows: in how many of its cases each violates, and how many rows have which score."""

from __future__ import annotations

import attrs
import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@attrs.frozen(eq=False)
class Scores:
    """So many ``rows`` violate in ``failed`` of ``tried`` cases; arrays of one shape ``(k,)``, each score once."""

    tried: Counts
    failed: Counts
    rows: Floats

    @classmethod
    def of(cls, tried: Counts, failed: Counts) -> Scores:
        """From the cases and violations of each distinct row (shape ``(rows,)``); a row without a case has no score."""
        width = int(failed.max(initial=0)) + 1
        kinds, rows = np.unique(tried * width + failed, return_counts=True)
        asked = kinds >= width
        return cls(kinds[asked] // width, kinds[asked] % width, rows[asked].astype(np.float64))

    @classmethod
    def single(cls, violations: float, cases: float) -> Scores:
        """Of cases that each come from a row of their own."""
        rows = np.array([cases - violations, violations], dtype=np.float64)
        return cls(np.array([1, 1]), np.array([0, 1]), rows)

    @property
    def most(self) -> int:
        """Cases of a row at the most."""
        return int(self.tried.max(initial=1))

    @property
    def rate(self) -> float:
        """The violating share of all cases."""
        return float(self.rows @ self.failed) / float(self.rows @ self.tried)

    def times(self, factor: float) -> Scores:
        """The same scores of so many times as many rows."""
        return attrs.evolve(self, rows=self.rows * factor)
