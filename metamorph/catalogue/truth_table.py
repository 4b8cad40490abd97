"""How well each relation holds for each of scikit-learn's estimators, as it was measured.

``python -m metamorph.runner.measuring`` measures it again and writes ``truth_table.csv`` beside this module.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

PATH = Path(__file__).with_name("truth_table.csv")
KEYS = ("relation", "estimator", "data")
COLUMNS = (*KEYS, "agreement", "moved", "error")


def truth_table() -> pd.DataFrame:
    """A row for each relation, estimator and data set, worst of several refits at the largest change.

    ``agreement`` is the share of held-out rows whose label is the same, or whose number is up to 1e-6 standard
    deviations of the predictions; of clusterers the adjusted Rand index. ``moved`` is the largest move of a number in
    standard deviations, and missing elsewhere. ``error`` is what fitting the changed data raised, and mostly empty.
    """
    return pd.read_csv(PATH, dtype={"error": "str"}, keep_default_na=False, na_values={"agreement": "", "moved": ""})
