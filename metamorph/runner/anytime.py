"""An interval of a violation rate that holds at every look, so that stopping as soon as it settles the matter is safe.

A bettor who believes in some rate starts with one unit and bets on each row's score against the rate in question: each
row multiplies the wealth by the likelihood ratio of the two (for a score between 0 and 1, by what lies between the
ratios of 0 and of 1). Against the true rate the wealth is a martingale, and grows to 20 with a probability of at most
a twentieth, however often one looks (Ville 1939). The interval consists of the rates against which a mixture of such
bettors is not that rich. Robbins, Annals of Mathematical Statistics 41 (1970); for scores, Waudby-Smith and Ramdas,
JRSS B 86 (2024).

That covers the first step of each row, one row after the other. When rows are asked again, a row's score is its
failing share, and the wealth on the shares runs through a martingale read backwards, for which the same bound holds at
every pass (Manole and Ramdas, IEEE Transactions on Information Theory 69, 2023). That the looks of the first pass, of
the later ones and within one of these stay within one level together is measured, not proved.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

import numpy as np

from metamorph.runner.scores import Floats, Scores

_BETS = 96
"""Bets of either direction."""
_SCALE = 1.0
"""What the bettors believe: a rate whose log-odds differ from those in question by a Laplace variable of this scale.

Beside the beta-binomial mixture (Beta(1/2, 1/2) on the rate), this takes a fifth to two fifths fewer cases to settle
whether rates below 5% are allowed, since it is as much at home there as around one half.
"""
_EXACT = 1e-6
"""How exact an end of the interval is, relative to its distance from 0 and 1."""
_LEAST = 1e-12
"""Closer to 0 and 1 nothing is told apart."""


def log_wealth(scores: Scores, rate: float) -> float:
    """The logarithm of the wealth against *rate*, which lies strictly between 0 and 1."""
    believed, shares = _bets()
    tried, failed = (scores.tried / scores.most)[:, None], (scores.failed / scores.most)[:, None]
    odds = np.exp(believed)
    grown = np.log((1 - tried) + (failed * odds + (tried - failed)) / (1 - rate + rate * odds))
    return _log_sum(shares + scores.rows @ grown)


def settles(scores: Scores, rate: float, confidence: float) -> bool:
    """Whether *rate* lies outside the interval."""
    return log_wealth(scores, rate) >= -math.log1p(-confidence)


def anytime(scores: Scores, confidence: float) -> tuple[float, float]:
    """The interval of the violation rate that holds at every look, each look with all cases so far.

    >>> [round(end, 4) for end in anytime(Scores.single(0, 1_000), 0.95)]
    [0.0, 0.0054]
    """
    middle = scores.rate

    def outside(rate: float) -> bool:
        return settles(scores, rate, confidence)

    low = 0.0 if middle <= 0 else _end(outside, middle, 0.0)
    high = 1.0 if middle >= 1 else _end(outside, middle, 1.0)
    return low, high


def _end(outside: Callable[[float], bool], inner: float, outer: float) -> float:
    """Where a rate begins to be outside on the way from *inner*, on the outer side of what is left in doubt."""
    while abs(outer - inner) > max(_EXACT * min(inner + outer, 2 - inner - outer), _LEAST):
        between = (inner + outer) / 2
        inner, outer = (inner, between) if outside(between) else (between, outer)
    return outer


@functools.cache
def _bets() -> tuple[Floats, Floats]:
    """The log-odds by which the bettors differ from the rate in question, and the logarithm of each one's share."""
    sizes = np.geomspace(1e-3, 20.0, _BETS)
    shares = sizes * np.exp(-sizes / _SCALE)
    believed, shares = np.concatenate([-sizes[::-1], sizes]), np.concatenate([shares[::-1], shares])
    return believed, np.log(shares / shares.sum())


def _log_sum(logarithms: Floats) -> float:
    most = float(logarithms.max())
    return most + math.log(float(np.exp(logarithms - most).sum()))
