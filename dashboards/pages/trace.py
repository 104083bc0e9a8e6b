"""The page of one trace: what happened in which order, as a waterfall with its logs."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup
from pydantic import Field

from dashboards.api.border import TheStore
from dashboards.api.cursors import write_cursor
from dashboards.api.parameters import Parameters, each_once
from dashboards.api.traces import no_trace, trace_cursor
from dashboards.pages.shown import duration, error_words, plural, shown
from dashboards.pages.views import render
from dashboards.pages.waterfall import Row, Waterfall
from dashboards.shared_pages import long_over
from queries.store import Store
from triage.search.traces import SpanFound, TraceFound, described
from triage.trace import Span, Trace, moment, read_trace, trace_customers
from triage.window import around, format_time

ROWS = 200
OVER_AFTER = timedelta(minutes=10)
"""How long after its last span a trace is over, as far as anybody can tell."""

router = APIRouter(include_in_schema=False)


class TracePageParameters(Parameters):
    """Which part of a trace to show."""

    span: str = Field("", description="The span that is looked at.")
    row: int = Field(1, ge=1, description="The first line that is shown.")
    cursor: str | None = Field(None, description="Where in a trace of very many spans to begin.")


@router.get("/traces/{trace_id}", dependencies=[Depends(each_once)])
def trace_page(
    request: Request, store: TheStore, trace_id: str, asked: Annotated[TracePageParameters, Query()]
) -> HTMLResponse:
    """The waterfall, from the line that was asked for on."""
    return _page(request, store, trace_id, asked)


def _page(request: Request, store: Store, trace_id: str, asked: TracePageParameters) -> HTMLResponse:
    trace = read_trace(store, trace_id.lower(), after=trace_cursor(asked.cursor))
    if trace is None:
        raise no_trace(trace_id)
    if not trace.spans:
        return render(request, "trace_logs.html", trace=trace, moment=moment)
    waterfall = Waterfall(trace)
    place = waterfall.place_of(asked.span) if asked.span else None
    first = asked.row - 1 if place is None else place // ROWS * ROWS
    rows = waterfall.rows[first : first + ROWS]
    path = f"/traces/{trace.trace_id}?"
    kept = {"cursor": asked.cursor} if asked.cursor else {}
    page = render(
        request,
        "trace.html",
        trace=trace,
        waterfall=waterfall,
        headline=_headline(trace, _entry(store, trace, asked.cursor is None and trace.next is None), waterfall),
        rows=rows,
        first=first,
        looked_at=place,
        customers=trace_customers(store, trace.trace_id),
        window_query=_hour_around(waterfall.axis.start_ns),
        ticks=_ticks(waterfall.axis.length_ms),
        start=moment(waterfall.axis.start_ns),
        moment=moment,
        at_row=lambda row: path + urlencode(kept | {"row": row + 1}) + f"#row-{row + 1}",
        rows_a_page=ROWS,
        more_spans=path + urlencode({"cursor": write_cursor(trace.next)}) if trace.next else None,
        begins_late=asked.cursor is not None,
    )
    if is_over(trace, datetime.now(UTC)):
        long_over(page)
    return page


def is_over(trace: Trace, now: datetime) -> bool:
    """Whether so long nothing happened in it that hardly anything of it is still to come."""
    return moment(trace.last_ns) < now - OVER_AFTER


def _entry(store: Store, trace: Trace, is_whole: bool) -> Span | TraceFound:
    """The span by which it was entered; of a trace that is not all here it may lie elsewhere."""
    if is_whole:
        return trace.entry
    first = trace.entry
    seen = SpanFound(first.span_id, first.service, first.operation, first.start_ns, first.duration_ns)
    return next(iter(described(store, {trace.trace_id: seen})), first)


def _headline(trace: Trace, entry: Span | TraceFound, waterfall: Waterfall) -> Markup:
    """What was tried, how it went and where it went wrong."""
    what = Markup("{} in {} took {}").format(
        shown(entry.operation, 50), shown(entry.service, 40), duration(entry.duration_ns / 1e6)
    )
    return Markup("{} {}").format(what, _how(entry.failed, trace.failure_count, [row for _, row in waterfall.failed]))


def _how(entry_failed: bool, failures: int, drawn: Sequence[Row]) -> Markup:
    if not failures:
        return Markup("and nothing in it failed.")
    if entry_failed:
        return Markup("and failed{}.").format(_deepest(drawn, "; the deepest failure", len(drawn) < failures))
    return Markup("and went well, though {} in it failed{}.").format(
        plural(failures, "span"), _deepest(drawn, ": the deepest", len(drawn) < failures)
    )


def _deepest(drawn: Sequence[Row], words: str, more: bool) -> Markup:
    """Where it went wrong, as far as that is drawn; `more` spans have failed than are."""
    if not drawn:
        return Markup("; what failed is not drawn here")
    origin = max(drawn, key=lambda row: (row.depth, -row.span.start_ns)).span
    why = Markup(" ({})").format(shown(error_words(origin.error), 100)) if origin.error else Markup("")
    return Markup("{}{} is {} in {}{}").format(
        words, " drawn here" if more else "", shown(origin.operation, 50), shown(origin.service, 40), why
    )


def _hour_around(ns: int) -> str:
    """The query of pages about the time when the trace began."""
    window = around(moment(ns), timedelta(minutes=30))
    return "?" + urlencode({"from": format_time(window.from_), "to": format_time(window.to)})


def _ticks(length_ms: float) -> list[tuple[float, str]]:
    """Four marks of the axis: place in percent, and how long after its start."""
    return [(quarter * 25, duration(length_ms * quarter / 4) if quarter else "0") for quarter in range(4)]
