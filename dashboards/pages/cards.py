"""The three first checks as cards: errors, latency and the business, each with what is usual and how it went."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from dashboards.pages.figure import Figure
from triage.incident.series import Series, error_series, kpi_series, latency_series, markers
from triage.kpi.checks import KPI, NOT_KNOWN_YET, Check, State, checks
from triage.kpi.figures import kpi_named
from triage.kpi.named import kpis_of
from triage.kpi.usual import MESSAGES
from triage.kpi.wording import band, figure
from triage.symptom import Ask
from triage.window import Window


@dataclass(frozen=True)
class Card:
    """A check: its heading, its value and name, what is usual, and its figure over the page's window."""

    heading: str
    name: str
    value: str
    usual: str
    unusual: bool
    figure: Figure | None


def cards(ask: Ask, window: Window, checked: Window, began: datetime | None = None) -> list[Card]:
    """The three of `checked`, by what was usual before `began`, with figures over the window. Raises StoreError."""
    found = list(checks(ask, checked, began))
    changes = markers(ask, window)
    return [
        _card(heading, name, check, Figure(f"check-{place}", _banded(series, check), changes) if series else None)
        for place, (heading, name, check, series) in enumerate(_three(ask, window, found), start=1)
    ]


def _three(ask: Ask, window: Window, found: Sequence[Check]) -> Iterator[tuple[str, str, Check, Series | None]]:
    errors, latency, *figures = found
    what = "messages" if errors.entries == MESSAGES else "requests"
    drawn = error_series(ask, window, window.from_, entries=(errors.entries,))
    yield errors.title.capitalize(), f"of {what} fail", errors, drawn
    yield "Latency", "95th percentile", latency, latency_series(ask, window, window.from_)
    if not figures:  # the shop names none
        return
    known = [each for each in figures if each.value is not None]
    business = next((each for each in known if each.state is State.BAD), (known or figures)[0])
    kpi = kpi_named(business.name.removeprefix(KPI), kpis_of(ask))
    yield "Business", business.title, business, kpi_series(ask, window, window.from_, kpi) if kpi else None


def _card(heading: str, name: str, check: Check, drawn: Figure | None) -> Card:
    value = "unknown" if check.value is None else figure(check.value, check.unit)
    return Card(heading, name, value, _usual(check), check.state is State.BAD, drawn)


def _banded(series: Series, check: Check) -> Series:
    """The series with the band that the check judges by."""
    usual = check.usual
    return replace(series, usual=usual.middle, usual_low=usual.low, usual_high=usual.high)


def _usual(check: Check) -> str:
    if check.usual.middle is None:
        return NOT_KNOWN_YET
    usually = f"usually {band(check.usual, check.unit)}, {check.usual.since}"
    if check.state is State.UNKNOWN:
        return f"too little to judge by; {usually}"
    return f"as usual ({band(check.usual, check.unit)})" if check.is_within else usually
