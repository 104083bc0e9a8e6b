"""The JSON API, as other programs ask it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from itertools import chain, islice
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response, StreamingResponse

from dashboards.cursors import bad_cursor, read_cursor, write_cursor
from dashboards.customer_json import CustomerJson
from dashboards.customer_pages import read_page
from dashboards.parameters import (
    AffectedParameters,
    CustomerParameters,
    QuestionParameters,
    TraceParameters,
    each_once,
)
from dashboards.problems import NotFound, ProblemJson
from dashboards.trace_json import TraceJson
from queries.store import Store
from triage.impact import affected, everyone
from triage.model import Affected, Question
from triage.trace import BEFORE_ALL, After, read_trace
from triage.wire import AffectedJson, Wire, csv_lines

CSV_LINES = 1000

PROBLEMS: dict[int | str, dict[str, object]] = {
    status: {"model": ProblemJson, "content": {"application/problem+json": {}}} for status in (400, 401, 422, 503)
}


async def the_store(request: Request) -> Store:
    """The store that the app was made with."""
    store: Store = request.app.state.store
    return store


TheStore = Annotated[Store, Depends(the_store)]

router = APIRouter(prefix="/api/v1", dependencies=[Depends(each_once)], responses=PROBLEMS)


@router.get("/affected", response_model=AffectedJson)
def get_affected(store: TheStore, asked: Annotated[AffectedParameters, Query()]) -> Response:
    """Which customers were affected, and whether they have got through since."""
    return _json(AffectedJson.of(ask_affected(store, asked, datetime.now(UTC))))


@router.get("/affected.csv", response_class=StreamingResponse)
def get_affected_csv(store: TheStore, asked: Annotated[QuestionParameters, Query()]) -> StreamingResponse:
    """The same, whole: one line for each customer."""
    now = datetime.now(UTC)
    question = asked.question(now)
    customers = everyone(store, question if question.as_of else replace(question, as_of=now))
    first = list(islice(customers, 1))  # what is wrong is said before the first line is
    headers = {"Content-Disposition": f'attachment; filename="{file_name(question)}"'}
    return StreamingResponse(
        _in_chunks(csv_lines(chain(first, customers))), media_type="text/csv; charset=utf-8", headers=headers
    )


@router.get("/customers/{customer:path}", response_model=CustomerJson)
def get_customer(store: TheStore, customer: str, asked: Annotated[CustomerParameters, Query()]) -> Response:
    """One customer's story: what they tried, what failed in it and what they ordered, in order of time."""
    page = read_page(store, customer, asked, datetime.now(UTC))
    return _json(CustomerJson.of(page.customer, page.requests, page.next))


@router.get("/traces/{trace_id}", response_model=TraceJson)
def get_trace(store: TheStore, trace_id: str, asked: Annotated[TraceParameters, Query()]) -> Response:
    """A trace's spans in order of start, each with what was logged in it."""
    after = trace_cursor(asked.cursor)
    trace = read_trace(store, trace_id.lower(), after=after, at_most=asked.limit)
    if trace is None:
        raise no_trace(trace_id)
    return _json(TraceJson.of(trace, write_cursor(trace.next) if trace.next else None))


def ask_affected(store: Store, asked: AffectedParameters, now: datetime) -> Affected:
    """A page of the answer. Raises BadParameters."""
    question = asked.question(now)
    try:
        return affected(store, question, limit=asked.limit, cursor=asked.cursor)
    except ValueError as error:
        raise bad_cursor(str(error)) from None


def trace_cursor(cursor: str | None) -> After:
    """Where a page of a trace begins. Raises BadParameters."""
    if cursor is None:
        return BEFORE_ALL
    ns, *names = read_cursor(cursor, (int, str, str, str, str))
    span_id, kind, service, operation = map(str, names)
    return int(ns), span_id, kind, service, operation


def no_trace(trace_id: str) -> NotFound:
    """The problem that an unknown trace is."""
    return NotFound(f"No trace {trace_id[:64]!r} is known here: it may not have arrived yet, or is no longer kept.")


def file_name(question: Question) -> str:
    """What a download of the answer is called: its window."""
    return f"affected-{question.from_:%Y%m%dT%H%M%SZ}-{question.to:%Y%m%dT%H%M%SZ}.csv"


def _in_chunks(lines: Iterator[str]) -> Iterator[str]:
    """The lines, many at a time: handing one over costs more than making it."""
    while chunk := "".join(islice(lines, CSV_LINES)):
        yield chunk


def _json(body: Wire) -> Response:
    return Response(body.model_dump_json(), HTTPStatus.OK, media_type="application/json")
