"""The buttons that change an incident's state: each keeps its place, so that no press meets another than was meant."""

from collections.abc import Iterator
from dataclasses import dataclass

from dashboards.api.incidents import Action
from triage.incident.acting import CHANGES
from triage.incident.model import Incident


@dataclass(frozen=True)
class Button:
    """One of them: `can` says whether it changes anything now, and `said` why not; `look` is its class."""

    action: Action
    words: str
    said: str
    can: bool
    look: str


def buttons(incident: Incident) -> Iterator[Button]:
    """All of them, in one order whatever the state is; the first that changes anything is what comes next."""
    people = {CHANGES[action][0] for action in Action}
    authors = {event.time: event.author for event in incident.timeline if event.kind in people}
    places = (
        (Action.ACK, "Acknowledge", "Acknowledged", incident.acknowledged_at),
        (Action.MITIGATE, "Mitigated", "Mitigated", incident.mitigated_at),
        (Action.RESOLVE, "Resolved", "Resolved", incident.resolved_at),
    )
    main = "main"
    for action, words, done, at in places:
        if incident.state in CHANGES[action][1]:
            yield Button(action, words, "", True, main)
            main = "second"
        elif at:
            yield Button(action, done, f"by {authors[at]}", False, "second")
        else:
            yield Button(action, words, "not needed", False, "second")
    can = incident.state in CHANGES[Action.REOPEN][1]
    yield Button(Action.REOPEN, "Reopen", "", can, "second" if can else "second unused")
