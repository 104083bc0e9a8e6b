"""What is usual is of as much time as what it is compared with, and of before what lasts, on the real engine."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from starlette.testclient import TestClient

from dashboards.app import create_app
from queries import kpi_tables
from queries.store import Store, varint
from tests.counters import DELTA, Counter, Point, joined
from tests.integration.otlp import SECOND, segment, span, token, traces
from tests.symptoms import T0, Passes, gateway_errors
from triage.incident.book import StoredBook
from triage.kpi.checks import AT_MOST, Check, State, checks, checks_of
from triage.kpi.figures import Good, Kind, Kpi, Signal, Source
from triage.kpi.named import write_down
from triage.kpi.usual import BEFORE_INCIDENT, JUST_BEFORE, SAME_TIME
from triage.window import Window

pytestmark = pytest.mark.integration

TEN = datetime.now(UTC).replace(hour=10, minute=0, second=0, microsecond=0) - timedelta(days=1)
A_MINUTE = 600.0
KEPT_FOR_DAYS, NEW = (Kpi(name, Kind.SUM, Source(Signal.METRIC, name), "EUR", good=Good.UP) for name in ("till", "new"))


def at(minute: float, second: float = 0) -> datetime:
    return TEN + timedelta(minutes=minute, seconds=second)


@pytest.fixture(scope="module")
def own_store(own_store: Store) -> Store:
    """600 EUR in every minute: those of `till` are kept for seven days, those of `new` are no older than two hours."""
    write_down(own_store, (KEPT_FOR_DAYS, NEW))
    for day in range(1, 8):
        begun = int((TEN - timedelta(days=day)).timestamp())
        minutes = [(begun + 60 * minute, A_MINUTE, 0.0) for minute in range(-60, 60)]
        kpi_tables.keep(own_store, KEPT_FOR_DAYS.digest, minutes)
    for kpi in (KEPT_FOR_DAYS, NEW):
        points = tuple(Point("a", second, second, A_MINUTE / 60) for second in range(-7200, 3600))
        body = joined([Counter(kpi.of.name, DELTA, points).request(int(TEN.timestamp()))])
        own_store.insert("metrics", varint(len(body)) + body, token())
    return own_store


@pytest.mark.parametrize(
    ("began", "until"),
    [
        (at(5, 3), at(6, 10)),
        (at(5, 3), at(6, 10.5)),
        (at(5, 3), at(6)),
        (at(5, 59), at(11, 49)),
        (at(5, 59), at(15, 58)),
        (at(5, 3), at(25, 58)),
        (at(5, 58), at(26, 3)),
    ],
)
def test_what_always_comes_in_alike_is_as_usual_whenever_it_is_looked_at(
    own_store: Store, began: datetime, until: datetime
) -> None:
    """By the days before, or by the two hours before where no earlier day is known."""
    found = {check.title: check for check in checks_of(own_store.ask, began, until)}
    before = BEFORE_INCIDENT if until - began > AT_MOST else JUST_BEFORE
    assert [found[name].usual.since for name in ("till", "new")] == [SAME_TIME, before]
    for name in ("till", "new"):
        check: Check = found[name]
        assert check.value
        usual = (check.usual.low, check.usual.middle, check.usual.high)
        assert usual == pytest.approx((check.value,) * 3, rel=0.01), name
        assert check.state is State.OK
        assert check.brief == f"{name} as usual"


def test_what_was_usual_hours_ago_tells_little_of_what_follows_the_hour(own_store: Store) -> None:
    """Where no earlier day is known: an incident that has been open since the evening makes no night unusual."""
    window = Window(at(50), at(55))
    for hours, known in ((1.5, True), (2.5, False)):
        found = {each.title: each for each in checks(own_store.ask, window, at(50 - 60 * hours))}
        assert (found["till"].state, found["till"].usual.since) == (State.OK, SAME_TIME)
        assert found["new"].state is (State.OK if known else State.UNKNOWN)
        assert (found["new"].usual.middle is not None) == known


@pytest.mark.parametrize("second", [15, 25, 45, 55])
def test_what_is_still_to_come_in_this_minute_is_no_fall(own_store: Store, second: int) -> None:
    """Visits are told early in each minute and orders late: a ratio is of what both have been told of."""
    ratio = Kpi(
        "ratio", Kind.RATIO, Source(Signal.METRIC, f"late {second}"), "1", Source(Signal.METRIC, f"early {second}")
    )
    until = at(20, second)
    write_down(own_store, (KEPT_FOR_DAYS, NEW, ratio))
    for name, of_minute, value in (("late", 50, 100.0), ("early", 20, 1000.0)):
        points = tuple(Point("a", None, time, value) for time in range(of_minute - 7200, 20 * 60 + second, 60))
        body = joined([Counter(f"{name} {second}", DELTA, points).request(int(TEN.timestamp()))])
        own_store.insert("metrics", varint(len(body)) + body, token())
    check = {each.title: each for each in checks_of(own_store.ask, until - timedelta(seconds=20), until)}["ratio"]
    assert check.value == pytest.approx(0.1)
    assert check.state is State.OK


def test_an_outage_that_lasts_does_not_become_usual(own_store: Store) -> None:
    """The front page and the API compare with what was before it, however long it is open; afterwards, too."""
    began, until = at(-60), at(-30)
    entries = []
    for second in range(-5400, 1800, 3):
        failed = Status(code=Status.STATUS_CODE_ERROR) if second >= 0 and second % 2 else None
        start = (int(began.timestamp()) + second) * SECOND
        entries.append(span(1, 6000 + second, start=start, kind=Span.SPAN_KIND_SERVER, name="POST /buy", status=failed))
    own_store.insert("traces", segment(traces(*entries, resource={"service.name": "gateway"})), token())
    window = {"from": at(-35).isoformat(), "to": until.isoformat()}
    app = create_app(own_store, metrics=lambda: "", ready=lambda: None)
    passes, seconds = Passes(), (began - T0).total_seconds()
    passes.look(seconds + 30, replace(gateway_errors("gateway"), from_=began))
    with TestClient(app, base_url="http://127.0.0.1") as web:
        for lasts in (True, False):
            if not lasts:
                passes.looks(seconds + 1800, seconds + 1900)
            StoredBook(own_store).write([*passes.book.events.values()])
            errors = web.get("/api/v1/checks", params=window).json()["items"][0]
            assert (errors["state"], errors["high"]) == ("bad", 0.0)
            assert errors["sentence"] == "Gateway errors are 50 %, usually 0 % (in the two hours before the incident)"
            page = web.get("/", params=window).text
            assert re.search(r"unusual: </span> <span class=.value.>50\s%", page)
