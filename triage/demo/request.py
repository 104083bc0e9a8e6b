"""A request to the shop: a small tree of spans, the log records inside it, and what the model did to whom."""

from dataclasses import dataclass
from enum import IntEnum

from triage.demo.stock import StockMove

Value = str | int | float | bool | tuple[str, ...]
Attribute = tuple[str, Value]
Attributes = tuple[Attribute, ...]

SECOND_NS = 1_000_000_000
MS_NS = 1_000_000


class SpanKind(IntEnum):
    """The kinds of span, numbered as on the wire."""

    INTERNAL = 1
    SERVER = 2
    CLIENT = 3
    PRODUCER = 4
    CONSUMER = 5


class Severity(IntEnum):
    """The severities that the shop logs, numbered as on the wire."""

    INFO = 9
    WARN = 13
    ERROR = 17


@dataclass(frozen=True, slots=True, eq=False)
class Resource:
    """One running instance of a service."""

    service: str
    version: str
    scope: str
    attributes: Attributes


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """What a service does, as all its spans say it; `own_ns` is what it usually takes without those it calls."""

    service: str
    name: str
    kind: SpanKind
    own_ns: int
    attributes: Attributes = ()
    route: str = ""
    peer: str = ""
    partner: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Trouble:
    """One way to go wrong. `status` is the HTTP status answered (0: none came), `delay_ms` what it takes longer.

    With an empty `error` nothing fails: it only takes longer. `attributes` are what the span says besides.
    """

    status: int
    error: str
    message: str = ""
    delay_ms: float = 0.0
    attributes: Attributes = ()


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened inside a span."""

    time_ns: int
    name: str
    attributes: Attributes


@dataclass(frozen=True, slots=True)
class Link:
    """Another trace's span that led to this one."""

    trace_id: bytes
    span_id: bytes


@dataclass(frozen=True, slots=True)
class Span:
    """One span. Ids are 8 bytes (`parent_id` empty for a root); `status` is HTTP's, 0 where there is none."""

    operation: Operation
    resource: Resource
    span_id: bytes
    parent_id: bytes
    start_ns: int
    end_ns: int
    status: int
    trouble: Trouble | None
    attributes: Attributes
    events: tuple[Event, ...] = ()
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Log:
    """One log record, written inside the span `span_id` of its request. With an `event`, it is the event so called."""

    resource: Resource
    span_id: bytes
    time_ns: int
    severity: Severity
    body: str
    attributes: Attributes
    event: str = ""


@dataclass(frozen=True, slots=True)
class Harm:
    """What the model let go wrong in one step: it failed, or took long (`took_ns`), or both."""

    operation: Operation
    version: str
    at_ns: int
    took_ns: int
    failed: bool


@dataclass(frozen=True, slots=True)
class Order:
    """A cart on its way to be bought."""

    id: str
    amount: float
    currency: str
    skus: tuple[str, ...]

    @property
    def attributes(self) -> Attributes:
        return (("order.id", self.id), ("order.amount", self.amount), ("order.currency", self.currency))


@dataclass(frozen=True, slots=True)
class Request:
    """One trace. `spans[0]` is its entry, at which `failed` says how it ended.

    `customer` is who made it, where the telemetry names them anywhere ("" where it does not). `harms` is
    everything that went wrong on the way, seen from outside or not. `order` is the one that it is about, `bought`
    whether it was taken by this request. `unsold` is one that its customer could not even send, though they wanted to.
    `opens_visit` marks a visit's first request. `stock` is what it does to the stock.
    """

    trace_id: bytes
    spans: tuple[Span, ...]
    logs: tuple[Log, ...]
    customer: str
    failed: bool
    harms: tuple[Harm, ...]
    end_ns: int
    order: Order | None = None
    bought: bool = False
    opens_visit: bool = False
    unsold: Order | None = None
    stock: tuple[StockMove, ...] = ()

    @property
    def entry(self) -> Span:
        """The span that the shop was entered by."""
        return self.spans[0]


def http_trouble(status: int) -> Trouble:
    """The error that a span has merely because of its HTTP status."""
    return _HTTP_TROUBLES[status]


_HTTP_TROUBLES = {status: Trouble(status, str(status)) for status in range(400, 600)}


def fixed_attributes(operation: Operation, status: int, trouble: Trouble | None) -> Attributes:
    """The attributes that all spans of this operation share when they end alike."""
    ending: Attributes = (("http.response.status_code", status),) if status else ()
    if trouble is not None:
        ending += (("error.type", trouble.error), *trouble.attributes)
    return operation.attributes + ending
