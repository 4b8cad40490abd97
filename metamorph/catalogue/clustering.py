"""Relations of learning without targets: clusterers (U1 to U14), outlier detectors (U15), decompositions (U16).

METTLE: Xie, Zhang, Chen, Liu, Poon and Xu, "METTLE: a metamorphic testing approach to assessing and validating
unsupervised machine learning systems", IEEE Transactions on Reliability 69(4), 2020.
"""

from __future__ import annotations

from typing import Any

from metamorph.catalogue import clustering_changes as changes
from metamorph.catalogue.training_features import METTLE, has_no_gaps, has_numbers
from metamorph.catalogue.training_known import because
from metamorph.catalogue.training_readings import Predictions, Tolerance
from metamorph.catalogue.training_relation import Change, Kind, Subject, TrainingRelation
from metamorph.catalogue.training_rows import is_deterministic

CLUSTERER: tuple[Kind, ...] = ("clusterer",)
NUMBERS = (has_numbers, has_no_gaps)
ORDER = "it learns from rows in turn"
UNITS = "it has a distance in the units of the data as a parameter"
BATCHES = "it learns from random batches of rows"
DENSITY = "it goes by how many rows are near, copies and all"
BANDWIDTH = "its bandwidth is estimated from all distances"
GRAPH = "it cuts a graph whose weights are distances in the units of the data"
TWICE = "a column that is there twice weighs twice"
CENTRES = "it gives a far row a cluster of its own, or a part in all of them"


def _of_clusters(name: str, statement: str, source: str, change: Change, **more: Any) -> TrainingRelation:
    return TrainingRelation(name, statement, f"{METTLE}, {source}", change, CLUSTERER, **more)


def falling(_: Subject) -> Predictions:
    """Scores, of which only a fall (towards outliers) counts."""
    return Predictions("score_samples", falls_only=True)


_CLUSTERING = (
    _of_clusters(
        "U1 permute rows",
        "Putting the rows in another order must not change which rows are together.",
        "MR1.1 and MR1.2",
        changes.permute_rows,
        fails_for=because((ORDER, ["Birch"])),
        inexact_for=because((BATCHES, ["MiniBatchKMeans"])),
    ),
    _of_clusters(
        "U2 shrink a cluster",
        "Drawing the rows of one cluster towards its centre must not change which rows are together.",
        "MR2.1",
        changes.shrink_cluster,
        rungs=(0.1, 0.5),
        rung="drawing them {amount:.0%} of the way",
        requires=NUMBERS,
        strength="approx",
        tolerance=Tolerance(0.1),
        fails_for=because((UNITS, ["Birch"]), (GRAPH, ["SpectralClustering"])),
    ),
    _of_clusters(
        "U3 mirror",
        "Mirroring all rows must not change which rows are together.",
        "MR2.2",
        changes.mirror,
        requires=NUMBERS,
    ),
    _of_clusters(
        "U4 add centres",
        "A new row at the centre of every cluster must not change which rows are together.",
        "MR3.1",
        changes.add_centres,
        requires=NUMBERS,
        inexact_for=because((BATCHES, ["MiniBatchKMeans"])),
    ),
    _of_clusters(
        "U5 add rims",
        "A new row just inside the rim of every cluster must not change which rows are together.",
        "MR3.2",
        changes.add_rims,
        requires=NUMBERS,
        fails_for=because((GRAPH, ["SpectralClustering"])),
        inexact_for=because((BATCHES, ["MiniBatchKMeans"])),
    ),
    _of_clusters(
        "U6 add a telltale column",
        "A column that tells the clusters apart must not change which rows are together.",
        "MR4.1",
        changes.add_telltale,
        rungs=(1.0, 10.0),
        rung="{amount:g} sd between clusters",
        requires=NUMBERS,
        fails_for=because((BANDWIDTH, ["MeanShift"])),
    ),
    _of_clusters(
        "U7 add a redundant column",
        "A copy of a column must hardly change which rows are together.",
        "MR4.2",
        changes.add_redundant,
        requires=NUMBERS,
        strength="approx",
        tolerance=Tolerance(0.1),
        fails_for=because((TWICE, ["AgglomerativeClustering", "Birch", "DBSCAN", "SpectralClustering"])),
    ),
    _of_clusters(
        "U8 rotate and shift",
        "Turning and moving all rows must not change which rows are together.",
        "MR5.1",
        changes.rotate,
        requires=NUMBERS,
    ),
    _of_clusters(
        "U9 scale all columns",
        "Multiplying all numeric columns by one constant must not change which rows are together.",
        "MR5.2",
        changes.scale_all,
        rungs=(1.5, 10.0),
        rung="multiplying by {amount:g}",
        requires=NUMBERS,
        fails_for=because((UNITS, ["DBSCAN", "Birch"]), (GRAPH, ["SpectralClustering"])),
    ),
    _of_clusters(
        "U10 scale one column",
        "Giving one numeric column another unit must not change which rows are together.",
        "a stricter MR5.2",
        changes.scale_one,
        strength="policy",
        rungs=(1.5, 10.0),
        rung="multiplying by {amount:g}",
        requires=NUMBERS,
        holds_for=frozenset({"GaussianMixture"}),
        because="weigh the columns themselves",
        scaled_away=True,
    ),
    _of_clusters(
        "U11 add an outlier",
        "A row far from all others must not change which of these are together.",
        "MR6",
        changes.add_outlier,
        rungs=(10.0, 100.0),
        rung="a row {amount:g} sd away",
        requires=NUMBERS,
        fails_for=because(
            (CENTRES, ["KMeans", "MiniBatchKMeans", "AgglomerativeClustering", "Birch", "GaussianMixture"]),
            (BANDWIDTH, ["MeanShift"]),
        ),
    ),
    _of_clusters(
        "U12 duplicate all rows",
        "Repeating every row once must not change which rows are together.",
        "MR3, all rows",
        changes.duplicate_rows,
        fails_for=because((DENSITY, ["DBSCAN"])),
        inexact_for=because((BATCHES, ["MiniBatchKMeans"])),
    ),
    _of_clusters(
        "U13 add a constant column",
        "A column that is the same for every row must not change which rows are together.",
        "MR4.1, uninformative",
        changes.add_constant,
        rungs=(0.0, 1.0),
        rung="a column of {amount:g}",
    ),
    _of_clusters(
        "U14 refit",
        "Fitting again on the same data with the same seed must find the same clusters.",
        "reproducibility",
        changes.refit,
        noise=False,
        requires=(is_deterministic,),
    ),
    TrainingRelation(
        "U15 copy an inlier",
        "Copying a row among the least suspect half must hardly make another of them more suspect.",
        "ours, after MR3.1 of METTLE",
        changes.copy_inlier,
        ("outlier detector",),
        "approx",
        Tolerance(sd=0.25),
        rungs=(1, 3),
        rung="{amount} more of it",
        reads=falling,
        fails_for=because((DENSITY, ["LocalOutlierFactor"])),
    ),
    TrainingRelation(
        "U16 permute and rotate",
        "Permuting the rows and turning the columns must not change the components, their signs apart.",
        "ours, after MR1.1 and MR5.1 of METTLE",
        changes.permute_and_rotate,
        ("decomposition",),
        "float",
        requires=NUMBERS,
        holds_for=frozenset({"PCA", "IncrementalPCA", "TruncatedSVD", "KernelPCA"}),
        because="turn with the data",
    ),
)

CLUSTERING = {relation.id: relation for relation in _CLUSTERING}
