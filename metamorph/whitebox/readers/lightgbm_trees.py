"""LightGBM's boosted trees, read from its model text; it compares and adds in float64."""

from __future__ import annotations

from typing import Any

import numpy as np

from metamorph.whitebox.ensemble import LEAF, Ensemble, Places, Unreadable
from metamorph.whitebox.readers.grove import Grove, Nodes
from metamorph.whitebox.readers.lightgbm_zeros import BELOW, TINY, zeros_apart

_CATEGORICAL, _DEFAULT_LEFT = 1, 2
_NONE, _ZERO = 0, 1
_BITS = 32
_WHILE_PREDICTING = ("pred_early_stop", "num_iteration_predict", "start_iteration_predict")
"""Settings of a wrapper that it hands on whenever it predicts."""


def read(model: Any) -> Ensemble:
    """The ensemble behind a fitted wrapper or Booster: its raw scores, one output a class.

    With its best iteration where it was stopped early. Raises Unreadable.
    """
    booster = getattr(model, "booster_", model)
    if type(booster).__name__ != "Booster":
        msg = f"{type(model).__name__} is no tree ensemble"
        raise Unreadable(msg)
    settings = model.get_params() if hasattr(model, "get_params") else {}
    changed = [name for name in _WHILE_PREDICTING if settings.get(name)]
    if changed:
        msg = f"{type(model).__name__} was given {changed[0]}, with which it does not add up all of its trees"
        raise Unreadable(msg)
    parts = booster.model_to_string().split("\nTree=")  # the best iteration, or all
    head, averaged = _fields(parts[0]), "\naverage_output" in parts[0]
    outputs, features = int(head["num_tree_per_iteration"]), int(head["max_feature_idx"]) + 1
    grove = Grove()
    for number, part in enumerate(parts[1:]):
        fields = _fields(part.partition("\nend of trees")[0])
        if fields.get("is_linear", "0") != "0":
            msg = "LightGBM's linear_tree=True cannot be read: its leaves are linear functions"
            raise Unreadable(msg)
        grove.plant(_tree(fields, number % outputs, outputs))
    divisor = len(grove.trees) // outputs if averaged else 1
    return grove.ensemble(features, np.zeros(outputs), divisor=float(max(divisor, 1)), levels=_levels(booster, head))


def _fields(text: str) -> dict[str, str]:
    return {name: value for name, found, value in (line.partition("=") for line in text.splitlines()) if found}


def _levels(booster: Any, head: dict[str, str]) -> dict[int, tuple[Any, ...]]:
    """The categories of a frame's categorical columns, which LightGBM keeps in the columns' order."""
    kept = booster.pandas_categorical or []
    if not kept:
        return {}
    # a feature of categories has its codes listed; "none" is said of a constant one, whatever its kind
    known = [
        (place, info.split(":")) for place, info in enumerate(head["feature_infos"].split(" ")) if info[0] not in "[n"
    ]
    fitting = len(known) == len(kept) and all(
        max(map(int, codes)) < len(levels) for (_, codes), levels in zip(known, kept, strict=True)
    )
    if not fitting:
        msg = "LightGBM does not say which of its columns are categories (ordered or constant ones are among them)"
        raise Unreadable(msg)
    return {place: tuple(levels) for (place, _), levels in zip(known, kept, strict=True)}


def _tree(fields: dict[str, str], output: int, outputs: int) -> Nodes:
    """A tree: its inner nodes as LightGBM numbers them, then its leaves."""
    leaves = int(fields["num_leaves"])
    inner = leaves - 1
    value = np.zeros((inner + leaves, outputs))
    value[inner:, output] = _numbers(fields["leaf_value"])
    feature, left, right = (np.full(inner + leaves, LEAF, dtype=np.int64) for _ in range(3))
    threshold, missing_left = np.zeros(inner + leaves), np.zeros(inner + leaves, dtype=bool)
    categories = {}
    zeros = np.zeros(inner + leaves, dtype=bool)
    if inner:
        feature[:inner] = _numbers(fields["split_feature"])
        kinds = _numbers(fields["decision_type"]).astype(np.int64)
        left[:inner], right[:inner] = (_children(fields[f"{side}_child"], inner) for side in ("left", "right"))
        limits = _numbers(fields["threshold"])
        missing = (kinds >> 2) & 3
        threshold[:inner] = limits
        # before a tree is asked, tiny values become zero, and NaN as well unless it is a kind of its own
        threshold[:inner][np.abs(limits) <= TINY] = BELOW
        threshold[:inner][(limits >= 0) & (limits <= TINY)] = TINY
        missing_left[:inner] = np.where(missing == _NONE, limits >= 0, kinds & _DEFAULT_LEFT)
        zeros[:inner] = (missing == _ZERO) & ((kinds & _CATEGORICAL) == 0)
        for node in np.flatnonzero(kinds & _CATEGORICAL).tolist():
            categories[node] = _members(fields, int(limits[node]))
            threshold[node], missing_left[node] = 0.0, False
    nodes = Nodes(feature, threshold, missing_left, left, right, value, categories)
    return zeros_apart(nodes, zeros) if zeros.any() else nodes


def _numbers(text: str) -> Any:
    return np.array(text.split(" "), dtype=np.float64)


def _children(text: str, inner: int) -> Places:
    """Nodes from LightGBM's numbers, in which leaves are the complements of theirs."""
    child = np.array(text.split(" "), dtype=np.int64)
    return np.where(child < 0, inner + ~child, child)


def _members(fields: dict[str, str], place: int) -> frozenset[int]:
    ends = np.array(fields["cat_boundaries"].split(" "), dtype=np.int64)
    words = np.array(fields["cat_threshold"].split(" "), dtype=np.uint32)[ends[place] : ends[place + 1]]
    bits = (words[:, None] >> np.arange(_BITS, dtype=np.uint32)) & 1
    return frozenset(np.flatnonzero(bits.ravel()).tolist())
