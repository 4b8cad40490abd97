"""Prediction-level entries that have to be asked for: each says what to write."""

from __future__ import annotations

from typing import Any

from metamorph.catalogue.entry import Said, entries
from metamorph.catalogue.training_known import both

MURPHY = "Murphy et al. (SEKE 2008)"
PATTERNS = "Segura et al., Metamorphic relation patterns (TSE 2018)"
_ROWS: tuple[Said, ...] = (
    (
        "P2",
        "individual fairness",
        "fairness",
        "No combination of protected values changes the output.",
        "policy",
        "Galhotra et al., Fairness testing (FSE 2017); Agarwal et al. (2018)",
        "catalogue.group_fairness('race', 'sex')",
    ),
    (
        "P3",
        "increasing",
        "direction",
        "When a column rises, the output does not fall.",
        "policy",
        "Sharma and Wehrheim, Higher income, larger loan? (ISSTA 2020)",
        "mm.increasing('area')",
    ),
    (
        "P4",
        "group monotone",
        "direction",
        "When any of some columns rise, the output does not fall.",
        "policy",
        "Sharma and Wehrheim (ISSTA 2020)",
        "mm.increasing('area', 'rooms')",
    ),
    (
        "P5",
        "ordinal monotone",
        "direction",
        "When columns rise, neither label nor expected class falls.",
        "policy",
        "ours: constrained multiclass boosting breaks it",
        "catalogue.ordinal('income', classes=['no', 'yes'])",
    ),
    (
        "P6",
        "bounded sensitivity",
        "direction",
        "A small step changes the output by no more than stated.",
        "approx",
        "robustness literature",
        "catalogue.bounded('area', by=1, most=500)",
    ),
    (
        "P7",
        "plateau",
        "direction",
        "Beyond a stated value nothing changes any more.",
        "policy",
        "Ribeiro et al. (ACL 2020)",
        "catalogue.plateau('area', beyond=400)",
    ),
    (
        "P8",
        "change direction",
        "direction",
        "A step down and a step up move the output in opposite directions.",
        "policy",
        "Zhou et al., Metamorphic relations for enhancing system understanding (TSE 2020)",
        "catalogue.change_direction('area', by=10)",
    ),
    (
        "P9",
        "symmetry",
        "symmetry",
        "Exchanging two interchangeable columns changes nothing.",
        "policy",
        "Zhou et al. (TSE 2020)",
        "catalogue.symmetric('left', 'right')",
    ),
    (
        "P10",
        "antisymmetry",
        "symmetry",
        "Exchanging both sides turns the output into 1 less it.",
        "policy",
        "ranking literature",
        "catalogue.antisymmetric('home', 'guest')",
    ),
    (
        "P11",
        "unit change",
        "consistency",
        "The same quantity in another unit changes nothing.",
        "float",
        MURPHY + ", multiplicative",
        "catalogue.unit_change('length', 2.54, unit='unit', to='cm')",
    ),
    (
        "P12",
        "redundant consistency",
        "consistency",
        "A column changed with its dependants tells one story.",
        "policy",
        "data-contract practice",
        "catalogue.redundant('area', recompute, dependants=['log_area'])",
    ),
    (
        "P13",
        "noise stability",
        "noise",
        "Measurement noise changes the answer on few rows only.",
        "rate",
        "pattern noise, " + PATTERNS,
        "catalogue.noise_stability('area', size=2, rate=0.05)",
    ),
    (
        "P14",
        "missingness",
        "consistency",
        "Without a value, the output lies within the range over its values.",
        "policy",
        "ours",
        "catalogue.missing_in_range('age')",
    ),
    (
        "P15",
        "unknown category",
        "consistency",
        "A level never seen is answered as the declared other one.",
        "exact",
        "pipeline practice",
        "catalogue.unknown_level('heating', same_as='other')",
    ),
    (
        "P25",
        "nested queries",
        "coherence",
        "Quantiles and nested intervals never cross.",
        "exact",
        PATTERNS,
        "catalogue.non_crossing(quantiles)",
    ),
    (
        "P26",
        "additivity",
        "consistency",
        "The whole is the sum over its parts.",
        "policy",
        PATTERNS + ", complete",
        "catalogue.additive('quantity')",
    ),
    (
        "P27",
        "anchor",
        "anchors",
        "A stated row gets a stated label, or an output within bounds.",
        "exact",
        "minimum functionality test, Ribeiro et al. (ACL 2020)",
        "mm.anchor({'area': 400}, low=300_000)",
    ),
    (
        "P28",
        "no islands",
        "direction",
        "Along a column the label changes once at the most.",
        "policy",
        "ours",
        "catalogue.no_islands('income')",
    ),
    (
        "P29",
        "must matter",
        "relevance",
        "Another value of a relevant column moves the output, on most rows.",
        "rate",
        PATTERNS + ", difference",
        "mm.must_matter('area', 100, share=0.9)",
    ),
)

_ASIDE = "each split chooses the side of what is missing, so a sum of trees may leave the range (38% to 78% of loans)"
_ORDERED = "an ordered column"
_PAIR = "a call for both rows of a pair"
_POINTS = "a call for all points of a row"
_KNOWN: dict[str, dict[str, Any]] = {
    "P2": {"precondition": "protected columns", "tolerance": "none for labels", "cost": _PAIR},
    "P3": {"precondition": _ORDERED, "tolerance": "stated, none by default", "cost": _PAIR},
    "P4": {"precondition": "ordered columns", "tolerance": "stated, none by default", "cost": _PAIR},
    "P5": {
        "precondition": "a classifier with predict_proba and ordered classes",
        "tolerance": "none",
        "cost": "two calls for both rows of a pair",
        "not_for": {
            "LGBMClassifier": "constraints bind each class's score, so the likeliest class may skip one and come back",
            "HistGradientBoostingClassifier": "constraints are for two classes only",
        },
    },
    "P6": {"precondition": "a continuous column", "tolerance": "stated: most", "cost": _PAIR},
    "P7": {"precondition": _ORDERED, "tolerance": "stated, none by default", "cost": _PAIR},
    "P8": {"precondition": "a column where the model is locally monotone", "cost": _POINTS},
    "P9": {"precondition": "two columns of one kind", "cost": _PAIR},
    "P10": {"precondition": "two columns of one kind, a pairwise model", "cost": _PAIR},
    "P11": {"precondition": "a pipeline that reads the unit", "cost": _PAIR},
    "P12": {"precondition": "a declared dependency", "cost": _PAIR},
    "P13": {"precondition": "a numeric column", "tolerance": "stated: rate and tolerance", "cost": _PAIR},
    "P14": {
        "precondition": "a model that takes missing values",
        "cost": _POINTS,
        "not_for": dict.fromkeys(both("HistGradientBoosting", "LGBM", "XGB"), _ASIDE),
    },
    "P15": {"precondition": "a category with a declared other level", "cost": _PAIR},
    "P25": {"precondition": "outputs that are nested", "tolerance": "stated, none by default"},
    "P26": {"precondition": "a model of counts or volumes", "cost": _POINTS},
    "P27": {"precondition": "rows that an expert is sure of", "tolerance": "none", "cost": "two calls for all rows"},
    "P28": {"precondition": "an ordered column, a classifier", "tolerance": "none", "cost": _POINTS},
    "P29": {"precondition": "a column declared relevant", "tolerance": "stated: amount and share", "cost": _PAIR},
}
"""What is not the default of an entry."""

ENTRIES = entries(_ROWS, _KNOWN)
