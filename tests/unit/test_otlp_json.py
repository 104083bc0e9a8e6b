"""OTLP/JSON becomes the protobuf that was meant, or an error that says what is wrong and where."""

import base64
import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format
from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import HistogramDataPoint, Metric, NumberDataPoint
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from collectors.kinds import BadRecord, Kind, TooLarge
from collectors.otlp_json import to_protobuf

FIXTURES = Path(__file__).parents[1] / "fixtures" / "otlp"
REQUESTS: dict[Kind, type[Message]] = {
    Kind.TRACES: ExportTraceServiceRequest,
    Kind.LOGS: ExportLogsServiceRequest,
    Kind.METRICS: ExportMetricsServiceRequest,
}
IDS = ("traceId", "spanId", "parentSpanId")


def ids_in_base64(value: Any) -> Any:  # noqa: ANN401  parsed JSON
    """What json_format needs instead of hex ids."""
    if isinstance(value, list):
        return [ids_in_base64(item) for item in value]
    if isinstance(value, dict):
        return {
            key: base64.b64encode(bytes.fromhex(item)).decode() if key in IDS else ids_in_base64(item)
            for key, item in value.items()
        }
    return value


@pytest.mark.parametrize(
    ("name", "kind"), [("trace", Kind.TRACES), ("metrics", Kind.METRICS), ("logs", Kind.LOGS), ("events", Kind.LOGS)]
)
def test_the_specifications_examples_are_read_as_protobuf_reads_them(name: str, kind: Kind) -> None:
    """Each example is the message that protobuf's own JSON reader makes of it, once the ids are told to be hex."""
    text = (FIXTURES / f"{name}.json").read_bytes()
    expected = json_format.ParseDict(ids_in_base64(json.loads(text)), REQUESTS[kind]())
    assert REQUESTS[kind].FromString(to_protobuf(kind, text)) == expected
    assert expected.ByteSize() > 100


def span(**fields: object) -> Span:
    """The span that a request with this JSON span becomes."""
    request = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [fields]}]}]})
    message = ExportTraceServiceRequest.FromString(to_protobuf(Kind.TRACES, request.encode()))
    return message.resource_spans[0].scope_spans[0].spans[0]


def value(**member: object) -> AnyValue:
    """The attribute value that this JSON value becomes."""
    return span(attributes=[{"key": "k", "value": member}]).attributes[0].value


def point(**fields: object) -> NumberDataPoint:
    """The data point that this JSON data point becomes."""
    return metric(gauge={"dataPoints": [fields]}).gauge.data_points[0]


def metric(**fields: object) -> Metric:
    """The metric that this JSON metric becomes."""
    request = json.dumps({"resourceMetrics": [{"scopeMetrics": [{"metrics": [fields]}]}]})
    message = ExportMetricsServiceRequest.FromString(to_protobuf(Kind.METRICS, request.encode()))
    return message.resource_metrics[0].scope_metrics[0].metrics[0]


def test_ids_are_hex_of_either_case() -> None:
    """Trace, span and parent ids are hex, also of odd widths; links and log records carry them too."""
    one = span(
        traceId="5B8efff798038103d269B633813fc60c", spanId="EEE19b7ec3c1b174", parentSpanId="", links=[{"spanId": "0f"}]
    )
    assert one.trace_id.hex() == "5b8efff798038103d269b633813fc60c"
    assert one.span_id.hex() == "eee19b7ec3c1b174"
    assert one.parent_span_id == b""
    assert one.links[0].span_id == b"\x0f"


def test_other_bytes_are_base64() -> None:
    """A bytes value is base64: of either alphabet, padded or not."""
    for text in ("+/8=", "-_8=", "-_8", "+/8"):
        assert value(bytesValue=text).bytes_value == b"\xfb\xff"
    assert value(bytesValue="").HasField("bytes_value")


def test_enums_are_integers() -> None:
    """An enum is its number, also one that is not known; its name is understood."""
    assert span(kind=3).kind == 3
    assert span(kind=77).kind == 77
    assert span(kind="3").kind == 3
    assert span(kind="SPAN_KIND_CLIENT").kind == 3
    assert span(status={"code": 2}).status.code == 2


@pytest.mark.parametrize("number", [0, -1, 2**53 + 1, 2**63 - 1, -(2**63)])
def test_64_bit_integers_are_exact(number: int) -> None:
    """A 64-bit integer may come as a number or in quotes, and never passes through a float."""
    assert value(intValue=number).int_value == number
    assert value(intValue=str(number)).int_value == number
    assert point(asInt=str(number)).as_int == number


def test_integers_may_be_written_as_floats() -> None:
    """A whole number is an integer, however JSON writes it."""
    assert value(intValue=3.0).int_value == 3
    assert value(intValue="1e3").int_value == 1000
    assert span(startTimeUnixNano=str(2**64 - 1)).start_time_unix_nano == 2**64 - 1


def test_doubles_may_be_nan_and_infinite() -> None:
    """ "NaN", "Infinity" and "-Infinity" are values, in quotes."""
    assert math.isnan(value(doubleValue="NaN").double_value)
    assert value(doubleValue="Infinity").double_value == math.inf
    assert point(asDouble="-Infinity").as_double == -math.inf
    assert point(asDouble="1.5").as_double == 1.5
    assert point(asDouble=2).as_double == 2.0


def test_absent_and_empty_are_different() -> None:
    """A zero, false or empty value is set; null and an absent one are not."""
    assert value(intValue=0).WhichOneof("value") == "int_value"
    assert value(boolValue=False).WhichOneof("value") == "bool_value"
    assert value(stringValue="").WhichOneof("value") == "string_value"
    assert value(arrayValue={}).WhichOneof("value") == "array_value"
    assert value(stringValue=None).WhichOneof("value") is None
    assert value().WhichOneof("value") is None


def test_histograms_keep_their_presence_and_order() -> None:
    """Packed numbers keep their order; an absent sum stays absent, a zero one stays there."""
    point = {"count": "3", "sum": 0, "bucketCounts": ["1", 2, "0"], "explicitBounds": [0.5, "10"], "min": None}
    read = metric(histogram={"dataPoints": [point], "aggregationTemporality": 2}).histogram
    expected = HistogramDataPoint(count=3, sum=0.0, bucket_counts=[1, 2, 0], explicit_bounds=[0.5, 10])
    assert read.data_points[0] == expected
    assert read.data_points[0].HasField("sum")
    assert not read.data_points[0].HasField("min")


def test_exponential_histograms_may_have_negative_scales() -> None:
    """Scale and offset are signed."""
    fields = {"scale": -3, "positive": {"offset": -7, "bucketCounts": ["1"]}, "zeroThreshold": 1e-9}
    read = metric(exponentialHistogram={"dataPoints": [fields]}).exponential_histogram.data_points[0]
    assert (read.scale, read.positive.offset, read.zero_threshold) == (-3, -7, 1e-9)


def test_unknown_fields_are_ignored() -> None:
    """What the schema doesn't know is skipped, whatever it holds; so are snake_case names, which OTLP does not have."""
    read = span(name="n", unknown={"a": [1, {"b": None}]}, trace_id="zz", TraceId=7)
    assert read == Span(name="n")


def test_more_than_can_be_held_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Objects and arrays take many times as much memory as text."""
    monkeypatch.setattr("collectors.otlp_json.MOST_NODES", 3)
    assert to_protobuf(Kind.TRACES, b'{"resourceSpans":[{}]}') == b"\x0a\x00"
    with pytest.raises(TooLarge, match="more than 3 objects and arrays"):
        to_protobuf(Kind.TRACES, b'{"resourceSpans":[{},{}]}')


def test_strings_are_whatever_came() -> None:
    """Astral signs and NUL are kept; an unpaired surrogate does not fail the batch."""
    assert span(name="K/17@é 🛒\x00").name == "K/17@é 🛒\x00"
    request = rb'{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"a\ud800b"}]}]}]}'
    assert b"a\xed\xa0\x80b" in to_protobuf(Kind.TRACES, request)


def test_invalid_utf8_is_replaced() -> None:
    """A text that is no UTF-8 keeps all that is, and a replacement sign for the rest."""
    request = b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"a\xffb"}]}]}]}'
    assert "a�b".encode() in to_protobuf(Kind.TRACES, request)


SPANS = "resourceSpans[0].scopeSpans[0].spans[0]"


@pytest.mark.parametrize(
    ("fields", "where", "what"),
    [
        ({"traceId": "abc"}, "traceId", "pairs of hex digits"),
        ({"traceId": "a b c"}, "traceId", "pairs of hex digits"),
        ({"traceId": "W47/95gDgQPSabYzgT/GDA=="}, "traceId", "pairs of hex digits"),
        ({"spanId": 12}, "spanId", "hex digits in a string, not a number"),
        ({"name": 5}, "name", "expected a string, not a number"),
        ({"name": ["x"]}, "name", "expected a string, not an array"),
        ({"kind": "SPAN_KIND_NONE"}, "kind", "expected an integer"),
        ({"kind": True}, "kind", "expected an integer, not a boolean"),
        ({"kind": 2**31}, "kind", "not within"),
        ({"startTimeUnixNano": -1}, "startTimeUnixNano", "not within"),
        ({"startTimeUnixNano": 2**64}, "startTimeUnixNano", "not within"),
        ({"startTimeUnixNano": 1.5}, "startTimeUnixNano", "expected an integer"),
        ({"startTimeUnixNano": "soon"}, "startTimeUnixNano", "expected an integer"),
        ({"startTimeUnixNano": "9" * 500}, "startTimeUnixNano", "expected an integer"),
        ({"startTimeUnixNano": "1 2"}, "startTimeUnixNano", "expected an integer"),
        ({"startTimeUnixNano": {}}, "startTimeUnixNano", "expected an integer, not an object"),
        ({"status": []}, "status", "expected an object, not an array"),
        ({"attributes": {}}, "attributes", "expected an array, not an object"),
        ({"attributes": [{}, None]}, "attributes[1]", "expected an object, not null"),
        ({"attributes": [{"value": {"doubleValue": "much"}}]}, "attributes[0].value.doubleValue", "expected a number"),
        ({"attributes": [{"value": {"doubleValue": []}}]}, "attributes[0].value.doubleValue", "not an array"),
        ({"attributes": [{"value": {"doubleValue": 10**400}}]}, "attributes[0].value.doubleValue", "too large"),
        ({"attributes": [{"value": {"boolValue": "true"}}]}, "attributes[0].value.boolValue", "true or false"),
        ({"attributes": [{"value": {"bytesValue": "a$b="}}]}, "attributes[0].value.bytesValue", "expected base64"),
        ({"attributes": [{"value": {"bytesValue": "abcde"}}]}, "attributes[0].value.bytesValue", "expected base64"),
        ({"attributes": [{"value": {"bytesValue": 1}}]}, "attributes[0].value.bytesValue", "base64 in a string"),
        ({"attributes": [{"value": {"intValue": 1, "boolValue": True}}]}, "attributes[0].value", "only one can be"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(fields: dict[str, object], where: str, what: str) -> None:
    """A value of the wrong kind or out of range is refused, with its path; the value itself is not repeated."""
    with pytest.raises(BadRecord) as raised:
        span(**fields)
    assert raised.value.where == f"{SPANS}.{where}"
    assert what in raised.value.what
    assert "much" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (b"", "not valid JSON"),
        (b"{", "not valid JSON"),
        (b"{} {}", "not valid JSON"),
        (b'{"a": NaN}', 'not valid JSON: NaN stands in quotes, "NaN"'),
        (b'{"a": -Infinity}', "not valid JSON: -Infinity stands in quotes"),
        (b'{"a": ' + b"1" * 5000 + b"}", "thousands of digits"),
        (b'{"a": 1, "a": 2}', "a: the key stands twice"),
        (b'{"resourceSpans": [], "resourceSpans": []}', "resourceSpans: the key stands twice"),
        (
            b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"attributes":[{"value":{"doubleValue":1e999}}]}]}]}]}',
            "too large",
        ),
        (b"[]", "expected an object, not an array"),
        (b"1234", "expected an object, not a number"),
        (b'"text"', "expected an object, not a string"),
        (b"true", "expected an object, not a boolean"),
        (b"null", "expected an object, not null"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"resourceSpans":' * 2000, "nested too deeply"),
    ],
)
def test_what_is_no_request_at_all_is_refused(text: bytes, what: str) -> None:
    """Text that is no JSON object, or says a thing twice, is refused with the reason."""
    with pytest.raises(BadRecord, match=re.escape(what)):
        to_protobuf(Kind.TRACES, text)
