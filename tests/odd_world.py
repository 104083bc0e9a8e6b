"""The small alphabets that random traces are spelled with: moments, operations, and the names of a world."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

from hypothesis import strategies as st

Attributes: TypeAlias = dict[str, str]

MS = 1_000_000
SECOND = 1000 * MS
HOUR = 3600 * SECOND
BASE = datetime(2026, 3, 28, 23, 59, 50, tzinfo=UTC)
"""Ten seconds before a minute, an hour and a day end."""
BASE_NS = int(BASE.timestamp()) * SECOND

ODD = "w\\m's\n\t\x00\x01\x01\x02é"
"""A name that must survive each way in which the store quotes and packs texts."""
OPERATIONS = st.sampled_from(["buy", "look"] * 3 + [ODD])
ERRORS = st.sampled_from([False, False, True])
DURATIONS = st.sampled_from([0, 20 * MS, 100 * MS, 100 * MS + 1, 2000 * MS, 5000 * MS])
STARTS = st.sampled_from([0, 0, 0, 1, 1000, 1001, SECOND - 1, SECOND, 2 * SECOND, 11 * SECOND])


@dataclass(frozen=True)
class Keys:
    """Which attributes mean what, best first, and the partners that settings name."""

    customer: tuple[str, ...]
    order: tuple[str, ...]
    amount: tuple[str, ...]
    currency: tuple[str, ...]
    partners: tuple[str, ...] = ()


DEFAULT_KEYS = Keys(("customer.id", "user.id"), ("order.id",), ("order.amount",), ("order.currency",))
OWN_KEYS = Keys(
    ("shopper", "customer.id"),
    ("cart", "order.id"),
    ("total", "order.amount"),
    ("money",),
    ("psp", "shop", "wms.example"),
)


class World:
    """The names that some traces draw from: their own, and a few that all share."""

    def __init__(self, number: int, keys: Keys, services: tuple[str, ...]) -> None:
        self.number, self.services = number, st.sampled_from(services)
        customers = (f"ann{number}", f"bob{number}", f"K/{number}@é'\\", "zoe")
        named = [naming for customer in customers for naming in _namings(keys.customer, customer)]
        self.customer_keys = keys.customer
        self.names = st.sampled_from([{keys.customer[0]: customer} for customer in customers])
        self.on_spans = st.sampled_from([{}] * 2 * len(named) + named)
        self.on_resources = st.sampled_from([{}] * 15 * len(named) + named)
        self.in_logs = st.sampled_from([{}, *named])
        self.orders = [{keys.order[-1]: f"o{number}"}, {keys.order[0]: f"p{number}"}, dict.fromkeys(keys.order, "q")]

    def trace_id(self, number: int) -> str:
        return f"{self.number:016x}{number:016x}"

    def span_id(self, number: int) -> str:
        return f"{self.number:08x}{number:08x}"


def _namings(keys: Sequence[str], customer: str) -> list[Attributes]:
    best, other = keys
    return [
        {best: customer},
        {best: customer},
        {other: customer},
        {best: "", other: customer},
        {best: customer, other: "nobody"},
        {best: ""},
    ]
