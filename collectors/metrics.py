"""What the way in counts: the figures of /metrics."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest

from collectors.kinds import Kind, Outcome


@dataclass(frozen=True, slots=True)
class LastError:
    """The last thing that went wrong on the way in, in words."""

    at: float  # seconds since 1970
    where: str
    text: str


class Metrics:
    """Counters and gauges of one process. Every label's values are known beforehand."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.last_error: LastError | None = None
        self.records = self._counter("accepted_records", "Spans, log records and data points accepted", "kind")
        self.rejected = self._counter("rejected_requests", "Requests answered with an error", "kind", "outcome")
        self.accepted = self._counter("accepted_requests", "Requests that are on disk and were acknowledged", "kind")
        self.accepted_bytes = self._counter("accepted_bytes", "Bytes of these requests, uncompressed", "kind")
        self.refused = self._counter(
            "refused_requests", "Requests that could not be taken just then, by reason", "kind", "reason"
        )
        self.loaded = self._counter("loaded_segments", "Segments that the store has taken", "kind")
        self.loaded_bytes = self._counter("loaded_bytes", "Bytes of these segments", "kind")
        self.load_errors = self._counter("load_errors", "Attempts to load a segment that failed", "kind", "error")
        self.quarantined = self._counter("quarantined_requests", "Requests set aside: the store refuses them", "kind")
        self.quarantined_segments = self._counter("quarantined_segments", "Whole segments set aside", "kind")
        self.write_errors = self._counter("write_errors", "Commits that the disk refused")
        self.cut_bytes = self._counter("cut_bytes", "Bytes of unfinished commits, cut off at the start")
        self.kafka_messages = self._counter("kafka_messages", "Kafka messages whose content is on disk")
        self.kafka_errors = self._counter("kafka_errors", "What went wrong in reading from Kafka")
        self._last_error_at = self._gauge("last_error_timestamp_seconds", "When something last went wrong there")

    def count(self, kind: Kind, outcome: Outcome, number: int) -> None:
        """Counts what became of a request: `number` records accepted, or requests with any other outcome."""
        if outcome is Outcome.ACCEPTED:
            self.records.labels(kind=kind.value).inc(number)
        else:
            self.rejected.labels(kind=kind.value, outcome=outcome.value).inc(number)

    def error(self, where: str, error: BaseException) -> None:
        """Remembers what went wrong last."""
        self.last_error = LastError(time.time(), where, f"{type(error).__name__}: {error}"[:1000])
        self._last_error_at.set(self.last_error.at)

    def watch(self, name: str, help_text: str, value: Callable[[], float]) -> None:
        """A gauge that is read when /metrics is."""
        self._gauge(name, help_text).set_function(value)

    def text(self) -> bytes:
        """All of it, in Prometheus' text format."""
        return generate_latest(self.registry)

    def _counter(self, name: str, help_text: str, *labels: str) -> Counter:
        return Counter(f"triage_{name}", help_text, labels, registry=self.registry)

    def _gauge(self, name: str, help_text: str) -> Gauge:
        return Gauge(f"triage_{name}", help_text, registry=self.registry)
