"""The business figures and the three first checks, for other programs."""

from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from pydantic import BeforeValidator, Field

from dashboards.api.border import PROBLEMS, UNKNOWN, TheStore
from dashboards.api.cursors import (
    bad_cursor,
    cursor_time,
    cursor_window,
    page_at,
    read_cursor,
    window_parts,
    write_cursor,
)
from dashboards.api.parameters import PageParameters, ShortListParameters, WindowParameters, each_once
from dashboards.problems import BadParameters, FieldError, NotFound
from triage.incident.book import StoredBook
from triage.incident.figures import usual_until
from triage.kpi.checks import Check, State, checks, in_a_line
from triage.kpi.figures import Good, Kind, Signal, kpi_named
from triage.kpi.named import kpis_of
from triage.kpi.values import values
from triage.window import Window, format_time, parse_duration
from triage.wire import Wire

MOST_VALUES = 10_000
LONGEST_STEP_S = 31 * 86_400

router = APIRouter(prefix="/api/v1", dependencies=[Depends(each_once)], responses=PROBLEMS)


class SourceJson(Wire):
    """What is counted: a metric, spans or log records, with these attributes; `failed` null for all of them."""

    signal: Signal
    name: str
    service: str
    where: Annotated[dict[str, str], BeforeValidator(dict)]
    value: str
    failed: bool | None


class KpiJson(Wire):
    """A figure: what it is made from (of a ratio `by` too), in which direction it is good, and who owns it."""

    name: str
    kind: Kind
    of_: SourceJson = Field(alias="of")
    by: SourceJson | None
    unit: str
    good: Good
    owner: str


class KpisJson(Wire):
    """A page of the figures."""

    problem: str | None = Field(
        description="Why the file as it is now is not in force; null where it is, or where another process watches it."
    )
    items: list[KpiJson]
    next: str | None


class ValueJson(Wire):
    """A figure in the interval that begins at `time`, null where nothing is known."""

    time: datetime
    value: float | None


class SeriesJson(Wire):
    """A page of a figure's values in a window; intervals of which nothing is known are left out."""

    kpi: KpiJson
    from_: datetime = Field(serialization_alias="from")
    to: datetime
    step_ms: float
    items: list[ValueJson]
    next: str | None


class CheckJson(Wire):
    """One check: its state, its value, what is usual with the band that it keeps to, and the same in words."""

    name: str
    title: str
    state: State
    value: float | None
    usual: float | None
    low: float | None
    high: float | None
    unit: str
    sentence: str

    @staticmethod
    def of(check: Check) -> "CheckJson":
        """As the API writes it."""
        return CheckJson(
            name=check.name,
            title=check.title,
            state=check.state,
            value=check.value,
            usual=check.usual.middle,
            low=check.usual.low,
            high=check.usual.high,
            unit=check.unit,
            sentence=check.sentence,
        )


class ChecksJson(Wire):
    """The three first checks of a window, and those that matter of them in a line of text."""

    line: str
    from_: datetime = Field(serialization_alias="from")
    to: datetime
    items: list[CheckJson]
    next: str | None


class StepParameters(WindowParameters):
    """The window, how long an interval is, and which page of the values."""

    step: str = Field("1m", max_length=40, description="Length of an interval: 10s, 1m, 1h, or milliseconds.")
    limit: int = Field(MOST_VALUES, ge=1, le=MOST_VALUES, description="Values of a page.")
    cursor: str | None = Field(None, description="`next` of the page before.")

    def pinned(self, now: datetime) -> tuple[datetime | None, Window, int]:
        """Which value the page before ended with, the window, and seconds of an interval. Raises BadParameters."""
        if self.cursor is None:
            window = self.window(now)
            return None, window, self.step_s(window.length)
        last, from_, to, step_s = read_cursor(self.cursor, (str, str, str, int))
        window = cursor_window(str(from_), str(to))
        if not 1 <= int(step_s) <= LONGEST_STEP_S or window.length / timedelta(seconds=1) / int(step_s) > MOST_VALUES:
            raise bad_cursor()
        return cursor_time(str(last)), window, int(step_s)

    def step_s(self, length: timedelta) -> int:
        """Seconds of an interval. Raises BadParameters."""
        try:
            step = parse_duration(f"{self.step}ms" if self.step.isascii() and self.step.isdigit() else self.step)
        except ValueError as error:
            raise BadParameters([FieldError("step", str(error))]) from None
        seconds = int(step.total_seconds())
        if seconds < 1 or step != timedelta(seconds=seconds) or seconds > LONGEST_STEP_S:
            raise BadParameters([FieldError("step", "must be whole seconds, from 1s up to 31d")])
        if length / step > MOST_VALUES:
            raise BadParameters([FieldError("step", f"makes more than {MOST_VALUES} values of this window")])
        return seconds


class ChecksParameters(WindowParameters, PageParameters):
    """The window, and which page of its checks."""

    def pinned(self, now: datetime) -> tuple[int, Window]:
        """How many checks stand before the page, and the window. Raises BadParameters."""
        if self.cursor is None:
            return 0, self.window(now)
        start, from_, to = read_cursor(self.cursor, (int, str, str))
        return max(0, int(start)), cursor_window(str(from_), str(to))


@router.get("/kpis", response_model=KpisJson)
def get_kpis(request: Request, store: TheStore, asked: Annotated[ShortListParameters, Query()]) -> Response:
    """The business figures that are watched."""
    problem = request.app.state.kpis_problem() or None
    page, more = page_at(kpis_of(store.ask), asked.start(), asked.limit)
    return _json(KpisJson(problem=problem, items=[KpiJson.model_validate(kpi) for kpi in page], next=more))


@router.get("/kpis/{name}", response_model=SeriesJson, responses=UNKNOWN)
def get_kpi(store: TheStore, name: str, asked: Annotated[StepParameters, Query()]) -> Response:
    """A figure's values by interval."""
    kpis = kpis_of(store.ask)
    kpi = kpi_named(name, kpis)
    if kpi is None:
        there = f"there are: {', '.join(each.name for each in kpis)}" if kpis else "there are none"
        raise NotFound(f"No business figure is called {name[:64]!r}; {there}.")
    last, window, step_s = asked.pinned(datetime.now(UTC))
    rest = [value for value in values(store.ask, kpi, window, step_s) if last is None or value.time > last]
    page = rest[: asked.limit]
    more = write_cursor((format_time(page[-1].time), *window_parts(window), step_s)) if len(rest) > len(page) else None
    items = [ValueJson.model_validate(value) for value in page]
    return _json(
        SeriesJson(
            kpi=KpiJson.model_validate(kpi),
            from_=window.from_,
            to=window.to,
            step_ms=step_s * 1000,
            items=items,
            next=more,
        )
    )


@router.get("/checks", response_model=ChecksJson)
def get_checks(store: TheStore, asked: Annotated[ChecksParameters, Query()]) -> Response:
    """What to look at first: errors at the gateway, latency there, and the business figures."""
    start, window = asked.pinned(datetime.now(UTC))
    began = usual_until(StoredBook(store).incidents(window.from_), window)
    found = list(checks(store.ask, window, began))
    page, more = page_at(found, start, asked.limit, *window_parts(window))
    items = [CheckJson.of(check) for check in page]
    return _json(ChecksJson(from_=window.from_, to=window.to, line=in_a_line(found), items=items, next=more))


def _json(body: Wire) -> Response:
    return Response(body.model_dump_json(), HTTPStatus.OK, media_type="application/json")
