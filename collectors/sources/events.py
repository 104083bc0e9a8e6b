"""What senders tell, as the tables of events take it: one JSON line an event."""

import json
from dataclasses import asdict, dataclass, field
from typing import ClassVar, TypeAlias

LONGEST_TITLE = 500  # characters
LONGEST_NAME = 300
LONGEST_ADDRESS = 2000


@dataclass(frozen=True, kw_only=True)
class Change:
    """A deploy, flag flip, config, contract or pipeline change."""

    landing: ClassVar[str] = "change"

    id: str  # alike for the same change and state, however often it is told
    time_ns: int
    kind: str  # deploy, flag, config, contract, pipeline, other
    source: str
    service: str = ""
    version: str = ""
    environment: str = ""
    title: str = ""
    author: str = ""
    url: str = ""
    status: str = ""
    details: str = ""  # JSON


@dataclass(frozen=True, kw_only=True)
class Alert:
    """An alert of another system, in one state."""

    landing: ClassVar[str] = "alert"

    id: str
    time_ns: int
    ends_ns: int | None
    source: str
    fingerprint: str
    group_key: str
    status: str  # firing, resolved
    name: str
    severity: str
    labels: dict[str, str]
    annotations: dict[str, str]
    url: str


@dataclass(frozen=True, kw_only=True)
class RowChange:
    """A change of a row in one of the shop's databases, or the end of a transaction."""

    landing: ClassVar[str] = "cdc"

    id: str
    time_ns: int
    captured_ns: int
    op: str
    connector: str = ""
    db: str = ""
    schema: str = ""
    table: str = ""
    key: str = ""  # JSON
    before: str = field(default="", repr=False)  # JSON
    after: str = field(default="", repr=False)
    position: str = ""
    tx: str = ""
    tx_order: int = 0
    topic: str = ""
    partition: int = -1
    offset: int = 0
    snapshot: bool = False
    idempotency_key: str = ""
    customer: str = field(default="", repr=False)
    order_id: str = ""
    sequence: int | None = None
    quantity: float | None = None


Event: TypeAlias = Change | Alert | RowChange


def line(event: Event) -> bytes:
    """The event as `append(Kind.EVENTS, …)` takes it.

    Half a character is replaced: the engine would read the whole event as blank.
    """
    told = {"Kind": event.landing, "Body": asdict(event)}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode("utf-8", "replace")


def web_link(text: str) -> str:
    """The address if a browser may follow it, else ""."""
    return text if text.startswith(("https://", "http://")) and len(text) <= LONGEST_ADDRESS else ""
