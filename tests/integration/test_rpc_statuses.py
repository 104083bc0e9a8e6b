"""What an RPC's status says of an error, whatever other words come with it."""

from __future__ import annotations

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from queries.store import Store
from tests.integration.otlp import Plain, attributes, segment, span, token, traces
from tests.integration.test_old_and_grpc_names import NOW, checkouts, found
from tests.loading import empty
from triage.detectors import symptoms_at
from triage.symptom import Cause

pytestmark = pytest.mark.integration

ANSWERS = {
    "invalid api key": ("16", Cause.TOKEN_EXPIRED),
    "access denied for merchant 7": ("7", Cause.TOKEN_EXPIRED),
    "schema of the token not valid": ("16", Cause.TOKEN_EXPIRED),
    "TLS handshake with no client certificate": ("7", Cause.TOKEN_EXPIRED),
    "token of the card lacks its year": ("3", Cause.CONTRACT_DRIFT),
    "merchant is not active": ("9", Cause.CONTRACT_DRIFT),
    "page 7 of 3": ("11", Cause.CONTRACT_DRIFT),
    "unknown method Charge for service dns.v1.Payments": ("12", Cause.CONTRACT_DRIFT),
    "no valid addresses": ("14", Cause.PARTNER_DOWN),
    "token service overloaded": ("14", Cause.PARTNER_DOWN),
    "took too long to validate": ("4", Cause.PARTNER_DOWN),
    "API key expired. Please renew the API key.": (
        "3",
        Cause.TOKEN_EXPIRED,
    ),  # words that plainly name our key go first
    "API key not valid. Please pass a valid API key.": ("3", Cause.TOKEN_EXPIRED),
    "metadata from plugin failed: invalid_grant": ("14", Cause.TOKEN_EXPIRED),
    "Credentials failed to obtain metadata": ("14", Cause.TOKEN_EXPIRED),
    "metadata from plugin failed: Max retries exceeded": ("14", Cause.PARTNER_DOWN),
    "API key expired by deadline": ("4", Cause.PARTNER_DOWN),
    "token expired": ("2", Cause.TOKEN_EXPIRED),  # the status says nothing: words do
    "cannot parse the answer": ("13", Cause.CONTRACT_DRIFT),
}


@pytest.fixture
def store(own_store: Store) -> Store:
    """Without telemetry."""
    empty(own_store)
    return own_store


def test_a_partner_s_status_of_grpc_says_who_is_to_act_before_its_words_do(store: Store) -> None:
    """By 7 and 16 it refuses who we are, by 3, 9, 11 and 12 what we say, and 4 and 14 are no answer.

    Only words that plainly name our key or its grant go before 3 and 14.
    """
    for words, (status, _) in ANSWERS.items():
        checkouts(store, {"peer.service": words}, {"rpc.grpc.status_code": status}, message=words)
    symptoms = [each for each in symptoms_at(store.ask, NOW) if each.detector == "partner_integration"]
    assert {each.subject["partner"]: each.cause for each in symptoms} == {
        words: cause for words, (_, cause) in ANSWERS.items()
    }
    for each in symptoms:
        assert each.because.endswith(each.subject["partner"]), each.because
        assert ("(no answer)" in each.because) == (
            ANSWERS[each.subject["partner"]][0] in ("4", "14") and each.cause is Cause.PARTNER_DOWN
        ), each.because


@pytest.mark.parametrize(
    ("status", "message", "cause"),
    [
        ("3", "amount: not a number", Cause.SCHEMA_CHANGE),
        ("14", "schema registry: no addresses", Cause.PROVIDER_FAILING),
        ("13", "schema registry: no addresses", Cause.SCHEMA_CHANGE),
    ],
)
def test_a_service_s_status_of_grpc_says_whether_it_could_read_what_was_sent(
    store: Store, status: str, message: str, cause: Cause
) -> None:
    """Where it does not, as of an internal error, words do."""
    checkouts(store, {}, {"rpc.grpc.status_code": status}, message=message)
    assert found(store)["gateway_errors"].cause == cause


REFUSED: dict[str, Plain] = {"rpc.grpc.status_code": 16}
THROWN = Span.Event(
    name="exception", attributes=attributes({"exception.type": "RpcError", "exception.message": "no key"})
)


@pytest.mark.parametrize(
    ("told", "message", "events", "text"),
    [
        (REFUSED, "no key", [], "gRPC 16 UNAUTHENTICATED: no key"),
        (REFUSED, "no key", [THROWN], "gRPC 16 UNAUTHENTICATED: RpcError: no key"),
        (REFUSED | {"error.type": "16"}, "", [], "gRPC 16 UNAUTHENTICATED"),
        ({"rpc.response.status_code": "-32601"}, "no such method", [], "RPC -32601: no such method"),
        ({"rpc.grpc.status_code": 0, "error.type": "TimeoutError"}, "", [], "TimeoutError"),
        ({"rpc.grpc.status_code": 0, "error.type": "TimeoutError"}, "late", [], "late"),
        ({"error.type": "gRPC"}, "", [], "gRPC"),
    ],
)
def test_an_error_s_text_begins_with_its_status(
    store: Store, told: dict[str, Plain], message: str, events: list[Span.Event], text: str
) -> None:
    """What was thrown, or else the span's message, comes after it."""
    failing = span(status=Status(code=Status.STATUS_CODE_ERROR, message=message), attributes=attributes(told))
    failing.events.extend(events)
    store.insert("traces", segment(traces(failing)), token())
    assert store.select("SELECT Error FROM failures")["Error"].to_list() == [text]
