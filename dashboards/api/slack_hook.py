"""`POST /hooks/slack`: the buttons under a message in Slack."""

from datetime import UTC, datetime
from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from dashboards.api.border import TheStore
from dashboards.bodies import whole_body
from dashboards.problems import BadParameters, FieldError, NotFound, Problem
from queries.store import Store
from triage.incident.acting import Act, NoIncident, change
from triage.incident.book import StoredBook
from triage.slack.buttons import NotSlack, Pressed, WrongPayload, check_signature, read_pressed

router = APIRouter(include_in_schema=False)


@router.post("/hooks/slack")
async def slack_pressed(request: Request, store: TheStore) -> Response:
    """Acknowledges or mitigates for whoever pressed the button, once it is proven that Slack says so."""
    secret: str = request.app.state.slack_signing_secret
    if not secret:
        raise NotFound("Buttons are not configured here: set TRIAGE_SLACK_SIGNING_SECRET.")
    body = await whole_body(request)
    headers = request.headers
    try:
        check_signature(
            secret,
            headers.get("x-slack-request-timestamp", ""),
            headers.get("x-slack-signature", ""),
            body,
            datetime.now(UTC),
        )
        for pressed in read_pressed(body):
            await run_in_threadpool(_act, store, pressed)
    except NotSlack as error:
        raise Problem(f"{error}.", status=HTTPStatus.UNAUTHORIZED) from None
    except WrongPayload as error:
        raise BadParameters([FieldError("payload", str(error).partition(": ")[2])]) from None
    return Response(status_code=HTTPStatus.OK)


def _act(store: Store, pressed: Pressed) -> None:
    try:
        change(StoredBook(store), pressed.incident, pressed.action, Act(pressed.author))
    except NoIncident as error:
        raise NotFound(str(error)) from None
