"""How a measured value is written, by its unit: `31 %`, `1.90 s`, `12.4 orders/min`."""

import re
from dataclasses import dataclass

from dashboards.pages.shown import NBSP, duration, number, share

RATIOS = ("ratio", "1")
COUNTED = re.compile(r"\{([a-z]+)\}(/min)?")


@dataclass(frozen=True)
class Axis:
    """How an axis writes its values: each times `scale`, with `suffix`; `format` as d3 has it."""

    scale: float
    suffix: str
    format: str


def measured(value: float | None, unit: str) -> str:
    """The value with its unit; "unknown" of nothing."""
    if value is None:
        return "unknown"
    if unit in RATIOS:
        return share(value, 1)
    if unit == "ms":
        return duration(value)
    counted = COUNTED.fullmatch(unit)
    if not counted:
        return f"{number(value)}{NBSP}{unit}".rstrip(NBSP)
    noun, per = counted[1], counted[2] or ""
    if noun == "currency":
        return number(value, 0 if abs(value) >= 100 else 2)
    return f"{number(value)}{NBSP}{noun}{'' if value == 1 else 's'}{per}"


def band(low: float | None, high: float | None, unit: str) -> str:
    """Between what it usually lies: `0–3 %`, `under 0.1 %`; "" where that is not known."""
    if low is None or high is None:
        return ""
    lower, upper = measured(low, unit), measured(high, unit)
    if lower == upper or (low == 0 and upper.startswith("under")):
        return upper
    figure, _, of = lower.rpartition(NBSP)
    return f"{figure}–{upper}" if figure and upper.endswith(NBSP + of) else f"{lower} – {upper}"


def axis(unit: str, highest: float) -> Axis:
    """The axis that suits values up to `highest`."""
    if unit in RATIOS:
        return Axis(100, "\u202f%", ".3~g")
    if unit == "ms":
        return Axis(0.001, "\u202fs", ".3~g") if highest >= 1000 else Axis(1, "\u202fms", ".3~g")
    return Axis(1, "", ",.3~g" if highest < 1000 else ",.0f")
