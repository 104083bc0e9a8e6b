"""Incidents, for other programs: what is wrong, whom it hits, and what people do about it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from http import HTTPStatus
from itertools import chain
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from dashboards.api.border import PROBLEMS, UNKNOWN, WRITTEN, TheStore
from dashboards.api.cursors import bad_cursor, cursor_time, cursor_window, read_cursor, window_parts, write_cursor
from dashboards.api.parameters import (
    TIME,
    NoParameters,
    PageParameters,
    Parameters,
    When,
    WindowParameters,
    each_once,
)
from dashboards.problems import BadParameters, FieldError, NotFound
from queries.store import Store
from triage.incident.acting import Act, NoIncident, WrongStep, change, known, note, tick
from triage.incident.book import StoredBook
from triage.incident.customers import customers_csv
from triage.incident.impact import CustomersOf, Hit, hit_by, nobody
from triage.incident.model import Incident, State
from triage.incident.narrowing import narrowed, within
from triage.incident.wire import IncidentAffectedJson, IncidentJson, IncidentsJson
from triage.slack.text import Writer
from triage.window import EARLIEST, Window, format_time, parse_time
from triage.wire import Wire

router = APIRouter(prefix="/api/v1", dependencies=[Depends(each_once)], responses=PROBLEMS)


class Action(StrEnum):
    """What people can do to an incident's state."""

    ACK = "ack"
    MITIGATE = "mitigate"
    RESOLVE = "resolve"
    REOPEN = "reopen"


class ActJson(BaseModel):
    """Who does it, in what words; what comes again under an `id` of their own changes nothing."""

    model_config = ConfigDict(extra="forbid")

    author: str = Field("", max_length=200)
    text: str = Field("", max_length=10_000)
    id: str | None = Field(None, max_length=200)

    def act(self) -> Act:
        """What it means."""
        return Act(self.author, self.text, self.id or "")


class StepJson(ActJson):
    """The same for a mitigation step: `done` false takes the tick back."""

    done: bool = True


class IncidentsParameters(WindowParameters, PageParameters):
    """Which incidents: in a state, and going on at some time in the window."""

    from_: When = Field(
        None, alias="from", description=f"What was over before is left out; nothing is, unless given: {TIME}."
    )
    state: State | None = Field(None, description="open, acknowledged, mitigated or resolved.")

    def pinned(self, now: datetime) -> "Pinned":
        """What is meant, without `from` from the beginning; a cursor's own. Raises BadParameters."""
        if self.cursor is None:
            return Pinned(self.state, self.window(now, format_time(EARLIEST)))
        state, from_, to, opened, id_ = map(str, read_cursor(self.cursor, (str,) * 5))
        if state not in {"", *State}:
            raise bad_cursor()
        return Pinned(State(state) if state else None, cursor_window(from_, to), (cursor_time(opened), id_))


@dataclass(frozen=True)
class Pinned:
    """Which incidents are meant, as a cursor keeps it: in a state, in a window, after the last that was shown."""

    state: State | None
    window: Window
    last: tuple[datetime, str] | None = None

    def cursor(self, last: Incident) -> str:
        """Of the page after this incident."""
        return write_cursor((self.state or "", *window_parts(self.window), last.opened_at.isoformat(), last.id))


def listed(store: Store, pinned: Pinned, now: datetime) -> list[Incident]:
    """The incidents that are meant, on whichever page, the latest opened first. Raises StoreError."""
    window = pinned.window
    return [
        one
        for one in StoredBook(store).incidents(window.from_)
        if one.opened_at < window.to and (one.resolved_at or now) >= window.from_ and pinned.state in {None, one.state}
    ]


@router.get("/incidents", response_model=IncidentsJson)
def get_incidents(store: TheStore, asked: Annotated[IncidentsParameters, Query()]) -> Response:
    """Incidents, the latest opened first, with how fast they were found, answered and ended."""
    now = datetime.now(UTC)
    pinned = asked.pinned(now)
    all_ = listed(store, pinned, now)
    page, more = page_of(all_, pinned, asked.limit)
    return _json(IncidentsJson.page(page, all_, more))


def page_of(all_: list[Incident], pinned: Pinned, limit: int) -> tuple[list[Incident], str | None]:
    """The page of them that is asked for, and the cursor of the next one."""
    items = [one for one in all_ if pinned.last is None or (one.opened_at, one.id) < pinned.last]
    page = items[:limit]
    return page, pinned.cursor(page[-1]) if len(items) > len(page) else None


@router.get("/incidents/{incident_id}", response_model=IncidentJson, responses=UNKNOWN)
def get_incident(store: TheStore, incident_id: str, _: NoParameters) -> Response:
    """One incident, whole."""
    return _json(IncidentJson.of(the_incident(store, incident_id)))


@router.get("/incidents/{incident_id}/message", responses=UNKNOWN)
def get_message(request: Request, store: TheStore, incident_id: str, _: NoParameters) -> JSONResponse:
    """The message about it as Slack would get it now; nothing is sent."""
    writer: Writer = request.app.state.slack_writer
    return JSONResponse(writer.main(the_incident(store, incident_id)).as_json())


@router.post("/incidents/{incident_id}/note", response_model=IncidentJson, responses=UNKNOWN | WRITTEN)
def add_note(store: TheStore, incident_id: str, body: ActJson | None = None) -> Response:
    """Adds a note; one whose `id` was seen before changes nothing."""
    return _acted(lambda: note(StoredBook(store), incident_id, (body or ActJson()).act()), "text")


@router.post("/incidents/{incident_id}/steps/{number}", response_model=IncidentJson, responses=UNKNOWN | WRITTEN)
def tick_step(store: TheStore, incident_id: str, number: int, body: StepJson | None = None) -> Response:
    """Ticks a mitigation step, counted from 1."""
    told = body or StepJson()
    return _acted(lambda: tick(StoredBook(store), incident_id, number, told.done, told.act()), "number")


class PartParameters(Parameters):
    """Which part of an incident's time."""

    from_: When = Field(
        None, alias="from", description=f"What was before is left out; its beginning by default: {TIME}."
    )
    to: When = Field(None, description="What was from then on is left out; its end, or now, unless given.")

    as_of: When = Field(None, description="The answer knows nothing that began later; now unless given.")

    def moment(self, now: datetime) -> datetime | None:
        """As of when; None for now."""
        return parse_time(self.as_of, now) if self.as_of else None

    def part(self, incident: Incident, now: datetime) -> Incident:
        """The incident in that part of its time. Raises BadParameters."""
        try:
            return narrowed(incident, self.from_, self.to, now)
        except ValueError as error:
            raise BadParameters([FieldError("from", str(error))]) from None


class CustomersParameters(PartParameters, PageParameters):
    """Which part of an incident's time, and which page of its customers."""


@router.get("/incidents/{incident_id}/affected", response_model=IncidentAffectedJson, responses=UNKNOWN)
def get_incident_affected(
    request: Request, store: TheStore, incident_id: str, asked: Annotated[CustomersParameters, Query()]
) -> Response:
    """Who is hit by it: the union over its symptoms, as known now, with the figures that were frozen."""
    if asked.cursor is None:
        now = datetime.now(UTC)
        as_of = asked.moment(now)
        incident, is_part = the_incident(store, incident_id, as_of), bool(asked.from_ or asked.to)
        hit = _hit(request, store, asked.part(incident, as_of or now), as_of)
        rest = hit.customers
    else:
        after, as_of, window, is_part = _after(asked.cursor)
        incident = the_incident(store, incident_id, as_of)
        hit = _hit(request, store, within(incident, window, as_of) if is_part else incident, as_of)
        rest = tuple(item for item in hit.customers if (-item.failures, item.customer.encode()) > after)
    page = rest[: asked.limit]
    pinned = hit.impact.at.isoformat(), hit.question.from_.isoformat(), hit.question.to.isoformat(), int(is_part)
    more = write_cursor((*pinned, page[-1].failures, page[-1].customer)) if len(rest) > len(page) else None
    return _json(IncidentAffectedJson.told(incident, hit, page, more))


@router.get("/incidents/{incident_id}/affected.csv", response_class=StreamingResponse, responses=UNKNOWN)
def get_incident_affected_csv(
    request: Request, store: TheStore, incident_id: str, asked: Annotated[PartParameters, Query()]
) -> StreamingResponse:
    """The same, whole: one line for each customer."""
    now = datetime.now(UTC)
    as_of = asked.moment(now)
    incident = asked.part(the_incident(store, incident_id, as_of), as_of or now)
    customers_of: CustomersOf = getattr(request.app.state, "customers_of", nobody)
    lines = customers_csv(store, incident, as_of or now, customers_of, past=as_of is not None)
    header = next(lines)  # what is wrong is said before the first line is
    headers = {"Content-Disposition": f'attachment; filename="affected-{incident.id}.csv"'}
    return StreamingResponse(chain((header,), lines), media_type="text/csv; charset=utf-8", headers=headers)


@router.post("/incidents/{incident_id}/{action}", response_model=IncidentJson, responses=UNKNOWN | WRITTEN)
def change_state(store: TheStore, incident_id: str, action: Action, body: ActJson | None = None) -> Response:
    """Acknowledges, mitigates, resolves or reopens; what it is already changes nothing."""
    return _acted(lambda: change(StoredBook(store), incident_id, action, (body or ActJson()).act()), "text")


def the_incident(store: Store, id_: str, as_of: datetime | None = None) -> Incident:
    """The incident of that id, as it stands or stood at a moment. Raises NotFound, StoreError."""
    try:
        return known(StoredBook(store, as_of), id_)
    except NoIncident as error:
        raise NotFound(str(error)) from None


def _hit(request: Request, store: Store, incident: Incident, as_of: datetime | None) -> Hit:
    customers_of: CustomersOf = getattr(request.app.state, "customers_of", nobody)
    return hit_by(store, incident, as_of or datetime.now(UTC), customers_of, past=as_of is not None)


def _after(cursor: str) -> tuple[tuple[int, bytes], datetime, Window, bool]:
    """The last customer of the page before, the moment as of which it was answered, its window, and if it is a part."""
    moment, from_, to, is_part, failures, customer = read_cursor(cursor, (str, str, str, int, int, str))
    try:
        window = Window(cursor_time(str(from_)), cursor_time(str(to)))
        return (-int(failures), str(customer).encode()), cursor_time(str(moment)), window, bool(is_part)
    except ValueError:
        raise bad_cursor() from None


def _acted(act: Callable[[], Incident], field: str) -> Response:
    try:
        return _json(IncidentJson.of(act()))
    except NoIncident as error:
        raise NotFound(str(error)) from None
    except WrongStep as error:
        raise NotFound(str(error)) from None
    except ValueError as error:
        raise BadParameters([FieldError(field, str(error))]) from None


def _json(body: Wire) -> Response:
    return Response(body.model_dump_json(), HTTPStatus.OK, media_type="application/json")
