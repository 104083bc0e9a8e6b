"""`triage doctor`: each thing that telemetry may lack is found, named, and comes with what to change."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.metrics.v1.metrics_pb2 import Gauge, Metric, NumberDataPoint
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from queries.store import Store
from tests.integration.otlp import SECOND, Plain, Request, attributes, logs, metrics, segment, span, token, traces
from triage.doctor import business, delivery, examination, spans
from triage.doctor.examination import Check, examine
from triage.doctor.examined import Examined, examined
from triage.doctor.finding import Finding
from triage.window import Window

pytestmark = pytest.mark.integration
OVER_HTTP = (
    "test_nothing_is_missing_from_telemetry_that_names_everything",  # it makes every check
    "test_a_check_that_takes_too_much_is_said_to_be_left_out",
)

HOUR = timedelta(hours=1)
MS = 1_000_000
FAILED = Status(code=Status.STATUS_CODE_ERROR)
SERVER, CLIENT = Span.SPAN_KIND_SERVER, Span.SPAN_KIND_CLIENT
_hours, _traces = count(), count(1)


class Hour:
    """An hour of its own for each test, in which telemetry is put."""

    def __init__(self, store: Store) -> None:
        self.store = store
        start = datetime(2026, 9, 1, tzinfo=UTC) + next(_hours) * 2 * HOUR
        self.window = Window(start, start + HOUR)
        self.ns = int(start.timestamp()) * SECOND + 60 * SECOND
        self.trace = next(_traces)

    def put(self, signal: str, *requests: Request) -> None:
        self.store.insert(signal, segment(*requests), token())

    def spans(self, service: str, *spans: Span, **resource: Plain) -> None:
        self.put("traces", traces(*spans, resource={"service.name": service, **resource}))

    def span(
        self, number: int = 1, parent: int = 0, trace: int = 0, at_ns: int = 0, took: int = MS, **fields: object
    ) -> Span:
        return span(number, trace or self.trace, parent, self.ns + at_ns, took, **fields)

    def found(self, check: Check) -> list[Finding]:
        return list(check(examined(self.store, self.window)))


@pytest.fixture
def hour(store: Store) -> Iterator[Hour]:
    store.command("TRUNCATE TABLE partners")
    yield Hour(store)
    store.command("TRUNCATE TABLE arrivals")


def test_nothing_is_missing_from_telemetry_that_names_everything(hour: Hour) -> None:
    """Customer, version, order and amount are named, all signals arrive, and clocks agree."""
    ok = attributes({"customer.id": "c-1", "order.id": "o-1", "order.amount": 9.5, "order.currency": "EUR"})
    hour.spans("whole", hour.span(attributes=ok, status=FAILED), **{"service.version": "1"})
    hour.put("logs", logs(LogRecord(time_unix_nano=hour.ns, trace_id=b"t" * 16, span_id=b"s" * 8)))
    point = NumberDataPoint(time_unix_nano=hour.ns, as_int=1)
    hour.put("metrics", metrics(Metric(name="m", gauge=Gauge(data_points=[point]))))
    examination = examine(hour.store, hour.window)
    assert not examination.findings
    assert (examination.services, examination.spans, examination.log_records, examination.data_points) == (1, 1, 1, 1)


def test_what_is_counted_is_of_the_window_that_is_told(hour: Hour) -> None:
    """Spans are counted by ten seconds: a window within such is widened, for log records and all else, too."""
    times = [hour.ns + at * SECOND for at in (-1, 0, 5, 9, 10)]
    hour.spans("whole", *(span(1, next(_traces), start=at) for at in times))
    hour.put("logs", logs(*(LogRecord(time_unix_nano=at) for at in times)))
    start = hour.window.from_ + timedelta(minutes=1)
    for ends in ((3, 4), (0, 10)):
        asked = Window(*(start + timedelta(seconds=end) for end in ends))
        found = examine(hour.store, asked)
        assert found.window == Window(start, start + timedelta(seconds=10))
        assert (found.spans, found.log_records) == (3, 3)


def test_a_window_without_anything_lacks_every_signal(hour: Hour) -> None:
    """Nothing at all is three findings, not good news."""
    assert [finding.sentence.split()[2] for finding in hour.found(delivery.signals)] == ["span", "log", "metric"]


def test_services_whose_failures_name_nobody(hour: Hour) -> None:
    """Failing spans count where no span and no log record of their trace names a customer."""
    named = attributes({"customer.id": "c-1"})
    hour.spans("mute", hour.span(1, status=FAILED), hour.span(1, trace=next(_traces), status=FAILED, attributes=named))
    hour.spans("above", hour.span(1, trace=hour.trace + 1000, attributes=named))
    hour.spans("below", hour.span(2, 1, trace=hour.trace + 1000, status=FAILED))
    (finding,) = hour.found(business.customers)
    assert (finding.service, finding.count, finding.of) == ("mute", 1, 2)
    assert finding.example == f"{hour.trace:032x}"
    assert "customer.id" in finding.change


def test_failures_of_one_of_several_customers(hour: Hour) -> None:
    """Two customers in the trace and none above the failing span."""
    hour.spans(
        "both",
        hour.span(1),
        hour.span(2, 1, attributes=attributes({"customer.id": "c-1"})),
        hour.span(3, 1, attributes=attributes({"customer.id": "c-2"})),
        hour.span(4, 1, status=FAILED),
    )
    (finding,) = hour.found(business.ambiguous)
    assert (finding.count, finding.of) == (1, 1)


def test_services_without_a_version_and_spans_without_a_service(hour: Hour) -> None:
    """A version is asked of services that have a name; no name, or the one that SDKs make up, is told apart."""
    hour.spans("", hour.span(1))
    hour.spans("unknown_service:python", hour.span(2, 1), **{"service.version": "1"})
    hour.spans("half", hour.span(3, 1), **{"service.version": "1"})
    hour.spans("half", hour.span(4, 1))
    assert [(f.service, f.count, f.of) for f in hour.found(spans.versions)] == [("half", 1, 2)]
    assert [(f.service, f.count, f.of) for f in hour.found(spans.names)] == [
        ("", 1, 4),
        ("unknown_service:python", 1, 4),
    ]


def test_sampled_spans(hour: Hour) -> None:
    """A threshold in the trace state says that others were left out."""
    hour.spans("thin", hour.span(1, trace_state="ot=th:8"), hour.span(2, 1, trace_state="ot=th:0"))
    assert [(f.service, f.count, f.of) for f in hour.found(delivery.sampling)] == [("thin", 1, 2)]


@pytest.mark.parametrize(("ahead_ms", "words"), [(250, "250 ms ahead of"), (-250, "250 ms behind")])
def test_clocks_that_disagree(hour: Hour, ahead_ms: int, words: str) -> None:
    """A callee whose spans lie outside its caller's is told by how much; one a few milliseconds off is not."""
    calls = [(hour.trace + 2000 + call, call * SECOND) for call in range(20)]
    late = (ahead_ms + 10) * MS
    hour.spans("caller", *(hour.span(1, 0, trace, at, kind=CLIENT, took=40 * MS) for trace, at in calls))
    hour.spans("skewed", *(hour.span(2, 1, trace, at + late, kind=SERVER, took=20 * MS) for trace, at in calls))
    hour.spans("right", *(hour.span(3, 1, trace, at + 5 * MS, kind=SERVER, took=38 * MS) for trace, at in calls))
    (finding,) = hour.found(spans.clocks)
    assert (finding.service, finding.count, finding.of) == ("skewed", 20, 20)
    assert f"the clock of skewed is {words}" in finding.sentence


def test_dates_beyond_reason(hour: Hour) -> None:
    """A span of 1970 or of the far future has been kept, and is told; by arrival, as its own time is in no window."""
    hour.spans("lost", span(1, next(_traces), start=1), span(1, next(_traces), start=2**63))
    hour.spans("fast", span(1, next(_traces), start=int((datetime.now(UTC) + HOUR).timestamp()) * SECOND))
    now = datetime.now(UTC) + timedelta(minutes=1)
    hour.window = Window(now - HOUR, now)
    found = {finding.service: finding for finding in hour.found(delivery.dates)}
    assert (found["lost"].count, found["lost"].of) == (2, 2)
    assert "later than they arrived" in found["fast"].sentence
    assert set(found) == {"lost", "fast"}


def arrived(hour: Hour, service: str, minutes: range) -> None:
    hour.store.command(
        "INSERT INTO arrivals (Minute, ServiceName, Spans, Last) SELECT"
        " toDateTime({start:UInt32}, 'UTC') + 60 * arrayJoin({minutes:Array(UInt32)}) AS at, {service:String}, 1, at",
        start=int(hour.window.from_.timestamp()),
        minutes=list(minutes),
        service=service,
    )


def test_services_that_fell_silent(hour: Hour) -> None:
    """A habit that was broken is told, for good or for a while; a burst, or a habit of long pauses, is none."""
    arrived(hour, "steady", range(60))
    arrived(hour, "stopped", range(30))
    arrived(hour, "paused", range(20))
    arrived(hour, "paused", range(40, 60))
    arrived(hour, "burst", range(8))
    arrived(hour, "seldom", range(0, 50, 4))
    found = {finding.service: finding.sentence for finding in hour.found(delivery.gaps)}
    stopped, paused = (f"{hour.window.from_ + timedelta(minutes=m):%Y-%m-%d %H:%M} UTC" for m in (29, 19))
    habit = "; before, something did every minute"
    assert found == {
        "stopped": f"nothing of stopped arrived since {stopped}{habit}",
        "paused": f"nothing of paused arrived for 21 minutes from {paused} on{habit}",
    }


def test_silence_of_everybody_is_no_gap_of_one(hour: Hour) -> None:
    """When all stopped at once, it is the way here that is broken, or nothing was sent at all."""
    arrived(hour, "one", range(30))
    arrived(hour, "other", range(30))
    assert not hour.found(delivery.gaps)


def test_traces_without_a_root(hour: Hour) -> None:
    """They are counted at the service that they begin at; a root that came by another request is one."""
    hour.spans("inner", hour.span(2, 1), hour.span(3, 2))
    other = next(_traces)
    hour.spans("inner", hour.span(2, 1, trace=other))
    hour.spans("outer", hour.span(1, trace=other, at_ns=-5 * MS))
    (finding,) = hour.found(spans.roots)
    assert (finding.service, finding.count, finding.of) == ("inner", 1, 2)
    assert finding.example == f"{hour.trace:032x}"
    assert not hour.found(spans.parents)


def test_traces_that_begin_inside_a_service(hour: Hour) -> None:
    """Its own span never came, which is no caller's fault; where it was called, one is."""
    hour.spans("function", hour.span(2, 1, kind=CLIENT))
    hour.spans("called", hour.span(2, 1, trace=next(_traces), kind=SERVER))
    found = {finding.service: finding for finding in hour.found(spans.roots)}
    assert "begin inside function" in found["function"].sentence
    assert "flush" in found["function"].change
    assert "called by somebody who sends no spans" in found["called"].sentence


def test_parents_that_never_arrived(hour: Hour) -> None:
    """A span in the midst of a trace is missing: the one below it says so."""
    hour.spans("outer", hour.span(1))
    hour.spans("inner", hour.span(3, 2, at_ns=MS), hour.span(4, 3, at_ns=2 * MS))
    (finding,) = hour.found(spans.parents)
    assert (finding.service, finding.count, finding.of) == ("inner", 1, 2)
    assert not hour.found(spans.roots)


def calls(hour: Hour, *peers: dict[str, Plain], status: Status | None = None) -> None:
    spans = [hour.span(1, 0, next(_traces), kind=CLIENT, attributes=attributes(peer), status=status) for peer in peers]
    hour.spans("buyer", *spans)


def test_partners_are_told(hour: Hour) -> None:
    """Who reports no spans counts as a partner, which is worth knowing and lacks nothing."""
    hour.spans("ours", hour.span())
    calls(hour, {"service.peer.name": "psp"}, {"peer.service": "psp"}, {"peer.service": "ours"})
    (finding,) = hour.found(business.partners)
    assert not finding.lacks
    assert finding.sentence.startswith("psp (2 calls) counts as a partner")


def test_partners_of_the_settings_whom_nobody_calls(hour: Hour) -> None:
    """A name in the settings that no span says can't be right; an address may be the name."""
    hour.store.command("INSERT INTO partners VALUES ('psp'), ('erp.example'), ('misspelt')")
    calls(hour, {"service.peer.name": "psp"}, {"server.address": "erp.example"})
    lacking = [finding for finding in hour.found(business.partners) if finding.lacks]
    assert [finding.sentence.split()[4] for finding in lacking] == ["misspelt,"]


def test_errors_of_somebody_who_is_not_named(hour: Hour) -> None:
    """An HTTP error that counts as no partner's, as it is not known whose it is."""
    refused: dict[str, Plain] = {"http.response.status_code": 403, "server.address": "who.example"}
    calls(hour, refused, {**refused, "service.peer.name": "psp"})
    calls(hour, refused, status=FAILED)
    (finding,) = hour.found(business.unknown_peers)
    assert (finding.service, finding.lacks, finding.count) == ("buyer", False, 2)
    assert "who.example" in finding.sentence


def test_orders_without_amount_and_currency(hour: Hour) -> None:
    """An order is priced if any span that names it says so."""
    pairs: list[dict[str, Plain]] = [
        {"order.id": "o-1"},
        {"order.id": "o-1", "order.amount": "10.5", "order.currency": "EUR"},
        {"order.id": "o-2", "order.amount": 3},
        {"order.id": "o-3"},
    ]
    hour.spans("till", *(hour.span(n + 1, attributes=attributes(each)) for n, each in enumerate(pairs)))
    assert [(f.count, f.of, "currency" in f.sentence) for f in hour.found(business.orders)] == [
        (1, 3, False),
        (1, 3, True),
    ]
    assert not hour.found(business.amounts)


def test_amounts_that_are_no_number(hour: Hour) -> None:
    """A currency sign or a decimal comma makes it none."""
    pairs: list[dict[str, Plain]] = [{"order.id": "o", "order.amount": text} for text in ("10.50", "€ 10,50")]
    hour.spans("till", *(hour.span(n + 1, attributes=attributes(each)) for n, each in enumerate(pairs)))
    (finding,) = hour.found(business.amounts)
    assert (finding.service, finding.count, finding.of) == ("till", 1, 2)
    assert "€ 10,50" in finding.sentence


def test_logs_outside_of_traces(hour: Hour) -> None:
    """A service that sends spans, and logs that can't be told to belong to them."""
    hour.spans("chatty", hour.span())
    records = [LogRecord(time_unix_nano=hour.ns + n) for n in range(20)]
    hour.put("logs", logs(*records, resource={"service.name": "chatty"}))
    hour.put("logs", logs(*records, resource={"service.name": "spanless"}))
    assert [(f.service, f.count) for f in hour.found(spans.logs)] == [("chatty", 20)]


def test_what_is_missing_comes_first(hour: Hour) -> None:
    """What is only worth knowing comes after it."""
    calls(hour, {"peer.service": "psp"})
    lacks = [finding.lacks for finding in examine(hour.store, hour.window).findings]
    assert lacks == sorted(lacks, reverse=True)
    assert not lacks[-1]


def test_a_check_that_takes_too_much_is_said_to_be_left_out(hour: Hour, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others are made all the same."""

    def too_much(_: Examined) -> Iterator[Finding]:
        hour.store.select(
            "SELECT sleepEachRow(3) FROM numbers(3) SETTINGS max_execution_time = 0.1, max_block_size = 1"
        )
        yield from ()

    monkeypatch.setattr(examination, "CHECKS", (too_much, delivery.signals))
    findings = examine(hour.store, hour.window).findings
    assert [finding.check for finding in findings] == ["signals"] * 3 + ["too_much"]
    assert not findings[-1].lacks
