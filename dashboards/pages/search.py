"""The page that searches traces and log records: one form, what was found as a table, every name a link."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup
from pydantic import ValidationError

from dashboards.api.border import TheStore
from dashboards.api.parameters import bad_parameters, each_once
from dashboards.api.search_parameters import (
    LogsParameters,
    SearchParameters,
    TracesParameters,
    cursor_after,
    resume,
)
from dashboards.pages.shown import plural, search_path, shown
from dashboards.pages.views import render
from dashboards.pages.wording import between
from dashboards.problems import BadParameters
from queries.errors import QueryTooExpensive
from queries.store import Store
from triage.activity import heard, service_names
from triage.search.going_back import Found, Place, Placed
from triage.search.logs import LogFound, find_logs
from triage.search.traces import TraceFound, find_traces
from triage.trace import moment
from triage.window import Window, format_number, format_time

PATH = "/search"
SHARED = ("service", "customer", "from", "to")
COMMON_SERVICES = 8
OF_A_SPAN = {"operation", "error", "duration", "min_duration_ms", "max_duration_ms", "attribute"}
"""What is asked of a span: which one it is is told, where it is not the request itself."""
LOG_RECORD = "log record"

router = APIRouter(include_in_schema=False)

Asked = TypeVar("Asked", bound=SearchParameters)
Item = TypeVar("Item", bound=Placed)


@dataclass(frozen=True)
class Arrived:
    """How much there was in a window of what is searched, found or not; `last` when there last was any by its end."""

    count: int
    noun: str
    last: datetime | None


@dataclass(frozen=True)
class Kind(Generic[Asked, Item]):
    """One of the things that can be searched: its parameters, its items' service, and whether any arrived."""

    name: str
    noun: str
    parameters: type[Asked]
    find: Callable[[Store, Asked, Window, Place], Found[Item]]
    service: Callable[[Item], str]
    arrived: Callable[[Store, Window], Arrived]


def _traces(store: Store, asked: TracesParameters, window: Window, after: Place) -> Found[TraceFound]:
    return find_traces(store, asked.wanted(), window, after, asked.limit)


def _logs(store: Store, asked: LogsParameters, window: Window, after: Place) -> Found[LogFound]:
    return find_logs(store, asked.wanted(), window, after, asked.limit)


def _spans_arrived(store: Store, window: Window) -> Arrived:
    found = heard(store, window, "")
    return Arrived(found.spans, "span", found.last)


def _records_arrived(store: Store, window: Window) -> Arrived:
    count, last_ns = store.ask("now/heard_logs", **{"from": window.from_}, to=window.to).row(0)
    return Arrived(count, LOG_RECORD, None if last_ns is None else moment(last_ns))


TRACES = Kind[TracesParameters, TraceFound](
    "traces", "trace", TracesParameters, _traces, lambda one: one.service, _spans_arrived
)
LOGS = Kind[LogsParameters, LogFound](
    "logs", LOG_RECORD, LogsParameters, _logs, lambda one: one.record.service, _records_arrived
)


@router.get(PATH, dependencies=[Depends(each_once)])
def search_page(request: Request, store: TheStore) -> HTMLResponse:
    """The form, and what was found."""
    return _searched(request, store)


def _searched(request: Request, store: Store) -> HTMLResponse:
    given = dict(request.query_params)
    wants_logs = given.pop("kind", TRACES.name) == LOGS.name
    if "duration" in given and "min_duration_ms" not in given:
        given["min_duration_ms"] = given.pop("duration")  # as the form has it
    return _page(request, store, LOGS, given) if wants_logs else _page(request, store, TRACES, given)


def _page(request: Request, store: Store, kind: Kind[Asked, Item], given: Mapping[str, str]) -> HTMLResponse:
    now = datetime.now(UTC)
    try:
        asked, window, after = resume(kind.parameters.model_validate(given), now)
    except ValidationError as error:
        return _unanswered(request, store, kind, given, bad_parameters(error))
    except BadParameters as problem:
        return _unanswered(request, store, kind, given, problem)
    later, pinned = asked.cursor is not None, _written(asked)
    written = pinned if later else given
    try:
        found = kind.find(store, asked, window, after)
    except QueryTooExpensive:
        return _unanswered(request, store, kind, written, window)
    ends = {"from": format_time(window.from_), "to": format_time(window.to)}
    more = cursor_after(found.next, asked, window)
    rows = {"limit": given["limit"]} if "limit" in given else {}
    return render(
        request,
        "search.html",
        HTTPStatus.OK,
        **_frame(store, kind, written),
        found=found,
        headline=_headline(kind, found, later, now),
        later=later,
        first_page=search_path(kind.name, pinned | ends),
        next_page=search_path(kind.name, rows | {"cursor": more}) if more else None,
        stopped_early=found.next is not None and len(found.items) < asked.limit,
        services_found=_services(kind, found, pinned | ends),
        api=f"/api/v1/{kind.name}?{urlencode(pinned | ends)}",
        arrived=None if found.items or later else kind.arrived(store, window),
        window_query="?" + urlencode(ends),
        of_service=lambda name: search_path(kind.name, ends | {"service": name}) if name else None,
        asks_of_a_span=not pinned.keys().isdisjoint(OF_A_SPAN),
        moment=moment,
    )


def _unanswered(
    request: Request, store: Store, kind: Kind[Asked, Item], given: Mapping[str, str], why: BadParameters | Window
) -> HTMLResponse:
    """The form again, with what is wrong in it; a window says that it was too long for one question."""
    errors = [(error.field, error.detail) for error in why.errors] if isinstance(why, BadParameters) else []
    status = HTTPStatus.BAD_REQUEST if isinstance(why, BadParameters) else HTTPStatus.UNPROCESSABLE_ENTITY
    known = {field.alias or name for name, field in kind.parameters.model_fields.items()}
    frame = _frame(store, kind, given)
    frame["errors"] = defaultdict(str, {field: detail for field, detail in errors if field in known})
    others = [detail for field, detail in errors if field not in known or field in {"cursor", "limit"}]
    too_long = why if isinstance(why, Window) else None
    return render(request, "search.html", status, **frame, found=None, others=others, too_long=too_long)


def _frame(store: Store, kind: Kind[Asked, Item], given: Mapping[str, str]) -> dict[str, Any]:
    """What surrounds the answer: tabs, form, and lengths of the window."""
    kept = {name: text for name, text in given.items() if text and name not in {"cursor", "limit"}}
    shared = {name: text for name, text in kept.items() if name in SHARED}
    return {
        "kind": kind.name,
        "noun": kind.noun,
        "form": defaultdict(str, kept),
        "errors": defaultdict(str),
        "tabs": [(name, words, search_path(name, shared)) for name, words in TABS],
        "with_window": lambda length: search_path(
            kind.name, {name: text for name, text in kept.items() if name not in {"from", "to"}} | {"from": length}
        ),
        "services": service_names(store),
        "asked_something": bool(kept.keys() - {"from", "to"}),
    }


TABS = ((TRACES.name, "Traces"), (LOGS.name, "Log records"))


def _headline(kind: Kind[Asked, Item], found: Found[Item], later: bool, now: datetime) -> Markup:
    """How many were found, and where."""
    count, where = len(found.items), between(found.window, now)
    if not count and found.next:
        looked = between(Window(found.searched_from, found.window.to), now)
        return Markup("No {} so far {}; the rest of the window has yet to be looked through.").format(kind.noun, looked)
    if not count:
        return Markup("No {}{} {}.").format("other " if later else "", kind.noun, where)
    if found.next is None and not later:
        return Markup("{} {}.").format(plural(count, kind.noun), where)
    return Markup("{} {} {}.").format("The next" if later else "The latest", plural(count, kind.noun), where)


def _services(
    kind: Kind[Asked, Item], found: Found[Item], given: Mapping[str, str]
) -> list[tuple[Markup, int, str | None]]:
    """The services of what was found, with how many of it each has and the way to only those; none if they are one."""
    counts = Counter(kind.service(one) for one in found.items)
    kept = {name: text for name, text in given.items() if text and name != "cursor"}
    named = [
        (shown(name, 40), count, search_path(kind.name, kept | {"service": name}))
        for name, count in counts.most_common(COMMON_SERVICES)
    ]
    return named if len(counts) > 1 else []


def _written(asked: SearchParameters) -> dict[str, str]:
    """The question as the form has it."""
    given = asked.model_dump(by_alias=True, exclude_none=True, exclude={"cursor", "limit"})
    return {name: _text(value) for name, value in given.items()}


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return format_number(value) if isinstance(value, float) else str(value)
