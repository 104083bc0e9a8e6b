"""Text from outside, without the characters that must not reach a reader as they are."""

import re

ODD = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e0fff\ud800-\udfff]"
)
"""Controls, and what has no width or turns the direction of what follows."""
LONGEST_NAME = 60


def one_line(text: str, limit: int = LONGEST_NAME) -> str:
    """Hostile text on one line, no longer than that, without what can't be seen."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
