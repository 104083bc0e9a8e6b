"""What people do with an incident: each an event by its author; said twice it counts once."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from triage.incident.book import Book
from triage.incident.fold import TICK, ticked
from triage.incident.keeping import in_turn
from triage.incident.model import Event, Incident, Kind, State, Tick
from triage.incident.naming import digest

LONGEST_TEXT = 10_000
NOBODY = "somebody"

CHANGES = {
    "ack": (Kind.ACKNOWLEDGED, frozenset({State.OPEN})),
    "mitigate": (Kind.MITIGATED, frozenset({State.OPEN, State.ACKNOWLEDGED})),
    "resolve": (Kind.RESOLVED, frozenset({State.OPEN, State.ACKNOWLEDGED, State.MITIGATED})),
    "reopen": (Kind.REOPENED, frozenset({State.MITIGATED, State.RESOLVED})),
}
"""What people can do to an incident's state, and from which states it changes anything."""


class NoIncident(LookupError):
    """No incident has this id."""


class WrongStep(ValueError):
    """An incident has no step of this number."""


@dataclass(frozen=True)
class Act:
    """Who does it, in what words, and under which id of their own, so that a repetition is known."""

    author: str = ""
    text: str = ""
    id: str = ""

    @property
    def by(self) -> str:
        """The author as it is kept."""
        return self.author.strip()[:200] or NOBODY

    @property
    def own(self) -> str:
        """Its id as it is kept; "" without one."""
        return digest(self.id) if self.id else ""


def change(book: Book, id_: str, action: str, act: Act) -> Incident:
    """Acknowledges, mitigates, resolves or reopens. Raises NoIncident, StoreError."""
    incident = known(book, id_)
    kind, states = CHANGES[action]
    of = f"{incident.id}.{kind}"
    if incident.state not in states or was_told(incident, act, of):
        return incident
    # whoever acknowledges it the same time again says the same thing; a mitigation between two is another
    event_id = f"{of}.{incident.epoch}.{_times(incident, kind)}"
    return _written(book, incident, Event(incident.id, event_id, _now(incident), kind, act.by, act.text, act.own))


def note(book: Book, id_: str, act: Act) -> Incident:
    """Adds a note. Raises NoIncident, ValueError for an empty one, StoreError."""
    incident = known(book, id_)
    if not act.text.strip():
        raise ValueError("a note needs a text")
    if was_told(incident, act, incident.id):  # as api.md has it: under an id that was seen with anything
        return incident
    own = act.own or secrets.token_hex(8)
    event_id = f"{incident.id}.{Kind.NOTE}.{own}"
    event = Event(incident.id, event_id, _now(incident), Kind.NOTE, act.by, act.text[:LONGEST_TEXT])
    return _written(book, incident, event)


def tick(book: Book, id_: str, number: int, done: bool, act: Act) -> Incident:
    """Ticks a mitigation step, counted from 1, or takes the tick back. Raises NoIncident, WrongStep, StoreError."""
    incident = known(book, id_)
    steps = incident.answer.mitigation
    if not 1 <= number <= len(steps):
        raise WrongStep(f"{incident.id} has {len(steps)} steps, counted from 1: there is no step {number}")
    step = steps[number - 1]
    of = f"{incident.id}.{Kind.STEP}.{digest(step)}"
    if (step in incident.done) is done or was_told(incident, act, of):
        return incident
    event_id = f"{of}.{incident.ticks}"
    details = TICK.dump_json(Tick(done, act.text.strip()[:LONGEST_TEXT], act.own)).decode()
    return _written(book, incident, Event(incident.id, event_id, _now(incident), Kind.STEP, act.by, step, details))


def known(book: Book, id_: str) -> Incident:
    """That incident. Raises NoIncident."""
    incident = book.incident(id_)
    if incident is None:
        raise NoIncident(f"There is no incident {id_[:40]!r}: `triage incidents list` shows those that there are.")
    return incident


def was_told(incident: Incident, act: Act, of: str) -> bool:
    """Whether this was done under its id before, whatever happened since: it comes late, and changes nothing.

    `of` is what the ids of events of its kind (and of its step or section) begin with: under the same, others are new.
    """
    return bool(act.id) and any(act.own == _own(event) for event in incident.timeline if event.id.startswith(f"{of}."))


def _own(event: Event) -> str:
    match event.kind:
        case Kind.NOTE | Kind.WRITTEN:
            return event.id.rpartition(".")[2]
        case Kind.STEP:
            return ticked(event).act
    return event.details


def _times(incident: Incident, kind: Kind) -> int:
    return sum(event.kind == kind for event in incident.timeline) if kind in {Kind.RESOLVED, Kind.REOPENED} else 0


def _written(book: Book, incident: Incident, event: Event) -> Incident:
    book.write([event])
    return book.incident(incident.id) or incident


def _now(incident: Incident) -> datetime:
    return in_turn(incident, datetime.now(UTC))
