"""What the front page says first, where no incident is open; and when an incident escalates, on its own page."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from dashboards.pages.incident import escalation
from dashboards.pages.now import headline
from tests.symptoms import Passes, at, gateway_errors
from triage.activity import ServiceActivity, Signal
from triage.incident.model import State
from triage.window import Window

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
CALM = ServiceActivity("checkout", 100, 0, 100, 0, 300, 20.0, 20.0)
BROKEN = ServiceActivity("payment", 100, 44, 100, 0, 300, 20.0, 20.0)


def said(*services: ServiceActivity, newest: timedelta = timedelta(seconds=2), until: timedelta = timedelta()) -> str:
    arriving = [Signal("logs", NOW, 10), Signal("traces", NOW - newest, 10)]
    return headline([], services, arriving, Window(NOW - until - HOUR, NOW - until), NOW).replace("\xa0", " ")


def test_services_that_report_are_said_to() -> None:
    assert said(CALM, CALM) == "No incident is open: none of 2 services fails more than before."


def test_silence_is_not_called_calm() -> None:
    """Where no span came for more than five minutes, nobody knows whether anything fails."""
    told = said(CALM, newest=timedelta(minutes=46))
    assert told == "No incident is open, but no span has come for 46 min: how it is now is not known."


def test_an_earlier_time_is_told_in_the_past() -> None:
    told = said(CALM, CALM, newest=timedelta(minutes=46), until=timedelta(hours=2))
    assert told == "No incident is open: in this time, none of 2 services failed more than before."


def test_what_fails_more_than_before_is_named() -> None:
    assert said(BROKEN, CALM) == "No incident is open, but <bdi>payment</bdi> failed 44 % of its requests (0 % before)."


@pytest.mark.parametrize(
    ("left_s", "words"),
    [
        (898.7, "Escalates in 14\xa0min"),
        (119, "Escalates in 1\xa0min"),
        (60, "Escalates in 1\xa0min"),
        (59.2, "Escalates in 59\xa0s"),
        (3.004, "Escalates in 3\xa0s"),
        (0.4, "Escalates now"),
        (-30, "Escalates now"),
    ],
)
def test_when_it_escalates_is_told_in_whole_minutes_until_the_last(left_s: float, words: str) -> None:
    """The platform's on-call has a quarter of an hour."""
    passes = Passes()
    passes.look(30, gateway_errors())
    assert escalation(passes.only, at(30 + 900 - left_s)) == words


def test_that_it_escalates_no_more_is_told_in_the_same_place() -> None:
    """Nothing below it moves; what is over has nothing to say."""
    passes = Passes()
    passes.look(30, gateway_errors())
    one = passes.only
    assert escalation(replace(one, escalated_at=at(930)), at(940)) == "Escalated to head of engineering"
    answered = replace(one, state=State.ACKNOWLEDGED)
    assert escalation(answered, at(940)) == "Answered: it does not escalate"
    assert escalation(replace(one, state=State.RESOLVED), at(940)) == ""
