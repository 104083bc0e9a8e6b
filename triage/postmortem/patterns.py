"""What looks personal wherever it stands: e-mail addresses, cards' numbers, IP addresses, telephone numbers."""

import ipaddress
import re
from collections.abc import Callable

BLANK = r" \u00a0\u2009\u202f"
DASH = r"\-\u2010\u2011"
GAP = rf"[{BLANK}{DASH}.]"
"""Between the digits of a number as people write it; some texts have those that break no line."""

VERSION = r"v?\d+\.(?:x\b|\d+\.(?:\d|x\b))"
EMAIL = re.compile(
    rf"[\w\u0300-\u036f.+%-]{{1,64}}(?:@|%40)(?!{VERSION})(?:[\w\u0300-\u036f-]+\.)+[^\W\d_][\w\u0300-\u036f-]*"
)
"""Its local part is bounded (RFC 5321), or a long text without a blank takes time by the square.

`payment@2.4` is none: the last part of a domain begins with a letter. Neither is `payment@2.4.0-rc.beta`.
"""
CARD = re.compile(rf"(?<!\w)\d(?:[{BLANK}{DASH}]?\d){{12,18}}(?!\w)")
IP_4 = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?!\w)")
IP_6 = re.compile(r"(?<![\w.:])(?:[0-9A-Fa-f]{0,4}:){2,7}(?:\d{1,3}(?:\.\d{1,3}){3}(?!\w)|[0-9A-Fa-f]{0,4}(?![\w:]))")
"""It may end as one of version 4."""
DATE = rf"\d\d{GAP}\d\d{GAP}\d{{4}}"
DIGIT = r"(?!(?:20\d\d-[01]\d-[0-3]\d|[0-3]\d\.[01]\d\.20\d\d)(?!\d))\d"
"""One that begins no day."""
PAST_PREFIX = rf"(?:{GAP}|[{BLANK}]?[{DASH}\u2013/][{BLANK}]?(?=[1-9])|/)"
WITH_ITS_CODE = rf"[1-9](?:[{BLANK}{DASH}\u2013./()]{{0,3}}{DIGIT}){{7,14}}"
AT_HOME = (
    rf"(?:\(0[1-9]\d{{0,3}}\){PAST_PREFIX}?|0[1-9]\d{{1,3}}{PAST_PREFIX}){DIGIT}(?:{GAP}?{DIGIT}){{5,9}}",
    rf"(?!{DATE})0[1-9](?:{GAP}|/)\d(?:{GAP}?\d){{6,8}}",
    r"0[1-9]\d{8,9}",
    rf"(?:1{GAP}\(?\d{{3}}\)?{GAP}{{0,2}}|\(\d{{3}}\)[{BLANK}]?|\d{{3}}[{DASH}.])\d{{3}}{GAP}\d{{4}}",
)
"""As people write them in Europe (a prefix of three digits or more, or of two, or no gap) and in North America."""
PHONE = re.compile(
    rf"(?:(?<![\w.])|(?<=(?i:tel)\.))(?:(?:\+|%2[Bb]){WITH_ITS_CODE}|"
    rf"(?<!-)(?<!\d:)(?:00[{BLANK}{DASH}]?{WITH_ITS_CODE}|{'|'.join(AT_HOME)}))(?!\w|:\d)"
)


def _is_address(text: str) -> bool:
    """Somebody's, and not `::`, which stands between words, too."""
    try:
        return not ipaddress.ip_address(text).is_unspecified
    except ValueError:
        return False


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
    ("phone", PHONE, bool),
)
"""In this order: the kind of each, what looks like one, and whether it is."""
