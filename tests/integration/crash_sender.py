"""A sender that never repeats itself: run as a program, it writes down every request that was accepted.

python -m tests.integration.crash_sender URL SEED FILE

Each request has an id of its own and says how many records it holds, as `ID/COUNT` in the attribute `request.id` of
each of them. A request that got no answer is not sent again: it may be kept or not, but never twice, and never in part.
"""

import http.client
import random
import sys
import threading
import time
from itertools import count
from pathlib import Path
from typing import TextIO
from urllib.parse import urlsplit

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from collectors.kinds import Kind

SENDERS = 6


def attribute(key: str, value: str) -> KeyValue:
    pair = KeyValue(key=key)
    pair.value.string_value = value
    return pair


def traces(chance: random.Random, name: str, number: int) -> bytes:
    """A request of so many spans: entries and failures of a few customers among them."""
    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    resource.resource.attributes.append(attribute("service.name", chance.choice(["gateway", "checkout", "payment"])))
    spans = resource.scope_spans.add().spans
    trace_id, now = chance.randbytes(16), time.time_ns()
    for n in range(number):
        span = spans.add(
            trace_id=trace_id,
            span_id=chance.randbytes(8),
            parent_span_id=spans[0].span_id if n else b"",
            name=f"GET /{n % 5}",
            kind=Span.SPAN_KIND_SERVER,
            start_time_unix_nano=now - n * 1000,
            end_time_unix_nano=now + n * 1000,
        )
        span.attributes.append(attribute("request.id", name))
        span.attributes.append(attribute("customer.id", f"c-{chance.randrange(100)}"))
        span.attributes.append(attribute("order.id", f"o-{chance.randrange(10_000)}"))
        if chance.random() < 0.2:
            span.status.code = Status.STATUS_CODE_ERROR
    return request.SerializeToString()


def logs(chance: random.Random, name: str, number: int) -> bytes:
    """A request of so many log records, which name the customer of a span."""
    request = ExportLogsServiceRequest()
    resource = request.resource_logs.add()
    resource.resource.attributes.append(attribute("service.name", "checkout"))
    records = resource.scope_logs.add().log_records
    trace_id = chance.randbytes(16)
    for n in range(number):
        record = records.add(time_unix_nano=time.time_ns(), severity_number=chance.choice([9, 17]))
        record.trace_id, record.span_id = trace_id, chance.randbytes(8)
        record.attributes.append(attribute("customer.id", f"c-{chance.randrange(100)}"))
        record.body.string_value = f"record {n}"
        record.attributes.append(attribute("request.id", name))
    return request.SerializeToString()


def metrics(chance: random.Random, name: str, number: int) -> bytes:
    """A request of so many points of a gauge."""
    request = ExportMetricsServiceRequest()
    resource = request.resource_metrics.add()
    resource.resource.attributes.append(attribute("service.name", "checkout"))
    points = resource.scope_metrics.add().metrics.add(name="carts").gauge.data_points
    for _ in range(number):
        point = points.add(time_unix_nano=time.time_ns(), as_double=chance.random())
        point.attributes.append(attribute("request.id", name))
    return request.SerializeToString()


MAKERS = {Kind.TRACES: traces, Kind.LOGS: logs, Kind.METRICS: metrics}


def send(url: str, seed: int, sender: int, accepted: TextIO) -> None:
    """Sends for ever."""
    chance, host = random.Random(f"{seed}/{sender}"), urlsplit(url).netloc
    for n in count():
        kind = chance.choice([Kind.TRACES, Kind.TRACES, Kind.LOGS, Kind.METRICS])
        number = chance.choice([1, 3, 50, 500])
        name = f"{sender}-{n}/{number}"
        body = MAKERS[kind](chance, name, number)
        connection = http.client.HTTPConnection(host, timeout=20)
        try:
            connection.request("POST", f"/v1/{kind}", body, {"Content-Type": "application/x-protobuf"})
            if connection.getresponse().status == 200:
                accepted.write(f"{kind} {name}\n")
        except (OSError, http.client.HTTPException):
            time.sleep(0.02)  # killed: nobody listens just now
        finally:
            connection.close()


def main() -> None:
    """Sends from several threads, until killed."""
    url, seed, path = sys.argv[1:]
    with Path(path).open("a", buffering=1) as accepted:
        threads = [threading.Thread(target=send, args=(url, int(seed), n, accepted)) for n in range(SENDERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


if __name__ == "__main__":
    main()
