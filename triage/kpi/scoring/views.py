"""The ways in which a row is judged: how large it is in each, and how surprising that is after all before it."""

from math import log

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from triage.kpi.scoring.past import BLOCK_ROWS, FIRST_LOOK, Past
from triage.kpi.scoring.shape import Shapes
from triage.kpi.scoring.tail import Tail

Array = NDArray[np.float64]

WEIGHTS = {"error": 1.0, "shift": 1.0, "high": 0.7, "low": 0.7, "wild": 0.8, "calm": 1.0, "shape": 0.85}
FLOORS = {"wild": 0.05, "calm": 0.15}
"""The least spread that is worth a word; of the others, it is a part of a usual move."""
FLOOR_MOVES = 0.5
OTHERS = 0.6  # what the other views add to the strongest
SHIFT_ROWS, SPREAD_ROWS = 8, 16
SHAPE_LEAST, SHAPE_MOST, SHAPE_USUAL = 12, 96, 24  # rows of a stretch: a cycle, if there is one
BAND_NATS = log(1000)


class Views:
    """`sign` is 1 or -1 where only moves up or down count, else 0."""

    def __init__(self, past: Past, sign: int) -> None:
        self._past = past
        self._sign = sign
        self._tails = {name: Tail() for name in WEIGHTS}
        self._values = Tail()
        self._sizes = {name: np.full(BLOCK_ROWS, np.nan) for name in WEIGHTS}
        self._shapes: Shapes | None = None

    @property
    def band(self) -> float:
        """The error that 999 of 1,000 rows keep to; infinite as long as it is not known."""
        past = self._past
        return self._tails["error"].limit(BAND_NATS, past.floor) if past.count > FIRST_LOOK else float("inf")

    def surprise(self, begin: int, end: int) -> Array:
        """Of rows of the block, in nats: the strongest, and a part of the others."""
        past = self._past
        first, last = begin - past.block, end - past.block
        for name, sizes in self._measured(begin, end).items():
            self._sizes[name][first:last] = sizes
        floor = max(past.floor, FLOOR_MOVES * past.unit)
        views = np.array([
            weight * self._tails[name].surprise(self._sizes[name][:last], FLOORS.get(name, floor))[first:]
            for name, weight in WEIGHTS.items()
        ])  # fmt: skip
        strongest = views.max(0)
        return np.asarray(strongest + OTHERS * (views.sum(0) - strongest) / (len(views) - 1))

    def learn(self) -> None:
        """Takes the block for past."""
        past = self._past
        for name, sizes in self._sizes.items():
            self._tails[name].learn(sizes[: past.end - past.block])
            sizes[:] = np.nan
        self._values.learn(past.values[past.block : past.end])
        if self._sign == 0 and past.count >= FIRST_LOOK:
            self._learn_shapes()

    def _measured(self, begin: int, end: int) -> dict[str, Array]:
        past = self._past
        middle = self._values.middle
        values = past.values[begin:end]
        found = {"error": self._wanted(past.errors[begin:end]), "shift": self._wanted(self._shift(begin, end))}
        if self._sign >= 0:
            found["high"] = np.maximum(values - middle, 0.0)
        if self._sign <= 0:
            found["low"] = np.maximum(middle - values, 0.0)
        if self._sign == 0 and past.count >= SPREAD_ROWS:
            moves = np.abs(np.diff(past.clean[begin - SPREAD_ROWS : end]))
            move = sliding_window_view(moves, SPREAD_ROWS).mean(1)
            found["wild"] = np.log(1 + move / (past.floor + 1e-12))
            found["calm"] = np.log(1 + past.unit / (move + 0.02 * past.unit + 1e-12))
        if self._shapes:
            rows = past.clean[past.first : end]
            found["shape"] = self._shapes.distances(rows, begin - past.first, past.block - past.first)
        return found

    def _shift(self, begin: int, end: int) -> Array:
        """The mean of the latest errors, of which none counts for too much."""
        past, rows = self._past, slice(begin - SHIFT_ROWS + 1, end)
        limit = 6 * past.unit
        seen = np.clip(past.errors[rows] + past.clean[rows] - past.values[rows], -limit, limit)
        return np.asarray(sliding_window_view(seen, SHIFT_ROWS).mean(1))

    def _wanted(self, move: Array) -> Array:
        return np.abs(move) if self._sign == 0 else np.maximum(self._sign * move, 0.0)

    def _learn_shapes(self) -> None:
        past = self._past
        length = min(max(past.cycle, SHAPE_LEAST), SHAPE_MOST) if past.cycle else SHAPE_USUAL
        begin = past.block - past.first
        if not self._shapes or not 0.7 < length / self._shapes.length < 1.4:
            self._shapes, self._tails["shape"] = Shapes(length, BLOCK_ROWS), Tail()
            begin = 0
        held = self._shapes.length  # a stretch is not compared with one that shares rows with it
        self._shapes.learn(past.clean[past.first : past.end], begin - held, past.end - past.first - held)
