"""The reconciliation and the plan of an incident: asked of a running service, or of the store."""

from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import quote

from pydantic import BaseModel

from triage.affected.asking import PAGE, Opened, Running, Source
from triage.compensation import wire as plan_wire
from triage.compensation.proposing import proposed, reconciliation
from triage.compensation.wire import PlanJson
from triage.incident.acting import NoIncident, known
from triage.incident.asking import PATH
from triage.incident.book import StoredBook
from triage.incident.model import Incident
from triage.remote import Refusal, Remote
from triage.rows import wire as rows_wire
from triage.rows.wire import ReconciliationJson


def reconciliation_of(source: Source, id_: str) -> ReconciliationJson:
    """All of it. Raises Refusal where there is no such incident."""
    match source:
        case Running(remote):
            pages = [ReconciliationJson.model_validate_json(text) for text in _pages(remote, id_, "reconciliation")]
            return pages[0].model_copy(update={"items": [item for page in pages for item in page.items], "next": None})
        case Opened(store):
            now, incident = datetime.now(UTC), _incident(source, id_)
            items = reconciliation(store, incident, now)
            return ReconciliationJson.page(incident.id, now, items, items, None)
    raise TypeError(f"nobody knows how to ask {source!r}")


def plan_of(source: Source, id_: str) -> PlanJson:
    """All of it. Raises Refusal where there is no such incident."""
    match source:
        case Running(remote):
            pages = [PlanJson.model_validate_json(text) for text in _pages(remote, id_, "compensation")]
            return pages[0].model_copy(update={"items": [item for page in pages for item in page.items], "next": None})
        case Opened(store):
            now, incident = datetime.now(UTC), _incident(source, id_)
            made = proposed(store, incident, now)
            return PlanJson.page(incident.id, now, made.lines, made.notes, 0, len(made.lines), None)
    raise TypeError(f"nobody knows how to ask {source!r}")


def csv_of(source: Source, id_: str, what: str) -> Iterator[str]:
    """`what` (reconciliation or compensation) as CSV, whole."""
    match source:
        case Running(remote):
            yield from remote.lines(f"{_path(id_)}/{what}.csv", {})
        case Opened(store):
            now, incident = datetime.now(UTC), _incident(source, id_)
            if what == "reconciliation":
                yield from rows_wire.csv_lines(incident.id, now, reconciliation(store, incident, now))
            else:
                yield from plan_wire.csv_lines(incident.id, now, proposed(store, incident, now).lines)


def _pages(remote: Remote, id_: str, what: str) -> Iterator[str]:
    """Each page of a list as it comes, with the text of its answer."""
    cursor: str | None = ""
    while cursor is not None:
        text = remote.get(f"{_path(id_)}/{what}", {"limit": str(PAGE)} | ({"cursor": cursor} if cursor else {}))
        yield text
        cursor = _Next.model_validate_json(text).next


def _path(id_: str) -> str:
    return f"{PATH}/{quote(id_, safe='')}"


def _incident(source: Opened, id_: str) -> Incident:
    try:
        return known(StoredBook(source.store), id_)
    except NoIncident as error:
        raise Refusal(str(error)) from None


class _Next(BaseModel):
    """Where a list goes on."""

    next: str | None
