"""Log records: body of any type, odd severities and times, and whom they belong to."""

from __future__ import annotations

import itertools
import json
from base64 import b64encode

import polars as pl
import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from queries.store import Store
from tests.integration.otlp import T0, Plain, any_value, attributes, logs, segment, token

pytestmark = pytest.mark.integration
OVER_HTTP = ("test_invalid_utf8_is_repaired_wherever_it_stands",)

_services = (f"logs-{number}" for number in itertools.count())
BAD = b"\xff\xfe\x80\xc0"


def land(store: Store, *records: LogRecord, broken: bool = False) -> pl.DataFrame:
    """Loads the records and reads them back, in the order of their times."""
    service = next(_services)
    body = segment(logs(*records, resource={"service.name": service}))
    store.insert("logs", body.replace(b"BAD!", BAD) if broken else body, token())
    sql = "SELECT * FROM otel_logs WHERE ServiceName = {service:String} ORDER BY Timestamp, SeverityText"
    return store.select(sql, service=service)


def record(number: int = 0, **fields: object) -> LogRecord:
    made = LogRecord(time_unix_nano=T0 + number)
    made.MergeFrom(LogRecord(**fields))  # type: ignore[arg-type]  # the message checks them
    return made


BODIES: list[tuple[Plain, str]] = [
    ("text\nof two lines", "text\nof two lines"),
    ("", ""),
    (None, ""),
    (0, "0"),
    (2**63 - 1, "9223372036854775807"),
    (False, "false"),
    (0.25, "0.25"),
    (b"\x00\xff", "AP8="),
    ([1, "two", None], '[1,"two",null]'),
    ({"event": "paid", "amount": 12}, '{"event":"paid","amount":12}'),
]


def test_a_body_may_be_of_any_type(store: Store):
    """It is kept as the text that an attribute of the same value would be."""
    found = land(store, *(record(n, body=any_value(body)) for n, (body, _) in enumerate(BODIES)), record(len(BODIES)))
    assert found["Body"].to_list() == [expected for _, expected in BODIES] + [""]


SEVERITIES = {0: 0, 1: 1, 9: 9, 24: 24, 25: 0, -1: 0, 2**31 - 1: 0}


def test_a_severity_out_of_range_is_unspecified(store: Store):
    """1 to 24 mean something; all else says nothing, and the sender's own word for it is kept."""
    odd = [record(n, severity_number=sent, severity_text=f"<{sent}>") for n, sent in enumerate(SEVERITIES)]
    found = land(store, *odd)
    assert found["SeverityNumber"].to_list() == list(SEVERITIES.values())
    assert found["SeverityText"].to_list() == [f"<{sent}>" for sent in SEVERITIES]


def test_a_record_without_a_time_has_the_time_it_was_observed(store: Store):
    """With neither it stays at 1970; both are filed under a day of reason."""
    found = land(
        store,
        LogRecord(severity_text="observed", observed_time_unix_nano=T0 + 7),
        LogRecord(severity_text="neither"),
        LogRecord(severity_text="own", time_unix_nano=T0 + 9, observed_time_unix_nano=T0 + 8),
        LogRecord(severity_text="wild", time_unix_nano=2**64 - 1),
    )
    times = dict(zip(found["SeverityText"], found["Timestamp"].dt.epoch("ns"), strict=True))
    assert times == {"neither": 0, "observed": T0 + 7, "own": T0 + 9, "wild": 2**63 - 1}
    days = store.select(
        "SELECT countIf(Day BETWEEN '2000-01-01' AND today() + 1) AS filed FROM otel_logs "
        "WHERE ServiceName = {s:String}",
        s=found["ServiceName"][0],
    )
    assert days["filed"][0] == 4


def test_a_record_is_found_by_its_time_however_odd(store: Store):
    """The table is ordered by five minutes of it, which the engine knows no more after 2106."""
    sent = [0, 915_148_799 * 10**9, T0, 4_500_000_000 * 10**9, 2**63 - 1]
    service = land(store, *(LogRecord(time_unix_nano=time) for time in sent))["ServiceName"][0]
    for time in sent[1:]:
        found = store.select(
            "WITH fromUnixTimestamp64Nano({t:Int64}, 'UTC') AS time SELECT count() AS n FROM otel_logs "
            "WHERE ServiceName = {s:String} AND Timestamp BETWEEN time AND time",
            s=service,
            t=time,
        )
        assert found["n"][0] == 1, time


def test_reserved_bits_of_the_flags_are_left_out(store: Store):
    """The lowest eight are the W3C trace flags; the rest is reserved."""
    found = land(store, record(1, flags=0), record(2, flags=1), record(3, flags=0xFFFFFF01), record(4, flags=0x100))
    assert found["TraceFlags"].to_list() == [0, 1, 1, 0]


def test_ids_event_name_and_dropped_count_are_kept(store: Store):
    """Ids of any length as hex, none for all zero."""
    found = land(
        store,
        record(1, trace_id=b"\x0a" * 16, span_id=b"\x0b" * 8, event_name="paid", dropped_attributes_count=4),
        record(2, trace_id=bytes(16), span_id=bytes(8)),
        record(3, trace_id=b"\x01", span_id=b"\x02" * 20),
    )
    assert found["TraceId"].to_list() == ["0a" * 16, "", "01"]
    assert found["SpanId"].to_list() == ["0b" * 8, "", "02" * 20]
    assert found["EventName"].to_list() == ["paid", "", ""]
    assert found["DroppedAttributesCount"].to_list() == [4, 0, 0]


def test_resource_and_scope_are_kept_with_the_record(store: Store):
    """Their attributes and schema addresses too."""
    request = ExportLogsServiceRequest()
    of_resource = request.resource_logs.add(schema_url="https://r")
    of_resource.resource.attributes.extend(attributes({"service.name": "logs-scoped", "host.name": "h"}))
    scope = InstrumentationScope(name="lib", version="2", attributes=attributes({"k": True}))
    of_resource.scope_logs.add(scope=scope, schema_url="https://s").log_records.append(
        record(1, attributes=attributes({"n": 2**60}))
    )
    of_resource.scope_logs.add(schema_url="https://none")
    store.insert("logs", segment(request), token())
    row = store.select("SELECT * FROM otel_logs WHERE ServiceName = 'logs-scoped'").row(0, named=True)
    assert (row["ResourceSchemaUrl"], row["ScopeSchemaUrl"]) == ("https://r", "https://s")
    assert (row["ScopeName"], row["ScopeVersion"], dict(row["ScopeAttributes"])) == ("lib", "2", {"k": "true"})
    assert dict(row["ResourceAttributes"])["host.name"] == "h"
    assert dict(row["LogAttributes"]) == {"n": str(2**60)}


def test_invalid_utf8_is_repaired_wherever_it_stands(store: Store):
    """In body, severity, event name, attributes and nested values."""
    inner = any_value(["BAD!"]).array_value.SerializeToString().replace(b"BAD!", BAD)
    odd = record(
        1,
        severity_text="BAD!",
        event_name="BAD!",
        body=any_value({"BAD!": ["BAD!"]}),
        attributes=attributes({"BAD!": "BAD!", "good": "good"}),
    )
    row = land(store, odd, record(2, body=any_value("BAD!")), broken=True)
    first, second = row.row(0, named=True), row.row(1, named=True)
    repaired = second["Body"]
    assert set(repaired) == {"\ufffd"}
    assert first["SeverityText"] == first["EventName"] == repaired
    assert json.loads(first["Body"]) == {repaired: b64encode(inner).decode()}
    assert dict(first["LogAttributes"]) == {repaired: repaired, "good": "good"}
