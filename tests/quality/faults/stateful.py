"""Faults of state: an answer depends on what was asked before."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tests.quality.faults.data import PRICE, houses
from tests.quality.faults.pipelines import yesterdays_prices
from tests.quality.faults.served import Approvals, Fault, Prices

TRAINED = houses()
AVERAGE = float(TRAINED[PRICE].mean())


class CachedByLength(Prices):
    """The first answers are kept for every later table of as many rows."""

    def __init__(self, pipeline: Any) -> None:
        super().__init__(pipeline)
        self.kept: dict[int, Any] = {}

    def answers(self, frame: pd.DataFrame) -> Any:
        if len(frame) not in self.kept:
            self.kept[len(frame)] = super().answers(frame)
        return self.kept[len(frame)]


class CachedByFirstRow(Prices):
    """Answers are kept for every later table with the same first row and as many rows."""

    def __init__(self, pipeline: Any) -> None:
        super().__init__(pipeline)
        self.kept: dict[Any, Any] = {}

    def answers(self, frame: pd.DataFrame) -> Any:
        key = (len(frame), *frame.iloc[0])
        if key not in self.kept:
            self.kept[key] = super().answers(frame)
        return self.kept[key]


class MemoOfTwoColumns(Prices):
    """A row is answered as the first row was that had its area and rooms."""

    def __init__(self, pipeline: Any) -> None:
        super().__init__(pipeline)
        self.memo: dict[Any, float] = {}

    def answers(self, frame: pd.DataFrame) -> Any:
        keys = list(zip(frame["area"], frame["rooms"], strict=True))
        fresh = super().answers(frame)
        return np.array([self.memo.setdefault(key, value) for key, value in zip(keys, fresh, strict=True)])


class PreviousAnswers(Prices):
    """A table of the previous one's shape gets the previous answers: the new ones are read before they are there."""

    def __init__(self, pipeline: Any) -> None:
        super().__init__(pipeline)
        self.previous = np.zeros(0)

    def answers(self, frame: pd.DataFrame) -> Any:
        fresh = super().answers(frame)
        late, self.previous = self.previous, fresh
        return late if len(late) == len(fresh) else fresh


class FirstCall(Prices):
    """The first call comes before the model is loaded, and gets the average."""

    def __init__(self, pipeline: Any) -> None:
        super().__init__(pipeline)
        self.loaded = False

    def answers(self, frame: pd.DataFrame) -> Any:
        loaded, self.loaded = self.loaded, True
        return super().answers(frame) if loaded else np.full(len(frame), AVERAGE)


class Learning(Prices):
    """The mean of the area goes on being learned from what is asked."""

    def __init__(self, pipeline: Any) -> None:
        super().__init__(pipeline)
        self.sum, self.count = float(TRAINED["area"].sum()), len(TRAINED)

    def answers(self, frame: pd.DataFrame) -> Any:
        self.sum, self.count = self.sum + float(frame["area"].sum()), self.count + len(frame)
        return super().answers(frame.assign(area=frame["area"] - self.sum / self.count + TRAINED["area"].mean()))


class TwoVersions(Prices):
    """Calls go to the new and to yesterday's model in turn."""

    def __init__(self, pipeline: Any) -> None:
        super().__init__(pipeline)
        self.calls = 0

    def answers(self, frame: pd.DataFrame) -> Any:
        self.calls += 1
        return super().answers(frame) if self.calls % 2 else yesterdays_prices().predict(frame)


class SeventhCall(Prices):
    """One of seven workers still has yesterday's model."""

    def __init__(self, pipeline: Any) -> None:
        super().__init__(pipeline)
        self.calls = 0

    def answers(self, frame: pd.DataFrame) -> Any:
        self.calls += 1
        return super().answers(frame) if self.calls % 7 else yesterdays_prices().predict(frame)


class Exhausted(Prices):
    """After a hundred calls the quota is used up, and everyone gets the average."""

    def __init__(self, pipeline: Any) -> None:
        super().__init__(pipeline)
        self.calls = 0

    def answers(self, frame: pd.DataFrame) -> Any:
        self.calls += 1
        return super().answers(frame) if self.calls <= 100 else np.full(len(frame), AVERAGE)


class DropoutLeftOn(Prices):
    """Answers scatter by a percent, as in training."""

    def __init__(self, pipeline: Any) -> None:
        super().__init__(pipeline)
        self.rng = np.random.default_rng(0)

    def answers(self, frame: pd.DataFrame) -> Any:
        return super().answers(frame) * (1 + 0.01 * self.rng.normal(size=len(frame)))


class OneBuffer(Prices):
    """Answers of every call lie in one buffer: those given before change under their reader's hands."""

    def __init__(self, pipeline: Any) -> None:
        super().__init__(pipeline)
        self.buffer = np.zeros(100_000)

    def answers(self, frame: pd.DataFrame) -> Any:
        self.buffer[: len(frame)] = super().answers(frame)
        return self.buffer[: len(frame)]


class LastSeen(Approvals):
    """Holes of the first row are filled with what the last call ended on."""

    def __init__(self, pipeline: Any) -> None:
        super().__init__(pipeline)
        self.last: pd.DataFrame | None = None

    def answers(self, frame: pd.DataFrame) -> Any:
        filled = frame.copy()
        for name in ("dep", "rep", "male"):
            if self.last is not None and filled[name].isna().iloc[0]:
                filled[name] = [self.last[name].iloc[0], *filled[name].iloc[1:]]
        self.last = filled.iloc[-1:]
        return super().answers(filled)


FAULTS: tuple[Fault, ...] = (
    Fault("first answers kept for tables as long", "stateful", "houses", CachedByLength),
    Fault("answers kept by the first row", "stateful", "houses", CachedByFirstRow),
    Fault("answers remembered by area and rooms", "stateful", "houses", MemoOfTwoColumns),
    Fault("the previous call's answers", "stateful", "houses", PreviousAnswers),
    Fault("first call before the model is loaded", "stateful", "houses", FirstCall),
    Fault("the mean learned from what is asked", "stateful", "houses", Learning),
    Fault("calls to two versions in turn", "stateful", "houses", TwoVersions),
    Fault("every seventh call to yesterday's model", "stateful", "houses", SeventhCall),
    Fault("the average after a hundred calls", "stateful", "houses", Exhausted),
    Fault("dropout left on", "stateful", "houses", DropoutLeftOn),
    Fault("answers of all calls in one buffer", "stateful", "houses", OneBuffer),
    Fault("holes filled with what was seen last", "stateful", "loans", LastSeen),
)
