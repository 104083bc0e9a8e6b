"""The latest rows of a series, in blocks, with what was learned of them: interval, rhythm, the size of a usual move."""

import numpy as np
from numpy.typing import NDArray

from triage.kpi.scoring.period import period_of

Array = NDArray[np.float64]

KEPT_ROWS = 16_384
BLOCK_ROWS = 64  # that are judged by what was learned before them
LEAD_ROWS = 16  # stand before the first, so that every row has some before it
FIRST_LOOK, LOOK_AGAIN, LOOK_SURELY = 48, 1.3, 2000
"""The rhythm is sought after so many rows, whenever they are so many times more, and after so many more."""
LEAST_MOVES, MOST_MOVES = 5, 1000
MEMORY = 0.98  # of a move, a row later


class Past:
    """Arrays of which `first:end` are rows: `clean` are the values without spikes, `errors` what was not expected."""

    def __init__(self) -> None:
        size = LEAD_ROWS + 2 * KEPT_ROWS + BLOCK_ROWS
        self.times, self.values, self.clean, self.errors = (np.zeros(size) for _ in range(4))
        self.first = self.end = self.block = LEAD_ROWS
        self.count = 0  # of the rows that were learned, the dropped ones included
        self.step = 0.0  # seconds from row to row
        self.cycle = 0  # rows; 0 where there is no rhythm
        self.unit = 1.0  # the size of a usual move from row to row
        self.floor = 1e-9  # the least that is worth a word
        self._block_rows = 1
        self._look_at = LEAST_MOVES

    @property
    def room(self) -> int:
        """How many rows the block still takes."""
        return self.block + self._block_rows - self.end

    @property
    def most_error(self) -> float:
        """An error counts for no more, when a size is learned."""
        return 6 * self.unit if self.count > FIRST_LOOK else float("inf")

    def append(self, times: Array, values: Array) -> None:
        """Adds rows to the block; a time before an earlier one is taken for that."""
        if self.end == LEAD_ROWS:
            self.times[:LEAD_ROWS] = times[0]
            self.values[:LEAD_ROWS] = self.clean[:LEAD_ROWS] = values[0]
        rows = slice(self.end, self.end + len(values))
        self.times[rows] = np.maximum.accumulate(np.maximum(times, self.times[self.end - 1]))
        self.values[rows] = self.clean[rows] = values
        self.end = rows.stop

    def learn(self) -> None:
        """Takes the block for past."""
        moves = np.minimum(np.abs(np.diff(self.values[self.block - 1 : self.end])), self.most_error)
        if self.count == 1:
            self.unit = float(moves[0]) or max(abs(float(self.values[self.block])), 1e-6) * 1e-3
        elif self.count:
            weights = (1 - MEMORY) * MEMORY ** np.arange(len(moves) - 1, -1, -1.0)
            self.unit = max(MEMORY ** len(moves) * self.unit + float((weights * moves).sum()), self.floor)
        self.count += len(moves)
        if self.count >= self._look_at:
            self._look()

    def begin_block(self) -> None:
        """Begins the next one, and drops the oldest rows when there are twice as many as are kept."""
        if self.end > LEAD_ROWS + 2 * KEPT_ROWS - BLOCK_ROWS:
            for array in (self.times, self.values, self.clean, self.errors):
                array[:KEPT_ROWS] = array[self.end - KEPT_ROWS : self.end].copy()
            self.first, self.end = 0, KEPT_ROWS
        self.block = self.end
        self._block_rows = min(max(self.count // 4, 1), BLOCK_ROWS)

    def _look(self) -> None:
        steps = np.diff(self.times[max(self.first, self.end - MOST_MOVES) : self.end])
        self.step = float(np.median(steps[steps > 0])) if (steps > 0).any() else 0.0
        values = self.values[self.first : self.end]
        spread = float(np.subtract(*np.quantile(values, (0.9, 0.1))))
        self.floor = max(1e-3 * spread, 1e-4 * float(np.median(np.abs(values))), 1e-9)
        if self.count < FIRST_LOOK:
            self._look_at = min(2 * self.count, FIRST_LOOK)
        else:
            self._look_at = min(int(self.count * LOOK_AGAIN), self.count + LOOK_SURELY)
            self.cycle = period_of(values)
