"""The book of incidents: their events, read from the store and added there. Nothing in it is ever changed."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypedDict, cast

from queries.store import Store
from triage.incident.fold import fold
from triage.incident.model import Event, Incident, State
from triage.window import EARLIEST

QUESTION = "incidents/events"


class Row(TypedDict):
    """A row of queries/incidents/events.sql."""

    Incident: str
    Id: str
    Time: datetime
    Kind: str
    Author: str
    Text: str
    Details: str


class Book(Protocol):
    """Where incidents are read and written."""

    def incidents(self, since: datetime) -> list[Incident]:
        """Those that are not resolved, and those to which something happened since; the latest first."""

    def incident(self, id: str) -> Incident | None:  # noqa: A002 - it is called so
        """That incident."""

    def write(self, events: Sequence[Event]) -> None:
        """Adds events; an event whose id is there already changes nothing."""


def is_over(book: Book, id_: str) -> bool:
    """Whether there is an incident of this id that is done with."""
    one = book.incident(id_)
    return one is not None and one.state is State.RESOLVED


class StoredBook:
    """The book in the store, or what stood in it at a moment. Raises StoreError."""

    def __init__(self, store: Store, as_of: datetime | None = None) -> None:
        self._store, self._as_of = store, as_of

    def incidents(self, since: datetime = EARLIEST) -> list[Incident]:
        """Those that are not resolved, and those to which something happened since; the latest first."""
        return fold(self._events("", since))

    def incident(self, id: str) -> Incident | None:  # noqa: A002 - it is called so
        """That incident, whatever its letters' case."""
        return next(iter(fold(self._events(id.upper(), EARLIEST))), None) if id else None

    def write(self, events: Sequence[Event]) -> None:
        """Adds events, in one insert that counts once however often it is sent."""
        if not events:
            return
        body = "".join(_line(event) for event in events).encode()
        ids = "\n".join(event.id for event in events)
        self._store.insert("events", body, f"incident-{hashlib.sha256(ids.encode()).hexdigest()}")
        self._store.note_written()

    def _events(self, incident: str, since: datetime) -> Iterable[Event]:
        rows = cast(list[Row], self._store.ask(QUESTION, incident=incident, since=since).to_dicts())
        return (
            Event(row["Incident"], row["Id"], row["Time"], row["Kind"], row["Author"], row["Text"], row["Details"])
            for row in rows
            if self._as_of is None or row["Time"] <= self._as_of
        )


class MemoryBook:
    """A book that is forgotten: for replays and previews."""

    def __init__(self) -> None:
        self.events: dict[str, Event] = {}
        self._folded: list[Incident] = []
        self._count = 0

    def incidents(self, since: datetime = EARLIEST) -> list[Incident]:
        """All that are not resolved, or were not by then."""
        if self._count != len(self.events):
            self._folded, self._count = fold(self.events.values()), len(self.events)
        return [one for one in self._folded if one.resolved_at is None or one.resolved_at >= since]

    def incident(self, id: str) -> Incident | None:  # noqa: A002 - it is called so
        """That incident."""
        return next((one for one in self.incidents() if one.id == id), None)

    def write(self, events: Sequence[Event]) -> None:
        """Adds events."""
        for event in events:
            self.events.setdefault(event.id, event)


def _line(event: Event) -> str:
    body = {
        "incident": event.incident,
        "id": _whole(event.id),
        "time_ns": (event.time.astimezone(UTC) - EARLIEST) // timedelta(microseconds=1) * 1000,
        "kind": str(event.kind),
        "author": _whole(event.author),
        "text": _whole(event.text),
        "details": event.details,
    }
    return json.dumps({"Kind": "incident", "Body": body}) + "\n"


def _whole(text: str) -> str:
    """The text without halves of characters, which no store takes."""
    return text.encode("utf-8", "replace").decode("utf-8")
