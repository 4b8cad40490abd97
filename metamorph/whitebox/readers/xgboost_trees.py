"""XGBoost's boosted trees, read from its own JSON; in float32, and a row goes left below a threshold."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from metamorph.whitebox.ensemble import LEAF, Ensemble, Unreadable
from metamorph.whitebox.readers.grove import Grove, Nodes


def read(model: Any) -> Ensemble:
    """The ensemble behind a fitted wrapper or Booster: its margins, one output a class or a target.

    A wrapper stopped early answers with its best iteration, a Booster with all. Raises Unreadable.
    """
    wrapped = hasattr(model, "get_booster")
    if not wrapped and type(model).__name__ != "Booster":
        msg = f"{type(model).__name__} is no tree ensemble"
        raise Unreadable(msg)
    if wrapped and not np.isnan(model.missing):
        msg = f"{type(model).__name__} takes missing={model.missing!r} for a missing value"
        raise Unreadable(msg)
    booster = model.get_booster() if wrapped else model
    document = json.loads(bytes(booster.save_raw("json")))
    learner = document["learner"]
    kind = learner["gradient_booster"]["name"]
    if kind != "gbtree":
        msg = f"XGBoost's booster={kind!r} cannot be read, only 'gbtree'"
        raise Unreadable(msg)
    forest = learner["gradient_booster"]["model"]
    base = _base(document, type(booster))
    grove = Grove()
    for tree, output in _used(forest, _iterations(model if wrapped else booster, wrapped=wrapped)):
        grove.plant(_nodes(tree, output, len(base)))
    features = int(learner["learner_model_param"]["num_feature"])
    return grove.ensemble(features, base, dtype=np.float32, cast=np.float32, levels=_levels(forest, learner))


def _iterations(model: Any, *, wrapped: bool) -> int | None:
    """How many iterations the model answers with; None for all."""
    if not wrapped:
        return None
    try:
        return int(model.best_iteration) + 1
    except AttributeError:
        return None


def _used(forest: Any, iterations: int | None) -> list[tuple[Any, int]]:
    """The trees that the model answers with, each with its output."""
    ends = forest["iteration_indptr"]
    count = ends[-1] if iterations is None else ends[min(iterations, len(ends) - 1)]
    return list(zip(forest["trees"][:count], forest["tree_info"][:count], strict=True))


def _base(document: Any, booster: Any) -> npt.NDArray[np.float32]:
    """What the trees are added to, per output, as XGBoost rounds it: what it answers with one tree, of zeros."""
    learner = document["learner"]
    forest = learner["gradient_booster"]["model"]
    trees = [
        tree
        | {"split_conditions": np.where(np.array(tree["left_children"]) == LEAF, 0, tree["split_conditions"]).tolist()}
        for tree in forest["trees"][:1]
    ]
    few = {"trees": trees, "tree_info": forest["tree_info"][:1], "iteration_indptr": list(range(len(trees) + 1))}
    few["gbtree_model_param"] = forest["gbtree_model_param"] | {"num_trees": str(len(trees))}
    small = document | {"learner": learner | {"gradient_booster": {"name": "gbtree", "model": forest | few}}}
    row = np.zeros((1, int(learner["learner_model_param"]["num_feature"])), dtype=np.float32)
    bare = booster(model_file=bytearray(json.dumps(small).encode()))
    answer: npt.NDArray[np.float32] = bare.inplace_predict(row, predict_type="margin", validate_features=False)
    return answer.reshape(-1)


def _levels(forest: Any, learner: Any) -> dict[int, tuple[Any, ...]]:
    """The categories that the model keeps (XGBoost 3.1 or later, fitted on a frame), by feature."""
    levels: dict[int, tuple[Any, ...]] = {}
    for feature, kept in enumerate((forest.get("cats") or {}).get("enc", [])):
        if learner["feature_types"][feature] != "c" or not kept["values"]:
            continue
        if "offsets" in kept:
            if min(kept["values"]) < 0:  # its offsets count characters and cut bytes
                msg = "XGBoost does not keep categories whole that are written in other letters than ASCII"
                raise Unreadable(msg)
            text = bytes(kept["values"]).decode("ascii")
            levels[feature] = tuple(text[start:end] for start, end in pairwise(kept["offsets"]))
        else:
            levels[feature] = tuple(kept["values"])
    return levels


def _nodes(tree: Any, output: int, outputs: int) -> Nodes:
    if int(tree["tree_param"]["size_leaf_vector"]) > 1:
        msg = "XGBoost's multi_strategy='multi_output_tree' cannot be read"
        raise Unreadable(msg)
    left, right = (np.array(tree[f"{side}_children"], dtype=np.int64) for side in ("left", "right"))
    inner = left != LEAF
    condition = np.array(tree["split_conditions"], dtype=np.float32)
    missing_left = np.array(tree["default_left"], dtype=bool)
    categories = {}
    for node, begin, size in zip(
        tree["categories_nodes"], tree["categories_segments"], tree["categories_sizes"], strict=True
    ):
        # what is listed goes right
        categories[node] = frozenset(tree["categories"][begin : begin + size])
        left[node], right[node], missing_left[node] = right[node], left[node], not missing_left[node]
    value = np.zeros((len(left), outputs))
    value[:, output] = np.where(inner, 0, condition)
    # below t in float32 is at most the number before t
    threshold = np.nextafter(condition, np.float32(-np.inf)).astype(np.float64)
    threshold[list(categories)] = 0
    feature = np.where(inner, np.array(tree["split_indices"], dtype=np.int64), LEAF)
    return Nodes(feature, threshold, missing_left, left, right, value, categories)
