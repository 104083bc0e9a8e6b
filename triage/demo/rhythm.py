"""How busy the shop is at each hour of the day and day of the week."""

from math import cos, pi

_DAY_S = 86_400
_BUSIEST_S = 20 * 3600
_SUNDAY = 3
"""1970-01-01 was a Thursday, so day 3 was a Sunday."""


def rhythm(at_s: float) -> float:
    """How many times the mean rate there is at `at_s` (seconds since 1970, UTC): 1 over a day on average."""
    daily = 1 + 0.5 * cos(2 * pi * (at_s - _BUSIEST_S) / _DAY_S) + 0.12 * cos(4 * pi * (at_s - _BUSIEST_S) / _DAY_S)
    day = int(at_s // _DAY_S) % 7
    return daily * (1.18 if day == _SUNDAY else 0.97)
