"""What the front page says first, where no incident is open."""

from datetime import UTC, datetime, timedelta

from dashboards.pages.now import headline
from triage.activity import ServiceActivity, Signal
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
