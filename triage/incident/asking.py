"""Questions about incidents, and what people do with them: put to a running service, or to the store."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from triage.affected.asking import PAGE, Opened, Running, Source
from triage.incident import acting
from triage.incident.acting import Act, NoIncident
from triage.incident.book import StoredBook
from triage.incident.customers import customers_csv
from triage.incident.impact import customers_on_rows, hit_by
from triage.incident.model import Incident
from triage.incident.narrowing import narrowed
from triage.incident.wire import IncidentAffectedJson, IncidentJson, IncidentsJson
from triage.remote import Refusal

PATH = "/api/v1/incidents"


@dataclass(frozen=True)
class Part:
    """A part of an incident's time, as it was written; an end that is not given is the incident's own."""

    from_: str | None = None
    to: str | None = None

    def parameters(self) -> dict[str, str]:
        """The query of a request for it."""
        return {name: text for name, text in (("from", self.from_), ("to", self.to)) if text}

    def of(self, incident: Incident, now: datetime) -> Incident:
        """What it means. Raises Refusal with a sentence."""
        return _or_refused(lambda: narrowed(incident, self.from_, self.to, now))


WHOLE = Part()


def incidents(source: Source, state: str | None) -> IncidentsJson:
    """All incidents of a state, or all that there are."""
    match source:
        case Running(remote):
            asked = {"limit": str(PAGE)} | ({"state": state} if state else {})
            return IncidentsJson.model_validate_json(remote.get(PATH, asked))
        case Opened(store):
            found = [one for one in StoredBook(store).incidents() if state in {None, one.state.value}]
            return IncidentsJson.page(found, found, None)
    raise TypeError(f"nobody knows how to ask {source!r}")


def incident(source: Source, id_: str) -> IncidentJson:
    """One incident. Raises Refusal where there is none."""
    match source:
        case Running(remote):
            return IncidentJson.model_validate_json(remote.get(_path(id_), {}))
        case Opened(store):
            return IncidentJson.of(_or_refused(lambda: acting.known(StoredBook(store), id_)))
    raise TypeError(f"nobody knows how to ask {source!r}")


def act(source: Source, id_: str, action: str, said: Act) -> IncidentJson:
    """Does something with it. Raises Refusal."""
    match source:
        case Running(remote):
            body = {name: text for name, text in vars(said).items() if text}
            return IncidentJson.model_validate_json(remote.post(f"{_path(id_)}/{action}", body))
        case Opened(store):
            book = StoredBook(store)
            if action == "note":
                return IncidentJson.of(_or_refused(lambda: acting.note(book, id_, said)))
            return IncidentJson.of(_or_refused(lambda: acting.change(book, id_, action, said)))
    raise TypeError(f"nobody knows how to ask {source!r}")


def affected_of(source: Source, id_: str, limit: int | None, part: Part = WHOLE) -> IncidentAffectedJson:
    """Who is hit by an incident: the figures, and so many customers (None: all)."""
    match source:
        case Running(remote):
            path = f"{_path(id_)}/affected"
            rows = str(min(limit or PAGE, PAGE))
            answer = IncidentAffectedJson.model_validate_json(remote.get(path, {"limit": rows} | part.parameters()))
            while answer.next and (limit is None or len(answer.items) < limit):
                asked = {"limit": rows, "cursor": answer.next}
                more = IncidentAffectedJson.model_validate_json(remote.get(path, asked))
                answer = answer.model_copy(update={"items": [*answer.items, *more.items], "next": more.next})
            return answer.model_copy(update={"items": answer.items[:limit]})
        case Opened(store):
            one = _or_refused(lambda: acting.known(StoredBook(store), id_))
            now = datetime.now(UTC)
            hit = hit_by(store, part.of(one, now), now, customers_on_rows(store))
            return IncidentAffectedJson.told(one, hit, hit.customers[:limit], None)
    raise TypeError(f"nobody knows how to ask {source!r}")


def affected_csv_of(source: Source, id_: str, part: Part = WHOLE) -> Iterator[str]:
    """Everyone who is hit, as CSV."""
    match source:
        case Running(remote):
            yield from remote.lines(f"{_path(id_)}/affected.csv", part.parameters())
        case Opened(store):
            one = _or_refused(lambda: acting.known(StoredBook(store), id_))
            now = datetime.now(UTC)
            yield from customers_csv(store, part.of(one, now), now, customers_on_rows(store))


def _path(id_: str) -> str:
    return f"{PATH}/{quote(id_, safe='')}"


def _or_refused(ask: Callable[[], Incident]) -> Incident:
    try:
        return ask()
    except (NoIncident, ValueError) as error:
        raise Refusal(str(error)) from None
