"""What is to be put right after an incident, for other programs: the reconciliation of rows, and a plan."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response, StreamingResponse
from pydantic import Field

from dashboards.api.border import PROBLEMS, TheStore
from dashboards.api.cursors import bad_cursor, read_cursor, write_cursor
from dashboards.api.incidents import the_incident
from dashboards.api.parameters import TIME, PageParameters, When, each_once
from dashboards.problems import BadParameters, FieldError
from triage.compensation import wire as plan_wire
from triage.compensation.proposing import proposed, reconciliation
from triage.compensation.wire import PlanJson
from triage.rows import wire as rows_wire
from triage.rows.wire import ReconciliationJson
from triage.window import parse_time

router = APIRouter(prefix="/api/v1", dependencies=[Depends(each_once)], responses=PROBLEMS)
CSV = "text/csv; charset=utf-8"
AS_OF = f"What was captured later is not known; now unless given: {TIME}."


class AsOfParameters(PageParameters):
    """A page, and as of when: what was captured later is not known."""

    as_of: When = Field(None, description=AS_OF)

    def place(self) -> tuple[datetime, int]:
        """As of when, and how many items stand before the page. Raises BadParameters."""
        if self.cursor is None:
            return as_of(self.as_of), 0
        moment, start = read_cursor(self.cursor, (str, int))
        try:
            return datetime.fromisoformat(str(moment)), max(int(start), 0)
        except ValueError:
            raise bad_cursor() from None

    def next(self, moment: datetime, start: int, count: int) -> str | None:
        """The cursor of the page after the one that begins at `start`; None at the end."""
        end = start + self.limit
        return write_cursor((moment.isoformat(), end)) if end < count else None


AsOf = Annotated[str | None, Query(alias="as_of", description=AS_OF)]


@router.get("/incidents/{incident_id}/reconciliation", response_model=ReconciliationJson)
def get_reconciliation(store: TheStore, incident_id: str, asked: Annotated[AsOfParameters, Query()]) -> Response:
    """Each row that a symptom in the data is about: what each system says of it, what it should say, and why."""
    moment, start = asked.place()
    incident = the_incident(store, incident_id)
    items = reconciliation(store, incident, moment)
    shown, more = items[start : start + asked.limit], asked.next(moment, start, len(items))
    body = ReconciliationJson.page(incident.id, moment, items, shown, more)
    return Response(body.model_dump_json(), media_type="application/json")


@router.get("/incidents/{incident_id}/reconciliation.csv", response_class=StreamingResponse)
def get_reconciliation_csv(store: TheStore, incident_id: str, asked: AsOf = None) -> StreamingResponse:
    """The same, whole: one line for each row and other system."""
    moment, incident = as_of(asked), the_incident(store, incident_id)
    lines = rows_wire.csv_lines(incident.id, moment, reconciliation(store, incident, moment))
    return StreamingResponse(lines, media_type=CSV, headers=named(f"reconciliation-{incident.id}.csv"))


@router.get("/incidents/{incident_id}/compensation", response_model=PlanJson)
def get_compensation(store: TheStore, incident_id: str, asked: Annotated[AsOfParameters, Query()]) -> Response:
    """What would make it good, line by line, each with an idempotency key. A proposal: nothing executes it."""
    moment, start = asked.place()
    incident = the_incident(store, incident_id)
    made = proposed(store, incident, moment)
    more = asked.next(moment, start, len(made.lines))
    body = PlanJson.page(incident.id, moment, made.lines, made.notes, start, asked.limit, more)
    return Response(body.model_dump_json(), media_type="application/json")


@router.get("/incidents/{incident_id}/compensation.csv", response_class=StreamingResponse)
def get_compensation_csv(store: TheStore, incident_id: str, asked: AsOf = None) -> StreamingResponse:
    """The same, whole: one line for each thing to do."""
    moment, incident = as_of(asked), the_incident(store, incident_id)
    lines = plan_wire.csv_lines(incident.id, moment, proposed(store, incident, moment).lines)
    return StreamingResponse(lines, media_type=CSV, headers=named(f"compensation-{incident.id}.csv"))


def as_of(text: str | None) -> datetime:
    """The moment that was asked for, or now. Raises BadParameters."""
    now = datetime.now(UTC)
    if not text:
        return now
    try:
        return parse_time(text, now)
    except ValueError as error:
        raise BadParameters([FieldError("as_of", str(error))]) from None


def named(file: str) -> dict[str, str]:
    """What makes a browser keep it under a name."""
    return {"Content-Disposition": f'attachment; filename="{file}"'}
