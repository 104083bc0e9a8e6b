"""Log records, for other programs."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response

from dashboards.api.border import PROBLEMS, TheStore, as_json
from dashboards.api.parameters import each_once
from dashboards.api.search_json import FoundJson, LogFoundJson
from dashboards.api.search_parameters import LogsParameters, resume
from triage.search.logs import find_logs

router = APIRouter(prefix="/api/v1", dependencies=[Depends(each_once)], responses=PROBLEMS)


@router.get("/logs", response_model=FoundJson[LogFoundJson])
def get_logs(store: TheStore, asked: Annotated[LogsParameters, Query()]) -> Response:
    """The log records of a window that are all of this, the latest first."""
    asked, window, after = resume(asked, datetime.now(UTC))
    found = find_logs(store, asked.wanted(), window, after, asked.limit)
    return as_json(FoundJson[LogFoundJson].of(found, asked, LogFoundJson.found))
