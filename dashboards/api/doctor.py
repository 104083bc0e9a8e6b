"""What the telemetry lacks for a good answer, for other programs."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response

from dashboards.api.border import PROBLEMS, TheStore
from dashboards.api.parameters import WindowParameters, each_once
from triage.doctor.examination import examine
from triage.doctor.wire import DoctorJson

router = APIRouter(prefix="/api/v1", dependencies=[Depends(each_once)], responses=PROBLEMS)


@router.get("/doctor", response_model=DoctorJson)
def get_doctor(store: TheStore, asked: Annotated[WindowParameters, Query()]) -> Response:
    """What the telemetry of a window lacks for a good answer, and what to change."""
    answer = DoctorJson.of(examine(store, asked.window(datetime.now(UTC))))
    return Response(answer.model_dump_json(), HTTPStatus.OK, media_type="application/json")
