"""Answers that depend on what was asked before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from tests.quality.faults.second.data import CLINICS
from tests.quality.faults.served import After, Before, DataSet, Fault, Prices, served


class Memory(dict[Any, Any]):
    """What a service remembers between two calls."""


class Surcharged(Prices):
    """A surcharge that was set after training, and is not among what is saved."""

    surcharge = 0.0

    def scores(self, rows: Any) -> Any:
        """Costs with the surcharge."""
        return np.asarray(super().scores(rows)) * (1 + self.surcharge)

    def __getstate__(self) -> dict[str, Any]:
        """All but the surcharge."""
        return {name: value for name, value in self.__dict__.items() if name != "surcharge"}


def cached_by_rounded(memory: Memory) -> After:
    """An answer is kept for whoever has the same values, thousands and tens rounded."""

    def after(answers: Any, frame: pd.DataFrame) -> Any:
        rounded = frame.assign(
            power_kw=frame["power_kw"].astype("float64").round(-1), vehicle_value=_thousands(frame["vehicle_value"])
        )
        kept = rounded[["driver_age", "power_kw", "vehicle_value", "region", "fuel", "loyalty", "garage"]]
        keys = pd.util.hash_pandas_object(kept.astype("str"), index=False).tolist()
        return np.array([memory.setdefault(key, answer) for key, answer in zip(keys, answers, strict=True)])

    return after


def centred_on_first(memory: Memory) -> Before:
    """What is subtracted was learned from the first batch that came, and training's mean added."""

    def before(frame: pd.DataFrame) -> pd.DataFrame:
        weights = frame["weight_kg"].astype("float64")
        mean = memory.setdefault("mean", weights.mean() if weights.notna().any() else 74.2)
        return frame.assign(weight_kg=weights - mean + 74.2)

    return before


def drift_corrected(memory: Memory) -> After:
    """A running mean of all answers pulls each answer a little."""

    def after(answers: Any, frame: pd.DataFrame) -> Any:  # noqa: ARG001 - what an After is given
        memory["mean"] = 0.95 * memory.get("mean", 3_500.0) + 0.05 * float(np.mean(answers))
        return answers + 0.02 * (3_500.0 - memory["mean"])

    return after


def twentieth_call(memory: Memory) -> After:
    """Every twentieth call is answered by the old rule, for comparison."""

    def after(scores: Any, frame: pd.DataFrame) -> Any:
        memory["calls"] = memory.get("calls", 0) + 1
        waiting = frame["waiting_days"].to_numpy(dtype="float64")
        return np.clip(0.1 + waiting / 150, 0, 1) if memory["calls"] % 20 == 0 else scores

    return after


def dropout(memory: Memory) -> Before:  # noqa: ARG001 - NumPy's global generator is the memory
    """Training's noise was left on: one reminder in fifty is forgotten."""

    def before(frame: pd.DataFrame) -> pd.DataFrame:
        kept = np.random.random(len(frame)) >= 0.02  # noqa: NPY002 - the global generator is the fault
        return frame.assign(sms=frame["sms"].to_numpy(dtype=bool) & kept)

    return before


def warming_up(memory: Memory) -> After:
    """The first two calls are answered before the calibration is loaded."""

    def after(scores: Any, frame: pd.DataFrame) -> Any:  # noqa: ARG001 - what an After is given
        memory["calls"] = memory.get("calls", 0) + 1
        return scores if memory["calls"] > 2 else scores**0.8

    return after


def remembered_visits(memory: Memory) -> Before:
    """A visit that was asked about before counts as one missed more."""

    def before(frame: pd.DataFrame) -> pd.DataFrame:
        keys = pd.util.hash_pandas_object(frame[["age", "starts", "clinic"]].astype("str"), index=False).tolist()
        again = np.array([key in memory for key in keys], dtype="int64")
        memory.update(dict.fromkeys(keys, True))
        return frame.assign(earlier_missed=frame["earlier_missed"].to_numpy(dtype="int64") + again)

    return before


def first_come_codes(memory: Memory) -> Before:
    """A level has the number that was free when it first came."""

    def before(frame: pd.DataFrame) -> pd.DataFrame:
        clinics = frame["clinic"].astype("object")
        for level in clinics.unique().tolist():
            memory.setdefault(level, len(memory))
        codes = clinics.map(memory).astype("int64").to_numpy()
        return frame.assign(clinic=np.array(CLINICS, dtype=object)[codes % len(CLINICS)])

    return before


def decaying(memory: Memory) -> After:
    """Each call takes a thousandth off: a factor is multiplied into itself."""

    def after(answers: Any, frame: pd.DataFrame) -> Any:  # noqa: ARG001 - what an After is given
        memory["factor"] = memory.get("factor", 1.0) * 0.999
        return answers * memory["factor"]

    return after


def last_known(memory: Memory) -> Before:
    """A missing insurer is the one that was last seen in an earlier call."""

    def before(frame: pd.DataFrame) -> pd.DataFrame:
        insurer, last = frame["insurer"].astype("object"), memory.get("last", "public")
        known = insurer.dropna()
        memory["last"] = known.iloc[-1] if len(known) else last
        return frame.assign(insurer=insurer.where(insurer.notna(), last))

    return before


def surcharged(pipeline: Any) -> Any:
    """Costs with a surcharge of five percent, until they are saved and loaded."""
    door = Surcharged(pipeline)
    door.surcharge = 0.05
    return door


def refitted(pipeline: Any) -> Any:
    """The service learns from what it answers: a wide batch shifts the level of all later answers."""
    level = {"mean": 0.32}

    def after(scores: Any, frame: pd.DataFrame) -> Any:
        if len(frame) >= 200:
            level["mean"] = float(np.mean(scores))
        return np.clip(scores + 0.5 * (level["mean"] - 0.32), 0, 1)

    return served(pipeline, after=after)


def _thousands(column: pd.Series) -> pd.Series:
    return column.astype("float64").round(-3)


def _before(data: DataSet, name: str, made: Callable[[Memory], Before]) -> Fault:
    return Fault(name, "stateful", data, lambda pipeline: served(pipeline, made(Memory())))


def _after(data: DataSet, name: str, made: Callable[[Memory], After]) -> Fault:
    return Fault(name, "stateful", data, lambda pipeline: served(pipeline, after=made(Memory())))


STATEFUL = [
    _after("claims", "cached by rounded values", cached_by_rounded),
    _before("visits", "centred on the first batch", centred_on_first),
    _after("claims", "a running mean corrects drift", drift_corrected),
    _after("visits", "every twentieth call is the old rule's", twentieth_call),
    _before("visits", "dropout is left on", dropout),
    _after("visits", "the first two calls are not calibrated", warming_up),
    _before("visits", "asked before counts as missed", remembered_visits),
    _before("visits", "codes in the order of appearance", first_come_codes),
    _after("claims", "a factor decays with each call", decaying),
    _before("visits", "a hole takes the last call's level", last_known),
    Fault("the surcharge is not saved", "stateful", "claims", surcharged),
    Fault("wide batches shift later answers", "stateful", "visits", refitted),
]
