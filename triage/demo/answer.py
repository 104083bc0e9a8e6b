"""The true answer to a question of who was hit: the customers, and how it went on for each."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from triage.demo.fault import Question


@dataclass
class Hit:
    """A customer that was hit: times in ns since 1970, `orders` (amount and currency) those of the requests hit."""

    customer: str
    failures: int = 0
    failed_requests: int = 0
    first_ns: int = 0
    last_ns: int = 0
    outcome: str = "masked"
    recovered_ns: int | None = None
    last_attempt_ns: int = 0
    orders: dict[str, tuple[float, str]] = field(default_factory=dict)

    @property
    def amount(self) -> dict[str, float]:
        """By currency."""
        return worth([self])


@dataclass(frozen=True)
class Answer:
    """The true answer to one question about `[from_ns, to_ns)`."""

    question: Question
    from_ns: int
    to_ns: int
    hits: tuple[Hit, ...]
    failures: int
    failed_requests: int
    unattributed_failures: int

    def count(self, outcome: str) -> int:
        return sum(hit.outcome == outcome for hit in self.hits)


def worth(hits: Iterable[Hit]) -> dict[str, float]:
    """What the orders of those hit are worth, by currency."""
    return total(order for hit in hits for order in hit.orders.values())


def total(orders: Iterable[tuple[float, str]]) -> dict[str, float]:
    """The sum of amounts with their currencies, by currency; to the cent."""
    cents: dict[str, int] = defaultdict(int)
    for amount, currency in orders:
        cents[currency] += round(amount * 100)
    return {currency: amount / 100 for currency, amount in cents.items()}
