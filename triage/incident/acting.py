"""What people do with an incident: each an event by its author; said twice it counts once."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from triage.incident.book import Book
from triage.incident.model import Event, Incident, Kind, State
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


def change(book: Book, id_: str, action: str, act: Act) -> Incident:
    """Acknowledges, mitigates, resolves or reopens. Raises NoIncident, StoreError."""
    incident = known(book, id_)
    kind, states = CHANGES[action]
    if incident.state not in states:
        return incident
    # whoever acknowledges it the same time again says the same thing; a mitigation between two is another
    round_ = f"{incident.epoch}.{_times(incident, kind)}"
    return _written(
        book, incident, Event(incident.id, f"{incident.id}.{kind}.{round_}", _now(), kind, act.by, act.text)
    )


def note(book: Book, id_: str, act: Act) -> Incident:
    """Adds a note. Raises NoIncident, ValueError for an empty one, StoreError."""
    incident = known(book, id_)
    if not act.text.strip():
        raise ValueError("a note needs a text")
    own = digest(act.id) if act.id else secrets.token_hex(8)
    event = Event(incident.id, f"{incident.id}.note.{own}", _now(), Kind.NOTE, act.by, act.text[:LONGEST_TEXT])
    return _written(book, incident, event)


def tick(book: Book, id_: str, number: int, done: bool, act: Act) -> Incident:
    """Ticks a mitigation step, counted from 1, or takes the tick back. Raises NoIncident, WrongStep, StoreError."""
    incident = known(book, id_)
    steps = incident.answer.mitigation
    if not 1 <= number <= len(steps):
        raise WrongStep(f"{incident.id} has {len(steps)} steps, counted from 1: there is no step {number}")
    step = steps[number - 1]
    if (step in incident.done) is done:
        return incident
    event_id = f"{incident.id}.step.{digest(step)}.{incident.ticks}"
    details = "done" if done else "undone"
    return _written(book, incident, Event(incident.id, event_id, _now(), Kind.STEP, act.by, step, details))


def known(book: Book, id_: str) -> Incident:
    """That incident. Raises NoIncident."""
    incident = book.incident(id_)
    if incident is None:
        raise NoIncident(f"There is no incident {id_[:40]!r}: `triage incidents list` shows those that there are.")
    return incident


def _times(incident: Incident, kind: Kind) -> int:
    return sum(event.kind == kind for event in incident.timeline) if kind in {Kind.RESOLVED, Kind.REOPENED} else 0


def _written(book: Book, incident: Incident, event: Event) -> Incident:
    book.write([event])
    return book.incident(incident.id) or incident


def _now() -> datetime:
    return datetime.now(UTC)
