"""What every part of the JSON API shares: the store that is asked, and the problems that may be the answer."""

from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Request
from fastapi.responses import Response

from dashboards.problems import ProblemJson
from queries.store import Store
from triage.wire import Wire

PROBLEMS: dict[int | str, dict[str, object]] = {
    status: {"model": ProblemJson, "content": {"application/problem+json": {}}} for status in (400, 401, 422, 503)
}


async def the_store(request: Request) -> Store:
    """The store that the app was made with."""
    store: Store = request.app.state.store
    return store


TheStore = Annotated[Store, Depends(the_store)]


def as_json(body: Wire) -> Response:
    """The answer of this body: pydantic writes it, so nothing is validated twice."""
    return Response(body.model_dump_json(), HTTPStatus.OK, media_type="application/json")
