"""The shop's figures through the OpenTelemetry SDK: the same as `kpis` counts for history."""

from collections.abc import Callable, Iterable

from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk.metrics import AlwaysOffExemplarFilter, MeterProvider
from opentelemetry.sdk.metrics.export import MetricExporter, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource as SdkResource

from triage.demo.kpis import BOUNDS_S, CONVERSION, DURATION, EVERY_S, ORDERS, REVENUE, VISITS, Conversion
from triage.demo.request import SECOND_NS, Request, Resource

NewExporter = Callable[[], MetricExporter]


class Meters:
    """The instruments of each gateway instance; the first one also reports the conversion of all."""

    def __init__(self, new_exporter: NewExporter) -> None:
        self._new_exporter = new_exporter
        self._conversion = Conversion()
        self._now_ns = 0
        self._of: dict[Resource, _Instruments] = {}

    def add(self, request: Request) -> None:
        """Counts a request, at the instance that it came in by. What came in elsewhere (a queue) is not HTTP."""
        self._conversion.add(request)
        self._now_ns = max(self._now_ns, request.end_ns)
        if request.entry.status:
            instruments = self._of.get(request.entry.resource) or self._instruments(request.entry.resource)
            instruments.add(request)

    def endings(self) -> list[Callable[[], None]]:
        """What to call, each once, to export a last time and end."""
        return [instruments.provider.shutdown for instruments in self._of.values()]

    def _instruments(self, resource: Resource) -> "_Instruments":
        instruments = _Instruments(resource, self._new_exporter())
        if not self._of:
            instruments.meter.create_observable_gauge(
                CONVERSION.name, [self._observe], CONVERSION.unit, CONVERSION.description
            )
        self._of[resource] = instruments
        return instruments

    def _observe(self, _: CallbackOptions) -> Iterable[Observation]:
        ratio = self._conversion.at(self._now_ns)
        return [] if ratio is None else [Observation(ratio)]


class _Instruments:
    def __init__(self, resource: Resource, exporter: MetricExporter) -> None:
        reader = PeriodicExportingMetricReader(exporter, export_interval_millis=EVERY_S * 1000)
        attributes = {key: value for key, value in resource.attributes if isinstance(value, str)}
        self.provider = MeterProvider(
            [reader], SdkResource(attributes), exemplar_filter=AlwaysOffExemplarFilter(), shutdown_on_exit=False
        )
        self.meter = meter = self.provider.get_meter(resource.scope, resource.version)
        self._visits = meter.create_counter(VISITS.name, VISITS.unit, VISITS.description)
        self._orders = meter.create_counter(ORDERS.name, ORDERS.unit, ORDERS.description)
        self._revenue = meter.create_counter(REVENUE.name, REVENUE.unit, REVENUE.description)
        self._durations = meter.create_histogram(
            DURATION.name, DURATION.unit, DURATION.description, explicit_bucket_boundaries_advisory=BOUNDS_S
        )

    def add(self, request: Request) -> None:
        entry = request.entry
        if request.opens_visit:
            self._visits.add(1)
        if request.bought and request.order is not None:
            currency = {"order.currency": request.order.currency}
            self._orders.add(1, currency)
            self._revenue.add(request.order.amount, currency)
        attributes = {**dict(entry.operation.attributes), "http.response.status_code": entry.status}
        self._durations.record((entry.end_ns - entry.start_ns) / SECOND_NS, attributes)
