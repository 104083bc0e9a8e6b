"""What changed, as server-sent events: for pages that live, and for whoever else wants to follow."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Header, Request
from fastapi.responses import Response, StreamingResponse

from dashboards.api.border import AT_THE_GATE, problems
from dashboards.problems import MEDIA_TYPE, NotReady
from dashboards.pulse import Pulse

router = APIRouter(prefix="/api/v1", responses=AT_THE_GATE | problems("4XX", 503))  # else FastAPI tells of a 422


@router.get("/events", response_class=StreamingResponse)
async def get_events(request: Request, last_event_id: Annotated[str, Header()] = "") -> Response:
    """Follows what changes: `incident` and `change` name it, `pass` says that figures may be new.

    A client that reconnects with `Last-Event-ID` is told what it missed, or `reset` where that is no longer known, as
    after a time in which nobody followed. `reset` comes also where more is new at once than can be told one by one. A
    comment comes every 15 seconds.
    """
    pulse: Pulse = request.app.state.pulse
    if pulse.is_full:
        problem = NotReady(
            "As many clients as may follow do already: ask for what you need instead, or try again later."
        )
        return Response(problem.body(), problem.status, problem.headers, media_type=MEDIA_TYPE)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(
        pulse.follow(last_event_id), HTTPStatus.OK, headers=headers, media_type="text/event-stream"
    )
