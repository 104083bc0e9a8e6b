"""What senders are answered: how much was accepted, or an RFC 9457 problem document.

Problem                a request that can't be taken as it is: its HTTP status, and what would be right
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

from starlette.types import Send

from collectors.kinds import Outcome, Refused
from collectors.sources.events import Event
from collectors.sources.proof import Unproven
from collectors.sources.reading import BadBody, Fault

JSON, PROBLEM = "application/json", "application/problem+json"
MOST_IDS = 1000


class Problem(Exception):
    """A request that can't be taken as it is."""

    def __init__(self, status: HTTPStatus, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


def accepted(events: Sequence[Event]) -> Answer:
    """How many events were taken, and under which ids."""
    said = {"accepted": len(events), "ids": [event.id for event in events[:MOST_IDS]]}
    return Answer(HTTPStatus.OK, json.dumps(said).encode(), {"content-type": JSON})


def problem_of(error: Problem | Unproven | BadBody | Refused) -> tuple[Outcome, Answer]:
    """What a sender is told of an error, and how it counts."""
    match error:
        case Unproven():
            headers = {"www-authenticate": "Bearer", "connection": "close"}  # the body may be still to come
            return Outcome.UNAUTHENTICATED, _document(HTTPStatus.UNAUTHORIZED, f"{error}.", headers)
        case BadBody(faults=faults):
            return Outcome.BAD, _document(HTTPStatus.BAD_REQUEST, f"{error}", errors=faults)
        case Refused(retry_after_s=seconds):
            headers = {"retry-after": str(seconds)}
            return Outcome.OVERLOADED, _document(HTTPStatus.SERVICE_UNAVAILABLE, f"{error}", headers)
        case Problem(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE):
            return Outcome.TOO_LARGE, _document(error.status, error.detail, error.headers)
    return Outcome.UNSUPPORTED, _document(error.status, error.detail, error.headers)


def _document(
    status: HTTPStatus, detail: str, headers: Mapping[str, str] | None = None, errors: Sequence[Fault] = ()
) -> Answer:
    kind = "urn:triage:problem:bad-body" if errors else "about:blank"
    body: dict[str, object] = {"type": kind, "title": status.phrase, "status": status.value, "detail": detail}
    if errors:
        body["errors"] = [{"field": fault.field, "detail": fault.detail} for fault in errors]
    text = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
    return Answer(status, text, {**(headers or {}), "content-type": PROBLEM})


async def answer(send: Send, said: Answer) -> None:
    """Sends it."""
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in said.headers.items()]
    headers.append((b"content-length", str(len(said.body)).encode()))
    await send({"type": "http.response.start", "status": int(said.status), "headers": headers})
    await send({"type": "http.response.body", "body": said.body})
