"""The pages of incidents and of the runbook: what a link in a message opens."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from dashboards.api.border import TheStore
from dashboards.api.incidents import Action, IncidentsParameters, listed, the_incident
from dashboards.api.runbook import TheRunbook, told
from dashboards.pages.views import render
from dashboards.problems import BadParameters, FieldError, NotFound
from triage.incident.acting import Act, NoIncident, WrongStep, change, note, tick
from triage.incident.book import StoredBook
from triage.incident.figures import figures
from triage.incident.impact import hit_by
from triage.incident.wire import FiguresJson, IncidentJson
from triage.window import format_time

SHOWN = 100

router = APIRouter(include_in_schema=False)


@router.get("/incidents")
def incidents_page(request: Request, store: TheStore, asked: Annotated[IncidentsParameters, Query()]) -> HTMLResponse:
    """Those that are not over first."""
    found = listed(store, asked, datetime.now(UTC))
    ordered = sorted(found, key=lambda one: one.resolved_at is not None)
    return render(
        request,
        "incidents.html",
        incidents=[IncidentJson.of(one) for one in ordered[: asked.limit]],
        count=len(found),
        problems=request.app.state.watch_problems(),
        figures=FiguresJson.of(figures(found)),
    )


@router.get("/incidents/{incident_id}")
def incident_page(request: Request, store: TheStore, incident_id: str) -> HTMLResponse:
    """What is wrong, whom it hits, who must act and what to do first; whatever stands after the `?` is only kept."""
    incident = the_incident(store, incident_id)
    hit = hit_by(store, incident, datetime.now(UTC), request.app.state.customers_of)
    window = {"from": format_time(hit.question.from_), "to": format_time(hit.question.to)}
    return render(
        request,
        "incident.html",
        incident=IncidentJson.of(incident),
        impact=hit.impact,
        customers=hit.customers[:SHOWN],
        window=hit.question,
        window_query=f"?{urlencode(window)}",
        api=f"/api/v1/incidents/{quote(incident.id, safe='')}",
    )


@router.post("/incidents/{incident_id}")
def act(
    store: TheStore,
    incident_id: str,
    action: Annotated[str, Form()],
    author: Annotated[str, Form()] = "",
    text: Annotated[str, Form()] = "",
) -> RedirectResponse:
    """What a person does on the page: a change of state, a note, or the number of a step that is done."""
    book, said = StoredBook(store), Act(author, text)
    try:
        if action == "note":
            note(book, incident_id, said)
        elif action.isdecimal():
            tick(book, incident_id, int(action), True, said)
        else:
            change(book, incident_id, Action(action), said)
    except (NoIncident, WrongStep) as error:
        raise NotFound(str(error)) from None
    except ValueError as error:
        raise BadParameters([FieldError("action", str(error))]) from None
    return RedirectResponse(f"/incidents/{quote(incident_id, safe='')}", HTTPStatus.SEE_OTHER)


@router.get("/runbook")
def runbook_page(request: Request, runbook: TheRunbook) -> HTMLResponse:
    """The table in force."""
    return render(request, "runbook.html", runbook=told(runbook))
