"""The runbook in force, for other programs."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from dashboards.api.border import PROBLEMS
from dashboards.api.parameters import each_once
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
def get_runbook(runbook: TheRunbook) -> Response:
    """Which symptom is answered by whom, and what they do first."""
    return Response(told(runbook).model_dump_json(), HTTPStatus.OK, media_type="application/json")
