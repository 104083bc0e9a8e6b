"""What is written to a terminal, or in its place: the streams, text from outside made harmless, and tables."""

import os
import sys
import unicodedata
from collections.abc import Container, Iterable, Iterator, Sequence
from io import TextIOWrapper
from pathlib import Path
from shutil import get_terminal_size

GAP = "  "
WIDEST = 80
"""Cells of a column that others follow: one name of a hundred thousand characters would push them all out of sight."""


def prepare_output() -> None:
    """Files and pipes get UTF-8, a terminal what it can show and the rest as `\\u…`, and closed streams nothing."""
    sys.stdout = sys.stdout or Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - open until the end
    sys.stderr = sys.stderr or Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding=None if sys.stdout.isatty() else "utf-8", errors="backslashreplace")


def leave_output() -> None:
    """Writes what is left, to nowhere where that fails: Python would try once more at its end, and complain."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def printable(text: str) -> str:
    """The text with its control characters written out, so that it can't steer the terminal or break a line."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)


def terminal_width() -> int | None:
    """Characters in a line of the terminal; None if standard output is none, and lines may be of any length."""
    return get_terminal_size().columns if sys.stdout.isatty() else None


def columns(
    headings: Sequence[str], rows: Iterable[Sequence[str]], *, right: Container[str] = (), width: int | None = None
) -> Iterator[str]:
    """Rows below their headings, aligned; columns that are empty in every row are left out.

    The columns named in `right` are aligned to the right. Lines longer than `width` are clipped, and so is what is too
    wide for a column that others follow.
    """
    cells = [[printable(cell) for cell in row] for row in rows]
    kept = [index for index in range(len(headings)) if any(row[index] for row in cells)]
    cells = [[clip(cell, WIDEST) if index in kept[:-1] else cell for index, cell in enumerate(row)] for row in cells]
    widths = {index: max(_cells_wide(row[index]) for row in (headings, *cells)) for index in kept}
    for row in (headings, *cells):
        line = GAP.join(_pad(row[index], widths[index], headings[index] in right) for index in kept).rstrip()
        yield line if width is None else clip(line, width)


def clip(line: str, width: int) -> str:
    """The line cut to a width in characters of the terminal, an ellipsis at its end if anything is missing."""
    room = 0
    for place, char in enumerate(line):
        room += _cells_wide(char)
        if room > width:
            return _fitting(line[:place], width - 1) + "…"
    return line


def _fitting(line: str, width: int) -> str:
    while _cells_wide(line) > width:
        line = line[:-1]
    return line


def _pad(text: str, width: int, right: bool) -> str:
    blank = " " * (width - _cells_wide(text))
    return blank + text if right else text + blank


def _cells_wide(text: str) -> int:
    """How many cells of a terminal it takes: wide characters two, combining ones none."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )
