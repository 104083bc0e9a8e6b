"""A progress bar on a terminal, and nothing where there is none."""

import sys
from typing import TextIO

from triage.terminal import clip

WIDTH = 24
CLEAR_LINE = "\r\x1b[K"


class Progress:
    """One line that is written over; it goes to standard error, which is no part of a command's answer."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._on = self._stream.isatty()

    def show(self, done: float, text: str) -> None:
        """`done` is a part of 1."""
        if self._on:
            full = round(WIDTH * min(max(done, 0.0), 1.0))
            line = clip(f"{'█' * full}{'░' * (WIDTH - full)} {min(max(done, 0.0), 1.0):4.0%}  {text}", 79)
            self._stream.write(CLEAR_LINE + line)
            self._stream.flush()

    def clear(self) -> None:
        """Takes the line away."""
        if self._on:
            self._stream.write(CLEAR_LINE)
            self._stream.flush()
