"""The front page: what is wrong, which services fail, what changed, and is all of this known?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup
from pydantic import ValidationError

from dashboards.api.border import TheStore
from dashboards.api.parameters import WindowParameters, bad_parameters
from dashboards.pages.cards import Card, cards
from dashboards.pages.own_metrics import detectors, way_in
from dashboards.pages.services import ServiceRow, fails_unusually, service_rows
from dashboards.pages.shown import ago, plural, share, shown, since
from dashboards.pages.views import render
from dashboards.recent import Recent
from queries.errors import StoreError
from queries.store import Store
from triage.activity import ServiceActivity, Signal, signals
from triage.incident.book import StoredBook
from triage.incident.figures import usual_until
from triage.incident.model import Incident
from triage.incident.series import Marker, markers
from triage.incident.wire import IncidentJson
from triage.kpi.named import kpis_of
from triage.kpi.values import totals
from triage.once import once
from triage.symptom import Ask
from triage.window import Window, format_time

LATE_S = 10  # accepted data that waits longer than this to be loaded is worth a word
SILENT = timedelta(minutes=5)
CHECKED = timedelta(minutes=5)
"""The checks are of the last minutes: what is wrong now is not to drown in the hour before."""
CHANGES = 10

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class KpiToday:
    """A business figure since midnight, UTC, and yesterday by the same time."""

    name: str
    unit: str
    today: float | None
    yesterday: float | None


@dataclass(frozen=True)
class Day:
    """What the last day brought; `changes` None where that is not known at this moment."""

    changes: Sequence[Marker] | None
    kpis: Sequence[KpiToday]


@dataclass(frozen=True)
class Lately:
    """What the store says of the window."""

    activity: Sequence[ServiceActivity]
    rows: Sequence[ServiceRow]
    cards: Sequence[Card]
    signals: Sequence[Signal]


@router.get("/")
def now_page(request: Request, store: TheStore) -> HTMLResponse:
    """What a person sees first."""
    given = dict(request.query_params)
    try:
        asked = WindowParameters.model_validate({key: given[key] for key in ("from", "to") if key in given})
    except ValidationError as error:
        raise bad_parameters(error) from None
    now = datetime.now(UTC)
    window = asked.window(now)
    day: Recent[Day] = request.app.state.seen_day
    ask = once(store.ask)
    incidents = StoredBook(store).incidents(window.from_)
    going = [incident for incident in incidents if incident.resolved_at is None]
    seen = _lately(store, ask, window, incidents, now)
    today = day.get("day", lambda: _day(ask, now))
    metrics = request.app.state.metrics()
    return render(
        request,
        "now.html",
        headline=headline(going, seen.activity, seen.signals, window, now),
        incidents=[IncidentJson.of(incident) for incident in going],
        problems=request.app.state.watch_problems(),
        kpis_problem=request.app.state.kpis_problem(),
        cards=seen.cards,
        checked=_checked(window).length / timedelta(milliseconds=1),
        services=seen.rows,
        changes=today.changes,
        kpis=today.kpis,
        signals=seen.signals,
        silent=[signal for signal in seen.signals if now - signal.newest > SILENT],
        way_in=way_in(metrics),
        detectors=detectors(metrics, now),
        late_s=LATE_S,
        window=window,
        chosen=bool(asked.from_ or asked.to),
        length=asked.from_ if asked.from_ and not asked.to else None if asked.to else "1h",
        query=urlencode({"from": format_time(window.from_), "to": format_time(window.to)}),
    )


def _lately(store: Store, ask: Ask, window: Window, incidents: Sequence[Incident], now: datetime) -> Lately:
    activity, rows = service_rows(store, window)
    checked = _checked(window)
    shown_cards = cards(ask, window, checked, usual_until(incidents, checked))
    return Lately(activity, rows, shown_cards, signals(store, now))


def _checked(window: Window) -> Window:
    return Window(max(window.from_, window.to - CHECKED), window.to)


def _day(ask: Ask, now: datetime) -> Day:
    a_day = timedelta(days=1)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    today = Window(midnight, now) if now > midnight else Window(now - a_day, now)
    yesterday = Window(today.from_ - a_day, today.to - a_day)
    try:
        changes = tuple(reversed(markers(ask, Window(now - a_day, now), CHANGES)))
    except StoreError:
        changes = None
    figures = kpis_of(ask)
    now_known, known_before = totals(ask, figures, today), totals(ask, figures, yesterday)
    kpis = [KpiToday(kpi.name, kpi.unit, now_known[kpi], known_before[kpi]) for kpi in figures]
    return Day(changes, [kpi for kpi in kpis if kpi.today is not None or kpi.yesterday is not None])


def headline(
    going: Sequence[Incident],
    services: Sequence[ServiceActivity],
    arriving: Sequence[Signal],
    window: Window,
    now: datetime,
) -> Markup:
    """What a tired person must know first."""
    if going:
        hit = sum(one.impact.customers for one in going if one.impact)
        of_several = ", added up over them" if len(going) > 1 else ""
        customers = f"{plural(hit, 'customer')} hit{of_several}" if hit else "no customer known to be hit so far"
        return Markup("{} not over: {}.").format(
            f"{plural(len(going), 'incident')} {'is' if len(going) == 1 else 'are'}", customers
        )
    if not arriving:
        return Markup("No telemetry has arrived yet.")
    if not services:
        newest = max(signal.newest for signal in arriving)
        return Markup("No span has arrived in this time; the newest record is of {}.").format(ago(newest, now))
    worse = [service for service in services if fails_unusually(service)]
    return _failing_unusually(worse) if worse else _nothing_unusual(len(services), arriving, window, now)


def _nothing_unusual(services: int, arriving: Sequence[Signal], window: Window, now: datetime) -> Markup:
    newest = max((signal.newest for signal in arriving if signal.name == "traces"), default=now)
    if now - window.to > SILENT:
        text = "No incident is open: in this time, none of {} failed more than before."
    elif now - newest > SILENT:
        silent = since(newest, now)
        return Markup("No incident is open, but no span has come for {}: how it is now is not known.").format(silent)
    else:
        text = "No incident is open: none of {} fails more than before."
    return Markup(text).format(plural(services, "service"))


def _failing_unusually(worse: Sequence[ServiceActivity]) -> Markup:
    worst = max(worse, key=lambda service: service.errors)
    others = f"; {plural(len(worse) - 1, 'other service')} failed more often than before, too" if len(worse) > 1 else ""
    before = share(worst.errors_before, worst.requests_before) + " before"
    return Markup("No incident is open, but {} failed {} of its requests{}{}.").format(
        shown(worst.service, 60),
        share(worst.errors, worst.requests),
        f" ({before})" if worst.requests_before else "",
        others,
    )
