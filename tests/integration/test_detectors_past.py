"""What the detectors take for usual: an outage of hours never becomes it, and what happens at this time each day is."""

from datetime import UTC, datetime, timedelta

import pytest

from queries.store import Store
from tests.loading import empty
from triage.detectors import symptoms_at
from triage.incident.book import MemoryBook
from triage.incident.model import State
from triage.incident.naming import title_of
from triage.runbook import SHIPPED
from triage.runbook.live import LiveRunbook
from triage.runbook.read import load_runbook
from triage.symptom import Cause, Symptom
from triage.watch import Watch

pytestmark = pytest.mark.integration

NOW = datetime(2026, 9, 22, 14, 0, tzinfo=UTC)
HOUR, DAY = 3600, 86_400
EVERY_MS = 4000
SERVICES = ("gateway", "checkout", "payment")
CHECKOUTS = """
    INSERT INTO otel_traces
        (Timestamp, TraceId, SpanId, ParentSpanId, ServiceName, SpanName, SpanKind, Duration, StatusCode,
        ResourceAttributes, SpanAttributes)
    WITH
        toDateTime64({now:DateTime64(6, 'UTC')}, 9, 'UTC') AS now,
        now - toIntervalMillisecond(1000 * {ago_s:Int64} - number * {every_ms:Int64}) AS at,
        cityHash64(at) % 100 < {failing:Int64} AS fails
    SELECT
        at + toIntervalMillisecond(depth), lower(hex(reinterpret(cityHash64(at), 'FixedString(8)'))), toString(depth),
        if(depth = 1, '', toString(depth - 1)), {services:Array(String)}[depth],
        [{operation:String}, 'POST /orders', 'POST /charge'][depth],
        [{kind:String}, 'Server', if({partner:String} = '', 'Server', 'Client')][depth],
        ({took_ms:Int64} - 10 * depth + cityHash64(at) % 20) * 1000000, if(fails, 'Error', 'Ok'),
        map('service.version', {version:String}),
        if(depth < 3, map(), map(
            'peer.service', {partner:String}, 'http.response.status_code', if(fails, {status:String}, '')))
    FROM numbers(toUInt64(1000 * {lasts_s:Int64} / {every_ms:Int64}))
    ARRAY JOIN [1, 2, 3] AS depth
"""

HEARD = """
    INSERT INTO arrivals (Minute, ServiceName, Spans)
    SELECT toDateTime({now:DateTime64(6, 'UTC')}) - toIntervalMinute(number + {ago_min:UInt64}), 'gateway', 200
    FROM numbers({minutes:UInt64})
"""


def checkouts(
    store: Store,
    ago_s: int,
    lasts_s: int,
    *,
    failing: int = 0,
    took_ms: int = 100,
    kind: str = "Server",
    every_ms: int = EVERY_MS,
    services: tuple[str, str, str] = SERVICES,
    operation: str = "POST /checkout",
    version: str = "",
    partner: str = "",
    status: str = "",
) -> None:
    """Requests through three services from so long ago on; `failing` of a hundred fail, with that status of HTTP."""
    store.command(
        CHECKOUTS,
        now=NOW,
        ago_s=ago_s,
        lasts_s=lasts_s,
        every_ms=every_ms,
        failing=failing,
        took_ms=took_ms,
        kind=kind,
        services=list(services),
        operation=operation,
        version=version,
        partner=partner,
        status=status,
    )


def found(store: Store, detector: str) -> list[Symptom]:
    return [symptom for symptom in symptoms_at(store.ask, NOW) if symptom.detector == detector]


def test_an_outage_of_four_hours_is_still_one_and_began_when_it_began(own_store: Store) -> None:
    """All that is looked back over fails; what was usual before it began is what counts."""
    empty(own_store)
    checkouts(own_store, 8 * HOUR, 4 * HOUR)
    checkouts(own_store, 4 * HOUR, 4 * HOUR, failing=40)
    (symptom,) = found(own_store, "gateway_errors")
    assert symptom.subject == {"service": "payment"}
    assert symptom.usual < 0.01
    assert timedelta() <= symptom.from_ - (NOW - timedelta(hours=4)) < timedelta(seconds=30)
    assert symptom.to is None


def fails(*_: object) -> None:
    raise TypeError("a detector that can't")


def test_an_outage_of_days_lasts_until_it_is_over(own_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was usual before its incident began is what counts, however long ago that was."""
    empty(own_store)
    checkouts(own_store, 54 * HOUR, 4 * HOUR)
    checkouts(own_store, 50 * HOUR, 50 * HOUR - 600, failing=40)
    checkouts(own_store, 600, 600)
    watch = Watch(own_store, MemoryBook(), LiveRunbook(), past=True)
    (incident,) = watch.look(NOW - timedelta(hours=49))
    for ago_s in range(720, 600, -10):
        (lasting,) = watch.look(NOW - timedelta(seconds=ago_s))
    assert (lasting.id, lasting.state, lasting.resolved_at) == (incident.id, State.OPEN, None)
    assert lasting.symptoms[0].symptom.usual == 0
    assert ", since 20 Sep 12:00;" in lasting.symptoms[0].symptom.sentence
    with monkeypatch.context() as broken:  # which costs that look alone
        broken.setattr("triage.watch.still_failing", fails)
        for ago_s in range(600, 500, -10):
            (lasting,) = watch.look(NOW - timedelta(seconds=ago_s))
        assert (lasting.state, [*watch.problems]) == (State.OPEN, ["lasting"])
    for ago_s in range(300, 200, -10):
        (over,) = watch.look(NOW - timedelta(seconds=ago_s))
    assert (over.id, over.state) == (incident.id, State.RESOLVED)


@pytest.mark.parametrize("known_as", ["payment", "charging"])
def test_an_outage_of_what_is_young_lasts_until_it_is_over(own_store: Store, known_as: str) -> None:
    """Be it that all is told of since then, or that a service goes by another name: its few minutes before count."""
    empty(own_store)
    lasts_s, services = 200 * 60, ("gateway", "checkout", known_as)
    if known_as != "payment":
        checkouts(own_store, 24 * HOUR, 24 * HOUR - lasts_s - 1200)
    checkouts(own_store, lasts_s + 1200, 1200, services=services)
    checkouts(own_store, lasts_s, lasts_s, failing=50, services=services)
    watch, began = Watch(own_store, MemoryBook(), LiveRunbook(), past=True), NOW - timedelta(seconds=lasts_s)
    (incident,) = watch.look(began + timedelta(minutes=2))
    for after_min in (105, 195):
        for more_s in range(0, 80, 10):
            (lasting,) = watch.look(began + timedelta(minutes=after_min, seconds=more_s))
        assert (lasting.id, lasting.state) == (incident.id, State.OPEN)
        assert lasting.symptoms[0].symptom.usual < 0.02


def test_a_bad_deploy_is_to_blame_as_long_as_it_fails(own_store: Store) -> None:
    """Also once it is new no longer, and after hours in which nothing else has served."""
    empty(own_store)
    checkouts(own_store, 8 * HOUR, 5 * HOUR, version="2.3.1")
    checkouts(own_store, 3 * HOUR, 3 * HOUR, failing=60, version="2.4.0")
    watch = Watch(own_store, MemoryBook(), LiveRunbook(), past=True)
    for after_min in (3, 61, 100, 150, 175):
        (incident,) = watch.look(NOW - timedelta(minutes=180 - after_min))
        (symptom,) = (each.symptom for each in incident.symptoms)
        assert symptom.question
        assert (symptom.cause, symptom.question.version) == (Cause.BAD_DEPLOY, "2.4.0")
        assert "2.4.0" in symptom.because
    late = [
        each for each in symptoms_at(own_store.ask, NOW - timedelta(minutes=100)) if each.detector == "gateway_errors"
    ]
    assert [each.cause for each in late] == [Cause.BAD_DEPLOY]


def test_an_outage_of_a_young_partner_lasts_until_it_is_over(own_store: Store) -> None:
    """As it was found; what nobody remembers of how it began is said as it was then."""
    empty(own_store)
    checkouts(own_store, 3 * HOUR + 1200, 1200, partner="psp")
    checkouts(own_store, 3 * HOUR, 3 * HOUR - 600, failing=50, partner="psp")
    checkouts(own_store, 600, 600, partner="psp")
    watch, began = Watch(own_store, MemoryBook(), LiveRunbook(), past=True), NOW - timedelta(hours=3)
    (incident,) = watch.look(began + timedelta(minutes=2))
    own_store.command("DELETE FROM failures WHERE Timestamp < {to:DateTime64(6, 'UTC')}", to=began + timedelta(hours=1))
    for more_s in range(0, 80, 10):
        (lasting,) = watch.look(began + timedelta(minutes=165, seconds=more_s))
    told, then = ({each.symptom.key: each.symptom for each in one.active} for one in (lasting, incident))
    assert (lasting.id, lasting.state, told.keys()) == (incident.id, State.OPEN, then.keys())
    for key, symptom in told.items():
        assert (symptom.from_, symptom.cause) == (then[key].from_, then[key].cause)
        assert ", since 11:00" in symptom.sentence
    for ago_s in range(200, 120, -10):
        (over,) = watch.look(NOW - timedelta(seconds=ago_s))
    assert (over.id, over.state) == (incident.id, State.RESOLVED)


def test_an_outage_is_over_though_another_follows_at_the_same_entry(own_store: Store) -> None:
    """Payment fails as often as it always did: it is judged by that, each of its versions too."""
    empty(own_store)
    checkouts(own_store, 6 * HOUR, 3 * HOUR, failing=4, every_ms=500)
    checkouts(own_store, 3 * HOUR, 3 * HOUR - 600, failing=40, every_ms=500)
    checkouts(own_store, 600, 600, failing=4, every_ms=500)
    checkouts(own_store, 601, 600, failing=80, every_ms=1200, services=("gateway", "checkout", "stock"))
    watch = Watch(own_store, MemoryBook(), LiveRunbook(), past=True)
    watch.look(NOW - timedelta(minutes=175))
    for ago_s in range(80, -10, -10):
        incidents = watch.look(NOW - timedelta(seconds=ago_s))
    lasting = {each.symptom.suspect: each.active for one in incidents for each in one.symptoms}
    assert lasting == {"payment": False, "stock": True}


def test_of_two_outages_the_younger_lasts_until_it_is_over_too(own_store: Store) -> None:
    """It is measured by what was usual before itself: when the elder began, nobody searched."""
    empty(own_store)
    checkouts(own_store, 70 * HOUR, 10 * HOUR)
    checkouts(own_store, 60 * HOUR, 60 * HOUR, failing=40)
    search = ("web", "catalog", "search")
    checkouts(own_store, 56 * HOUR + 1, 6 * HOUR, services=search, operation="GET /search")
    checkouts(own_store, 50 * HOUR + 1, 50 * HOUR, services=search, operation="GET /search", failing=40)
    watch = Watch(own_store, MemoryBook(), LiveRunbook(), past=True)
    watch.look(NOW - timedelta(hours=59))
    before = watch.look(NOW - timedelta(hours=49))
    for ago_s in range(100, 20, -10):
        after = watch.look(NOW - timedelta(hours=22, seconds=ago_s))
    assert [(one.id, one.state) for one in after] == [(one.id, State.OPEN) for one in before]
    assert len(after) == 2


def test_an_outage_into_the_night_is_told_as_begun_when_it_began(own_store: Store) -> None:
    """However much more failed by day, when far more was asked."""
    empty(own_store)
    checkouts(own_store, 12 * HOUR, 8 * HOUR, failing=4, every_ms=500)
    checkouts(own_store, 4 * HOUR, HOUR // 2, failing=4, every_ms=5000)
    checkouts(own_store, 7 * HOUR // 2, 7 * HOUR // 2, failing=40, every_ms=5000)
    watch = Watch(own_store, MemoryBook(), LiveRunbook(), past=True)
    watch.look(NOW - timedelta(hours=3))
    (lasting,) = watch.look(NOW)
    assert ", since 10:30;" in lasting.symptoms[0].symptom.sentence


@pytest.mark.parametrize(
    ("kind", "where", "title"),
    [
        ("Server", "the gateway", "Errors at the gateway: 100 % of POST /checkout since 13:50"),
        ("Consumer", "gateway", "Errors of messages: 100 % of POST /checkout since 13:50"),
    ],
)
def test_a_sentence_says_where_and_when_it_was_so_and_what_was_usual(
    own_store: Store, kind: str, where: str, title: str
) -> None:
    """As true once all is over; nothing that failed before is told as none, and messages enter where they are read."""
    empty(own_store)
    checkouts(own_store, 2 * HOUR, 2 * HOUR - 600, kind=kind)
    checkouts(own_store, 600, 600, failing=100, kind=kind)
    (symptom,) = found(own_store, "gateway_errors")
    failed = (
        f"Errors at {where}: 100 % of POST /checkout failed in the 5 min until 14:00 (75 of 75, usually 0 %), since "
    )
    assert symptom.sentence.startswith(failed)
    assert symptom.because.startswith("75 failing requests begin to fail at payment, where 100 % fail (usually 0 %)")
    assert symptom.usual == 0
    assert title_of(symptom, load_runbook(SHIPPED).answering(symptom), NOW) == title


@pytest.mark.parametrize("noise", [0, 1])
@pytest.mark.parametrize("pause_min", [13, 40, 150])
def test_a_second_outage_began_with_itself(own_store: Store, pause_min: int, noise: int) -> None:
    """Requests came and succeeded since the earlier one: whom that hit is not counted again."""
    empty(own_store)
    checkouts(own_store, 6 * HOUR, 6 * HOUR - 60 * pause_min - 800, failing=noise)
    checkouts(own_store, 60 * pause_min + 800, 600, failing=60)
    checkouts(own_store, 60 * pause_min + 200, 60 * pause_min, failing=noise)
    checkouts(own_store, 200, 200, failing=60)
    (symptom,) = found(own_store, "gateway_errors")
    assert timedelta() <= symptom.from_ - (NOW - timedelta(seconds=200)) < timedelta(seconds=30)


def test_a_second_outage_of_a_busy_shop_began_with_itself(own_store: Store) -> None:
    """Twenty requests a second, of which in each ten seconds some fail."""
    empty(own_store)
    checkouts(own_store, HOUR, 1600, failing=1, every_ms=50)
    checkouts(own_store, 2000, 600, failing=60, every_ms=50)
    checkouts(own_store, 1400, 1200, failing=1, every_ms=50)
    checkouts(own_store, 200, 200, failing=60, every_ms=50)
    (symptom,) = found(own_store, "gateway_errors")
    assert timedelta() <= symptom.from_ - (NOW - timedelta(seconds=200)) < timedelta(seconds=30)


@pytest.mark.parametrize("every_ms", [4000, 50])
def test_an_outage_goes_on_while_nobody_asks(own_store: Store, every_ms: int) -> None:
    """A pause in which no requests came, or few, ends nothing."""
    empty(own_store)
    checkouts(own_store, 2 * HOUR, HOUR, every_ms=every_ms)
    checkouts(own_store, HOUR, HOUR // 4, failing=60, every_ms=every_ms)
    checkouts(own_store, HOUR // 2, 60)
    checkouts(own_store, 200, 200, failing=60, every_ms=every_ms)
    (symptom,) = found(own_store, "gateway_errors")
    assert timedelta() <= symptom.from_ - (NOW - timedelta(hours=1)) < timedelta(seconds=30)


def test_what_is_slow_for_four_hours_is_still_slow(own_store: Store) -> None:
    """Measured against the hours before."""
    empty(own_store)
    checkouts(own_store, 8 * HOUR, 4 * HOUR)
    checkouts(own_store, 4 * HOUR, 4 * HOUR, took_ms=2000)
    (symptom,) = found(own_store, "slow_checkout")
    assert symptom.subject == {"service": "payment"}
    assert symptom.usual < 150


@pytest.mark.parametrize(("nights", "symptoms"), [((1, 2, 3, 7), 0), ((), 1)])
def test_what_fails_at_this_time_every_day_is_usual(own_store: Store, nights: tuple[int, ...], symptoms: int) -> None:
    """A job that fails each day for ten minutes wakes nobody; the same once does."""
    empty(own_store)
    for days in (0, 1, 2, 3, 7):
        checkouts(own_store, days * DAY + 2 * HOUR, 2 * HOUR - 240)
        checkouts(own_store, days * DAY + 240, 240, failing=40 if days in (0, *nights) else 0)
    assert len(found(own_store, "gateway_errors")) == symptoms


def test_a_service_from_which_nothing_arrives_is_found_by_when_data_arrived(own_store: Store) -> None:
    """The others go on; those that are heard every other minute only are heard often enough."""
    empty(own_store)
    own_store.command(
        "INSERT INTO arrivals (Minute, ServiceName, Spans)"
        " SELECT toDateTime({now:DateTime64(6, 'UTC')}) - 60 * number, ['gateway', 'stock'][1 + number % 2], 50"
        " FROM numbers(1, 100)",
        now=NOW,
    )
    assert found(own_store, "no_data") == []
    own_store.command(
        "INSERT INTO arrivals (Minute, ServiceName, Spans)"
        " SELECT toDateTime({now:DateTime64(6, 'UTC')}) - 60 * number, name, 500 FROM numbers(1, 100)"
        " ARRAY JOIN arrayFilter(name -> name != 'payment' OR number > 9, ['checkout', 'payment']) AS name",
        now=NOW,
    )
    (symptom,) = found(own_store, "no_data")
    assert (symptom.subject, symptom.value) == ({"service": "payment"}, 9.0)


def heard(store: Store, ago: timedelta, lasts: timedelta) -> None:
    """The gateway in each minute of so long a time, which ended so long ago."""
    minute = timedelta(minutes=1)
    store.command(HEARD, now=NOW, ago_min=ago // minute + 1, minutes=lasts // minute)


def test_a_silence_that_comes_each_day_is_told_only_as_long_as_it_is_new(own_store: Store) -> None:
    """A shop that closes at this time closes; one that never did is missed."""
    quiet, open_for, day = timedelta(minutes=9), timedelta(hours=4), timedelta(days=1)
    empty(own_store)
    heard(own_store, quiet, open_for)
    assert [symptom.subject for symptom in found(own_store, "no_data")] == [{"service": "gateway"}]
    own_store.command(
        "INSERT INTO services VALUES ('gateway', {at:DateTime64(9, 'UTC')}, {at:DateTime64(9, 'UTC')})",
        at=NOW - 2 * day,
    )  # by its log records: it sends spans since today
    assert [symptom.subject for symptom in found(own_store, "no_data")] == [{"service": "gateway"}]
    heard(own_store, day + quiet, open_for)
    assert found(own_store, "no_data") == []
    heard(own_store, day - 6 * quiet, 7 * quiet)
    assert [symptom.subject for symptom in found(own_store, "no_data")] == [{"service": "gateway"}]
