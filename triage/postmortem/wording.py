"""How figures and moments are written in a postmortem. All times are UTC."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from triage import money

NBSP = "\u00a0"


def counted(count: int, noun: str) -> str:
    """`1 customer`, `4,188 failures`."""
    return f"{count:,} {noun if count == 1 else noun + 's'}"


def failure(*, slow: bool) -> str:
    """What is counted of spans."""
    return "slow span" if slow else "failure"


def not_recovered(*, slow: bool) -> str:
    """What customers who have not recovered "have": whom only slowness hit got through."""
    return "had no quick answer since" if slow else "not got through since"


def day_and_clock(moment: datetime) -> str:
    """`22 Nov 2026 10:02:15 UTC`."""
    moment = moment.astimezone(UTC)
    return f"{moment.day} {moment:%b %Y} {moment:%H:%M:%S} UTC"


def clock(moment: datetime, like: datetime) -> str:
    """The time alone, and the day where it is another than `like`'s."""
    moment, like = moment.astimezone(UTC), like.astimezone(UTC)
    return f"{moment:%H:%M:%S} UTC" if moment.date() == like.date() else day_and_clock(moment)


def amounts(by_currency: Mapping[str, Decimal | float]) -> str:
    """`18,211.40 EUR + 3.00 USD`, each unbroken; "" of nothing."""
    return money.amounts(by_currency, NBSP)


def closed(text: str) -> str:
    """A sentence with its point; what was cut short has ended already."""
    return text if text.endswith("…") else f"{text.rstrip('.')}."


def joined(parts: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    *first, last = parts or [""]
    return f"{', '.join(first)} and {last}" if first else last
