"""A check's figures as people read them: with as many digits as they bear, and their unit."""

from __future__ import annotations

from triage.kpi.usual import Usual

RATIOS = {"1", "ratio"}


def figure(value: float, unit: str) -> str:
    """`12.4 %`, `0.41 s`, `31 orders/min`."""
    number, sign = _scaled(value, unit)
    return f"{_digits(number)}{f' {sign}' if sign else ''}"


def band(usual: Usual, unit: str) -> str:
    """`3.1–3.4 %`, or one value where its ends read alike; "unknown" of nothing."""
    if usual.low is None or usual.high is None:
        return "unknown" if usual.middle is None else figure(usual.middle, unit)
    low, high = (_digits(_scaled(end, unit, of=usual.high)[0]) for end in (usual.low, usual.high))
    sign = _scaled(usual.high, unit)[1]
    return f"{low if low == high else f'{low}–{high}'}{f' {sign}' if sign else ''}"


def _scaled(value: float, unit: str, of: float | None = None) -> tuple[float, str]:
    """The number and the sign after it; `of` chooses the sign where several numbers share one."""
    if unit in RATIOS:
        return 100 * value, "%"
    if unit == "ms":
        return (value, "ms") if abs(value if of is None else of) < 1000 else (value / 1000, "s")
    return value, _unit(unit)


def _unit(unit: str) -> str:
    """UCUM's annotations without their braces: `{order}/min` is `order/min`."""
    return unit.replace("{", "").replace("}", "")


def _digits(number: float) -> str:
    size = abs(number)
    if size and size < 0.05:
        return f"{number:.1g}" if size >= 0.001 else "0.0"
    text = f"{number:,.0f}" if size >= 100 else f"{number:.1f}"
    return text.removesuffix(".0")
