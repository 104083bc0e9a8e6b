"""The front page: what is wrong, which services fail, and is data arriving?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from dashboards.api.border import TheStore
from dashboards.pages.own_metrics import way_in
from dashboards.pages.shown import ago, plural, share, shown
from dashboards.pages.views import render
from triage.activity import ServiceActivity, Signal, service_activity, signals
from triage.incident.book import StoredBook
from triage.incident.wire import IncidentJson
from triage.window import Window, format_time

LENGTH = timedelta(hours=1)
LATE_S = 10  # accepted data that waits longer than this to be loaded is worth a word
SILENT = timedelta(minutes=5)
LEAST_ERRORS = 5
WORSE = 2  # times the share of errors of the hour before
SLICES = 30

router = APIRouter(include_in_schema=False)


@router.get("/")
def now_page(request: Request, store: TheStore) -> HTMLResponse:
    """What a person sees first."""
    now = datetime.now(UTC)
    window = Window(now - LENGTH, now)
    services = service_activity(store, window)
    arriving = signals(store, now)
    going = [incident for incident in StoredBook(store).incidents() if incident.resolved_at is None]
    return render(
        request,
        "now.html",
        headline=headline(services, arriving, now),
        incidents=[IncidentJson.of(incident) for incident in going],
        problems=request.app.state.watch_problems(),
        services=[ServiceRow(service) for service in services],
        signals=arriving,
        silent=[signal for signal in arriving if now - signal.newest > SILENT],
        way_in=way_in(request.app.state.metrics()),
        late_s=LATE_S,
        window=window,
        query=urlencode({"from": format_time(window.from_), "to": format_time(window.to)}),
    )


@dataclass(frozen=True)
class ServiceRow:
    """A service with what is unusual about it."""

    activity: ServiceActivity

    @property
    def unusual(self) -> bool:
        """Whether it fails much more often than in the hour before."""
        return unusual(self.activity)

    @property
    def before(self) -> str:
        """Its share of errors in the hour before."""
        return share(self.activity.errors_before, self.activity.requests_before)

    @property
    def errors(self) -> str:
        """Its share of errors."""
        return share(self.activity.errors, self.activity.requests)

    @property
    def bars(self) -> list[tuple[float, float]]:
        """A bar for each slice of the hour: place and height, in percent."""
        most = max(*self.activity.errors_by_slice, 1)
        return [
            (round(100 * place / SLICES, 2), round(100 * count / most, 1))
            for place, count in enumerate(self.activity.errors_by_slice)
            if count
        ]


def unusual(activity: ServiceActivity) -> bool:
    """Whether a service fails much more often than in the hour before."""
    if activity.errors < LEAST_ERRORS or not activity.requests:
        return False
    before = activity.errors_before / activity.requests_before if activity.requests_before else 0
    return activity.errors / activity.requests > max(WORSE * before, 0.005)


def headline(services: Sequence[ServiceActivity], arriving: Sequence[Signal], now: datetime) -> Markup:
    """What a tired person must know first."""
    if not arriving:
        return Markup("No telemetry has arrived yet.")
    if not services:
        newest = max(signal.newest for signal in arriving)
        return Markup("No span has arrived in the last hour; the newest record is of {}.").format(ago(newest, now))
    worse = [service for service in services if unusual(service)]
    if not worse:
        return Markup("{} report, and none of them fails more than in the hour before.").format(
            plural(len(services), "service")
        )
    worst = max(worse, key=lambda service: service.errors)
    others = f"; {plural(len(worse) - 1, 'other service')} failed more often than before, too" if len(worse) > 1 else ""
    before = share(worst.errors_before, worst.requests_before) + " in the hour before"
    return Markup("{} failed {} of its requests in the last hour{}{}.").format(
        shown(worst.service, 60),
        share(worst.errors, worst.requests),
        f" ({before})" if worst.requests_before else "",
        others,
    )
