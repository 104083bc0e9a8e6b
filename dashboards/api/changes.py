"""What changed, and the way to tell us of a change, for other programs."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Literal, get_args

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from pydantic import BeforeValidator, Field
from starlette.types import ASGIApp, Receive, Scope, Send

from dashboards.api.border import PROBLEMS, WRITTEN, TheStore, problems
from dashboards.api.cursors import cursor_window, read_cursor, window_parts, write_cursor
from dashboards.api.parameters import PageParameters, Text, WindowParameters, each_once
from queries.store import Store
from triage.changes import NEWEST, Change, Origin, Place, changes
from triage.window import Window
from triage.wire import Time, Wire

router = APIRouter(prefix="/api/v1", dependencies=[Depends(each_once)], responses=PROBLEMS)

DEEPEST = 200
"""Levels of arrays and objects in details that are told as JSON: 255 can be written, some of which are the page's."""

Kind = Literal["deploy", "flag", "config", "contract", "pipeline", "other"]

CHANGE = {
    "type": "object",
    "required": ["kind"],
    "additionalProperties": False,
    "properties": {
        "kind": {"enum": list(get_args(Kind))},
        "id": {"type": ["string", "null"], "description": "Alike for the same change, told again."},
        "time": {
            "type": ["string", "number", "null"],
            "description": "RFC 3339, 15m (ago), or seconds since 1970; now unless given.",
        },
        **{
            name: {"type": ["string", "null"]}
            for name in ("service", "version", "environment", "title", "author", "url", "status")
        },
        "details": {"description": "Anything else, as JSON of at most 100 levels."},
    },
}
BODY = {"content": {"application/json": {"schema": {"oneOf": [CHANGE, {"type": "array", "items": CHANGE}]}}}}


class ChangesParameters(WindowParameters, PageParameters):
    """The window, whose changes, and which page of them."""

    service: Text = Field(None, description="Only this service's.")
    kind: Kind | None = Field(None, description="Only of this kind.")


def _details(text: str) -> object:
    """What the JSON tells, None where there is none; the text as it is kept where that can't be written again."""
    if not text:
        return None
    try:
        value: object = json.loads(text)
        return text if _is_deeper(value, DEEPEST) else value
    except (ValueError, RecursionError):
        return text


def _is_deeper(value: object, levels: int) -> bool:
    """Whether more arrays and objects than that stand in one another."""
    if not isinstance(value, list | dict):
        return False
    inside = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_is_deeper(each, levels - 1) for each in inside)


class ChangeJson(Wire):
    """A change."""

    id: str
    time: Time
    kind: str
    origin: Origin = Field(description="Whether somebody told us, or the telemetry shows it.")
    source: str
    service: str
    version: str
    environment: str
    title: str
    author: str
    url: str
    status: str
    details: Annotated[object, BeforeValidator(_details)] = Field(
        None, description="As JSON; as its text where that is nested too deeply."
    )


class ChangesJson(Wire):
    """A page of the changes of a window, the latest first."""

    from_: Time = Field(alias="from")
    to: Time
    items: list[ChangeJson]
    next: str | None


class PassedOn(Response):
    """An answer that another app gives."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__()
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets the other app read the request and answer it."""
        await self._app(scope, receive, send)


@router.get("/changes", response_model=ChangesJson)
def get_changes(store: TheStore, asked: Annotated[ChangesParameters, Query()]) -> Response:
    """What changed in a window, as far as we were told and as the telemetry shows it."""
    found = read_changes(store, asked, datetime.now(UTC))
    page = ChangesJson(
        from_=found.window.from_,
        to=found.window.to,
        items=[ChangeJson.model_validate(change) for change in found.items],
        next=found.next,
    )
    return Response(page.model_dump_json(), HTTPStatus.OK, media_type="application/json")


@dataclass(frozen=True)
class ChangesPage:
    """A page of changes, the latest first, and the cursor of the next one."""

    window: Window
    service: str
    kind: str
    items: list[Change]
    next: str | None


def read_changes(store: Store, asked: ChangesParameters, now: datetime) -> ChangesPage:
    """The page that is asked for. A cursor pins the question and its window. Raises BadParameters, StoreError."""
    pinned = (
        _pinned(asked.cursor) if asked.cursor else (asked.window(now), asked.service or "", asked.kind or "", NEWEST)
    )
    window, service, kind, before = pinned
    found = changes(store.ask, window, service, kind, at_most=asked.limit + 1, before=before)
    items, more = found[: asked.limit], len(found) > asked.limit
    after = (*window_parts(window), service, kind, *items[-1].place) if more else None
    return ChangesPage(window, service, kind, items, write_cursor(after) if after else None)


def _pinned(cursor: str) -> tuple[Window, str, str, Place]:
    """What the cursor's first page was asked, and the last change that was shown. Raises BadParameters."""
    from_, to, service, kind, time_ns, identity = read_cursor(cursor, (str, str, str, str, int, str))
    return cursor_window(str(from_), str(to)), str(service), str(kind), (int(time_ns), str(identity))


@router.post("/changes", openapi_extra={"requestBody": BODY}, responses=WRITTEN | problems(415))
async def post_changes(request: Request) -> Response:
    """Tells of a change, or of several; answered once they are on disk."""
    return PassedOn(request.app.state.told_changes)
