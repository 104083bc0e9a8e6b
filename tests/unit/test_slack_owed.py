"""Which message is due, and how often one is tried that doesn't arrive."""

from dataclasses import replace
from datetime import timedelta

from tests.symptoms import Passes, at, gateway_errors
from triage.incident.model import Event, Incident, Kind, Message
from triage.slack.owed import may_claim, owed


def claimed(attempt: int) -> Incident:
    passes = Passes()
    passes.look(30, gateway_errors())
    return replace(passes.only, claims=(Message("opened.0", at(40), "w", attempt),))


def test_what_is_refused_is_tried_every_sixteen_minutes_in_the_end() -> None:
    """After 1, 2, 4 and 8; however long it lasts, somebody may put it right."""
    for attempt, minutes in ((0, 1), (1, 2), (2, 4), (3, 8), (4, 16), (5, 16), (2000, 16)):
        due = at(40) + timedelta(minutes=minutes)
        assert may_claim(claimed(attempt), "opened.0", due - timedelta(seconds=1)) is None
        assert may_claim(claimed(attempt), "opened.0", due) == attempt + 1


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


def due(passes: Passes) -> list[str]:
    """What would be sent, one after another."""
    incident, names = passes.only, []
    while message := owed(incident, at(300), updates=True):
        names.append(message.what)
        incident = replace(incident, messages=(*incident.messages, Message(message.what, at(300), "w")))
    return names
