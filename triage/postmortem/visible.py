"""Text from outside made harmless: what has no width, steers or turns the direction is written out."""

import re

from triage.odd import ODD

BLANKS = re.compile(r"[ \t\r\n]+")
LONGEST_CELL = 200
LONGEST_TEXT = 50_000


def visible(text: str, limit: int = LONGEST_TEXT) -> str:
    """The text in a line, odd characters as their code points; what is longer than `limit` says how long it is."""
    shown = ODD.sub(lambda match: f"[U+{ord(match[0]):04X}]", BLANKS.sub(" ", text).strip())
    return shown if len(shown) <= limit else f"{shown[:limit]}… ({len(text):,} characters)"
