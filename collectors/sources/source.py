"""What every sender has in common: how it proves itself, and how what it delivers becomes events."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from collectors.sources.events import Event


@dataclass(frozen=True)
class Columns:
    """What columns of the shop's own tables mean, best first; their case does not matter."""

    customer: tuple[str, ...] = ("customer_id", "user_id")
    order: tuple[str, ...] = ("order_id",)
    idempotency: tuple[str, ...] = ("idempotency_key", "event_id")
    sequence: tuple[str, ...] = ("sequence", "seq", "version")
    quantity: tuple[str, ...] = ("on_hand", "available", "quantity")
    key: tuple[str, ...] = ()  # `column` or `table.column`, where a delivery comes without its key


@dataclass(frozen=True)
class Trust:
    """What senders have to show. An empty text is no secret; without any, only a listener on loopback is open."""

    is_loopback: bool
    token: str = field(default="", repr=False)
    github: str = field(default="", repr=False)
    grafana: str = field(default="", repr=False)
    launchdarkly: str = field(default="", repr=False)
    unleash: str = field(default="", repr=False)
    debezium: str = field(default="", repr=False)


@dataclass(frozen=True)
class Delivery:
    """One request of a sender: its headers (names in lower case, each with every value), its bytes, when it came."""

    headers: Mapping[str, Sequence[str]]
    body: bytes = field(repr=False)
    received_ns: int

    def header(self, name: str) -> str:
        """The header's value; "" where there is none, or more than one, since which is meant can't be told."""
        values = self.headers.get(name, ())
        return values[0].strip() if len(values) == 1 else ""


@dataclass(frozen=True)
class Source:
    """A sender: its name in the address, what it must show (Unproven), and its events (BadBody).

    `signs` tells whether it shows that by a signature of the body; else its head alone shows it.
    """

    name: str
    prove: Callable[[Trust, Delivery], None]
    read: Callable[[Delivery, Columns], Iterable[Event]]
    signs: Callable[[Trust], bool] = lambda _: False
