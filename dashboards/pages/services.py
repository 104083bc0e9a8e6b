"""The services as the front page shows them: what each did lately, and what of it is unusual."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from dashboards.pages.shown import duration, number, share
from queries.store import Store
from triage.activity import ServiceActivity, Slice, service_activity, service_slices
from triage.window import Window

LEAST_ERRORS = 5
WORSE = 2  # times the share of errors before
LEAST_REQUESTS = 20
SLOWER, SLOWER_MS = 1.5, 50
FEWER = 0.5
SLICES = 30
INTERVAL = timedelta(seconds=10)
"""What is heard is counted in these."""


@dataclass(frozen=True)
class Cell:
    """A figure of a service: its value, what it was before, how it went, and whether that is unusual."""

    value: str
    before: str
    line: str
    unusual: bool


@dataclass(frozen=True)
class ServiceRow:
    """A service, its errors, 95th percentile and requests."""

    name: str
    errors: Cell
    p95: Cell
    requests: Cell

    @property
    def unusual(self) -> bool:
        """Whether anything of it is."""
        return self.errors.unusual or self.p95.unusual or self.requests.unusual


def service_rows(store: Store, window: Window) -> tuple[list[ServiceActivity], list[ServiceRow]]:
    """The services, those with something unusual first, then by their share of errors. Raises StoreError."""
    found = service_activity(store, window)
    slices = service_slices(store, window, SLICES)
    rows = [_row(each, slices.get(each.service, ()), window) for each in found]
    order = sorted(range(len(rows)), key=lambda place: (not rows[place].unusual, -failing(found[place]), place))
    return [found[place] for place in order], [rows[place] for place in order]


def failing(activity: ServiceActivity) -> float:
    """The share of its requests that failed."""
    return activity.errors / activity.requests if activity.requests else 0.0


def fails_unusually(activity: ServiceActivity) -> bool:
    """Whether it fails much more often than before."""
    if activity.errors < LEAST_ERRORS or not activity.requests:
        return False
    before = activity.errors_before / activity.requests_before if activity.requests_before else 0
    return failing(activity) > max(WORSE * before, 0.005)


def _row(each: ServiceActivity, slices: Sequence[Slice | None], window: Window) -> ServiceRow:
    slow = (
        each.requests >= LEAST_REQUESTS
        and each.p95_ms is not None
        and each.p95_before_ms is not None
        and each.p95_ms > SLOWER * each.p95_before_ms + SLOWER_MS
    )
    quiet = each.requests_before >= LEAST_REQUESTS * 3 and each.requests < FEWER * each.requests_before

    def line(value: Callable[[Slice], float]) -> str:
        return _line([value(slice_) if slice_ else None for slice_ in slices])

    return ServiceRow(
        name=each.service,
        errors=Cell(
            share(each.errors, each.requests) if each.requests else "no requests",
            share(each.errors_before, each.requests_before) if each.requests_before else "",
            line(lambda slice_: slice_.errors / slice_.requests),
            fails_unusually(each),
        ),
        p95=Cell(
            "unknown" if each.p95_ms is None else duration(each.p95_ms),
            "" if each.p95_before_ms is None else duration(each.p95_before_ms),
            line(lambda slice_: slice_.p95_ms),
            slow,
        ),
        requests=Cell(
            _rate(each.requests, window.length),
            _rate(each.requests_before, max(each.heard_before, INTERVAL)) if each.requests_before else "",
            line(lambda slice_: float(slice_.requests)),
            quiet,
        ),
    )


def _rate(count: int, length: timedelta) -> str:
    return f"{number(count / (length / timedelta(minutes=1)))}/min"


def _line(values: Sequence[float | None]) -> str:
    """A path in a field of 100 × 100 over whole slices; "" of nothing."""
    top = max((value for value in values if value is not None), default=0.0) or 1.0
    path, pen_down = [], False
    for place, value in enumerate(values):
        if value is not None:
            x, y = round(100 * (place + 0.5) / len(values), 1), round(98 - 94 * value / top, 1)
            path.append(f"{'L' if pen_down else 'M'}{x} {y}")
        pen_down = value is not None
    return "".join(path)
