"""A handful of requests whose story is known: four customers, each with another outcome."""

from dataclasses import dataclass
from datetime import UTC, datetime

from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from queries.store import Store
from tests.integration.otlp import SECOND, T0, Plain, any_value, attributes, logs, segment, span, token, traces

FROM = datetime.fromtimestamp(T0 / SECOND, UTC)
ODD = "K/17@é"
HOSTILE = "<script>alert(1)</script>\u202e\x00"
LAST = 0xABC
ERROR = Status(code=Status.STATUS_CODE_ERROR)
EXCEPTION = Span.Event(
    name="exception",
    time_unix_nano=T0 + SECOND,
    attributes=attributes({"exception.type": "TimeoutError", "exception.message": "no answer within 2 s"}),
)


@dataclass(frozen=True)
class Checkout:
    """One request: gateway → payment."""

    trace: int
    customer: str
    at_s: float
    entry_failed: bool
    payment_failed: bool
    order: str = ""
    operation: str = "POST /checkout"

    def gateway(self) -> Span:
        named: dict[str, Plain] = {"customer.id": self.customer, "http.route": "/checkout"} if self.customer else {}
        made = self._span(1, 0, 0, named, failed=self.entry_failed)
        made.name = self.operation
        return made

    def payment(self) -> Span:
        order: dict[str, Plain] = (
            {"order.id": self.order, "order.amount": 49.9, "order.currency": "EUR"} if self.order else {}
        )
        made = self._span(2, 1, 0.01, order, failed=self.payment_failed)
        made.name = "POST /charge"
        made.events.extend([EXCEPTION] if self.payment_failed else [])
        return made

    def _span(self, number: int, parent: int, late_s: float, named: dict[str, Plain], *, failed: bool) -> Span:
        start = T0 + int((self.at_s + late_s) * SECOND)
        status = ERROR if failed else None
        kind = Span.SPAN_KIND_SERVER
        return span(number, self.trace, parent, start, attributes=attributes(named), status=status, kind=kind)


CHECKOUTS = (
    Checkout(1, ODD, 10, True, True, "o-1"),
    Checkout(2, ODD, 20, True, True, "o-1"),
    Checkout(3, "c-2", 30, True, True, "o-2"),
    Checkout(4, "c-2", 40, False, False, "o-2"),
    Checkout(5, "c-3", 50, False, True),
    Checkout(6, "", 60, True, False),
    Checkout(LAST, HOSTILE, 70, True, True, operation=f"POST {HOSTILE}"),
)


def fill(store: Store) -> None:
    """Inserts it all."""
    gateway = traces(*(each.gateway() for each in CHECKOUTS), resource={"service.name": "gateway"})
    payment = traces(
        *(each.payment() for each in CHECKOUTS), resource={"service.name": "payment", "service.version": "2.4.0"}
    )
    store.insert("traces", segment(gateway, payment), token())
    written = LogRecord(
        time_unix_nano=T0 + 10 * SECOND + SECOND // 50,
        trace_id=(1).to_bytes(16, "big"),
        span_id=(2).to_bytes(8, "big"),
        severity_number=17,  # type: ignore[arg-type]  # an enum's number
        body=any_value(f"card declined {HOSTILE}"),
        attributes=attributes({"attempt": 1}),
    )
    store.insert("logs", segment(logs(written, resource={"service.name": "payment"})), token())


def trace_id(number: int) -> str:
    """A trace's id as the API writes it."""
    return f"{number:032x}"
