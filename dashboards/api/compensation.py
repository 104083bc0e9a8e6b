"""What is to be put right after an incident, for other programs: the reconciliation of rows, and a plan."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response, StreamingResponse
from pydantic import Field

from dashboards.api.border import PROBLEMS, UNKNOWN, TheStore
from dashboards.api.cursors import bad_cursor, cursor_time, read_cursor, write_cursor
from dashboards.api.incidents import the_incident
from dashboards.api.parameters import TIME, PageParameters, Parameters, When, each_once
from triage.compensation import wire as plan_wire
from triage.compensation.proposing import proposed, reconciliation
from triage.compensation.wire import PlanJson
from triage.rows import wire as rows_wire
from triage.rows.model import Item
from triage.rows.wire import ReconciliationJson
from triage.window import parse_time

router = APIRouter(prefix="/api/v1", dependencies=[Depends(each_once)], responses=PROBLEMS)
CSV = "text/csv; charset=utf-8"
MOVED = "what the page before ended with is no longer in the answer: leave the cursor out to start again"


class AsOfParameters(Parameters):
    """As of when: what was captured later is not known."""

    as_of: When = Field(None, description=f"What was captured later is not known; now unless given: {TIME}.")

    def moment(self) -> datetime:
        """The moment that is meant."""
        now = datetime.now(UTC)
        return parse_time(self.as_of, now) if self.as_of else now


class AsOfPageParameters(AsOfParameters, PageParameters):
    """The same, and which page; a cursor pins the moment, and knows what the page before ended with."""

    def place(self) -> tuple[datetime, str]:
        """As of when, and after which item: "" for none. Raises BadParameters."""
        if self.cursor is None:
            return self.moment(), ""
        moment, last = map(str, read_cursor(self.cursor, (str, str)))
        return cursor_time(moment), last

    def page(self, moment: datetime, names: Sequence[str], last: str) -> tuple[int, str | None]:
        """Where the page begins among items of these names, and the cursor of the next. Raises BadParameters."""
        if last and last not in names:
            raise bad_cursor(MOVED)
        start = names.index(last) + 1 if last else 0
        end = start + self.limit
        return start, write_cursor((moment.isoformat(), names[end - 1])) if end < len(names) else None


@router.get("/incidents/{incident_id}/reconciliation", response_model=ReconciliationJson, responses=UNKNOWN)
def get_reconciliation(store: TheStore, incident_id: str, asked: Annotated[AsOfPageParameters, Query()]) -> Response:
    """Each row that a symptom in the data is about: what each system says of it, what it should say, and why."""
    moment, last = asked.place()
    incident = the_incident(store, incident_id)
    items = reconciliation(store, incident, moment)
    start, more = asked.page(moment, [_row(item) for item in items], last)
    shown = items[start : start + asked.limit]
    body = ReconciliationJson.page(incident.id, moment, items, shown, more)
    return Response(body.model_dump_json(), media_type="application/json")


@router.get("/incidents/{incident_id}/reconciliation.csv", response_class=StreamingResponse, responses=UNKNOWN)
def get_reconciliation_csv(
    store: TheStore, incident_id: str, asked: Annotated[AsOfParameters, Query()]
) -> StreamingResponse:
    """The same, whole: one line for each row and other system."""
    moment, incident = asked.moment(), the_incident(store, incident_id)
    lines = rows_wire.csv_lines(incident.id, moment, reconciliation(store, incident, moment))
    return StreamingResponse(lines, media_type=CSV, headers=named(f"reconciliation-{incident.id}.csv"))


@router.get("/incidents/{incident_id}/compensation", response_model=PlanJson, responses=UNKNOWN)
def get_compensation(store: TheStore, incident_id: str, asked: Annotated[AsOfPageParameters, Query()]) -> Response:
    """What would make it good, line by line, each with an idempotency key. A proposal: nothing executes it."""
    moment, last = asked.place()
    incident = the_incident(store, incident_id)
    made = proposed(store, incident, moment)
    start, more = asked.page(moment, [line.idempotency_key for line in made.lines], last)
    body = PlanJson.page(incident.id, moment, made.lines, made.notes, start, asked.limit, more)
    return Response(body.model_dump_json(), media_type="application/json")


@router.get("/incidents/{incident_id}/compensation.csv", response_class=StreamingResponse, responses=UNKNOWN)
def get_compensation_csv(
    store: TheStore, incident_id: str, asked: Annotated[AsOfParameters, Query()]
) -> StreamingResponse:
    """The same, whole: one line for each thing to do."""
    moment, incident = asked.moment(), the_incident(store, incident_id)
    lines = plan_wire.csv_lines(incident.id, moment, proposed(store, incident, moment).lines)
    return StreamingResponse(lines, media_type=CSV, headers=named(f"compensation-{incident.id}.csv"))


def _row(item: Item) -> str:
    return json.dumps((item.system, item.table, item.names))


def named(file: str) -> dict[str, str]:
    """What makes a browser keep it under a name."""
    return {"Content-Disposition": f'attachment; filename="{file}"'}
