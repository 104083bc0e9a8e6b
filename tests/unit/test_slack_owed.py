"""Which message is due, and how often one is tried that doesn't arrive."""

from dataclasses import replace
from datetime import timedelta

from tests.symptoms import Passes, at, gateway_errors
from triage.incident.model import Incident, Message
from triage.slack.owed import may_claim


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
