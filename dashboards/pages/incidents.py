"""The list of incidents."""

from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from dashboards.api.border import TheStore
from dashboards.api.incidents import IncidentsParameters, listed, page_of
from dashboards.pages.views import render
from triage.incident.figures import figures
from triage.incident.model import State
from triage.incident.wire import FiguresJson, IncidentJson

router = APIRouter(include_in_schema=False)


@router.get("/incidents")
def incidents_page(request: Request, store: TheStore, asked: Annotated[IncidentsParameters, Query()]) -> HTMLResponse:
    """Those that are asked for, the latest opened first, in pages."""
    now = datetime.now(UTC)
    pinned = asked.pinned(now)
    found = listed(store, pinned, now)
    shown, more = page_of(found, pinned, asked.limit)
    given = dict(request.query_params)
    return render(
        request,
        "incidents.html",
        incidents=[IncidentJson.of(one) for one in shown],
        going=sum(one.state is not State.RESOLVED for one in found),
        count=len(found),
        asked=asked,
        states=[state.value for state in State],
        filtered=lambda **changed: _address(given, changed),
        next_page=_address(given, {"cursor": more}) if more else None,
        json_path=f"/api/v1{_address(given, {})}",
        problems=request.app.state.watch_problems(),
        figures=FiguresJson.of(figures(found)),
    )


def _address(given: dict[str, str], changed: dict[str, str | None]) -> str:
    """The list with other filters: it begins at its first page unless a cursor is given."""
    merged = {key: value for key, value in given.items() if key != "cursor"} | changed
    return "/incidents?" + urlencode({key: value for key, value in merged.items() if value})
