"""The timeline as a person reads it."""

from datetime import timedelta

from tests.symptoms import T0
from triage.incident.retelling import passages
from triage.incident.wire import EventJson


def test_figures_that_only_move_are_told_once_and_kept() -> None:
    """What people and detectors did stands in full; nothing is lost, nothing changes places."""
    kinds = ["opened", "symptom", "notified", "symptom", "named", "symptom", "note", "note", "named", "resolved"]
    timeline = [
        EventJson(time=T0 + timedelta(seconds=place), kind=kind, author="triage", text=str(place))
        for place, kind in enumerate(kinds)
    ]
    told = list(passages(timeline))
    assert [event for each in told for event in (*each.events, *each.figures)] == timeline
    assert [[event.text for event in each.events] for each in told] == [
        ["0"], ["1"], ["2"], ["3"], ["6", "7"], ["8"], ["9"],
    ]  # fmt: skip
    assert [len(each.figures) for each in told] == [0, 0, 0, 2, 0, 0, 0]
