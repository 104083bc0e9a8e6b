"""Spans and log records as tests think of them: what a sender said, and nothing worked out from it."""

from collections.abc import Mapping
from dataclasses import dataclass


def nothing_if_zero(hex_id: str) -> str:
    """An id; all zero is OpenTelemetry's way to say "none"."""
    return hex_id if hex_id.strip("0") else ""


@dataclass(frozen=True, eq=False)
class Span:
    """A span as received. Ids are hex, "" or all zero for none; `kind` is `Server`, `Client`, …; times are in ns."""

    trace_id: str
    span_id: str
    parent_id: str
    service: str
    name: str
    kind: str
    start_ns: int
    duration_ns: int
    status_error: bool
    attributes: Mapping[str, str]
    resource: Mapping[str, str]

    def __post_init__(self) -> None:
        for name in ("trace_id", "span_id", "parent_id"):
            object.__setattr__(self, name, nothing_if_zero(getattr(self, name)))

    @property
    def identity(self) -> tuple[str, str, str, str, str, int]:
        """What two copies of one span have in common."""
        return self.trace_id, self.span_id, self.kind, self.service, self.name, self.start_ns

    @property
    def order_of_entry(self) -> tuple[int, str, str, str, str]:
        return self.start_ns, self.span_id, self.kind, self.service, self.name

    @property
    def operation(self) -> tuple[str, str]:
        return self.service, self.name


@dataclass(frozen=True)
class Log:
    """A log record, written inside the span that it names (if it names one)."""

    trace_id: str
    span_id: str
    time_ns: int
    attributes: Mapping[str, str]

    def __post_init__(self) -> None:
        for name in ("trace_id", "span_id"):
            object.__setattr__(self, name, nothing_if_zero(getattr(self, name)))
