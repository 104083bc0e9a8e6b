"""The tape on which one request is recorded: a clock of its own, the spans under way, and what went wrong.

A step moves the clock. A step that may go wrong says how it went: a Trouble, or None.
"""

from random import Random

from triage.demo.catalogue import CHECKOUT, CONTRACT_KEY, FULFILMENT, MONOLITH, SERVICES, STOREFRONT, Hop
from triage.demo.fault import Step
from triage.demo.request import (
    MS_NS,
    Attributes,
    Event,
    Harm,
    Link,
    Log,
    Operation,
    Order,
    Request,
    Resource,
    Severity,
    Span,
    Trouble,
    http_trouble,
)
from triage.demo.shopper import NamedAt, Shopper
from triage.demo.stock import Kind, StockMove
from triage.demo.weather import Weather

SLOW_NS = 250 * MS_NS
"""What takes longer is noted as a harm, so that a question for slowness (of more than this) can be answered."""

ORDINARY_FAILURES = 0.003
"""The share of requests in which a step fails on an ordinary day, where the request gets that far."""

_NAME_KEYS = {
    STOREFRONT: "user.id",
    MONOLITH: "enduser.id",
    CHECKOUT: "customer.id",
    FULFILMENT: "app.customer.id",
}
_ORDINARY = {service.name: service.failure for service in SERVICES}
_PARTNER_FAILURE = Trouble(503, "503", "Service Unavailable", 60)
_ID_STEP, _ID_MASK = 0x9E3779B97F4A7C15, (1 << 64) - 1


def _factors() -> tuple[float, ...]:
    dice = Random(20261122)
    return tuple(min(2.5, max(0.45, dice.lognormvariate(-0.06, 0.35))) / 2 for _ in range(4096))


_FACTORS = _factors()
"""How long a step takes against what is usual: log-normal, within reason, half of it before the calls that it makes."""


Open = tuple[Operation, Resource, bytes, int, Attributes, tuple[Link, ...]]
"""A span under way: operation, instance, span id, start, attributes, links."""


class Tape:
    """Records one request of a visitor, whom the telemetry can name once `logged_in`; `now` is ns since 1970."""

    def __init__(
        self, at_ns: int, visitor: Shopper, logged_in: bool, weather: Weather, dice: Random, ids: Random
    ) -> None:
        self.now, self.visitor, self.logged_in, self.weather, self.dice = at_ns, visitor, logged_in, weather, dice
        self.order: Order | None = None
        self.bought = False
        self._unlucky = dice.randrange(1, 7) if dice.random() < ORDINARY_FAILURES else 0
        self._trace_id, self._last_id = ids.randbytes(16), ids.getrandbits(64)
        self._named = False
        self._entry: Span | None = None
        self._open: list[Open] = []
        self._spans: list[Span] = []
        self._logs: list[Log] = []
        self._harms: list[Harm] = []
        self._stock: list[StockMove] = []

    def enter(self, operation: Operation, attributes: Attributes = (), links: tuple[Link, ...] = ()) -> None:
        """Begins a span on any instance of the operation's service."""
        instances = self.weather.fleet[operation.service]
        self._begin(operation, instances[int(self.dice.random() * len(instances))], attributes, links)

    def leave(self, status: int = 0, trouble: Trouble | None = None, events: tuple[Event, ...] = ()) -> Span:
        """Ends the span begun last, in error where there is a trouble."""
        operation, resource, span_id, start_ns, attributes, links = self._open.pop()
        self.now = now = self.now + int(operation.own_ns * _FACTORS[int(self.dice.random() * 4096)])
        parent_id = self._open[-1][2] if self._open else b""
        span = Span(operation, resource, span_id, parent_id, start_ns, now, status, trouble, attributes, events, links)
        if parent_id:
            self._spans.append(span)
        else:
            self._entry = span
        failed = trouble is not None or (operation.partner and status >= 400)
        if failed or now - start_ns > SLOW_NS:
            self._harms.append(Harm(operation, resource.version, start_ns, now - start_ns, failed))
        return span

    def enter_here(self, operation: Operation) -> None:
        """Begins a span on the same instance as the span begun last."""
        self._begin(operation, self._open[-1][1], ())

    def alone(self, operation: Operation, attributes: Attributes = ()) -> Span:
        """A span of the service at work that calls nobody who reports, such as a query; it does not fail."""
        self._begin(operation, self._open[-1][1], attributes)
        return self.leave()

    def log(self, severity: Severity, body: str, attributes: Attributes = (), event: str = "") -> None:
        """Writes a log record inside the span begun last."""
        _, resource, span_id, *_ = self._open[-1]
        self._logs.append(Log(resource, span_id, self.now, severity, body, attributes, event))

    def call(self, hop: Hop, attributes: Attributes = (), resend: int = 0) -> Trouble | None:
        """Begins a call, to be ended by `back`; when a trouble comes back, the call is over already."""
        self._begin(hop.client, self._open[-1][1], (("http.request.resend_count", resend),) if resend else ())
        self.enter(hop.server, attributes + self._naming(hop.server.service))
        if self.logged_in and self.visitor.named_at is NamedAt.LOG:
            self._name_in_log(hop.server.service)
        trouble = self._strikes()
        if trouble is None:
            return None
        self.now += int(trouble.delay_ms * MS_NS)
        if not trouble.error:
            return None
        self._end_call(trouble.status, trouble, (self._raised(trouble),))
        return trouble

    def back(self, status: int = 200) -> None:
        """Ends the call begun last with an HTTP status."""
        self._end_call(status, http_trouble(status) if status >= 500 else None)

    def ask(
        self, operation: Operation, attributes: Attributes = (), status: int = 200, resend: int = 0, quiet: bool = False
    ) -> Trouble | None:
        """Asks a partner, who answers `status` unless something strikes. `quiet`: an error of theirs is not marked."""
        if resend:
            attributes += (("http.request.resend_count", resend),)
        if operation.peer in self.weather.contracts:
            attributes += ((CONTRACT_KEY, self.weather.contracts[operation.peer]),)
        self._begin(operation, self._open[-1][1], attributes)
        trouble = self._strikes()
        if trouble is not None:
            self.now += int(trouble.delay_ms * MS_NS)
            trouble = trouble if trouble.error else None
        if trouble is None:
            self.leave(status, http_trouble(status) if status >= 400 and not quiet else None)
        else:
            self.leave(trouble.status, trouble, self._refused(trouble))
        return trouble

    def moves(self, kind: Kind, reservation: str, order: Order, after_ms: float = 0.0) -> None:
        """What happens to the stock of each piece of an order, now or a little later."""
        pieces = -1 if kind in (Kind.COMMIT, Kind.SALE) else 0
        at_ns, customer = self.now + int(after_ms * MS_NS), self.visitor.id
        self._stock += [
            StockMove(at_ns, kind, f"{reservation}-{line}", sku, pieces, order.id, customer)
            for line, sku in enumerate(order.skus)
        ]

    def here(self) -> Open:
        """The span begun last, for work that goes on after the answer."""
        return self._open[-1]

    def go_on(self, span: Open) -> None:
        """Goes on inside a span that has ended, as work after the answer does."""
        self._open.append(span)

    def request(self, opens_visit: bool = False, unsold: Order | None = None) -> Request:
        """All that was recorded, once its entry has ended."""
        entry = self._entry
        assert entry is not None, "the entry is still open"
        return Request(
            trace_id=self._trace_id,
            spans=(entry, *self._spans),
            logs=tuple(self._logs),
            customer=self.visitor.id if self._named else "",
            failed=entry.trouble is not None,
            harms=tuple(self._harms),
            end_ns=max(self.now, entry.end_ns),
            order=self.order,
            bought=self.bought,
            opens_visit=opens_visit,
            unsold=unsold,
            stock=tuple(self._stock),
        )

    def name(self, key: str) -> Attributes:
        """The attribute that names the customer. Whoever asks for it writes it."""
        self._named = True
        return ((key, self.visitor.id),)

    def _begin(
        self, operation: Operation, instance: Resource, attributes: Attributes, links: tuple[Link, ...] = ()
    ) -> None:
        self._last_id = (self._last_id + _ID_STEP) & _ID_MASK
        self._open.append((operation, instance, self._last_id.to_bytes(8, "big"), self.now, attributes, links))
        self.now += int(operation.own_ns * _FACTORS[int(self.dice.random() * 4096)])

    def _end_call(self, status: int, trouble: Trouble | None, events: tuple[Event, ...] = ()) -> None:
        self.leave(status, trouble, events)
        self.leave(status, http_trouble(status) if status >= 400 else None)

    def _strikes(self) -> Trouble | None:
        """What goes wrong in the span begun last: by the fault, or as on any day."""
        operation, resource, *_ = self._open[-1]
        for strike in self.weather.strikes.get(operation, ()):
            trouble = strike(Step(operation, resource.version, self.visitor, self.order, self.dice))
            if trouble is not None:
                return trouble
        if not self._unlucky:
            return None
        self._unlucky -= 1
        if self._unlucky:
            return None
        return _PARTNER_FAILURE if operation.partner else _ORDINARY[operation.service]

    def _naming(self, service: str) -> Attributes:
        """How this service's span names the customer, where it does."""
        key = _NAME_KEYS.get(service)
        if key is None:
            return ()
        if not self.logged_in:
            return ((key, ""),) if service == STOREFRONT else ()
        named_at = self.visitor.named_at
        names = named_at is NamedAt.DEEPER or (named_at is NamedAt.GATEWAY and service == CHECKOUT)
        return self.name(key) if names else ()

    def _name_in_log(self, service: str) -> None:
        if service in _NAME_KEYS:
            self.log(Severity.INFO, "session resumed", self.name("customer.id"))

    def _refused(self, trouble: Trouble) -> tuple[Event, ...]:
        """What is noted of a partner who did not answer at all, or who refused what was asked."""
        if not trouble.status:
            return (self._raised(trouble),)
        if trouble.status < 500:
            operation = self._open[-1][0]
            said = f"{operation.peer} refused {operation.name}: {trouble.status} {trouble.message}"
            self.log(Severity.ERROR, said, (("error.type", trouble.error),))
        return ()

    def _raised(self, trouble: Trouble) -> Event:
        """The exception in the span begun last, which is logged too."""
        operation, what = self._open[-1][0], f"{trouble.error}: {trouble.message}"
        attributes: Attributes = (
            ("exception.type", trouble.error),
            ("exception.message", trouble.message),
            ("exception.stacktrace", f"{what}\n    at {operation.service} ({operation.name})"),
        )
        self.log(Severity.ERROR, what, attributes)
        return Event(self.now, "exception", attributes)
