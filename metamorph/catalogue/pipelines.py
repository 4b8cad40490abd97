"""Entries about what stands before a model, versions of it, and explanations of it."""

from __future__ import annotations

from typing import Any

from metamorph.catalogue.entry import Said, entries

MURPHY = "Murphy et al. (SEKE 2008)"
_ROWS: tuple[Said, ...] = (
    (
        "L1",
        "row-wise transform",
        "pipeline",
        "A transformer changes a row alone as in a table.",
        "float",
        "practice",
        "P16 asks it of the whole pipeline, by itself",
    ),
    (
        "L2",
        "fit then transform",
        "pipeline",
        "fit_transform gives what fit and transform give.",
        "float",
        "scikit-learn's checks",
        "catalogue.fit_then_transform(transformer)",
    ),
    (
        "L3",
        "no test leakage",
        "pipeline",
        "Other rows of a batch change no row's answer.",
        "exact",
        "leakage literature",
        "P16 and P18 ask it of the fitted pipeline, by themselves",
    ),
    (
        "L4",
        "inverse",
        "pipeline",
        "The inverse of a transformer gives its input back.",
        "float",
        "practice",
        "catalogue.inverts(transformer)",
    ),
    (
        "L5",
        "impute then predict",
        "pipeline",
        "A row with a hole is answered as the imputed row.",
        "float",
        "practice",
        "catalogue.imputes_first(imputer)",
    ),
    (
        "L6",
        "relabelled categories",
        "pipeline",
        "Levels renamed in training and serving change no answer.",
        "exact",
        MURPHY,
        "check_training's T10",
    ),
    (
        "L7",
        "idempotent cleaning",
        "pipeline",
        "Cleaning what is clean changes nothing.",
        "exact",
        "practice",
        "catalogue.idempotent(clean)",
    ),
    (
        "L9",
        "whole periods",
        "pipeline",
        "Moments shifted by a whole period change nothing.",
        "policy",
        "practice",
        "catalogue.period('when', pd.Timedelta(days=7))",
    ),
    (
        "L10",
        "groups stay apart",
        "pipeline",
        "Rows reordered inside a group change nothing outside.",
        "exact",
        "leakage literature",
        "P17 asks it of the fitted pipeline, by itself",
    ),
    (
        "L11",
        "version pair",
        "versions",
        "A new version answers as the old one on all but a stated share.",
        "rate",
        "regression practice",
        "catalogue.same_as(old, rate=0.01)",
    ),
    (
        "L12",
        "explanation coherence",
        "explanations",
        "A column that never moves the output has no attribution.",
        "float",
        "explainer practice",
        "catalogue.attributed(attributions)",
    ),
)
_KNOWN: dict[str, dict[str, Any]] = {
    "L2": {"precondition": "a transformer", "tolerance": "1e-9 of the largest value", "cost": "two fits for a table"},
    "L4": {"precondition": "a transformer with an inverse", "tolerance": "1e-9 of the largest value"},
    "L5": {"precondition": "a fitted imputer", "tolerance": "1e-9 of the largest value"},
    "L7": {"precondition": "a cleaning function", "tolerance": "1e-9 of the largest value"},
    "L9": {"precondition": "a column of moments", "cost": "a call for both rows of a pair"},
    "L11": {"precondition": "another version of the model", "tolerance": "stated: rate and tolerance"},
    "L12": {"precondition": "a function of attributions", "cost": "a call for each column of a table"},
}
"""What is not the default of an entry."""

ENTRIES = entries(_ROWS, _KNOWN)
