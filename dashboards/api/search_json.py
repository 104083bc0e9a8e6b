"""What a search found, as other programs get it."""

from collections.abc import Callable
from typing import Generic, Self, TypeVar

from pydantic import Field

from dashboards.api.search_parameters import SearchParameters, cursor_after
from dashboards.api.trace_json import LogJson
from triage.search.going_back import Found, Placed
from triage.search.logs import LogFound
from triage.wire import Time, Wire


class SpanFoundJson(Wire):
    """A span, in short."""

    span_id: str
    service: str
    operation: str
    start: Time
    duration_ms: float


class TraceFoundJson(SpanFoundJson):
    """A trace: its entry, how that went, and for whom."""

    trace_id: str
    spans: int
    failed: bool = Field(description="Whether the entry failed.")
    customer: str | None = Field(description="Whom the entry names, else the only one that the trace names.")
    matched: SpanFoundJson = Field(description="Its latest span that is what was asked for: by it traces are in order.")


class LogFoundJson(LogJson):
    """One log record, and the trace that it was written in."""

    trace_id: str

    @classmethod
    def found(cls, one: LogFound) -> Self:
        return cls(trace_id=one.trace_id, **vars(LogJson.of(one.record)))


Item = TypeVar("Item")
Placed_ = TypeVar("Placed_", bound=Placed)


class FoundJson(Wire, Generic[Item]):
    """A page of what was found, the latest first."""

    from_: Time = Field(alias="from")
    to: Time
    searched_from: Time = Field(description="How far back this page looked; `next` goes on from there.")
    items: list[Item]
    next: str | None

    @classmethod
    def of(cls, found: Found[Placed_], asked: SearchParameters, as_item: Callable[[Placed_], Item]) -> Self:
        return cls(
            from_=found.window.from_,
            to=found.window.to,
            searched_from=found.searched_from,
            items=[as_item(one) for one in found.items],
            next=cursor_after(found.next, asked, found.window),
        )
