"""How unlike all earlier ones the latest stretch of a series is.

The left matrix profile (Yeh et al., "Matrix Profile I", ICDM 2016; Lu et al., "DAMP", KDD 2022) over stretches that are
reduced to some segments each (piecewise aggregates: Keogh et al., 2001), with the mean taken out but not the scale: a
stretch of small noise is no shape.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Array = NDArray[np.float64]

SEGMENTS = 32
STRETCHES = 4096  # earlier ones that are remembered


class Shapes:
    """The latest earlier stretches of `length` rows, of rows that come in blocks of at most `block`."""

    def __init__(self, length: int, block: int) -> None:
        self._rows = max(length // SEGMENTS, 1)  # of a segment
        self._segments = length // self._rows
        self.length = self._rows * self._segments
        self._earlier: Array = np.zeros((STRETCHES, self._segments))
        self._squares: Array = np.full(STRETCHES, np.inf)
        self._count = 0
        self._asked: Array = np.zeros((block, self._segments))

    def learn(self, rows: Array, first: int, last: int) -> None:
        """Remembers the stretches that end at the places `first` to before `last` of `rows`, one a segment's length."""
        ends = np.arange(max(first, self.length - 1), last)
        ends = ends[ends % self._rows == 0][-STRETCHES:]
        if not len(ends):
            return
        stretches = self._reduced(rows, ends)
        places = (self._count + np.arange(len(ends))) % STRETCHES
        self._earlier[places] = stretches
        self._squares[places] = (stretches * stretches).sum(1)
        self._count += len(ends)

    def distances(self, rows: Array, first: int, block: int) -> Array:
        """How far the stretches that end at `first` and after are from their nearest; nan where none is.

        `block` is where the block begins: a stretch has the same place in the product however its rows come, for the
        product to be the same to the last bit.
        """
        found = np.full(len(rows) - first, np.nan)
        begin = max(first, self.length - 1)
        known = min(self._count, STRETCHES)
        if known < self._segments or begin >= len(rows):
            return found
        stretches = self._reduced(rows, np.arange(begin, len(rows)))
        places = slice(begin - block, len(rows) - block)
        self._asked[places] = stretches
        apart = self._asked @ self._earlier[:known].T
        apart *= -2
        apart += self._squares[:known]
        nearest = apart[places].min(1) + (stretches * stretches).sum(1)
        found[begin - first :] = np.sqrt(np.maximum(nearest, 0.0))
        return found

    def _reduced(self, rows: Array, ends: NDArray[np.int64]) -> Array:
        """One row a stretch, one column a segment; the distance of two is that of a row of theirs."""
        begin = int(ends[0]) - self.length + 1
        means = sliding_window_view(rows[begin : int(ends[-1]) + 1], self._rows).mean(1)
        columns = np.arange(self._segments) * self._rows
        reduced = means[(ends - self.length + 1 - begin)[:, None] + columns]
        reduced -= reduced.mean(1, keepdims=True)
        return np.asarray(reduced / np.sqrt(self._segments))
