"""What looks personal wherever it stands: e-mail addresses, cards' numbers, IP addresses, telephone numbers."""

import ipaddress
import re
from collections.abc import Callable

EMAIL = re.compile(r"[\w\u0300-\u036f.+%-]{1,64}(?:@|%40)[\w\u0300-\u036f-]+(?:\.[\w\u0300-\u036f-]+)+")
"""Its local part is bounded (RFC 5321), or a long text without a blank takes time by the square."""
CARD = re.compile(r"(?<!\w)\d(?:[ -]?\d){12,18}(?!\w)")
IP_4 = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?!\w)")
IP_6 = re.compile(r"(?<![\w.:])(?:[0-9A-Fa-f]{0,4}:){2,7}(?:\d{1,3}(?:\.\d{1,3}){3}(?!\w)|[0-9A-Fa-f]{0,4}(?![\w:]))")
"""It may end as one of version 4."""
PHONES = (
    re.compile(r"(?<![\w.])\+\d(?:[ ()./-]{0,2}\d){7,14}(?!\w)"),
    re.compile(r"(?<![\w.:-])00\d(?:[ ()./-]{0,2}\d){7,14}(?!\w)"),
    re.compile(r"(?<![\w.:-])(?:\(0\d{1,4}\)[ /-]?|0\d{2,4}[ /-])\d(?:[ -]?\d){5,9}(?!\w)"),
    re.compile(r"(?<![\w.:-])(?:\(\d{3}\) ?|\d{3}[.-])\d{3}[.-]\d{4}(?!\w)"),
)
"""Of any country with its code, and as people write them at home, in Europe and in North America."""


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_card(text: str) -> bool:
    """Luhn's check."""
    digits = [int(char) for char in reversed(text) if char.isdigit()]
    doubled = (digit * 2 if place % 2 else digit for place, digit in enumerate(digits))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


PATTERNS: tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...] = (
    ("email", EMAIL, bool),
    ("card", CARD, _is_card),
    ("ip", IP_6, _is_address),
    ("ip", IP_4, _is_address),
    *(("phone", pattern, bool) for pattern in PHONES),
)
"""In this order: the kind of each, what looks like one, and whether it is."""
