"""check_clustering: what must not change when an estimator without targets learns again from changed data."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from metamorph.catalogue.clustering import CLUSTERING
from metamorph.report import Report
from metamorph.runner.progress import Progress
from metamorph.runner.subject import unsupervised
from metamorph.runner.training import REFITS, Wanted, check_counts, judged


def check_clustering(
    estimator: Any,
    X: Any,
    relations: Wanted | Iterable[Wanted] | None = None,
    *,
    refits: int = REFITS,
    seed: int = 0,
    n_jobs: int | None = None,
    progress: Progress | None = None,
) -> Report:
    """Judge clustering relations by refitting clones of *estimator* on ``X``, shape (n, d), never itself.

    Partitions of the rows are compared by the adjusted Rand index (1 for the same one, whatever the clusters are
    called), the scores of outlier detectors and the components of decompositions in standard deviations. The other
    arguments, the baseline, and what is raised are as for :func:`check_training`. Xie et al., "METTLE", IEEE
    Transactions on Reliability 69(4), 2020.

    >>> from sklearn.cluster import KMeans
    >>> from sklearn.datasets import make_blobs
    >>> X, _ = make_blobs(60, centers=3, random_state=0)
    >>> check_clustering(KMeans(3), X, "U1 permute rows").results[0].verdict
    'held'
    """
    check_counts(refits, seed)
    asked = unsupervised(estimator, X)
    return judged(asked, relations, CLUSTERING, refits=refits, seed=seed, n_jobs=n_jobs, progress=progress)
