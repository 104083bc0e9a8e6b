"""The watch on the real engine: a fault in the shop becomes one incident with those whom it hit, written once."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from queries import schema
from queries.errors import StoreUnavailable
from queries.store import Store, varint
from tests.symptoms import Told, at, gateway_errors, other
from triage.demo.model import Shop
from triage.demo.truth import Truth
from triage.demo.write import otlp_requests
from triage.incident.acting import Act
from triage.incident.book import MemoryBook, StoredBook
from triage.incident.impact import hit_by, nobody
from triage.incident.model import Event, Incident, Kind, State
from triage.incident.narrowing import narrowed
from triage.postmortem.document import Office
from triage.postmortem.model import SectionName
from triage.postmortem.verification import verify
from triage.runbook.live import LiveRunbook
from triage.symptom import Cause
from triage.watch import Watch, last_moment, moments, next_moment
from triage.window import format_time

pytestmark = pytest.mark.integration

OPENS = 1_790_000_000
SPANS_EACH = 4000


@pytest.fixture(scope="module")
def shop_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, Truth]]:
    """A quarter of an hour of a shop, in which inventory fails for three minutes."""
    shop = Shop("gateway-5xx", 7, rate=4)
    fault = shop.fault(OPENS + 600, OPENS + 780)
    requests = list(shop.between(OPENS, OPENS + 960, fault))
    truth = Truth(shop, fault)
    for request in requests:
        truth.tell(request)
    with closing(Store.open(f"chdb://{tmp_path_factory.mktemp('watch')}/clickhouse")) as store:
        schema.apply(store)
        sent = list(otlp_requests(requests, SPANS_EACH))
        for signal in ("traces", "logs"):
            body = b"".join(varint(len(record)) + record for kind, record in sent if kind == signal)
            store.insert(signal, body, signal)
        yield store, truth


def empty(store: Store) -> None:
    store.command("TRUNCATE TABLE incident_events SYNC")


def second(of_shop: float) -> datetime:
    return datetime.fromtimestamp(OPENS + of_shop, UTC)


def watch(store: Store, **more: object) -> Watch:
    made: dict[str, object] = {"book": StoredBook(store), "runbook": LiveRunbook(), "past": True}
    return Watch(store, **(made | more))  # type: ignore[arg-type]  # what is made has the fields' types


def replay(watching: Watch, from_s: float, to_s: float) -> None:
    for moment in moments(second(from_s), second(to_s), timedelta(seconds=10)):
        watching.look(moment)


def ids(store: Store) -> list[str]:
    return [str(row[0]) for row in store.select("SELECT Id FROM incident_events ORDER BY Id").rows()]


@pytest.fixture(scope="module")
def replayed(shop_store: tuple[Store, Truth]) -> MemoryBook:
    """What a watch makes of the quarter of an hour: of a pass in the fault, and of those that miss it afterwards."""
    watching = watch(shop_store[0], book=MemoryBook())
    replay(watching, 640, 650)
    replay(watching, 890, 950)
    assert isinstance(watching.book, MemoryBook)
    return watching.book


def test_a_fault_becomes_one_incident_with_exactly_those_whom_it_hit(
    shop_store: tuple[Store, Truth], replayed: MemoryBook
) -> None:
    """Opened within a minute and a half, in the right row; resolved after it; customers as in the truth."""
    store, truth = shop_store
    (incident,) = replayed.incidents(second(0))
    assert incident.state is State.RESOLVED
    assert incident.answer.row == "gateway-5xx"
    assert incident.answer.cause == Cause.PROVIDER_FAILING, "no harmless new version is blamed"
    assert incident.opened_at - second(600) <= timedelta(seconds=90)
    assert incident.impact
    assert incident.frozen
    assert 0 < incident.frozen.customers < incident.impact.customers
    assert incident.frozen_end == incident.impact
    first = next(event for event in replayed.events.values() if event.kind == Kind.CHECKS)
    assert first.text.startswith("▲ gateway errors "), "the message says at once how the three first checks stand"
    assert first.time == incident.frozen.at
    hit = hit_by(store, incident, second(950), past=True)
    answer = truth.answer(truth._shop.scenario.questions[0])
    assert {item.customer for item in hit.customers} == {each.customer for each in answer.hits}
    parts = [hit_by(store, narrowed(incident, *ends, second(950)), second(950), past=True) for ends in halves(incident)]
    assert sum(part.impact.failures for part in parts) == hit.impact.failures
    assert {item.customer for part in parts for item in part.customers} == {item.customer for item in hit.customers}


def halves(incident: Incident) -> list[tuple[str | None, str | None]]:
    """What is asked for the first minute of an incident, and for the rest of it."""
    first = format_time(incident.began + timedelta(minutes=1))
    return [(None, first), (first, None)]


def test_its_postmortem_tells_what_happened_and_exactly_whom_it_hit(
    shop_store: tuple[Store, Truth], replayed: MemoryBook, tmp_path: Path
) -> None:
    """In all figures and pictures, with when it began, was found and was over."""
    store, truth = shop_store
    empty(store)
    StoredBook(store).write(list(replayed.events.values()))
    (incident,) = replayed.incidents(second(0))
    document = Office(store, nobody, "http://127.0.0.1", tmp_path).document(incident.id)
    hits = truth.answer(truth._shop.scenario.questions[0]).hits
    assert document.customers.total == document.impact.revised.customers == len(hits)
    assert document.impact.frozen
    assert document.impact.frozen.customers < len(hits)
    kinds = [each.kind for each in document.timeline if each.kind != "change"]
    assert kinds[:3] == ["began", "opened", "symptom"]
    assert {"symptom_ended", "resolved"} <= set(kinds)
    pictures = {each.name: each for each in document.figures}
    assert f"{len(hits)} customers hit" in pictures["customers"].alt
    assert "it is usually" in pictures["symptom"].alt
    assert f"{len(hits)} customers were hit" in document.section(SectionName.SUMMARY).drafted[1]


def test_two_watchers_write_each_event_once(shop_store: tuple[Store, Truth]) -> None:
    """Both pass at the same moments; the book holds what one alone would have written."""
    store, _ = shop_store
    empty(store)
    one, other = watch(store), watch(store)
    passes = [second(640), second(680)]
    for moment in passes:
        one.look(moment)
        other.look(moment)
    found = ids(store)
    assert found
    assert len(found) == len(set(found))
    empty(store)
    alone = watch(store)
    for moment in passes:
        alone.look(moment)
    assert ids(store) == found


def test_a_crash_after_the_opening_is_caught_up(shop_store: tuple[Store, Truth]) -> None:
    """The next watcher finds what is still to be done in the incident: whom it hits."""
    store, _ = shop_store
    empty(store)
    first = watch(store)
    first._learned = lambda incident, now: iter(())  # type: ignore[method-assign]  # it dies before
    replay(first, 660, 670)
    (incident,) = StoredBook(store).incidents()
    assert incident.frozen is None
    watch(store).look(second(680))
    (after,) = StoredBook(store).incidents()
    assert after.id == incident.id
    assert after.frozen
    assert after.frozen.customers > 0


def test_what_a_person_resolved_is_over_though_the_watch_was_away(shop_store: tuple[Store, Truth]) -> None:
    """The next watch finds what was still to be done: its symptom's end, and whom it hit."""
    store, _ = shop_store
    empty(store)
    book = StoredBook(store)
    (incident,) = watch(store, book=book, detect=Told(gateway_errors())).look(at(40))
    book.write([Event(incident.id, "by-ana", at(60), Kind.RESOLVED, "ana", "rolled back")])
    watching = watch(store, book=book, detect=Told(replace(gateway_errors(), from_=at(35_000))))
    for seconds in (36_000, 36_010):
        again, over = watching.look(at(seconds))
        assert (again.state, again.began, over.id) == (State.OPEN, at(35_000), incident.id)
    assert (over.state, over.ended, over.active) == (State.RESOLVED, at(60), ())
    assert over.frozen_end


def test_figures_taken_while_something_waits_to_be_loaded_are_not_exact(
    shop_store: tuple[Store, Truth], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of the opening keep saying so; later ones do not, once it is loaded."""
    store, _ = shop_store
    watching = watch(store, book=MemoryBook())
    monkeypatch.setattr(store, "unloaded_since", lambda: second(600))
    (opened,) = watching.look(second(700))
    monkeypatch.undo()
    replay(watching, 700, 900)
    (later,) = watching.book.incidents(second(0))
    assert opened.impact
    assert not opened.impact.exact
    assert (opened.impact.caveat or "").startswith("Not all is loaded that was accepted since 2026-09-21")
    assert later.frozen
    assert later.impact
    assert (later.frozen.exact, later.impact.exact, later.impact.caveat) == (False, True, None)


def test_a_pass_without_its_store_changes_nothing_and_the_next_one_catches_up(shop_store: tuple[Store, Truth]) -> None:
    """What the detectors find still lasts then."""
    store, _ = shop_store
    empty(store)
    book = StoredBook(store)
    watching = watch(store, book=book, detect=Told(gateway_errors()))
    real, book.write = book.write, _refuse  # type: ignore[method-assign]
    with pytest.raises(StoreUnavailable):
        watching.look(at(30))
    book.write = real  # type: ignore[method-assign]
    watching.look(at(40))
    assert [one.opened_at for one in book.incidents()] == [at(40)]


def _refuse(events: object) -> None:
    raise StoreUnavailable("the store is away")


def test_what_fell_silent_is_over_once_it_is_heard(shop_store: tuple[Store, Truth]) -> None:
    """For hours after the detectors have forgotten it, and however little it is."""
    store, _ = shop_store
    empty(store)
    silent = other("no_data", {"service": "payment"}, "payment", cause=Cause.SENDER_SILENT)
    watching = watch(store, detect=Told(silent))
    watching.look(at(40))
    watching.detect = Told()
    for minutes in (5, 245, 545):
        (incident,) = watching.look(at(60 * minutes))
    assert incident.state is State.OPEN
    (check, *_) = verify(store, incident.id, at(60 * 545), nobody, Act()).checks
    assert (check.status, check.found) == ("fail", incident.symptoms[0].symptom.sentence)
    assert incident.symptoms[0].symptom.sentence == "Nothing has arrived from payment for 545 min, since 10:02"
    heard = (
        "INSERT INTO arrivals (Minute, ServiceName, Spans) VALUES ({minute:DateTime64(6, 'UTC')}, {service:String}, 1)"
    )
    store.command(heard, minute=at(36_000), service="another")
    store.command(heard, minute=at(36_060), service="payment")
    for seconds in range(36_130, 36_200, 10):
        (incident,) = watching.look(at(seconds))
    assert incident.state is State.RESOLVED


def test_what_is_silent_once_more_is_judged_by_that_alone_and_may_be_told_to_be_gone(
    shop_store: tuple[Store, Truth],
) -> None:
    """It was heard between the episodes; and of whom a person has resolved it, nothing more is expected."""
    store, _ = shop_store
    empty(store)
    silent = other("no_data", {"service": "gone"}, "gone", cause=Cause.SENDER_SILENT)
    heard = "INSERT INTO arrivals (Minute, ServiceName, Spans) VALUES ({minute:DateTime64(6, 'UTC')}, 'gone', 9)"
    store.command(heard, minute=at(300))
    book, detect = StoredBook(store), Told(silent)
    watching = watch(store, book=book, detect=detect)
    watching.look(at(240))
    detect.symptoms = ()
    for seconds in range(370, 440, 10):
        (incident,) = watching.look(at(seconds))
    assert incident.state is State.RESOLVED
    detect.symptoms = (replace(silent, from_=at(360)),)
    watching.look(at(600))
    detect.symptoms = ()
    for seconds in range(20_000, 20_100, 10):
        (incident,) = watching.look(at(seconds))
    assert (incident.state.value, incident.began) == ("open", at(0))
    book.write([Event(incident.id, "by-ana", at(20_100), Kind.RESOLVED, "ana", "it is retired")])
    for seconds in (20_110, 20_710, 20_800):
        (incident,) = watching.look(at(seconds))
    assert incident.state is State.RESOLVED


def test_a_replay_writes_nothing(shop_store: tuple[Store, Truth], tmp_path: Path) -> None:
    """It folds in memory."""
    store, _ = shop_store
    empty(store)
    assert watch(store, book=MemoryBook()).look(second(670))
    assert ids(store) == []


def test_watchers_look_at_the_same_moments() -> None:
    """Whole multiples of their distance, wherever they begin."""
    every = timedelta(seconds=10)
    assert last_moment(at(7.3), every) == last_moment(at(1), every) == at(0)
    assert list(moments(at(3), at(25), every)) == [at(10), at(20)]


@pytest.mark.parametrize(
    ("now", "following"), [(104, 110), (119, 110), (120, 120), (147, 140), (-3500, -3490)], ids=str
)
def test_the_next_pass_is_never_far_off(now: float, following: float) -> None:
    """After that of second 100: the next in turn, the latest after a long one, and none of long ago or far ahead."""
    assert next_moment(at(100), at(now), timedelta(seconds=10)) == at(following)


def test_hostile_text_is_kept_as_it_was(shop_store: tuple[Store, Truth]) -> None:
    """It comes back letter by letter."""
    store, _ = shop_store
    empty(store)
    hostile = "<script>\u202e'; DROP TABLE x; --\x00 é \\ \""
    watching = watch(store, detect=Told(gateway_errors(hostile)))
    (incident,) = watching.look(at(30))
    again: Incident = StoredBook(store).incidents()[0]
    assert again.symptoms == incident.symptoms
    assert again.answer.service.startswith("<script>")
    assert [event.kind for event in again.timeline][:2] == [Kind.OPENED, Kind.SYMPTOM]
