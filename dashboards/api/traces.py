"""Traces, for other programs."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response

from dashboards.api.border import PROBLEMS, UNKNOWN, TheStore, as_json
from dashboards.api.cursors import read_cursor, write_cursor
from dashboards.api.parameters import TraceParameters, each_once
from dashboards.api.search_json import FoundJson, TraceFoundJson
from dashboards.api.search_parameters import TracesParameters, resume
from dashboards.api.trace_json import TraceJson
from dashboards.problems import NotFound
from triage.search.traces import find_traces
from triage.trace import BEFORE_ALL, After, read_trace

router = APIRouter(prefix="/api/v1", dependencies=[Depends(each_once)], responses=PROBLEMS)


@router.get("/traces", response_model=FoundJson[TraceFoundJson])
def get_traces(store: TheStore, asked: Annotated[TracesParameters, Query()]) -> Response:
    """The traces that have such a span in a window, the one whose latest such span began last first."""
    asked, window, after = resume(asked, datetime.now(UTC))
    found = find_traces(store, asked.wanted(), window, after, asked.limit)
    return as_json(FoundJson[TraceFoundJson].of(found, asked, TraceFoundJson.model_validate))


@router.get("/traces/{trace_id}", response_model=TraceJson, responses=UNKNOWN)
def get_trace(store: TheStore, trace_id: str, asked: Annotated[TraceParameters, Query()]) -> Response:
    """A trace's spans in order of start, each with what was logged in it."""
    after = trace_cursor(asked.cursor)
    trace = read_trace(store, trace_id.lower(), after=after, at_most=asked.limit)
    if trace is None:
        raise no_trace(trace_id)
    return as_json(TraceJson.of(trace, write_cursor(trace.next) if trace.next else None))


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
