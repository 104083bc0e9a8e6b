"""The shop's figures as its gateway counts them: visits, orders, revenue, conversion, and how requests went."""

from bisect import bisect_left
from collections import deque
from dataclasses import dataclass, field

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    AGGREGATION_TEMPORALITY_CUMULATIVE,
    HistogramDataPoint,
    Metric,
    NumberDataPoint,
    ScopeMetrics,
)

from triage.demo.encode import key_value
from triage.demo.request import SECOND_NS, Attributes, Operation, Request, Resource

EVERY_S = 10
CONVERSION_OVER_S = 300

BOUNDS_S = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
"""The bounds that the semantic conventions ask for."""


@dataclass(frozen=True)
class Figure:
    """A metric by name, as all that report it describe it."""

    name: str
    unit: str
    description: str


VISITS = Figure("shop.visits", "{visit}", "Visits begun")
ORDERS = Figure("shop.orders", "{order}", "Orders taken")
REVENUE = Figure("shop.revenue", "{currency}", "Amount of the orders taken")
CONVERSION = Figure("shop.conversion", "1", f"Orders for each visit, over the last {CONVERSION_OVER_S} s")
DURATION = Figure("http.server.request.duration", "s", "Duration of HTTP server requests")


class Conversion:
    """Orders for each visit over the last minutes; None where nobody came."""

    def __init__(self) -> None:
        self._seen: deque[tuple[int, bool, bool]] = deque()
        self._visits = self._orders = 0

    def add(self, request: Request) -> None:
        if request.opens_visit or request.bought:
            self._seen.append((request.end_ns, request.opens_visit, request.bought))
            self._visits += request.opens_visit
            self._orders += request.bought

    def at(self, now_ns: int) -> float | None:
        while self._seen and self._seen[0][0] < now_ns - CONVERSION_OVER_S * SECOND_NS:
            _, visit, order = self._seen.popleft()
            self._visits -= visit
            self._orders -= order
        return self._orders / self._visits if self._visits else None


@dataclass
class _Histogram:
    count: int = 0
    sum_s: float = 0.0
    min_s: float = float("inf")
    max_s: float = 0.0
    buckets: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS_S) + 1))

    def add(self, took_s: float) -> None:
        self.count += 1
        self.sum_s += took_s
        self.min_s, self.max_s = min(self.min_s, took_s), max(self.max_s, took_s)
        self.buckets[bisect_left(BOUNDS_S, took_s)] += 1


class Kpis:
    """Counts requests, and says every so often how many there were: cumulative since the first, as the SDK does it."""

    def __init__(self) -> None:
        self.conversion = Conversion()
        self._start_ns = 0
        self._visits: dict[Resource, int] = {}
        self._orders: dict[tuple[Resource, str], int] = {}
        self._revenue: dict[tuple[Resource, str], float] = {}
        self._durations: dict[tuple[Resource, Operation, int], _Histogram] = {}

    def add(self, request: Request) -> None:
        entry = request.entry
        self._start_ns = self._start_ns or entry.start_ns
        self.conversion.add(request)
        if request.opens_visit:
            self._visits[entry.resource] = self._visits.get(entry.resource, 0) + 1
        if request.bought and request.order is not None:
            key = (entry.resource, request.order.currency)
            self._orders[key] = self._orders.get(key, 0) + 1
            self._revenue[key] = self._revenue.get(key, 0.0) + request.order.amount
        if entry.status:
            self._durations.setdefault((entry.resource, entry.operation, entry.status), _Histogram()).add(
                (entry.end_ns - entry.start_ns) / SECOND_NS
            )

    def export(self, now_ns: int) -> bytes:
        """All of it as one ExportMetricsServiceRequest."""
        request = ExportMetricsServiceRequest()
        scopes: dict[Resource, ScopeMetrics] = {}
        for resource in self._resources():
            of = request.resource_metrics.add()
            of.resource.attributes.extend(_pairs(resource.attributes))
            scopes[resource] = of.scope_metrics.add()
            scopes[resource].scope.name = resource.scope
            self._export_one(resource, scopes[resource], now_ns)
        ratio = self.conversion.at(now_ns)
        if ratio is not None and scopes:
            metric = _described(next(iter(scopes.values())), CONVERSION)
            metric.gauge.data_points.add(time_unix_nano=now_ns, as_double=ratio)
        return request.SerializeToString()

    def _resources(self) -> dict[Resource, None]:
        return dict.fromkeys(resource for resource, *_ in self._durations)

    def _export_one(self, resource: Resource, scope: ScopeMetrics, now_ns: int) -> None:
        visits = self._visits.get(resource, 0)
        _sum(scope, VISITS, [self._point(now_ns, visits)])
        orders = [(currency, count) for (of, currency), count in self._orders.items() if of is resource]
        _sum(scope, ORDERS, [self._point(now_ns, count, (("order.currency", c),)) for c, count in orders])
        revenue = [(currency, amount) for (of, currency), amount in self._revenue.items() if of is resource]
        _sum(scope, REVENUE, [self._point(now_ns, amount, (("order.currency", c),)) for c, amount in revenue])
        metric = _described(scope, DURATION)
        metric.histogram.aggregation_temporality = AGGREGATION_TEMPORALITY_CUMULATIVE
        for (of, operation, status), histogram in self._durations.items():
            if of is resource:
                metric.histogram.data_points.append(self._distribution(now_ns, operation, status, histogram))

    def _point(self, now_ns: int, amount: float, attributes: Attributes = ()) -> NumberDataPoint:
        point = NumberDataPoint(
            start_time_unix_nano=self._start_ns, time_unix_nano=now_ns, attributes=_pairs(attributes)
        )
        if isinstance(amount, int):
            point.as_int = amount
        else:
            point.as_double = amount
        return point

    def _distribution(self, now_ns: int, operation: Operation, status: int, of: _Histogram) -> HistogramDataPoint:
        return HistogramDataPoint(
            start_time_unix_nano=self._start_ns,
            time_unix_nano=now_ns,
            attributes=_pairs((*operation.attributes, ("http.response.status_code", status))),
            count=of.count,
            sum=of.sum_s,
            min=of.min_s,
            max=of.max_s,
            bucket_counts=of.buckets,
            explicit_bounds=BOUNDS_S,
        )


def _described(scope: ScopeMetrics, figure: Figure) -> Metric:
    return scope.metrics.add(name=figure.name, unit=figure.unit, description=figure.description)


def _sum(scope: ScopeMetrics, figure: Figure, points: list[NumberDataPoint]) -> None:
    if points:
        metric = _described(scope, figure)
        metric.sum.aggregation_temporality = AGGREGATION_TEMPORALITY_CUMULATIVE
        metric.sum.is_monotonic = True
        metric.sum.data_points.extend(points)


def _pairs(attributes: Attributes) -> list[KeyValue]:
    return [KeyValue.FromString(key_value(pair)) for pair in attributes]
