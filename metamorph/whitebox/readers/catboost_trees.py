"""CatBoost's trees, read from its JSON export; it compares in float32, a row going right above a border."""

from __future__ import annotations

import json
import pathlib
import tempfile
from typing import Any

import attrs
import numpy as np

from metamorph.whitebox.ensemble import LEAF, Ensemble, Mask, Places, Unreadable
from metamorph.whitebox.readers.grove import Grove, Nodes

_KINDS = {
    "OneHotFeature": "categorical features",
    "OnlineCtr": "categorical features",
    "EstimatedFeature": "text and embedding features",
}


def read(model: Any) -> Ensemble:
    """The ensemble behind a fitted CatBoost model: its raw values, one output a class or a target.

    The bias is added at the end. Raises Unreadable.
    """
    if not hasattr(model, "save_model") or not hasattr(model, "tree_count_"):
        msg = f"{type(model).__name__} is no tree ensemble"
        raise Unreadable(msg)
    if not model.is_fitted():
        msg = f"{type(model).__name__} is not fitted"
        raise Unreadable(msg)
    document = _exported(model)
    scale, bias = document["scale_and_bias"]
    if scale != 1:
        msg = f"CatBoost's scale={scale!r} cannot be read"
        raise Unreadable(msg)
    base = np.asarray(bias, dtype=np.float64).reshape(-1)
    features = _Features.of(document, len(base))
    grove = Grove()
    for tree in document.get("oblivious_trees", []):
        grove.plant(_oblivious(tree, features))
    for tree in document.get("trees", []):
        grove.plant(_grown(tree, features))
    return grove.ensemble(len(model.feature_names_), base, cast=np.float32, base_last=True)


@attrs.frozen(eq=False)
class _Features:
    """A model's outputs, and its float features: their columns, and where NaN goes; shape ``(features,)``."""

    outputs: int
    columns: Places
    missing_left: Mask

    @classmethod
    def of(cls, document: Any, outputs: int) -> _Features:
        floats = document["features_info"].get("float_features", [])
        columns = np.array([feature["flat_feature_index"] for feature in floats], dtype=np.int64)
        # NaN is above every border where it is treated as true, and above none otherwise
        return cls(outputs, columns, np.array([feature["nan_value_treatment"] != "AsTrue" for feature in floats]))


def _exported(model: Any) -> Any:
    """What CatBoost writes of a model; it writes to a file only."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "model.json"
        model.save_model(str(file), format="json")
        return json.loads(file.read_text(encoding="utf-8"))


def _question(split: Any) -> tuple[int, float]:
    """The float feature and the border of a split."""
    if split["split_type"] != "FloatFeature":
        msg = f"CatBoost's {_KINDS.get(split['split_type'], split['split_type'])} cannot be read"
        raise Unreadable(msg)
    return split["float_feature_index"], float(np.float32(split["border"]))


def _oblivious(tree: Any, floats: _Features) -> Nodes:
    """A tree that asks one question a level; the first of them is the lowest bit of a leaf's place."""
    questions = [_question(split) for split in tree["splits"] or ()][::-1]
    depth = len(questions)
    inner = 2**depth - 1
    features, borders = np.array([question[0] for question in questions], dtype=np.int64), [q[1] for q in questions]
    level = np.floor(np.log2(np.arange(1, inner + 1))).astype(np.int64)
    feature, threshold = np.full(2 * inner + 1, LEAF), np.zeros(2 * inner + 1)
    missing, value = np.zeros(2 * inner + 1, dtype=bool), np.zeros((2 * inner + 1, floats.outputs))
    if depth:
        feature[:inner], threshold[:inner] = floats.columns[features[level]], np.array(borders)[level]
        missing[:inner] = floats.missing_left[features[level]]
    left = np.where(feature == LEAF, LEAF, 2 * np.arange(2 * inner + 1) + 1)
    value[inner:] = np.asarray(tree["leaf_values"], dtype=np.float64).reshape(-1, floats.outputs)
    return Nodes(feature, threshold, missing, left, np.where(feature == LEAF, LEAF, left + 1), value)


def _grown(tree: Any, floats: _Features) -> Nodes:
    """A tree of another growing policy: nodes within nodes."""
    nodes, rows = [tree], []
    for node in nodes:  # grows while it is gone through
        if "split" not in node:
            rows.append((LEAF, 0.0, False, LEAF, LEAF, np.broadcast_to(node["value"], floats.outputs)))
            continue
        place, border = _question(node["split"])
        rows.append(
            (
                floats.columns[place],
                border,
                floats.missing_left[place],
                len(nodes),
                len(nodes) + 1,
                np.zeros(floats.outputs),
            )
        )
        nodes.extend((node["left"], node["right"]))
    feature, threshold, missing, left, right, value = (np.array(column) for column in zip(*rows, strict=True))
    return Nodes(feature, threshold, missing, left, right, value)
