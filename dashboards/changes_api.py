"""What changed, and the way to tell us of a change, for other programs."""

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from dashboards.api import PROBLEMS
from dashboards.parameters import each_once

router = APIRouter(prefix="/api/v1", dependencies=[Depends(each_once)], responses=PROBLEMS)

CHANGE = {
    "type": "object",
    "required": ["kind"],
    "additionalProperties": False,
    "properties": {
        "kind": {"enum": ["deploy", "flag", "config", "contract", "pipeline", "other"]},
        "id": {"type": "string", "description": "Alike for the same change, told again."},
        "time": {"type": "string", "description": "RFC 3339, 15m (ago), or seconds since 1970; now unless given."},
        **{
            name: {"type": "string"}
            for name in ("service", "version", "environment", "title", "author", "url", "status")
        },
        "details": {"description": "Anything else, as JSON."},
    },
}
BODY = {"content": {"application/json": {"schema": {"oneOf": [CHANGE, {"type": "array", "items": CHANGE}]}}}}


class PassedOn(Response):
    """An answer that another app gives."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__()
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets the other app read the request and answer it."""
        await self._app(scope, receive, send)


@router.post("/changes", openapi_extra={"requestBody": BODY})
async def post_changes(request: Request) -> Response:
    """Tells of a change, or of several; answered once they are on disk."""
    return PassedOn(request.app.state.told_changes)
