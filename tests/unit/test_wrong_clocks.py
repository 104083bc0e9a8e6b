"""A clock that was ahead for a minute, and is right again: what it told holds up nothing."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import cast

import polars as pl
import pytest

from queries.errors import StoreUnavailable
from queries.store import Store, Value
from tests.symptoms import T0, Passes, Told, at, gateway_errors
from triage.incident.acting import Act, change
from triage.incident.book import MemoryBook
from triage.incident.model import Impact, Incident, Message, State
from triage.runbook.live import LiveRunbook
from triage.slack.owed import Latest, owed
from triage.watch import Watch

HOURS = 3 * 3600


class Away:
    """A store that does not answer."""

    def ask(self, name: str, /, **_: Value) -> pl.DataFrame:
        """Never."""
        raise StoreUnavailable(name)


class Watched:
    """A watch whose impact is what the test says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.told = Told(gateway_errors())
        self.asked: list[datetime] = []
        self.customers = 1
        self.watch = Watch(cast(Store, Away()), MemoryBook(), LiveRunbook(), detect=self.told)
        monkeypatch.setattr("triage.watch.impact_of", self.impact)
        monkeypatch.setattr("triage.watch.alerts_at", lambda *_: [])
        monkeypatch.setattr("triage.watch.still_failing", lambda *_: [])
        monkeypatch.setattr("triage.watch.checks_of", lambda *_: None)
        monkeypatch.setattr("triage.watch.in_a_line", lambda _: "as usual")
        monkeypatch.setattr("triage.watch.suspects", lambda *_: ())

    def impact(self, _: object, __: Incident, now: datetime, *___: object, past: bool = False) -> Impact:
        """Asked for."""
        self.asked.append(now)
        return Impact(now, self.customers, self.customers, 0, 0, failures=self.customers)

    def looks(self, seconds: Sequence[int]) -> Incident:
        """Passes so many seconds after T0; the incident after them."""
        for each in seconds:
            self.watch.look(at(each))
        (one,) = self.watch.book.incidents(at(0))
        return one


def test_impact_goes_on_being_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the minutes after it, not of the hours that it was ahead."""
    watched = Watched(monkeypatch)
    watched.looks(range(HOURS, HOURS + 60, 10))
    watched.customers = 9000
    impact = watched.looks(range(60, 120, 10)).impact
    assert impact
    assert (impact.customers, impact.at < at(120)) == (9000, True)


def test_what_it_ended_is_kept_at_its_true_end_and_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is open again once the clock is right, and ends when it ends."""
    watched = Watched(monkeypatch)
    watched.looks(range(0, 60, 10))
    watched.told.symptoms = ()
    watched.looks(range(HOURS, HOURS + 90, 10))
    watched.told.symptoms = (gateway_errors(),)
    watched.looks(range(150, 600, 10))
    watched.told.symptoms = ()
    ended = watched.looks(range(600, 700, 10))
    assert (ended.state, ended.epoch) == (State.RESOLVED, 1)
    assert ended.frozen_end
    before = len(watched.asked)
    watched.looks(range(700, 1300, 10))
    assert len(watched.asked) == before


def test_what_a_person_resolved_after_it_comes_back() -> None:
    """Though what the person did bears the clock's time, which is yet to come."""
    passes, now = Passes(), int((datetime.now(UTC) - T0).total_seconds())
    passes.looks(now + HOURS, now + HOURS + 60, gateway_errors())
    for act in ("ack", "mitigate", "resolve"):
        change(passes.book, passes.only.id, act, Act("ana"))
    passes.looks(now + 10, now + 90)
    assert not passes.only.active
    passes.looks(now + 130, now + 300, replace(gateway_errors(), from_=at(now + 120)))
    assert passes.only.state is State.OPEN


def test_the_sentence_goes_on_being_told() -> None:
    """In the minute after."""
    passes = Passes()
    passes.looks(HOURS, HOURS + 60, gateway_errors())
    worse = replace(gateway_errors(), sentence="67 % failed")
    passes.looks(60, 120, worse)
    assert [each.symptom.sentence for each in passes.only.active] == ["67 % failed"]


@pytest.mark.parametrize("kept_up", ["update.1", "details.1"])
def test_messages_go_on_being_kept_up_to_date(kept_up: str) -> None:
    """What was sent by that clock is not awaited, and counts no more once the same was sent by one that is right."""
    passes = Passes()
    passes.looks(0, 60, gateway_errors())
    ahead = [Message(what, at(HOURS), "w", digest="old") for what in ("opened.0", "details")]
    digests = {"update.1": ("new", "old"), "details.1": ("old", "new")}
    latest = Latest(*digests[kept_up])
    one = replace(passes.only, messages=tuple(ahead))
    due = owed(one, at(120), updates=True, latest=latest)
    assert due
    assert due.what == kept_up
    sent = Message(kept_up, at(120), "w", digest="new")
    assert owed(replace(one, messages=(sent, *ahead)), at(300), updates=True, latest=latest) is None
