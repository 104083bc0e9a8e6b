"""Whom the detectors blame: partners by whichever name they go, services of any kind of span, and nobody for little."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

import pytest

from queries import schema
from queries.schema import Meanings
from queries.store import Store
from tests.loading import empty
from triage.detectors import symptoms_at, window_at
from triage.detectors.partner_integration import partner_integration
from triage.symptom import Cause, Symptom

pytestmark = pytest.mark.integration

NOW = datetime(2026, 9, 22, 14, 0, tzinfo=UTC)
REQUESTS = """
    INSERT INTO otel_traces (
        Timestamp, TraceId, SpanId, ParentSpanId, ServiceName, SpanName, SpanKind, Duration, StatusCode, StatusMessage,
        SpanAttributes)
    WITH
        number < 300 / {every_s:UInt32} AND cityHash64(number) % 100 < {failing:UInt8} AS fails,
        number < 300 / {every_s:UInt32} AND {late_ms:UInt32} > 0 AS is_late
    SELECT
        toDateTime64({now:DateTime64(6, 'UTC')}, 9, 'UTC') - toIntervalSecond((number + 1) * {every_s:UInt32})
            + toIntervalMillisecond(depth),
        concat({service:String}, ' ', toString(number)), toString(depth), if(depth = 1, '', '1'),
        ['gateway', {service:String}][depth], [{operation:String}, 'work'][depth], ['Server', {kind:String}][depth],
        (if(is_late, {late_ms:UInt32}, 40) + [20, 0][depth]) * 1000000,
        if(fails AND (depth = 2 OR number % {seen_every:UInt32} = 0), 'Error', 'Ok'),
        if(fails AND depth = 2, {message:String}, ''),
        if(depth = 1, map(), mapFromArrays({keys:Array(String)}, {texts:Array(String)}))
    FROM numbers(toUInt64(3600 / {every_s:UInt32}))
    ARRAY JOIN [1, 2] AS depth
"""


@pytest.fixture
def store(own_store: Store) -> Store:
    """Without telemetry."""
    empty(own_store)
    return own_store


def requests(
    store: Store, operation: str = "POST /checkout", service: str = "checkout", kind: str = "Server", *,
    asked: Mapping[str, str] | None = None, failing: int = 0, seen_every: int = 1, late_ms: int = 0, message: str = "",
    every_s: int = 2,
) -> None:  # fmt: skip
    """An hour of requests through a service; in its last five minutes, `failing` of a hundred fail, or all are late.

    Who asked sees one of `seen_every` failures.
    """
    asked = asked or {}
    store.command(
        REQUESTS, now=NOW, operation=operation, service=service, kind=kind, failing=failing, seen_every=seen_every,
        late_ms=late_ms, message=message, every_s=every_s, keys=list(asked), texts=list(asked.values()),
    )  # fmt: skip


def found(store: Store) -> Sequence[Symptom]:
    return symptoms_at(store.ask, NOW)


NAMES = {
    "a.example": {"peer.service": "a.example"},
    "b.example": {"server.address": "b.example"},
    "c.example": {"service.peer.name": "psp-gateway", "peer.service": "c.example"},
    "d.example": {"peer.service": "psp-gateway", "server.address": "d.example"},
}


@pytest.fixture
def named(store: Store) -> Iterator[Store]:
    """Without telemetry, where the settings name these partners."""
    schema.apply(store, meanings=Meanings(partners=tuple(NAMES)))
    yield store
    schema.apply(store)


def test_a_partner_is_blamed_by_whichever_of_its_names_the_settings_know(named: Store) -> None:
    """For what fails, and for what takes long."""
    for partner, asked in NAMES.items():
        requests(named, f"GET /{partner}", f"of {partner}", kind="Client", asked=asked, failing=50)
    symptoms = found(named)
    assert [symptom.detector for symptom in symptoms] == ["partner_integration"] * 4 + ["gateway_errors"] * 4
    for told in symptoms[:4], symptoms[4:]:
        assert sorted(symptom.subject["partner"] for symptom in told) == sorted(NAMES)
    for partner, asked in NAMES.items():
        empty(named)
        requests(named, kind="Client", asked=asked, late_ms=900)
        (slow,) = found(named)
        assert (slow.subject, slow.cause) == ({"partner": partner}, Cause.ERP_SYNC)


def test_a_service_is_blamed_whatever_the_kind_of_its_spans(store: Store) -> None:
    """One that answers no requests is judged by those that fail for it where they enter."""
    for kind in ("Client", "Consumer", "Internal", "Producer", "Server"):
        requests(store, f"POST /{kind}", kind, kind, failing=50)
    blamed = sorted(
        (*symptom.subject.items(), symptom.detector, "where" in symptom.because) for symptom in found(store)
    )
    assert blamed == [
        (("service", "Client"), "gateway_errors", False),
        (("service", "Consumer"), "gateway_errors", True),
        (("service", "Internal"), "gateway_errors", False),
        (("service", "Producer"), "gateway_errors", False),
        (("service", "Server"), "gateway_errors", True),
    ]


def test_a_few_failures_beside_those_that_break_an_operation_are_no_symptom(store: Store) -> None:
    """Though nothing else is known of the service at which they begin."""
    requests(store, failing=50)
    requests(store, service="audit", kind="Internal", failing=4)
    assert [symptom.subject for symptom in found(store)] == [{"service": "checkout"}]


def test_what_nobody_sees_is_not_told_with_what_fails_elsewhere(store: Store) -> None:
    """A service whose failures are masked but for a few has no part in another operation's."""
    requests(store, service="payment", failing=50)
    requests(store, "GET /home", "recommend", failing=100, seen_every=60)
    assert [symptom.subject for symptom in found(store)] == [{"service": "payment"}]


def test_a_call_that_is_received_five_times_fails_once(store: Store) -> None:
    """However many are usual."""
    requests(store, kind="Client", asked={"peer.service": "psp"}, every_s=6)
    store.command(
        "INSERT INTO otel_traces"
        " (Timestamp, TraceId, SpanId, ServiceName, SpanName, SpanKind, StatusCode, SpanAttributes)"
        " SELECT {now:DateTime64(6, 'UTC')} - INTERVAL 1 MINUTE, 'one', '1', 'checkout', 'charge', 'Client', 'Error',"
        " map('peer.service', 'psp') FROM numbers(5)",
        now=NOW,
    )
    assert found(store) == []


POOL = "HTTPSConnectionPool(host='token.bank.example', port=443): Max retries exceeded with url"
UNANSWERED = (
    f"{POOL}: /oauth/token (Caused by NameResolutionError('[Errno -2] Name or service not known'))",
    f"{POOL}: /v1/token (Caused by NewConnectionError('[Errno 113] No route to host'))",
    "dial tcp: lookup token.bank.example: no such host",
    "getaddrinfo ENOTFOUND token.bank.example",
    "getaddrinfo EAI_AGAIN token.bank.example",
    "java.net.UnknownHostException: token.bank.example",
    "Could not resolve host: token.bank.example",
    "Failed to connect to token.bank.example port 443",
    "('Connection aborted.', RemoteDisconnected('Remote end closed connection without response')) /v2/validate",
    "ServerDisconnectedError: /v1/contracts",
    "socket hang up, POST https://bank.example/oauth/token",
    'Post "https://bank.example/v1/validate": context deadline exceeded',
    "ERR_TLS_CERT_ALTNAME_INVALID",
    "CERT_HAS_EXPIRED",
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    "SSLError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate has expired",
    "The remote certificate is invalid according to the validation procedure",
    "invalid peer certificate: UnknownIssuer",
    "Failed to obtain access token: connect ETIMEDOUT 203.0.113.5:443",
    "token refresh failed: connect EHOSTUNREACH 10.0.0.7:443",
    "could not fetch token: ENETUNREACH",
    "could not fetch token: write EPIPE",
    'oauth2: cannot fetch token: Post "https://bank.example/token": EOF',
    "java.net.NoRouteToHostException: token",
    "Unable to acquire token: Network is down",
    "could not get token: rpc error: code = DeadlineExceeded desc = stream ended",
    "SocketException: Software caused connection abort: token",
)
REFUSED = (
    "invalid token: the certificate claim does not match",
    "POST https://bank.example/v1/charges: the token has expired",
    "Bad credentials for /v1/charges",
)
INVALID = (
    "validation of response failed: certificate_number is missing field",
    "invalid client certificate serial in payload: schema",
    "could not resolve schema of https://bank.example/v1/token: unexpected field",
    "validation failed: unknown field 'timeout_ms'",
    'schema error: unknown field "dns_name"',
    "malformed request: unexpected property `token`",
    'json: cannot parse: {"error": "unknown field \\"tls_version\\""}',
)


SAID = (
    ("", "tls: failed to verify certificate: x509: certificate has expired or is not yet valid", Cause.PARTNER_DOWN),
    *(("", message, Cause.PARTNER_DOWN) for message in UNANSWERED),
    *(("", message, Cause.TOKEN_EXPIRED) for message in REFUSED),
    *(("", message, Cause.CONTRACT_DRIFT) for message in INVALID),
    ("", "javax.net.ssl.SSLHandshakeException: PKIX path validation failed", Cause.PARTNER_DOWN),
    ("", "java.net.ConnectException: Connection refused (HTTP version 1.1)", Cause.PARTNER_DOWN),
    ("503", "no valid upstream", Cause.PARTNER_DOWN),
    ("", "UNAUTHENTICATED: the token has expired", Cause.TOKEN_EXPIRED),
    ("", "ClassLoader: unexpected field total", Cause.CONTRACT_DRIFT),
    ("200", "the answer is not valid: missing field total", Cause.CONTRACT_DRIFT),
)
CALLS_OF_EACH = """
    INSERT INTO otel_traces
    SELECT * REPLACE (
        concat(TraceId, ' ', peer) AS TraceId,
        if(StatusMessage = '', '', message) AS StatusMessage,
        if(ParentSpanId = '', map(), if(
            status = '', map('peer.service', peer), map('peer.service', peer, 'http.response.status_code', status)
        )) AS SpanAttributes)
    FROM otel_traces
    ARRAY JOIN {peers:Array(String)} AS peer, {statuses:Array(String)} AS status, {messages:Array(String)} AS message
"""


@pytest.fixture(scope="module")
def causes(own_store: Store) -> Mapping[str, Cause | None]:
    """Why a partner's calls are found to fail, where those of each say something else."""
    empty(own_store)
    requests(own_store, kind="Client", failing=50, message="to be replaced", every_s=4)
    statuses, messages, _ = zip(*SAID, strict=True)
    peers = [f"psp-{number}" for number in range(len(SAID))]
    own_store.command(CALLS_OF_EACH, peers=peers, statuses=list(statuses), messages=list(messages))
    symptoms = partner_integration(window_at(NOW), own_store.ask)
    return {symptom.subject["partner"]: symptom.cause for symptom in symptoms}


@pytest.mark.parametrize(("number", "message", "cause"), [(n, *said[1:]) for n, said in enumerate(SAID)])
def test_what_a_call_says_that_found_nobody_is_no_complaint_of_the_partner_s(
    causes: Mapping[str, Cause | None], number: int, message: str, cause: Cause
) -> None:
    """Whatever words are in it; nor is what a partner says that fails by itself."""
    assert causes[f"psp-{number}"] == cause, message
