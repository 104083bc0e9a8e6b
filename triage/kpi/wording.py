"""A check's figures as people read them: with as many digits as they bear, and their unit."""

from __future__ import annotations

import re

from triage.kpi.usual import Usual

RATIOS = {"1", "ratio"}
NOUN, HISSING = re.compile(r"\{([a-z]*[a-rt-x])\}"), re.compile(r"\{([a-z]*(?:x|ch|sh))\}")


def figure(value: float, unit: str) -> str:
    """`12.4 %`, `0.41 s`, `31 orders/min`."""
    number, sign = _scaled(value, unit)
    text = _digits(number, sign)
    return f"{text} {counted(sign, text)}".rstrip()


def band(usual: Usual, unit: str) -> str:
    """`3.1–3.4 %`, or one value where its ends read alike; "unknown" of nothing."""
    if usual.low is None or usual.high is None:
        return "unknown" if usual.middle is None else figure(usual.middle, unit)
    low, high = (_digits(*_scaled(end, unit, of=usual.high)) for end in (usual.low, usual.high))
    text = low if low == high else f"{low}–{high}"
    return f"{text} {counted(_scaled(usual.high, unit)[1], text)}".rstrip()


def counted(unit: str, count: str) -> str:
    """UCUM's annotations as people write them beside a count: `{order}/min` is `orders/min`, of one `order/min`.

    What stands behind the stroke is one: `EUR/{order}` is `EUR/order`.
    """
    words, stroke, per = unit.partition("/")
    if count != "1":
        words = NOUN.sub(r"{\1s}", HISSING.sub(r"{\1es}", words))
    return f"{words}{stroke}{per}".replace("{", "").replace("}", "")


def _scaled(value: float, unit: str, of: float | None = None) -> tuple[float, str]:
    """The number and the sign after it; `of` chooses the sign where several numbers share one."""
    if unit in RATIOS:
        return 100 * value, "%"
    if unit == "ms":
        return (value, "ms") if abs(value if of is None else of) < 1000 else (value / 1000, "s")
    return value, unit


def _digits(number: float, sign: str) -> str:
    if sign == "%" and 99.9 < number < 100:
        return "over 99.9"
    size = abs(number)
    if size and size < 0.05:
        return f"{number:.1g}" if size >= 0.001 else "0.0"
    text = f"{number:,.0f}" if size >= 100 else f"{number:.1f}"
    return text.removesuffix(".0")
