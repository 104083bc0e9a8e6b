"""Fresh: how long after a span was acknowledged does `affected` name its customer?"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from tests.bench.figures import Figure, Target, percentile
from tests.bench.scale import Scale
from tests.bench.sender import http_post
from tests.bench.service import Service, service
from tests.bench.small import load_history

FOUND = Target(2.0)
SERVICE = "fresh"
GIVE_UP_S = 60


def run(scale: Scale, scratch: Path) -> Iterator[Figure]:
    """One span after the other, at odd moments."""
    with service(scratch / "fresh") as running:
        load_history(running, scale, scratch)
        waits = [_wait_s(running, number) for number in range(scale.fresh_spans)]
    yield Figure("fresh", "found after its acknowledgement, half of them", percentile(waits, 50), "s", tuple(waits))
    yield Figure("fresh", "found after its acknowledgement, the last", max(waits), "s", tuple(waits), FOUND)


def _wait_s(running: Service, number: int) -> float:
    time.sleep(0.07 * (number % 7))
    customer = f"fresh-{number}"
    assert http_post(running.http)(_failing_span(customer))
    acknowledged = time.monotonic()
    while time.monotonic() < acknowledged + GIVE_UP_S:
        items = running.affected(service=SERVICE, **{"from": "10m"}, limit="1000").json()["items"]
        if any(item["customer"] == customer for item in items):
            return time.monotonic() - acknowledged
    raise AssertionError(f"{customer} was not found within {GIVE_UP_S} s")


def _failing_span(customer: str) -> bytes:
    now = time.time_ns()
    request = ExportTraceServiceRequest()
    of_resource = request.resource_spans.add()
    of_resource.resource.attributes.append(KeyValue(key="service.name", value=AnyValue(string_value=SERVICE)))
    span = Span(
        trace_id=now.to_bytes(16, "big"),
        span_id=now.to_bytes(8, "big"),
        name="POST /pay",
        kind=Span.SPAN_KIND_SERVER,
        start_time_unix_nano=now - 5_000_000,
        end_time_unix_nano=now,
        status=Status(code=Status.STATUS_CODE_ERROR),
        attributes=[KeyValue(key="customer.id", value=AnyValue(string_value=customer))],
    )
    of_resource.scope_spans.add().spans.append(span)
    return request.SerializeToString()
