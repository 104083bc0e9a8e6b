"""What other systems' alerts become: they open, join and end incidents, and what was over before is told as over."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from queries.store import Store
from tests.symptoms import T0, Passes, Told, at, gateway_errors
from triage.incident.book import MemoryBook, StoredBook
from triage.incident.model import Event, Kind, State
from triage.runbook.live import LiveRunbook
from triage.watch import Watch

pytestmark = pytest.mark.integration


def empty(store: Store) -> None:
    store.command("TRUNCATE TABLE incident_events SYNC")
    store.command("TRUNCATE TABLE alerts SYNC")


def watch(store: Store, **more: object) -> Watch:
    made: dict[str, object] = {"book": StoredBook(store), "runbook": LiveRunbook(), "past": True, "detect": Told()}
    return Watch(store, **(made | more))  # type: ignore[arg-type]  # what is made has the fields' types


def tell_alert(
    store: Store, id_: str, status: str, name: str, labels: dict[str, str], *, severity: str = "warning",
    begins: datetime = T0, ends: datetime | None = None, source: str = "alertmanager",
) -> None:  # fmt: skip
    body = {
        "id": id_, "time_ns": int(begins.timestamp()) * 10**9, "source": source, "fingerprint": id_[0],
        "ends_ns": int(ends.timestamp()) * 10**9 if ends else None, "group_key": "", "status": status, "name": name,
        "severity": severity, "labels": labels, "annotations": {"summary": "payment is slow"}, "url": "",
    }  # fmt: skip
    store.insert("events", json.dumps({"Kind": "alert", "Body": body}).encode() + b"\n", f"alert-{id_}")


def test_outside_alerts_open_join_and_end(own_store: Store) -> None:
    """An alert of the same service joins; alone it is an incident of the last row, and resolved it ends."""
    empty(own_store)
    tell_alert(own_store, "a-1", "firing", "PaymentSlow", {"service": "payment"})
    tell_alert(own_store, "b-1", "firing", "Watchdog", {}, severity="none")
    watching = watch(own_store, detect=Told(gateway_errors("payment")))
    (incident,) = watching.look(at(40))
    assert {each.symptom.detector for each in incident.symptoms} == {"gateway_errors", "PaymentSlow"}
    own_store.command("TRUNCATE TABLE incident_events SYNC")
    alone = watch(own_store)
    (incident,) = alone.look(at(40))
    assert (incident.answer.row, incident.severity) == ("anything-else", "warning")
    assert "payment is slow" in incident.title
    tell_alert(own_store, "a-2", "resolved", "PaymentSlow", {"service": "payment"}, ends=at(60))
    for seconds in range(70, 150, 10):
        (incident,) = alone.look(at(seconds))
    assert (incident.state, incident.ended) == (State.RESOLVED, at(60))


def test_what_was_over_when_it_was_found_is_read_no_longer_than_others(own_store: Store) -> None:
    """Opened and resolved at one moment, it is resolved; opened again by a person later, it is not."""
    empty(own_store)
    book, passes = StoredBook(own_store), Passes()
    for number in range(5):
        over = replace(gateway_errors(f"service-{number}"), to=at(100))
        passes.look(220, over)
    found = passes.incidents
    assert {one.resolved_at for one in found} == {one.opened_at for one in found} == {at(220)}
    book.write(list(passes.book.events.values()))
    assert book.incidents(at(220)) == found
    assert book.incidents(at(221)) == []
    again = found[0].id
    book.write([Event(again, f"{again}.reopened.0.0", at(300), Kind.REOPENED, "ana")])
    assert [one.id for one in book.incidents(at(301))] == [again]


@pytest.mark.parametrize("source", ["alertmanager", "grafana"])
def test_an_alert_told_only_once_it_is_over_opens_nothing(own_store: Store, source: str) -> None:
    """Nobody was told that it fires: not now, in no replay, and though it once did and was over."""
    empty(own_store)
    tell_alert(own_store, "a-1", "resolved", "DiskFull", {"service": "search"}, ends=at(100), source=source)
    live, past = watch(own_store), watch(own_store, book=MemoryBook())
    for seconds in (50, 110, 120, 300):
        assert (live.look(at(seconds)), past.look(at(seconds))) == ([], [])
    tell_alert(own_store, "b-1", "firing", "DiskFull", {"service": "cart"}, source=source)
    tell_alert(own_store, "b-2", "resolved", "DiskFull", {"service": "cart"}, ends=at(100), source=source)
    tell_alert(
        own_store, "b-3", "resolved", "DiskFull", {"service": "cart"}, begins=at(5000), ends=at(5600), source=source
    )
    assert live.look(at(5610)) == []


def test_an_alert_that_was_over_before_the_watch_was_back_is_told_as_over(own_store: Store) -> None:
    """It is worth an incident, with those whom it hit, but nobody is called for it; a replay saw it while it lasted."""
    empty(own_store)
    tell_alert(own_store, "a-1", "firing", "DiskFull", {"service": "search"})
    for delivery in ("a-2", "a-3"):
        tell_alert(own_store, delivery, "resolved", "DiskFull", {"service": "search"}, ends=at(1680))
    (first,) = watch(own_store).look(at(1800))
    assert (first.state, first.began, first.ended, first.resolved_at) == (State.RESOLVED, T0, at(1680), at(1800))
    restarted = watch(own_store)
    for seconds in (1810, 1900, 1970, 2000):
        (incident,) = restarted.look(at(seconds))
    assert (incident.id, incident.epoch, incident.ended) == (first.id, 0, at(1680))
    assert incident.frozen_end
    past = watch(own_store, book=MemoryBook())
    for seconds in (10, *range(1670, 1760, 10), 2000):
        past.look(at(seconds))
    (again,) = past.book.incidents(T0)
    assert (again.id, again.began, again.ended, again.opened_at) == (first.id, T0, at(1680), at(10))


def test_an_alert_resolved_without_its_end_is_over_when_that_is_told(own_store: Store) -> None:
    """It does not last on for want of a time."""
    empty(own_store)
    begun = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=2)
    tell_alert(own_store, "a-1", "firing", "DiskFull", {"service": "search"}, begins=begun)
    watching = watch(own_store)
    watching.look(begun + timedelta(seconds=10))
    tell_alert(own_store, "a-2", "resolved", "DiskFull", {"service": "search"}, begins=begun)
    for seconds in range(130, 200, 10):
        (incident,) = watching.look(begun + timedelta(seconds=seconds))
    assert incident.state is State.RESOLVED
    assert incident.ended
    assert timedelta(minutes=2) <= incident.ended - begun < timedelta(seconds=130)


@pytest.mark.parametrize(
    "back", [1800, pytest.param(3600, marks=pytest.mark.full), 86_400], ids=["half an hour", "an hour", "a day"]
)
@pytest.mark.parametrize("found_by", ["an alert", "a detector"])
def test_what_a_person_resolved_and_was_over_while_the_watch_was_away_is_no_other_incident(
    own_store: Store, found_by: str, back: int
) -> None:
    """Though it lasted on after they said so: whoever watches again hears of it for a while."""
    empty(own_store)
    book, ends = StoredBook(own_store), at(back - 120)
    detect = Told(gateway_errors()) if found_by == "a detector" else Told()
    if found_by == "an alert":
        tell_alert(own_store, "a-1", "firing", "DiskFull", {"service": "search"})
    (incident,) = watch(own_store, book=book, detect=detect).look(at(40))
    book.write([Event(incident.id, "by-ana", at(60), Kind.RESOLVED, "ana", "rolled back")])
    if found_by == "an alert":
        tell_alert(own_store, "a-2", "resolved", "DiskFull", {"service": "search"}, ends=ends)
    else:
        detect.symptoms = (replace(gateway_errors(), to=ends),)
    for watching in (watch(own_store, book=book, detect=detect), watch(own_store, book=book, detect=detect)):
        for seconds in (back, back + 10, back + 170):
            (over,) = watching.look(at(seconds))
    assert (over.id, over.state, over.ended, over.epoch) == (incident.id, State.RESOLVED, at(60), 0)
    assert over.frozen_end


def test_what_a_person_resolved_hides_no_later_alert_that_was_over_before_a_pass_found_it(own_store: Store) -> None:
    """The earlier one lasted on after they said so, and was told until lately; the later began after its end."""
    empty(own_store)
    watching = watch(own_store)
    tell_alert(own_store, "a-1", "firing", "DiskFull", {"service": "search"})
    (first,) = watching.look(at(40))
    watching.book.write([Event(first.id, "by-ana", at(60), Kind.RESOLVED, "ana", "rolled back")])
    tell_alert(own_store, "a-2", "resolved", "DiskFull", {"service": "search"}, ends=at(500))
    for seconds in (*range(490, 560, 10), 790, 970):
        (incident,) = watching.look(at(seconds))
    assert (incident.id, incident.ended) == (first.id, at(500))
    tell_alert(own_store, "a-3", "firing", "DiskFull", {"service": "search"}, begins=at(981))
    tell_alert(own_store, "a-4", "resolved", "DiskFull", {"service": "search"}, begins=at(981), ends=at(988))
    for seconds in (990, 1000):
        later, _ = watching.look(at(seconds))
        assert (later.state, later.began, later.ended) == (State.RESOLVED, at(981), at(988))


def test_an_alert_that_flaps_stays_one_incident(own_store: Store) -> None:
    """Firing again before six passes have missed it, and within a quarter of an hour; a replay agrees."""
    empty(own_store)
    live = watch(own_store)
    for number, (begins, ends) in enumerate([(0, 100), (130, 300), (700, 1000)]):
        tell_alert(own_store, f"a-{number}-1", "firing", "DiskFull", {"service": "search"}, begins=at(begins))
        (incident,) = live.look(at(begins + 10))
        assert incident.state is State.OPEN
        tell_alert(
            own_store, f"a-{number}-2", "resolved", "DiskFull", {"service": "search"}, begins=at(begins), ends=at(ends)
        )
        for seconds in range(ends, ends + 30 if number == 0 else ends + 60, 10):
            (incident,) = live.look(at(seconds))
        assert incident.state is (State.OPEN if number == 0 else State.RESOLVED)
    past = watch(own_store, book=MemoryBook())
    for seconds in (10, *range(100, 140, 10), *range(300, 360, 10), 710, *range(1000, 1060, 10)):
        past.look(at(seconds))
    (again,) = past.book.incidents(T0)
    for one in (incident, again):
        assert (one.id, one.state, one.epoch, one.ended) == (incident.id, State.RESOLVED, 1, at(1000))


def test_alerts_that_fire_since_days_open_one_incident_each(own_store: Store) -> None:
    """At the first start, and not again at the next."""
    empty(own_store)
    tell_alert(own_store, "a-1", "firing", "DiskFull", {"service": "search"}, begins=at(-3 * 86_400))
    tell_alert(own_store, "b-1", "firing", "CertExpires", {"service": "mail"}, begins=at(-9 * 86_400))
    first = {one.id for one in watch(own_store).look(at(0))}
    assert len(first) == 2
    for start in (10, 100_000):
        watching = watch(own_store)
        for seconds in (start, start + 10):
            found = watching.look(at(seconds))
            assert ({one.id for one in found}, {one.epoch for one in found}) == (first, {0})
