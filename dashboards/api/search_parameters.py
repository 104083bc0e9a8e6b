"""What can be asked of a search, and its cursor, which pins the question and its window."""

import math
from datetime import datetime
from typing import Annotated, Literal, TypeVar

from pydantic import Field, ValidationError, field_validator

from dashboards.api.cursors import bad_cursor, read_cursor, write_cursor
from dashboards.api.parameters import PageParameters, Text, WindowParameters
from dashboards.problems import BadParameters
from triage.search.going_back import NEWEST, Place
from triage.search.logs import SEVERITIES, LogFilter
from triage.search.traces import ANY_NS, TraceFilter
from triage.window import Window, format_time, ms_to_ns

LONGEST_MS = ANY_NS // 1_000_000

Level = Literal["trace", "debug", "info", "warn", "error", "fatal"]
LEVELS = ", ".join(SEVERITIES)


class SearchParameters(WindowParameters, PageParameters):
    """The window, and which page of what was found in it."""

    @staticmethod
    def is_tie(text: str) -> bool:
        """Whether a cursor can have it beside the time."""
        return True


class TracesParameters(SearchParameters):
    """One span is all of this at once: service, operation, error, duration, attribute. The trace names the rest."""

    service: Text = Field(None, description="The span's service.")
    operation: Text = Field(None, description="The span's name.")
    error: bool | None = Field(None, description="Whether the span counts as failing.")
    duration: float | None = Field(
        None, ge=0, le=LONGEST_MS, allow_inf_nan=False, description="The same as min_duration_ms."
    )
    min_duration_ms: float | None = Field(
        None, ge=0, le=LONGEST_MS, allow_inf_nan=False, description="It took this or longer; a root, without a service."
    )
    max_duration_ms: float | None = Field(
        None, ge=0, le=LONGEST_MS, allow_inf_nan=False, description="It took this or less; a root, without a service."
    )
    attribute: Text = Field(None, description="KEY=VALUE, of the span or its resource; KEY alone for whatever it says.")
    customer: Text = Field(None, description="The trace names this customer.")
    order: Text = Field(None, description="A span of the trace names this order.")

    @field_validator("attribute")
    @classmethod
    def _has_key(cls, text: str | None) -> str | None:
        key, equals, value = (text or "").partition("=")
        if equals and not (key and value):
            raise ValueError("write KEY=VALUE, such as http.route=/checkout, or KEY alone for whatever it says")
        return text

    def wanted(self) -> TraceFilter:
        """What is meant."""
        key, _, value = (self.attribute or "").partition("=")
        return TraceFilter(
            service=self.service or "",
            operation=self.operation or "",
            failing=self.error,
            least_ns=math.ceil(ms_to_ns(max(self.min_duration_ms or 0, self.duration or 0))),
            most_ns=ANY_NS if self.max_duration_ms is None else int(ms_to_ns(self.max_duration_ms)),
            key=key,
            value=value,
            customer=self.customer or "",
            order=self.order or "",
        )


class LogsParameters(SearchParameters):
    """What the log records are."""

    service: Text = Field(None, description="Who wrote them.")
    severity: Level | Annotated[int, Field(ge=1, le=24)] | None = Field(
        None, description=f"At least this severe: {LEVELS}, or OTLP's number."
    )
    text: Text = Field(None, description="Contained in what they say, whatever its case.")
    trace: Text = Field(None, description="The trace that they were written in.")
    customer: Text = Field(None, description="Named by the record, or by its trace.")

    @field_validator("severity", mode="before")
    @classmethod
    def _level(cls, told: object) -> object:
        level = str(told).lower()  # a record tells its own in capitals
        if level == "warning":
            return "warn"
        if level in SEVERITIES:
            return level
        if level in map(str, range(1, 25)):
            return int(level)
        raise ValueError(f"it must be {LEVELS}, or a number from 1 to 24")

    @staticmethod
    def is_tie(text: str) -> bool:
        """A 64-bit hash."""
        return text.isascii() and text.isdigit() and int(text[:21]) < 1 << 64

    def wanted(self) -> LogFilter:
        """What is meant."""
        return LogFilter(
            service=self.service or "",
            least_severity=SEVERITIES[self.severity] if isinstance(self.severity, str) else self.severity or 0,
            text=self.text or "",
            trace_id=(self.trace or "").lower(),
            customer=self.customer or "",
        )


Asked = TypeVar("Asked", bound=SearchParameters)


def resume(asked: Asked, now: datetime) -> tuple[Asked, Window, Place]:
    """What is asked, in which window and after which place; a cursor brings all three. Raises BadParameters."""
    if asked.cursor is None:
        return asked, asked.window(now), NEWEST
    question, at_ns, tie = read_cursor(asked.cursor, (str, int, str))
    if not (tie == "" or asked.is_tie(str(tie))):
        raise bad_cursor()
    try:
        first = type(asked).model_validate_json(str(question))
        window = first.window(now)
    except (ValidationError, BadParameters):
        raise bad_cursor() from None
    return first.model_copy(update={"limit": asked.limit, "cursor": asked.cursor}), window, (int(at_ns), str(tie))


def cursor_after(place: Place | None, asked: SearchParameters, window: Window) -> str | None:
    """The cursor of the page that begins after the place; None at the end."""
    if place is None:
        return None
    ends = {"from_": format_time(window.from_), "to": format_time(window.to), "limit": 100, "cursor": None}
    return write_cursor((asked.model_copy(update=ends).model_dump_json(exclude_none=True, by_alias=True), *place))
