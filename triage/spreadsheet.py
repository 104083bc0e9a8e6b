"""CSV that people open in a spreadsheet: a text that it would run as a formula is kept a text."""

import csv
import io
import re
from collections.abc import Iterable

# What begins a cell, also after a semicolon, which some countries' spreadsheets split at: =, @, a tab or a line's end,
# their full-width forms, and + or - unless a number follows, such as a telephone's.
_FORMULA = re.compile(r"(?:\A|(?<=[;\t\r\n]))(?=[=@\t\r\n＝＠＋－]|[+-](?![0-9 ().-]*(?:\Z|;)))")

SUSPECT = r"(?:^|[;\t\r\n])[=@\t\r\n＝＠＋－+-]"
"""Found in every cell that `guarded` changes, and in few others; for engines that cannot look ahead."""


def line(cells: Iterable[str]) -> str:
    """One CSV line (RFC 4180); a formula gets an apostrophe in front."""
    text = io.StringIO()
    csv.writer(text).writerow(map(guarded, cells))
    return text.getvalue()


def guarded(cell: str) -> str:
    """The cell, kept a text."""
    return _FORMULA.sub("'", cell)
