"""Which customers were affected: however the simulated shop breaks, the answer is what really happened."""

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import httpx
import pytest

from queries.store import Store, varint
from tests.loading import empty
from tests.reference import nanoseconds
from triage.affected.answer import everyone
from triage.demo.answer import Answer
from triage.demo.endpoint import PROTOCOLS, Protocol, endpoint
from triage.demo.fault import Question as ShopQuestion
from triage.demo.model import Shop
from triage.demo.scenarios import SCENARIOS
from triage.demo.send import Sender
from triage.demo.truth import Truth
from triage.demo.write import otlp_requests
from triage.model import AffectedCustomer, Question
from triage.service import Service, running
from triage.setting_types import Address, Part
from triage.settings import Settings

pytestmark = pytest.mark.integration

OPENS = 1_790_000_000
"""Seconds since 1970. The fault is on from 4 to 7 minutes later; after 10 the shop closes."""
SPANS_EACH = 4000
LOADED_S = 60.0
LOADED = "SELECT (SELECT count() FROM otel_traces), (SELECT count() FROM otel_logs)"
NAMES = [scenario.name for scenario in SCENARIOS]
SENT = ("gateway-5xx", "bad-deploy", "token-expired")
SLICE, ALL = range(1, 2), range(1, 21)
FREE = Address("127.0.0.1", 0)

Told: TypeAlias = tuple[str, int, int, int, int | None, tuple[str, ...]]
"""Of a customer: outcome, failures, first, last and recovered (in microseconds), orders."""


@dataclass(frozen=True)
class Run:
    """A shop that was open for a while: what really happened, and what its services sent."""

    truth: Truth
    questions: tuple[ShopQuestion, ...]
    sent: tuple[tuple[str, bytes], ...]
    spans: int
    logs: int

    @staticmethod
    def of(scenario: str, seed: int) -> "Run":
        """The same scenario and seed are the same run."""
        shop = Shop(scenario, seed, rate=6)
        fault = shop.fault(OPENS + 240, OPENS + 420)
        requests = list(shop.between(OPENS, OPENS + 600, fault))
        truth = Truth(shop, fault)
        for request in requests:
            truth.tell(request)
        sent = tuple(each for each in otlp_requests(requests, SPANS_EACH) if each[0] != "metrics")
        spans, logs = sum(len(request.spans) for request in requests), sum(len(request.logs) for request in requests)
        return Run(truth, shop.scenario.questions, sent, spans, logs)


@dataclass(frozen=True)
class Triage:
    """A service that runs, and its store."""

    service: Service
    store: Store


@pytest.fixture(scope="module")
def triage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Triage]:
    """A service on ports of the system's choice, for all tests here: a process has one embedded engine."""
    data = tmp_path_factory.mktemp("shop") / "data"
    parts = (Part.COLLECT, Part.WEB)
    settings = Settings(data=data, otlp_grpc=FREE, otlp_http=FREE, web=FREE, only=parts)
    with running(settings) as (service, store):
        yield Triage(service, store)


@pytest.mark.parametrize("scenario", NAMES)
@pytest.mark.parametrize("seed", SLICE)
def test_the_answer_is_what_really_happened(triage: Triage, scenario: str, seed: int) -> None:
    """Every customer who was hit, nobody else, each with how it went on; a slice of the seeds."""
    check_loaded(triage.store, Run.of(scenario, seed))


@pytest.mark.full
@pytest.mark.parametrize("scenario", NAMES)
@pytest.mark.parametrize("seed", ALL)
def test_the_answer_is_what_really_happened_for_every_seed(triage: Triage, scenario: str, seed: int) -> None:
    """The same for all twenty."""
    check_loaded(triage.store, Run.of(scenario, seed))


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("scenario", "protocol"), [*zip(("gateway-5xx", "bad-deploy", "token-expired"), PROTOCOLS, strict=True)]
)
def test_over_each_protocol_the_answer_is_what_really_happened(
    triage: Triage, scenario: str, protocol: Protocol
) -> None:
    """From a sender's bytes over gRPC, HTTP with protobuf and with JSON to the JSON API, a scenario each."""
    check_sent(triage, Run.of(scenario, 3), protocol)


@pytest.mark.full
@pytest.mark.timeout(300)
@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("scenario", NAMES)
@pytest.mark.parametrize("seed", ALL)
def test_over_each_protocol_the_answer_is_what_really_happened_for_every_seed(
    triage: Triage, scenario: str, seed: int, protocol: Protocol
) -> None:
    """Every scenario and seed over each protocol."""
    check_sent(triage, Run.of(scenario, seed), protocol)


def check_loaded(store: Store, run: Run) -> None:
    """Inserts what was sent, a segment for each signal, and asks the store."""
    empty(store)
    for signal in ("traces", "logs"):
        records = [record for kind, record in run.sent if kind == signal]
        body = b"".join(varint(len(record)) + record for record in records)
        store.insert(signal, body, f"{signal}-{time.monotonic_ns()}")
    for asked in run.questions:
        truth = run.truth.answer(asked)
        told = {item.customer: told_of(item) for item in everyone(store, question(asked, truth))}
        check(told, truth)


def told_of(item: AffectedCustomer) -> Told:
    return (
        item.outcome.value,
        item.failures,
        microseconds(item.first),
        microseconds(item.last),
        microseconds(item.recovered_at) if item.recovered_at else None,
        tuple(sorted(item.orders)),
    )


def check_sent(triage: Triage, run: Run, protocol: Protocol) -> None:
    """Sends it over the wire and asks the API."""
    service, store = triage.service, triage.store
    empty(store)
    port = service.listeners["otlp_grpc" if protocol == "grpc" else "otlp_http"].port
    sender = Sender(endpoint(f"http://127.0.0.1:{port}", protocol))
    try:
        sender.send_all(run.sent)
    finally:
        sender.close()
    assert service.segments
    give_up = time.monotonic() + LOADED_S
    while service.segments.backlog_bytes:
        assert time.monotonic() < give_up, f"{service.segments.backlog_bytes} bytes are not loaded"
        time.sleep(0.1)
    assert store.select(LOADED).row(0) == (run.spans, run.logs)
    with httpx.Client(base_url=f"http://{service.listeners['web']}", trust_env=False, timeout=60) as api:
        for asked in run.questions:
            truth = run.truth.answer(asked)
            check(dict(asked_over_http(api, asked, truth)), truth)


def asked_over_http(api: httpx.Client, asked: ShopQuestion, truth: Answer) -> Iterator[tuple[str, Told]]:
    """Everyone whom the API tells, in pages of 50; its figures must be the truth's."""
    window = {"from": truth.from_ns / 1e9, "to": truth.to_ns / 1e9}
    parameters = window | {name: value for name, value in asdict(asked).items() if value not in ("", None)}
    cursor = ""
    while True:
        page = api.get("/api/v1/affected", params={**parameters, "limit": 50, "cursor": cursor})
        assert page.status_code == 200, page.text
        answer = page.json()
        figures = ("failures", "failed_requests", "unattributed_failures")
        assert {name: answer[name] for name in figures} == {name: getattr(truth, name) for name in figures}
        assert answer["customers"] == len(truth.hits)
        for item in answer["items"]:
            times = [item[name] and microseconds(datetime.fromisoformat(item[name])) for name in TIMES]
            yield item["customer"], (item["outcome"], item["failures"], *times, tuple(sorted(item["orders"])))
        if not (cursor := answer["next"]):
            return


TIMES = ("first", "last", "recovered_at")


def check(told: dict[str, Told], truth: Answer) -> None:
    """Fails with the customers that differ, what was told of each, and what is true."""
    true = {
        hit.customer: (
            hit.outcome,
            hit.failures,
            hit.first_ns // 1000,
            hit.last_ns // 1000,
            hit.recovered_ns and hit.recovered_ns // 1000,
            tuple(sorted(hit.orders)),
        )
        for hit in truth.hits
    }
    wrong = sorted(who for who in told.keys() | true.keys() if told.get(who) != true.get(who))
    assert not wrong, "\n".join(
        [f"{len(wrong)} of {len(true)} customers differ for {truth.question}"]
        + [f"{who}: told {told.get(who)}, true is {true.get(who)}" for who in wrong[:10]]
    )


def question(asked: ShopQuestion, truth: Answer) -> Question:
    """The shop's question about the fault's window, as one of ours."""
    return Question(
        moment(truth.from_ns),
        moment(truth.to_ns),
        service=asked.service or None,
        operation=asked.operation or None,
        route=asked.route or None,
        partner=asked.partner or None,
        version=asked.version or None,
        slower_than_ms=asked.slower_than_ms,
    )


def moment(time_ns: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time_ns // 1000)


def microseconds(time: datetime) -> int:
    return nanoseconds(time) // 1000
