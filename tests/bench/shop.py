"""Telemetry for benchmarks: what the simulated shop's direct writer makes, with traces, customers and orders."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import cycle
from math import inf

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from queries.store import varint
from triage.demo.catalogue import INVENTORY, RESERVE, STOCK
from triage.demo.fault import Scenario, Step
from triage.demo.model import Shop
from triage.demo.request import Request, Trouble
from triage.demo.rhythm import rhythm
from triage.demo.write import SPANS_EACH, otlp_requests

SPANS_A_REQUEST = 9.2  # of the shop's requests, on average
SEGMENT_BYTES = 30_000_000  # a little less than segments are sealed at
CUSTOMERS = 60_000
STRUCK = 0.12  # so many calls of inventory fail that, of a million spans, some 4,000 customers are affected

_AWAY = Trouble(503, "psycopg.OperationalError", "FATAL: remaining connection slots are reserved", 35)


def _now_and_then(step: Step) -> Trouble | None:
    return _AWAY if step.dice.random() < STRUCK else None


BROWN_OUT = Scenario(
    name="brown-out",
    fault=f"{INVENTORY} answers 503 to {STRUCK:.1%} of its calls",
    cause="its database has few connections left",
    questions=(),
    places=frozenset({STOCK.server, RESERVE.server}),
    strike=_now_and_then,
)


@dataclass
class Telemetry:
    """OTLP requests by signal, and how many spans they hold."""

    records: dict[str, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    spans: int = 0

    def segments(self, signal: str) -> list[bytes]:
        """The bodies of the segments that they would fill."""
        bodies, parts, size = [], list[bytes](), 0
        for record in self.records[signal]:
            if size + len(record) > SEGMENT_BYTES:
                bodies.append(b"".join(parts))
                parts, size = [], 0
            parts += (varint(len(record)), record)
            size += len(record)
        return [*bodies, b"".join(parts)] if parts else bodies

    def repeated(self, signal: str, number: int, size: int) -> list[bytes]:
        """So many segments of so many bytes, of requests that come again and again."""
        again, bodies = cycle(self.records[signal]), []
        for _ in range(number):
            parts, length = list[bytes](), 0
            while length < size:
                record = next(again)
                parts += (varint(len(record)), record)
                length += len(record)
            bodies.append(b"".join(parts))
        return bodies


def busy_shop(spans: int, start_s: float, *, seed: int = 1, spans_each: int = SPANS_EACH) -> Telemetry:
    """At least so many spans of a shop with 200 requests a second, from `start_s` (seconds since 1970) on."""
    shop = Shop("calm", seed, 200.0)
    shop.scenario = BROWN_OUT
    return _written(shop.between(start_s, inf, shop.fault(start_s)), spans, spans_each)


def hour_of_shop(spans: int, start_s: float) -> Telemetry:
    """About so many spans, spread over the hour that begins at `start_s`; a fault strikes now and then all the time."""
    rate = spans / (3600 * SPANS_A_REQUEST)
    shop = Shop("calm", 1, rate / rhythm(start_s + 1800))
    shop.scenario = BROWN_OUT
    shop.customers = max(100, CUSTOMERS * spans // 1_000_000)
    return _written(shop.between(start_s, start_s + 3600, shop.fault(start_s)), 0, SPANS_EACH)


def spans_in(record: bytes) -> int:
    """How many spans an OTLP request holds."""
    request = ExportTraceServiceRequest.FromString(record)
    return sum(len(scoped.spans) for resource in request.resource_spans for scoped in resource.scope_spans)


def _written(requests: Iterable[Request], enough: int, spans_each: int) -> Telemetry:
    made = Telemetry()

    def counted() -> Iterator[Request]:
        for request in requests:
            made.spans += len(request.spans)
            yield request
            if enough and made.spans >= enough:
                return

    for signal, record in otlp_requests(counted(), spans_each):
        made.records[signal].append(record)
    return made
