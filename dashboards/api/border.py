"""What every part of the JSON API shares: the store that is asked, and the problems that may be the answer."""

from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Request
from fastapi.responses import Response

from dashboards.problems import MEDIA_TYPE, ProblemJson
from queries.store import Store
from triage.wire import Wire


def problems(*statuses: int | str) -> dict[int | str, dict[str, object]]:
    """What the schema tells of answers that are problem documents."""
    return {status: {"model": ProblemJson, "content": {MEDIA_TYPE: {}}} for status in statuses}


AT_THE_GATE = problems(401, 403, 429)
PROBLEMS = AT_THE_GATE | problems(400, 422, 503)
"""Of every question: it cannot be right, costs too much (422), or cannot be answered now."""
UNKNOWN = problems(404)
"""Of what names something in its path."""
WRITTEN = problems(408, 413)
"""Of what has a body."""


async def the_store(request: Request) -> Store:
    """The store that the app was made with."""
    store: Store = request.app.state.store
    return store


TheStore = Annotated[Store, Depends(the_store)]


def as_json(body: Wire) -> Response:
    """The answer of this body: pydantic writes it, so nothing is validated twice."""
    return Response(body.model_dump_json(), HTTPStatus.OK, media_type="application/json")
