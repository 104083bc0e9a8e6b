"""How busy the shop is at each hour of the day and day of the week."""

from collections.abc import Callable
from math import cos, pi, sin
from random import Random

_DAY_S = 86_400
_BUSIEST_S = 20 * 3600
_SUNDAY = 3
"""1970-01-01 was a Thursday, so day 3 was a Sunday."""


def rhythm(at_s: float) -> float:
    """How many times the mean rate there is at `at_s` (seconds since 1970, UTC): 1 over a day on average."""
    daily = 1 + 0.5 * cos(2 * pi * (at_s - _BUSIEST_S) / _DAY_S) + 0.12 * cos(4 * pi * (at_s - _BUSIEST_S) / _DAY_S)
    day = int(at_s // _DAY_S) % 7
    return daily * (1.18 if day == _SUNDAY else 0.97)


NIGHT = 0.01
_OPENS_H, _OPEN_H, _NOON = 6.0, 18.0, 2.08
_SALE = 2.5


def week_with_sale(seed: int) -> Callable[[float], float]:
    """A rhythm for long runs, 1 over a week on average: nights at a hundredth, and one day of the week is a sale.

    Which day it is, is the seed's.
    """
    sale = Random(f"{seed} sale").randrange(7)

    def at(at_s: float) -> float:
        hour, day = at_s % _DAY_S / 3600, int(at_s // _DAY_S) % 7
        open_h = (hour - _OPENS_H) % 24
        daily = max(NIGHT, _NOON * sin(pi * open_h / _OPEN_H)) if open_h < _OPEN_H else NIGHT
        weekly = _SALE if day == sale else 1.0
        return daily * weekly * 7 / (6 + _SALE)

    return at
