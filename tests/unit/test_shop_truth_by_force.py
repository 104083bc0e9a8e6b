"""The simulated shop's truth against its telemetry: brute force over the spans comes to the same customers."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from threading import Event

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue

from tests.reference import Answer, affected
from tests.telemetry import Log, Span
from triage.demo.live import paced
from triage.demo.model import Shop
from triage.demo.scenarios import SCENARIOS
from triage.demo.truth import Truth
from triage.demo.truth_text import rfc3339
from triage.demo.write import otlp_requests
from triage.model import Question

T = 1_790_000_000
KINDS = ("Unspecified", "Internal", "Server", "Client", "Producer", "Consumer")
SEEDS = (1, *(pytest.param(seed, marks=pytest.mark.full) for seed in range(2, 21)))
CUSTOMER_KEYS = ("customer.id", "user.id", "enduser.id", "app.customer.id")


@dataclass
class Told:
    """What a collector was told."""

    spans: list[Span]
    logs: list[Log]


def as_text(attributes: Iterable[KeyValue]) -> dict[str, str]:
    """Attributes as text, those that are arrays left out."""
    values = ((one.key, getattr(one.value, one.value.WhichOneof("value") or "string_value")) for one in attributes)
    return {key: str(value) for key, value in values if isinstance(value, str | int | float)}


def told(records: Iterable[tuple[str, bytes]]) -> Told:
    """Reads requests with the generated classes."""
    everything = Told([], [])
    for signal, body in records:
        if signal == "traces":
            everything.spans += spans_of(ExportTraceServiceRequest.FromString(body))
        if signal == "logs":
            everything.logs += logs_of(ExportLogsServiceRequest.FromString(body))
    return everything


def spans_of(request: ExportTraceServiceRequest) -> Iterable[Span]:
    for of in request.resource_spans:
        resource = as_text(of.resource.attributes)
        for span in (span for scope in of.scope_spans for span in scope.spans):
            yield Span(
                span.trace_id.hex(),
                span.span_id.hex(),
                span.parent_span_id.hex(),
                resource["service.name"],
                span.name,
                KINDS[span.kind],
                span.start_time_unix_nano,
                span.end_time_unix_nano - span.start_time_unix_nano,
                span.status.code == 2,
                as_text(span.attributes),
                resource,
            )


def logs_of(request: ExportLogsServiceRequest) -> Iterable[Log]:
    for of in request.resource_logs:
        for log in (log for scope in of.scope_logs for log in scope.log_records):
            yield Log(log.trace_id.hex(), log.span_id.hex(), log.time_unix_nano, as_text(log.attributes))


def by_force(of: Told, question: dict[str, str | float | datetime | None]) -> Answer:
    """The answer to a question as the truth writes it."""
    asked = {key: value for key, value in question.items() if key not in ("from", "to")}
    window = [datetime.fromisoformat(str(question[edge])) for edge in ("from", "to")]
    return affected(
        of.spans,
        of.logs,
        Question(*window, **asked),  # type: ignore[arg-type]  # named as the fields are
        customer_keys=CUSTOMER_KEYS,
        order_keys=("order.id",),
        amount_keys=("order.amount",),
        currency_keys=("order.currency",),
    )


def as_the_truth_writes(answer: Answer) -> dict[str, object]:
    """A brute force answer in the form of the truth's."""
    customers = [
        {
            "customer": name,
            "outcome": str(each.outcome),
            "failures": each.failures,
            "failed_requests": len({trace_id for _, trace_id, _ in each.spans}),
            "first": rfc3339(each.first_ns),
            "last": rfc3339(each.last_ns),
            "recovered_at": None if each.recovered_ns is None else rfc3339(each.recovered_ns),
            "last_attempt": rfc3339(each.last_attempt_ns),
            "orders": sorted(each.orders),
            "amount": {currency: float(amount) for currency, amount in each.amount.items()},
        }
        for name, each in sorted(answer.customers.items())
    ]
    return {
        "failures": answer.failures,
        "failed_requests": answer.failed_requests,
        "unattributed_failures": answer.unattributed,
        "ambiguous_failures": answer.ambiguous,
        "amount_at_risk": {currency: float(amount) for currency, amount in answer.amount_at_risk.items()},
        "customers": customers,
    }


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("scenario", [scenario.name for scenario in SCENARIOS if not scenario.in_rows])
def test_what_the_model_did_is_what_its_telemetry_says(scenario: str, seed: int) -> None:
    """Customers, outcomes, times, orders and figures agree, for each question of the scenario."""
    shop = Shop(scenario, seed, 3)
    fault = shop.fault(T + 60, T + 160)
    truth = Truth(shop, fault)
    requests = list(shop.between(T, T + 280, fault))
    for request in requests:
        truth.tell(request)
    everything = told(otlp_requests(requests))
    written = json.loads(truth.to_json())
    answers = [answered for answered in (written, *written["also"]) if answered["question"]]
    assert len(answers) == 3
    for answered in answers:
        expected = as_the_truth_writes(by_force(everything, answered["question"]))
        assert {key: answered[key] for key in expected} == expected


@pytest.mark.parametrize("scenario", ["gateway-5xx", "cache-storm"])
def test_while_the_shop_lives_the_truth_is_that_of_its_own_moment(scenario: str) -> None:
    """What is under way has harmed already, and is not told of yet; what is over may have begun after it."""
    shop = Shop(scenario, 1, 20)
    fault = shop.fault(T + 10, T + 130)
    truth = Truth(shop, fault)
    requests = list(shop.between(T, T + 140, fault))
    everything = told(otlp_requests(requests))
    written = []
    for number, (request, untold_ns) in enumerate(paced(iter(requests), Event())):
        truth.tell(request)
        truth.untold_ns = untold_ns
        if number % 500 == 499:
            written.append(json.loads(truth.to_json()))
    assert written[-1]["customers"]
    for answered in written:
        question = answered["question"] | {"as_of": datetime.fromisoformat(answered["as_of"])}
        expected = as_the_truth_writes(by_force(everything, question))
        assert {key: answered[key] for key in expected} == expected
    assert json.loads(truth.to_json())["as_of"] == rfc3339(max(request.end_ns for request in requests))


@pytest.mark.parametrize("seed", range(1, 4))
def test_of_two_faults_at_a_time_each_has_its_own_truth(seed: int) -> None:
    """Played into each other, in unrelated services: the telemetry says of each what its truth does."""
    shop, other = Shop("token-expired", seed, 4), Shop("contract-drift", seed, 4)
    faults = [shop.fault(T + 60, T + 200), other.fault(T + 100, T + 260)]
    truths = [Truth(shop, fault) for fault in faults]
    requests = list(shop.between(T, T + 400, *faults))
    for request in requests:
        for truth in truths:
            truth.tell(request)
    everything = told(otlp_requests(requests))
    for truth in truths:
        written = json.loads(truth.to_json())
        assert len(written["customers"]) > 3
        for answered in (written, *written["also"]):
            expected = as_the_truth_writes(by_force(everything, answered["question"]))
            assert {key: answered[key] for key in expected} == expected
