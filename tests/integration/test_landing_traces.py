"""Spans: every value that a sender can write ends in otel_traces as the exporter's readers expect it."""

from __future__ import annotations

import itertools
import json
import math
from base64 import b64encode

import polars as pl
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from queries.store import Store
from tests.integration.otlp import T0, Plain, any_value, attributes, segment, span, token, traces

pytestmark = pytest.mark.integration
OVER_HTTP = (
    "test_scalar_attributes_are_kept_as_text",
    "test_invalid_utf8_is_repaired_wherever_it_stands",
    "test_odd_times_are_kept_and_can_be_found",
)

_services = (f"traces-{number}" for number in itertools.count())
BAD = b"\xff\xfe\x80\xc0"  # no UTF-8; written over a placeholder, since a protobuf string refuses it


def land(store: Store, *spans: Span, broken: bool = False) -> pl.DataFrame:
    """Loads the spans and reads them back, in the order of their span ids."""
    service = next(_services)
    body = segment(traces(*spans, resource={"service.name": service, "host": "BAD!"}))
    store.insert("traces", body.replace(b"BAD!", BAD) if broken else body, token())
    return rows(store, service)


def rows(store: Store, service: str) -> pl.DataFrame:
    sql = "SELECT * FROM otel_traces WHERE ServiceName = {service:String} ORDER BY SpanId"
    return store.select(sql, service=service)


def text(store: Store, *values: Plain | AnyValue) -> list[str]:
    """What each value of an attribute becomes."""
    made = [value if isinstance(value, AnyValue) else any_value(value) for value in values]
    found = land(store, span(attributes=[KeyValue(key=f"k{n}", value=value) for n, value in enumerate(made)]))
    kept = dict(found["SpanAttributes"][0])
    return [kept[f"k{n}"] for n in range(len(made))]


SCALARS: list[tuple[Plain, str]] = [
    ("plain", "plain"),
    ("", ""),
    ("quote \" ' back\\slash \n tab\t {x:String} %s \0 end", "quote \" ' back\\slash \n tab\t {x:String} %s \0 end"),
    ("snowman ☃ 🛒", "snowman ☃ 🛒"),
    (None, ""),
    (0, "0"),
    (-1, "-1"),
    (2**53 + 1, "9007199254740993"),
    (2**63 - 1, "9223372036854775807"),
    (-(2**63), "-9223372036854775808"),
    (False, "false"),
    (True, "true"),
    (0.0, "0"),
    (0.1, "0.1"),
    (-2.5e300, "-2.5e300"),
    (math.nan, "nan"),
    (math.inf, "inf"),
    (-math.inf, "-inf"),
    (b"", ""),
    (b"\x00\xff", "AP8="),
]


def test_scalar_attributes_are_kept_as_text(store: Store):
    """A zero, false or empty value is told from an absent one, and no integer passes through a float."""
    assert text(store, *[value for value, _ in SCALARS]) == [expected for _, expected in SCALARS]


NESTED: list[tuple[Plain, str]] = [
    ([], "[]"),
    (["a", 'b"c', ""], '["a","b\\"c",""]'),
    ([1, 2**63 - 1, -5], "[1,9223372036854775807,-5]"),
    ([1, "a", True, False, 0.5, None, 0], '[1,"a",true,false,0.5,null,0]'),
    ([math.nan, math.inf, -math.inf], '["nan","inf","-inf"]'),
    ([b"\x00\xff"], '["AP8="]'),
    ({}, "{}"),
    ({"a": 1, "b": "x", "c": None, "d": False, "": ""}, '{"a":1,"b":"x","c":null,"d":false,"":""}'),
    ({'quo"te': "☃"}, '{"quo\\"te":"☃"}'),
]


def test_arrays_and_maps_become_json(store: Store):
    """Empty, homogeneous, heterogeneous, with quotes and with nothing in them."""
    assert text(store, *[value for value, _ in NESTED]) == [expected for _, expected in NESTED]


def test_what_is_nested_deeper_is_kept_as_its_bytes(store: Store):
    """Below the first level a value is base64 of its protobuf bytes: nothing is lost, and nothing fails."""
    inner, pairs = any_value([1, "two"]), any_value({"x": [1]})
    as_array = f'["{b64encode(inner.array_value.SerializeToString()).decode()}"]'
    as_pairs = f'{{"deep":"{b64encode(pairs.kvlist_value.SerializeToString()).decode()}"}}'
    deep: Plain = 1
    for _ in range(40):
        deep = [deep]
    first, second, third = text(store, [[1, "two"]], {"deep": {"x": [1]}}, deep)
    assert (first, second) == (as_array, as_pairs)
    assert isinstance(json.loads(third)[0], str)


def b64(raw: bytes) -> str:
    import base64

    return base64.b64encode(raw).decode()


def test_a_key_sent_twice_is_kept_twice_and_the_first_counts(store: Store):
    """Duplicate keys are against the specification and happen; the row keeps both."""
    twice = [*attributes({"customer.id": "first"}), *attributes({"customer.id": "second"})]
    found = land(store, span(attributes=twice))
    pairs = store.select(
        "SELECT mapValues(SpanAttributes) AS values, SpanAttributes['customer.id'] AS first FROM otel_traces "
        "WHERE ServiceName = {service:String}",
        service=found["ServiceName"][0],
    )
    assert pairs["values"].to_list() == [["first", "second"]]
    assert pairs["first"].to_list() == ["first"]


def test_a_huge_value_is_kept_whole(store: Store):
    """Five megabytes in one attribute: no cut, no error."""
    huge = "é" * 2_500_000
    assert text(store, huge) == [huge]


def test_a_key_without_a_value_is_kept_empty(store: Store):
    """A KeyValue whose value is missing altogether."""
    found = land(store, span(attributes=[KeyValue(key="bare")]))
    assert dict(found["SpanAttributes"][0]) == {"bare": ""}


def test_invalid_utf8_is_repaired_wherever_it_stands(store: Store):
    """One bad string costs no other value, and the row can be read by everyone."""
    bad = span(
        name="BAD!",
        trace_state="BAD!",
        status=Status(message="BAD!", code=Status.STATUS_CODE_ERROR),
        attributes=attributes({"BAD!": "BAD!", "array": ["BAD!"], "map": {"BAD!": "BAD!"}, "good": "good"}),
        events=[Span.Event(name="BAD!", attributes=attributes({"BAD!": "BAD!"}))],
        links=[Span.Link(trace_state="BAD!", attributes=attributes({"BAD!": "BAD!"}))],
    )
    row = land(store, bad, broken=True).row(0, named=True)
    repaired = "\ufffd"
    assert set(row["SpanName"]) == set(row["TraceState"]) == set(row["StatusMessage"]) == {repaired}
    kept = dict(row["SpanAttributes"])
    assert kept["good"] == "good"
    assert json.loads(kept["array"]) == [row["SpanName"]]
    assert json.loads(kept["map"]) == {row["SpanName"]: row["SpanName"]}
    assert kept[row["SpanName"]] == row["SpanName"]
    assert row["Events.Name"] == row["Links.TraceState"] == [row["SpanName"]]
    assert dict(row["ResourceAttributes"])["host"] == row["SpanName"]


HEX = "0123456789abcdef0123456789abcdef"
IDS: list[tuple[bytes, str]] = [
    (bytes.fromhex(HEX), HEX),
    (b"", ""),
    (bytes(16), ""),
    (bytes(8), ""),
    (bytes.fromhex(HEX[:16]), HEX[:16]),
    (bytes.fromhex(HEX + "0123"), HEX + "0123"),
    (b"\x00\x00\x01", "000001"),
]


def test_ids_of_any_length_are_kept_as_lower_case_hex(store: Store):
    """64-bit ids exist; none and all zero are the same, an empty id."""
    odd = [
        Span(
            name=str(n),
            trace_id=sent,
            span_id=sent,
            parent_span_id=sent,
            links=[Span.Link(trace_id=sent, span_id=sent)],
        )
        for n, (sent, _) in enumerate(IDS)
    ]
    for row in land(store, *odd).iter_rows(named=True):
        every = {row["TraceId"], row["SpanId"], row["ParentSpanId"], *row["Links.TraceId"], *row["Links.SpanId"]}
        assert every == {IDS[int(row["SpanName"])][1]}


TIMES: list[tuple[str, int, int, str, int]] = [  # start, end, kept as, duration
    ("ordinary", T0 + 123_456_789, T0 + 123_456_790, "2026-09-21 14:13:20.123456789", 1),
    ("time 0", 0, 0, "1970-01-01 00:00:00.000000000", 0),
    ("end before start", T0, T0 - 5, "2026-09-21 14:13:20.000000000", 0),
    ("no end", T0, 0, "2026-09-21 14:13:20.000000000", 0),
    ("no start", 0, T0, "1970-01-01 00:00:00.000000000", T0),
    ("before 2000", 915_148_799 * 10**9, 915_148_800 * 10**9, "1998-12-31 23:59:59.000000000", 10**9),
    ("milliseconds taken for nanoseconds", 1_790_000_000_000, 1_790_000_000_500, "1970-01-01 00:29:50.000000000", 500),
    ("beyond 2106", 4_500_000_000 * 10**9, 4_500_000_001 * 10**9, "2112-08-07 08:00:00.000000000", 10**9),
    ("the last moment", 2**63 - 1, 2**63 - 1, "2262-04-11 23:47:16.854775807", 0),
    ("beyond 2262", 2**64 - 2, 2**64 - 1, "2262-04-11 23:47:16.854775807", 1),
]


def test_odd_times_are_kept_and_can_be_found(store: Store):
    """A clock may be wrong by decades: the row keeps its time, is found by it, and is filed under a day of reason."""
    odd = [Span(name=name, start_time_unix_nano=start, end_time_unix_nano=end) for name, start, end, *_ in TIMES]
    service = land(store, *odd)["ServiceName"][0]
    for name, _, _, time, duration in TIMES:
        found = store.select(
            "SELECT toString(Timestamp) AS time, Duration AS duration, "
            "Day BETWEEN '2000-01-01' AND today() + 1 AS reasonable, toDate(Timestamp) = Day AS by_its_time "
            "FROM otel_traces WHERE ServiceName = {service:String} AND SpanName = {name:String} "
            "AND Timestamp BETWEEN toDateTime64({time:String}, 9, 'UTC') AND toDateTime64({time:String}, 9, 'UTC')",
            service=service,
            name=name,
            time=time,
        )
        assert found.rows() == [(time, duration, 1, int(time.startswith("2026-09")))], name


WORDS = ("Unspecified", "Internal", "Server", "Client", "Producer", "Consumer")
KINDS = dict(enumerate(WORDS)) | {6: "Unspecified", -1: "Unspecified"}
CODES = {0: "Unset", 1: "Ok", 2: "Error", 3: "Unset", -7: "Unset", 2**31 - 1: "Unset"}


def test_kind_and_status_are_the_exporters_words(store: Store):
    """A number that the specification doesn't know is the one that says nothing."""
    kinds = land(store, *(span(n, kind=kind) for n, kind in enumerate(KINDS, 1)))
    assert kinds["SpanKind"].to_list() == list(KINDS.values())
    codes = land(store, *(span(n, status=Status(code=code)) for n, code in enumerate(CODES, 1)))  # type: ignore[arg-type]  # no enum on the wire
    assert codes["StatusCode"].to_list() == list(CODES.values())


def summed(store: Store, one: Span, what: str) -> int:
    """What the summary of the requests says of a span."""
    service = land(store, one)["ServiceName"][0]
    sql = f"SELECT sum({what}) AS n FROM red WHERE ServiceName = {{service:String}}"
    return int(store.select(sql, service=service)["n"][0])


@pytest.mark.parametrize(("code", "errors"), [(500, 1), (599, 1), (499, 0), (200, 0)])
def test_a_server_that_answers_5xx_has_failed_whatever_its_status(store: Store, code: int, errors: int):
    """Not every sender sets an error."""
    answered = span(kind=Span.SPAN_KIND_SERVER, attributes=attributes({"http.response.status_code": code}))
    assert summed(store, answered, "Errors") == errors


@pytest.mark.parametrize(("state", "sampled"), [("ot=th:8", 1), ("a=b,ot=rv:0;th:08", 1), ("ot=th:0", 0), ("", 0)])
def test_a_span_that_stands_for_more_is_counted_as_sampled(store: Store, state: str, sampled: int):
    """Its threshold says that others were left out; one of 0 leaves out none."""
    assert summed(store, span(kind=Span.SPAN_KIND_SERVER, trace_state=state), "Sampled") == sampled


def test_events_and_links_are_kept(store: Store):
    """In order, with their times, names, ids and attributes; a span without any has empty lists."""
    rich = span(
        1,
        events=[
            Span.Event(time_unix_nano=T0 + 1, name="exception", attributes=attributes({"type": "E", "n": 2**62})),
            Span.Event(time_unix_nano=0, name=""),
        ],
        links=[Span.Link(trace_id=b"1" * 16, span_id=b"2" * 8, trace_state="a=b", attributes=attributes({"k": [1]}))],
    )
    found = land(store, rich, span(2))
    row = found.row(0, named=True)
    assert row["Events.Name"] == ["exception", ""]
    assert [dict(each) for each in row["Events.Attributes"]] == [{"type": "E", "n": str(2**62)}, {}]
    times = found["Events.Timestamp"].explode(empty_as_null=False).dt.epoch("ns").to_list()
    assert times == [T0 + 1, 0]
    assert (row["Links.TraceId"], row["Links.SpanId"], row["Links.TraceState"]) == (["31" * 16], ["32" * 8], ["a=b"])
    assert [dict(each) for each in row["Links.Attributes"]] == [{"k": "[1]"}]
    assert found.row(1, named=True)["Events.Name"] == found.row(1, named=True)["Links.TraceId"] == []


def test_what_the_sender_dropped_is_counted(store: Store):
    """The counts say that there was more than what is seen."""
    found = land(store, span(dropped_attributes_count=3, dropped_events_count=2, dropped_links_count=2**32 - 1))
    row = found.row(0, named=True)
    counts = row["DroppedAttributesCount"], row["DroppedEventsCount"], row["DroppedLinksCount"]
    assert counts == (3, 2, 2**32 - 1)


def test_a_service_name_may_be_missing_empty_or_no_string(store: Store):
    """The row is kept; its service is what the value reads as."""
    names: list[dict[str, Plain]] = [{}, {"service.name": ""}, {"service.name": 7}, {"service.name": ["a"]}]
    requests = [traces(span(n, trace_state="odd-name"), resource=resource) for n, resource in enumerate(names, 1)]
    store.insert("traces", segment(*requests), token())
    found = store.select("SELECT ServiceName FROM otel_traces WHERE TraceState = 'odd-name' ORDER BY SpanId")
    assert found["ServiceName"].to_list() == ["", "", "7", '["a"]']


def test_resources_and_scopes_go_with_their_own_spans(store: Store):
    """Several of each in a request, some without any span, and several requests in a segment."""
    requests = []
    for number in range(2):
        request = ExportTraceServiceRequest()
        for resource in range(3):
            of_resource = request.resource_spans.add()
            of_resource.resource.attributes.extend(attributes({"service.name": f"mixed-{number}-{resource}"}))
            for scope in range(resource):
                named = InstrumentationScope(name=f"scope-{scope}", version=f"v{scope}")
                of_scope = of_resource.scope_spans.add(scope=named)
                of_scope.spans.extend(span(n, name=f"{number}{resource}{scope}{n}") for n in range(1, 1 + scope * 2))
        requests.append(request)
    requests.append(ExportTraceServiceRequest())
    store.insert("traces", segment(*requests), token())
    found = store.select(
        "SELECT ServiceName, ScopeName, ScopeVersion, SpanName FROM otel_traces "
        "WHERE startsWith(ServiceName, 'mixed') ORDER BY ALL"
    )
    assert found.rows() == [(f"mixed-{n}-2", "scope-1", "v1", f"{n}21{each}") for n in range(2) for each in (1, 2)]


def test_fields_that_nobody_knows_are_skipped(store: Store):
    """A newer sender may say more than the schema here knows."""
    known = span(1, name="known").SerializeToString()
    unknown = b"\xc2\x3e\x03new" + b"\xc8\x3e\x05"  # fields 1000 (bytes) and 1001 (varint)
    service = next(_services)
    request = traces(resource={"service.name": service})
    request.resource_spans[0].scope_spans[0].spans.append(Span.FromString(known + unknown))
    store.insert("traces", segment(request), token())
    assert rows(store, service)["SpanName"].to_list() == ["known"]


def test_an_empty_request_is_no_row(store: Store):
    """Nothing sent, nothing kept, nothing wrong."""
    before = store.select("SELECT count() AS n FROM otel_traces")["n"][0]
    store.insert("traces", segment(ExportTraceServiceRequest(), traces(resource={})), token())
    store.insert("traces", b"", token())
    assert store.select("SELECT count() AS n FROM otel_traces")["n"][0] == before
