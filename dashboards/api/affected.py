"""Which customers were affected, for other programs."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response, StreamingResponse

from dashboards.api.border import PROBLEMS, TheStore, as_json
from dashboards.api.cursors import bad_cursor
from dashboards.api.parameters import (
    AffectedParameters,
    QuestionParameters,
    each_once,
)
from triage.affected.answer import affected
from triage.affected.csv_file import everyone_csv
from triage.affected.sheet import Sheet
from triage.model import Affected, Question
from triage.wire import AffectedJson

router = APIRouter(prefix="/api/v1", dependencies=[Depends(each_once)], responses=PROBLEMS)


@router.get("/affected", response_model=AffectedJson)
def get_affected(request: Request, asked: Annotated[AffectedParameters, Query()]) -> Response:
    """Which customers were affected, and whether they have got through since."""
    return as_json(AffectedJson.model_validate(ask_affected(request, asked, datetime.now(UTC))))


@router.get("/affected.csv", response_class=StreamingResponse)
def get_affected_csv(store: TheStore, asked: Annotated[QuestionParameters, Query()]) -> StreamingResponse:
    """The same, whole: one line for each customer."""
    now = datetime.now(UTC)
    question = asked.question(now)
    question = question if question.as_of else replace(question, as_of=now)
    lines = everyone_csv(store, question, Sheet.of(question, now))
    header = next(lines)  # what is wrong is said before the first line is
    headers = {"Content-Disposition": f'attachment; filename="{file_name(question)}"'}
    return StreamingResponse(chain((header,), lines), media_type="text/csv; charset=utf-8", headers=headers)


def ask_affected(request: Request, asked: AffectedParameters, now: datetime) -> Affected:
    """A page of the answer. Raises BadParameters."""
    question = asked.question(now)
    try:
        return affected(request.app.state.store, question, limit=asked.limit, cursor=asked.cursor)
    except ValueError as error:
        raise bad_cursor(str(error)) from None


def file_name(question: Question) -> str:
    """What a download of the answer is called: its window."""
    return f"affected-{question.from_:%Y%m%dT%H%M%SZ}-{question.to:%Y%m%dT%H%M%SZ}.csv"
