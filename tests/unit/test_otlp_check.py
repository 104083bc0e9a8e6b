"""The check at receipt: what is acknowledged can be parsed, and what can't be is refused with its place."""

from collections.abc import Iterator

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from collectors.frames import varint
from collectors.kinds import MOST_UNFOLDED, ROW_BYTES, BadRecord, Kind, TooLarge
from collectors.otlp_check import canonical, check
from collectors.otlp_fault import fault

MOST = MOST_UNFOLDED // ROW_BYTES
"""So many records may be in a request, if they repeat nothing."""


@pytest.fixture(scope="module", params=["as a small request", "as a large one"], autouse=True)
def size(request: pytest.FixtureRequest) -> Iterator[None]:
    """A large body is counted on the wire: the same is promised of it."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "as a large one":
            patch.setattr("collectors.otlp_check.PARSED_BYTES", -1)
        yield


def spans(count: int = 3) -> ExportTraceServiceRequest:
    """A request of two resources with so many spans each."""
    request = ExportTraceServiceRequest()
    for name in ("cart", "checkout"):
        resource = request.resource_spans.add()
        resource.resource.attributes.add(key="service.name").value.string_value = name
        scope = resource.scope_spans.add()
        for _ in range(count):
            scope.spans.add(trace_id=b"t" * 16, span_id=b"s" * 8, name="GET /cart", start_time_unix_nano=5)
    return request


def nested(*fields: int, innermost: bytes) -> bytes:
    """Bytes inside a message inside a message, the outermost field first."""
    for number in reversed(fields):
        innermost = varint(number << 3 | 2) + varint(len(innermost)) + innermost
    return innermost


def held(kind: Kind, body: bytes) -> tuple[int, int]:
    """How many records, and how many metrics without data."""
    checked = check(kind, body)
    return checked.records, checked.without_data


def test_counts_spans() -> None:
    """A request's records are its spans, over all resources and scopes."""
    assert held(Kind.TRACES, spans().SerializeToString()) == (6, 0)


def test_counts_log_records() -> None:
    """A request's records are its log records."""
    request = ExportLogsServiceRequest()
    request.resource_logs.add().scope_logs.add().log_records.add()
    request.resource_logs[0].scope_logs.add().log_records.add()
    assert held(Kind.LOGS, request.SerializeToString()) == (2, 0)


def test_counts_data_points() -> None:
    """A request's records are its data points, whatever their metrics; a metric without data is counted apart."""
    request = ExportMetricsServiceRequest()
    scope = request.resource_metrics.add().scope_metrics.add()
    scope.metrics.add().sum.data_points.add()
    scope.metrics.add().summary.data_points.add()
    scope.metrics.add().exponential_histogram.data_points.add()
    histogram = scope.metrics.add().histogram
    histogram.data_points.add()
    histogram.data_points.add()
    scope.metrics.add().gauge.SetInParent()
    scope.metrics.add(name="old")
    assert held(Kind.METRICS, request.SerializeToString()) == (5, 1)


def test_of_two_kinds_of_data_a_metric_holds_the_last() -> None:
    """As every parser reads it; several of the same kind are one."""
    request = ExportMetricsServiceRequest()
    metric = request.resource_metrics.add().scope_metrics.add().metrics.add()
    metric.gauge.data_points.add()
    gauge = metric.SerializeToString()
    metric.sum.data_points.add()
    metric.sum.data_points.add()
    twice = nested(1, 2, 2, innermost=gauge + metric.SerializeToString() * 2 + b"\x0a\x01n")
    assert held(Kind.METRICS, twice) == (4, 0)


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        (Kind.TRACES, (1, 2, 2)),
        (Kind.LOGS, (1, 2, 2)),
        (Kind.METRICS, (1, 2, 2, 5, 1)),
        (Kind.METRICS, (1, 2, 2, 9, 1)),
    ],
)
def test_more_records_than_can_be_loaded_are_too_large(kind: Kind, path: tuple[int, ...]) -> None:
    """However few bytes they take; as many as may be are taken."""
    *above, last = path
    record = bytes([last << 3 | 2, 0])
    assert check(kind, nested(*above, innermost=record * MOST)).records == MOST
    with pytest.raises(TooLarge, match=r"more records than can be loaded at once .* send fewer in each"):
        check(kind, nested(*above, innermost=record * (MOST + 1)))


def test_however_they_are_spread_they_are_added_up() -> None:
    """Over scopes and resources."""
    half = nested(1, 2, innermost=b"\x12\x00" * (MOST // 2))
    assert check(Kind.LOGS, half * 2).records == MOST
    with pytest.raises(TooLarge):
        check(Kind.LOGS, half * 2 + nested(1, 2, innermost=b"\x12\x00"))


@pytest.mark.parametrize("kind", [Kind.TRACES, Kind.LOGS, Kind.METRICS])
def test_each_row_repeats_its_resource_and_scope(kind: Kind) -> None:
    """Wherever they stand in the message; a resource with many attributes makes large rows of small records."""
    record = nested(2, innermost=nested(5, innermost=nested(1, innermost=b"")) if kind is Kind.METRICS else b"")
    attributes, name = nested(1, innermost=b"\x0a" + varint(990) + b"k" * 990), b"\x0a\x03abc"
    scope = nested(2, innermost=record + nested(1, innermost=name) + record)
    resource = nested(1, innermost=attributes)
    body = nested(1, innermost=scope + resource + scope) + nested(1, innermost=nested(2, innermost=record))
    assert held(kind, body) == (5, 0)
    assert check(kind, body).unfolded == 5 * ROW_BYTES + 4 * (len(attributes) + len(name))
    rows = MOST_UNFOLDED // (ROW_BYTES + len(attributes))
    assert check(kind, nested(1, innermost=resource + nested(2, innermost=record * rows))).records == rows
    with pytest.raises(TooLarge):
        check(kind, nested(1, innermost=resource + nested(2, innermost=record * (rows + 1))))


Pieces = st.lists(
    st.sampled_from([b"\x0a", b"\x12", b"\x22", b"\x92\x00", b"\x00", b"\x02", b"\x01", b"\x2d", b"a"])
).map(b"".join)
Data = st.builds(
    lambda number, points: nested(number, innermost=b"\x0a\x00" * points),
    st.sampled_from([5, 7, 11]),
    st.integers(0, 3),
)
Metrics = st.lists(st.lists(Data).map(b"".join).map(lambda metric: nested(2, innermost=metric))).map(b"".join)


@given(st.one_of(Pieces, Metrics))
def test_large_and_small_requests_are_read_alike(content: bytes) -> None:
    """The same bodies are taken, with the same counts."""
    body = nested(1, 2, innermost=content)
    answers = []
    for parsed_bytes in (-1, 1 << 20):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("collectors.otlp_check.PARSED_BYTES", parsed_bytes)
            try:
                answers.append(str([held(kind, body) for kind in (Kind.TRACES, Kind.METRICS)]))
            except BadRecord as bad:
                answers.append(str(bad))
    assert answers[0] == answers[1]


def test_invalid_utf8_is_no_parse_error() -> None:
    """Where OTLP says string, any bytes are taken."""
    body = spans().SerializeToString().replace(b"GET /cart", b"\xff\xc0/cart\x80\x00")
    assert held(Kind.TRACES, body) == (6, 0)
    with pytest.raises(DecodeError):
        ExportTraceServiceRequest.FromString(body)


def test_unknown_fields_are_taken() -> None:
    """What a newer OTLP sends is no error."""
    body = spans().SerializeToString() + nested(1, 99, innermost=b"\x01\x02") + b"\xf9\xff\xff\xff\x0f" + bytes(8)
    assert held(Kind.TRACES, body) == (6, 0)


@pytest.mark.parametrize(
    ("innermost", "what"),
    [
        (b"\x0a\x10short", "field 1 is cut short: 11 bytes are missing"),
        (b"\x39\x01\x02", "field 7 is cut short: 6 bytes are missing"),
        (b"\x30", "cut short"),
        (b"\x30\xff\xff", "cut short"),
        (b"\x30" + b"\xff" * 10 + b"\x01", "a number of more than ten bytes"),
        (b"\x00\x01", "0 is no field number"),
        (b"\x0f\x01", "7 is no wire type"),
        (b"\x0e\x01", "6 is no wire type"),
        (b"\x0b\x01", "a group"),
        (b"\x0c", "a group"),
    ],
)
def test_says_what_is_wrong_and_where(innermost: bytes, what: str) -> None:
    """The error names the message at fault by its path, the fault, and the byte."""
    before = spans(1).SerializeToString()
    with pytest.raises(BadRecord) as raised:
        check(Kind.TRACES, before + nested(1, 2, 2, innermost=innermost))
    assert raised.value.where == "resourceSpans[2].scopeSpans[0].spans[0]"
    assert what in raised.value.what
    place = int(raised.value.what.rpartition("byte ")[2].rstrip(")"))
    assert len(before) + 6 <= place <= len(before) + 6 + len(innermost)


def test_says_where_it_is_nested_too_deeply() -> None:
    """Nesting beyond what the parser follows is an error with its place."""
    deep = nested(*(5, 1) * 60, innermost=b"\x18\x01")
    with pytest.raises(BadRecord, match="nested too deeply") as raised:
        check(Kind.TRACES, nested(1, 2, 2, 9, 2, innermost=deep))
    assert raised.value.where.startswith("resourceSpans[0].scopeSpans[0].spans[0].attributes[0].value.arrayValue")


@given(st.binary(max_size=60))
def test_any_bytes_are_a_request_or_a_bad_record(body: bytes) -> None:
    """Whatever comes, there is a count or a reason, and no other error."""
    try:
        check(Kind.TRACES, body)
    except BadRecord as bad:
        reason = bad.what
    else:
        reason = "not valid protobuf: nothing"
    assert reason.startswith("not valid protobuf: ")


@given(st.binary(max_size=60))
def test_a_reason_is_found_for_any_bytes(body: bytes) -> None:
    """The search for the place ends, on any bytes."""
    assert fault(Kind.METRICS, body).what


def test_the_search_gives_up_on_millions_of_fields() -> None:
    """A request of millions of tiny fields with a fault at its end costs no minutes: the place is where it gave up."""
    body = b"\x78\x01" * 3_000_000 + b"\x00"
    with pytest.raises(BadRecord, match="somewhere after this"):
        check(Kind.TRACES, body)


def test_canonical_drops_what_the_engine_would_refuse() -> None:
    """Written anew, a request has only known fields of the right wire type, and every value it had."""
    odd = nested(1, 2, 2, innermost=b"\x48\x07" + b"\x2a\x01n" + b"\x2a\x01m" + b"\x30\x80\x00")
    read = ExportTraceServiceRequest.FromString(canonical(Kind.TRACES, odd))
    assert read.resource_spans[0].scope_spans[0].spans[0].name == "m"
    assert b"\x48\x07" not in canonical(Kind.TRACES, odd)
    good = spans().SerializeToString()
    assert canonical(Kind.TRACES, good) == good
