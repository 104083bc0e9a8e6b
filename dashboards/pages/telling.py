"""Telling of a change by hand: the form of the page of changes, which goes the way that `POST /api/v1/changes` goes."""

import json
import time
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message

from dashboards.api.border import TheStore
from dashboards.pages.authors import remember
from dashboards.pages.changes import PATH, Telling, changes_answer
from dashboards.pages.press import press_id
from dashboards.pulse import MOST_NEW
from queries.store import Store
from triage.window import EARLIEST, format_time, parse_time

A_DAY = timedelta(days=1)
A_MOMENT = timedelta(minutes=1)  # until the list is looked at
LOADED_WITHIN_S, LOOK_EVERY_S = 3.0, 0.2
"""How long the answer waits for the change to be in the list."""
CLOCKS_DIFFER = timedelta(seconds=10)

router = APIRouter(include_in_schema=False)


@router.post(PATH)
async def tell(
    request: Request,
    store: TheStore,
    kind: Annotated[str, Form()] = "",
    service: Annotated[str, Form()] = "",
    version: Annotated[str, Form()] = "",
    title: Annotated[str, Form()] = "",
    at: Annotated[str, Form(alias="time")] = "",
    author: Annotated[str, Form()] = "",
) -> Response:
    """Takes the change, and shows the list with it; else the form again, with what is wrong in it."""
    now = datetime.now(UTC)
    written = {"kind": kind, "service": service, "version": version, "title": title, "time": at, "author": author}
    told = {name: text.strip() for name, text in written.items() if text.strip()}
    if not told.keys() & {"service", "title"}:
        telling = Telling(told, {"service": "say which service changed, or what did under What"})
        return await run_in_threadpool(changes_answer, request, store, telling)
    status, said = await _passed_on(request.app.state.told_changes, told | {"id": press_id(told, now)})
    if status != HTTPStatus.OK:
        errors = {str(error["field"]): str(error["detail"]) for error in said.get("errors", [])}
        telling = Telling(told, errors, "" if errors else str(said["detail"]))
        return await run_in_threadpool(changes_answer, request, store, telling)
    await run_in_threadpool(_wait_until_loaded, store, str(said["ids"][0]), now - CLOCKS_DIFFER)
    answer = RedirectResponse(_where(told.get("time", ""), now), HTTPStatus.SEE_OTHER)
    remember(request, answer, author)
    return answer


def _where(at: str, now: datetime) -> str:
    """The list, back to when the change was made; as it is where it can't go back so far."""
    try:
        made = parse_time(at, now) if at else now
    except ValueError:  # a change may be of any time
        return PATH
    if made > now - A_DAY + A_MOMENT:
        return PATH
    return f"{PATH}?{urlencode({'from': format_time(max(made - A_DAY, EARLIEST))})}"


async def _passed_on(app: ASGIApp, told: dict[str, str]) -> tuple[int, dict[str, list[dict[str, str]]]]:
    """What whoever takes changes says of this one: the status, and the JSON."""
    body = json.dumps(told).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    scope = {"type": "http", "method": "POST", "path": PATH, "query_string": b"", "headers": headers}
    status, parts = 0, list[bytes]()

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status
        status = message.get("status", status)
        parts.append(message.get("body", b""))

    await app(scope, receive, send)
    return status, json.loads(b"".join(parts))


def _wait_until_loaded(store: Store, change: str, since: datetime) -> None:
    """Returns once the list has the change; what was accepted is loaded in a moment, but may have to wait its turn."""
    end = time.monotonic() + LOADED_WITHIN_S
    while time.monotonic() < end:
        if change in store.ask("incidents/news", since=since, at_most=MOST_NEW)["id"]:
            store.note_written()
            return
        time.sleep(LOOK_EVERY_S)
