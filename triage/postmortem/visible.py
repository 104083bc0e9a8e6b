"""Text from outside made harmless: what has no width, steers or turns the direction is written out."""

import re

ODD = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e0fff\ud800-\udfff]"
)
BLANKS = re.compile(r"[ \t\r\n]+")
LONGEST_CELL = 200
LONGEST_TEXT = 50_000


def visible(text: str, limit: int = LONGEST_TEXT) -> str:
    """The text in a line, odd characters as their code points; what is longer than `limit` says how long it is."""
    shown = ODD.sub(lambda match: f"[U+{ord(match[0]):04X}]", BLANKS.sub(" ", text).strip())
    return shown if len(shown) <= limit else f"{shown[:limit]}… ({len(text):,} characters)"
