"""Which message is due, and how often one is tried that doesn't arrive."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.symptoms import Passes, at, gateway_errors, other
from triage.incident.fold import ANSWER, MESSAGE
from triage.incident.model import Event, Incident, Kind, Message
from triage.slack.owed import may_claim, owed
from triage.symptom import Severity


def claimed(attempt: int) -> Incident:
    passes = Passes()
    passes.look(30, gateway_errors())
    laid = [Message("opened.0", at(40), "w", number) for number in range(attempt + 1)]
    refused = [replace(each, refused=True) for each in laid]
    return replace(passes.only, claims=(*laid, *refused))


def test_what_is_refused_is_tried_every_sixteen_minutes_in_the_end() -> None:
    """After 1, 2, 4 and 8; however long it lasts, somebody may put it right."""
    for attempt, minutes in ((0, 1), (1, 2), (2, 4), (3, 8), (4, 16), (5, 16), (2000, 16)):
        due = at(40) + timedelta(minutes=minutes)
        assert may_claim(claimed(attempt), "opened.0", due - timedelta(seconds=1)) is None
        assert may_claim(claimed(attempt), "opened.0", due) == attempt + 1


def test_only_what_is_refused_is_tried_ever_more_seldom() -> None:
    """Where Slack was away, or a watcher died, a minute after each claim."""
    laid = tuple(Message("opened.0", at(40), "w", number) for number in range(8))
    one = replace(claimed(0), claims=laid)
    assert may_claim(one, "opened.0", at(99)) is None
    assert may_claim(one, "opened.0", at(100)) == 8


def test_what_was_tried_is_told_however_long_it_is_over() -> None:
    """Nobody could put the token right sooner; what was never tried is old news."""
    passes = Passes()
    passes.looks(30, 60, gateway_errors())
    passes.looks(60, 200)
    assert owed(passes.only, at(7200), updates=False) is None
    tried = replace(passes.only, claims=(Message("opened.0", at(60), "w"),))
    due = owed(tried, at(7200), updates=False)
    assert due
    assert due.what == "opened.0"


def test_a_claim_of_a_clock_that_was_wrong_holds_nothing_up() -> None:
    """One from the future is free again, unless clocks only differ by seconds."""
    assert may_claim(claimed(3), "opened.0", at(40) - timedelta(hours=5)) == 4
    assert may_claim(claimed(0), "opened.0", at(40) - timedelta(seconds=61)) == 1
    assert may_claim(claimed(0), "opened.0", at(40) - timedelta(seconds=59)) is None


def test_an_acknowledgement_is_told_once_however_often_it_comes_back() -> None:
    """Of itself it is acknowledged still; what is acknowledged after it was reopened is told."""
    passes = Passes()
    passes.look(30, gateway_errors())
    passes.book.write([Event(passes.only.id, "ack", at(40), Kind.ACKNOWLEDGED, "ana")])
    assert due(passes) == ["opened.0", "details", "acknowledged.0"]
    passes.looks(50, 200)
    passes.look(210, gateway_errors())
    assert due(passes) == ["opened.0", "details", "reopened.1"]
    passes.book.write([Event(passes.only.id, "mitigated", at(220), Kind.MITIGATED, "ana")])
    passes.book.write([Event(passes.only.id, "reopened", at(230), Kind.REOPENED, "ana")])
    passes.book.write([Event(passes.only.id, "ack again", at(240), Kind.ACKNOWLEDGED, "bob")])
    assert due(passes) == ["opened.0", "details", "reopened.2", "acknowledged.2"]


def test_a_mitigation_that_acknowledges_tells_only_itself() -> None:
    """No line in the thread says that somebody acknowledged it who did so before it came back."""
    passes = Passes()
    passes.look(30, gateway_errors())
    for seconds, kind, author in (
        (40, Kind.ACKNOWLEDGED, "ana"),
        (50, Kind.RESOLVED, "ana"),
        (60, Kind.REOPENED, "cid"),
        (70, Kind.MITIGATED, "bob"),
    ):
        passes.book.write([Event(passes.only.id, kind, at(seconds), kind, author)])
    assert due(passes) == ["opened.0", "details", "reopened.1", "mitigated.1"]


@pytest.mark.parametrize("updates", [False, True])
def test_what_gets_worse_or_somebody_elses_rings_once(updates: bool) -> None:
    """However often it comes and goes; a fall in severity is not told. After a return it may ring anew."""
    passes = Passes()
    slow = other("slow_checkout", {"service": "payment"}, "payment", unit="ms", value=1900, usual=400)
    passes.look(30, slow)
    assert alarms(passes, updates) == ["opened.0"]
    passes.look(40, slow, gateway_errors())
    assert alarms(passes, updates) == ["worse.0.critical"]
    for seconds in (50, 60, 70, 80, 90):
        severity = Severity.WARNING if seconds % 20 else Severity.CRITICAL
        row, owner = ("a", "ana") if seconds % 20 else ("b", "bob")
        name(passes, seconds, severity, row, owner)
        assert [each.partition(".")[0] for each in alarms(passes, updates)] == (["owner"] if seconds < 70 else [])
    passes.book.write([Event(passes.only.id, "r", at(100), Kind.RESOLVED, "ana")])
    passes.book.write([Event(passes.only.id, "o", at(110), Kind.REOPENED, "ana")])
    assert alarms(passes, updates) == ["reopened.1"]
    name(passes, 120, Severity.CRITICAL, "b", "bob")
    assert [each.rpartition(".")[0] for each in alarms(passes, updates)] == ["worse.1"]


def name(passes: Passes, seconds: float, severity: Severity, row: str, owner: str) -> None:
    """The incident stands so from then on."""
    one = passes.only
    assert one.answer.owner
    said = replace(one.answer, severity=severity, row=row, owner=replace(one.answer.owner, name=owner))
    event = Event(one.id, f"named.{seconds}", at(seconds), Kind.NAMED, details=ANSWER.dump_json(said).decode())
    passes.book.write([event])


def alarms(passes: Passes, updates: bool) -> list[str]:
    """What rings of all that is due, and a return; it is noted as told."""
    found = []
    while message := owed(passes.only, at(300), updates=updates):
        alarm = passes.only.alarm if message.alarms else None
        told = Message(message.what, at(300), "w", alarm=alarm)
        passes.book.write([notified(passes.only, told)])
        found += [message.what] if alarm else []
    return found


def notified(one: Incident, told: Message) -> Event:
    details = MESSAGE.dump_json(told).decode()
    return Event(one.id, f"{one.id}.{told.what}", told.time, Kind.NOTIFIED, text=told.what, details=details)


def due(passes: Passes) -> list[str]:
    """What would be sent, one after another."""
    incident, names = passes.only, []
    while message := owed(incident, at(300), updates=True):
        names.append(message.what)
        incident = replace(incident, messages=(*incident.messages, Message(message.what, at(300), "w")))
    return names
