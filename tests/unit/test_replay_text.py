"""What a replay prints: how many incidents there would have been, a line each, and then each in full."""

from datetime import timedelta

from tests.symptoms import Passes, at, gateway_errors, other
from triage.incident.text import replay_text
from triage.incident.wire import IncidentJson
from triage.window import Window

HOUR = Window(at(0), at(3600))
EVERY = timedelta(seconds=10)


def told(passes: Passes) -> list[str]:
    return list(replay_text(HOUR, EVERY, [IncidentJson.of(one) for one in passes.incidents]))


def test_one_incident_is_told_in_full() -> None:
    """Below a line that says from when to when, and how often was looked."""
    passes = Passes()
    passes.looks(0, 100, gateway_errors())
    head, blank, first, *_ = told(passes)
    assert head.startswith("1 incident would have been opened from 2026-11-22")
    assert head.endswith("with a look every 10s.")
    assert blank == ""
    assert passes.only.id in first
    assert "Owner of payment: payments" in told(passes)


def test_several_have_a_line_each_first() -> None:
    """And a rule above each."""
    passes = Passes()
    passes.looks(0, 100, gateway_errors(), other("partner_integration", {"partner": "psp"}, "psp"))
    lines = told(passes)
    assert lines[0].startswith("2 incidents would have been opened")
    assert lines[2].split()[0] == "INCIDENT"
    assert {lines[3].split()[0], lines[4].split()[0]} == {one.id for one in passes.incidents}
    assert sum(line.startswith("── ") for line in lines) == 2


def test_none_is_said() -> None:
    """Nothing else is printed."""
    (line,) = told(Passes())
    assert line.startswith("No incident would have been opened from")
