"""The runbook in force, for other programs."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from dashboards.api.border import PROBLEMS, as_json
from dashboards.api.cursors import page_at
from dashboards.api.parameters import ShortListParameters, each_once
from triage.runbook.check import complaints
from triage.runbook.live import LiveRunbook
from triage.runbook.wire import RunbookJson

router = APIRouter(prefix="/api/v1", dependencies=[Depends(each_once)], responses=PROBLEMS)


async def the_runbook(request: Request) -> LiveRunbook:
    """The runbook that the app was made with."""
    runbook: LiveRunbook = request.app.state.runbook
    return runbook


TheRunbook = Annotated[LiveRunbook, Depends(the_runbook)]


def told(runbook: LiveRunbook) -> RunbookJson:
    """The table in force, with what is wrong with it or with its file."""
    table = runbook.current
    return RunbookJson.told(runbook.path.name, runbook.problem, list(complaints(table)), table)


@router.get("/runbook", response_model=RunbookJson)
def get_runbook(runbook: TheRunbook, asked: Annotated[ShortListParameters, Query()]) -> Response:
    """Which symptom is answered by whom, and what they do first."""
    table = told(runbook)
    rows, more = page_at(table.items, asked.start(), asked.limit)
    return as_json(table.model_copy(update={"items": rows, "next": more}))
