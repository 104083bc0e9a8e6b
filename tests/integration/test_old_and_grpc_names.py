"""Calls as older senders, gRPC clients and database drivers tell them, and services that send log records alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from queries import rebuild, schema
from queries.schema import Meanings
from queries.store import Store
from tests.integration.otlp import SECOND, Plain, attributes, logs, segment, span, token, traces
from tests.loading import empty
from triage.affected.answer import affected
from triage.detectors import symptoms_at
from triage.incident.naming import title_of
from triage.model import Question
from triage.runbook import SHIPPED
from triage.runbook.read import load_runbook
from triage.symptom import Cause, Symptom

pytestmark = pytest.mark.integration

NOW = datetime(2026, 9, 22, 14, 0, tzinfo=UTC)
END = int(NOW.timestamp()) * SECOND
PSP = "api.psp.example"
CHECKOUTS = """
    INSERT INTO otel_traces (
        Timestamp, TraceId, SpanId, ParentSpanId, ServiceName, SpanName, SpanKind, Duration, StatusCode, StatusMessage,
        SpanAttributes)
    WITH
        mapFromArrays({keys:Array(String)}, {texts:Array(String)}) AS asked,
        mapFromArrays({failing_keys:Array(String)}, {failing_texts:Array(String)}) AS failing,
        number < 120 AS is_now,
        is_now AND {late_ms:UInt32} = 0 AND number % 10 > 0 AS fails
    SELECT
        toDateTime64({now:DateTime64(6, 'UTC')}, 9, 'UTC') - toIntervalSecond(2 * number + 2),
        concat(toJSONString(asked), toString(number)), toString(depth), if(depth = 1, '', '1'),
        'checkout', ['POST /checkout', 'call'][depth], ['Server', 'Client'][depth],
        (if(is_now AND {late_ms:UInt32} > 0, {late_ms:UInt32}, 40) + [20, 0][depth]) * 1000000,
        if(fails, ['Error', {status:String}][depth], 'Unset'),
        if(fails AND depth = 2, {message:String}, ''),
        if(depth = 1,
            map('http.response.status_code', if(fails, {answered:String}, '200'), 'customer.id', toString(number)),
            if(fails, failing, asked))
    FROM numbers(1800)
    ARRAY JOIN [1, 2] AS depth
"""


@pytest.fixture
def store(own_store: Store) -> Iterator[Store]:
    """Without telemetry; what the settings name is forgotten afterwards."""
    empty(own_store)
    yield own_store
    schema.apply(own_store)


def checkouts(
    store: Store, asked: dict[str, str], failing: dict[str, str] | None = None, *, status: str = "Error",
    message: str = "", answered: int = 500, late_ms: int = 0,
) -> None:  # fmt: skip
    """An hour of checkouts, each with one call of the attributes `asked`.

    In the last four minutes all but one of ten fail: the call with this status, message and more attributes, the
    checkout with the HTTP status `answered`. Or all are late, and none fails.
    """
    failing = asked | (failing or {})
    store.command(
        CHECKOUTS, now=NOW, keys=list(asked), texts=list(asked.values()), failing_keys=list(failing),
        failing_texts=list(failing.values()), status=status, message=message, answered=str(answered), late_ms=late_ms,
    )  # fmt: skip


def found(store: Store) -> dict[str, Symptom]:
    return {symptom.detector: symptom for symptom in symptoms_at(store.ask, NOW)}


def customers(store: Store, **asked: str) -> int:
    """How many are affected, of the last five minutes."""
    return affected(store, Question(NOW - timedelta(minutes=5), NOW, **asked)).customers  # type: ignore[arg-type]


def test_a_partner_is_known_by_the_older_name_of_its_address(store: Store) -> None:
    """To who asks for its customers, in what fails and in what takes long."""
    schema.apply(store, meanings=Meanings(partners=(PSP,)))
    checkouts(store, {"net.peer.name": PSP}, {"http.status_code": "401"}, status="Unset")
    assert customers(store, partner=PSP) == 108
    refused = found(store)["partner_integration"]
    assert (refused.subject, refused.cause) == ({"partner": PSP}, Cause.TOKEN_EXPIRED)
    empty(store)
    checkouts(store, {"net.peer.name": PSP}, late_ms=900)
    slow = found(store)["slow_checkout"]
    assert (slow.subject, slow.cause) == ({"partner": PSP}, Cause.ERP_SYNC)


@pytest.mark.parametrize("keys", [("server.address", "net.peer.name"), ("net.peer.name", "server.address")])
def test_the_present_name_of_an_address_goes_before_the_older_one(store: Store, keys: tuple[str, str]) -> None:
    """In whichever order they come."""
    told: dict[str, Plain] = {key: key for key in keys}
    failing = span(status=Status(code=Status.STATUS_CODE_ERROR), attributes=attributes(told))
    store.insert("traces", segment(traces(failing)), token())
    for table in ("failures", "spans"):
        assert store.select(f"SELECT ServerAddress FROM {table}")["ServerAddress"].to_list() == ["server.address"]


def test_a_service_that_sends_log_records_alone_is_no_partner(store: Store) -> None:
    """Its callers' errors are not its answers; it is known as often as rollups are made again."""
    checkouts(store, {"peer.service": "legacy-erp"}, {"http.response.status_code": "500"})
    assert "partner_integration" in found(store)
    records = [LogRecord(time_unix_nano=END - minutes * 60 * SECOND) for minutes in (1, 59)]
    store.insert("logs", segment(logs(*records, resource={"service.name": "legacy-erp"})), token())
    rebuild.rebuild(store, "services")
    known = store.select("SELECT First, Last FROM services FINAL WHERE ServiceName = 'legacy-erp'").rows()
    assert known == [(NOW - timedelta(minutes=59), NOW - timedelta(minutes=1))]
    assert "partner_integration" not in found(store)


@pytest.mark.parametrize("key", ["db.system", "db.system.name"])
def test_a_database_is_no_partner_whatever_it_is_called(store: Store, key: str) -> None:
    """Who calls it is at fault; nor does it make a checkout wait for a partner."""
    asked = {key: "postgresql", "peer.service": "orders-db"}
    checkouts(store, asked, message='FATAL: password authentication failed for user "shop"')
    symptoms = found(store)
    assert list(symptoms) == ["gateway_errors"]
    assert symptoms["gateway_errors"].subject == {"service": "checkout"}
    empty(store)
    checkouts(store, asked, late_ms=900)
    slow = found(store)["slow_checkout"]
    assert (slow.subject.get("partner"), slow.cause) == (None, Cause.SLOW_HOP)


STATUSES = {
    "gRPC 16 UNAUTHENTICATED": ({"rpc.grpc.status_code": "16"}, Cause.TOKEN_EXPIRED),
    "gRPC 7 PERMISSION_DENIED": ({"rpc.response.status_code": "PERMISSION_DENIED"}, Cause.TOKEN_EXPIRED),
    "PERMISSION_DENIED": ({"error.type": "PERMISSION_DENIED"}, Cause.TOKEN_EXPIRED),
    "gRPC 3 INVALID_ARGUMENT": ({"rpc.grpc.status_code": "3"}, Cause.CONTRACT_DRIFT),
    "gRPC 9 FAILED_PRECONDITION": ({"rpc.grpc.status_code": "9"}, Cause.CONTRACT_DRIFT),
    "gRPC 11 OUT_OF_RANGE": ({"rpc.grpc.status_code": "11"}, Cause.CONTRACT_DRIFT),
    "gRPC 12 UNIMPLEMENTED": ({"rpc.grpc.status_code": "12"}, Cause.CONTRACT_DRIFT),
    "gRPC 13 INTERNAL": ({"rpc.grpc.status_code": "13"}, Cause.PARTNER_DOWN),
    "RPC -32601": ({"rpc.response.status_code": "-32601"}, Cause.PARTNER_DOWN),
}


def test_a_status_of_grpc_is_an_answer(store: Store) -> None:
    """It says who is to act, though no text comes with it."""
    for words, (told, _) in STATUSES.items():
        checkouts(store, {"peer.service": words}, told)
    symptoms = [each for each in symptoms_at(store.ask, NOW) if each.detector == "partner_integration"]
    assert {each.subject["partner"]: each.cause for each in symptoms} == {
        words: cause for words, (_, cause) in STATUSES.items()
    }
    for each in symptoms:
        assert each.because.endswith(f"(no HTTP status): {each.subject['partner']}")


def test_an_error_that_says_nothing_is_not_said_to_have_no_name(store: Store) -> None:
    """Neither a partner's nor a service's."""
    checkouts(store, {"peer.service": "psp"})
    symptoms = found(store)
    assert list(symptoms) == ["partner_integration", "gateway_errors"]
    assert [symptom for symptom in symptoms.values() if "(no name)" in symptom.because] == []


TITLES = {
    500: "5xx at the gateway: 72 % of POST /checkout since 13:56",
    200: "Errors at the gateway: 72 % of POST /checkout since 13:56",
}


@pytest.mark.parametrize("answered", TITLES)
def test_a_title_speaks_of_5xx_where_most_failing_requests_were_answered_so(store: Store, answered: int) -> None:
    """Others fail under HTTP 200, which is not what their error is called."""
    checkouts(store, {}, status="Unset", answered=answered)
    symptom = found(store)["gateway_errors"]
    assert title_of(symptom, load_runbook(SHIPPED).answering(symptom), symptom.from_) == TITLES[answered]
    assert symptom.sentence.startswith(TITLES[answered].partition(":")[0])
    said = store.select("SELECT DISTINCT Error FROM failures")["Error"].to_list()
    assert said == (["HTTP 500"] if answered == 500 else [""])
