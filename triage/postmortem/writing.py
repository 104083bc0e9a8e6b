"""What authors write: each text an event, kept for good; said twice it counts once."""

from datetime import UTC, datetime

from triage.incident.acting import Act, was_told
from triage.incident.book import Book
from triage.incident.due import written
from triage.incident.model import Event, Incident, Kind
from triage.incident.naming import digest
from triage.postmortem.draft import seen
from triage.postmortem.facts import Facts
from triage.postmortem.model import SectionName

LONGEST = 50_000


class Overtaken(Exception):
    """Somebody wrote the section while this author did; `text` is what was not kept."""

    def __init__(self, section: SectionName, text: str) -> None:
        super().__init__(f"{section} was written by somebody else meanwhile")
        self.section = section
        self.text = text


def write(book: Book, facts: Facts, section: SectionName, act: Act, based_on: int | None = None) -> Incident:
    """Keeps an author's text for a section.

    `based_on` is how many texts of it the author knew, None for whatever there is. Raises ValueError for an empty or an
    endless one, Overtaken where there are more, StoreError.
    """
    incident = facts.incident
    text = act.text.replace("\r\n", "\n").strip()
    if not text:
        raise ValueError("a section needs a text: what was drafted stays while nobody writes another")
    if len(text) > LONGEST:
        raise ValueError(f"a section takes at most {LONGEST:,} characters; this text has {len(text):,}")
    of = f"{incident.id}.{Kind.WRITTEN}.{section}"
    if was_told(incident, act, of):
        return incident
    details = seen(facts, section)
    versions = [event for event in written(incident) if event.id.startswith(f"{of}.")]
    if versions and (versions[-1].text, versions[-1].author, versions[-1].details) == (text, act.by, details):
        return incident
    if based_on is not None and len(versions) > based_on:
        raise Overtaken(section, text)
    event_id = f"{of}.{len(versions)}.{act.own or digest(act.by + text)}"
    book.write([Event(incident.id, event_id, datetime.now(UTC), Kind.WRITTEN, act.by, text, details)])
    return book.incident(incident.id) or incident
